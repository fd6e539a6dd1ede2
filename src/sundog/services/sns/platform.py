"""Push notifications: apps at the push services, and their devices."""

from __future__ import annotations

import re
from typing import Any

from sundog.api import sns as api
from sundog.core import Arn, Tx, op, parse_arn
from sundog.services.sns.refusal import invalid
from sundog.services.sns.state import Endpoint, PlatformApplication

PAGE = 100
PLATFORMS = (
    "ADM",
    "APNS",
    "APNS_SANDBOX",
    "APNS_VOIP",
    "APNS_VOIP_SANDBOX",
    "BAIDU",
    "GCM",
    "MACOS",
    "MACOS_SANDBOX",
    "MPNS",
    "WNS",
)
SECRETS = ("PlatformCredential", "PlatformPrincipal")
ENDPOINT_NAMES = ("CustomUserData", "Enabled", "Token")
APPLICATION_NAMES = {
    *SECRETS,
    "EventEndpointCreated",
    "EventEndpointDeleted",
    "EventEndpointUpdated",
    "EventDeliveryFailure",
    "SuccessFeedbackRoleArn",
    "FailureFeedbackRoleArn",
    "SuccessFeedbackSampleRate",
    "ApplePlatformTeamID",
    "ApplePlatformBundleID",
    "Enabled",
}
_NAME = re.compile(r"[A-Za-z0-9_.-]+\Z")


@op
def create_platform_application(
    tx: Tx, req: api.CreatePlatformApplicationInput
) -> api.CreatePlatformApplicationResponse:
    """Make an app; the same again finds it."""
    name, platform = req.name, req.platform
    if len(name) > 256:
        raise invalid(name, "must be at most 256 characters long")
    if not name:
        raise invalid(name, "cannot be empty")
    if _NAME.match(name) is None:
        raise invalid(
            name,
            "must contain only characters 'a'-'z', 'A'-'Z', '0'-'9', '_', '-', and '.'",
        )
    if platform not in PLATFORMS:
        raise invalid("Platform", f"{platform} is not supported")
    given = dict(req.attributes or {})
    if "PlatformCredential" not in given:
        if "PlatformPrincipal" in given:
            raise invalid("Attributes", "PlatformPrincipal attribute provided without PlatformCredential")
        raise invalid("Attributes", "PlatformCredential attribute is required")
    if "PlatformPrincipal" not in given and platform != "GCM":
        raise invalid("Attributes", "PlatformCredential attribute provided without PlatformPrincipal")
    _check_names(given)
    arn = tx.arn(f"app/{platform}/{name}", service="sns")
    existing = tx.find(PlatformApplication, arn)
    attributes = {"Enabled": "true", **given}
    if existing is None:
        tx.add(PlatformApplication(arn=arn, name=name, platform=platform, attributes=attributes))
    else:
        tx.update(existing, attributes=attributes)
    return api.CreatePlatformApplicationResponse(platform_application_arn=arn)


def _check_names(given: dict[str, str]) -> None:
    for name in given:
        if name not in APPLICATION_NAMES:
            raise invalid("Attributes", f"Invalid attribute name: {name}")


def _arn(parameter: str, text: str, kind: str, parts: int) -> Arn:
    arn = parse_arn(text)
    if len(text.split(":")) < 6:
        raise invalid(parameter, f"An ARN must have at least 6 elements, not {len(text.split(':'))}")
    if arn is None or arn.service != "sns":
        raise invalid(parameter)
    if arn.resource.count("/") != parts:
        raise invalid(parameter, "Wrong number of slashes in relative portion of the ARN.")
    if not arn.resource.startswith(kind + "/"):
        raise invalid(parameter)
    return arn


def _application(tx: Tx, text: str) -> tuple[Tx, PlatformApplication]:
    arn = _arn("PlatformApplicationArn", text, "app", 2)
    there = tx.in_(account=arn.account)
    return there, there.get(PlatformApplication, text)


def _endpoint(tx: Tx, text: str) -> tuple[Tx, Endpoint]:
    arn = _arn("EndpointArn", text, "endpoint", 3)
    there = tx.in_(account=arn.account)
    return there, there.get(Endpoint, text)


@op
def get_platform_application_attributes(
    tx: Tx, req: api.GetPlatformApplicationAttributesInput
) -> api.GetPlatformApplicationAttributesResponse:
    _, row = _application(tx, req.platform_application_arn)
    return api.GetPlatformApplicationAttributesResponse(attributes=_shown(row))


def _shown(row: PlatformApplication) -> dict[str, str]:
    return {name: value for name, value in row.attributes.items() if name not in SECRETS}


