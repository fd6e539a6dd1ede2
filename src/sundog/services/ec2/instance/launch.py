"""RunInstances."""

from __future__ import annotations

from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.image_lookup import launchable_image
from sundog.services.ec2.instance.device import make_devices, plan_devices
from sundog.services.ec2.instance.network import Card, make_cards, plan_cards
from sundog.services.ec2.instance.option import (
    DEFAULT_TYPE,
    check_architecture,
    check_key,
    cpu_options,
    credits,
    maintenance,
    metadata_options,
    name_options,
    placement_of,
    profile,
    reservation_preference,
    traits_of,
    type_facts,
)
from sundog.services.ec2.instance.template import with_template
from sundog.services.ec2.instance.transition import BOOTING, become_running
from sundog.services.ec2.instance.view import launching_view
from sundog.services.ec2.placement_group import check_placement
from sundog.services.ec2.settle import moment, settle
from sundog.services.ec2.spot_instance_request import make_request
from sundog.services.ec2.state.compute import PENDING, RUNNING, Instance, Reservation
from sundog.services.ec2.state.network import Vpc

USER_DATA_LIMIT = 16384


@op(taggable=("spot-instances-request", "elastic-gpu"))
def run_instances(tx: Tx, req: api.RunInstancesRequest) -> api.Reservation:
    """Launch instances, all alike, with their interfaces and volumes."""
    req, template_tags = with_template(tx, req)
    _check_counts(req.min_count, req.max_count)
    if not req.image_id:
        raise AwsError("MissingParameter", "The request must contain the parameter ImageId")
    type_name = req.instance_type or DEFAULT_TYPE
    kind = type_facts(type_name)
    supported = kind["ProcessorInfo"]["SupportedArchitectures"]
    image = launchable_image(tx, req.image_id, "x86_64" if "x86_64" in supported else supported[0])
    check_architecture(image, type_name, supported)
    check_key(tx, req.key_name)
    user_data = _checked_user_data(req.user_data)
    cards = plan_cards(tx, req)
    public = _public(cards)
    devices = plan_devices(tx, image, req.block_device_mappings or [])
    subnet = cards[0].subnet
    vpc = tx.get(Vpc, subnet.vpc_id)
    check_placement(tx, req.placement)
    placement = placement_of(req.placement, subnet, vpc.instance_tenancy)
    traits = traits_of(image, kind, req.kernel_id, req.ramdisk_id)
    role = profile(tx, req.iam_instance_profile)
    hibernation = bool(req.hibernation_options and req.hibernation_options.configured)
    if hibernation:
        _check_hibernation(type_name, kind, devices)
    spot = req.instance_market_options is not None and req.instance_market_options.market_type in (None, "spot")
    now = moment(tx)
    # Without delays they run from the start: a thousand rows needn't be written twice.
    running = not tx.setting("delays")
    reservation = tx.add(Reservation(reservation_id=tx.new_id("r"), owner_id=tx.account))
    common: dict[str, Any] = {
        "reservation_id": reservation.reservation_id,
        "owner_id": tx.account,
        "image_id": image.image_id,
        "instance_type": type_name,
        "launch_time": now,
        "traits": traits,
        "placement": placement,
        "subnet_id": subnet.subnet_id,
        "vpc_id": subnet.vpc_id,
        "key_name": req.key_name,
        "client_token": req.client_token or "",
        "monitoring": "enabled" if req.monitoring is not None and req.monitoring.enabled else "disabled",
        "ebs_optimized": bool(req.ebs_optimized),
        "ena_support": traits.ena_support,
        "sriov_net_support": traits.sriov_net_support,
        "root_device_name": traits.root_device_name,
        "kernel_id": traits.kernel_id,
        "ramdisk_id": traits.ramdisk_id,
        "iam_instance_profile": role[0] if role else None,
        "profile_name": role[1] if role else None,
        "instance_lifecycle": "spot" if spot else None,
        "capacity_reservation_specification": reservation_preference(req.capacity_reservation_specification),
        "cpu_options": cpu_options(req.cpu_options, type_name, kind),
        "hibernation": hibernation,
        "enclave": bool(req.enclave_options and req.enclave_options.enabled),
        "licenses": tuple(each.license_configuration_arn for each in req.license_specifications or ()),
        "metadata_options": metadata_options(tx, req.metadata_options, image),
        "private_dns_name_options": name_options(req.private_dns_name_options, subnet),
        "maintenance_options": maintenance(req.maintenance_options),
        "bandwidth_weighting": (req.network_performance_options and req.network_performance_options.bandwidth_weighting)
        or "default",
        "usage_operation_update_time": now,
        "user_data": user_data,
        "shutdown_behavior": req.instance_initiated_shutdown_behavior or "stop",
        "disable_api_termination": bool(req.disable_api_termination),
        "disable_api_stop": bool(req.disable_api_stop),
        "cpu_credits": credits(tx, req.credit_specification, type_name, kind),
        "public": public,
        "state": RUNNING if running else PENDING,
    }
    tags = req.tag_specifications
    ids = [tx.new_id("i") for _ in range(req.max_count)]
    interfaces = make_cards(tx, cards, ids, public and running, tags)
    make_devices(tx, devices, ids, placement.availability_zone, placement.availability_zone_id, tags)
    answers: list[Any] = []
    for index, instance_id in enumerate(ids):
        row = Instance(instance_id=instance_id, ami_launch_index=index, **common)
        if spot:
            row = _as_spot(tx, row)
        row = tx.add(row, tags=tags)
        if spot:
            make_request(tx, row, req.instance_market_options.spot_options, tags)
        if template_tags:
            row = tx.update(row, tags={**row.tags, **template_tags})
        answers.append(launching_view(row, interfaces[index]))
    if not running:
        settle(tx, BOOTING, become_running, tuple(ids))
    return api.Reservation(
        reservation_id=reservation.reservation_id, owner_id=reservation.owner_id, groups=[], instances=answers
    )


