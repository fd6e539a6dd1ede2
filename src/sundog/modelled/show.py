"""How a resource is shown in a structure of its service."""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from sundog.modelled.forms import PAGER, is_document, tag_form
from sundog.modelled.identity import status_path
from sundog.modelled.names import canon, low, suffixes
from sundog.modelled.override import noun_override
from sundog.modelled.resource import Resource, index_of
from sundog.modelled.table import Noun
from sundog.modelled.template import NO_VALUE, value
from sundog.modelled.values import fit, is_union, tags_as, zero

if TYPE_CHECKING:
    from sundog.core.tx import Tx

_CREATED = re.compile(
    r"^(created|create|creation|requested|request|submitted|submit|registered|registration|started|start|added|"
    r"invited|attached|associated|associate|assigned|granted|joined|launch|launched|time)"
    r"(at|time|date|datetime|timestamp|on|attime|timeutc|dateutc|datetimeutc|epoch)?$"
    r"|^(time|date)(created|submitted|requested|started|stamp)$|^timestamp$|creat(ed|ion)(at|time|date|timestamp|datetime|on)$"
)
_CHANGED = re.compile(
    r"^(last)?(updated?|modified|modification|changed?|published|edited|statuschange|statusupdate|stateupdate|refreshed)"
    r"(at|time|date|datetime|timestamp|on|attime|timeutc|dateutc)?$"
    r"|^(last)?(status|state|record|resource|configuration|config)?(last)?(updated|modified|modification|update|changed)"
    r"(at|time|date|timestamp|datetime|on)$|^date(modified|updated)$"
)
_ENDED = re.compile(
    r"^(end|ended|completed|completion|finished|finish|stopped|stop)(at|time|date|datetime|timestamp|on)?$"
)
_ACCOUNT = frozenset(
    [
        "accountid",
        "ownerid",
        "awsaccountid",
        "owneraccountid",
        "owneraccount",
        "awsaccount",
        "ownerawsaccountid",
        "resourceownerid",
        "account",
        "creatoraccountid",
        "sourceaccountid",
        "owningaccountid",
        "resourceowneraccountid",
        "resourceowner",
        "owningaccount",
        "registryid",
        "catalogid",
        "owninguserid",
        "adminaccountid",
        "accountowner",
        "creatoraccount",
        "requesteraccountid",
    ]
)
_FINITE = re.compile(
    r"(Job|Run|Execution|Task|Query|Import|Export|Build|Invocation|Operation|Request|Statement|Scan|Crawl)$"
)
_REGION = frozenset({"region", "awsregion", "regionname", "homeregion"})
_CREATOR = frozenset(
    [
        "createdby",
        "lastmodifiedby",
        "lastupdatedby",
        "modifiedby",
        "updatedby",
        "creatorarn",
        "createdbyarn",
        "owner",
        "ownerarn",
        "creator",
    ]
)
_ETAG = frozenset(
    ["etag", "locktoken", "revisionid", "updatetoken", "changetoken", "versiontoken", "concurrencytoken", "fingerprint"]
)
_VERSION = frozenset(
    ["version", "revision", "versionnumber", "currentversion", "latestversion", "latestversionnumber", "defaultversion"]
)
_PART = re.compile(
    r"(config|configuration|properties|settings|definition|options|spec|specification|attributes|details?|info|data|metadata|"
    r"summary|response|identifier|description|state|input|content)$"
)


class View:
    """A resource with the names under which its values are asked for."""

    __slots__ = ("extra", "names", "noun", "now", "row", "service", "status", "tx", "untagged")

    def __init__(
        self, tx: Tx, service: Any, noun: Noun | None, row: Resource | None, extra: dict[str, Any] | None = None
    ) -> None:
        self.tx = tx
        self.service = service
        self.noun = noun
        self.row = row
        self.now: datetime.datetime = tx.now
        name = noun.name if noun is not None else ""
        self.names: dict[str, Any] = index_of(row.data, name) if row is not None else {}
        self.extra: dict[str, Any] = {low(k): v for k, v in extra.items()} if extra else {}
        self.status = row.status if row is not None else ""
        self.untagged = False
        if noun is not None and row is not None:
            tuned = noun_override(service, noun.name)
            self.untagged = tuned.untagged
            for member, source in tuned.rename.items():
                found = value(tx, source, self.names, {"key": row.key, "arn": row.arn, "status": row.status})
                if found is not NO_VALUE:
                    self.names[low(member)] = found

    @property
    def noun_name(self) -> str:
        return self.noun.name if self.noun is not None else ""


