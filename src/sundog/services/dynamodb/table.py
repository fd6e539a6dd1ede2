"""Tables: made, shown, listed, deleted."""

from __future__ import annotations

import datetime
from typing import Any

from sundog.api import dynamodb as api
from sundog.core import Tx, op, parse_arn
from sundog.services.dynamodb import rows
from sundog.services.dynamodb.description import describe
from sundog.services.dynamodb.fault import bad_parameter, invalid
from sundog.services.dynamodb.schema import (
    check_all_used,
    check_indexes,
    check_table_name,
    definitions,
    make_index,
    plain_or_none,
    table_key,
)
from sundog.services.dynamodb.state import SecondaryIndex, Table, Throughput

BIRTH = datetime.timedelta(seconds=10)
"""How long a table is being made or unmade, where the cloud has AWS's delays."""


def table_of(tx: Tx, name: str) -> Table:
    """The table of that name or ARN, for operations on tables."""
    if name.startswith("arn:"):
        arn = parse_arn(name)
        if arn is None or not arn.resource.startswith("table/"):
            raise invalid(f"Invalid table ARN: {name}")
        name = arn.resource.split("/")[1]
        tx = tx.in_(account=arn.account, region=arn.region)
    return tx.get(Table, name)


def settled_table(tx: Tx, name: str) -> Table:
    """The same; refused while it is being made, changed or deleted."""
    table = table_of(tx, name)
    if table.status != "ACTIVE":
        raise api.ResourceInUseException(
            "Attempt to change a resource which is still in use: "
            f"Table is being {_DOING[table.status]}: {table.table_name}"
        )
    return table


_DOING = {"CREATING": "created", "UPDATING": "updated", "DELETING": "deleted"}


@op
def create_table(tx: Tx, req: api.CreateTableInput) -> api.CreateTableOutput:
    """A new table; the answer says CREATING, the next look ACTIVE."""
    check_table_name(req.table_name)
    if req.global_table_source_arn is not None:
        from sundog.services.dynamodb.global_table import join_as_replica

        return api.CreateTableOutput(table_description=join_as_replica(tx, req))
    if req.attribute_definitions is None:
        raise _absent("attributeDefinitions")
    if req.key_schema is None:
        raise _absent("keySchema")
    known = definitions(req.attribute_definitions)
    billing = req.billing_mode or "PROVISIONED"
    throughput = table_throughput(req.provisioned_throughput, billing)
    own = table_key(req.key_schema, known)
    indexes = make_indexes(tx, req, known, own, billing)
    check_all_used(known, own, indexes)
    if tx.find(Table, req.table_name) is not None:
        raise api.ResourceInUseException(f"Table already exists: {req.table_name}")
    delayed = tx.setting("delays")
    table = Table(
        table_name=req.table_name,
        table_id=tx.ids.uuid(),
        status="CREATING" if delayed else "ACTIVE",
        created=tx.now,
        hash=own[0],
        range=own[1],
        indexes=tuple(indexes),
        attributes=tuple(known.values()),
        throughput=throughput,
        billing=billing,
        billing_summary=billing_summary(tx, billing),
        table_class={"TableClass": req.table_class} if req.table_class else None,
        protected=bool(req.deletion_protection_enabled),
        sse=encryption(tx, req.sse_specification),
        on_demand=plain_or_none(req.on_demand_throughput),
        warm=plain_or_none(req.warm_throughput),
        policy=req.resource_policy,
        policy_revision=tx.ids.uuid() if req.resource_policy is not None else None,
        settings_replication=req.global_table_settings_replication_mode,
    )
    table = tx.add(table, tags=req.tags)
    if req.stream_specification is not None:
        from sundog.services.dynamodb.stream import apply_specification

        table = apply_specification(tx, table, req.stream_specification)
    if delayed:
        tx.at(tx.now + BIRTH, become_active, table.table_name, table.table_id)
    return api.CreateTableOutput(table_description=describe(tx, table, status="CREATING"))


def _absent(member: str) -> Exception:
    return invalid(
        f"1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
    )


def make_indexes(tx: Tx, req: Any, known: Any, own: Any, billing: str) -> list[SecondaryIndex]:
    """The indexes that a request declares."""
    indexes: list[SecondaryIndex] = []
    for listed, local in ((req.local_secondary_indexes, True), (req.global_secondary_indexes, False)):
        if listed is not None and not listed:
            which = "Local" if local else "Global"
            raise bad_parameter(f"List of {which}SecondaryIndexes is empty")
        indexes += [make_index(tx, each, known, local, own, billing) for each in listed or ()]
    check_indexes(indexes)
    return indexes


