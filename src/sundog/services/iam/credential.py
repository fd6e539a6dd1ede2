"""Users' other credentials: public keys for CodeCommit, names and passwords for single services."""

from __future__ import annotations

import base64
import binascii
import datetime
import hashlib
import re
from typing import Any

from sundog.api import iam as api
from sundog.core import Tx, op
from sundog.services.iam.common import PAGE, now, pattern_error
from sundog.services.iam.state import ServiceCredential, SshKey
from sundog.services.iam.user import get_user_row, user_or_caller

SSH_KEYS = 5
PER_SERVICE = 2
SERVICES = ("codecommit.amazonaws.com", "cassandra.amazonaws.com", "bedrock.amazonaws.com", "logs.amazonaws.com")
KEY_SERVICES = ("bedrock.amazonaws.com", "logs.amazonaws.com")
WORD = re.compile(r"[\w]+", re.ASCII)


# -- SSH


def _fingerprint(body: str) -> str | None:
    """MD5 over the key, in pairs; None for what is no key."""
    text = body.strip()
    if text.startswith("-----BEGIN"):
        from cryptography.hazmat.primitives import serialization

        try:
            key = serialization.load_pem_public_key(text.encode())
        except ValueError:
            return None
        form = serialization.PublicFormat.OpenSSH
        text = key.public_bytes(serialization.Encoding.OpenSSH, form).decode()
    parts = text.split()
    if len(parts) < 2 or parts[0] != "ssh-rsa":
        return None
    try:
        data = base64.b64decode(parts[1], validate=True)
    except (ValueError, binascii.Error):
        return None
    digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
    return ":".join(digest[index : index + 2] for index in range(0, 32, 2))


def _ssh_key(tx: Tx, name: str, key_id: str) -> SshKey:
    user = get_user_row(tx, name)
    row = tx.find(SshKey, key_id)
    if row is None or row.user != user.key:
        raise api.NoSuchEntityException(f"The Public Key with id {key_id} cannot be found.")
    return row


@op
def upload_ssh_public_key(tx: Tx, req: api.UploadSSHPublicKeyRequest) -> api.UploadSSHPublicKeyResponse:
    user = get_user_row(tx, req.user_name)
    print_ = _fingerprint(req.ssh_public_key_body)
    if print_ is None:
        raise api.InvalidPublicKeyException(
            "Unable to parse the public key. Please check that the key is an RSA key in SSH or PEM format."
        )
    rows = list(tx.select(SshKey, user=user.key))
    if any(row.fingerprint == print_ for row in rows):
        raise api.DuplicateSSHPublicKeyException("The SSH public key is already associated with the specified user.")
    if len(rows) >= SSH_KEYS:
        raise api.LimitExceededException(f"Cannot exceed quota for SSHPublicKeysPerUser: {SSH_KEYS}")
    row = tx.add(
        SshKey(
            ssh_public_key_id=tx.ids.unique_id("APKA"),
            user=user.key,
            user_name=user.user_name,
            ssh_public_key_body=req.ssh_public_key_body,
            fingerprint=print_,
            upload_date=now(tx),
        )
    )
    return api.UploadSSHPublicKeyResponse(ssh_public_key=row)


@op
def get_ssh_public_key(tx: Tx, req: api.GetSSHPublicKeyRequest) -> api.GetSSHPublicKeyResponse:
    """One key, as SSH or as PEM writes it."""
    row = _ssh_key(tx, req.user_name, req.ssh_public_key_id)
    body = row.ssh_public_key_body
    if req.encoding == "PEM" and not body.startswith("-----BEGIN"):
        from cryptography.hazmat.primitives import serialization

        try:
            key = serialization.load_ssh_public_key(body.encode())
        except ValueError:
            raise api.UnrecognizedPublicKeyEncodingException("The key can't be written as PEM.") from None
        body = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    elif req.encoding == "SSH" and body.startswith("-----BEGIN"):
        from cryptography.hazmat.primitives import serialization

        pem = serialization.load_pem_public_key(body.encode())
        body = pem.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
    return api.GetSSHPublicKeyResponse(
        ssh_public_key=api.SSHPublicKey(
            user_name=row.user_name,
            ssh_public_key_id=row.ssh_public_key_id,
            fingerprint=row.fingerprint,
            ssh_public_key_body=body,
            status=row.status,
            upload_date=row.upload_date,
        )
    )


@op(page_size=PAGE)
def list_ssh_public_keys(tx: Tx, req: api.ListSSHPublicKeysRequest) -> api.ListSSHPublicKeysResponse:
    user = user_or_caller(tx, req.user_name)
    return api.ListSSHPublicKeysResponse(ssh_public_keys=tx.select(SshKey, user=user.key))


