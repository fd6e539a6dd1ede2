"""When keys and roles were used last: read from the call log, so that being used costs a call nothing."""

from __future__ import annotations

import datetime
from typing import Any

from sundog.api import iam as api
from sundog.core import Tx
from sundog.core.calls import Call
from sundog.core.credential import AccessKey
from sundog.wire.model import get_service


def moment(call: Call) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(int(call.time), datetime.timezone.utc)


def last_call(tx: Tx, access_keys: Any) -> Call | None:
    """The last call that was made with one of the keys, the present one left out."""
    wanted = set(access_keys)
    if not wanted:
        return None
    return next((call for call in reversed(list(tx.cloud.calls)) if call.access_key in wanted), None)


def key_last_used(tx: Tx, access_key: str) -> api.AccessKeyLastUsed:
    call = last_call(tx, [access_key])
    if call is None:
        return api.AccessKeyLastUsed(service_name="N/A", region="N/A")
    prefix = get_service(call.service).signing_name
    return api.AccessKeyLastUsed(last_used_date=moment(call), service_name=prefix, region=call.region)


def role_last_used(tx: Tx, arn: str) -> api.RoleLastUsed:
    keys = (key.access_key for key in tx.select(AccessKey) if key.role_arn == arn)
    call = last_call(tx, keys)
    return api.RoleLastUsed() if call is None else api.RoleLastUsed(last_used_date=moment(call), region=call.region)
