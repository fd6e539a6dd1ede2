"""One universe: its store, its clock, its ids, and the way of a call through them."""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from sundog.behaviour import Behaviour, behaviour, engine
from sundog.core.arn import partition_of
from sundog.core.calls import MODELLED, Call, Calls
from sundog.core.clock import Clock
from sundog.core.credential import AccessKey, Caller, account_of_unknown_key, caller_of
from sundog.core.faults import Faults, fault_error
from sundog.core.garbage import uncollected
from sundog.core.ids import Ids
from sundog.core.op import service_part
from sundog.core.outbox import Job, perform, post
from sundog.core.prepared import Prepared
from sundog.core.store import Store
from sundog.core.structure import Structure, plain, structure_class
from sundog.core.task import Task, function_of
from sundog.core.token import LIFETIME, ClientToken, digest, mismatch
from sundog.core.tx import Tx, Wait
from sundog.core.waiters import Waiters
from sundog.settings import Settings, home, with_profiles
from sundog.wire.auth import Credential
from sundog.wire.errors import AwsError
from sundog.wire.hosts import of_profiles
from sundog.wire.http import Request, Response
from sundog.wire.model import Operation, get_service
from sundog.wire.profile import Profile
from sundog.wire.validate import validate

log = logging.getLogger("sundog")

LONGEST_CHAIN = 256
"""How many deliveries may follow from one another: what sends to itself would never end."""


class Snapshot:
    """A cloud as it was at one moment."""

    __slots__ = ("clock", "ids", "rows")

    def __init__(self, rows: Any, clock: Any, ids: Any) -> None:
        self.rows = rows
        self.clock = clock
        self.ids = ids


