"""Server certificates, and certificates that users sign with."""

from __future__ import annotations

import datetime
from typing import Any

from sundog.api import iam as api
from sundog.core import Tx, op
from sundog.services.iam.common import (
    PAGE,
    arn_of,
    checked_name,
    checked_path,
    new_tags,
    now,
    tag_list,
    under,
    without,
)
from sundog.services.iam.state import ServerCertificate, SigningCertificate
from sundog.services.iam.user import user_or_caller

PER_USER = 2
YEARS = datetime.timedelta(days=3650)


def get_certificate(tx: Tx, name: str) -> ServerCertificate:
    row = tx.find(ServerCertificate, name.lower())
    if row is None:
        raise api.NoSuchEntityException(f"The Server Certificate with name {name} cannot be found.")
    return row


def _view(row: ServerCertificate) -> api.ServerCertificateMetadata:
    return api.ServerCertificateMetadata(
        path=row.path,
        server_certificate_name=row.server_certificate_name,
        server_certificate_id=row.server_certificate_id,
        arn=row.arn,
        upload_date=row.upload_date,
        expiration=row.expiration,
    )


def _read(body: str) -> Any:
    """The certificate in a PEM text; None if it can't be read."""
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificate(body.encode())
    except ValueError:
        return None


def _expiration(tx: Tx, body: str, key: str | None) -> datetime.datetime:
    """When a certificate ends. Only ``strict`` refuses what is none: tests write certificates of three words."""
    found = _read(body)
    if found is None:
        if tx.setting("strict"):
            raise api.MalformedCertificateException(
                "Unable to parse certificate. Please ensure the certificate is in PEM format."
            )
        return now(tx) + YEARS
    if key is not None and tx.setting("strict"):
        from cryptography.hazmat.primitives import serialization

        try:
            private = serialization.load_pem_private_key(key.encode(), None)
        except (ValueError, TypeError):
            raise api.MalformedCertificateException("Unable to parse private key.") from None
        spki = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        if private.public_key().public_bytes(*spki) != found.public_key().public_bytes(*spki):
            raise api.KeyPairMismatchException("Certificate and private key do not match.")
    end: datetime.datetime = found.not_valid_after_utc
    return end


@op
def upload_server_certificate(tx: Tx, req: api.UploadServerCertificateRequest) -> api.UploadServerCertificateResponse:
    """Keep a certificate; its private key is never shown again."""
    name = checked_name(req.server_certificate_name, "serverCertificateName")
    path = checked_path(req.path)
    if tx.find(ServerCertificate, name.lower()) is not None:
        raise api.EntityAlreadyExistsException(f"The Server Certificate with name {name} already exists.")
    body = req.certificate_body.strip()
    row = tx.add(
        ServerCertificate(
            key=name.lower(),
            server_certificate_name=name,
            server_certificate_id=tx.ids.unique_id("ASCA"),
            path=path,
            arn=arn_of(tx, f"server-certificate{path}{name}"),
            upload_date=now(tx),
            expiration=_expiration(tx, body, req.private_key),
            certificate_body=body,
            certificate_chain=req.certificate_chain.strip() if req.certificate_chain is not None else None,
            tags=new_tags(req.tags),
        )
    )
    return api.UploadServerCertificateResponse(
        server_certificate_metadata=_view(row), tags=tag_list(row.tags) if row.tags else None
    )


@op
def get_server_certificate(tx: Tx, req: api.GetServerCertificateRequest) -> api.GetServerCertificateResponse:
    row = get_certificate(tx, req.server_certificate_name)
    return api.GetServerCertificateResponse(
        server_certificate=api.ServerCertificate(
            server_certificate_metadata=_view(row),
            certificate_body=row.certificate_body,
            certificate_chain=row.certificate_chain,
            tags=tag_list(row.tags) if row.tags else None,
        )
    )


@op(page_size=PAGE)
def list_server_certificates(tx: Tx, req: api.ListServerCertificatesRequest) -> api.ListServerCertificatesResponse:
    rows = under(tx.select(ServerCertificate), req.path_prefix)
    return api.ListServerCertificatesResponse(server_certificate_metadata_list=rows.map(_view))


