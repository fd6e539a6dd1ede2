from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sundog.core import table
from sundog.core.table import TOP, SortedMap, differences


@pytest.fixture(params=[4, 512], autouse=True)
def chunk_size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small chunks too, so that a few entries make many of them."""
    monkeypatch.setattr(table, "FULL", request.param)
    monkeypatch.setattr(table, "SMALL", max(2, request.param // 8))


def check(kept: SortedMap[Any, Any]) -> None:
    """The two levels agree with each other."""
    assert len(kept._chunks) == len(kept._maxes)
    assert sum(len(chunk.keys) for chunk in kept._chunks) == len(kept)
    assert [chunk.keys[-1] for chunk in kept._chunks] == kept._maxes
    assert all(len(chunk.keys) == len(chunk.values) <= table.FULL for chunk in kept._chunks)


def of(*keys: Any) -> SortedMap[Any, Any]:
    made: SortedMap[Any, Any] = SortedMap()
    made.extend((key, f"value of {key}") for key in keys)
    return made


def keys_of(kept: SortedMap[Any, Any], *args: Any, **options: Any) -> list[Any]:
    return [key for key, _ in kept.items(*args, **options)]


steps = st.lists(
    st.tuples(st.sampled_from(["put", "add", "delete", "freeze", "thaw"]), st.integers(0, 40), st.integers(0, 3)),
    max_size=120,
)


@settings(max_examples=200, deadline=None)
@given(steps)
def test_any_history_is_as_with_a_dict(history: list[tuple[str, int, int]]) -> None:
    table.FULL, table.SMALL = 6, 3
    kept: SortedMap[int, int] = SortedMap()
    model: dict[int, int] = {}
    saved: list[tuple[Any, dict[int, int]]] = []
    for step, key, value in history:
        if step == "put":
            assert kept.put(key, value) == model.get(key)
            model[key] = value
        elif step == "add":
            assert kept.add(key, value) == model.get(key)
            model.setdefault(key, value)
        elif step == "delete":
            assert kept.delete(key) == model.pop(key, None)
        elif step == "freeze":
            saved.append((kept.freeze(), dict(model)))
        elif saved:
            frozen, before = saved[key % len(saved)]
            kept.thaw(frozen)
            model = dict(before)
        check(kept)
        assert list(kept.items()) == sorted(model.items())
        assert kept.get(key) == model.get(key)
    for frozen, before in saved:
        assert list(frozen.items()) == sorted(before.items())
        changed = {key: (old, new) for key, old, new in differences(frozen, kept.freeze())}
        assert changed == {
            key: (before.get(key), model.get(key))
            for key in before.keys() | model.keys()
            if before.get(key) != model.get(key)
        }


@settings(max_examples=200, deadline=None)
@given(
    st.sets(st.integers(0, 30)),
    st.none() | st.integers(-1, 31),
    st.none() | st.integers(-1, 31),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_a_range_holds_what_lies_between_its_ends(
    keys: set[int], start: int | None, stop: int | None, reverse: bool, with_start: bool, with_stop: bool
) -> None:
    table.FULL = 4
    kept = of(*keys)
    expected = [
        key
        for key in sorted(keys, reverse=reverse)
        if (start is None or key > start or (with_start and key == start))
        and (stop is None or key < stop or (with_stop and key == stop))
    ]
    assert keys_of(kept, start, stop, reverse, with_start, with_stop) == expected
    assert kept.count(start, stop, with_start, with_stop) == len(expected)


def test_entries_can_be_deleted_while_iterating() -> None:
    kept = of(*range(20))
    met = []
    for key in kept:
        met.append(key)
        kept.delete(key)
        kept.delete(key + 1)
    assert met == list(range(0, 20, 2))
    assert len(kept) == 0


@pytest.mark.parametrize("reverse", [False, True])
def test_an_iteration_meets_what_was_there_as_it_is_now(reverse: bool) -> None:
    kept = of(1, 2, 3, 4, 5)
    entries = kept.items(reverse=reverse)
    kept.put(3, "new")
    kept.put(9, "late")
    kept.delete(4)
    expected = [(1, "value of 1"), (2, "value of 2"), (3, "new"), (5, "value of 5")]
    assert list(entries) == (expected[::-1] if reverse else expected)


def test_an_iteration_goes_on_over_a_restored_map() -> None:
    kept = of(*range(10))
    frozen = kept.freeze()
    entries = kept.items()
    assert next(entries)[0] == 0
    kept.clear()
    assert next(entries, None) is None
    entries = kept.items()
    kept.thaw(frozen)
    assert list(entries) == []
    assert keys_of(kept) == list(range(10))


def test_two_maps_thawed_from_one_do_not_meet() -> None:
    frozen = of(*range(10)).freeze()
    one: SortedMap[Any, Any] = SortedMap(frozen)
    other: SortedMap[Any, Any] = SortedMap(frozen)
    one.put(3, "one's")
    other.delete(3)
    assert (frozen.get(3), one.get(3), other.get(3)) == ("value of 3", "one's", None)


def test_top_ends_every_tuple_with_a_beginning() -> None:
    kept = of(("a", "x"), ("b", ""), ("b", "z", 1), ("b", "\U0010ffff"), ("c", "a"))
    assert keys_of(kept, ("b",), ("b", TOP)) == [("b", ""), ("b", "z", 1), ("b", "\U0010ffff")]
    assert keys_of(kept, ("b",), ("b", TOP), reverse=True) == [("b", "\U0010ffff"), ("b", "z", 1), ("b", "")]


def test_first_and_last() -> None:
    kept = of(*random.Random(1).sample(range(100), 100))
    assert (kept.first(), kept.last()) == ((0, "value of 0"), (99, "value of 99"))
    kept.clear()
    assert kept.first() is None
    assert kept.last() is None


def test_differences_leave_shared_chunks_alone() -> None:
    class Watched:
        """Says when somebody compares it."""

        def __eq__(self, other: object) -> bool:
            raise AssertionError("looked into a shared chunk")

        __hash__ = None  # type: ignore[assignment]

    kept: SortedMap[int, Any] = SortedMap()
    kept.extend((number, Watched()) for number in range(table.FULL * 3))
    before = kept.freeze()
    kept.put(table.FULL * 3, "added")
    assert list(differences(before, kept.freeze())) == [(table.FULL * 3, None, "added")]


def test_values_that_are_equal_but_not_alike_differ() -> None:
    kept: SortedMap[str, Any] = SortedMap()
    kept.put("a", {"on": 1})
    before = kept.freeze()
    kept.put("a", {"on": True})
    assert list(differences(before, kept.freeze())) == [("a", {"on": 1}, {"on": True})]


def test_many_deletions_leave_few_chunks() -> None:
    keys = list(range(4000))
    kept = of(*keys)
    random.Random(2).shuffle(keys)
    for key in keys[:3960]:
        kept.delete(key)
    check(kept)
    assert keys_of(kept) == sorted(keys[3960:])
    assert len(kept._chunks) <= 40 * 4 // table.FULL + 1


def test_joined_chunks_leave_a_frozen_map_alone() -> None:
    table.FULL, table.SMALL = 8, 4
    kept = of(*range(9))  # a chunk of 8 and one of 1
    for key in range(3):
        kept.delete(key)
    frozen = kept.freeze()
    for key in range(3, 6):
        kept.delete(key)
    assert len(kept._chunks) == 1
    assert keys_of(kept) == [6, 7, 8]
    assert list(frozen) == [3, 4, 5, 6, 7, 8]


def test_a_key_that_does_not_compare_leaves_the_map_as_it_was() -> None:
    kept = of("a", "b")
    for write in (kept.put, kept.add):
        with pytest.raises(TypeError):
            write(1, "number")
    check(kept)
    assert keys_of(kept) == ["a", "b"]