def table_throughput(given: Any, billing: str) -> Throughput:
    """Provisioned capacity, which goes with one billing mode and must be given with it."""
    if billing == "PAY_PER_REQUEST":
        if given is not None:
            raise bad_parameter(
                "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
            )
        return Throughput()
    if given is None:
        raise bad_parameter(
            "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"
        )
    return Throughput(given.read_capacity_units, given.write_capacity_units)


def billing_summary(tx: Tx, billing: str) -> dict[str, Any] | None:
    if billing != "PAY_PER_REQUEST":
        return None
    return {"BillingMode": billing, "LastUpdateToPayPerRequestDateTime": tx.now}


def encryption(tx: Tx, given: Any) -> dict[str, Any] | None:
    """``SSEDescription`` for a request's specification; None for the key that DynamoDB owns."""
    if given is None or given.enabled is False or (given.enabled is None and given.kms_master_key_id is None):
        return None
    if given.sse_type == "AES256":
        raise bad_parameter("SSEType AES256 is not supported")
    key = given.kms_master_key_id
    if key is None:
        key = tx.arn(f"key/{_own_key(tx)}", service="kms")
    elif not key.startswith("arn:"):
        key = tx.arn(key if key.startswith("alias/") else f"key/{key}", service="kms")
    return {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key}


def _own_key(tx: Tx) -> str:
    """The key that AWS manages for DynamoDB: the same for all tables of an account in a region."""
    import uuid

    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"alias/aws/dynamodb/{tx.account}/{tx.region}"))


def become_active(tx: Tx, name: str, table_id: str) -> None:
    table = tx.find(Table, name)
    if table is not None and table.table_id == table_id and table.status != "DELETING":
        tx.update(table, status="ACTIVE")


@op
def describe_table(tx: Tx, req: api.DescribeTableInput) -> api.DescribeTableOutput:
    """All about one table."""
    return api.DescribeTableOutput(table=describe(tx, table_of(tx, req.table_name), full=True))


@op(paged=False)
def list_tables(tx: Tx, req: api.ListTablesInput) -> api.ListTablesOutput:
    """Names of tables, by alphabet. Any name may be the start, whether there is such a table or not."""
    limit = req.limit or 100
    names: list[str] = []
    for table in tx.range(Table, req.exclusive_start_table_name):
        if table.table_name == req.exclusive_start_table_name:
            continue
        if len(names) == limit:
            return api.ListTablesOutput(table_names=names, last_evaluated_table_name=names[-1])
        names.append(table.table_name)
    return api.ListTablesOutput(table_names=names)


@op
def delete_table(tx: Tx, req: api.DeleteTableInput) -> api.DeleteTableOutput:
    """Delete a table with its items and indexes; its streams can be read for a day."""
    table = settled_table(tx, req.table_name)
    if table.protected:
        raise invalid(
            "Resource cannot be deleted as it is currently protected against deletion. "
            "Disable deletion protection first."
        )
    if len(table.replicas) > 0:
        from sundog.services.dynamodb.global_table import leave

        table = leave(tx, table)
    answer = describe(tx, table, status="DELETING", brief=True)
    if tx.setting("delays"):
        tx.update(table, status="DELETING")
        tx.at(tx.now + BIRTH, remove_table, table.table_name, table.table_id)
    else:
        remove_table(tx, table.table_name, table.table_id)
    return api.DeleteTableOutput(table_description=answer)


def remove_table(tx: Tx, name: str, table_id: str) -> None:
    """Take a table away with all that hangs on it."""
    table = tx.find(Table, name)
    if table is None or table.table_id != table_id:
        return
    if table.stream_view:
        from sundog.services.dynamodb.stream import close

        close(tx, table)
    rows.clear(tx, table.table_id)
    for index in table.indexes:
        rows.clear_index(tx, index)
    if table.ttl or table.recovery is not None:
        from sundog.services.dynamodb.follow import forget

        forget(tx, table)
    tx.delete(table)


@op
def describe_limits(tx: Tx, req: api.DescribeLimitsInput) -> api.DescribeLimitsOutput:
    """The account's and each table's greatest capacity."""
    return api.DescribeLimitsOutput(
        account_max_read_capacity_units=80000,
        account_max_write_capacity_units=80000,
        table_max_read_capacity_units=40000,
        table_max_write_capacity_units=40000,
    )


@op
def describe_endpoints(tx: Tx, req: api.DescribeEndpointsRequest) -> api.DescribeEndpointsResponse:
    """Where to send requests: where they go anyway."""
    address = f"dynamodb.{tx.region}.{tx.dns_suffix}"
    return api.DescribeEndpointsResponse(endpoints=[{"Address": address, "CachePeriodInMinutes": 1440}])
