"""Projections: the part of an item that a request wants to see."""

from __future__ import annotations

from typing import Any

from sundog.services.dynamodb.expression.bind import Binder, Names, Path
from sundog.services.dynamodb.expression.parser import parse_projection
from sundog.services.dynamodb.expression.update import check_overlaps
from sundog.services.dynamodb.value import Item, Value


class Projection:
    """Some paths of items."""

    __slots__ = ("_names", "_tree", "paths")

    def __init__(self, paths: list[Path]) -> None:
        self.paths = paths
        plain = all(len(path) == 1 for path in paths)
        self._names = [path[0] for path in paths] if plain else None
        self._tree = None if plain else _tree(paths)

    def of(self, item: Item) -> Item:
        """The part of an item that the paths lead to."""
        if self._names is not None:
            return {name: item[name] for name in self._names if name in item}  # type: ignore[index,misc]
        assert self._tree is not None
        return _some(self._tree, item)

    @property
    def attributes(self) -> set[str]:
        """The top-level attributes that it needs."""
        return {str(path[0]) for path in self.paths}


def projection(text: str, names: Names) -> Projection:
    """The projection of a text with the request's names."""
    binder = Binder(names, "ProjectionExpression")
    paths = [binder.path(node) for node in parse_projection(text, "ProjectionExpression")]
    binder.finish()
    check_overlaps(paths, "ProjectionExpression")
    return Projection(paths)


def _tree(paths: list[Path]) -> dict[Any, Any]:
    tree: dict[Any, Any] = {}
    for path in paths:
        level = tree
        for part in path[:-1]:
            level = level.setdefault(part, {})
            if level is None:
                break
        else:
            level[path[-1]] = None
    return tree


def _some(tree: dict[Any, Any], item: Item) -> Item:
    found: Item = {}
    for name, below in tree.items():
        value = item.get(name)
        if value is not None:
            part = value if below is None else _part(below, value)
            if part is not None:
                found[name] = part
    return found


def _part(tree: dict[Any, Any], value: Value) -> Value | None:
    """The part of one value that a tree of paths leads to; None if it leads nowhere. List elements close up."""
    if "M" in value:
        inner = _some(tree, value["M"])
        return {"M": inner} if inner else None
    if "L" in value:
        members: list[Value] = []
        for index in sorted(part for part in tree if isinstance(part, int)):
            if index < len(value["L"]):
                below = tree[index]
                part = value["L"][index] if below is None else _part(below, value["L"][index])
                if part is not None:
                    members.append(part)
        return {"L": members} if members else None
    return None