@op
def update_server_certificate(tx: Tx, req: api.UpdateServerCertificateRequest) -> None:
    """Give a certificate another name, or path."""
    row = get_certificate(tx, req.server_certificate_name)
    name = (
        row.server_certificate_name
        if req.new_server_certificate_name is None
        else checked_name(req.new_server_certificate_name, "newServerCertificateName")
    )
    path = row.path if req.new_path is None else checked_path(req.new_path, "newPath")
    if name.lower() != row.key and tx.find(ServerCertificate, name.lower()) is not None:
        raise api.EntityAlreadyExistsException(f"The Server Certificate with name {name} already exists.")
    fields = {field: getattr(row, field) for field in row.__struct_fields__ if field != "serial_"}
    changes = {"key": name.lower(), "server_certificate_name": name, "path": path}
    tx.delete(row)
    tx.add(ServerCertificate(**fields | changes | {"arn": arn_of(tx, f"server-certificate{path}{name}")}))


@op
def delete_server_certificate(tx: Tx, req: api.DeleteServerCertificateRequest) -> None:
    tx.delete(get_certificate(tx, req.server_certificate_name))


@op
def tag_server_certificate(tx: Tx, req: api.TagServerCertificateRequest) -> None:
    row = get_certificate(tx, req.server_certificate_name)
    tx.update(row, tags=new_tags(req.tags, row.tags))


@op
def untag_server_certificate(tx: Tx, req: api.UntagServerCertificateRequest) -> None:
    row = get_certificate(tx, req.server_certificate_name)
    tx.update(row, tags=without(row.tags, req.tag_keys))


@op(page_size=PAGE)
def list_server_certificate_tags(
    tx: Tx, req: api.ListServerCertificateTagsRequest
) -> api.ListServerCertificateTagsResponse:
    tags = tag_list(get_certificate(tx, req.server_certificate_name).tags)
    return api.ListServerCertificateTagsResponse(tags=tags)


# -- signing


def _signing(tx: Tx, name: str | None, certificate_id: str) -> SigningCertificate:
    user = user_or_caller(tx, name)
    row = tx.find(SigningCertificate, certificate_id)
    if row is None or row.user != user.key:
        raise api.NoSuchEntityException(f"The Certificate with id {certificate_id} cannot be found.")
    return row


@op
def upload_signing_certificate(
    tx: Tx, req: api.UploadSigningCertificateRequest
) -> api.UploadSigningCertificateResponse:
    user = user_or_caller(tx, req.user_name)
    body = req.certificate_body
    if _read(body) is None:
        raise api.MalformedCertificateException(f"Certificate {body} is malformed")
    rows = list(tx.select(SigningCertificate, user=user.key))
    if len(rows) >= PER_USER:
        raise api.LimitExceededException(f"Cannot exceed quota for CertificatesPerUser: {PER_USER}")
    if any(row.certificate_body.strip() == body.strip() for row in rows):
        raise api.DuplicateCertificateException("Certificate already exists.")
    row = tx.add(
        SigningCertificate(
            certificate_id=tx.ids.alnum(32, upper=True),
            user=user.key,
            user_name=user.user_name,
            certificate_body=body,
            upload_date=now(tx),
        )
    )
    return api.UploadSigningCertificateResponse(certificate=row)


@op(page_size=PAGE)
def list_signing_certificates(tx: Tx, req: api.ListSigningCertificatesRequest) -> api.ListSigningCertificatesResponse:
    user = user_or_caller(tx, req.user_name)
    return api.ListSigningCertificatesResponse(certificates=tx.select(SigningCertificate, user=user.key))


@op
def update_signing_certificate(tx: Tx, req: api.UpdateSigningCertificateRequest) -> None:
    tx.update(_signing(tx, req.user_name, req.certificate_id), status=req.status)


@op
def delete_signing_certificate(tx: Tx, req: api.DeleteSigningCertificateRequest) -> None:
    tx.delete(_signing(tx, req.user_name, req.certificate_id))