@op
def update_ssh_public_key(tx: Tx, req: api.UpdateSSHPublicKeyRequest) -> None:
    tx.update(_ssh_key(tx, req.user_name, req.ssh_public_key_id), status=req.status)


@op
def delete_ssh_public_key(tx: Tx, req: api.DeleteSSHPublicKeyRequest) -> None:
    tx.delete(_ssh_key(tx, req.user_name, req.ssh_public_key_id))


# -- single services


def _credential(tx: Tx, name: str | None, credential_id: str) -> ServiceCredential:
    if not WORD.fullmatch(credential_id):
        raise pattern_error(None, "serviceSpecificCredentialId", r"[\w]+")
    row = tx.find(ServiceCredential, credential_id)
    if row is None or (name is not None and row.user != get_user_row(tx, name).key):
        raise api.NoSuchEntityException(f"No such credential {credential_id} exists")
    return row


def _checked_service(service: str) -> str:
    if service not in SERVICES:
        raise api.NoSuchEntityException(f"No such service {service} is supported for Service Specific Credentials")
    return service


def _secret(tx: Tx, row: ServiceCredential) -> dict[str, Any]:
    """What is told once: a password, or for services that take keys a key."""
    if row.service_name in KEY_SERVICES:
        text = base64.b64encode(f"{row.service_credential_alias}:{tx.ids.secret(44)}".encode()).decode()
        return {"service_credential_secret": f"ABSK{text}"}
    return {"service_password": tx.ids.secret(43) + "="}


def _with_secret(tx: Tx, row: ServiceCredential) -> api.ServiceSpecificCredential:
    return api.ServiceSpecificCredential(
        create_date=row.create_date,
        expiration_date=row.expiration_date,
        service_name=row.service_name,
        service_user_name=row.service_user_name,
        service_credential_alias=row.service_credential_alias,
        service_specific_credential_id=row.service_specific_credential_id,
        user_name=row.user_name,
        status=row.status,
        **_secret(tx, row),
    )


@op
def create_service_specific_credential(
    tx: Tx, req: api.CreateServiceSpecificCredentialRequest
) -> api.CreateServiceSpecificCredentialResponse:
    user = get_user_row(tx, req.user_name)
    service = _checked_service(req.service_name)
    rows = [row for row in tx.select(ServiceCredential, user=user.key) if row.service_name == service]
    if len(rows) >= PER_SERVICE:
        raise api.LimitExceededException(f"Cannot exceed quota for ServiceSpecificCredentialsPerUser: {PER_SERVICE}")
    name = f"{user.user_name}-at-{tx.account}" if not rows else f"{user.user_name}+{len(rows)}-at-{tx.account}"
    keyed = service in KEY_SERVICES
    days = req.credential_age_days
    row = tx.add(
        ServiceCredential(
            service_specific_credential_id=tx.ids.unique_id("ACCA"),
            user=user.key,
            user_name=user.user_name,
            service_name=service,
            service_user_name=None if keyed else name,
            service_credential_alias=name if keyed else None,
            create_date=now(tx),
            expiration_date=now(tx) + datetime.timedelta(days=days) if days is not None else None,
        )
    )
    return api.CreateServiceSpecificCredentialResponse(service_specific_credential=_with_secret(tx, row))


@op(page_size=PAGE)
def list_service_specific_credentials(
    tx: Tx, req: api.ListServiceSpecificCredentialsRequest
) -> api.ListServiceSpecificCredentialsResponse:
    rows = tx.select(ServiceCredential)
    if not req.all_users:
        rows = tx.select(ServiceCredential, user=user_or_caller(tx, req.user_name).key)
    if req.service_name is not None:
        service = _checked_service(req.service_name)
        rows = rows.where(lambda row: row.service_name == service)
    return api.ListServiceSpecificCredentialsResponse(service_specific_credentials=rows)


@op
def update_service_specific_credential(tx: Tx, req: api.UpdateServiceSpecificCredentialRequest) -> None:
    tx.update(_credential(tx, req.user_name, req.service_specific_credential_id), status=req.status)


@op
def reset_service_specific_credential(
    tx: Tx, req: api.ResetServiceSpecificCredentialRequest
) -> api.ResetServiceSpecificCredentialResponse:
    """A new password; the old one is void."""
    row = _credential(tx, req.user_name, req.service_specific_credential_id)
    return api.ResetServiceSpecificCredentialResponse(service_specific_credential=_with_secret(tx, row))


@op
def delete_service_specific_credential(tx: Tx, req: api.DeleteServiceSpecificCredentialRequest) -> None:
    tx.delete(_credential(tx, req.user_name, req.service_specific_credential_id))
