"""``sundog coverage`` says what a call would say."""

from __future__ import annotations

import pytest

from sundog.behaviour import behaviour
from sundog.coverage import counts, levels
from sundog.wire.model import get_service


@pytest.mark.parametrize("name", ["sts", "polly", "sns"])
def test_a_level_is_that_of_the_calls(name):
    service = get_service(name)
    found = levels(name)
    assert set(found) == set(service.operation_names)
    for each, level in found.items():
        operation = service.operation(each)
        assert operation is not None
        assert behaviour(operation).fidelity == level


def test_counts_are_of_all_operations():
    for name, row in counts(["sts", "polly"]).items():
        assert sum(row) == len(get_service(name).operation_names)
