"""What CloudWatch Logs keeps. Times are milliseconds since 1970, as its API has them."""

from __future__ import annotations

from typing import Any

from sundog.api import logs as api
from sundog.core import NO_TAGS, Index, Key, Record, Tags, Tx, record


@record()
class LogGroup(Record):
    name: Key[str]
    log_group_arn: str
    creation_time: int
    retention_in_days: int | None = None
    kms_key_id: str | None = None
    log_group_class: str = "STANDARD"
    deletion_protection_enabled: bool = False
    tags: Tags = NO_TAGS

    @property
    def arn(self) -> str:
        return self.log_group_arn


@record()
class LogStream(Record):
    group: Key[str]
    name: Key[str]
    creation_time: int
    first_event: int | None = None
    last_event: int | None = None
    last_ingestion: int | None = None
    sequence: int = 0


@record()
class LogEvent(Record):
    group: Key[str]
    stream: Key[str]
    timestamp: Key[int]
    number: Key[int]
    message: str
    ingestion_time: int


@record()
class MetricFilter(Record):
    log_group_name: Key[str]
    filter_name: Key[str]
    filter_pattern: str
    metric_transformations: list[dict[str, Any]]
    creation_time: int
    apply_on_transformed_logs: bool = False


@record()
class SubscriptionFilter(Record):
    log_group_name: Key[str]
    filter_name: Key[str]
    filter_pattern: str
    destination_arn: Index[str]
    role_arn: str | None = None
    distribution: str = "ByLogStream"
    creation_time: int
    apply_on_transformed_logs: bool = False


def milliseconds(tx: Tx) -> int:
    return int(tx.now.timestamp() * 1000)


def name_in(identifier: str) -> str:
    """The name of a group that is given by name or ARN."""
    if not identifier.startswith("arn:"):
        return identifier
    return identifier.split(":log-group:", 1)[-1].removesuffix(":*")


def group_of(tx: Tx, name: str | None, identifier: str | None = None) -> LogGroup:
    """The group that a call names."""
    if name is not None and identifier is not None:
        from sundog.core import AwsError

        raise AwsError("ValidationException", "LogGroup name and LogGroup ARN are mutually exclusive parameters.")
    if name is None and identifier is None:
        raise api.InvalidParameterException("Either logGroupName or logGroupIdentifier must be specified.")
    found = tx.find(LogGroup, name if name is not None else name_in(identifier or ""))
    if found is None:
        raise api.ResourceNotFoundException("The specified log group does not exist.")
    return found


def stream_of(tx: Tx, group: LogGroup, name: str) -> LogStream:
    found = tx.find(LogStream, group.name, name)
    if found is None:
        raise api.ResourceNotFoundException("The specified log stream does not exist.")
    return found


def below(*key: Any) -> tuple[Any, Any]:
    """Start and stop of the rows whose key begins so."""
    from sundog.core.table import TOP

    return key, (*key, TOP)
