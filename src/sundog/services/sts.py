"""STS: identities and temporary credentials."""

from __future__ import annotations

from sundog.api import sts as api
from sundog.core import Tx, op


@op
def get_caller_identity(tx: Tx, req: api.GetCallerIdentityRequest) -> api.GetCallerIdentityResponse:
    """Who the access key belongs to."""
    caller = tx.caller
    return api.GetCallerIdentityResponse(user_id=caller.user_id, account=caller.account, arn=caller.arn)
