from __future__ import annotations

import logging
from typing import Any

import pytest
from msgspec.structs import replace

from sundog.core import dump as dumps
from sundog.core.mirror import Mirror, rows_of
from sundog.core.record import Index, Key, Record, record
from sundog.core.store import Changes, Store
from sundog.wire.errors import AwsError


@record(table="test.Server", order="added", exists=("ServerExists", "The server {} exists"))
class Server(Record):
    name: Key[str]
    owner: Index[str | None] = None
    groups: Index[list[str]] = []
    note: Any = None


@record(table="test.Item", exists=lambda a, b: LookupError(f"{a} and {b}"))
class Item(Record):
    box: Key[str]
    number: Key[int]
    colour: Index[str] = "red"


@record(table="test.Bucket", scope="partition")
class Bucket(Record):
    name: Key[str]


@record(table="test.User", scope="account")
class User(Record):
    name: Key[str]


@record(table="test.World", scope="cloud")
class World(Record):
    name: Key[str]


@pytest.fixture
def store() -> Store:
    return Store()


def servers(store: Store, account: str = "1", region: str = "eu") -> Any:
    return store.part(Server, account, region)


def items(store: Store) -> Any:
    return store.part(Item, "1", "eu")


def names(rows: Any) -> list[str]:
    return [row.name for row in rows]


# -- where rows lie


def test_scopes_decide_who_sees_a_row(store: Store) -> None:
    for kind in (Server, User, Bucket, World):
        store.part(kind, "1", "us-east-1").add(kind(name="a"))
    seen = {
        (account, region): [
            kind.__name__ for kind in (Server, User, Bucket, World) if store.part(kind, account, region).get("a")
        ]
        for account in "12"
        for region in ("us-east-1", "eu-west-1", "cn-north-1")
    }
    assert seen == {
        ("1", "us-east-1"): ["Server", "User", "Bucket", "World"],
        ("1", "eu-west-1"): ["User", "Bucket", "World"],
        ("1", "cn-north-1"): ["User", "World"],
        ("2", "us-east-1"): ["Bucket", "World"],
        ("2", "eu-west-1"): ["Bucket", "World"],
        ("2", "cn-north-1"): ["World"],
    }


def test_everywhere_finds_all_rows_by_account_and_region(store: Store) -> None:
    servers(store, "2", "eu").add(Server(name="b"))
    servers(store, "1", "us").add(Server(name="a"))
    servers(store, "1", "eu").add(Server(name="c"))
    servers(store, "3", "eu")
    found = [(account, region, row.name) for account, region, row in store.everywhere(Server)]
    assert found == [("1", "eu", "c"), ("1", "us", "a"), ("2", "eu", "b")]
    assert store.count(Server) == 3
    assert [scope for scope, _ in store.scopes(Server)] == [("1", "eu"), ("1", "us"), ("2", "eu")]
    assert store.scope(Server, ("1", "us")).get("a") is not None


# -- reading


def test_rows_come_in_the_tables_order(store: Store) -> None:
    for name in "cab":
        servers(store).add(Server(name=name))
        items(store).add(Item(box=name, number=1))
    assert names(servers(store)) == names(servers(store).all()) == ["c", "a", "b"]
    assert [row.box for row in items(store)] == [row.box for row in items(store).all()] == ["a", "b", "c"]


def test_a_replaced_row_keeps_its_place_and_one_added_again_does_not(store: Store) -> None:
    part = servers(store)
    for name in "abc":
        part.add(Server(name=name))
    part.put(Server(name="a", owner="new"))
    part.replace(part.get("b"), replace(part.get("b"), note=1))
    assert names(part) == ["a", "b", "c"]
    row = part.get("a")
    part.remove(row)
    part.add(row)
    assert names(part) == ["b", "c", "a"]


