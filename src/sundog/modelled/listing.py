"""Which resources a listing lists."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sundog.core.filter import pattern, text_of
from sundog.modelled import faults
from sundog.modelled.forms import PAGER, SORT, members
from sundog.modelled.lacking import missing
from sundog.modelled.names import canon, low, singular
from sundog.modelled.resource import Resource, Shelf, index_of
from sundog.modelled.within import scopes_given

if TYPE_CHECKING:
    from sundog.core.tx import Tx
    from sundog.modelled.plan import Plan

Params = dict[str, Any]
Test = Callable[[Resource], bool]
_ENDS = re.compile(r"(contains|equals|equal|prefix|beginswith|startswith|before|after|filter|lessthan|greaterthan)$")
_STARTS = re.compile(r"^(filterby|filter|by)")


def rows(plan: Plan, tx: Tx, params: Params) -> list[Resource]:
    """The rows that a listing shows, in order."""
    noun = plan.noun
    assert noun is not None
    scopes = scopes_given(plan, tx, params)
    shelf = Shelf(tx, plan.operation.service.name, noun)
    wanted: list[Any] | None = None
    exact = plan.rule.verb != "List" and plan.rule.verb != "Search"
    for name in plan.own_lists:
        if params.get(name):
            wanted = [*params[name]]
            break
    else:
        for name in plan.own:
            value = params.get(name)
            if value is not None and value != "":
                wanted = [value]
                exact = exact or name in plan.required
                break
    if wanted is None and plan.entries is not None and params.get(plan.entries[0]):
        return [row for item in params[plan.entries[0]] if (row := _entry(plan, shelf, noun, item, scopes)) is not None]
    if wanted is not None:
        found: list[Resource] = []
        for value in wanted:
            row = shelf.named(value, scopes)
            if row is not None:
                if row not in found:
                    found.append(row)
            elif (
                exact
                and plan.failures is None
                and not plan.name.startswith("Batch")
                and faults.models_missing(plan.operation, noun.name)
            ):
                raise missing(plan, tx, value, params)
    else:
        found = list(shelf.within(scopes))
    for test in tests(plan, params, noun.name):
        found = [row for row in found if test(row)]
    return found


def _entry(plan: Plan, shelf: Shelf, noun: Any, item: Params, scopes: tuple[str | None, ...]) -> Resource | None:
    from sundog.modelled.identity import is_own

    for name, value in item.items():
        if is_own(noun, name) and isinstance(value, (str, int)):
            return shelf.named(value, scopes)
    return None


def tests(plan: Plan, params: Params, noun: str) -> list[Test]:
    """What a row must pass, by the parameters that narrow the list."""
    found: list[Test] = []
    used = {*plan.own, *plan.own_lists, *(n for n in plan.scopes if n)}
    shape = plan.several.shape
    shown = {low(n) for n in members(shape)} | {canon(n, noun) for n in members(shape)}
    for name, value in params.items():
        key = low(name)
        if name in used or value is None or key in PAGER or key in SORT:
            continue
        if isinstance(value, list) and value and isinstance(value[0], dict):
            if "filter" in key:
                found.extend(_filters(value, noun))
            continue
        if isinstance(value, dict) and "filter" in key:
            for inner, item in value.items():
                if isinstance(item, (str, bool)) and (low(inner) in shown or canon(inner, noun) in shown):
                    found.append(_equal(inner, item, noun))
            continue
        end = _ENDS.search(key)
        base = _STARTS.sub("", key[: end.start()] if end else key) or key
        if isinstance(value, (str, bool)) and (base in shown or canon(base, noun) in shown):
            how = end[1] if end else "equals"
            if how in ("contains",):
                found.append(_related(base, noun, lambda have, value=value: str(value) in have))
            elif how in ("prefix", "beginswith", "startswith"):
                found.append(_related(base, noun, lambda have, value=value: have.startswith(str(value))))
            elif how in ("equals", "equal", "filter"):
                found.append(_equal(base, value, noun))
        elif (
            isinstance(value, list)
            and value
            and isinstance(value[0], str)
            and (singular(base) in shown or base in shown)
        ):
            found.append(_among(singular(base) if singular(base) in shown else base, value, noun))
    return found


def value_of(row: Resource, name: str, noun: str) -> Any:
    """What the row has under a name."""
    names = index_of(row.data, noun)
    key = low(name)
    short = canon(name, noun)
    if key.endswith(("status", "state")) and row.status and not isinstance(names.get(key), str):
        return row.status
    for wanted in (key, short):
        if wanted in names:
            return names[wanted]
    if short == "arn":
        return row.arn
    if short in ("id", "name") and row.key:
        return row.key
    return None


def _equal(name: str, value: Any, noun: str) -> Test:
    def same(row: Resource) -> bool:
        have = value_of(row, name, noun)
        if have is None:
            return value is False or (isinstance(value, str) and not row.status and name.endswith("status"))
        if isinstance(have, (dict, list)):
            return True
        return text_of(have).lower() == text_of(value).lower()

    return same


def _related(name: str, noun: str, holds: Callable[[str], bool]) -> Test:
    def test(row: Resource) -> bool:
        have = value_of(row, name, noun)
        return isinstance(have, str) and holds(have)

    return test


def _among(name: str, values: list[str], noun: str) -> Test:
    def test(row: Resource) -> bool:
        have = value_of(row, name, noun)
        return have is None or isinstance(have, (dict, list)) or text_of(have) in values

    return test


def _filters(filters: list[Params], noun: str) -> list[Test]:
    found: list[Test] = []
    for item in filters:
        by_low = {low(name): value for name, value in item.items()}
        name = by_low.get("name") or by_low.get("key") or by_low.get("field") or by_low.get("filtername")
        values = by_low.get("values") or by_low.get("value") or by_low.get("filtervalues")
        if not isinstance(name, str) or values is None:
            continue
        texts = [str(v) for v in (values if isinstance(values, list) else [values]) if isinstance(v, (str, int, bool))]
        if name.startswith("tag:") or name in ("tag-key", "tag-value"):
            found.append(_tag_test(name, texts))
        elif texts:
            found.append(_filter(name, texts, noun))
    return found


def _tag_test(name: str, values: list[str]) -> Test:
    from sundog.core.filter import tag_match

    match = tag_match(name, values, lambda row: row.tags)
    return match if match is not None else lambda row: True


def _filter(name: str, values: list[str], noun: str) -> Test:
    matchers = [pattern(value) for value in values]

    def test(row: Resource) -> bool:
        have = value_of(row, name, noun)
        if have is None or isinstance(have, (dict, list)):
            return True
        return any(match(text_of(have)) for match in matchers)

    return test
