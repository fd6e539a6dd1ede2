"""How each operation of each service is answered: the numbers behind ``sundog coverage`` and the docs' page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sundog.core.calls import EMULATED, MODELLED, UNSUPPORTED
from sundog.core.op import handler_homes

LEVELS = (EMULATED, MODELLED, UNSUPPORTED)


def levels(service: str) -> dict[str, str]:
    """The level of each of a service's operations, by its name. Nothing is imported and no model is compiled for it."""
    from sundog.modelled.store import table_of
    from sundog.wire.model import get_service, python_name

    model = get_service(service)
    homes = handler_homes(model.python_name)
    rules = table_of(model).rules
    found: dict[str, str] = {}
    for name in sorted(model.operation_names):
        if python_name(name) in homes:
            found[name] = EMULATED
        else:
            found[name] = UNSUPPORTED if name not in rules or rules[name].kind == "none" else MODELLED
    return found


def counts(services: Iterable[str] | None = None) -> dict[str, tuple[int, int, int]]:
    """Emulated, modelled and unsupported operations, by service."""
    from sundog.wire.model import service_names

    found: dict[str, tuple[int, int, int]] = {}
    for name in sorted(services or service_names()):
        values = list(levels(name).values())
        found[name] = (values.count(EMULATED), values.count(MODELLED), values.count(UNSUPPORTED))
    return found


def total(found: dict[str, tuple[int, int, int]]) -> tuple[int, int, int]:
    return tuple(sum(row[index] for row in found.values()) for index in range(3))  # type: ignore[return-value]


def page(found: dict[str, tuple[int, int, int]]) -> str:
    """The docs' page, in Markdown."""
    all_ = total(found)
    lines = [
        "# What is answered, and how well",
        "",
        "*Made by `python tools/coverage_page.py`.* What the levels mean: [](explanation/modelled.md).",
        "",
        f"Of {sum(all_):,} operations of {len(found)} services, {all_[0]:,} are emulated, {all_[1]:,} modelled and "
        f"{all_[2]:,} refused by name.",
        "",
        "| service | emulated | modelled | unsupported |",
        "| --- | ---: | ---: | ---: |",
    ]
    lines.extend(f"| {name} | {row[0]} | {row[1]} | {row[2]} |" for name, row in found.items())
    return "\n".join(lines) + "\n"


def print_service(service: str, echo: Any) -> None:
    """The levels of a service's operations, one a line."""
    for name, level in levels(service).items():
        echo(f"{level:12} {name}")


def print_all(echo: Any) -> None:
    """The counts of every service, and their sum."""
    found = counts()
    echo(f"{'service':40} {'emulated':>9} {'modelled':>9} {'refused':>9}")
    for name, row in found.items():
        echo(f"{name:40} {row[0]:9} {row[1]:9} {row[2]:9}")
    all_ = total(found)
    echo(f"{f'{len(found)} services':40} {all_[0]:9,} {all_[1]:9,} {all_[2]:9,}")