class Cloud:
    """One mock cloud. Nothing in it is shared with another, and any thread may call it."""

    def __init__(self, settings: Settings | None = None, profiles: Iterable[Profile] = (), **given: Any) -> None:
        self.profiles, made = with_profiles(profiles, given)
        self.settings = settings if settings is not None and not given else made
        self.store = Store()
        self.clock = Clock(self._clock_changed)
        self.ids = Ids(self.settings.seed)
        self.faults = Faults()
        self.calls = Calls(self.settings.call_log)
        self.waiters = Waiters()
        self._lock = threading.RLock()
        self._next_due: float | None = None
        self._depth = 0
        self._outbox: deque[Job] = deque()
        self._blobs: Any = None
        self.default_account = self.settings.account
        self.allow_hosts = self.settings.allow_hosts
        self.checks_signatures = self.settings.enforce_iam or self.settings.verify_signatures
        self.hosts = of_profiles(self.profiles, self.settings.profile)
        self.store.listeners.append(self._committed)
        self._load_iam_file()

    @cached_property
    def home(self) -> Path:
        """Where Sundog keeps its own files; the same for as long as the cloud lives."""
        return home()

    # -- a call's way ---------------------------------------------------------------------------------------------

    def handle(self, request: Request) -> Response:
        """Answer one HTTP request; a long poll blocks here."""
        from sundog.exchange import answer

        return self.blocking(lambda final: answer(self, request, final))

    def attempt(self, request: Request, final: bool = False) -> Response:
        """Answer one HTTP request without ever blocking; ``Wait`` if it is a long poll that has nothing yet."""
        from sundog.exchange import answer

        return answer(self, request, final)

    def blocking(self, attempt: Any) -> Any:
        """What ``attempt(final)`` answers, tried again whenever something changes until its ``Wait`` runs out."""
        try:
            return attempt(False)
        except Wait as given_up:
            wait = given_up
        deadline = wait.deadline
        patience = wait.seconds_left(self)
        limit = time.monotonic() + patience
        while True:
            left = min(deadline - self.clock.timestamp(), limit - time.monotonic(), patience)
            if left <= 0:
                return attempt(True)
            look = wait.next_look(self)
            left = left if look is None else min(left, look)
            if not self.waiters.wait_for(wait, left):
                patience -= left  # freezegun stops time.monotonic() too
            try:
                return attempt(False)
            except Wait as given_up:
                wait = given_up

    def execute(self, operation: Operation, params: dict[str, Any], call: Call, final: bool = False) -> Call:
        """Answer one decoded call, and say in ``call`` what came of it.

        ``Wait`` comes through (with nothing done); every other outcome, an unforeseen exception too, is the call's answer or
        error.
        """
        found: Behaviour | None = operation.plans.get("behaviour") or behaviour(operation)
        assert found is not None
        begin = time.perf_counter()
        call.fidelity = found.fidelity
        call.ignored = found.ignored
        rule = None
        with self._lock:
            now = self.clock.timestamp()
            call.time = now
            if not call.request_id:
                call.request_id = self.ids.request_id()
            if self._next_due is not None and self._next_due <= now:
                self._run_due(now)
            if len(self.faults):
                rule = self.faults.strike(call.service, call.operation, params, self.ids.random.random)
            try:
                after = None if rule is not None and rule.error else self._transact(found, params, call, final)
            except Wait:
                if rule is not None:
                    rule.spare()
                raise
            if after:
                self._run_after(after, call)
        if self._outbox:
            self._empty_outbox()
        if rule is not None:
            if rule.latency:
                time.sleep(rule.latency)
            if rule.error:
                call.error = fault_error(rule)
        call.duration = time.perf_counter() - begin
        self.calls.add(call)
        return call

    def _prepare(self, found: Behaviour, tx: Tx) -> bool:
        """Make what the account has in the region from the start, once."""
        name = found.operation.service.name
        if tx.find(Prepared, name) is not None:
            return False
        tx.add(Prepared(service=name))
        found.prepare(tx)
        return True

    @uncollected
    def _transact(self, found: Behaviour, params: dict[str, Any], call: Call, final: bool) -> Any:
        """One transaction of a behaviour: its work after the commit, or None if it failed."""
        store = self.store
        store.begin()
        try:
            tx = Tx(self, call, found.operation.service.name, call.account, call.region)
            tx._work.final = final  # pyright: ignore[reportPrivateUsage]
            if found.prepare is not None and self._prepare(found, tx):
                store.commit()
                store.begin()
            key = self.key(call.access_key)
            if key is not None and key.expires is not None and key.expires <= tx.now:
                from sundog.wire.auth_errors import expired_token, family_of

                credential = Credential("sigv4", key.access_key, token=key.token)
                raise expired_token(credential, family_of(call.service, call.protocol))
            if self.settings.enforce_iam:
                from sundog.authority import authorize

                authorize(tx, found.operation, params, call)
            if self.settings.strict and found.fidelity == MODELLED:
                self._refuse_modelled(found.operation)
            validate(found.operation, params, call.protocol, self.settings.strict)
            call.answer = self._answer(found, params, tx, call)
        except Wait:
            store.rollback()
            raise
        except AwsError as error:
            store.rollback()
            call.error = error
            return None
        except Exception as error:
            store.rollback()
            call.error = internal_failure(error)
            call.exception = error
            log.exception("%s:%s failed inside", call.service, call.operation)
            return None
        except BaseException:
            store.rollback()
            raise
        store.commit()
        return tx._work.after  # pyright: ignore[reportPrivateUsage]

    def _answer(self, found: Behaviour, params: dict[str, Any], tx: Tx, call: Call | None) -> dict[str, Any]:
        token = None
        if found.token is not None and (token := params.get(found.token)) is not None:
            known = tx.find(ClientToken, found.operation.service.name, found.operation.name, token)
            if known is not None:
                if known.expires > tx.now:
                    if known.digest != digest(params, found.token):
                        raise mismatch(found.operation, token)
                    return msgspec.msgpack.decode(known.answer)
                tx.delete(known)
        req = found.request.of(params) if found.request is not None else None
        if call is not None:
            call.request = req
        value = found.handler(tx, req)
        tx.check_tag_specifications(found.op.taggable)
        if found.dry_run and params.get("DryRun"):
            raise AwsError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)
        if value is None or found.project is None:
            result: dict[str, Any] = {}
        else:
            if found.pager is not None:
                found.pager.apply(params, value, found.op.page_size)
            result = found.project(value)
        if token is not None and found.token is not None:
            self._remember(found, params, token, result, tx)
        return result

    def _refuse_modelled(self, operation: Operation) -> None:
        from fnmatch import fnmatchcase

        service = operation.service.name
        name = f"{service}:{operation.name}"
        if any(fnmatchcase(name, pattern) or fnmatchcase(service, pattern) for pattern in self.settings.allow_modelled):
            return
        raise AwsError(
            "NotImplemented",
            f"{name} is only modelled by Sundog, and strict=True refuses that. "
            f"To allow it: allow_modelled=({name!r},), or ({service!r},) for the whole service.",
            501,
        )

    def _remember(self, found: Behaviour, params: dict[str, Any], token: str, result: dict[str, Any], tx: Tx) -> None:
        for old in tx.select(ClientToken):
            if old.expires > tx.now:
                break
            tx.delete(old)
        assert found.token is not None
        row = ClientToken(
            service=found.operation.service.name,
            operation=found.operation.name,
            token=token,
            digest=digest(params, found.token),
            answer=msgspec.msgpack.encode(result),
            expires=tx.now + LIFETIME,
        )
        tx.add(row)

    def modelled(self, tx: Tx, operation: str, req: Structure) -> Any:
        """``tx.modelled``: the engine's answer to a request that a handler doesn't want."""
        found = get_service(tx.service).operation(operation)
        if found is None:
            raise TypeError(f"{tx.service} has no operation {operation}")
        handler, _ = engine(found)
        return handler(tx, type(req).of(req.plain_()))

    def call_inside(self, tx: Tx, service: str, operation: str, members: dict[str, Any]) -> Any:
        """``tx.call``: another operation in the same transaction."""
        model = get_service(service)
        found_operation = model.operation(operation)
        if found_operation is None:
            raise TypeError(f"{service} has no operation {operation}")
        found = behaviour(found_operation)
        params: dict[str, Any] = {}
        if found.request is not None:
            params = plain(found.request(**members))
        inner = tx.in_(service=service)
        savepoint = self.store.savepoint()
        outer = tx._work.enter()  # pyright: ignore[reportPrivateUsage]
        try:
            validate(found_operation, params, model.protocols[0], self.settings.strict)
            if found.prepare is not None:
                self._prepare(found, inner)
            result = self._answer(found, params, inner, None)
        except BaseException:
            self.store.rollback_to(savepoint)
            del tx._work.after[outer[0] :]  # pyright: ignore[reportPrivateUsage]
            raise
        finally:
            tx._work.leave(outer)  # pyright: ignore[reportPrivateUsage]
        shape = found_operation.output
        return None if shape is None else structure_class(model, shape).of(result)

    def record(self, call: Call) -> None:
        """Log a call that came no further than its bytes."""
        call.time = self.clock.timestamp()
        if not call.request_id:
            call.request_id = self.ids.request_id()
        self.calls.add(call)

    def verify(self, request: Request, routed: Any, call: Call) -> None:
        """Refuse a request whose signature isn't its key's."""
        from sundog.authority import authenticate

        authenticate(self, request, routed, call)

    # -- after the commit, and later --------------------------------------------------------------------------------

    def _run_after(self, after: list[Any], cause: Call, moment: float | None = None) -> None:
        """What a commit left to do, and what that leaves to do, in order; each in a transaction of its own."""
        queue = deque((tx, function, arguments, cause, 1) for tx, function, arguments in after)
        while queue:
            tx, function, arguments, cause, depth = queue.popleft()
            if function is post:
                url, headers, body, then, more_arguments = arguments
                self._outbox.append(Job(tx, url, headers, body, then, more_arguments, cause, moment))
                continue
            call, more = self._run_alone(
                "delivery", function, arguments, tx.service, tx.account, tx.region, cause, moment
            )
            if more and depth >= LONGEST_CHAIN:
                log.error("%s goes round and round: what it leads to is dropped after %d steps", call.operation, depth)
                continue
            queue.extend((*work, call, depth + 1) for work in more)

    def _empty_outbox(self) -> None:
        """Make the requests that are waiting. The lock must be free: an endpoint may call the cloud.

        On an event loop they are made in a thread, as the endpoint may be served by that very loop.
        """
        while self._outbox:
            try:
                job = self._outbox.popleft()
            except IndexError:
                return
            loop = None
            if "asyncio" in sys.modules:
                with contextlib.suppress(RuntimeError):
                    loop = sys.modules["asyncio"].get_running_loop()
            if loop is None:
                self._send(job)
            else:
                loop.run_in_executor(None, self._send, job)

    def _send(self, job: Job) -> None:
        answer = perform(self, job)
        with self._lock:
            self._run_after([(job.tx, job.then, (answer, *job.arguments))], job.cause, job.moment)
        self.run_due()

    def _run_due(self, now: float) -> None:
        """Run every task that is due, in order of time, each at its own time."""
        while True:
            task = self._first_task()
            if task is None or task.due > now:
                self._next_due = None if task is None else task.due
                return
            try:
                function = function_of(task.function)
            except (ImportError, AttributeError) as error:
                raise RuntimeError(f"the task {task.function} can't be found") from error
            call, more = self._run_alone(
                "task", function, task.arguments, task.service, task.account, task.region, None, task.due, task
            )
            if more:
                self._run_after(more, call, task.due)

    def _run_alone(
        self,
        kind: str,
        function: Any,
        arguments: tuple[Any, ...],
        service: str,
        account: str,
        region: str,
        cause: Call | None,
        moment: float | None,
        task: Task | None = None,
    ) -> tuple[Call, list[Any]]:
        call = Call(service, function.__name__, {}, account, region, kind=kind, cause=cause)
        call.request_id = self.ids.request_id()
        call.time = self.clock.timestamp() if moment is None else moment
        call.target = next((str(item) for item in arguments if isinstance(item, str) and item.startswith("arn:")), None)
        more: list[Any] = []
        self.store.begin()
        try:
            tx = Tx(self, call, service, account, region)
            if moment is not None:
                tx.now = min(tx.now, self.clock.at(moment))
            function(tx, *arguments)
        except Exception as error:
            self.store.rollback()
            call.error = error if isinstance(error, AwsError) else internal_failure(error)
            if not isinstance(error, AwsError):
                call.exception = error
                log.exception("%s %s failed inside", kind, call.operation)
            self.store.begin()
        except BaseException:
            self.store.rollback()
            raise
        else:
            more = tx._work.after  # pyright: ignore[reportPrivateUsage]
        if task is not None:
            self.store.part(Task, account, region).remove(task)
        self.store.commit()
        self.calls.add(call)
        return call, more

    @property
    def next_due(self) -> float | None:
        """When the next task is due."""
        return self._next_due

    def _first_task(self) -> Task | None:
        return next(iter(self.store.part(Task, "", "").range()), None)

    def _committed(self, changes: Any) -> None:
        if changes:
            if changes.reason != "commit" or any(change.table == Task.meta_.table for change in changes):
                first = self._first_task()
                self._next_due = None if first is None else first.due
            self.waiters.notify(changes if changes.reason == "commit" else None)

    def _clock_changed(self) -> None:
        self.run_due()
        self.waiters.notify()

    @contextmanager
    def reading(self, call: Call) -> Iterator[Tx]:
        """A transaction that only reads, for what is answered beside the operations."""
        with self._lock:
            self.run_due()
            yield Tx(self, call, call.service, call.account, call.region)

    def run_due(self) -> None:
        """Run the tasks that the clock has reached. Every call does so first; who reads the store by hand may ask for it."""
        with self._lock:
            now = self.clock.timestamp()
            if self._next_due is not None and self._next_due <= now:
                self._run_due(now)
        if self._outbox:
            self._empty_outbox()

    @contextlib.contextmanager
    def writing(self, account: str | None = None, region: str | None = None) -> Iterator[Tx]:
        """A transaction beside the operations: what a test does that nobody can do through the API."""
        call = Call("sundog", "writing", {}, account or self.default_account, region or self.settings.region)
        with self._lock:
            self.run_due()
            self.store.begin()
            tx = Tx(self, call, call.service, call.account, call.region)
            try:
                yield tx
            except BaseException:
                self.store.rollback()
                raise
            self.store.commit()
            self._run_after(tx._work.after, call)  # pyright: ignore[reportPrivateUsage]
        if self._outbox:
            self._empty_outbox()

    # -- identity ---------------------------------------------------------------------------------------------------

    def key(self, access_key: str | None) -> AccessKey | None:
        """The access key, if it is one that this cloud gave out."""
        return None if access_key is None else self.store.part(AccessKey, "", "").get(access_key)

    def account_of(self, access_key: str | None) -> str:
        """The account that calls with the key belong to."""
        key = self.key(access_key)
        return key.account if key is not None else account_of_unknown_key(access_key, self.default_account)

    def caller(self, call: Call) -> Caller:
        return caller_of(self.key(call.access_key), call.access_key, call.account, partition_of(call.region))

    def _load_iam_file(self) -> None:
        if self.settings.iam_file is not None:
            from sundog.iam_file import load

            load(self, self.settings.iam_file)

    def root_credentials(self, account: str | None = None) -> dict[str, str]:
        """A new access key of an account's root user, as boto3's clients take it: the first key where policies decide."""
        from sundog.iam_file import give_root_key

        with self._lock:
            self.store.begin()
            key = give_root_key(self, account)
            self.store.commit()
        return {"aws_access_key_id": key.access_key, "aws_secret_access_key": key.secret}

    # -- the universe as a whole ------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """All of it as it is now: rows, clock, ids. Costs the number of tables."""
        with self._lock:
            return Snapshot(self.store.snapshot(), self.clock.state(), self.ids.state())

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot of this cloud, or of one that it was forked from."""
        with self._lock:
            self.store.restore(snapshot.rows)
            self.clock.restore(snapshot.clock)
            self.ids.restore(snapshot.ids)
        self.waiters.notify()

    @property
    def blobs(self) -> Any:
        """Where bodies are kept that are too big for rows."""
        found = self._blobs
        if found is None:
            from sundog.core.blob import Blobs

            found = self._blobs = Blobs()
        return found

    def reset(self) -> None:
        """Forget every row, call and fault, and let the clock run by the real time."""
        with self._lock:
            self.store.reset()
            self.clock.reset()
            self.ids = Ids(self.settings.seed)
            self.faults.clear()
            self.calls.clear()
            self._load_iam_file()
        self.waiters.notify()

    def fork(self) -> Cloud:
        """A cloud of its own that begins as this one is now."""
        with self._lock:
            made = Cloud(self.settings, self.profiles)
            made.store = self.store.fork()
            made.store.listeners.append(made._committed)
            made.clock.restore(self.clock.state())
            made.ids = self.ids.fork()
            first = made._first_task()
            made._next_due = None if first is None else first.due
            return made

    def diff(self, before: Snapshot, after: Snapshot | None = None) -> Any:
        """The rows that differ between two moments; ``after`` defaults to now."""
        with self._lock:
            later = self.store.snapshot() if after is None else after.rows
            return self.store.diff(before.rows, later)

    def close(self) -> None:
        """Let go of what the cloud holds outside memory. It can't be used afterwards."""

    def __getattr__(self, name: str) -> Any:
        """What a service offers to tests beyond its API: ``aws.sns.sent``."""
        found = None if name.startswith("_") else helpers_of(name)
        if found is None:
            raise AttributeError(f"a cloud has no {name}")
        made = self.__dict__[name] = found(self)
        return made

    def __repr__(self) -> str:
        return f"<Cloud {self.default_account} {len(self.calls)} calls>"


def helpers_of(service: str) -> Any:
    """The ``Helpers`` of a service, if it has any: they are in its ``helpers`` module."""
    module = service_part(service, "helpers") if service.isidentifier() else None
    return None if module is None else module.Helpers


def internal_failure(error: Exception) -> AwsError:
    """What a client sees of an exception that no handler meant to raise."""
    return AwsError("InternalFailure", f"Sundog failed inside: {type(error).__name__}: {error}", 500)
