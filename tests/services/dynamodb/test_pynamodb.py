"""PynamoDB: a library of models over botocore."""

from __future__ import annotations

import pytest

pytest.importorskip("pynamodb")

from pynamodb.attributes import ListAttribute, MapAttribute, NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.connection import Connection
from pynamodb.exceptions import DoesNotExist, PutError, TransactWriteError
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite


class ByKind(GlobalSecondaryIndex):
    class Meta:
        projection = AllProjection()

    kind = UnicodeAttribute(hash_key=True)


class Thing(Model):
    class Meta:
        table_name = "things"
        region = "us-east-1"
        billing_mode = "PAY_PER_REQUEST"

    id = UnicodeAttribute(hash_key=True)
    at = NumberAttribute(range_key=True)
    kind = UnicodeAttribute(null=True)
    tags = UnicodeSetAttribute(null=True)
    notes = ListAttribute(null=True)
    more = MapAttribute(null=True)
    by_kind = ByKind()


@pytest.fixture
def things(aws):
    Thing.create_table(wait=True)
    with Thing.batch_write() as batch:
        for at in range(30):
            batch.save(Thing("a", at, kind=f"k{at % 3}", tags={"x"}, notes=[at], more={"n": at}))


def test_models_are_saved_and_found(things):
    thing = Thing.get("a", 4)
    assert (thing.kind, thing.tags, thing.notes, thing.more.as_dict()) == ("k1", {"x"}, [4], {"n": 4})
    assert [each.at for each in Thing.query("a", Thing.at.between(3, 5), scan_index_forward=False)] == [5, 4, 3]
    assert len(list(Thing.by_kind.query("k2"))) == 10
    assert Thing.count("a", filter_condition=Thing.tags.contains("x")) == 30
    assert len(list(Thing.scan(Thing.more["n"] > 25, page_size=7))) == 4
    with pytest.raises(DoesNotExist):
        Thing.get("b", 1)


def test_models_are_updated_under_conditions(things):
    thing = Thing.get("a", 1)
    thing.update(
        actions=[
            Thing.notes.set(Thing.notes.append([9])),
            Thing.tags.add({"y"}),
            Thing.kind.remove(),
            Thing.more["n"].set(7),
        ],
        condition=Thing.kind == "k1",
    )
    again = Thing.get("a", 1)
    assert (again.notes, again.tags, again.kind, again.more["n"]) == ([1, 9], {"x", "y"}, None, 7)
    with pytest.raises(PutError, match="conditional request failed"):
        again.save(condition=Thing.id.does_not_exist())


def test_models_take_part_in_transactions(things):
    connection = Connection(region="us-east-1")
    with TransactWrite(connection=connection) as transaction:
        transaction.save(Thing("b", 1))
        transaction.delete(Thing("a", 1))
    assert Thing.count("b") == 1
    failing = TransactWrite(connection=connection)
    failing.save(Thing("c", 1))
    failing.save(Thing("a", 2), condition=Thing.id.does_not_exist())
    with pytest.raises(TransactWriteError) as caught:
        failing._commit()
    assert [reason.code if reason else None for reason in caught.value.cancellation_reasons] == [
        None,
        "ConditionalCheckFailed",
    ]
