"""Identity providers that speak SAML."""

from __future__ import annotations

import datetime
from typing import Any

from sundog.api import iam as api
from sundog.core import Tx, op
from sundog.services.iam.common import PAGE, arn_of, new_tags, now, tag_list, without
from sundog.services.iam.state import SamlProvider

VALID = datetime.timedelta(days=36500)
MINIMUM = 1000
KEYS = 2


def get_provider(tx: Tx, arn: str) -> SamlProvider:
    row = tx.find(SamlProvider, arn)
    if row is None:
        raise api.NoSuchEntityException(f"Manifest not found for arn {arn}")
    return row


def checked_metadata(document: str) -> str:
    """A metadata document: XML with an entity's description, and no document type."""
    from xml.parsers import expat

    roots: list[str] = []

    def refuse(*_: Any) -> None:
        raise ValueError("a document type")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = lambda name, _: roots.append(name.rpartition(" ")[2])
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(document.encode(), True)
    except (expat.ExpatError, ValueError):
        raise api.InvalidInputException("Could not parse metadata") from None
    if not roots or roots[0] not in ("EntityDescriptor", "EntitiesDescriptor"):
        raise api.InvalidInputException("Could not parse metadata")
    return document


@op
def create_saml_provider(tx: Tx, req: api.CreateSAMLProviderRequest) -> api.CreateSAMLProviderResponse:
    arn = arn_of(tx, f"saml-provider/{req.name}")
    if tx.find(SamlProvider, arn) is not None:
        raise api.EntityAlreadyExistsException(f"SAMLProvider {req.name} already exists.")
    row = SamlProvider(
        arn=arn,
        name=req.name,
        uuid=f"saml-{tx.ids.alnum(26, upper=True)}",
        document=_metadata(tx, req.saml_metadata_document),
        create_date=now(tx),
        valid_until=now(tx) + VALID,
        encryption=req.assertion_encryption_mode,
        private_keys=((_key_id(tx), now(tx)),) if req.add_private_key is not None else (),
        tags=new_tags(req.tags),
    )
    tx.add(row)
    return api.CreateSAMLProviderResponse(saml_provider_arn=arn, tags=tag_list(row.tags) if row.tags else None)


def _metadata(tx: Tx, document: str) -> str:
    # Whoever tests provisioning writes no metadata of a thousand characters: only ``strict`` reads it as AWS does.
    return checked_metadata(document) if tx.setting("strict") else document


def _key_id(tx: Tx) -> str:
    return tx.ids.alnum(26, upper=True)


@op
def get_saml_provider(tx: Tx, req: api.GetSAMLProviderRequest) -> api.GetSAMLProviderResponse:
    row = get_provider(tx, req.saml_provider_arn)
    return api.GetSAMLProviderResponse(
        saml_provider_uuid=row.uuid,
        saml_metadata_document=row.document,
        create_date=row.create_date,
        valid_until=row.valid_until,
        tags=tag_list(row.tags),
        assertion_encryption_mode=row.encryption,
        private_key_list=[api.SAMLPrivateKey(key_id=key, timestamp=at) for key, at in row.private_keys] or None,
    )


@op
def list_saml_providers(tx: Tx, req: api.ListSAMLProvidersRequest) -> api.ListSAMLProvidersResponse:
    rows = tx.select(SamlProvider)
    return api.ListSAMLProvidersResponse(
        saml_provider_list=[
            api.SAMLProviderListEntry(arn=row.arn, valid_until=row.valid_until, create_date=row.create_date)
            for row in rows
        ]
    )


@op
def update_saml_provider(tx: Tx, req: api.UpdateSAMLProviderRequest) -> api.UpdateSAMLProviderResponse:
    row = get_provider(tx, req.saml_provider_arn)
    keys = row.private_keys
    if req.remove_private_key is not None:
        if all(key != req.remove_private_key for key, _ in keys):
            raise api.NoSuchEntityException(f"Private key {req.remove_private_key} not found")
        keys = tuple(pair for pair in keys if pair[0] != req.remove_private_key)
    if req.add_private_key is not None:
        if len(keys) >= KEYS:
            raise api.LimitExceededException(f"Cannot exceed quota for PrivateKeysPerSAMLProvider: {KEYS}")
        keys = (*keys, (_key_id(tx), now(tx)))
    document = req.saml_metadata_document
    tx.update(
        row,
        document=row.document if document is None else _metadata(tx, document),
        valid_until=row.valid_until if document is None else now(tx) + VALID,
        encryption=req.assertion_encryption_mode or row.encryption,
        private_keys=keys,
    )
    return api.UpdateSAMLProviderResponse(saml_provider_arn=row.arn)


@op
def delete_saml_provider(tx: Tx, req: api.DeleteSAMLProviderRequest) -> None:
    tx.delete(get_provider(tx, req.saml_provider_arn))


@op
def tag_saml_provider(tx: Tx, req: api.TagSAMLProviderRequest) -> None:
    row = get_provider(tx, req.saml_provider_arn)
    tx.update(row, tags=new_tags(req.tags, row.tags))


@op
def untag_saml_provider(tx: Tx, req: api.UntagSAMLProviderRequest) -> None:
    row = get_provider(tx, req.saml_provider_arn)
    tx.update(row, tags=without(row.tags, req.tag_keys))


@op(page_size=PAGE)
def list_saml_provider_tags(tx: Tx, req: api.ListSAMLProviderTagsRequest) -> api.ListSAMLProviderTagsResponse:
    return api.ListSAMLProviderTagsResponse(tags=tag_list(get_provider(tx, req.saml_provider_arn).tags))
