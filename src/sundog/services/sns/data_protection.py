"""Data protection policies: what may not pass through a topic, or is masked."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec.structs import replace

from sundog.api import sns as api
from sundog.services.sns.message import Message
from sundog.services.sns.refusal import invalid
from sundog.services.sns.state import Topic

_PREFIX = "dataprotection::aws:data-identifier/"
PATTERNS = {
    "EmailAddress": r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}",
    "CreditCardNumber": r"\b(?:\d[ -]?){12,18}\d\b",
    "Ssn-US": r"\b(?!000|666|9\d\d)\d{3}-(?!00)\d\d-(?!0000)\d{4}\b",
    "IpAddress": r"\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b",
    "PhoneNumber-US": r"(?:\+?1[ .-]?)?\(?\b[2-9]\d{2}\)?[ .-]?\d{3}[ .-]?\d{4}\b",
    "AwsSecretKey": r"(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])",
}
"""The identifiers that are looked for; a policy may name others, which find nothing."""


def checked_policy(text: str | None, topic: Topic) -> str | None:
    """A policy, refused if it isn't one; an empty one takes it away."""
    if not text:
        return None
    if topic.fifo:
        raise invalid("DataProtectionPolicy", "FIFO topics do not support data protection policies")
    try:
        policy = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        policy = None
    if not isinstance(policy, dict) or not isinstance(policy.get("Statement"), list):
        raise invalid("DataProtectionPolicy", "the policy is no valid JSON, or has no statements")
    return text


def protect(topic: Topic, message: Message) -> Message:
    """The message as the topic lets it in: whole, masked, or not at all."""
    if topic.data_protection is None:
        return message
    policy: Any = msgspec.json.decode(topic.data_protection)
    for statement in policy["Statement"]:
        if statement.get("DataDirection") != "Inbound":
            continue
        names = [str(item).rpartition(_PREFIX)[2].rpartition("/")[2] for item in statement.get("DataIdentifier", [])]
        found = [re.compile(PATTERNS[name]) for name in names if name in PATTERNS]
        operation = statement.get("Operation", {})
        if "Deny" in operation and any(pattern.search(message.text) for pattern in found):
            raise api.AuthorizationErrorException(
                f"User is not authorized to perform: SNS:Publish on resource: {topic.arn} with an explicit deny in a "
                "data protection policy"
            )
        configured = (operation.get("Deidentify") or {}).get("MaskConfig")
        if "Deidentify" in operation:
            text = message.text
            for pattern in found:
                if configured is not None:
                    mask = str(configured.get("MaskWithCharacter", "*"))
                    text = pattern.sub(lambda hit, mask=mask: mask * len(hit[0]), text)
                else:
                    text = pattern.sub("", text)
            message = replace(message, text=text)
    return message
