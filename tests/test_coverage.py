"""``sundog coverage`` says what a call would say."""

from __future__ import annotations

from sundog.behaviour import behaviour
from sundog.coverage import counts, emulated_services, levels
from sundog.wire.model import get_service


def test_services_with_handlers_are_listed():
    assert {"ec2", "sts", "iam", "s3"} <= {service.name for service in emulated_services()}


def test_a_level_is_that_of_the_calls():
    service = get_service("sts")
    found = levels(service)
    assert set(found) == set(service.operation_names)
    for name, level in found.items():
        operation = service.operation(name)
        assert operation is not None
        assert behaviour(operation).fidelity == level


def test_a_service_without_handlers_is_modelled_where_it_can_be():
    found = counts(get_service("polly"))
    assert found["modelled"] > 0
    assert sum(found.values()) == len(get_service("polly").operation_names)