@pytest.mark.parametrize("kind", [Server, World])
def test_a_scan_continues_behind_a_position_that_is_gone(store: Store, kind: Any) -> None:
    part = store.part(kind, "1", "eu")
    for name in "abcde":
        part.add(kind(name=name))
    positions = {row.name: position for position, row in part.scan()}
    part.delete("c")
    assert names(row for _, row in part.scan(positions["c"])) == ["d", "e"]
    assert names(row for _, row in part.scan(positions["c"], reverse=True)) == ["b", "a"]
    assert names(row for _, row in part.scan(positions["b"])) == ["d", "e"]


def test_ranges_go_by_key_in_both_orders(store: Store) -> None:
    part = servers(store)
    for name in "dacb":
        part.add(Server(name=name))
    assert names(part.range("b", "d")) == ["b", "c"]
    assert names(part.range("b", "d", reverse=True, include_start=False, include_stop=True)) == ["d", "c"]
    assert (part.first().name, part.last().name) == ("a", "d")


def test_keys_of_several_fields_are_found_by_their_beginning(store: Store) -> None:
    part = items(store)
    for box, number in [("a", 1), ("b", 2), ("b", 1), ("b", 10), ("c", 1)]:
        part.add(Item(box=box, number=number))
    assert [row.number for row in part.starting_with("b")] == [1, 2, 10]
    assert [row.number for row in part.starting_with("b", reverse=True)] == [10, 2, 1]
    assert part.get(("b", 10)).number == 10
    assert ("b", 10) in part
    assert ("b", 11) not in part


def test_an_index_finds_equal_values_elements_and_none(store: Store) -> None:
    part = servers(store)
    part.add(Server(name="z", owner="me", groups=["x", "y", "x"]))
    part.add(Server(name="y", owner="you"))
    part.add(Server(name="x", groups=["y"]))
    part.add(Server(name="w", owner="me"))
    assert names(part.by_index("owner", "me")) == ["z", "w"]
    assert names(part.by_index("owner", None)) == ["x"]
    assert names(part.by_index("groups", "x")) == ["z"]
    assert names(part.by_index("groups", "y")) == ["z", "x"]
    assert names(part.by_index("owner", "nobody")) == []
    assert [part.count_by("owner", value) for value in ("me", "you", None, "nobody")] == [2, 1, 1, 0]
    assert list(part.index_values("owner")) == ["me", "you"]
    assert list(part.index_values("groups")) == ["x", "y"]
    part.delete("z")
    assert names(part.by_index("groups", "y")) == ["x"]


def test_an_index_scan_continues_behind_a_position(store: Store) -> None:
    part = servers(store)
    for name in "edcba":
        part.add(Server(name=name, owner="me"))
    scan = part.index_scan("owner", "me")
    positions = {row.name: position for position, row in scan()}
    part.delete("d")
    assert names(row for _, row in scan(positions["d"])) == ["c", "b", "a"]
    assert names(row for _, row in scan(positions["c"], reverse=True)) == ["e"]
    none = part.index_scan("owner", None)
    assert names(row for _, row in none()) == []


def test_rows_may_be_removed_while_they_are_listed_by_index(store: Store) -> None:
    part = servers(store)
    for name in "abcdef":
        part.add(Server(name=name, owner="me"))
    met = []
    for row in part.by_index("owner", "me"):
        met.append(row.name)
        part.replace(row, replace(row, owner="you"))
        part.delete(chr(ord(row.name) + 1))
    assert met == ["a", "c", "e"]
    assert names(part.by_index("owner", "you")) == ["a", "c", "e"]


# -- writing


def test_a_taken_key_is_refused_with_the_tables_error(store: Store) -> None:
    first = servers(store).add(Server(name="a"))
    with pytest.raises(AwsError) as caught:
        servers(store).add(Server(name="a", owner="other"))
    assert (caught.value.code, caught.value.message) == ("ServerExists", "The server a exists")
    items(store).add(Item(box="b", number=1))
    with pytest.raises(LookupError, match="b and 1"):
        items(store).add(Item(box="b", number=1))
    store.part(World, "", "").add(World(name="w"))
    with pytest.raises(KeyError):
        store.part(World, "", "").add(World(name="w"))
    assert list(servers(store)) == [first]
    assert names(servers(store).by_index("owner", "other")) == []


