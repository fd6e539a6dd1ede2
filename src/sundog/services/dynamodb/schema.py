"""Key schemas and indexes of tables, as requests declare them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sundog.core import Tx
from sundog.services.dynamodb.fault import bad_parameter, invalid
from sundog.services.dynamodb.state import KeyPart, SecondaryIndex, Throughput

MAX_LOCAL = 5
MAX_GLOBAL = 20
MAX_PROJECTED = 100
_name = re.compile(r"[a-zA-Z0-9_.-]+\Z", re.ASCII)


def check_table_name(name: str) -> None:
    """Refuse what can't be a table's name."""
    if not _name.match(name):
        raise invalid(
            f"1 validation error detected: Value '{name}' at 'tableName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
        )
    if not 3 <= len(name) <= 255:
        raise invalid("TableName must be at least 3 characters long and at most 255 characters long")


def definitions(listed: Iterable[Any]) -> dict[str, KeyPart]:
    """``AttributeDefinitions`` by name."""
    found: dict[str, KeyPart] = {}
    for each in listed:
        if each.attribute_name in found:
            raise bad_parameter(f"Duplicate AttributeName in AttributeDefinitions: {each.attribute_name}")
        found[each.attribute_name] = KeyPart(each.attribute_name, each.attribute_type)
    return found


def table_key(schema: list[Any], known: dict[str, KeyPart]) -> tuple[KeyPart, KeyPart | None]:
    """Partition and sort key of a table."""
    hashes, ranges = _key(schema, known, "Invalid KeySchema: ", 1)
    return hashes[0], ranges[0] if ranges else None


def _key(
    schema: list[Any], known: dict[str, KeyPart], prefix: str, most: int
) -> tuple[tuple[KeyPart, ...], tuple[KeyPart, ...]]:
    missing = [each.attribute_name for each in schema if each.attribute_name not in known]
    if missing:
        names = [each.attribute_name for each in schema]
        if prefix:
            raise bad_parameter(
                "Some index key attributes are not defined in AttributeDefinitions. "
                f"Keys: [{', '.join(names)}], AttributeDefinitions: [{', '.join(known)}]"
            )
    if not schema or schema[0].key_type != "HASH":
        raise invalid(f"{prefix}The first KeySchemaElement is not a HASH key type")
    kinds = [each.key_type for each in schema]
    if most == 1:
        if len(schema) > 2:
            raise invalid(
                f"1 validation error detected: Value '[{', '.join(_shown(each) for each in schema)}]' at 'keySchema' "
                "failed to satisfy constraint: Member must have length less than or equal to 2"
            )
        if len(schema) == 2:
            if schema[0].attribute_name == schema[1].attribute_name:
                raise invalid("Both the Hash Key and the Range Key element in the KeySchema have the same name")
            if kinds[1] != "RANGE":
                raise invalid(f"{prefix}The second KeySchemaElement is not a RANGE key type")
    if kinds != sorted(kinds):
        raise invalid(f"{prefix}HASH keys must come before RANGE keys")
    if kinds.count("HASH") > most or kinds.count("RANGE") > most:
        raise invalid(f"{prefix}An index can have at most {most} HASH and {most} RANGE attributes")
    names = [each.attribute_name for each in schema]
    if len(set(names)) < len(names):
        raise invalid("Both the Hash Key and the Range Key element in the KeySchema have the same name")
    return (
        tuple(known[each.attribute_name] for each in schema if each.key_type == "HASH"),
        tuple(known[each.attribute_name] for each in schema if each.key_type == "RANGE"),
    )


def _shown(element: Any) -> str:
    return f"KeySchemaElement(attributeName={element.attribute_name}, keyType={element.key_type})"


def make_index(
    tx: Tx, each: Any, known: dict[str, KeyPart], local: bool, own: tuple[KeyPart, KeyPart | None], billing: str
) -> SecondaryIndex:
    """An index as the request declares it."""
    name: str = each.index_name
    if not _name.match(name) or not 3 <= len(name) <= 255:
        raise invalid(
            "Invalid table/index name.  Table/index names must be between 3 and 255 characters long, and may contain "
            "only the characters a-z, A-Z, 0-9, '_', '-', and '.'"
        )
    schema: list[Any] = each.key_schema or []
    names = [part.attribute_name for part in schema]
    if any(part not in known for part in names):
        raise bad_parameter(
            "Some index key attributes are not defined in AttributeDefinitions. "
            f"Keys: [{', '.join(names)}], AttributeDefinitions: [{', '.join(known)}]"
        )
    hashes, ranges = _key(schema, known, "Invalid KeySchema: ", 1 if local else 4)
    if local:
        if own[1] is None:
            raise bad_parameter(
                "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex"
            )
        if not ranges:
            raise bad_parameter(f"Index KeySchema does not have a range key for index: {name}")
        if hashes != (own[0],):
            raise bad_parameter(
                "Index KeySchema does not have the same leading hash key as table KeySchema for index: "
                f"{name}. index hash key: {hashes[0].name}, table hash key: {own[0].name}"
            )
    kind, extra = _projection(each.projection)
    throughput = Throughput()
    on_demand = warm = None
    if not local:
        throughput = _index_throughput(each.provisioned_throughput, billing, name)
        on_demand = plain_or_none(each.on_demand_throughput)
        warm = plain_or_none(each.warm_throughput)
    return SecondaryIndex(
        name=name,
        id=tx.ids.uuid(),
        local=local,
        hash=hashes,
        range=ranges,
        projection_type=kind,
        non_key_attributes=extra,
        throughput=throughput,
        on_demand=on_demand,
        warm=warm,
    )


def plain_or_none(structure: Any) -> dict[str, Any] | None:
    return None if structure is None else dict(structure.plain_())


def _projection(projection: Any) -> tuple[str, tuple[str, ...]]:
    kind = projection.projection_type if projection is not None else None
    if kind is None:
        raise bad_parameter("Unknown ProjectionType: null")
    extra = projection.non_key_attributes
    if extra is not None and kind != "INCLUDE":
        raise bad_parameter(f"ProjectionType is {kind}, but NonKeyAttributes is specified")
    if kind == "INCLUDE" and not extra:
        raise bad_parameter("ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
    if extra and len(set(extra)) < len(extra):
        twice = next(name for i, name in enumerate(extra) if name in extra[:i])
        raise bad_parameter(f"Duplicate NonKeyAttribute: {twice}")
    return kind, tuple(extra or ())


def _index_throughput(given: Any, billing: str, name: str) -> Throughput:
    if billing == "PAY_PER_REQUEST":
        if given is not None:
            raise bad_parameter(
                "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: "
                f"{name} when BillingMode is PAY_PER_REQUEST"
            )
        return Throughput()
    if given is None:
        raise bad_parameter(f"ProvisionedThroughput must be specified for index: {name}")
    return Throughput(given.read_capacity_units, given.write_capacity_units)


def check_indexes(indexes: list[SecondaryIndex]) -> None:
    """Refuse too many indexes, two of one name, and too many projected attributes."""
    seen: set[str] = set()
    for index in indexes:
        if index.name in seen:
            raise bad_parameter(f"Duplicate index name: {index.name}")
        seen.add(index.name)
    if sum(index.local for index in indexes) > MAX_LOCAL:
        raise bad_parameter(f"Number of LocalSecondaryIndexes exceeds per-table limit of {MAX_LOCAL}")
    if sum(not index.local for index in indexes) > MAX_GLOBAL:
        raise bad_parameter(f"GlobalSecondaryIndex count exceeds the per-table limit of {MAX_GLOBAL}")
    if sum(len(index.non_key_attributes) for index in indexes) > MAX_PROJECTED:
        raise bad_parameter(
            "The total number of projected attributes for all secondary indexes on this table exceeds the limit of "
            f"{MAX_PROJECTED}"
        )


def check_all_used(
    known: dict[str, KeyPart], keys: Iterable[KeyPart | None], indexes: Iterable[SecondaryIndex]
) -> None:
    """Refuse attributes that are defined but are no key."""
    used = {part.name for part in keys if part is not None}
    for index in indexes:
        used.update(part.name for part in index.parts)
    if used != known.keys():
        if not list(indexes):
            raise bad_parameter(
                "Number of attributes in KeySchema does not exactly match number of attributes defined in "
                "AttributeDefinitions"
            )
        raise bad_parameter(
            "Some AttributeDefinitions are not used. "
            f"AttributeDefinitions: [{', '.join(known)}], "
            f"keys used: [{', '.join(name for name in known if name in used)}]"
        )
