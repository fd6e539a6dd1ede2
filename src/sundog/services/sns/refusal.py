"""SNS's errors, and checks that several operations share."""

from __future__ import annotations

from sundog.api import sns as api
from sundog.core import Arn, Tx, parse_arn
from sundog.services.sns.state import Topic


def invalid(what: str, reason: str | None = None) -> Exception:
    """A parameter that SNS doesn't take."""
    more = "" if reason is None else f" Reason: {reason}"
    return api.InvalidParameterException(f"Invalid parameter: {what}{more}")


def arn_in(parameter: str, text: str) -> Arn:
    """The ARN in a parameter."""
    parts = text.split(":")
    if len(parts) < 6:
        raise invalid(parameter, f"An ARN must have at least 6 elements, not {len(parts)}")
    found = parse_arn(text)
    if found is None or found.service != "sns":
        raise invalid(parameter)
    return found


def topic_in(tx: Tx, text: str, parameter: str = "TopicArn") -> tuple[Tx, Topic]:
    """The topic of an ARN, and the transaction as its owner sees it. A topic is found in its own region only."""
    arn = arn_in(parameter, text)
    if arn.region != tx.region or ":" in arn.resource or not arn.account:
        raise invalid(parameter)
    there = tx.in_(account=arn.account)
    return there, there.get(Topic, arn.resource)