def test_replacing_what_is_not_there_is_refused(store: Store) -> None:
    ghost = Server(name="a")
    with pytest.raises(KeyError):
        servers(store).replace(ghost, replace(ghost, note=1))
    with pytest.raises(KeyError):
        servers(store).replace(ghost, replace(ghost, name="b"))
    assert len(servers(store)) == 0
    assert store.commit() == []


def test_a_row_can_get_another_key(store: Store) -> None:
    part = servers(store)
    for name in "abc":
        part.add(Server(name=name, owner="me"))
    store.commit()
    row = part.get("a")
    part.replace(row, replace(row, name="z"))
    with pytest.raises(AwsError):
        part.replace(part.get("b"), replace(part.get("b"), name="c"))
    assert names(part) == names(part.by_index("owner", "me")) == ["z", "b", "c"]
    assert {change.key: (change.old is None, change.new is None) for change in store.commit()} == {
        "a": (False, True),
        "z": (True, False),
    }


def test_one_row_object_can_be_in_two_stores(store: Store) -> None:
    other = Store()
    servers(other).add(Server(name="first"))
    row = Server(name="a")
    one = servers(store).add(row)
    two = servers(other).add(row)
    assert (one.serial_, two.serial_, servers(store).get("a").serial_) == (1, 2, 1)


# -- transactions


def test_a_rollback_leaves_no_trace(store: Store) -> None:
    part = servers(store)
    kept = part.add(Server(name="kept", owner="me"))
    store.commit()
    part.add(Server(name="new", owner="me"))
    part.replace(kept, replace(kept, owner="you"))
    part.delete("kept")
    part.add(Server(name="kept", owner="third"))
    store.rollback()
    assert list(part) == [kept]
    assert part.get("kept") is kept
    assert names(part.by_index("owner", "me")) == ["kept"]
    assert list(part.index_values("owner")) == ["me"]
    assert store.serial == 1
    assert store.commit() == []


def test_a_savepoint_undoes_only_what_followed(store: Store) -> None:
    part = servers(store)
    part.add(Server(name="a"))
    outer = store.savepoint()
    part.add(Server(name="b"))
    inner = store.savepoint()
    part.delete("a")
    store.rollback_to(inner)
    assert names(part) == ["a", "b"]
    store.rollback_to(outer)
    assert part.add(Server(name="c")).serial_ == 2
    assert [change.key for change in store.commit()] == ["a", "c"]


def test_a_write_that_fails_midway_can_be_undone(store: Store) -> None:
    part = servers(store)
    kept = part.add(Server(name="a", owner="me", groups=["x"]))
    other = part.add(Server(name="c", owner="you", groups=["x"]))
    store.commit()
    with pytest.raises(TypeError):
        part.replace(kept, replace(kept, owner=5, groups=["y"]))
    with pytest.raises(TypeError):
        part.add(Server(name="b", owner="me", groups=[1]))
    store.rollback()
    assert list(part) == [kept, other]
    assert names(part.by_index("owner", "me")) == ["a"]
    assert names(part.by_index("groups", "x")) == ["a", "c"]
    assert list(part.index_values("groups")) == ["x"]


def test_a_commit_tells_each_key_once(store: Store) -> None:
    part = servers(store)
    a, b, c = (part.add(Server(name=name)) for name in "abc")
    store.commit()
    part.put(Server(name="a", note=1))
    last = part.put(Server(name="a", note=2))
    part.delete("b")
    part.add(Server(name="d"))
    part.delete("d")
    part.put(c)
    changes = store.commit()
    assert [(change.key, change.old, change.new) for change in changes] == [("a", a, last), ("b", b, None)]
    assert {(change.table, change.scope) for change in changes} == {("test.Server", ("1", "eu"))}
    assert (changes.reason, changes.serial) == ("commit", 4)


