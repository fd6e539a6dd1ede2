"""How often and how soon a delivery over HTTP is tried again."""

from __future__ import annotations

from typing import Any

import msgspec

from sundog.services.sns.refusal import invalid

DEFAULT_RETRIES: dict[str, Any] = {
    "minDelayTarget": 20,
    "maxDelayTarget": 20,
    "numRetries": 3,
    "numMaxDelayRetries": 0,
    "numNoDelayRetries": 0,
    "numMinDelayRetries": 0,
    "backoffFunction": "linear",
}
DEFAULT_TYPE = "text/plain; charset=UTF-8"
BACKOFFS = ("linear", "arithmetic", "geometric", "exponential")


def checked_policy(text: str, topic: bool) -> str:
    """A delivery policy, refused if it isn't one."""
    try:
        policy = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        policy = None
    if not isinstance(policy, dict):
        raise invalid("Attributes", "DeliveryPolicy: failed to parse JSON")
    inner = policy.get("http", {}) if topic else policy
    if not isinstance(inner, dict):
        raise invalid("DeliveryPolicy", "http must be an object")
    retry = inner.get("defaultHealthyRetryPolicy" if topic else "healthyRetryPolicy")
    if retry is not None:
        _check_retry(retry)
    return text


def _check_retry(retry: Any) -> None:
    if not isinstance(retry, dict):
        raise invalid("DeliveryPolicy", "healthyRetryPolicy must be an object")
    for name, value in retry.items():
        if name not in DEFAULT_RETRIES:
            raise invalid("DeliveryPolicy", f"unexpected attribute {name}")
        if name == "backoffFunction":
            if value not in BACKOFFS:
                raise invalid("DeliveryPolicy", "backoffFunction must be one of " + ", ".join(BACKOFFS))
        elif not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise invalid("DeliveryPolicy", f"{name} must be a non-negative integer")
    low, high = retry.get("minDelayTarget", 20), retry.get("maxDelayTarget", 20)
    if not 1 <= low <= 3600 or not 1 <= high <= 3600 or retry.get("numRetries", 0) > 100:
        raise invalid("DeliveryPolicy", "delays must be between 1 and 3600 seconds, and at most 100 retries")
    if low > high:
        raise invalid("DeliveryPolicy", "minDelayTarget must be less than or equal to maxDelayTarget")


def _inner(text: str | None, topic: bool) -> dict[str, Any]:
    policy: Any = msgspec.json.decode(text) if text else {}
    return (policy.get("http") or {}) if topic else policy


def effective(topic_policy: str | None) -> str:
    """What goes for a topic's subscriptions that say nothing themselves."""
    given = _inner(topic_policy, True)
    found = {
        "http": {
            "defaultHealthyRetryPolicy": {**DEFAULT_RETRIES, **(given.get("defaultHealthyRetryPolicy") or {})},
            "disableSubscriptionOverrides": bool(given.get("disableSubscriptionOverrides", False)),
            "defaultRequestPolicy": {"headerContentType": DEFAULT_TYPE, **(given.get("defaultRequestPolicy") or {})},
        }
    }
    if "defaultThrottlePolicy" in given:
        found["http"]["defaultThrottlePolicy"] = given["defaultThrottlePolicy"]
    return msgspec.json.encode(found).decode()


def effective_for(topic_policy: str | None, own_policy: str | None) -> str:
    """What goes for one subscription."""
    retries, _ = rules(topic_policy, own_policy)
    own = _inner(own_policy, False)
    found: dict[str, Any] = {
        "healthyRetryPolicy": retries,
        "sicklyRetryPolicy": own.get("sicklyRetryPolicy"),
        "throttlePolicy": own.get("throttlePolicy"),
        "requestPolicy": own.get("requestPolicy") or {"headerContentType": DEFAULT_TYPE},
        "guaranteed": False,
    }
    return msgspec.json.encode(found).decode()


def rules(topic_policy: str | None, own_policy: str | None) -> tuple[dict[str, Any], str]:
    """The rules of retrying, and the content type, for one subscription."""
    http = msgspec.json.decode(effective(topic_policy))["http"]
    own = {} if http["disableSubscriptionOverrides"] else _inner(own_policy, False)
    retries = {**http["defaultHealthyRetryPolicy"], **(own.get("healthyRetryPolicy") or {})}
    kind = (own.get("requestPolicy") or {}).get("headerContentType") or http["defaultRequestPolicy"][
        "headerContentType"
    ]
    return retries, kind


def delays(retries: dict[str, Any]) -> list[int]:
    """Seconds before each retry: at once, then at the least delay, then growing, then at the greatest."""
    low, high, whole = retries["minDelayTarget"], retries["maxDelayTarget"], retries["numRetries"]
    none, least, most = (retries[f"num{name}Retries"] for name in ("NoDelay", "MinDelay", "MaxDelay"))
    growing = max(0, whole - none - least - most)
    found = [0] * none + [low] * least
    for step in range(growing):
        share = (step + 1) / growing if growing > 1 else 1.0
        if retries["backoffFunction"] in ("geometric", "exponential"):
            found.append(round(low * (high / low) ** share))
        elif retries["backoffFunction"] == "arithmetic":
            found.append(round(low + (high - low) * share * share))
        else:
            found.append(round(low + (high - low) * share))
    return (found + [high] * most)[:whole]
