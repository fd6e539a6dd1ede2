"""Identity providers that speak OpenID Connect."""

from __future__ import annotations

import hashlib
from urllib.parse import urlsplit

from sundog.api import iam as api
from sundog.core import Tx, op
from sundog.services.iam.common import PAGE, arn_of, invalid, new_tags, now, tag_list, without
from sundog.services.iam.state import OidcProvider

CLIENTS, THUMBPRINTS, PROVIDERS = 100, 5, 100


def get_provider(tx: Tx, arn: str) -> OidcProvider:
    row = tx.find(OidcProvider, arn)
    if row is None:
        raise api.NoSuchEntityException(f"OpenIDConnect Provider not found for arn {arn}")
    return row


def checked_thumbprints(thumbprints: list[str]) -> tuple[str, ...]:
    if len(thumbprints) > THUMBPRINTS:
        raise api.InvalidInputException("Thumbprint list must contain fewer than 5 entries.")
    for index, thumbprint in enumerate(thumbprints, 1):
        if len(thumbprint) != 40:
            rule = "greater" if len(thumbprint) < 40 else "less"
            raise invalid(
                f"1 validation error detected: Value '{thumbprint}' at 'thumbprintList.{index}.member' failed to "
                f"satisfy constraint: Member must have length {rule} than or equal to 40"
            )
    return tuple(dict.fromkeys(text.lower() for text in thumbprints))


@op
def create_open_id_connect_provider(
    tx: Tx, req: api.CreateOpenIDConnectProviderRequest
) -> api.CreateOpenIDConnectProviderResponse:
    """Know a provider by its URL. Without a thumbprint AWS fetches the certificate; here one is made of the URL."""
    parts = urlsplit(req.url)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query:
        raise invalid("Invalid Open ID Connect Provider URL")
    name = (parts.netloc.rpartition("@")[2].partition(":")[0] + parts.path).rstrip("/")
    arn = arn_of(tx, f"oidc-provider/{name}")
    if tx.find(OidcProvider, arn) is not None:
        raise api.EntityAlreadyExistsException("Provider with url " + req.url + " already exists.")
    clients = tuple(dict.fromkeys(req.client_id_list or ()))
    if len(clients) > CLIENTS:
        raise api.LimitExceededException(f"Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {CLIENTS}")
    given = list(req.thumbprint_list or ()) or [hashlib.sha1(parts.netloc.encode(), usedforsecurity=False).hexdigest()]
    row = OidcProvider(
        arn=arn,
        url=name,
        client_ids=clients,
        thumbprints=checked_thumbprints(given),
        create_date=now(tx),
        tags=new_tags(req.tags),
    )
    tx.add(row)
    return api.CreateOpenIDConnectProviderResponse(
        open_id_connect_provider_arn=arn, tags=tag_list(row.tags) if row.tags else None
    )


@op
def get_open_id_connect_provider(
    tx: Tx, req: api.GetOpenIDConnectProviderRequest
) -> api.GetOpenIDConnectProviderResponse:
    row = get_provider(tx, req.open_id_connect_provider_arn)
    return api.GetOpenIDConnectProviderResponse(
        url=row.url,
        client_id_list=list(row.client_ids),
        thumbprint_list=list(row.thumbprints),
        create_date=row.create_date,
        tags=tag_list(row.tags),
    )


@op
def list_open_id_connect_providers(
    tx: Tx, req: api.ListOpenIDConnectProvidersRequest
) -> api.ListOpenIDConnectProvidersResponse:
    rows = tx.select(OidcProvider)
    return api.ListOpenIDConnectProvidersResponse(
        open_id_connect_provider_list=[api.OpenIDConnectProviderListEntry(arn=row.arn) for row in rows]
    )


@op
def delete_open_id_connect_provider(tx: Tx, req: api.DeleteOpenIDConnectProviderRequest) -> None:
    """Forget a provider; one that isn't known is forgotten all the same."""
    row = tx.find(OidcProvider, req.open_id_connect_provider_arn)
    if row is not None:
        tx.delete(row)


@op
def add_client_id_to_open_id_connect_provider(tx: Tx, req: api.AddClientIDToOpenIDConnectProviderRequest) -> None:
    row = get_provider(tx, req.open_id_connect_provider_arn)
    if req.client_id not in row.client_ids:
        if len(row.client_ids) >= CLIENTS:
            raise api.LimitExceededException(f"Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {CLIENTS}")
        tx.update(row, client_ids=(*row.client_ids, req.client_id))


@op
def remove_client_id_from_open_id_connect_provider(
    tx: Tx, req: api.RemoveClientIDFromOpenIDConnectProviderRequest
) -> None:
    row = get_provider(tx, req.open_id_connect_provider_arn)
    tx.update(row, client_ids=tuple(client for client in row.client_ids if client != req.client_id))


@op
def update_open_id_connect_provider_thumbprint(tx: Tx, req: api.UpdateOpenIDConnectProviderThumbprintRequest) -> None:
    row = get_provider(tx, req.open_id_connect_provider_arn)
    tx.update(row, thumbprints=checked_thumbprints(list(req.thumbprint_list)))


@op
def tag_open_id_connect_provider(tx: Tx, req: api.TagOpenIDConnectProviderRequest) -> None:
    row = get_provider(tx, req.open_id_connect_provider_arn)
    tx.update(row, tags=new_tags(req.tags, row.tags))


@op
def untag_open_id_connect_provider(tx: Tx, req: api.UntagOpenIDConnectProviderRequest) -> None:
    row = get_provider(tx, req.open_id_connect_provider_arn)
    tx.update(row, tags=without(row.tags, req.tag_keys))


@op(page_size=PAGE)
def list_open_id_connect_provider_tags(
    tx: Tx, req: api.ListOpenIDConnectProviderTagsRequest
) -> api.ListOpenIDConnectProviderTagsResponse:
    row = get_provider(tx, req.open_id_connect_provider_arn)
    return api.ListOpenIDConnectProviderTagsResponse(tags=tag_list(row.tags))
