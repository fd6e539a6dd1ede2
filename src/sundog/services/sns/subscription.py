"""Subscriptions."""

from __future__ import annotations

import re
from typing import Any

from sundog.api import sns as api
from sundog.core import Tx, op, parse_arn
from sundog.services.sns.refusal import arn_in, invalid, topic_in
from sundog.services.sns.state import Endpoint, Subscription, Topic
from sundog.services.sns.subscription_attribute import checked, shown, start_replay

PAGE = 100
PROTOCOLS = ("http", "https", "email", "email-json", "sms", "sqs", "application", "lambda", "firehose")
ASKED = ("http", "https", "email", "email-json")
"""Protocols whose endpoints are asked first."""
PENDING = "PendingConfirmation"
_PHONE = re.compile(r"\+?[0-9](?:[ ()./-]?[0-9]){2,19}\Z")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\Z")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")
_HEX = re.compile(r"[0-9a-f]+\Z")


@op
def subscribe(tx: Tx, req: api.SubscribeInput) -> api.SubscribeResponse:
    """Send a topic's messages to an endpoint, once that agreed where it must."""
    protocol, endpoint = req.protocol, req.endpoint
    if protocol not in PROTOCOLS:
        raise invalid(f"Amazon SNS does not support this protocol string: {protocol}")
    there, topic = topic_in(tx, req.topic_arn)
    endpoint = _checked_endpoint(tx, topic, protocol, endpoint)
    given = dict(req.attributes or {})
    attributes: dict[str, str] = {}
    for name in sorted(given, key=lambda name: name != "FilterPolicyScope"):
        value = checked(there, topic, attributes, name, given[name], "Attributes")
        if value:
            attributes[name] = value
    for row in there.select(Subscription, topic=topic.name):
        if row.protocol == protocol and row.endpoint == endpoint and row.owner == tx.account:
            if given and any(row.attributes.get(name) != value for name, value in attributes.items()):
                raise invalid("Attributes", "Subscription already exists with different attributes")
            return _answer(row, bool(req.return_subscription_arn))
    arn = parse_arn(endpoint)
    pending = protocol in ASKED or (arn is not None and protocol == "sqs" and arn.account != tx.account)
    row = there.add(
        Subscription(
            arn=f"{topic.arn}:{tx.ids.uuid()}",
            topic=topic.name,
            topic_arn=topic.arn,
            protocol=protocol,
            endpoint=endpoint,
            owner=tx.account,
            principal=tx.caller.arn,
            token=new_token(tx),
            pending=pending,
            authenticated=not pending,
            attributes=attributes,
        )
    )
    if pending:
        from sundog.services.sns.fanout import ask

        there.after_commit(ask, endpoint, row.arn, False)
    start_replay(there, row)
    return _answer(row, bool(req.return_subscription_arn))


def new_token(tx: Tx) -> str:
    return "2336412f37fb687f5d51e6e2" + tx.ids.hex(264)


def _answer(row: Subscription, arn: bool) -> api.SubscribeResponse:
    return api.SubscribeResponse(subscription_arn=row.arn if arn or not row.pending else "pending confirmation")


def _checked_endpoint(tx: Tx, topic: Topic, protocol: str, endpoint: str | None) -> str:
    if not endpoint:
        raise invalid("Endpoint")
    arn = parse_arn(endpoint)
    if protocol in ("http", "https"):
        if not endpoint.startswith(protocol + "://"):
            raise invalid("Endpoint must match the specified protocol")
    elif protocol in ("email", "email-json"):
        if _MAIL.match(endpoint) is None:
            raise invalid("Email address")
    elif protocol == "sms":
        if _PHONE.match(endpoint) is None:
            from sundog.core import AwsError

            raise AwsError("InvalidParameter", f"Invalid SMS endpoint: {endpoint}")
    elif protocol == "sqs":
        if arn is None or arn.service != "sqs" or not arn.account or not arn.region:
            raise invalid("SQS endpoint ARN")
        if arn.resource.endswith(".fifo") and not topic.fifo:
            raise invalid("Invalid parameter: Endpoint", "FIFO SQS Queues can not be subscribed to standard SNS topics")
    elif protocol == "lambda":
        if arn is None or arn.service != "lambda":
            raise invalid("Lambda endpoint ARN")
    elif protocol == "firehose":
        if arn is None or arn.service != "firehose":
            raise invalid("Firehose endpoint ARN")
    elif arn is None or arn.service != "sns" or not arn.resource.startswith("endpoint/"):
        raise invalid("Application endpoint arn invalid:" + endpoint)
    elif tx.find(Endpoint, endpoint) is None:
        raise api.NotFoundException("Endpoint does not exist")
    if topic.fifo and protocol != "sqs":
        raise invalid(f"Invalid protocol type: {protocol}")
    return endpoint


