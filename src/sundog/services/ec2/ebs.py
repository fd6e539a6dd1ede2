"""An account's defaults for new volumes, and the keys that encrypt them."""

from __future__ import annotations

from hashlib import sha256

from sundog.api import ec2 as api
from sundog.core import AwsError, Tx, op
from sundog.services.ec2.state.storage import EbsDefaults

MANAGED_KEY = "alias/aws/ebs"


def defaults(tx: Tx) -> EbsDefaults:
    """The account's defaults here."""
    return tx.find(EbsDefaults, "default") or EbsDefaults()


def _change(tx: Tx, **changes: object) -> EbsDefaults:
    row = tx.find(EbsDefaults, "default") or tx.add(EbsDefaults())
    return tx.update(row, **changes)


def key_arn(tx: Tx, key_id: str | None = None) -> str:
    """The ARN of the key that a request names, or of the account's default one."""
    wanted = key_id or defaults(tx).kms_key_id or MANAGED_KEY
    if wanted.startswith("arn:") and ":key/" in wanted:
        return wanted
    try:
        return tx.call("kms", "DescribeKey", key_id=wanted).key_metadata.arn
    except AwsError as error:
        # EBS takes a key that it can't find and fails later, unseen; its own key is there from the start.
        if key_id is not None and error.status != 501 and not wanted.startswith("alias/aws/"):
            raise AwsError("InvalidParameterValue", f"The kms key '{key_id}' does not exist") from None
    if wanted == MANAGED_KEY:
        return tx.arn("key/" + _managed_key_id(tx), service="kms")
    return tx.arn(wanted if wanted.startswith("alias/") else "key/" + wanted, service="kms")


def _managed_key_id(tx: Tx) -> str:
    text = sha256(f"{tx.account}/{tx.region}/{MANAGED_KEY}".encode()).hexdigest()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:32]}"


@op
def get_ebs_encryption_by_default(
    tx: Tx, req: api.GetEbsEncryptionByDefaultRequest
) -> api.GetEbsEncryptionByDefaultResult:
    """Whether new volumes are encrypted."""
    on = defaults(tx).encryption
    return api.GetEbsEncryptionByDefaultResult(ebs_encryption_by_default=on, sse_type="sse-ebs" if on else "none")


@op
def enable_ebs_encryption_by_default(
    tx: Tx, req: api.EnableEbsEncryptionByDefaultRequest
) -> api.EnableEbsEncryptionByDefaultResult:
    """Encrypt new volumes from now on."""
    _change(tx, encryption=True)
    return api.EnableEbsEncryptionByDefaultResult(ebs_encryption_by_default=True)


@op
def disable_ebs_encryption_by_default(
    tx: Tx, req: api.DisableEbsEncryptionByDefaultRequest
) -> api.DisableEbsEncryptionByDefaultResult:
    """Leave new volumes unencrypted unless asked."""
    _change(tx, encryption=False)
    return api.DisableEbsEncryptionByDefaultResult(ebs_encryption_by_default=False)


@op
def get_ebs_default_kms_key_id(tx: Tx, req: api.GetEbsDefaultKmsKeyIdRequest) -> api.GetEbsDefaultKmsKeyIdResult:
    """The key for new volumes: the account's choice, else EBS's own."""
    return api.GetEbsDefaultKmsKeyIdResult(kms_key_id=defaults(tx).kms_key_id or MANAGED_KEY)


@op
def modify_ebs_default_kms_key_id(
    tx: Tx, req: api.ModifyEbsDefaultKmsKeyIdRequest
) -> api.ModifyEbsDefaultKmsKeyIdResult:
    """Choose the key for new volumes."""
    arn = key_arn(tx, req.kms_key_id)
    _change(tx, kms_key_id=arn)
    return api.ModifyEbsDefaultKmsKeyIdResult(kms_key_id=arn)


@op
def reset_ebs_default_kms_key_id(tx: Tx, req: api.ResetEbsDefaultKmsKeyIdRequest) -> api.ResetEbsDefaultKmsKeyIdResult:
    """Go back to EBS's own key."""
    _change(tx, kms_key_id=None)
    return api.ResetEbsDefaultKmsKeyIdResult(kms_key_id=key_arn(tx, MANAGED_KEY))