def show(view: View, shape: StructureShape, given: dict[str, Any] | None = None, depth: int = 0) -> dict[str, Any]:
    """The resource in a structure. ``given``: members that are known already."""
    made: dict[str, Any] = {}
    if is_document(shape):
        return made
    noun = view.noun_name
    status = _status_path(view, shape) if view.row is not None else ""
    union = is_union(shape)
    for name, member in shape.members.items():
        if given is not None and name in given:
            made[name] = given[name]
            continue
        key = low(name)
        if key in PAGER and name not in shape.required_members:
            continue
        shown = _value(view, name, key, member, noun, status, depth)
        if shown is not None:
            made[name] = shown
            if union:
                return made
    if union and not made:
        return _union(view, shape)
    for name in shape.required_members:
        if name not in made:
            member = shape.members[name]
            if isinstance(member, StructureShape) and depth < 6 and not is_document(member):
                made[name] = (
                    show(view, member, None, depth + 1) if not is_union(member) else zero(member, name, view.now)
                )
            else:
                made[name] = zero(member, name, view.now)
    return made


def _status_path(view: View, shape: StructureShape) -> str:
    """The path of the status here: the noun's own, where the structure has that."""
    known: dict[tuple[str, str], str] = view.service.plans.setdefault("status paths", {})
    found = known.get((shape.name, view.noun_name))
    if found is None:
        own = view.noun.status if view.noun is not None else ""
        found = own if own and own.split(".")[0] in shape.members else status_path(shape, view.noun_name)
        known[shape.name, view.noun_name] = found
    return found


def _union(view: View, shape: StructureShape) -> dict[str, Any]:
    for name, member in shape.members.items():
        if isinstance(member, StructureShape) and not is_document(member):
            return {name: show(view, member, None, 1)}
    return zero(shape, "", view.now)


def _value(view: View, name: str, key: str, member: Shape, noun: str, status: str, depth: int) -> Any:
    if view.row is not None:
        if status and status.split(".")[0] == name and view.status:
            found = _status(view, status, member)
            if found is not None:
                return found
        if (
            tag_form(member)
            and not view.untagged
            and (key in ("tags", "taglist", "tagset", "resourcetags") or key.endswith("tags"))
        ):
            if view.row.tags or (depth == 0 and not member.metadata.get("min")):
                return tags_as(view.row.tags, member)
            return None
    short = canon(name, noun) if noun else key
    raw = view.names.get(key)
    if raw is None:
        raw = view.names.get(short)
    if raw is not None:
        fitting = fit(raw, member, view.now)
        if fitting is not None:
            return fitting
    if view.row is not None:
        found = special(view, key, short, member)
        if found is not None:
            return found
    raw = view.extra.get(key)
    if raw is not None:
        fitting = fit(raw, member, view.now)
        if fitting is not None:
            return fitting
    if (
        isinstance(member, StructureShape)
        and view.row is not None
        and depth < 3
        and not is_document(member)
        and not is_union(member)
    ) and (_PART.search(key) or key in suffixes(noun)):
        return _part(view, member, depth)
    return None


def _part(view: View, member: StructureShape, depth: int) -> dict[str, Any] | None:
    """A structure within the resource's own, if something of the resource belongs in it."""
    noun = view.noun_name
    held = any(low(n) in view.names or canon(n, noun) in ("arn",) for n in member.members)
    if not held or not all(_can(view, n) for n in member.required_members):
        return None
    found = show(view, member, None, depth + 1)
    return found or None


def _can(view: View, name: str) -> bool:
    return low(name) in view.names or canon(name, view.noun_name) in view.names


def _status(view: View, path: str, member: Shape) -> Any:
    _first, _, inner = path.partition(".")
    if not inner:
        return status_in(view.status, member)
    assert isinstance(member, StructureShape)
    made = {inner: status_in(view.status, member.members[inner])}
    for name in member.required_members:
        if name not in made:
            made[name] = zero(member.members[name], name, view.now)
    return made