def test_true_in_the_place_of_1_is_a_change(store: Store) -> None:
    row = servers(store).add(Server(name="a", note={"on": 1}))
    store.commit()
    servers(store).replace(row, replace(row, note={"on": True}))
    assert len(store.commit()) == 1


def test_the_version_grows_with_what_changes_rows_only(store: Store) -> None:
    row = servers(store).add(Server(name="a"))
    store.commit()
    version = store.version
    servers(store).put(row)
    store.commit()
    servers(store).delete("a")
    store.rollback()
    assert store.version == version
    servers(store).delete("a")
    store.commit()
    assert store.version == version + 1


def test_a_transaction_is_not_opened_or_copied_while_one_is_open(store: Store) -> None:
    snapshot = store.snapshot()
    servers(store).add(Server(name="a"))
    for act in (store.begin, store.snapshot, store.fork, store.reset, lambda: store.restore(snapshot)):
        with pytest.raises(RuntimeError, match="open"):
            act()
    store.commit()
    store.begin()


# -- snapshots


def test_a_snapshot_stays_and_comes_back(store: Store) -> None:
    part = servers(store)
    a = part.add(Server(name="a", owner="me"))
    store.commit()
    snapshot = store.snapshot()
    part.replace(a, replace(a, owner="you"))
    part.add(Server(name="b"))
    servers(store, "2").add(Server(name="c"))
    store.commit()
    later = store.snapshot()
    store.restore(snapshot)
    assert list(store.everywhere(Server)) == [("1", "eu", a)]
    assert names(part.by_index("owner", "me")) == ["a"]
    assert part.add(Server(name="d")).serial_ == 2
    store.commit()
    store.restore(later)
    assert [row.name for _, _, row in store.everywhere(Server)] == ["a", "b", "c"]
    assert store.serial == 3


@pytest.mark.parametrize(
    "write",
    [
        lambda part: part.add(Server(name="b", owner="me")),
        lambda part: part.put(Server(name="a", owner="you")),
        lambda part: part.replace(part.get("a"), replace(part.get("a"), note=1)),
        lambda part: part.replace(part.get("a"), replace(part.get("a"), name="z")),
        lambda part: part.delete("a"),
    ],
    ids=["add", "put", "replace", "rename", "delete"],
)
def test_every_kind_of_write_is_in_the_next_snapshot_and_not_in_the_last(store: Store, write: Any) -> None:
    part = servers(store)
    part.add(Server(name="a", owner="me"))
    store.commit()
    before = store.snapshot()
    rows_before = rows_of(store)
    write(part)
    store.commit()
    after = store.snapshot()
    rows_after = rows_of(store)
    assert rows_before != rows_after
    store.restore(before)
    assert rows_of(store) == rows_before
    assert names(part.by_index("owner", "me")) == ["a"]
    store.restore(after)
    assert rows_of(store) == rows_after
    assert names(part.by_index("owner", "me")) == [row.name for row in part if row.owner == "me"]


def test_a_snapshot_of_what_did_not_change_is_the_same_one(store: Store) -> None:
    servers(store).add(Server(name="a"))
    items(store).add(Item(box="a", number=1))
    store.commit()
    before = store.snapshot()
    items(store).delete(("a", 1))
    store.rollback()
    items(store).add(Item(box="b", number=1))
    store.commit()
    after = store.snapshot()
    key = ("test.Server", "1", "eu")
    assert before.parts[key] is after.parts[key]
    assert [change.key for change in store.diff(before, after)] == [("b", 1)]


def test_forks_do_not_meet(store: Store) -> None:
    servers(store).add(Server(name="a"))
    store.commit()
    told: list[Any] = []
    store.listeners.append(told.append)
    fork = store.fork()
    servers(fork).add(Server(name="b"))
    fork.commit()
    servers(store).delete("a")
    store.commit()
    assert names(servers(fork)) == ["a", "b"]
    assert names(servers(store)) == []
    assert len(told) == 1


