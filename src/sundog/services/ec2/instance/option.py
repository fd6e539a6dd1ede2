"""Options of a launch: what they default to, and which go together with the instance type and the image."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sundog.core import AwsError, Tx
from sundog.core.structure import plain
from sundog.services.ec2 import facts
from sundog.services.ec2.state.compute import (
    CpuOptions,
    InstanceDefaults,
    InstanceProfile,
    KeyPair,
    Maintenance,
    MetadataOptions,
    NameOptions,
    Placement,
    Traits,
)
from sundog.services.ec2.state.network import Subnet
from sundog.services.ec2.state.storage import Image

DEFAULT_TYPE = "m1.small"
_METADATA = (
    "http_tokens",
    "http_put_response_hop_limit",
    "http_endpoint",
    "http_protocol_ipv6",
    "instance_metadata_tags",
)


@lru_cache(maxsize=64)
def type_facts(name: str) -> dict[str, Any]:
    """What AWS says of an instance type. Not to be changed."""
    found = facts.instance_type(name)
    if found is None:
        raise AwsError("InvalidParameterValue", f"Invalid value '{name}' for InstanceType.")
    return found


def check_architecture(image: Image, type_name: str, supported: list[str]) -> None:
    """Refuse an image that the type's processors can't run."""
    if image.architecture not in supported:
        raise AwsError(
            "InvalidParameterValue",
            f"The architecture '{','.join(supported)}' of the specified instance type does not match the architecture "
            f"'{image.architecture}' of the specified AMI. Specify an instance type and an AMI that have matching "
            "architectures, and try again. You can use 'describe-instance-types' or 'describe-images' to discover the "
            "architecture of the instance type or AMI.",
        )


def traits_of(image: Image, kind: dict[str, Any], kernel_id: str | None, ramdisk_id: str | None) -> Traits:
    """What an instance has from its image."""
    modes = kind.get("SupportedBootModes", ["legacy-bios"])
    mode = image.boot_mode
    if mode == "uefi-preferred":
        current = "uefi" if "uefi" in modes else "legacy-bios"
    else:
        current = mode or ("uefi" if modes == ["uefi"] else "legacy-bios")
    return Traits(
        architecture=image.architecture,
        hypervisor=image.hypervisor,
        virtualization_type=image.virtualization_type,
        ena_support=image.ena_support,
        sriov_net_support=image.sriov_net_support,
        root_device_name=image.root_device_name,
        root_device_type=image.root_device_type,
        platform="windows" if (image.platform or "").lower() == "windows" else image.platform,
        platform_details=image.platform_details,
        usage_operation=image.usage_operation,
        boot_mode=mode,
        current_instance_boot_mode=current,
        tpm_support=image.tpm_support,
        kernel_id=kernel_id or image.kernel_id,
        ramdisk_id=ramdisk_id or image.ramdisk_id,
        product_codes=image.product_codes,
    )


def cpu_options(given: Any, type_name: str, kind: dict[str, Any]) -> CpuOptions:
    """The processors to use: all, unless the request says fewer."""
    info = kind["VCpuInfo"]
    cores = info.get("DefaultCores", info.get("DefaultVCpus", 1))
    threads = info.get("DefaultThreadsPerCore", 1)
    if given is None:
        return CpuOptions(core_count=cores, threads_per_core=threads)
    wanted, wide = given.core_count, given.threads_per_core
    if (wanted is None) != (wide is None):
        missing = "CpuOptions.ThreadsPerCore" if wide is None else "CpuOptions.CoreCount"
        raise AwsError("MissingParameter", f"The request must contain the parameter {missing}")
    if wanted is not None and wanted not in info.get("ValidCores", [cores]):
        raise AwsError(
            "InvalidParameterValue", f"CpuOptions core count {wanted} is not supported for instance type {type_name}."
        )
    if wide is not None and wide not in info.get("ValidThreadsPerCore", [threads]):
        raise AwsError(
            "InvalidParameterValue",
            f"CpuOptions threads per core {wide} is not supported for instance type {type_name}.",
        )
    return CpuOptions(
        core_count=wanted or cores,
        threads_per_core=wide or threads,
        amd_sev_snp=given.amd_sev_snp,
        nested_virtualization=given.nested_virtualization,
    )


def credits(tx: Tx, given: Any, type_name: str, kind: dict[str, Any]) -> str | None:
    """The credit option of a burstable type; None for another."""
    if not kind.get("BurstablePerformanceSupported"):
        if given is not None:
            raise AwsError(
                "InstanceCreditSpecification.NotSupported",
                f"The instance type '{type_name}' is not supported for the instance credit specification.",
            )
        return None
    if given is None:
        return default_credits(tx, type_name.partition(".")[0])
    return check_credits(given.cpu_credits)


def check_credits(value: str | None) -> str:
    if value not in ("standard", "unlimited"):
        raise AwsError(
            "InvalidParameterValue",
            f"Value ({value}) for parameter CpuCredits is invalid. Expected: standard, unlimited",
        )
    return value


def default_credits(tx: Tx, family: str) -> str:
    """What instances of a family get when nobody says: T2 alone is limited."""
    row = tx.find(InstanceDefaults, "default")
    if row is not None and family in row.credits:
        return row.credits[family]
    return "standard" if family == "t2" else "unlimited"


def metadata_options(tx: Tx, given: Any, image: Image) -> MetadataOptions:
    """How metadata can be reached: by the request, else by the image, else by the account's defaults."""
    row = tx.find(InstanceDefaults, "default")
    values: dict[str, Any] = {} if row is None else {k: v for k, v in row.metadata.items() if k in _METADATA}
    if image.imds_support == "v2.0":
        values.setdefault("http_tokens", "required")
        values.setdefault("http_put_response_hop_limit", 2)
    if given is not None:
        values.update({name: value for name in _METADATA if (value := getattr(given, name)) is not None})
    return MetadataOptions(**values)