def _check_counts(least: int, most: int) -> None:
    if least < 1 or most < 1:
        name, value = ("minCount", least) if least < 1 else ("maxCount", most)
        raise AwsError("InvalidParameterValue", f"Invalid value '{value}' for {name}. Must be at least 1.")
    if least > most:
        raise AwsError(
            "InvalidParameterCombination", f"The parameter maxCount ({most}) must not be less than minCount ({least})."
        )


def _checked_user_data(text: str | None) -> str | None:
    """User data is base64 and at most 16 KB before it."""
    if not text:
        return None
    import base64
    import binascii

    try:
        raw = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise AwsError("InvalidParameterValue", "Invalid BASE64 encoding of user data.") from None
    if len(raw) > USER_DATA_LIMIT:
        raise AwsError("InvalidParameterValue", "User data is limited to 16384 bytes")
    return text


def _public(cards: list[Card]) -> bool:
    """Whether instances get a public address; only those with one new interface may."""
    if not any(card.public for card in cards):
        return False
    if len(cards) > 1:
        # A subnet's wish is passed over in silence, a request's is not.
        if any(card.asked_public for card in cards):
            raise AwsError(
                "InvalidParameterCombination",
                "The associatePublicIPAddress parameter cannot be specified when launching with multiple network "
                "interfaces.",
            )
        return False
    return True


def _check_hibernation(type_name: str, kind: dict[str, Any], devices: list[Any]) -> None:
    if not kind.get("HibernationSupported"):
        raise AwsError(
            "UnsupportedHibernationConfiguration", f"Hibernation is not supported for the instance type '{type_name}'."
        )
    if devices and not devices[0].encrypted:
        raise AwsError("UnsupportedHibernationConfiguration", "Hibernation requires an encrypted root volume.")


def _as_spot(tx: Tx, row: Instance) -> Instance:
    from msgspec.structs import replace

    return replace(row, spot_instance_request_id="sir-" + tx.ids.alnum(8, upper=False))
