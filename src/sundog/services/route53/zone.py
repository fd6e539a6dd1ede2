"""Hosted zones."""

from __future__ import annotations

from typing import Any

from sundog.api import route53 as api
from sundog.core import Tx, op
from sundog.core.structure import plain
from sundog.core.tag import to_dict
from sundog.services.route53.state import Change, HostedZone, RecordSet, full, new_change, order_of, zone_of


def records_of(tx: Tx, zone: HostedZone) -> list[RecordSet]:
    from sundog.core.table import TOP

    return list(tx.range(RecordSet, (zone.id,), (zone.id, TOP)))


@op
def create_hosted_zone(tx: Tx, req: api.CreateHostedZoneRequest) -> api.CreateHostedZoneResponse:
    name, reference = full(req.name), req.caller_reference
    if tx.select(HostedZone, caller_reference=reference).first() is not None:
        raise api.HostedZoneAlreadyExists(
            f"A hosted zone has already been created with the specified caller reference: {reference}"
        )
    if req.delegation_set_id is not None:
        raise api.NoSuchDelegationSet(f"No delegation set found with ID: {req.delegation_set_id}")
    config = req.hosted_zone_config
    private = req.vpc is not None or bool(config is not None and config.private_zone)
    zone_id = "Z" + tx.ids.alnum(20, upper=True)
    numbers = [int(tx.ids.hex(4), 16) % 512 + part * 512 for part in range(4)]
    servers = tuple(
        f"ns-{number}.awsdns-{number % 64:02d}.{end}"
        for number, end in zip(numbers, ("com", "net", "org", "co.uk"), strict=True)
    )
    if private:
        servers = tuple(f"ns-{number}.awsdns-00.{end}" for number, end in
                        zip((1536, 0, 1024, 512), ("co.uk", "com", "org", "net"), strict=True))  # fmt: skip
    zone = tx.add(
        HostedZone(
            id=zone_id,
            name=name,
            caller_reference=reference,
            comment=config.comment if config is not None else None,
            private=private,
            vpcs=(plain(req.vpc),) if req.vpc is not None else (),
            name_servers=servers,
        )
    )
    soa = f"{servers[0]}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"
    for kind, life, values in (("NS", 172800, [f"{server}." for server in servers]), ("SOA", 900, [soa])):
        data = {"Name": name, "Type": kind, "TTL": life, "ResourceRecords": [{"Value": value} for value in values]}
        tx.add(RecordSet(zone=zone_id, order=order_of(name), type=kind, data=data))
    return api.CreateHostedZoneResponse(
        hosted_zone=_shown(tx, zone),
        change_info=new_change(tx),
        delegation_set=None if private else api.DelegationSet(name_servers=list(servers)),
        vpc=zone.vpcs[0] if zone.vpcs else None,
        location=f"https://route53.amazonaws.com/2013-04-01/hostedzone/{zone_id}",
    )


def _shown(tx: Tx, zone: HostedZone) -> dict[str, Any]:
    config: dict[str, Any] = {"PrivateZone": zone.private}
    if zone.comment is not None:
        config["Comment"] = zone.comment
    return {
        "Id": f"/hostedzone/{zone.id}",
        "Name": zone.name,
        "CallerReference": zone.caller_reference,
        "Config": config,
        "ResourceRecordSetCount": len(records_of(tx, zone)),
    }


@op
def get_hosted_zone(tx: Tx, req: api.GetHostedZoneRequest) -> api.GetHostedZoneResponse:
    zone = zone_of(tx, req.id)
    return api.GetHostedZoneResponse(
        hosted_zone=_shown(tx, zone),
        delegation_set=None if zone.private else api.DelegationSet(name_servers=list(zone.name_servers)),
        _vpcs=list(zone.vpcs) or None,
    )


@op(paged=False)
def list_hosted_zones(tx: Tx, req: api.ListHostedZonesRequest) -> api.ListHostedZonesResponse:
    size = int(req.max_items or 100)
    zones = list(tx.select(HostedZone))
    if req.hosted_zone_type is not None:
        zones = [zone for zone in zones if zone.private]
    if req.delegation_set_id is not None:
        zones = []
    start = next((place for place, zone in enumerate(zones) if zone.id == req.marker), 0)
    page, rest = zones[start : start + size], zones[start + size :]
    return api.ListHostedZonesResponse(
        hosted_zones=[_shown(tx, zone) for zone in page],
        marker=req.marker,
        is_truncated=bool(rest),
        next_marker=rest[0].id if rest else None,
        max_items=str(size),
    )


