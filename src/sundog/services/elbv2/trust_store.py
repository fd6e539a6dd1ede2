"""Trust stores: authorities' certificates and revocation lists, taken from S3."""

from __future__ import annotations

from typing import Any

from sundog.api import elbv2 as api
from sundog.core import AwsError, Tx, op, rows_of
from sundog.services.elbv2.common import arn, checked_arn, checked_name, checked_tags, new_part
from sundog.services.elbv2.state import Listener, Revocation, TrustStore

_BEGIN = b"-----BEGIN CERTIFICATE-----"


def get_trust_store(tx: Tx, trust_store_arn: str) -> TrustStore:
    """The trust store that a request names."""
    return tx.get(TrustStore, checked_arn(trust_store_arn, "truststore"))


def _object(tx: Tx, bucket: str, key: str, version: str | None, error: Any) -> bytes:
    try:
        members = {"version_id": version} if version is not None else {}
        body = tx.call("s3", "GetObject", bucket=bucket, key=key, **members).body
    except AwsError:
        raise error from None
    return body if isinstance(body, bytes) else body.read()


def _certificates(tx: Tx, req: Any) -> int:
    bucket, key = req.ca_certificates_bundle_s3_bucket, req.ca_certificates_bundle_s3_key
    missing = api.CaCertificatesBundleNotFoundException(f"The CA certificates bundle s3://{bucket}/{key} is not found")
    count = _object(tx, bucket, key, req.ca_certificates_bundle_s3_object_version, missing).count(_BEGIN)
    if not count:
        raise api.InvalidCaCertificatesBundleException("The CA certificates bundle contains no valid certificate")
    return count


def _shown(row: TrustStore) -> Any:
    return api.TrustStore(
        name=row.name,
        trust_store_arn=row.trust_store_arn,
        status=row.status,
        number_of_ca_certificates=row.number_of_ca_certificates,
        total_revoked_entries=sum(item.number_of_revoked_entries for item in row.revocations),
    )


@op
def create_trust_store(tx: Tx, req: api.CreateTrustStoreInput) -> api.CreateTrustStoreOutput:
    """Make a trust store of a bundle in S3."""
    checked_name(req.name, "Trust store")
    if tx.select(TrustStore, name=req.name):
        raise api.DuplicateTrustStoreNameException(f"A trust store with the name '{req.name}' already exists")
    row = tx.add(
        TrustStore(
            trust_store_arn=arn(tx, f"truststore/{req.name}/{new_part(tx)}"),
            name=req.name,
            number_of_ca_certificates=_certificates(tx, req),
            bucket=req.ca_certificates_bundle_s3_bucket,
            key=req.ca_certificates_bundle_s3_key,
            tags=checked_tags(req.tags),
        )
    )
    return api.CreateTrustStoreOutput(trust_stores=[_shown(row)])


@op
def modify_trust_store(tx: Tx, req: api.ModifyTrustStoreInput) -> api.ModifyTrustStoreOutput:
    """Replace the bundle."""
    row = get_trust_store(tx, req.trust_store_arn)
    row = tx.update(
        row,
        number_of_ca_certificates=_certificates(tx, req),
        bucket=req.ca_certificates_bundle_s3_bucket,
        key=req.ca_certificates_bundle_s3_key,
    )
    return api.ModifyTrustStoreOutput(trust_stores=[_shown(row)])


@op(page_size=400)
def describe_trust_stores(tx: Tx, req: api.DescribeTrustStoresInput) -> api.DescribeTrustStoresOutput:
    """List trust stores."""
    if req.trust_store_arns:
        rows = rows_of([get_trust_store(tx, each) for each in req.trust_store_arns])
    elif req.names:
        found = [tx.select(TrustStore, name=name).first() for name in req.names]
        if None in found:
            raise api.TrustStoreNotFoundException("One or more trust stores not found")
        rows = rows_of(found)
    else:
        rows = tx.select(TrustStore)
    return api.DescribeTrustStoresOutput(trust_stores=rows.map(_shown))


