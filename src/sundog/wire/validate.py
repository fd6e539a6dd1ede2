"""Whether parameters keep to the model: required members, enums, lengths, ranges, unions, and patterns if strict.

The model's constraints are compiled once for each operation. A call without a fault only runs ``ok`` functions, which
build no paths and no messages; only when one says no, the faults are collected, and ``validate_words`` puts them into
the words of the service's family.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from sundog.wire.model import Operation, Service
from sundog.wire.patterns import matcher

Ok = Callable[[Any], bool]

# What the handlers of these judge themselves, in words of their own: enumerations that grow (EC2's instance types), or
# values that the model constrains but the service words one by one.
REQUIRED_ONLY = frozenset({"ec2", "s3", "s3control", "sqs", "sdb", "cloudfront", "mq"})


JUDGED: dict[str, tuple[str, ...]] = {"dynamodb": ("AttributeValue",)}
"""Structures that a service's handlers judge themselves, anew for each item there is."""


class Fault:
    """One thing that is wrong. ``rule`` is ``null``, ``type``, ``enum``, ``min``, ``max``, ``low``, ``high``,
    ``pattern``, ``union``, ``items``, ``keys`` or ``values``; ``limit`` what the rule says."""

    __slots__ = ("limit", "path", "rule", "shape", "value")

    def __init__(self, path: tuple[Any, ...], rule: str, value: Any, limit: Any, shape: dict[str, Any]) -> None:
        self.path = path
        """Member names; an index (from 1) of a list is an int, a key of a map a one-tuple."""
        self.rule = rule
        self.value = value
        self.limit = limit
        self.shape = shape

    def __repr__(self) -> str:
        return f"<Fault {self.path} {self.rule} {self.limit!r}>"


class Check:
    """The constraints of one shape. ``ok`` is fast; ``collect`` says what is wrong and where."""

    __slots__ = ("constrained", "kind", "name", "needs", "ok", "parts", "shape", "tests", "union")

    def __init__(self, name: str, shape: dict[str, Any]) -> None:
        self.name = name
        self.shape = shape
        self.kind: str = shape["type"]
        self.tests: list[tuple[str, Any, Ok]] = []
        """The shape's own rules, in the order in which AWS names them."""
        self.parts: list[tuple[str, Check, bool]] = []
        """Members (or ``member``, ``key``, ``value``) that have constraints; the flag marks labels of the URI."""
        self.needs: tuple[str, ...] = ()
        self.union = False
        self.constrained = False
        self.ok: Ok = lambda value: True

    def collect(self, value: Any, path: tuple[Any, ...], faults: list[Fault]) -> None:
        kind = self.kind
        if kind == "structure":
            self._collect_structure(value, path, faults)
            return
        if not isinstance(value, _TYPES.get(kind, object)) or (kind in _NUMBERS and isinstance(value, bool)):
            if kind != "blob":
                faults.append(Fault(path, "type", value, kind, self.shape))
            return
        for rule, limit, holds in self.tests:
            if not holds(value):
                faults.append(Fault(path, rule, value, limit, self.shape))
        if kind == "list":
            self._collect_list(value, path, faults)
        elif kind == "map":
            self._collect_map(value, path, faults)

    def _collect_structure(self, value: Any, path: tuple[Any, ...], faults: list[Fault]) -> None:
        if not isinstance(value, dict):
            faults.append(Fault(path, "type", value, "structure", self.shape))
            return
        value = cast("dict[str, Any]", value)
        if self.union and not _one_member(value):
            faults.append(Fault(path, "union", value, None, self.shape))
        checks = {name: (check, label) for name, check, label in self.parts}
        # In the order of the model's members, whatever is wrong with each.
        for name in self.shape.get("members", {}):
            item = value.get(name)
            if item is None:
                if name in self.needs:
                    faults.append(Fault((*path, name), "null", None, None, self.shape))
            elif name in checks:
                check, label = checks[name]
                if label and item == "":
                    faults.append(Fault((*path, name), "min", item, max(1, check.shape.get("min", 1)), check.shape))
                else:
                    check.collect(item, (*path, name), faults)

    def _collect_list(self, value: list[Any], path: tuple[Any, ...], faults: list[Fault]) -> None:
        for _, check, _ in self.parts:
            if check.tests and not check.parts:
                # Simple items are not named one by one: the list as a whole fails, with all that its items must be.
                if not all(item is None or check.ok(item) for item in value):
                    faults.append(Fault(path, "items", value, check.tests, self.shape))
                continue
            for index, item in enumerate(value, 1):
                if item is not None:
                    check.collect(item, (*path, index), faults)

    def _collect_map(self, value: dict[Any, Any], path: tuple[Any, ...], faults: list[Fault]) -> None:
        for part, check, _ in self.parts:
            items = list(value) if part == "key" else list(value.values())
            if part == "value" and (check.parts or check.needs or check.union):
                for key, item in value.items():
                    if item is not None:
                        check.collect(item, (*path, (key,)), faults)
            elif not all(item is None or check.ok(item) for item in items):
                faults.append(Fault(path, "keys" if part == "key" else "values", value, check.tests, self.shape))


