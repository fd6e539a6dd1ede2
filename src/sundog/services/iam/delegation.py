"""Delegation requests: a product's provider asks to act in an account for a while, somebody there says yes or no."""

from __future__ import annotations

import datetime
from typing import Any

from sundog.api import iam as api
from sundog.core import Event, Tx, deliver, op
from sundog.core.credential import TradeInToken
from sundog.services.iam.common import PAGE, now
from sundog.services.iam.state import Delegation

OPEN = ("UNASSIGNED", "ASSIGNED", "PENDING_APPROVAL")
LIFETIME = datetime.timedelta(days=7)
TOKEN_LIFETIME = datetime.timedelta(days=1)


def _get(tx: Tx, request_id: str, *states: str) -> Delegation:
    row = tx.find(Delegation, request_id)
    if row is None or tx.account not in (row.requestor_id, row.owner_account_id or tx.account):
        raise api.NoSuchEntityException(f"Delegation request {request_id} cannot be found.")
    if row.expiration_time <= tx.now and row.state in OPEN:
        row = tx.update(row, state="EXPIRED")
    if states and row.state not in states:
        raise api.InvalidInputException(f"Delegation request {request_id} is in the state {row.state}.")
    return row


def _view(row: Delegation) -> api.DelegationRequest:
    permissions = None
    if row.policy_template_arn is not None or row.parameters:
        permissions = api.DelegationPermission(
            policy_template_arn=row.policy_template_arn, parameters=list(row.parameters) or None
        )
    return api.DelegationRequest(
        delegation_request_id=row.delegation_request_id,
        owner_account_id=row.owner_account_id,
        description=row.description,
        request_message=row.request_message,
        permissions=permissions,
        permission_policy=row.permission_policy,
        owner_id=row.owner_id,
        approver_id=row.approver_id,
        state=row.state,
        expiration_time=row.expiration_time,
        requestor_id=row.requestor_id,
        requestor_name=row.requestor_name,
        create_date=row.create_date,
        session_duration=row.session_duration,
        redirect_url=row.redirect_url,
        notes=row.notes if row.state != "REJECTED" else None,
        rejection_reason=row.notes if row.state == "REJECTED" else None,
        only_send_by_owner=row.only_send_by_owner,
        updated_time=row.updated_time,
    )


def _tell(tx: Tx, row: Delegation, **more: Any) -> None:
    """Say on the requestor's channel what became of the request."""
    import json

    message = {"delegationRequestId": row.delegation_request_id, "state": row.state, **more}
    tx.after_commit(deliver, row.notification_channel, Event(json.dumps(message)))


@op
def create_delegation_request(tx: Tx, req: api.CreateDelegationRequestRequest) -> api.CreateDelegationRequestResponse:
    request_id = f"dr-{tx.ids.uuid()}"
    permissions = req.permissions
    row = tx.add(
        Delegation(
            delegation_request_id=request_id,
            requestor_id=tx.account,
            requestor_name=tx.account,
            owner_account_id=req.owner_account_id,
            description=req.description,
            request_message=req.request_message,
            policy_template_arn=permissions.policy_template_arn,
            parameters=tuple(item.plain_() for item in permissions.parameters or ()),
            requestor_workflow_id=req.requestor_workflow_id,
            redirect_url=req.redirect_url,
            notification_channel=req.notification_channel,
            session_duration=req.session_duration,
            only_send_by_owner=bool(req.only_send_by_owner),
            state="UNASSIGNED",
            create_date=now(tx),
            updated_time=now(tx),
            expiration_time=now(tx) + LIFETIME,
        )
    )
    link = f"https://console.aws.amazon.com/iam/home#/delegation-requests/{row.delegation_request_id}"
    return api.CreateDelegationRequestResponse(console_deep_link=link, delegation_request_id=request_id)


@op
def get_delegation_request(tx: Tx, req: api.GetDelegationRequestRequest) -> api.GetDelegationRequestResponse:
    row = _get(tx, req.delegation_request_id)
    checked = req.delegation_permission_check
    return api.GetDelegationRequestResponse(
        delegation_request=_view(row),
        permission_check_status="COMPLETE" if checked else None,
        permission_check_result="ALLOWED" if checked else None,
    )


@op(page_size=PAGE)
def list_delegation_requests(tx: Tx, req: api.ListDelegationRequestsRequest) -> api.ListDelegationRequestsResponse:
    """The requests that the account made, or that it is to decide."""
    rows = tx.select(Delegation).where(lambda row: tx.account in (row.requestor_id, row.owner_account_id))
    if req.owner_id is not None:
        rows = rows.where(lambda row: row.owner_id == req.owner_id)
    return api.ListDelegationRequestsResponse(delegation_requests=rows.map(_view), is_truncated=False)


@op
def associate_delegation_request(tx: Tx, req: api.AssociateDelegationRequestRequest) -> None:
    """Take a request on, as who calls."""
    row = _get(tx, req.delegation_request_id, "UNASSIGNED", "ASSIGNED")
    tx.update(
        row,
        state="ASSIGNED",
        owner_id=tx.caller.arn,
        owner_account_id=row.owner_account_id or tx.account,
        updated_time=now(tx),
    )


@op
def update_delegation_request(tx: Tx, req: api.UpdateDelegationRequestRequest) -> None:
    """Hand a request on to somebody who may approve it, with a note."""
    row = _get(tx, req.delegation_request_id, "ASSIGNED", "PENDING_APPROVAL")
    tx.update(row, state="PENDING_APPROVAL", notes=req.notes or row.notes, updated_time=now(tx))


@op
def accept_delegation_request(tx: Tx, req: api.AcceptDelegationRequestRequest) -> None:
    row = _get(tx, req.delegation_request_id, *OPEN)
    row = tx.update(
        row,
        state="ACCEPTED",
        approver_id=tx.caller.arn,
        owner_account_id=row.owner_account_id or tx.account,
        updated_time=now(tx),
    )
    if not row.only_send_by_owner:
        _tell(tx, row)


@op
def reject_delegation_request(tx: Tx, req: api.RejectDelegationRequestRequest) -> None:
    row = _get(tx, req.delegation_request_id, *OPEN, "ACCEPTED")
    _tell(tx, tx.update(row, state="REJECTED", notes=req.notes, approver_id=tx.caller.arn, updated_time=now(tx)))


@op
def send_delegation_token(tx: Tx, req: api.SendDelegationTokenRequest) -> None:
    """Send the requestor a token that STS takes for credentials."""
    row = _get(tx, req.delegation_request_id, "ACCEPTED", "FINALIZED")
    account = row.owner_account_id or tx.account
    token = TradeInToken(
        token=tx.ids.secret(64),
        account=account,
        arn=tx.caller.arn,
        policies=() if row.permission_policy is None else (row.permission_policy,),
        policy_arns=() if row.policy_template_arn is None else (row.policy_template_arn,),
        duration=row.session_duration,
        expires=now(tx) + TOKEN_LIFETIME,
    )
    tx.add(token)
    _tell(tx, tx.update(row, state="FINALIZED", updated_time=now(tx)), tradeInToken=token.token)


@op
def get_human_readable_summary(tx: Tx, req: api.GetHumanReadableSummaryRequest) -> api.GetHumanReadableSummaryResponse:
    """What a delegation request asks for, in a sentence."""
    request_id = req.entity_arn.rpartition("/")[2]
    row = _get(tx, request_id)
    text = f"{row.requestor_name} asks for access to account {row.owner_account_id or tx.account}: {row.description}"
    return api.GetHumanReadableSummaryResponse(
        summary_content=text, locale=req.locale or "en", summary_state="AVAILABLE"
    )
