"""REST requests to operations: one service's URI patterns as a tree."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Generic, TypeVar
from urllib.parse import unquote, unquote_plus

from sundog.wire.model import Service

T = TypeVar("T")

Asked = tuple[str, "dict[str, str]", bool]
"""Query string, headers, and whether the path ends with a slash."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class Pattern(Generic[T]):
    """One method and URI, and what it stands for."""

    __slots__ = ("closed", "headers", "labels", "literals", "method", "params", "segments", "value")

    def __init__(
        self,
        method: str,
        uri: str,
        value: T,
        params: Iterable[str] = (),
        headers: Iterable[str] = (),
    ) -> None:
        path, _, query = uri.partition("?")
        self.closed = len(path) > 1 and path.endswith("/")
        """Whether its path ends with a slash: nothing by itself, but it may be all that tells two services apart."""
        self.method = method
        self.value = value
        self.segments = split(path.removesuffix("/") if len(path) > 1 else path)
        self.labels = tuple(segment[1:-1].rstrip("+") for segment in self.segments if segment.startswith("{"))
        self.literals = parse_query(query)
        """What the query string must hold; an empty value stands for any."""
        self.params = tuple(params)
        """Query parameters that the operation needs: they decide between patterns that are otherwise alike."""
        self.headers = tuple(headers)

    def fits(self, query: dict[str, str]) -> bool:
        return all(k in query and (not v or query[k] == v) for k, v in self.literals.items())

    def score(self, query: dict[str, str], headers: dict[str, str], closed: bool) -> tuple[int, int, bool]:
        """How much of what it needs is there, less what is missing."""
        needed = [name in query for name in self.params] + [name in headers for name in self.headers]
        return len(self.literals), sum(1 if there else -1 for there in needed), self.closed == closed


class Tree(Generic[T]):
    """Finds the pattern of a method and path: a literal segment beats a label, a label beats a greedy one."""

    __slots__ = ("greedy", "label", "leaf", "literals")

    def __init__(self) -> None:
        self.literals: dict[str, Tree[T]] = {}
        self.label: Tree[T] | None = None
        self.greedy: list[tuple[list[str], dict[str, list[Pattern[T]]]]] = []
        self.leaf: dict[str, list[Pattern[T]]] = {}

    def add(self, pattern: Pattern[T]) -> None:
        node = self
        for index, segment in enumerate(pattern.segments):
            if segment.endswith("+}"):
                after = pattern.segments[index + 1 :]
                for known, leaf in node.greedy:
                    if known == after:
                        leaf.setdefault(pattern.method, []).append(pattern)
                        return
                node.greedy.append((after, {pattern.method: [pattern]}))
                # The longest tail first: /portals/{arn+}/userSettings before /portals/{arn+}.
                node.greedy.sort(key=lambda item: -len(item[0]))
                return
            if segment.startswith("{"):
                if node.label is None:
                    node.label = Tree()
                node = node.label
            else:
                node = node.literals.setdefault(unquote(segment), Tree())
        node.leaf.setdefault(pattern.method, []).append(pattern)

    def find(self, method: str, path: str, query: str, headers: dict[str, str]) -> tuple[Pattern[T], list[str]] | None:
        """The pattern and its labels' values, decoded once; None if nothing answers there.

        A closing slash is dropped at first, so that an empty last label gives way to the shorter pattern; only if
        none is there for this method, the label is taken to be empty.
        """
        segments = path.split("/")
        del segments[0]
        trailing = len(segments) > 1 and segments[-1] == ""
        if trailing:
            del segments[-1]
        if "%" in path:
            segments = [unquote(segment) for segment in segments]
        values: list[str] = []
        asked = (query, headers, trailing)
        found = self._walk(segments, 0, method, values, asked)
        if found is None and trailing:
            segments.append("")
            values.clear()
            found = self._walk(segments, 0, method, values, asked)
        return None if found is None else (found, values)

    def methods(self, path: str) -> set[str]:
        """The methods that have a pattern for this path."""
        known = {"GET", "PUT", "POST", "DELETE", "HEAD", "PATCH", "OPTIONS"}
        return {method for method in known if self.find(method, path, "", {}) is not None}

    def _walk(self, segments: list[str], index: int, method: str, values: list[str], asked: Asked) -> Pattern[T] | None:
        if index == len(segments):
            patterns = self.leaf.get(method)
            return None if patterns is None else choose(patterns, asked)
        segment = segments[index]
        node = self.literals.get(segment)
        if node is not None:
            found = node._walk(segments, index + 1, method, values, asked)
            if found is not None:
                return found
        if self.label is not None:
            values.append(segment)
            found = self.label._walk(segments, index + 1, method, values, asked)
            if found is not None:
                return found
            values.pop()
        for tail, leaf in self.greedy:
            patterns = leaf.get(method)
            stop = len(segments) - len(tail)
            if patterns is not None and stop > index and _matches(segments, stop, tail):
                found = choose(patterns, asked)
                if found is not None:
                    values.append("/".join(segments[index:stop]))
                    values.extend(s for s, t in zip(segments[stop:], tail, strict=True) if t.startswith("{"))
                    return found
        return None


def _matches(segments: list[str], start: int, tail: list[str]) -> bool:
    return all(want.startswith("{") or unquote(want) == segments[start + offset] for offset, want in enumerate(tail))


def choose(patterns: list[Pattern[T]], asked: Asked) -> Pattern[T] | None:
    """The pattern whose query literals are there; then the one with the most of what it needs."""
    if len(patterns) == 1:
        only = patterns[0]
        if not only.literals:
            return only
        # Alone on its path: a fixed part of the query string may be left out, but must not say something else.
        found = parse_query(asked[0])
        return only if all(not v or found.get(k, v) == v for k, v in only.literals.items()) else None
    query, headers, closed = asked
    found = parse_query(query)
    fitting = [p for p in patterns if p.fits(found)]
    if not fitting:
        return None
    return max(fitting, key=lambda p: p.score(found, headers, closed)) if len(fitting) > 1 else fitting[0]


def split(path: str) -> list[str]:
    """A path's segments."""
    return path.split("/")[1:]


def parse_query(query: str) -> dict[str, str]:
    """Names and (first) values of a query string, decoded."""
    found: dict[str, str] = {}
    if query:
        for pair in query.split("&"):
            name, _, value = pair.partition("=")
            if name:
                if "%" in name or "+" in name:
                    name = unquote_plus(name)
                found.setdefault(name, unquote_plus(value) if "%" in value or "+" in value else value)
    return found


def date_of(path: str) -> str | None:
    """The API version that a path begins with, or None."""
    first = path[1:11]
    return first if _DATE.fullmatch(first) and path[11:12] in ("", "/") else None


def service_tree(service: Service) -> Tree[str]:
    """The tree of one REST service's operations, made on first use and kept in its plans."""
    tree: Tree[str] | None = service.plans.get("uri")
    if tree is None:
        tree = Tree[str]()
        shapes = service.description["shapes"]
        for name, raw in service.description["operations"].items():
            http = raw["http"]
            shape = shapes.get(raw.get("input", {}).get("shape"), {})
            members = shape.get("members", {})
            params: list[str] = []
            headers: list[str] = []
            for member in shape.get("required", ()):
                location = members[member].get("location")
                if location == "querystring":
                    params.append(members[member].get("locationName", member))
                elif location == "header":
                    headers.append(members[member].get("locationName", member).lower())
            tree.add(Pattern(http.get("method", "POST"), http["requestUri"], name, params, headers))
        service.plans["uri"] = tree
    return tree
