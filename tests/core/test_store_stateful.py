"""Any history of a store, against plain dicts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule
from msgspec.structs import replace

from sundog.core import dump as dumps
from sundog.core import table
from sundog.core.mirror import Mirror, rows_of
from sundog.core.record import Index, Key, Record, record
from sundog.core.store import Store, diff


@record(table="stateful.Added", order="added")
class Added(Record):
    name: Key[int]
    owner: Index[str | None] = None
    groups: Index[list[str]] = []
    note: int = 0


@record(table="stateful.Keyed", scope="account")
class Keyed(Record):
    name: Key[int]
    owner: Index[str | None] = None
    groups: Index[list[str]] = []
    note: int = 0


KINDS = {"stateful.Added": Added, "stateful.Keyed": Keyed}

places = st.sampled_from(
    [(Added, "1", "eu"), (Added, "1", "us"), (Added, "2", "eu"), (Keyed, "1", "eu"), (Keyed, "2", "")]
)
keys = st.integers(0, 9)
fields = st.fixed_dictionaries(
    {},
    optional={
        "owner": st.sampled_from([None, "a", "b"]),
        "groups": st.lists(st.sampled_from("xyz"), max_size=3),
        "note": st.integers(0, 2),
    },
)
Model = dict[tuple[str, tuple[str, str]], dict[int, Any]]


def copied(model: Model) -> Model:
    return {place: dict(rows) for place, rows in model.items()}


def filled(model: Model) -> Model:
    return {place: rows for place, rows in model.items() if rows}


class Histories(RuleBasedStateMachine):
    """``model`` is the store as dicts; ``committed`` as it was at the last commit; ``marks`` at the open savepoints."""

    snapshots: Bundle[Any] = Bundle("snapshots")

    @initialize()
    def begin(self) -> None:
        self.adopt(Store(), {})

    def adopt(self, store: Store, model: Model) -> None:
        self.store = store
        self.mirror = Mirror(store)
        self.model = model
        self.committed = (copied(model), store.serial)
        self.marks: list[tuple[Any, Model]] = []
        self.saved: list[tuple[Any, Model]] = []

    def rows(self, place: Any) -> tuple[Any, dict[int, Any]]:
        part = self.store.part(*place)
        return part, self.model.setdefault((part.meta.table, part.scope), {})

    # -- writes

    @rule(place=places, key=keys, values=fields)
    def put(self, place: Any, key: int, values: dict[str, Any]) -> None:
        part, rows = self.rows(place)
        before = self.store.serial
        stored = part.put(place[0](name=key, **values))
        assert stored is part.get(key)
        if key in rows:
            assert (stored.serial_, self.store.serial) == (rows[key].serial_, before)
        else:
            assert stored.serial_ == self.store.serial == before + 1
        rows[key] = stored

    @rule(place=places, key=keys, values=fields, other=keys)
    def change(self, place: Any, key: int, values: dict[str, Any], other: int) -> None:
        part, rows = self.rows(place)
        if key in rows:
            name = key if other in rows else other
            old = rows.pop(key)
            rows[name] = part.replace(old, replace(old, name=name, **values))
            assert rows[name].serial_ == old.serial_

    @rule(place=places, key=keys, values=fields)
    def add_again(self, place: Any, key: int, values: dict[str, Any]) -> None:
        """A row that was removed, or is a row elsewhere, becomes one here."""
        part, rows = self.rows(place)
        old = part.delete(key)
        assert old is rows.pop(key, None)
        if old is not None:
            number = old.serial_
            rows[key] = part.add(old)
            assert old.serial_ == number

    @rule(place=places, key=keys)
    def delete(self, place: Any, key: int) -> None:
        part, rows = self.rows(place)
        assert part.delete(key) is rows.pop(key, None)

    @rule(place=places, step=st.integers(1, 3))
    def delete_while_listing(self, place: Any, step: int) -> None:
        part, rows = self.rows(place)
        expected = list(self.ordered(part.meta.table, rows))
        met = []
        for row in part:
            met.append(row)
            for behind in expected[expected.index(row) : expected.index(row) + step]:
                part.delete(behind.name)
                del rows[behind.name]
        assert met == expected[::step]

    # -- transactions

    @rule()
    def commit(self) -> None:
        before = filled(self.committed[0])
        changes = self.store.commit()
        told = {(change.table, change.scope, change.key): (change.old, change.new) for change in changes}
        assert len(told) == len(changes)
        after = filled(self.model)
        expected = {}
        for place in before.keys() | after.keys():
            old, new = before.get(place, {}), after.get(place, {})
            for key in old.keys() | new.keys():
                if old.get(key) != new.get(key):
                    expected[(*place, key)] = (old.get(key), new.get(key))
        assert told == expected
        self.committed = (copied(self.model), self.store.serial)
        self.marks = []

    @rule()
    def roll_back(self) -> None:
        self.store.rollback()
        self.model, serial = copied(self.committed[0]), self.committed[1]
        assert self.store.serial == serial
        self.marks = []

    @rule()
    def mark(self) -> None:
        self.marks.append((self.store.savepoint(), copied(self.model)))

    @rule(which=st.integers(0, 5))
    def roll_back_to_a_mark(self, which: int) -> None:
        if self.marks:
            del self.marks[which % len(self.marks) + 1 :]
            savepoint, model = self.marks[-1]
            self.store.rollback_to(savepoint)
            self.model = copied(model)
            assert self.store.serial == savepoint[1]

    # -- snapshots: each first commits, as they are taken between transactions

    @rule(target=snapshots)
    def snapshot(self) -> Any:
        self.commit()
        taken = (self.store.snapshot(), copied(self.model))
        self.saved.append(taken)
        return taken

    @rule(target=snapshots, taken=snapshots)
    def restore(self, taken: Any) -> Any:
        self.commit()
        snapshot, model = taken
        self.store.restore(snapshot)
        self.model = copied(model)
        self.committed = (copied(model), snapshot.serial)
        return multiple()

    @rule(take_the_fork=st.booleans())
    def fork(self, take_the_fork: bool) -> None:
        """The other one goes on, too, but nobody sees that here."""
        self.commit()
        fork = self.store.fork()
        other = self.store if take_the_fork else fork
        if take_the_fork:
            self.adopt(fork, copied(self.model))
        other.part(Added, "1", "eu").put(Added(name=99, owner="a"))
        other.part(Keyed, "1", "eu").delete(3)
        other.commit()
        if not take_the_fork:
            assert rows_of(fork) != filled(self.model)

    @rule()
    def reset(self) -> None:
        self.commit()
        self.store.reset()
        self.model = {}
        self.committed = ({}, 0)

    @rule()
    def dump_and_load(self) -> None:
        self.commit()
        other = Store()
        dumps.load(other, dumps.dump(self.store))
        assert rows_of(other) == filled(self.model)
        assert diff(self.store.snapshot(), other.snapshot()) == []

    # -- what always holds

    def ordered(self, name: str, rows: dict[int, Any]) -> Iterator[Any]:
        if name == "stateful.Added":
            yield from sorted(rows.values(), key=lambda row: row.serial_)
        else:
            yield from (rows[key] for key in sorted(rows))

    @invariant()
    def rows_and_indexes_agree(self) -> None:
        assert {place for place, rows in self.model.items() if rows} == {
            (name, scope) for name, kind in KINDS.items() for scope, _ in self.store.scopes(kind)
        }
        for (name, scope), rows in self.model.items():
            part = self.store.scope(KINDS[name], scope)
            expected = list(self.ordered(name, rows))
            assert len(part) == len(rows)
            assert [row for _, row in part.scan()] == part.all() == expected
            assert list(part.range()) == [rows[key] for key in sorted(rows)]
            for field in ("owner", "groups"):
                values = set()
                for value in (None, "a", "b", "x", "y", "z"):
                    wanted = [row for row in expected if matches(getattr(row, field), value)]
                    assert list(part.by_index(field, value)) == wanted
                    assert part.count_by(field, value) == len(wanted)
                    if wanted and value is not None:
                        values.add(value)
                assert list(part.index_values(field)) == sorted(values)

    @invariant()
    def the_mirror_has_what_was_committed(self) -> None:
        assert self.mirror.rows == filled(self.committed[0])

    @invariant()
    def snapshots_stay(self) -> None:
        for snapshot, model in self.saved[-3:]:
            found = {(key[0], key[1:]): dict(frozen.rows.items()) for key, frozen in snapshot.parts.items()}
            assert found == filled(model)


def matches(held: Any, value: Any) -> bool:
    return value in held if isinstance(held, list) and value is not None else held == value


class TestHistories(Histories.TestCase):  # type: ignore[misc, name-defined]
    settings = settings(
        max_examples=60, stateful_step_count=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )

    @pytest.fixture(autouse=True)
    def small_chunks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(table, "FULL", 6)
        monkeypatch.setattr(table, "SMALL", 3)
