"""Pagination, by the rules that botocore has for each operation."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

import msgspec

from sundog.core.errors import error_class, modelled_error
from sundog.core.structure import Structure
from sundog.wire.errors import AwsError
from sundog.wire.model import Operation, python_name

T = TypeVar("T")
U = TypeVar("U")


class Rows(Generic[T]):
    """Rows of one table, read when iterated: they can be narrowed, mapped, and continued after a key."""

    __slots__ = ("_scan", "_stages")

    def __init__(
        self, scan: Callable[[Any], Iterator[tuple[Any, T]]], stages: tuple[tuple[bool, Any], ...] = ()
    ) -> None:
        self._scan = scan
        self._stages = stages

    def where(self, predicate: Callable[[T], Any]) -> Rows[T]:
        """Only the rows for which the predicate holds."""
        return Rows(self._scan, (*self._stages, (True, predicate)))

    def map(self, function: Callable[[T], U]) -> Rows[U]:
        """What the function makes of each row, made when it is reached."""
        return Rows(self._scan, (*self._stages, (False, function)))  # type: ignore[arg-type]

    def after(self, key: Any = None) -> Iterator[tuple[Any, T]]:
        """Positions and rows behind a position (None: from the start)."""
        stages = self._stages
        for position, row in self._scan(key):
            item: Any = row
            for keep, function in stages:
                if not keep:
                    item = function(item)
                elif not function(item):
                    break
            else:
                yield position, item

    def __iter__(self) -> Iterator[T]:
        if not self._stages:
            for _, row in self._scan(None):
                yield row
            return
        for _, item in self.after():
            yield item

    def first_position(self) -> Any:
        """Where the first row stands, be it one that is wanted or not."""
        found = next(iter(self._scan(None)), None)
        return None if found is None else found[0]

    def first(self) -> T | None:
        return next(iter(self), None)

    def count(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        for _ in self:
            return True
        return False


class Pager:
    """How one operation pages."""

    __slots__ = (
        "input_token",
        "limit",
        "limit_wire",
        "more_results",
        "operation",
        "output_token",
        "result_path",
        "result_wire",
    )

    def __init__(self, operation: Operation, rule: dict[str, Any]) -> None:
        self.operation = operation
        self.input_token: str = rule["input_token"]
        self.output_token: str = python_name(rule["output_token"])
        keys = rule["result_key"]
        self.result_wire: str = keys if isinstance(keys, str) else _list_of(operation, keys)
        self.result_path = tuple(python_name(part) for part in self.result_wire.split("."))
        self.limit_wire: str | None = rule.get("limit_key")
        self.limit = python_name(self.limit_wire) if self.limit_wire else None
        more = rule.get("more_results")
        self.more_results = python_name(more) if more else None

    def apply(self, params: dict[str, Any], value: Any, page_size: int | None) -> None:
        """Cut the result's list down to the page that the request asks for, and say where the next one begins."""
        holder = value
        for part in self.result_path[:-1]:
            holder = getattr(holder, part)
            if holder is None:
                return
        name = self.result_path[-1]
        if not isinstance(value, Structure) or not isinstance(holder, Structure):
            return
        items = getattr(holder, name)
        if items is None or value.__dict__.get(self.output_token) is not None:
            return
        token = params.get(self.input_token)
        limit = params.get(self.limit_wire) if self.limit_wire else None
        try:
            size = int(limit) if limit is not None else page_size
        except ValueError:
            raise limit_error(self.operation, limit) from None
        start = None if token is None else self._position(token)
        if start is not None and not _fits(start, items):
            raise token_error(self.operation, token)
        if isinstance(items, Rows):
            page, following = _page_of_rows(items, start, size)
        else:
            page, following = _page_of_list(items, start, size)
        holder.__dict__[name] = page
        if following is not None:
            value.__dict__[self.output_token] = self._token(following)
        if self.more_results and self.more_results in value.wire_:
            value.__dict__[self.more_results] = following is not None

    def _token(self, position: Any) -> str:
        packed = msgspec.msgpack.encode((self.operation.name, position))
        return base64.urlsafe_b64encode(packed).decode()

    def _position(self, token: Any) -> Any:
        try:
            name, position = msgspec.msgpack.decode(base64.urlsafe_b64decode(token.encode()))
        except (ValueError, TypeError, AttributeError, binascii.Error, msgspec.DecodeError):
            raise token_error(self.operation, token) from None
        if name != self.operation.name or position is None:
            raise token_error(self.operation, token)
        return tuple(position) if isinstance(position, list) else position