@op
def confirm_subscription(tx: Tx, req: api.ConfirmSubscriptionInput) -> api.ConfirmSubscriptionResponse:
    """An endpoint agrees, by the token that it was sent."""
    arn = parse_arn(req.topic_arn)
    if arn is None or arn.service != "sns" or arn.region != tx.region:
        raise invalid("Topic")
    if _HEX.match(req.token) is None:
        raise invalid("Token") if len(req.token) > 64 else api.InvalidParameterException("Invalid token")
    there = tx.in_(account=arn.account)
    row = there.select(Subscription, token=req.token).first()
    if row is None or row.topic_arn != req.topic_arn:
        raise invalid("Token")
    protected = str(req.authenticate_on_unsubscribe or "").lower() == "true"
    row = there.update(
        row,
        pending=False,
        authenticated=tx.entry.access_key is not None,
        protected=protected or row.protected,
    )
    return api.ConfirmSubscriptionResponse(subscription_arn=row.arn)


def subscription_in(tx: Tx, text: str) -> tuple[Tx, Subscription]:
    arn = arn_in("SubscriptionArn", text)
    there = tx.in_(account=arn.account or None, region=tx.region)
    if arn.region != tx.region:
        raise invalid("SubscriptionArn")
    return there, there.get(Subscription, text)


@op
def unsubscribe(tx: Tx, req: api.UnsubscribeInput) -> None:
    """End a subscription. One that isn't there is no error."""
    text = req.subscription_arn
    if not text:
        raise invalid("SubscriptionArn", "no value for required parameter")
    arn = arn_in("SubscriptionArn", text)
    name, _, number = arn.resource.partition(":")
    if not name or _UUID.match(number) is None:
        raise invalid("SubscriptionId")
    there = tx.in_(account=arn.account)
    row = there.find(Subscription, text)
    if row is None:
        return
    if row.protected and tx.entry.access_key is None:
        raise api.AuthorizationErrorException(
            "The caller is not authorized to unsubscribe: the endpoint asked for proof"
        )
    there.delete(row)
    topic = there.find(Topic, row.topic)
    if topic is not None:
        there.update(topic, deleted_subscriptions=topic.deleted_subscriptions + 1)
    if row.protocol in ASKED and not row.pending:
        from sundog.services.sns.fanout import farewell

        farewell(there, row)


@op(page_size=PAGE)
def list_subscriptions(tx: Tx, _: api.ListSubscriptionsInput) -> api.ListSubscriptionsResponse:
    return api.ListSubscriptionsResponse(subscriptions=tx.select(Subscription).map(_view))


@op(page_size=PAGE)
def list_subscriptions_by_topic(tx: Tx, req: api.ListSubscriptionsByTopicInput) -> api.ListSubscriptionsByTopicResponse:
    there, topic = topic_in(tx, req.topic_arn)
    rows = there.select(Subscription, topic=topic.name)
    return api.ListSubscriptionsByTopicResponse(subscriptions=rows.map(_view))


def _view(row: Subscription) -> Any:
    return api.Subscription(
        subscription_arn=PENDING if row.pending else row.arn,
        owner=row.owner,
        protocol=row.protocol,
        endpoint=row.endpoint,
        topic_arn=row.topic_arn,
    )


@op
def get_subscription_attributes(
    tx: Tx, req: api.GetSubscriptionAttributesInput
) -> api.GetSubscriptionAttributesResponse:
    there, row = subscription_in(tx, req.subscription_arn)
    return api.GetSubscriptionAttributesResponse(attributes=shown(there.find(Topic, row.topic), row))


@op
def set_subscription_attributes(tx: Tx, req: api.SetSubscriptionAttributesInput) -> None:
    there, row = subscription_in(tx, req.subscription_arn)
    topic = there.get(Topic, row.topic)
    name = req.attribute_name
    value = checked(there, topic, row.attributes, name, req.attribute_value or "", "AttributeName")
    kept = {key: old for key, old in row.attributes.items() if key != name}
    if value:
        kept[name] = value
    row = there.update(row, attributes=kept)
    if name == "ReplayPolicy":
        start_replay(there, row)
