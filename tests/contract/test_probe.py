"""Every operation of every service answers: no exception inside, no 5xx but the declared 501, nothing the model forbids."""

from __future__ import annotations

import os

import pytest

from sundog.wire.model import service_names

from .probe import probe

SHARDS = 24
WHOLE = os.environ.get("SUNDOG_PROBE") == "whole"
KINDS = ("least", "all", "lacking") if WHOLE else ("least",)


# Where AWS itself does not keep to its model.
AS_AWS = {
    "iam:GetUser": "the account's root user has neither name nor path, and the account's number for an id",
    "iam:CreateAccessKey": "the account's root user has no name",
    "route53:ListHostedZones": "recorded: no marker where the request has none",
    "ssm:DeleteParameters": "the list that must not be empty is, when nothing was deleted",
    "ssm:GetParameters": "the list that must not be empty is, when nothing was found",
}


def shard(number: int) -> list[str]:
    return sorted(service_names())[number::SHARDS]


@pytest.mark.parametrize("number", range(SHARDS))
def test_every_operation_answers_validly(number: int) -> None:
    found = [fault for name in shard(number) for fault in probe(name, KINDS)]
    faults = [fault for fault in found if fault.split(" ")[0] not in AS_AWS]
    assert not faults, "\n".join(faults)