_TYPES: dict[str, Any] = {
    "string": str,
    "list": list,
    "map": dict,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "blob": bytes,
    "boolean": bool,
}
_NUMBERS = frozenset({"integer", "long", "float", "double"})


def validate(op: Operation, params: dict[str, Any], protocol: str, strict: bool = False) -> None:
    """Raise the AwsError with which the service refuses these parameters; None if they keep to the model."""
    key = "validate-strict" if strict else "validate"
    try:
        check: Check | None = op.plans[key]
    except KeyError:
        check = op.plans[key] = compile_check(op, strict)
    if check is None or check.ok(params):
        return
    faults: list[Fault] = []
    check.collect(params, (), faults)
    if faults:
        from sundog.wire.validate_words import error_for

        raise error_for(op, faults, params, protocol)


def compile_check(op: Operation, strict: bool) -> Check | None:
    """The check of an operation's input; None if nothing in it is constrained."""
    raw = op.service.description
    shape_name: str | None = raw["operations"][op.name].get("input", {}).get("shape")
    if shape_name is None:
        return None
    compiler = _Compiler(op.service, strict)
    check = compiler.check(shape_name)
    compiler.finish()
    return check if check.constrained else None


class _Compiler:
    def __init__(self, service: Service, strict: bool) -> None:
        self.shapes: dict[str, dict[str, Any]] = service.description["shapes"]
        self.strict = strict
        self.required_only = service.name in REQUIRED_ONLY
        self.top_only = service.name in ("sqs", "ec2")
        self.judged = JUDGED.get(service.name, ())
        self.checks: dict[str, Check] = {}

    def check(self, name: str) -> Check:
        found = self.checks.get(name)
        if found is not None:
            return found
        shape = self.shapes[name]
        check = self.checks[name] = Check(name, shape)
        kind = check.kind
        if kind == "structure":
            self._structure(check, first=len(self.checks) == 1)
        elif kind == "list":
            check.parts = [("member", self.check(shape["member"]["shape"]), False)]
        elif kind == "map":
            check.parts = [
                ("key", self.check(shape["key"]["shape"]), False),
                ("value", self.check(shape["value"]["shape"]), False),
            ]
        if not self.required_only:
            check.tests = list(_tests(shape, self.strict))
        return check

    def _structure(self, check: Check, first: bool) -> None:
        shape = check.shape
        members: dict[str, dict[str, Any]] = shape.get("members", {})
        if shape.get("eventstream") or shape.get("document") or check.name in self.judged:
            return
        check.union = bool(shape.get("union")) and not self.required_only
        if first or not self.top_only:
            check.needs = tuple(
                name for name in shape.get("required", ()) if not members.get(name, {}).get("idempotencyToken")
            )
        for name, ref in members.items():
            if ref.get("streaming") or self.shapes[ref["shape"]].get("streaming"):
                continue
            label = ref.get("location") == "uri" and not self.required_only
            check.parts.append((name, self.check(ref["shape"]), label))

    def finish(self) -> None:
        """Drop what constrains nothing, then make the functions. Shapes may contain themselves, hence the rounds."""
        checks = list(self.checks.values())
        for check in checks:
            check.constrained = bool(check.tests or check.needs or check.union or any(p[2] for p in check.parts))
        changed = True
        while changed:
            changed = False
            for check in checks:
                if not check.constrained and any(part.constrained for _, part, _ in check.parts):
                    check.constrained = changed = True
        for check in checks:
            check.parts = [part for part in check.parts if part[1].constrained or part[2]]
        for check in checks:
            check.ok = _ok(check)


