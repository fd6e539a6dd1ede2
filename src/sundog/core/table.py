"""An ordered map that is copied on write, so that a snapshot of it costs nothing."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

FULL = 512
"""Entries a chunk holds at most. Bigger: the first write after a snapshot is dearer; smaller: a longer top level."""
SMALL = 64
"""A chunk that shrinks below this joins its neighbour, if that leaves room for more."""


class Top:
    """Greater than everything: ``(value, TOP)`` is the end of all tuples that begin with ``value``."""

    __slots__ = ()

    def __lt__(self, other: object) -> bool:
        return False

    def __le__(self, other: object) -> bool:
        return other is self

    def __gt__(self, other: object) -> bool:
        return other is not self

    def __ge__(self, other: object) -> bool:
        return True

    def __repr__(self) -> str:
        return "TOP"


TOP: Any = Top()


class Chunk(Generic[K, V]):
    """A run of entries: two parallel lists. Only the map whose token it carries may change it."""

    __slots__ = ("keys", "owner", "values")

    def __init__(self, keys: list[K], values: list[V], owner: object) -> None:
        self.keys = keys
        self.values = values
        self.owner = owner


class Frozen(Generic[K, V]):
    """A map as it was at one moment. Its lists belong to nobody and never change."""

    __slots__ = ("chunks", "maxes", "size")

    def __init__(self, chunks: list[Chunk[K, V]], maxes: list[K], size: int) -> None:
        self.chunks = chunks
        self.maxes = maxes
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[K]:
        for chunk in self.chunks:
            yield from chunk.keys

    def items(self) -> Iterator[tuple[K, V]]:
        for chunk in self.chunks:
            yield from zip(chunk.keys, chunk.values, strict=True)

    def values(self) -> Iterator[V]:
        for chunk in self.chunks:
            yield from chunk.values

    def get(self, key: K) -> V | None:
        i = bisect_left(self.maxes, key)  # type: ignore[type-var]
        if i == len(self.maxes):
            return None
        chunk = self.chunks[i]
        j = bisect_left(chunk.keys, key)  # type: ignore[type-var]
        return chunk.values[j] if chunk.keys[j] == key else None


EMPTY: Frozen[Any, Any] = Frozen([], [], 0)


def same(a: object, b: object) -> bool:
    """Whether two values are alike to whoever reads them: 1, 1.0 and True are equal, but not alike."""
    return a is b or (a == b and repr(a) == repr(b))


def differences(before: Frozen[K, V], after: Frozen[K, V]) -> Iterator[tuple[K, V | None, V | None]]:
    """``(key, old, new)`` of every entry that is not the same; chunks that both share are not looked into.

    A shared chunk holds all entries of its range on both sides, so what differs lies in unshared chunks on both.
    """
    if before.chunks is after.chunks:
        return
    there = {id(chunk) for chunk in after.chunks}
    here = {id(chunk) for chunk in before.chunks}
    old: dict[K, V] = {}
    for chunk in before.chunks:
        if id(chunk) not in there:
            old.update(zip(chunk.keys, chunk.values, strict=True))
    for chunk in after.chunks:
        if id(chunk) not in here:
            for key, value in zip(chunk.keys, chunk.values, strict=True):
                was = old.pop(key, None)
                if not same(was, value):
                    yield key, was, value
    for key, was in old.items():
        yield key, was, None


class SortedMap(Generic[K, V]):
    """An ordered map of comparable keys to values that are never ``None``.

    Two levels: a list of chunks, and beside it the list of each chunk's greatest key. ``freeze`` hands both lists out
    and gives up owning the chunks; the first write after it copies the two lists and each chunk it touches.

    Iteration is lazy and may go on while the map changes: it meets the keys that were there when it began, each with
    its value as it is then; what was removed since is left out, what was added since is not met.
    """

    __slots__ = ("_chunks", "_maxes", "_shared", "_size", "_token")

    _chunks: list[Chunk[K, V]]
    _maxes: list[Any]

    def __init__(self, frozen: Frozen[K, V] = EMPTY) -> None:
        self.thaw(frozen)

    # -- sharing

    def freeze(self) -> Frozen[K, V]:
        """The map as it is now, for ever. O(1)."""
        self._share()
        return Frozen(self._chunks, self._maxes, self._size)

    def thaw(self, frozen: Frozen[K, V]) -> None:
        """Become what was frozen. O(1)."""
        self._chunks = frozen.chunks
        self._maxes = frozen.maxes
        self._size = frozen.size
        self._shared = True
        self._token = object()

    def clear(self) -> None:
        self.thaw(EMPTY)

    def _share(self) -> None:
        if not self._shared:
            self._shared = True
            self._token = object()

    def _own(self) -> None:
        self._chunks = self._chunks.copy()
        self._maxes = self._maxes.copy()
        self._shared = False

    def _own_chunk(self, i: int) -> Chunk[K, V]:
        chunk = self._chunks[i]
        chunk = self._chunks[i] = Chunk(chunk.keys.copy(), chunk.values.copy(), self._token)
        return chunk

    # -- reading

    def __len__(self) -> int:
        return self._size

    def get(self, key: K, default: Any = None) -> V | Any:
        maxes = self._maxes
        i = bisect_left(maxes, key)
        if i == len(maxes):
            return default
        chunk = self._chunks[i]
        keys: list[Any] = chunk.keys
        j = bisect_left(keys, key)
        return chunk.values[j] if keys[j] == key else default

    def __contains__(self, key: K) -> bool:
        return self.get(key) is not None

    def first(self) -> tuple[K, V] | None:
        """The entry with the least key."""
        if not self._size:
            return None
        chunk = self._chunks[0]
        return chunk.keys[0], chunk.values[0]

    def last(self) -> tuple[K, V] | None:
        """The entry with the greatest key."""
        if not self._size:
            return None
        chunk = self._chunks[-1]
        return chunk.keys[-1], chunk.values[-1]

    def __iter__(self) -> Iterator[K]:
        return (entry[0] for entry in self.items())

    def items(
        self,
        start: Any = None,
        stop: Any = None,
        reverse: bool = False,
        include_start: bool = True,
        include_stop: bool = False,
    ) -> Iterator[tuple[K, V]]:
        """The entries from ``start`` to ``stop`` (always the lesser and the greater key) in order of their keys."""
        chunks, low, high = self._range(start, stop, include_start, include_stop)
        return self._backward(chunks, low, high) if reverse else self._forward(chunks, low, high)

    def list_values(self) -> list[V]:
        """All values at once: the fastest way to read everything."""
        found: list[V] = []
        for chunk in self._chunks:
            found += chunk.values
        return found

    def count(self, start: Any = None, stop: Any = None, include_start: bool = True, include_stop: bool = False) -> int:
        """How many entries ``items`` would give."""
        if start is None and stop is None:
            return self._size
        (i, j), (k, m) = self._bounds(start, stop, include_start, include_stop)
        if (k, m) <= (i, j):
            return 0
        return sum(len(chunk.keys) for chunk in self._chunks[i:k]) + m - j

    def _find(self, key: Any, after: bool) -> tuple[int, int]:
        """Where ``key`` stands or would stand; behind it if ``after``."""
        bisect = bisect_right if after else bisect_left
        i = bisect(self._maxes, key)
        if i == len(self._maxes):
            return i, 0
        return i, bisect(self._chunks[i].keys, key)

    def _bounds(
        self, start: Any, stop: Any, include_start: bool, include_stop: bool
    ) -> tuple[tuple[int, int], tuple[int, int]]:
        low = (0, 0) if start is None else self._find(start, not include_start)
        high = (len(self._chunks), 0) if stop is None else self._find(stop, include_stop)
        return low, high

    def _range(
        self, start: Any, stop: Any, include_start: bool, include_stop: bool
    ) -> tuple[list[Chunk[K, V]], tuple[int, int], tuple[int, int]]:
        low, high = self._bounds(start, stop, include_start, include_stop)
        self._share()  # from here on a write leaves these lists alone
        return self._chunks, low, high

    # ``self._chunks is chunks`` says that nothing was written since: the lists are shared, and a write copies them.

    def _forward(self, chunks: list[Chunk[K, V]], low: tuple[int, int], high: tuple[int, int]) -> Iterator[tuple[K, V]]:
        i, j = low
        last, end = high
        while i < last or (i == last and j < end):
            chunk = chunks[i]
            values = chunk.values
            keys = chunk.keys
            for at in range(j, end if i == last else len(keys)):
                if self._chunks is chunks:
                    yield keys[at], values[at]
                else:
                    value = self.get(keys[at])
                    if value is not None:
                        yield keys[at], value
            i += 1
            j = 0

    def _backward(
        self, chunks: list[Chunk[K, V]], low: tuple[int, int], high: tuple[int, int]
    ) -> Iterator[tuple[K, V]]:
        first, begin = low
        i, j = high
        while i >= first:
            if j:
                chunk = chunks[i]
                values = chunk.values
                keys = chunk.keys
                for at in range(j - 1, (begin if i == first else 0) - 1, -1):
                    if self._chunks is chunks:
                        yield keys[at], values[at]
                    else:
                        value = self.get(keys[at])
                        if value is not None:
                            yield keys[at], value
            i -= 1
            j = len(chunks[i].keys) if i >= first else 0

    # -- writing

    def put(self, key: K, value: V) -> V | None:
        """Set the value of ``key``; gives the one it had."""
        maxes = self._maxes
        i = bisect_left(maxes, key)
        if i == len(maxes):
            self._append(key, value)
            return None
        if self._shared:
            self._own()
            maxes = self._maxes
        chunk = self._chunks[i]
        if chunk.owner is not self._token:
            chunk = self._own_chunk(i)
        keys: list[Any] = chunk.keys
        j = bisect_left(keys, key)
        if keys[j] == key:
            old = chunk.values[j]
            chunk.values[j] = value
            return old
        keys.insert(j, key)
        chunk.values.insert(j, value)
        self._size += 1
        if len(keys) > FULL:
            self._split(i)
        return None

    def add(self, key: K, value: V) -> V | None:
        """Set the value of ``key`` unless it has one; gives that one."""
        maxes = self._maxes
        i = bisect_left(maxes, key)
        if i == len(maxes):
            self._append(key, value)
            return None
        chunk = self._chunks[i]
        keys: list[Any] = chunk.keys
        j = bisect_left(keys, key)
        if keys[j] == key:
            return chunk.values[j]
        if self._shared:
            self._own()
        if chunk.owner is not self._token:
            chunk = self._own_chunk(i)
        chunk.keys.insert(j, key)
        chunk.values.insert(j, value)
        self._size += 1
        if len(chunk.keys) > FULL:
            self._split(i)
        return None

    def delete(self, key: K) -> V | None:
        """Remove ``key``; gives the value it had, if any."""
        maxes = self._maxes
        i = bisect_left(maxes, key)
        if i == len(maxes):
            return None
        chunk = self._chunks[i]
        keys: list[Any] = chunk.keys
        j = bisect_left(keys, key)
        if keys[j] != key:
            return None
        if self._shared:
            self._own()
        if chunk.owner is not self._token:
            chunk = self._own_chunk(i)
            keys = chunk.keys
        del keys[j]
        old = chunk.values.pop(j)
        self._size -= 1
        if not keys:
            del self._chunks[i], self._maxes[i]
        else:
            if j == len(keys):
                self._maxes[i] = keys[-1]
            if len(keys) < SMALL:
                self._join(i)
        return old

    def extend(self, entries: Iterable[tuple[K, V]]) -> None:
        """Put many; entries that come in order and lie past the end are as cheap as can be."""
        put = self.put
        for key, value in entries:
            put(key, value)

    def _append(self, key: Any, value: V) -> None:
        """Add an entry that is greater than all."""
        if self._shared:
            self._own()
        maxes = self._maxes
        if maxes:
            chunk = self._chunks[-1]
            if len(chunk.keys) < FULL:
                if chunk.owner is not self._token:
                    chunk = self._own_chunk(-1)
                chunk.keys.append(key)
                chunk.values.append(value)
                maxes[-1] = key
                self._size += 1
                return
        self._chunks.append(Chunk([key], [value], self._token))
        maxes.append(key)
        self._size += 1

    def _split(self, i: int) -> None:
        chunk = self._chunks[i]
        half = len(chunk.keys) // 2
        left = Chunk(chunk.keys[:half], chunk.values[:half], self._token)
        del chunk.keys[:half], chunk.values[:half]
        self._chunks.insert(i, left)
        self._maxes.insert(i, left.keys[-1])

    def _join(self, i: int) -> None:
        """Move a small chunk's entries to the front of the next one, if that stays well below full."""
        if i + 1 == len(self._chunks):
            return
        small, big = self._chunks[i], self._chunks[i + 1]
        if len(small.keys) + len(big.keys) > FULL // 2:
            return
        if big.owner is not self._token:
            big = self._own_chunk(i + 1)
        big.keys[:0] = small.keys
        big.values[:0] = small.values
        del self._chunks[i], self._maxes[i]