@op(paged=False)
def list_hosted_zones_by_name(tx: Tx, req: api.ListHostedZonesByNameRequest) -> api.ListHostedZonesByNameResponse:
    size = int(req.max_items or 100)
    zones = sorted(tx.select(HostedZone), key=lambda zone: (order_of(zone.name), zone.id))
    if req.dns_name is not None:
        begin = (order_of(full(req.dns_name)), (req.hosted_zone_id or "").removeprefix("/hostedzone/"))
        zones = [zone for zone in zones if (order_of(zone.name), zone.id) >= begin]
    page, rest = zones[:size], zones[size:]
    return api.ListHostedZonesByNameResponse(
        hosted_zones=[_shown(tx, zone) for zone in page],
        dns_name=req.dns_name,
        hosted_zone_id=req.hosted_zone_id,
        is_truncated=bool(rest),
        next_dns_name=rest[0].name if rest else None,
        next_hosted_zone_id=rest[0].id if rest else None,
        max_items=str(size),
    )


@op
def get_hosted_zone_count(tx: Tx, _: api.GetHostedZoneCountRequest) -> api.GetHostedZoneCountResponse:
    return api.GetHostedZoneCountResponse(hosted_zone_count=tx.select(HostedZone).count())


@op
def update_hosted_zone_comment(tx: Tx, req: api.UpdateHostedZoneCommentRequest) -> api.UpdateHostedZoneCommentResponse:
    zone = tx.update(zone_of(tx, req.id), comment=req.comment)
    return api.UpdateHostedZoneCommentResponse(hosted_zone=_shown(tx, zone))


@op
def delete_hosted_zone(tx: Tx, req: api.DeleteHostedZoneRequest) -> api.DeleteHostedZoneResponse:
    zone = zone_of(tx, req.id)
    records = records_of(tx, zone)
    if any(row.type not in ("NS", "SOA") or row.data["Name"] != zone.name for row in records):
        raise api.HostedZoneNotEmpty(
            "The specified hosted zone contains non-required resource record sets  and so cannot be deleted."
        )
    for row in [*records, zone]:
        tx.delete(row)
    return api.DeleteHostedZoneResponse(change_info=new_change(tx))


@op
def get_change(tx: Tx, req: api.GetChangeRequest) -> api.GetChangeResponse:
    plain_id = req.id.removeprefix("/change/")
    change = tx.find(Change, plain_id)
    if change is None:
        raise api.NoSuchChange(f"Could not find resource with ID: {plain_id}")
    told = {"Id": f"/change/{change.id}", "Status": "INSYNC", "SubmittedAt": change.submitted}
    if change.comment is not None:
        told["Comment"] = change.comment
    return api.GetChangeResponse(change_info=told)


@op
def change_tags_for_resource(tx: Tx, req: api.ChangeTagsForResourceRequest) -> api.ChangeTagsForResourceResponse:
    if req.resource_type != "hostedzone":
        return tx.modelled("ChangeTagsForResource", req)
    zone, gone = zone_of(tx, req.resource_id), set(req.remove_tag_keys or ())
    kept = {key: value for key, value in zone.tags.items() if key not in gone}
    tx.update(zone, tags={**kept, **to_dict(req.add_tags)})
    return api.ChangeTagsForResourceResponse()


@op
def list_tags_for_resource(tx: Tx, req: api.ListTagsForResourceRequest) -> api.ListTagsForResourceResponse:
    if req.resource_type != "hostedzone":
        return tx.modelled("ListTagsForResource", req)
    zone = zone_of(tx, req.resource_id)
    return api.ListTagsForResourceResponse(
        resource_tag_set=api.ResourceTagSet(resource_type="hostedzone", resource_id=zone.id, tags=zone.tags)
    )


@op
def associate_vpc_with_hosted_zone(
    tx: Tx, req: api.AssociateVPCWithHostedZoneRequest
) -> api.AssociateVPCWithHostedZoneResponse:
    zone, vpc = zone_of(tx, req.hosted_zone_id), plain(req.vpc)
    if not zone.private:
        raise api.PublicZoneVPCAssociation("You're trying to associate a VPC with a public hosted zone.")
    kept = tuple(one for one in zone.vpcs if one["VPCId"] != vpc["VPCId"])
    tx.update(zone, vpcs=(*kept, vpc))
    return api.AssociateVPCWithHostedZoneResponse(change_info=new_change(tx, req.comment))


@op
def disassociate_vpc_from_hosted_zone(
    tx: Tx, req: api.DisassociateVPCFromHostedZoneRequest
) -> api.DisassociateVPCFromHostedZoneResponse:
    zone, gone = zone_of(tx, req.hosted_zone_id), plain(req.vpc)["VPCId"]
    kept = tuple(one for one in zone.vpcs if one["VPCId"] != gone)
    if len(kept) == len(zone.vpcs):
        raise api.VPCAssociationNotFound("The VPC that you specified is not associated with the hosted zone.")
    if not kept:
        raise api.LastVPCAssociation(
            "The VPC that you specified is the last one that is associated with the hosted zone."
        )
    tx.update(zone, vpcs=kept)
    return api.DisassociateVPCFromHostedZoneResponse(change_info=new_change(tx, req.comment))
