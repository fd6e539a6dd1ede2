"""Every operation of every service answers: no exception inside, no 5xx but the declared 501, nothing the model forbids."""

from __future__ import annotations

import os

import pytest

from sundog.wire.model import service_names

from .probe import probe

SHARDS = 24
WHOLE = os.environ.get("SUNDOG_PROBE") == "whole"
KINDS = ("least", "all", "lacking") if WHOLE else ("least",)


def shard(number: int) -> list[str]:
    return sorted(service_names())[number::SHARDS]


@pytest.mark.parametrize("number", range(SHARDS))
def test_every_operation_answers_validly(number: int) -> None:
    faults = [fault for name in shard(number) for fault in probe(name, KINDS)]
    assert not faults, "\n".join(faults)