def _users(tx: Tx, row: TrustStore) -> list[str]:
    return [
        listener.listener_arn
        for listener in tx.select(Listener)
        if (listener.mutual_authentication or {}).get("TrustStoreArn") == row.trust_store_arn
    ]


@op
def delete_trust_store(tx: Tx, req: api.DeleteTrustStoreInput) -> api.DeleteTrustStoreOutput:
    """Delete a trust store that no listener uses."""
    row = get_trust_store(tx, req.trust_store_arn)
    if _users(tx, row):
        raise api.TrustStoreInUseException(f"Trust store '{row.trust_store_arn}' is currently in use by a listener")
    tx.delete(row)
    return api.DeleteTrustStoreOutput()


@op(page_size=400)
def describe_trust_store_associations(
    tx: Tx, req: api.DescribeTrustStoreAssociationsInput
) -> api.DescribeTrustStoreAssociationsOutput:
    """List the load balancers whose listeners use a trust store."""
    found = _users(tx, get_trust_store(tx, req.trust_store_arn))
    balancers = dict.fromkeys(tx.get(Listener, each).load_balancer_arn for each in found)
    return api.DescribeTrustStoreAssociationsOutput(
        trust_store_associations=[{"ResourceArn": each} for each in balancers]
    )


@op
def add_trust_store_revocations(tx: Tx, req: api.AddTrustStoreRevocationsInput) -> api.AddTrustStoreRevocationsOutput:
    """Add revocation lists out of S3."""
    from cryptography import x509

    row = get_trust_store(tx, req.trust_store_arn)
    added: list[Revocation] = []
    number = max((item.revocation_id for item in row.revocations), default=0)
    for item in req.revocation_contents or ():
        missing = api.RevocationContentNotFoundException(f"The revocation file {item.s3_key} is not found")
        data = _object(tx, item.s3_bucket, item.s3_key, item.s3_object_version, missing)
        try:
            entries = len(x509.load_pem_x509_crl(data))
        except ValueError:
            raise api.InvalidRevocationContentException("The revocation file does not contain a valid CRL") from None
        number += 1
        added.append(
            Revocation(
                revocation_id=number,
                revocation_type=item.revocation_type or "CRL",
                number_of_revoked_entries=entries,
                bucket=item.s3_bucket,
                key=item.s3_key,
            )
        )
    tx.update(row, revocations=(*row.revocations, *added))
    return api.AddTrustStoreRevocationsOutput(trust_store_revocations=[_revocation(row, item) for item in added])


def _revocation(row: TrustStore, item: Revocation) -> Any:
    return {
        "TrustStoreArn": row.trust_store_arn,
        "RevocationId": item.revocation_id,
        "RevocationType": item.revocation_type,
        "NumberOfRevokedEntries": item.number_of_revoked_entries,
    }


def _find(row: TrustStore, ids: list[int]) -> list[Revocation]:
    known = {item.revocation_id: item for item in row.revocations}
    for each in ids:
        if each not in known:
            raise api.RevocationIdNotFoundException(f"The revocation ID '{each}' is not found")
    return [known[each] for each in ids]


@op(page_size=400)
def describe_trust_store_revocations(
    tx: Tx, req: api.DescribeTrustStoreRevocationsInput
) -> api.DescribeTrustStoreRevocationsOutput:
    """List a trust store's revocation lists."""
    row = get_trust_store(tx, req.trust_store_arn)
    chosen = _find(row, req.revocation_ids) if req.revocation_ids else row.revocations
    return api.DescribeTrustStoreRevocationsOutput(trust_store_revocations=[_revocation(row, item) for item in chosen])


@op
def remove_trust_store_revocations(
    tx: Tx, req: api.RemoveTrustStoreRevocationsInput
) -> api.RemoveTrustStoreRevocationsOutput:
    """Remove revocation lists."""
    row = get_trust_store(tx, req.trust_store_arn)
    gone = _find(row, req.revocation_ids)
    tx.update(row, revocations=tuple(item for item in row.revocations if item not in gone))
    return api.RemoveTrustStoreRevocationsOutput()
