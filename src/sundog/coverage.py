"""How well each operation is answered: what ``sundog coverage`` prints."""

from __future__ import annotations

import pkgutil
from collections import Counter

from sundog import services
from sundog.core.calls import EMULATED, MODELLED, UNSUPPORTED
from sundog.core.op import handler_homes
from sundog.modelled.engine import handler_of
from sundog.wire.model import Service, get_service


def emulated_services() -> list[Service]:
    """The services that have handlers of their own, by botocore's names."""
    found: list[Service] = []
    for info in pkgutil.iter_modules(services.__path__):
        name = info.name.replace("_", "-")
        try:
            service = get_service(name)
        except Exception:
            continue  # a folder that is no service of botocore's
        if handler_homes(service.python_name):
            found.append(service)
    return found


def levels(service: Service) -> dict[str, str]:
    """By operation: ``emulated``, ``modelled`` or ``unsupported``. No handler is imported."""
    written = handler_homes(service.python_name)
    found: dict[str, str] = {}
    for name in service.operation_names:
        operation = service.operation(name)
        if operation is None:
            continue
        if operation.python_name in written:
            found[name] = EMULATED
        else:
            found[name] = UNSUPPORTED if handler_of(operation) is None else MODELLED
    return found


def counts(service: Service) -> Counter[str]:
    return Counter(levels(service).values())
