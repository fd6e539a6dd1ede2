"""Actions and conditions of listeners and rules, as requests give them and as they are shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sundog.api import elbv2 as api
from sundog.core import Tx
from sundog.core.structure import plain
from sundog.services.elbv2.common import invalid
from sundog.services.elbv2.state import Listener, LoadBalancer, Rule, TargetGroup

_REDIRECT = {"Protocol": "#{protocol}", "Port": "#{port}", "Host": "#{host}", "Path": "/#{path}", "Query": "#{query}"}
_COOKIE = {
    "SessionCookieName": "AWSELBAuthSessionCookie",
    "Scope": "openid",
    "SessionTimeout": 604800,
    "OnUnauthenticatedRequest": "authenticate",
}
_LAST = {"forward", "redirect", "fixed-response"}
_CONFIGS = {
    "redirect": "RedirectConfig",
    "fixed-response": "FixedResponseConfig",
    "authenticate-oidc": "AuthenticateOidcConfig",
    "authenticate-cognito": "AuthenticateCognitoConfig",
    "jwt-validation": "JwtValidationConfig",
}
_LAYER_7 = {"HTTP", "HTTPS"}
MAX_GROUPS = 5


def checked_actions(
    tx: Tx, balancer: LoadBalancer, given: Iterable[Any], protocol: str | None
) -> tuple[tuple[dict[str, Any], ...], tuple[str, ...]]:
    """The actions in the form they are kept and shown in, and the target groups they forward to."""
    actions: list[dict[str, Any]] = plain(list(given))
    if not actions:
        raise invalid("At least one action must be specified")
    if len(actions) > 1:
        _check_order(actions)
    last = [action for action in actions if action["Type"] in _LAST]
    if len(last) != 1:
        raise api.InvalidLoadBalancerActionException(
            "An action list must contain exactly one of the following actions: forward, redirect, fixed-response"
        )
    found: list[dict[str, Any]] = []
    groups: list[str] = []
    for action in sorted(actions, key=lambda item: item.get("Order", 1)):
        kind = action["Type"]
        if kind != "forward" and balancer.type != "application":
            raise api.InvalidLoadBalancerActionException(
                f"The action type '{kind}' is not valid for {balancer.type} load balancers"
            )
        if kind == "forward":
            made, used = _forward(tx, balancer, action, protocol)
            groups.extend(used)
            found.append(made)
            continue
        config = action.get(_CONFIGS[kind])
        if config is None:
            raise invalid(f"You must specify the configuration of an action of type '{kind}'")
        made = {name: action[name] for name in ("Type", "Order") if name in action}
        if kind == "redirect":
            config = _redirect(config)
        elif kind == "fixed-response":
            _check_response(config)
        elif kind.startswith("authenticate"):
            if protocol != "HTTPS":
                raise invalid("Authenticate actions are supported for HTTPS listeners only")
            config = {**_COOKIE, **config}
            config.pop("ClientSecret", None)
        made[_CONFIGS[kind]] = config
        found.append(made)
    return tuple(found), tuple(dict.fromkeys(groups))


def _check_order(actions: list[dict[str, Any]]) -> None:
    orders = [action.get("Order") for action in actions]
    if None in orders:
        raise invalid("Action Order must be specified when there are multiple actions")
    if len(set(orders)) < len(orders):
        raise invalid("Action Order must be unique")


def _redirect(config: dict[str, Any]) -> dict[str, Any]:
    made = {**_REDIRECT, **config}
    if all(made[name] == value for name, value in _REDIRECT.items()):
        raise api.InvalidLoadBalancerActionException(
            "The RedirectConfig values are not valid: at least one of protocol, host, port, path and query must differ"
        )
    return made


def _check_response(config: dict[str, Any]) -> None:
    code = config["StatusCode"]
    if len(code) != 3 or code[0] not in "245" or not code.isdecimal():
        raise invalid(f"The status code '{code}' is not valid: it must be 2XX, 4XX or 5XX")
    if len(config.get("MessageBody", "")) > 1024:
        raise invalid("The message body cannot be longer than 1024 characters")


def _forward(
    tx: Tx, balancer: LoadBalancer, action: dict[str, Any], protocol: str | None
) -> tuple[dict[str, Any], list[str]]:
    config = action.get("ForwardConfig") or {}
    tuples: list[dict[str, Any]] = list(config.get("TargetGroups") or ())
    single = action.get("TargetGroupArn")
    if single is not None and tuples and [item.get("TargetGroupArn") for item in tuples] != [single]:
        raise invalid("You cannot specify both a target group ARN and several target groups in a forward action")
    if not tuples:
        if single is None:
            raise invalid("You must specify at least one target group in a forward action")
        tuples = [{"TargetGroupArn": single}]
    if len(tuples) > MAX_GROUPS:
        raise api.TooManyUniqueTargetGroupsPerLoadBalancerException(
            "The maximum number of target groups that an action can forward to is 5"
        )
    if balancer.type == "gateway" and len(tuples) > 1:
        raise invalid("You cannot specify several target groups for this load balancer type")
    names: list[str] = []
    for item in tuples:
        group = tx.find(TargetGroup, item["TargetGroupArn"])
        if group is None:
            raise api.TargetGroupNotFoundException(f"Target group '{item['TargetGroupArn']}' not found")
        _check_fits(tx, balancer, group, protocol)
        names.append(group.target_group_arn)
    made: dict[str, Any] = {"Type": "forward"}
    if "Order" in action:
        made["Order"] = action["Order"]
    if len(tuples) == 1:
        made["TargetGroupArn"] = tuples[0]["TargetGroupArn"]
    if balancer.type == "application":
        stickiness = {"Enabled": False, **(config.get("TargetGroupStickinessConfig") or {})}
        made["ForwardConfig"] = {
            "TargetGroups": [{"Weight": 1, **item} for item in tuples],
            "TargetGroupStickinessConfig": stickiness,
        }
    else:
        made["ForwardConfig"] = {"TargetGroups": tuples}
    return made, names


def _check_fits(tx: Tx, balancer: LoadBalancer, group: TargetGroup, protocol: str | None) -> None:
    layer_7 = group.target_type == "lambda" or group.protocol in _LAYER_7
    if (balancer.type == "application") != layer_7:
        raise api.IncompatibleProtocolsException(
            f"The protocol of the target group '{group.target_group_arn}' is not compatible with the load balancer's"
            if protocol is None
            else f"Listener protocol '{protocol}' is not supported with a target group with the protocol "
            f"'{group.protocol}'"
        )
    if group.vpc_id is not None and group.vpc_id != balancer.vpc_id:
        raise api.InvalidConfigurationRequestException(
            f"The following target groups are not in the load balancer's VPC '{balancer.vpc_id}': "
            f"'{group.target_group_arn}'"
        )
    if any(each != balancer.load_balancer_arn for each in balancers_of(tx, group.target_group_arn)):
        raise api.TargetGroupAssociationLimitException(
            "The following target groups cannot be associated with more than one load balancer: "
            f"{group.target_group_arn}"
        )


def balancers_of(tx: Tx, target_group_arn: str) -> list[str]:
    """The load balancers that send requests to a target group."""
    found: dict[str, None] = {}
    for listener in tx.select(Listener, target_groups=target_group_arn):
        found[listener.load_balancer_arn] = None
    for rule in tx.select(Rule, target_groups=target_group_arn):
        listener = tx.find(Listener, rule.listener_arn)
        if listener is not None:
            found[listener.load_balancer_arn] = None
    return list(found)


# -- conditions

_FIELDS = {
    "path-pattern": "PathPatternConfig",
    "host-header": "HostHeaderConfig",
    "http-header": "HttpHeaderConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "query-string": "QueryStringConfig",
    "source-ip": "SourceIpConfig",
}
_OLD = ("path-pattern", "host-header")
MAX_VALUES = 5


def checked_conditions(given: Iterable[Any]) -> tuple[dict[str, Any], ...]:
    """A rule's conditions in the form they are kept and shown in."""
    conditions: list[dict[str, Any]] = plain(list(given))
    if not conditions:
        raise invalid("A condition must be specified")
    found: list[dict[str, Any]] = []
    total = 0
    for condition in conditions:
        field = condition.get("Field")
        if field not in _FIELDS:
            raise invalid(f"Condition field '{field}' must be one of '[{', '.join(_FIELDS)}]'")
        config = dict(condition.get(_FIELDS[field]) or {})
        values = condition.get("Values") or config.get("Values")
        patterns = condition.get("RegexValues") or config.get("RegexValues")
        if not values and not patterns:
            raise invalid("A condition value must be specified")
        if condition.get("Values") and field not in _OLD:
            raise invalid(f"The 'Values' field is not supported for the condition field '{field}'")
        total += len(values or ()) + len(patterns or ())
        for value in values or ():
            if isinstance(value, str) and len(value) > 128:
                raise invalid(f"The condition value '{value}' must not be longer than 128 characters")
        made: dict[str, Any] = {"Field": field}
        if values:
            config["Values"] = values
            if field in _OLD:
                made["Values"] = values
        if patterns:
            config["RegexValues"] = patterns
        if field == "http-header" and not config.get("HttpHeaderName"):
            raise invalid("An HTTP header name must be specified")
        made[_FIELDS[field]] = config
        found.append(made)
    for field in ("path-pattern", "host-header", "http-request-method", "source-ip"):
        if sum(1 for item in found if item["Field"] == field) > 1:
            raise api.InvalidConfigurationRequestException(f"A rule can only have one '{field}' condition")
    if total > MAX_VALUES:
        raise invalid("A rule can only have '5' condition values")
    return tuple(found)