def _tests(shape: dict[str, Any], strict: bool) -> list[tuple[str, Any, Ok]]:
    """A shape's own rules, in AWS's order: pattern, longest, shortest, enum."""
    kind = shape["type"]
    tests: list[tuple[str, Any, Ok]] = []
    low, high = shape.get("min"), shape.get("max")
    if kind == "string" and strict and "pattern" in shape and "enum" not in shape:
        match = matcher(shape["pattern"])
        if match is not None:
            tests.append(("pattern", shape["pattern"], match))
    if kind in ("string", "list", "map", "blob"):
        if high is not None:
            tests.append(("max", high, lambda v: len(v) <= high))
        if low:
            tests.append(("min", low, lambda v: len(v) >= low))
    elif kind in _NUMBERS:
        if high is not None:
            tests.append(("high", high, lambda v: v <= high))
        if low is not None:
            tests.append(("low", low, lambda v: v >= low))
    if "enum" in shape:
        values = frozenset(shape["enum"])
        tests.append(("enum", shape["enum"], values.__contains__))
    return tests


def _ok(check: Check) -> Ok:
    kind = check.kind
    if kind == "structure":
        return _structure_ok(check)
    own = _own_ok(check)
    if kind == "list" and check.parts:
        return _list_ok(own, check.parts[0][1])
    if kind == "map" and check.parts:
        parts = {part: inner for part, inner, _ in check.parts}
        return _map_ok(own, parts.get("key"), parts.get("value"))
    return own


def _own_ok(check: Check) -> Ok:
    """The type and the shape's own rules as one function, without a loop for the usual ones."""
    kind = check.kind
    tests = check.tests
    type_ = _TYPES.get(kind, object)
    rules = {rule: limit for rule, limit, _ in tests}
    if kind in ("string", "list", "map") and rules and rules.keys() <= {"min", "max"}:
        low, high = rules.get("min", 0), rules.get("max", 1 << 62)
        if type_ is str:
            return lambda v: isinstance(v, str) and low <= len(v) <= high
        return lambda v: isinstance(v, type_) and low <= len(v) <= high
    if kind in _NUMBERS and rules:
        floor, ceiling = rules.get("low", float("-inf")), rules.get("high", float("inf"))
        return lambda v: isinstance(v, type_) and v is not True and v is not False and floor <= v <= ceiling
    if kind == "blob":
        # A blob that comes as a file is for its handler to measure.
        return lambda v: not isinstance(v, bytes) or all(holds(v) for _, _, holds in tests)
    if len(tests) == 1:
        only = tests[0][2]
        return lambda v: isinstance(v, type_) and only(v)
    if not tests:
        return lambda v: isinstance(v, type_)
    return lambda v: isinstance(v, type_) and all(holds(v) for _, _, holds in tests)


def _one_member(value: dict[str, Any]) -> bool:
    count = len(value)
    if count != 1 and None in value.values():
        count = sum(item is not None for item in value.values())
    return count == 1


def _structure_ok(check: Check) -> Ok:
    needs = check.needs
    union = check.union
    labels = tuple(name for name, _, label in check.parts if label)
    parts = {name: part for name, part, _ in check.parts if part.constrained}

    def ok(value: Any) -> bool:
        if not isinstance(value, dict):
            return False
        value = cast("dict[str, Any]", value)
        for name in needs:
            if value.get(name) is None:
                return False
        for name in labels:
            if value.get(name) == "":
                return False
        if union and not _one_member(value):
            return False
        if parts:
            for name, item in value.items():
                if item is not None and name in parts and not parts[name].ok(item):
                    return False
        return True

    return ok


def _list_ok(own: Ok, member: Check) -> Ok:
    def ok(value: Any) -> bool:
        if not own(value):
            return False
        test = member.ok
        for item in value:  # noqa: SIM110  (a generator costs more than the loop)
            if item is not None and not test(item):
                return False
        return True

    return ok


def _map_ok(own: Ok, key: Check | None, inner: Check | None) -> Ok:
    def ok(value: Any) -> bool:
        if not own(value):
            return False
        if key is not None and not all(map(key.ok, value)):
            return False
        if inner is not None:
            test = inner.ok
            for item in value.values():
                if item is not None and not test(item):
                    return False
        return True

    return ok
