"""One transaction: what a handler sees of its cloud."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from sundog.core import filter as filters_
from sundog.core.arn import DNS_SUFFIXES, partition_of
from sundog.core.outbox import post
from sundog.core.page import Rows
from sundog.core.record import Record
from sundog.core.tag import NO_TAGS, Tags, ec2_checked, to_dict
from sundog.core.task import Task, name_of
from sundog.wire.errors import AwsError

if TYPE_CHECKING:
    from sundog.cloud import Cloud
    from sundog.core.calls import Call
    from sundog.core.credential import Caller
    from sundog.core.structure import Structure
    from sundog.core.waiters import Topic
    from sundog.wire.http import Request
    from sundog.wire.profile import Profile

R = TypeVar("R", bound=Record)


class Wait(Exception):
    """The handler gives up until something changes, or until ``deadline`` (a timestamp of the cloud's clock).

    ``seconds``: how far away that was. freezegun may give two callers two times. ``until``: when the handler should
    look again though nobody changes anything. ``topics``: the tables (or parts of them) whose changes matter, with
    ``moved``, how often they had changed when the handler looked; without any, every change does.
    """

    def __init__(
        self,
        deadline: float,
        seconds: float = float("inf"),
        until: float | None = None,
        topics: tuple[Topic, ...] = (),
        moved: int | None = None,
    ) -> None:
        super().__init__(deadline)
        self.deadline = deadline
        self.seconds = seconds
        self.until = until
        self.topics = topics
        self.moved = moved

    def seconds_left(self, cloud: Cloud) -> float:
        return min(max(0.0, self.deadline - cloud.clock.timestamp()), self.seconds)

    def next_look(self, cloud: Cloud) -> float | None:
        """In how many seconds time itself may end the wait: something comes due, or ``until`` is reached."""
        moments = [moment for moment in (cloud.next_due, self.until) if moment is not None]
        return max(0.0, min(moments) - cloud.clock.timestamp()) + 0.001 if moments else None


class _Work:
    """What all scopes of one transaction share."""

    __slots__ = ("after", "caller", "depth", "final", "tagged", "unused_specifications")

    def __init__(self) -> None:
        self.after: list[tuple[Tx, Callable[..., Any], tuple[Any, ...]]] = []
        self.caller: Caller | None = None
        self.final = False
        self.depth = 0
        self.tagged: set[str] = set()
        self.unused_specifications: Any = None

    def enter(self) -> tuple[int, set[str], Any]:
        """An inner call begins, with tag specifications of its own; gives what ``leave`` takes."""
        outer = (len(self.after), self.tagged, self.unused_specifications)
        self.tagged, self.unused_specifications = set(), None
        return outer

    def leave(self, outer: tuple[int, set[str], Any]) -> None:
        _, self.tagged, self.unused_specifications = outer


class Tx:
    """A transaction in one account and region. An exception out of the handler undoes all of it.

    ``now`` is the cloud's time (UTC) and stands still; ``entry`` is the call's entry in the log.
    """

    __slots__ = ("_work", "account", "cloud", "entry", "now", "region", "service", "store")

    def __init__(
        self, cloud: Cloud, call: Call, service: str, account: str, region: str, work: _Work | None = None
    ) -> None:
        self.cloud = cloud
        self.store = cloud.store
        self.entry = call
        self.service = service
        self.account = account
        self.region = region
        self.now: datetime.datetime = cloud.clock.now()
        self._work = work or _Work()

    def in_(self, account: str | None = None, region: str | None = None, service: str | None = None) -> Tx:
        """The same transaction, seen from another account or region."""
        made = Tx(
            self.cloud, self.entry, service or self.service, account or self.account, region or self.region, self._work
        )
        made.now = self.now
        return made

    # -- who and where --------------------------------------------------------------------------------------------

    @property
    def profile(self) -> Profile | None:
        """The other cloud that is called, which copies AWS's API; None for AWS itself."""
        return self.entry.profile

    @property
    def partition(self) -> str:
        profile = self.entry.profile
        return partition_of(self.region) if profile is None else profile.partition

    @property
    def dns_suffix(self) -> str:
        return DNS_SUFFIXES[partition_of(self.region)]

    @property
    def caller(self) -> Caller:
        """Who makes the call."""
        caller = self._work.caller
        if caller is None:
            caller = self._work.caller = self.cloud.caller(self.entry)
        return caller

    @property
    def http(self) -> Request | None:
        """The client's request, also in what follows from its call; None if there is none."""
        entry: Call | None = self.entry
        while entry is not None:
            if entry.http is not None:
                return entry.http
            entry = entry.cause
        return None

    def arn(
        self, resource: str, service: str | None = None, region: str | None = None, account: str | None = None
    ) -> str:
        """The ARN of a resource here; ``region=""`` or ``account=""`` leave these out."""
        where = self.region if region is None else region
        owner = self.account if account is None else account
        return f"arn:{self.partition}:{service or self.service}:{where}:{owner}:{resource}"

    def setting(self, name: str) -> Any:
        """One of the cloud's settings."""
        return getattr(self.cloud.settings, name)

    # -- names and chance -----------------------------------------------------------------------------------------

    def new_id(self, prefix: str) -> str:
        """``prefix-`` and 17 hexadecimal digits; as many as it has in another cloud."""
        profile = self.entry.profile
        if profile is not None and profile.id_digits != 17:
            return f"{prefix}-{self.cloud.ids.hex(profile.id_digits)}"
        return self.cloud.ids.new(prefix)

    @property
    def ids(self) -> Any:
        """The cloud's generator of ids, secrets and chance."""
        return self.cloud.ids

    # -- reading --------------------------------------------------------------------------------------------------

    def find(self, kind: type[R], *key: Any) -> R | None:
        """The row with the key, or None."""
        return self._part(kind).get(key[0] if len(key) == 1 else key)

    def get(self, kind: type[R], *key: Any) -> R:
        """The row with the key; AWS's error for a missing one if there is none."""
        found = self._part(kind).get(key[0] if len(key) == 1 else key)
        if found is None:
            raise missing(kind, key)
        return found

    def get_all(self, kind: type[R], keys: Iterable[Any]) -> list[R]:
        """The rows with the keys, in their order; one error names all that are missing."""
        part = self._part(kind)
        found: list[R] = []
        lacking: list[Any] = []
        for key in keys:
            row = part.get(key)
            if row is None:
                lacking.append(key)
            else:
                found.append(row)
        if lacking:
            raise missing(kind, lacking)
        return found

    def select(self, kind: type[R], **equal: Any) -> Rows[R]:
        """All rows of the kind here, in their order; only those whose fields equal the given values.

        A declared index is used for the first field that has one.
        """
        part = self._part(kind)
        if not equal:
            return Rows(part.scan)
        indexes = kind.meta_.indexes
        scan: Any = part.scan
        for name in equal:
            if name in indexes:
                value = equal.pop(name)
                scan = part.index_scan(name, value)
                break
        rows: Rows[R] = Rows(scan)
        for name, value in equal.items():
            rows = rows.where(lambda row, name=name, value=value: getattr(row, name) == value)
        return rows

    def range(self, kind: type[R], start: Any = None, stop: Any = None, reverse: bool = False) -> Iterator[R]:
        """Rows by key from ``start`` (included) to ``stop`` (not included)."""
        return self._part(kind).range(start, stop, reverse)

    def count(self, kind: type[Record], start: Any = None, stop: Any = None) -> int:
        """How many rows ``range`` would give; it doesn't go through them."""
        return self._part(kind).count(start, stop)

    def everywhere(self, kind: type[R]) -> Iterator[tuple[str, str, R]]:
        """Account, region and row of every row of the kind in the cloud."""
        return self.store.everywhere(kind)

    def search(
        self,
        kind: type[R],
        ids: Iterable[Any] | None = None,
        filters: Iterable[Any] | None = None,
        among: Rows[R] | None = None,
    ) -> Rows[R]:
        """Rows by their ids and by a request's filters, as EC2's describing operations take them.

        A declared filter is a path of attributes, or a function: ``values(tx, row)`` gives what it compares. ``among``: only
        these rows, which need not be in the table.
        """
        declared = kind.meta_.filters or {}
        rows: Rows[R] | None = among
        wanted = filters_.checked(filters) if filters else []
        if ids:
            unique = list(dict.fromkeys(ids))
            by_id = self.get_all(kind, unique)
            rows = rows_of(by_id)
        predicates: list[Any] = []
        for name, values in wanted:
            path = declared.get(name)
            if path is None:
                match = filters_.tag_match(name, values, lambda row: row.tags) if kind.meta_.tagged_as else None
                if match is None:
                    raise filters_.unknown_filter(name)
                predicates.append(match)
                continue
            if callable(path):
                predicates.append(filters_.computed_match(functools.partial(path, self), values))
                continue
            exact = rows is None and not any(filters_.has_wildcard(value) for value in values)
            if exact and path in kind.meta_.indexes and isinstance(next(self._part(kind).index_values(path), ""), str):
                if len(values) == 1:
                    rows = Rows(self._part(kind).index_scan(path, values[0]))
                    continue
                found = {row.serial_: row for value in values for row in self.select(kind, **{path: value})}
                rows = rows_of([found[serial] for serial in sorted(found)])
                continue
            if exact and kind.meta_.keys == (path,) and self._has_text_keys(kind, path):
                hits = (self.find(kind, value) for value in dict.fromkeys(values))
                rows = rows_of([row for row in hits if row is not None])
                continue
            predicates.append(filters_.field_match(path, values))
        if rows is None:
            rows = Rows(self._part(kind).scan)
        for predicate in predicates:
            rows = rows.where(predicate)
        return rows

    def _has_text_keys(self, kind: type[Record], name: str) -> bool:
        first = self._part(kind).first()
        return first is None or isinstance(getattr(first, name), str)

    def _part(self, kind: type[Record]) -> Any:
        return self.store.part(kind, self.account, self.region)

    # -- changing -------------------------------------------------------------------------------------------------

    def add(self, row: R, tags: Any = None) -> R:
        """Add a row; ``tags`` may be a dict, tags in the request's form, or EC2's tag specifications."""
        if tags:
            found = self._tags_for(type(row), tags)
            if found:
                row = msgspec.structs.replace(row, tags=found)
        return self._part(type(row)).add(row)

    def update(self, row: R, **changes: Any) -> R:
        """Replace the row by one with the changes."""
        return self._part(type(row)).replace(row, msgspec.structs.replace(row, **changes))

    def delete(self, row: Record) -> None:
        """Remove the row."""
        self._part(type(row)).remove(row)

    def _tags_for(self, kind: type[Record], tags: Any) -> Tags:
        if isinstance(tags, dict):
            return to_dict(tags)
        if not isinstance(tags, list):
            tags = list(tags)
        if not tags or not hasattr(tags[0], "wire_") or "resource_type" not in tags[0].wire_:
            return to_dict(tags)
        work = self._work
        wanted = kind.meta_.tagged_as
        work.unused_specifications = tags
        work.tagged.add(wanted)
        seen: list[Any] = []
        for specification in tags:
            if specification.resource_type == wanted:
                seen.extend(specification.tags or ())
        return ec2_checked(seen, own=self.entry.service != self.service) if seen else NO_TAGS

    def check_tag_specifications(self, taggable: tuple[str, ...]) -> None:
        """Refuse tag specifications for resource types that the operation doesn't make."""
        work = self._work
        if work.unused_specifications is None:
            return
        for specification in work.unused_specifications:
            kind = specification.resource_type
            if kind is None:
                raise AwsError("InvalidParameterValue", "Tag specification resource type must have a value")
            if kind not in work.tagged and kind not in taggable:
                raise AwsError(
                    "InvalidParameterValue", f"'{kind}' is not a valid taggable resource type for this operation."
                )

    # -- later, and elsewhere -------------------------------------------------------------------------------------

    def at(self, when: datetime.datetime, function: Callable[..., Any], *arguments: Any) -> Task:
        """Call ``function(tx, *arguments)`` when the clock reaches ``when``. Arguments are plain values."""
        row = Task(
            due=when.timestamp(),
            number=self.store.next_serial(),
            function=name_of(function),
            arguments=arguments,
            account=self.account,
            region=self.region,
            service=self.service,
        )
        return self.add(row)

    def after_commit(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Call ``function(tx, *arguments)`` in a transaction of its own, once this one stands."""
        self._work.after.append((self, function, arguments))

    def attempt(self, function: Callable[..., Any], *arguments: Any) -> AwsError | None:
        """Call the function; gives the error with which it refused, with all undone that it did.

        In a delivery or a task the error stands in the log, and the transaction goes on: to try again later, say.
        """
        savepoint, mark = self.store.savepoint(), len(self._work.after)
        try:
            function(*arguments)
        except AwsError as error:
            self.store.rollback_to(savepoint)
            del self._work.after[mark:]
            if self.entry.kind != "call":
                self.entry.error = error
            return error
        return None

    def post(self, url: str, headers: dict[str, str], body: bytes, then: Callable[..., Any], *arguments: Any) -> None:
        """Send an HTTP request once this transaction stands and nobody is held up by it.

        ``then(tx, answer, *arguments)`` is called with its ``Answer``, in a transaction of its own.
        """
        self.after_commit(post, url, headers, body, then, arguments)

    def wait(self, *kinds: type[Record], seconds: float | None, until: float | None = None, within: Any = None) -> None:
        """Give up and run again when rows of the kinds here change, for at most ``seconds`` from the first try; then
        just go on. Without kinds every change counts.

        ``until``: a timestamp at which to run again anyway. ``within``: only rows whose key, or the key's first part, is
        this. Nothing that the handler did before may be needed: it is undone.
        """
        if not seconds or self._work.final:
            return
        topics = tuple(
            (kind.meta_.table, kind.meta_.scope_key(self.account, self.region, self.partition), within)
            for kind in kinds
        )
        moved = self.cloud.waiters.watch(topics)
        raise Wait(self.now.timestamp() + seconds, seconds, until, topics, moved)

    def modelled(self, operation: str, req: Structure) -> Any:
        """What the generic engine answers to the request: for a handler that looks after some of the resources only."""
        return self.cloud.modelled(self, operation, req)

    def call(self, service: str, operation: str, **members: Any) -> Any:
        """Another service's operation, in this transaction and in the name of the same account; its answer as a structure.

        An error of it comes as the exception, and undoes what it did, not what was done before.
        """
        return self.cloud.call_inside(self, service, operation, members)


def rows_of(found: list[Any]) -> Rows[Any]:
    """Rows that are at hand already."""

    def scan(after: Any) -> Iterator[tuple[Any, Any]]:
        begin = 0 if after is None else after + 1
        return ((index, found[index]) for index in range(begin, len(found)))

    return Rows(scan)


def missing(kind: type[Record], keys: Any) -> AwsError:
    """The kind's error for keys that aren't there; several are named in one message."""
    declared = kind.meta_.missing
    if declared is None:
        return AwsError("ResourceNotFoundException", f"{kind.__name__} {keys[0]} not found", 404)
    if not isinstance(declared, tuple):
        return declared(*keys)
    code, message = declared
    if len(keys) > 1 and len(kind.meta_.keys) == 1:
        text = message.replace(" ID '", " IDs '").replace("does not exist", "do not exist")
        return AwsError(code, text.format(", ".join(str(key) for key in keys)))
    return AwsError(code, message.format(*keys))