def name_options(given: Any, subnet: Subnet) -> NameOptions:
    """How instances are named: by the request, else by the subnet."""
    inherited = subnet.private_dns_name_options_on_launch
    values: dict[str, Any] = {name: getattr(inherited, name) for name in NameOptions.__struct_fields__}
    if given is not None:
        values.update({name: value for name in values if (value := getattr(given, name)) is not None})
    return NameOptions(**values)


def placement_of(given: Any, subnet: Subnet, tenancy: str) -> Placement:
    """Where instances run: in the subnet's zone, and otherwise as the request says."""
    zone: dict[str, Any] = {
        "availability_zone": subnet.availability_zone,
        "availability_zone_id": subnet.availability_zone_id or "",
    }
    if given is None:
        return Placement(**zone, tenancy=tenancy)
    if given.host_id is not None and given.tenancy not in (None, "host"):
        raise AwsError("InvalidParameterCombination", "The parameter HostId requires a tenancy of 'host'.")
    return Placement(
        **zone,
        group_name=given.group_name or "",
        group_id=given.group_id,
        partition_number=given.partition_number,
        tenancy=given.tenancy or ("host" if given.host_id else tenancy),
        affinity=given.affinity,
        host_id=given.host_id,
        host_resource_group_arn=given.host_resource_group_arn,
        spread_domain=given.spread_domain,
    )


def maintenance(given: Any) -> Maintenance:
    return Maintenance(auto_recovery=(given and given.auto_recovery) or "default")


def check_key(tx: Tx, name: str | None) -> None:
    """Refuse a key pair that isn't there."""
    if name is not None and tx.select(KeyPair, key_name=name).first() is None:
        raise AwsError("InvalidKeyPair.NotFound", f"The key pair '{name}' does not exist")


def profile(tx: Tx, given: Any) -> tuple[InstanceProfile, str] | None:
    """The instance profile that a request names, with its name."""
    if given is None or (given.arn is None and given.name is None):
        return None
    if given.arn is not None and given.name is not None:
        raise AwsError(
            "InvalidParameterCombination",
            "The parameter 'iamInstanceProfile.name' may not be used in combination with 'iamInstanceProfile.arn'",
        )
    name: str = given.name if given.name is not None else (given.arn or "").rpartition("/")[2]
    what, text = ("name", "name") if given.arn is None else ("arn", "ARN")
    value = given.name if given.arn is None else given.arn
    invalid = AwsError(
        "InvalidParameterValue",
        f"Value ({value}) for parameter iamInstanceProfile.{what} is invalid. Invalid IAM Instance Profile {text}",
    )
    if given.arn is not None and (not given.arn.startswith("arn:") or ":instance-profile/" not in given.arn):
        raise invalid
    try:
        found = tx.call("iam", "GetInstanceProfile", instance_profile_name=name).instance_profile
    except AwsError as error:
        if error.status != 501:
            raise invalid from None
        # Without IAM there is nobody to ask: the name is taken at its word.
        arn = given.arn or tx.arn(f"instance-profile/{name}", service="iam", region="")
        return InstanceProfile(arn, tx.ids.unique_id("AIPA")), name
    if given.arn is not None and found.arn != given.arn:
        raise invalid
    return InstanceProfile(found.arn, found.instance_profile_id), name


def reservation_preference(given: Any) -> dict[str, Any] | None:
    """The request's capacity reservation specification, in botocore's form."""
    return None if given is None else plain(given)
