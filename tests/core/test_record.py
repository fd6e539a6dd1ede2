from __future__ import annotations

import msgspec
import pytest

from sundog.core.record import Index, Key, Record, Tags, find_table, record, table_name


@record(missing=("InvalidThing.NotFound", "The thing '{}' does not exist"), tagged_as="thing", filters={"x": "y"})
class Thing(Record):
    colour: str = "red"
    name: Key[str]
    owner: Index[str | None] = None
    tags: Tags = {}


@record(scope="account", order="added")
class Pair(Record):
    left: Key[str]
    right: Key[int]


@record(table="test.Heir")
class Heir(Thing):
    extra: Index[list[str]] = []


def test_a_record_is_frozen_and_takes_its_fields_by_name() -> None:
    thing = Thing(name="a")
    assert (thing.colour, thing.owner, thing.serial_) == ("red", None, 0)
    with pytest.raises(AttributeError):
        thing.colour = "blue"  # type: ignore[misc]
    with pytest.raises(TypeError):
        Thing("blue", "a")  # type: ignore[misc]
    assert msgspec.structs.replace(thing, colour="blue").name == "a"


def test_meta_says_how_the_table_is_kept() -> None:
    meta = Thing.meta_
    assert (meta.keys, meta.indexes, meta.scope, meta.order) == (("name",), ("owner",), "region", "key")
    assert meta.missing == ("InvalidThing.NotFound", "The thing '{}' does not exist")
    assert (meta.tagged_as, meta.tagged, meta.filters, meta.exists) == ("thing", True, {"x": "y"}, None)
    assert meta.key_of(Thing(name="a")) == "a"


def test_several_key_fields_make_a_tuple() -> None:
    assert Pair.meta_.keys == ("left", "right")
    assert Pair.meta_.key_of(Pair(left="a", right=2)) == ("a", 2)
    assert not Pair.meta_.tagged


def test_a_heir_keeps_the_keys_and_indexes_of_its_base() -> None:
    assert (Heir.meta_.keys, Heir.meta_.indexes) == (("name",), ("owner", "extra"))
    assert Thing.meta_.indexes == ("owner",)


def test_annotations_may_be_real_ones() -> None:
    namespace = {"__annotations__": {"name": Key[str], "owner": Index[str], "plain": str}, "__module__": __name__}
    made = record(table="test.Real")(type(Record)("Real", (Record,), namespace))
    assert (made.meta_.keys, made.meta_.indexes) == (("name",), ("owner",))


@pytest.mark.parametrize(
    ("scope", "expected"),
    [("region", ("1", "eu")), ("account", ("1", "")), ("partition", ("", "aws")), ("cloud", ("", ""))],
)
def test_a_scope_says_which_rows_see_each_other(scope: str, expected: tuple[str, str]) -> None:
    made = record(scope=scope, table=f"test.{scope}")(
        type(Record)(scope, (Record,), {"__annotations__": {"k": "Key[str]"}})
    )  # type: ignore[arg-type]
    assert made.meta_.scope_key("1", "eu", "aws") == expected


def test_a_record_without_a_key_is_refused() -> None:
    with pytest.raises(TypeError, match="no Key field"):

        @record()
        class Keyless(Record):
            name: str


def test_tables_are_found_by_name() -> None:
    assert find_table(Thing.meta_.table) is Thing
    with pytest.raises(KeyError):
        find_table("ec2.Nothing")


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("sundog.services.ec2.state.instance", "ec2.Thing"),
        ("sundog.services.sts", "sts.Thing"),
        ("sundog.core.task", "core.Thing"),
        ("elsewhere.records", "elsewhere.records.Thing"),
    ],
)
def test_a_table_is_named_by_its_service(module: str, expected: str) -> None:
    assert table_name(type("Thing", (), {"__module__": module})) == expected


def test_two_records_of_one_name_are_refused() -> None:
    with pytest.raises(TypeError, match=r"two records named test\.Heir"):
        record(table="test.Heir")(type(Record)("Other", (Record,), {"__annotations__": {"k": "Key[str]"}}))


def test_a_record_survives_messagepack() -> None:
    heir = Heir(name="a", owner="o", extra=["x"], tags={"k": "v"}, serial_=7)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(heir), type=Heir) == heir