@op
def set_platform_application_attributes(tx: Tx, req: api.SetPlatformApplicationAttributesInput) -> None:
    there, row = _application(tx, req.platform_application_arn)
    _check_names(req.attributes)
    there.update(row, attributes={**row.attributes, **req.attributes})


@op
def delete_platform_application(tx: Tx, req: api.DeletePlatformApplicationInput) -> None:
    """Delete an app with its devices. None is no error."""
    arn = _arn("PlatformApplicationArn", req.platform_application_arn, "app", 2)
    there = tx.in_(account=arn.account)
    row = there.find(PlatformApplication, req.platform_application_arn)
    if row is not None:
        for endpoint in list(there.select(Endpoint, application=row.arn)):
            there.delete(endpoint)
        there.delete(row)


@op(page_size=PAGE)
def list_platform_applications(tx: Tx, _: api.ListPlatformApplicationsInput) -> api.ListPlatformApplicationsResponse:
    def view(row: PlatformApplication) -> Any:
        return api.PlatformApplication(platform_application_arn=row.arn, attributes=_shown(row))

    return api.ListPlatformApplicationsResponse(platform_applications=tx.select(PlatformApplication).map(view))


# -- devices


def _checked_endpoint(given: dict[str, str]) -> dict[str, str]:
    for name, value in given.items():
        if name not in ENDPOINT_NAMES:
            raise invalid("Attributes", f"Invalid attribute name: {name}")
        if name == "CustomUserData" and len(value.encode()) > 2048:
            raise invalid(
                "Attributes",
                "Invalid value for attribute: CustomUserData: must be at most 2048 bytes long in UTF-8 encoding",
            )
        if name == "Enabled" and value.lower() not in ("true", "false"):
            raise invalid("Attributes", f"Invalid value for attribute: Enabled: {value}")
    return given


@op
def create_platform_endpoint(tx: Tx, req: api.CreatePlatformEndpointInput) -> api.CreateEndpointResponse:
    """Register a device; the same again finds it."""
    there, application = _application(tx, req.platform_application_arn)
    given = _checked_endpoint(dict(req.attributes or {}))
    if req.custom_user_data is not None:
        given["CustomUserData"] = req.custom_user_data
        _checked_endpoint(given)
    token = given.pop("Token", req.token)
    for row in there.select(Endpoint, token=token):
        if row.application == application.arn:
            mine = {key: value for key, value in row.attributes.items() if key != "Token"}
            if mine != {"Enabled": "true", **given}:
                raise invalid(
                    "Token", f"Endpoint {row.arn} already exists with the same Token, but different attributes."
                )
            return api.CreateEndpointResponse(endpoint_arn=row.arn)
    arn = there.arn(f"endpoint/{application.platform}/{application.name}/{tx.ids.uuid()}", service="sns")
    there.add(
        Endpoint(
            arn=arn, application=application.arn, token=token, attributes={"Enabled": "true", "Token": token, **given}
        )
    )
    return api.CreateEndpointResponse(endpoint_arn=arn)


@op
def get_endpoint_attributes(tx: Tx, req: api.GetEndpointAttributesInput) -> api.GetEndpointAttributesResponse:
    _, row = _endpoint(tx, req.endpoint_arn)
    return api.GetEndpointAttributesResponse(attributes=row.attributes)


@op
def set_endpoint_attributes(tx: Tx, req: api.SetEndpointAttributesInput) -> None:
    there, row = _endpoint(tx, req.endpoint_arn)
    given = _checked_endpoint(dict(req.attributes))
    there.update(row, token=given.get("Token", row.token), attributes={**row.attributes, **given})


@op
def delete_endpoint(tx: Tx, req: api.DeleteEndpointInput) -> None:
    """Forget a device; subscriptions that name it stay. None is no error."""
    arn = _arn("EndpointArn", req.endpoint_arn, "endpoint", 3)
    there = tx.in_(account=arn.account)
    row = there.find(Endpoint, req.endpoint_arn)
    if row is not None:
        there.delete(row)


@op(page_size=PAGE)
def list_endpoints_by_platform_application(
    tx: Tx, req: api.ListEndpointsByPlatformApplicationInput
) -> api.ListEndpointsByPlatformApplicationResponse:
    there, application = _application(tx, req.platform_application_arn)

    def view(row: Endpoint) -> Any:
        return api.Endpoint(endpoint_arn=row.arn, attributes=row.attributes)

    rows = there.select(Endpoint, application=application.arn)
    return api.ListEndpointsByPlatformApplicationResponse(endpoints=rows.map(view))
