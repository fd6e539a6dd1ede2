"""The whole life of every modelled resource, and how many live well: a count that may only rise."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from sundog.wire.model import service_names

from .lifecycle import Lives

LEDGER = Path(__file__).parent / "lifecycles.json"
SHARDS = 12
KNOWN: dict[str, list[int]] = json.loads(LEDGER.read_text()) if LEDGER.exists() else {}
WHOLE = os.environ.get("SUNDOG_PROBE") == "whole"


@pytest.mark.parametrize("number", range(SHARDS))
def test_no_service_has_fewer_whole_lives_than_before(number: int) -> None:
    """``lifecycles.json`` holds, for each service, how many lives are whole and how many were tried."""
    names = sorted(service_names())[number::SHARDS]
    # A third of the services each time but in the whole probe: enough to catch a rule that breaks many.
    worse: list[str] = []
    for name in names if WHOLE else names[::3]:
        lives = Lives(name).run()
        whole, tried = KNOWN.get(name, [0, 0])
        if tried == len(lives.whole) + len(lives.broken) and len(lives.whole) < whole:
            worse.append(f"{name}: {len(lives.whole)} of {tried}, were {whole}: {lives.broken}")
    assert not worse, "\n".join(worse)


def test_most_resources_live_a_whole_life() -> None:
    whole = sum(done for done, _ in KNOWN.values())
    tried = sum(all_ for _, all_ in KNOWN.values())
    assert whole / tried >= 0.93
    assert sum(1 for done, _ in KNOWN.values() if done) >= 330