def status_in(status: str, shape: Shape) -> Any:
    """The status as a shape's enumeration spells it."""
    enum = shape.metadata.get("enum")
    if not enum or status in enum:
        return status if shape.type_name == "string" else None
    wanted = low(status)
    for known in enum:
        if low(known) == wanted:
            return known
    return enum[0]


def special(view: View, key: str, short: str, member: Shape) -> Any:
    """What every resource has, under the names that services give it."""
    row = view.row
    assert row is not None
    kind = member.type_name
    if kind == "string":
        if short in ("arn", "resourcearn", "idorarn") or (short == "id" and not row.key):
            return row.arn
        if short in ("id", "") and row.key:
            return row.key if len(row.key) >= member.metadata.get("min", 0) else stable_id(row)
        if short == "name" and row.key and view.noun is not None and view.noun.idents[:1] == ("name",):
            return row.key
        if key in _ACCOUNT:
            return view.tx.account
        if key in _REGION:
            return view.tx.region
        if key in _CREATOR and row.creator and key != "owner":
            return row.creator
        if key in _ETAG:
            return token_of(row)
        if (
            short in _VERSION
            and view.noun is not None
            and view.noun.idents[:1] in (("version",), ("number",), ("revision",))
        ):
            return row.key
        if short in _VERSION and not member.metadata.get("enum"):
            return _version(row, member)
        if (
            _CREATED.match(short)
            and ("time" in short or "date" in short or short.endswith("at"))
            and not member.metadata.get("enum")
        ):
            return _iso(row.made)
        if (
            _CHANGED.match(short)
            and ("time" in short or "date" in short or short.endswith("at"))
            and not member.metadata.get("enum")
        ):
            return _iso(row.changed)
        return None
    if kind == "timestamp":
        if _CREATED.search(short) and (not short.startswith("start") or _FINITE.search(row.noun)):
            return row.made
        if _CHANGED.search(short):
            return row.changed
        if _ENDED.match(short) and row.status in _DONE:
            return row.changed
        return None
    if kind in ("integer", "long") and short in ("", *_VERSION, "number", "id"):
        own = view.noun is not None and view.noun.idents[:1] in (("version",), ("number",), ("revision",), ("id",))
        if own and row.key.isdigit():
            return int(row.key)
        return row.revision if short in _VERSION else None
    if kind in ("long", "double", "integer") and (_CREATED.match(short) or _CHANGED.match(short)) and len(short) > 5:
        moment = row.made if _CREATED.match(short) else row.changed
        return int(moment.timestamp()) if moment is not None and kind != "double" else None
    return None


_DONE = frozenset(
    [
        "SUCCEEDED",
        "COMPLETED",
        "SUCCESS",
        "COMPLETE",
        "STOPPED",
        "FAILED",
        "CANCELLED",
        "CANCELED",
        "FINISHED",
        "Completed",
        "Succeeded",
    ]
)


def stable_id(row: Resource) -> str:
    """An id for what is known by a name: always the same one."""
    import hashlib

    text = f"{row.home}/{row.scope}/{row.key}/{row.serial_}"
    digest = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:]}"


def token_of(row: Resource) -> str:
    """The token of a resource's state: it changes with every write."""
    import hashlib

    text = f"{row.home}/{row.scope}/{row.key}/{row.serial_}/{row.revision}"
    digest = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"


def _version(row: Resource, member: Shape) -> str | None:
    least, most = member.metadata.get("min", 0), member.metadata.get("max", 999)
    text = str(row.revision)
    return text if least <= len(text) <= most else None


def _iso(moment: datetime.datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def of_member(view: View, name: str, shape: Shape, noun: str) -> Any:
    """What stands for the resource in a list of strings."""
    row = view.row
    assert row is not None
    key = low(name)
    short = canon(name.rstrip("s"), noun)
    if key.endswith(("arns", "arn", "arnlist")):
        return row.arn
    if short.endswith("name") and view.names.get("name"):
        return str(view.names["name"])
    if short.endswith("id") and view.names.get("id"):
        return str(view.names["id"])
    if row.key:
        return row.key
    return next((str(value) for value in view.names.values() if isinstance(value, str)), None)


__all__ = ["ListShape", "MapShape", "View", "of_member", "show", "special", "status_in", "token_of"]
