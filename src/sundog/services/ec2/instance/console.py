"""What comes out of an instance: its console, its password, reports about it, its image."""

from __future__ import annotations

import base64
from typing import Any

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.core.filter import narrow, parse_names
from sundog.services.ec2.identifier import check_ids
from sundog.services.ec2.image_lookup import find_image
from sundog.services.ec2.instance.transition import get_instance, get_instances
from sundog.services.ec2.settle import moment
from sundog.services.ec2.state.compute import RUNNING, Instance


@op
def get_console_output(tx: Tx, req: api.GetConsoleOutputRequest) -> api.GetConsoleOutputResult:
    """What a Linux would have written while it booted."""
    row = get_instance(tx, req.instance_id)
    if req.latest and row.traits.hypervisor != "nitro" and row.instance_type.split(".")[0] in ("m1", "t1", "t2"):
        raise AwsError(
            "UnsupportedOperation", "This instance type does not support retrieving the latest console logs."
        )
    text = ""
    if row.state == RUNNING:
        text = (
            f"[    0.000000] Linux version 6.1.0 ({row.traits.architecture})\r\n"
            f"[    0.000000] Command line: root=LABEL=/ console=tty0 console=ttyS0,115200n8\r\n"
            f"cloud-init: instance {row.instance_id} of {row.image_id} is up\r\n"
        )
    return api.GetConsoleOutputResult(
        instance_id=row.instance_id,
        timestamp=moment(tx),
        output=base64.b64encode(text.encode()).decode(),
    )


@op
def get_password_data(tx: Tx, req: api.GetPasswordDataRequest) -> api.GetPasswordDataResult:
    """The administrator's password of a Windows instance, encrypted for its key pair; empty for all others."""
    row = get_instance(tx, req.instance_id)
    data = ""
    if row.traits.platform is not None and row.key_name is not None and row.state == RUNNING:
        data = _encrypted_password(tx, row)
    return api.GetPasswordDataResult(instance_id=row.instance_id, timestamp=moment(tx), password_data=data)


def _encrypted_password(tx: Tx, row: Instance) -> str:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key

    from sundog.services.ec2.key_pair import key_named

    pair = key_named(tx, row.key_name or "")
    if pair is None:
        return ""
    key = load_ssh_public_key(pair.public_key.encode())
    if not isinstance(key, RSAPublicKey):
        return ""
    # The same instance has the same password whenever it is asked for.
    password = base64.b64encode(row.instance_id.encode()).decode()[:24] + "!"
    return base64.b64encode(key.encrypt(password.encode(), PKCS1v15())).decode()


@op
def report_instance_status(tx: Tx, req: api.ReportInstanceStatusRequest) -> None:
    """Take notice of a user's report; AWS shows no sign of it either."""
    get_instances(tx, req.instances)


@op
def send_diagnostic_interrupt(tx: Tx, req: api.SendDiagnosticInterruptRequest) -> None:
    """Make a running kernel panic, if it runs at all."""
    row = get_instance(tx, req.instance_id)
    if row.state != RUNNING:
        raise AwsError("IncorrectInstanceState", f"The instance '{row.instance_id}' is not in the 'running' state.")


_METADATA_FILTERS = parse_names(
    (
        "availability-zone",
        "instance-id",
        "image-allowed=image_metadata.image_allowed",
        "instance-state-name=state.name",
        "instance-type",
        "launch-time",
        "owner-alias=image_metadata.image_owner_alias",
        "owner-id",
        "zone-id",
    )
)


@op(page_size=1000)
def describe_instance_image_metadata(
    tx: Tx, req: api.DescribeInstanceImageMetadataRequest
) -> api.DescribeInstanceImageMetadataResult:
    """Which images instances came from, and what has become of those."""
    check_ids(req.instance_ids or (), "i", "InvalidInstanceID.Malformed")
    tagged = [each for each in req.filters or () if (each.name or "").startswith("tag")]
    others = [each for each in req.filters or () if not (each.name or "").startswith("tag")]
    rows = tx.search(Instance, ids=req.instance_ids, filters=tagged)
    found = [_metadata(tx, row) for row in rows]
    return api.DescribeInstanceImageMetadataResult(instance_image_metadata=narrow(found, others, _METADATA_FILTERS))


def _metadata(tx: Tx, row: Instance) -> Any:
    image = find_image(tx, row.image_id)
    about = api.ImageMetadata(image_id=row.image_id)
    if image is not None:
        about = api.ImageMetadata(
            image_id=image.image_id,
            name=image.name,
            owner_id=image.owner_id,
            state=image.state,
            image_owner_alias=image.image_owner_alias or image.owner_id,
            creation_date=image.creation_date,
            deprecation_time=image.deprecation_time,
            image_allowed=True,
            is_public=image.public,
        )
    return api.InstanceImageMetadata(
        instance_id=row.instance_id,
        instance_type=row.instance_type,
        launch_time=row.launch_time,
        availability_zone=row.placement.availability_zone,
        zone_id=row.placement.availability_zone_id,
        state=row.state,
        owner_id=row.owner_id,
        tags=row.tags or None,
        image_metadata=about,
    )