def test_reset_leaves_nothing(store: Store) -> None:
    servers(store).add(Server(name="a"))
    store.commit()
    store.reset()
    assert (store.count(Server), store.serial) == (0, 0)
    assert servers(store).add(Server(name="a")).serial_ == 1


# -- the feed


def test_restores_and_resets_are_told_as_what_they_change(store: Store) -> None:
    told: list[Changes] = []
    store.listeners.append(told.append)
    a = servers(store).add(Server(name="a"))
    store.commit()
    snapshot = store.snapshot()
    b = servers(store).add(Server(name="b"))
    store.commit()
    store.restore(snapshot)
    store.reset()
    assert [(changes.reason, changes.serial) for changes in told] == [
        ("commit", 1),
        ("commit", 2),
        ("restore", 1),
        ("reset", 0),
    ]
    assert [[(change.old, change.new) for change in changes] for changes in told] == [
        [(None, a)],
        [(None, b)],
        [(b, None)],
        [(a, None)],
    ]


def test_a_failing_listener_loses_nothing(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    def fail(changes: Changes) -> None:
        raise OSError("disk full")

    store.listeners.append(fail)
    mirror = Mirror(store)
    servers(store).add(Server(name="a"))
    with caplog.at_level(logging.ERROR):
        store.commit()
    assert names(servers(store)) == ["a"]
    assert mirror.rows == rows_of(store)
    assert "disk full" in caplog.text


def test_what_a_listener_commits_is_told_after_what_it_heard(store: Store) -> None:
    heard: list[list[str]] = []

    def answer(changes: Changes) -> None:
        if changes[0].key == "a":
            servers(store).add(Server(name="b"))
            store.commit()

    store.listeners += [answer, lambda changes: heard.append([change.key for change in changes])]
    servers(store).add(Server(name="a"))
    store.commit()
    assert heard == [["a"], ["b"]]


# -- bytes


def test_a_dump_comes_back_as_it_was(store: Store) -> None:
    servers(store).add(
        Server(name="b", owner="me", groups=["x"], note={"bytes": b"\0", "none": None, "list": [1, 2.5]})
    )
    servers(store).add(Server(name="a"))
    servers(store).add(Server(name="gone"))
    items(store).add(Item(box="b", number=1))
    store.part(Bucket, "1", "cn-north-1").add(Bucket(name="c"))
    servers(store).delete("gone")
    store.commit()
    other = Store()
    mirror = Mirror(other)
    servers(other).add(Server(name="old"))
    other.commit()
    dumps.load(other, dumps.dump(store))
    assert rows_of(other) == rows_of(store) == mirror.rows
    assert names(servers(other)) == ["b", "a"]
    assert names(servers(other).by_index("groups", "x")) == ["b"]
    assert other.serial == store.serial == mirror.serial
    assert dumps.dump(other) == dumps.dump(store)


def test_a_row_comes_back_alone() -> None:
    row = Item(box="b", number=1, serial_=5)
    assert dumps.decode_row("test.Item", dumps.encode_row(row)) == row


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nonsense",
        dumps._encoder.encode([99, 0, []]),
        dumps._encoder.encode([1, 0, [["test.Nowhere", "os", "1", "eu", []]]]),
        dumps._encoder.encode([1, 0, [["test.Nowhere", "sundog.nowhere", "1", "eu", []]]]),
        dumps._encoder.encode([1, 0, [["test.Item", "tests", "1", "eu", [{"box": 5}]]]]),
    ],
)
def test_what_is_no_dump_changes_nothing(store: Store, data: bytes) -> None:
    kept = servers(store).add(Server(name="a"))
    store.commit()
    with pytest.raises(ValueError):
        dumps.load(store, data)
    assert list(servers(store)) == [kept]
