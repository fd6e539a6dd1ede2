"""Records."""

from __future__ import annotations

from typing import Any

from sundog.api import route53 as api
from sundog.core import AwsError, Tx, op
from sundog.core.structure import plain
from sundog.services.route53.state import HostedZone, RecordSet, full, new_change, order_of, zone_of
from sundog.services.route53.zone import records_of


@op
def change_resource_record_sets(
    tx: Tx, req: api.ChangeResourceRecordSetsRequest
) -> api.ChangeResourceRecordSetsResponse:
    """Make all changes, or none: the error names all that are wrong."""
    zone, wrong = zone_of(tx, req.hosted_zone_id), list[str]()
    for change in req.change_batch.changes:
        given = plain(change.resource_record_set)
        given = {**given, "Name": full(given["Name"])}
        if "AliasTarget" in given:
            given["AliasTarget"] = {**given["AliasTarget"], "DNSName": full(given["AliasTarget"]["DNSName"])}
        error = _apply(tx, zone, change.action, given)
        if error is not None:
            wrong.append(error)
    if wrong:
        text = ", ".join(wrong)
        raise AwsError("InvalidChangeBatch", f"[{text}]")
    return api.ChangeResourceRecordSetsResponse(change_info=new_change(tx, req.change_batch.comment))


def _apply(tx: Tx, zone: HostedZone, action: str, given: dict[str, Any]) -> str | None:
    name, kind, identifier = given["Name"], given["Type"], given.get("SetIdentifier", "")
    if name != zone.name and not name.endswith("." + zone.name):
        return f"RRSet with DNS name {name} is not permitted in zone {zone.name}"
    existing = tx.find(RecordSet, zone.id, order_of(name), kind, identifier)
    said = f"[name='{name}', type='{kind}'" + (f", set identifier='{identifier}']" if identifier else "]")
    if action == "CREATE" and existing is not None:
        return f"Tried to create resource record set {said} but it already exists"
    if action == "DELETE":
        if existing is None:
            return f"Tried to delete resource record set {said} but it was not found"
        if existing.data != given:
            return f"Tried to delete resource record set {said} but the values provided do not match the current values"
        if kind in ("NS", "SOA") and name == zone.name:
            return f"A HostedZone must contain exactly one {kind} record for the zone itself."
        tx.delete(existing)
        return None
    same = [row for row in records_of(tx, zone) if row.data["Name"] == name]
    if kind == "CNAME":
        if name == zone.name:
            return f"RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {zone.name}"
        if any(row.type != "CNAME" for row in same):
            return f"RRSet of type CNAME with DNS name {name} is not permitted as it conflicts with other records with the same DNS name in zone {zone.name}"  # noqa: E501
    elif any(row.type == "CNAME" for row in same):
        return f"RRSet of type {kind} with DNS name {name} is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone {zone.name}"  # noqa: E501
    if existing is not None:
        tx.update(existing, data=given)
    else:
        tx.add(RecordSet(zone=zone.id, order=order_of(name), type=kind, identifier=identifier, data=given))
    return None


@op(paged=False)
def list_resource_record_sets(tx: Tx, req: api.ListResourceRecordSetsRequest) -> api.ListResourceRecordSetsResponse:
    zone, size = zone_of(tx, req.hosted_zone_id), int(req.max_items or 300)
    rows = records_of(tx, zone)
    if req.start_record_type is not None and req.start_record_name is None:
        raise api.InvalidInput("StartRecordType requires StartRecordName.")
    if req.start_record_name is not None:
        begin = (order_of(full(req.start_record_name)), req.start_record_type or "", req.start_record_identifier or "")
        rows = [row for row in rows if (row.order, row.type, row.identifier) >= begin]
    page, rest = rows[:size], rows[size:]
    following = rest[0] if rest else None
    return api.ListResourceRecordSetsResponse(
        resource_record_sets=[row.data for row in page],
        is_truncated=bool(rest),
        next_record_name=following.data["Name"] if following else None,
        next_record_type=following.type if following else None,
        next_record_identifier=(following.identifier or None) if following else None,
        max_items=str(size),
    )
