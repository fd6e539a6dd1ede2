"""The API of 2011, which boto 2's ``boto.dynamodb`` speaks: its JSON is turned into today's, and the answers back.

Its keys don't name their attributes (``HashKeyElement``, ``RangeKeyElement``), so the table is looked at to name them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from zlib import crc32

import msgspec

from sundog.core import AwsError
from sundog.services.dynamodb.state import Table
from sundog.wire.codec import codec
from sundog.wire.http import Request, Response

if TYPE_CHECKING:
    from sundog.cloud import Cloud
    from sundog.core.calls import Call
    from sundog.wire.route import Routed

Json = dict[str, Any]
ELEMENTS = ("HashKeyElement", "RangeKeyElement")
OLD = "com.amazonaws.dynamodb.v20111205#"
NEW = "com.amazonaws.dynamodb.v20120810#"


def answer(cloud: Cloud, routed: Routed, request: Request, call: Call) -> Response:
    """The response to a request of the old API."""
    name = call.operation = routed.labels["Operation"]
    spoken = codec("json")
    service = routed.service
    operation = service.operation(name) if name in REQUESTS else None
    try:
        if operation is None:
            raise AwsError("UnknownOperationException", "")
        given = spoken_json(request.read())
        tables = Tables(cloud, call)
        body = msgspec.json.encode(REQUESTS[name](given, tables))
        inner = Request("POST", request.host, body=body)
        if cloud.checks_signatures:
            cloud.verify(request, routed, call)
        call.params = spoken.decode(operation, inner, {})
    except AwsError as error:
        call.error = error
        cloud.record(call)
        return _in_old_words(spoken.encode_error(service, operation, error, call.request_id))
    cloud.execute(operation, call.params, call)
    if call.error is not None:
        return _in_old_words(spoken.encode_error(service, operation, call.error, call.request_id))
    assert call.answer is not None
    response = spoken.encode(operation, call.answer, call.request_id)
    return _with_body(response, ANSWERS[name](msgspec.json.decode(response.read()), given, tables))


def spoken_json(body: bytes) -> Json:
    try:
        given = msgspec.json.decode(body or b"{}")
    except msgspec.DecodeError:
        given = None
    if not isinstance(given, dict):
        raise AwsError("SerializationException", "")
    return given  # pyright: ignore[reportUnknownVariableType]


def _in_old_words(response: Response) -> Response:
    found = msgspec.json.decode(response.read())
    found["__type"] = found["__type"].replace(NEW, OLD)
    return _with_body(response, found)


def _with_body(response: Response, found: Json) -> Response:
    body = msgspec.json.encode(found)
    response.body = body
    response.headers["x-amz-crc32"] = str(crc32(body))
    return response


class Tables:
    """Names the attributes of keys by the tables' schemas."""

    def __init__(self, cloud: Cloud, call: Call) -> None:
        self._part = cloud.store.part(Table, call.account, call.region)

    def _names(self, table: str) -> list[str]:
        found = self._part.get(table)
        return [] if found is None else [part.name for part in found.parts]

    def named(self, table: str, key: Any) -> Any:
        """A key with its attributes' names; left as it is (and refused later) if it isn't one."""
        if not isinstance(key, dict):
            return key
        names = self._names(table)
        return {
            dict(zip(ELEMENTS, names, strict=False)).get(element, element): value
            for element, value in key.items()  # pyright: ignore[reportUnknownVariableType]
        }

    def unnamed(self, table: str, key: Json) -> Json:
        names = dict(zip(self._names(table), ELEMENTS, strict=False))
        return {names[name]: value for name, value in key.items() if name in names}

    def hash_name(self, table: str) -> str:
        return next(iter(self._names(table)), "HashKeyElement")

    def range_name(self, table: str) -> str:
        return next(iter(self._names(table)[1:]), "RangeKeyElement")


# -- requests -------------------------------------------------------------------------------------------------------


def _same(given: Json, tables: Tables) -> Json:
    return given


def _create(given: Json, tables: Tables) -> Json:
    schema = given.get("KeySchema") or {}
    made = {name: value for name, value in given.items() if name != "KeySchema"}
    pairs = zip(ELEMENTS, ("HASH", "RANGE"), strict=True)
    elements = [(schema[element], kind) for element, kind in pairs if schema.get(element)]
    made["KeySchema"] = [{"AttributeName": part.get("AttributeName"), "KeyType": kind} for part, kind in elements]
    made["AttributeDefinitions"] = [dict(part) for part, _ in elements]
    return made


def _of_item(given: Json, tables: Tables) -> Json:
    """Get, put, update, delete: only the key differs, and capacity is told unasked."""
    made = {**given, "ReturnConsumedCapacity": "TOTAL"}
    if "Key" in made:
        made["Key"] = tables.named(given.get("TableName", ""), made["Key"])
    return made


def _query(given: Json, tables: Tables) -> Json:
    table = given.get("TableName", "")
    made = _of_many(given, tables)
    conditions: Json = {}
    value = made.pop("HashKeyValue", None)
    if value is not None:
        conditions[tables.hash_name(table)] = {"ComparisonOperator": "EQ", "AttributeValueList": [value]}
    condition = made.pop("RangeKeyCondition", None)
    if condition is not None:
        conditions[tables.range_name(table)] = condition
    made["KeyConditions"] = conditions
    return made


