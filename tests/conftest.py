from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest

# The models of hundreds of services are no garbage: looking through them again and again is half of a run's time.
gc.set_threshold(50_000, 50, 200)

Handler = Callable[[Any, Any], Any]


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Callable[[Handler], Handler]]]:
    """Lets a function of the test answer an operation: ``@handler("ec2", "DescribeVpcs")``, in every cloud."""
    from sundog import behaviour
    from sundog.core import op
    from sundog.wire.model import Operation, get_service

    changed: list[Operation] = []

    def answers(service: str, name: str, prepare: Any = None, **options: Any) -> Callable[[Handler], Handler]:
        operation = get_service(service).operation(name)
        assert operation is not None, f"{service} has no operation {name}"

        def mark(function: Handler) -> Handler:
            function = op(**options)(function)
            with monkeypatch.context() as patch:
                patch.setattr(behaviour, "find_handler", lambda *_: function)
                made = behaviour.Behaviour(operation)
            made.prepare = prepare
            operation.plans["behaviour"] = made
            changed.append(operation)
            return function

        return mark

    yield answers
    for operation in changed:
        operation.plans.pop("behaviour", None)
