"""Every operation of a service, called through a real boto3 client with inputs made from its model."""

from __future__ import annotations

import re
from typing import Any

from botocore.validate import ParamValidator

from sundog.cloud import Cloud
from sundog.core.calls import UNSUPPORTED
from sundog.wire.model import Service, get_service

from .sample import Sample


def client_of(name: str) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(
        parameter_validation=False, retries={"max_attempts": 0, "mode": "standard"}, s3={"addressing_style": "path"}
    )
    return boto3.client(
        name, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test", config=config
    )


def faults(cloud: Cloud, client: Any, service: Service, operation: Any, params: dict[str, Any]) -> list[str]:
    """What is wrong with how a call is answered: an exception inside, an undeclared 5xx, an answer that the model forbids."""
    from botocore.exceptions import BotoCoreError, ClientError

    method = client.meta.method_to_api_mapping
    name = next((m for m, api in method.items() if api == operation.name), None)
    if name is None:
        return []
    before = len(cloud.calls)
    try:
        answer = getattr(client, name)(**params)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        call = cloud.calls[-1] if len(cloud.calls) > before else None
        if call is not None and call.exception is not None:
            return [f"{type(call.exception).__name__}: {call.exception}"]
        if status >= 500 and not (status == 501 and call is not None and call.fidelity == UNSUPPORTED):
            return [f"{status} {error}"]
        return []
    except (BotoCoreError, ValueError, TypeError, AttributeError, KeyError) as error:
        if len(cloud.calls) == before:
            return []  # botocore itself refused to send it
        return [f"client: {type(error).__name__}: {error}"]
    answer.pop("ResponseMetadata", None)
    if operation.output is None:
        return []
    return [] if has_stream(operation.output) else invalid(answer, operation.output)


def has_stream(shape: Any) -> bool:
    return any(m.serialization.get("eventstream") or getattr(m, "is_eventstream", False) or m.serialization.get("streaming")
               for m in shape.members.values())  # fmt: skip


def invalid(answer: Any, shape: Any) -> list[str]:
    """What the model has against an answer.

    A list that the model says must be there and must not be empty is forgiven: where there is nothing, AWS too sends it empty.
    """
    report = ParamValidator().validate(answer, shape).generate_report()
    found: list[str] = []
    for line in report.splitlines():
        empty = re.match(r"Invalid length for parameter ([\w.\[\]]+), value: 0, valid min length: 1$", line)
        if (
            line
            and "deviceCapabilities" not in line
            and not (empty and _required_list(shape, empty[1]))
            and "botocore.response" not in line
        ):
            found.append(line)
    return found


def _required_list(shape: Any, path: str) -> bool:
    for part in re.sub(r"\[\d+\]", "", path).split("."):
        if shape.type_name == "list":
            shape = shape.member
        if shape.type_name != "structure" or part not in shape.members:
            return False
        needed = part in shape.required_members
        shape = shape.members[part]
    return needed and shape.type_name == "list"


def probe(name: str, kinds: tuple[str, ...] = ("least", "all", "lacking")) -> list[str]:
    """Everything wrong with a service's answers, one line each."""
    from sundog import mock_aws

    service = get_service(name)
    found: list[str] = []
    with mock_aws() as cloud:
        client = client_of(name)
        for operation_name in service.operation_names:
            operation = service.operation(operation_name)
            assert operation is not None
            for kind, params in inputs(operation, kinds):
                found.extend(
                    f"{name}:{operation_name} ({kind}): {text}"
                    for text in faults(cloud, client, service, operation, params)
                )
    return found


def inputs(operation: Any, kinds: tuple[str, ...]) -> Any:
    if "least" in kinds:
        yield "least", Sample().of(operation.input)
    if "all" in kinds:
        yield "all", Sample(full=True).of(operation.input)
    if "lacking" in kinds and operation.input is not None:
        least = Sample().of(operation.input)
        for member in operation.input.required_members:
            yield f"without {member}", {key: value for key, value in least.items() if key != member}
