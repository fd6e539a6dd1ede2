"""Who a call, or an access key, belongs to."""

from __future__ import annotations

from sundog.api import sts as api
from sundog.core import AwsError, Tx, op
from sundog.core.credential import AccessKey
from sundog.core.denial import decode
from sundog.core.ids import account_of


@op
def get_caller_identity(tx: Tx, req: api.GetCallerIdentityRequest) -> api.GetCallerIdentityResponse:
    """Who the access key belongs to."""
    caller = tx.caller
    return api.GetCallerIdentityResponse(user_id=caller.user_id, account=caller.account, arn=caller.arn)


@op
def get_access_key_info(tx: Tx, req: api.GetAccessKeyInfoRequest) -> api.GetAccessKeyInfoResponse:
    """The account of an access key: one given out here, else the account that its letters hold, else the caller's."""
    key = tx.find(AccessKey, req.access_key_id)
    account = key.account if key is not None else account_of(req.access_key_id) or tx.account
    return api.GetAccessKeyInfoResponse(account=account)


@op
def decode_authorization_message(
    tx: Tx, req: api.DecodeAuthorizationMessageRequest
) -> api.DecodeAuthorizationMessageResponse:
    """What a refusal's encoded message says."""
    message = decode(tx, req.encoded_message)
    if message is None:
        raise AwsError("InvalidAuthorizationMessageException", "Invalid encoded message", 400)
    return api.DecodeAuthorizationMessageResponse(decoded_message=message)