def _fits(position: Any, items: Any) -> bool:
    """Whether a position can be one of these items'; a token may be anything that its sender made up."""
    if not isinstance(items, Rows):
        return type(position) is int and position >= 0
    first = items.first_position()
    return first is None or _types(position) == _types(first)


def _types(position: Any) -> Any:
    return [type(part) for part in position] if isinstance(position, tuple) else type(position)


def _page_of_rows(rows: Rows[Any], start: Any, size: int | None) -> tuple[list[Any], Any]:
    if size is None and start is None:
        return list(rows), None
    page: list[Any] = []
    last = None
    for position, item in rows.after(start):
        if size is not None and len(page) >= size:
            return page, last
        page.append(item)
        last = position
    return page, None


def _page_of_list(items: Any, start: Any, size: int | None) -> tuple[Any, Any]:
    if isinstance(items, dict):  # tags
        pairs, following = _page_of_list(list(items.items()), start, size)
        return dict(pairs), following
    whole: list[Any] = items if isinstance(items, list) else list(items)
    begin: int = start or 0
    if size is None:
        return whole[begin:] if begin else whole, None
    end = begin + size
    return whole[begin:end], end if end < len(whole) else None


def _list_of(operation: Operation, keys: list[str]) -> str:
    """The first of the result's keys that is a list: some name a text that belongs to it too."""
    shapes = operation.output.members if operation.output is not None else {}
    return next((key for key in keys if key in shapes and shapes[key].type_name in ("list", "map")), keys[0])


def limit_error(operation: Operation, limit: Any) -> AwsError:
    """The error for a limit that is no number, by the operation's own model where it names one."""
    text = f"The value {limit!r} is not a valid number of results"
    named = modelled_error(
        operation, "InvalidInput", "ValidationException", "InvalidParameterException", "InvalidArgument"
    )
    return named(text) if named is not None else AwsError("InvalidParameterValue", text)


def token_error(operation: Operation, token: Any) -> AwsError:
    """The error for a token that nobody gave out, by the operation's own model where it names one."""
    if operation.service.name == "ec2":
        return AwsError("InvalidNextToken", f"The token '{token}' is invalid")
    for shape in operation.model.error_shapes:
        name = shape.name.lower()
        if "token" in name and ("next" in name or "pagina" in name or name.startswith("invalidtoken")):
            return error_class(operation.service, shape)("The specified token is not valid.")
    named = modelled_error(
        operation,
        "ValidationException",
        "InvalidParameterException",
        "InvalidParameterValueException",
        "BadRequestException",
    )
    if named is not None:
        return named("Invalid pagination token")
    family = operation.service.protocols[0]
    return AwsError("ValidationError" if family == "query" else "ValidationException", "Invalid pagination token")


def pager_of(operation: Operation) -> Pager | None:
    """The operation's pager; None if it doesn't page, or in a way that only its handler knows."""
    rule = operation.service.paginators.get(operation.name)
    if not rule or not isinstance(rule.get("input_token"), str) or not isinstance(rule.get("output_token"), str):
        return None
    keys = rule["result_key"]
    first = keys if isinstance(keys, str) else keys[0]
    if any(char in first for char in "[]|") or any(char in rule["output_token"] for char in "[].|"):
        return None
    return Pager(operation, rule)
