from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def client(aws: Any) -> Any:
    return boto3.client("dynamodb", "us-east-1")


@pytest.fixture
def make(client: Any) -> Any:
    """Makes a table: ``make("name", "id:S", "at:N", indexes={"by-kind": ("kind:S", "at:N")}, ...)``."""

    def make(name: str = "things", hash: str = "id:S", range: str | None = None, **more: Any) -> Any:
        types: dict[str, str] = {}

        def schema(*parts: str | None) -> list[dict[str, str]]:
            keys = []
            for part, kind in zip(parts, ("HASH", "RANGE"), strict=False):
                if part:
                    attribute, _, type_ = part.partition(":")
                    types[attribute] = type_
                    keys.append({"AttributeName": attribute, "KeyType": kind})
            return keys

        request: dict[str, Any] = {
            "TableName": name,
            "KeySchema": schema(hash, range),
            "BillingMode": "PAY_PER_REQUEST",
        }
        for option, member in (("indexes", "GlobalSecondaryIndexes"), ("local", "LocalSecondaryIndexes")):
            if option in more:
                request[member] = [
                    {
                        "IndexName": index,
                        "KeySchema": schema(*parts[:2]),
                        "Projection": parts[2] if len(parts) > 2 else {"ProjectionType": "ALL"},
                    }
                    for index, parts in more.pop(option).items()
                ]
        request["AttributeDefinitions"] = [{"AttributeName": n, "AttributeType": t} for n, t in types.items()]
        request.update(more)
        client.create_table(**request)
        return boto3.resource("dynamodb", "us-east-1").Table(name)

    return make


@pytest.fixture
def refused() -> Any:
    """Calls, and gives code and message of the error that must come."""

    def refused(function: Any, **arguments: Any) -> tuple[str, str]:
        with pytest.raises(ClientError) as caught:
            function(**arguments)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]

    return refused