def _of_many(given: Json, tables: Tables) -> Json:
    """Query and scan."""
    made = {**given, "ReturnConsumedCapacity": "TOTAL"}
    if made.pop("Count", False):
        made["Select"] = "COUNT"
    if made.get("ExclusiveStartKey") is not None:
        made["ExclusiveStartKey"] = tables.named(given.get("TableName", ""), made["ExclusiveStartKey"])
    return made


def _batch_get(given: Json, tables: Tables) -> Json:
    requests = given.get("RequestItems") or {}
    return {
        "RequestItems": {
            table: {**each, "Keys": [tables.named(table, key) for key in each.get("Keys", ())]}
            for table, each in requests.items()
        },
        "ReturnConsumedCapacity": "TOTAL",
    }


def _batch_write(given: Json, tables: Tables) -> Json:
    def write(table: str, each: Json) -> Json:
        delete = each.get("DeleteRequest")
        return each if delete is None else {"DeleteRequest": {"Key": tables.named(table, delete.get("Key"))}}

    requests = given.get("RequestItems") or {}
    return {
        "RequestItems": {table: [write(table, each) for each in listed] for table, listed in requests.items()},
        "ReturnConsumedCapacity": "TOTAL",
    }


# -- answers --------------------------------------------------------------------------------------------------------


def _units(found: Json) -> Json:
    """Capacity as one number."""
    consumed = found.pop("ConsumedCapacity", None)
    if consumed is not None:
        found["ConsumedCapacityUnits"] = consumed["CapacityUnits"]
    return found


def _item_answer(found: Json, given: Json, tables: Tables) -> Json:
    return _units(found)


def _many_answer(found: Json, given: Json, tables: Tables) -> Json:
    if "LastEvaluatedKey" in found:
        found["LastEvaluatedKey"] = tables.unnamed(given["TableName"], found["LastEvaluatedKey"])
    return _units(found)


def _query_answer(found: Json, given: Json, tables: Tables) -> Json:
    found.pop("ScannedCount", None)
    return _many_answer(found, given, tables)


def _table_answer(found: Json, given: Json, tables: Tables) -> Json:
    return {member: _description(table) for member, table in found.items()}


def _description(table: Json) -> Json:
    shown = ("CreationDateTime", "TableName", "TableStatus", "ItemCount", "TableSizeBytes")
    made = {name: table[name] for name in shown if name in table}
    types = {each["AttributeName"]: each["AttributeType"] for each in table.get("AttributeDefinitions", ())}
    elements = {"HASH": ELEMENTS[0], "RANGE": ELEMENTS[1]}
    schema = table.get("KeySchema")
    if schema is not None:
        made["KeySchema"] = {
            elements[part["KeyType"]]: {
                "AttributeName": part["AttributeName"],
                "AttributeType": types[part["AttributeName"]],
            }
            for part in schema
        }
    throughput = table.get("ProvisionedThroughput")
    if throughput is not None:
        made["ProvisionedThroughput"] = {
            name: value for name, value in throughput.items() if name != "NumberOfDecreasesToday"
        }
    return made


def _list_answer(found: Json, given: Json, tables: Tables) -> Json:
    return found


def _batch_units(found: Json) -> dict[str, float]:
    return {each["TableName"]: each["CapacityUnits"] for each in found.pop("ConsumedCapacity", ())}


def _batch_get_answer(found: Json, given: Json, tables: Tables) -> Json:
    units = _batch_units(found)
    left = found.get("UnprocessedKeys") or {}
    return {
        "Responses": {
            table: {"Items": items, "ConsumedCapacityUnits": units.get(table, 0.0)}
            for table, items in found["Responses"].items()
        },
        "UnprocessedKeys": {
            table: {**each, "Keys": [tables.unnamed(table, key) for key in each["Keys"]]}
            for table, each in left.items()
        },
    }


def _batch_write_answer(found: Json, given: Json, tables: Tables) -> Json:
    units = _batch_units(found)
    return {
        "Responses": {table: {"ConsumedCapacityUnits": value} for table, value in units.items()},
        "UnprocessedItems": found.get("UnprocessedItems") or {},
    }


REQUESTS: dict[str, Callable[[Json, Tables], Json]] = {
    "BatchGetItem": _batch_get,
    "BatchWriteItem": _batch_write,
    "CreateTable": _create,
    "DeleteItem": _of_item,
    "DeleteTable": _same,
    "DescribeTable": _same,
    "GetItem": _of_item,
    "ListTables": _same,
    "PutItem": _of_item,
    "Query": _query,
    "Scan": _of_many,
    "UpdateItem": _of_item,
    "UpdateTable": _same,
}
ANSWERS: dict[str, Callable[[Json, Json, Tables], Json]] = {
    "BatchGetItem": _batch_get_answer,
    "BatchWriteItem": _batch_write_answer,
    "CreateTable": _table_answer,
    "DeleteItem": _item_answer,
    "DeleteTable": _table_answer,
    "DescribeTable": _table_answer,
    "GetItem": _item_answer,
    "ListTables": _list_answer,
    "PutItem": _item_answer,
    "Query": _query_answer,
    "Scan": _many_answer,
    "UpdateItem": _item_answer,
    "UpdateTable": _table_answer,
}
