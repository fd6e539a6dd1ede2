"""One universe: transactions, tasks, what follows a commit, long polls, snapshots."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sundog import AwsError, Cloud, mock_aws
from sundog.api import sqs as api
from sundog.core import Event, Index, Key, Record, deliver, record, target
from sundog.core.tx import Tx
from sundog.wire.model import get_service

UTC = dt.timezone.utc


@record(table="test.cloud.Thing", exists=("ThingExists", "The thing {} exists"), missing=("NoThing", "No thing {}"))
class Thing(Record):
    name: Key[str]
    size: Index[int] = 0


def call(cloud: Cloud, operation: str, **params: Any) -> Any:
    """An SQS call's entry in the log, with no client in between."""
    from sundog.core.calls import Call

    model = get_service("sqs").operation(operation)
    assert model is not None
    entry = Call("sqs", operation, params, cloud.default_account, "us-east-1")
    entry.protocol = "json"
    return cloud.blocking(lambda final: cloud.execute(model, params, entry, final))


def names(cloud: Cloud) -> list[str]:
    return [row.name for _, _, row in cloud.store.everywhere(Thing)]


@pytest.fixture
def cloud() -> Cloud:
    return Cloud(seed=1)


@pytest.fixture
def adds(handler: Any) -> None:
    @handler("sqs", "SendMessage")
    def send(tx: Tx, req: Any) -> Any:
        tx.add(Thing(name=req.message_body))
        if req.message_body == "bad":
            raise AwsError("Bad", "no")
        if req.message_body == "bug":
            raise ZeroDivisionError("bug")
        if req.message_body == "unknown member":
            return {"Nonsense": 1}
        return api.SendMessageResult(message_id=tx.ids.uuid())


# -- transactions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["bad", "bug", "unknown member"])
def test_a_call_that_fails_leaves_no_trace(cloud: Cloud, adds: None, body: str, caplog: Any) -> None:
    found = call(cloud, "SendMessage", QueueUrl="q", MessageBody=body)
    assert found.error is not None
    assert names(cloud) == []
    assert call(cloud, "SendMessage", QueueUrl="q", MessageBody="next").error is None
    assert names(cloud) == ["next"]


def test_an_unforeseen_exception_is_kept_and_logged(cloud: Cloud, adds: None, caplog: Any) -> None:
    found = call(cloud, "SendMessage", QueueUrl="q", MessageBody="bug")
    assert isinstance(found.exception, ZeroDivisionError)
    assert (found.error.code, found.error.status) == ("InternalFailure", 500)
    assert "ZeroDivisionError" in caplog.text


def test_an_interrupt_undoes_the_call_and_goes_on_to_the_caller(cloud: Cloud, handler: Any) -> None:
    @handler("sqs", "SendMessage")
    def send(tx: Tx, req: Any) -> Any:
        tx.add(Thing(name="x"))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        call(cloud, "SendMessage", QueueUrl="q", MessageBody="m")
    assert names(cloud) == []
    cloud.snapshot()


def test_what_a_failed_call_was_to_do_after_its_commit_is_not_done(cloud: Cloud, handler: Any) -> None:
    @handler("sqs", "SendMessage")
    def send(tx: Tx, req: Any) -> Any:
        tx.after_commit(add_later, "after")
        tx.at(tx.now, add_later, "task")
        raise AwsError("Bad", "no")

    call(cloud, "SendMessage", QueueUrl="q", MessageBody="m")
    cloud.clock.advance(days=1)
    assert names(cloud) == []


def add_later(tx: Tx, name: str) -> None:
    tx.add(Thing(name=name))


def test_defaults_are_made_once_an_account_and_region_and_stay_when_the_first_call_fails(handler: Any) -> None:
    made: list[tuple[str, str]] = []

    def prepare(tx: Tx) -> None:
        made.append((tx.account, tx.region))
        tx.add(Thing(name="default"))

    @handler("sqs", "SendMessage", prepare=prepare)
    def send(tx: Tx, req: Any) -> Any:
        raise AwsError("Bad", "no")

    with mock_aws() as cloud:
        for region in ("us-east-1", "us-east-1", "eu-west-1"):
            with pytest.raises(ClientError):
                boto3.client("sqs", region_name=region).send_message(QueueUrl="https://q", MessageBody="m")
    assert made == [(cloud.default_account, "us-east-1"), (cloud.default_account, "eu-west-1")]
    assert names(cloud) == ["default", "default"]


# -- calls of other services ---------------------------------------------------------------------------------------


def test_an_error_in_an_inner_call_undoes_that_call_alone(cloud: Cloud, adds: None, handler: Any) -> None:
    @handler("sqs", "CreateQueue")
    def create(tx: Tx, req: Any) -> Any:
        tx.add(Thing(name="before"))
        with pytest.raises(AwsError) as caught:
            tx.call("sqs", "SendMessage", queue_url="q", message_body="bad")
        assert caught.value.code == "Bad"
        answer = tx.call("sqs", "SendMessage", queue_url="q", message_body="good")
        assert len(answer.message_id) == 36
        return api.CreateQueueResult(queue_url="u")

    assert call(cloud, "CreateQueue", QueueName="n").error is None
    assert names(cloud) == ["before", "good"]


def test_an_outer_failure_undoes_inner_calls_too(cloud: Cloud, adds: None, handler: Any) -> None:
    @handler("sqs", "CreateQueue")
    def create(tx: Tx, req: Any) -> Any:
        tx.call("sqs", "SendMessage", queue_url="q", message_body="inner")
        raise AwsError("Bad", "no")

    call(cloud, "CreateQueue", QueueName="n")
    assert names(cloud) == []


def test_an_inner_calls_parameters_are_validated(cloud: Cloud, adds: None, handler: Any) -> None:
    @handler("sqs", "CreateQueue")
    def create(tx: Tx, req: Any) -> Any:
        tx.call("sqs", "SendMessage", queue_url="q")

    found = call(cloud, "CreateQueue", QueueName="n")
    assert found.error is not None
    assert found.exception is None
    assert names(cloud) == []


def test_what_an_inner_call_leaves_for_later_is_dropped_with_it(cloud: Cloud, handler: Any) -> None:
    @handler("sqs", "SendMessage")
    def send(tx: Tx, req: Any) -> Any:
        tx.after_commit(add_later, "after the inner call")
        raise AwsError("Bad", "no")

    @handler("sqs", "CreateQueue")
    def create(tx: Tx, req: Any) -> Any:
        with pytest.raises(AwsError):
            tx.call("sqs", "SendMessage", queue_url="q", message_body="m")
        return api.CreateQueueResult(queue_url="u")

    call(cloud, "CreateQueue", QueueName="n")
    assert names(cloud) == []


# -- tasks ---------------------------------------------------------------------------------------------------------

ran: list[tuple[str, dt.datetime]] = []


def note(tx: Tx, name: str) -> None:
    ran.append((name, tx.now))


def note_and_follow(tx: Tx, name: str) -> None:
    ran.append((name, tx.now))
    tx.after_commit(note, name + " follows")
    tx.at(tx.now + dt.timedelta(hours=1), note, name + " later")


def fail(tx: Tx) -> None:
    tx.add(Thing(name="from a failing task"))
    raise AwsError("Bad", "no")


def interrupt(tx: Tx) -> None:
    tx.add(Thing(name="from an interrupted task"))
    raise KeyboardInterrupt


@pytest.fixture
def schedule(handler: Any) -> Callable[..., Any]:
    ran.clear()
    plans: list[tuple[Any, ...]] = []

    @handler("sqs", "PurgeQueue")
    def purge(tx: Tx, req: Any) -> None:
        for hours, function, *arguments in plans:
            tx.at(tx.now + dt.timedelta(hours=hours), function, *arguments)
        plans.clear()

    def make(cloud: Cloud, *what: tuple[Any, ...]) -> None:
        plans.extend(what)
        assert call(cloud, "PurgeQueue", QueueUrl="q").error is None

    return make


def test_tasks_run_in_order_of_time_each_at_its_own(cloud: Cloud, schedule: Any) -> None:
    begin = dt.datetime(2030, 1, 1, tzinfo=UTC)
    cloud.clock.freeze(begin)
    schedule(cloud, (3, note, "c"), (1, note, "a"), (2, note, "b"), (2, note, "b2"), (24 * 400, note, "never"))
    cloud.clock.advance(days=90)
    assert ran == [
        (name, begin + dt.timedelta(hours=hours)) for name, hours in (("a", 1), ("b", 2), ("b2", 2), ("c", 3))
    ]


def test_what_follows_from_a_task_runs_at_the_tasks_time(cloud: Cloud, schedule: Any) -> None:
    begin = dt.datetime(2030, 1, 1, tzinfo=UTC)
    cloud.clock.freeze(begin)
    schedule(cloud, (1, note_and_follow, "x"), (1.5, note, "between"))
    cloud.clock.advance(days=30)
    assert ran == [
        ("x", begin + dt.timedelta(hours=1)),
        ("x follows", begin + dt.timedelta(hours=1)),
        ("between", begin + dt.timedelta(hours=1.5)),
        ("x later", begin + dt.timedelta(hours=2)),
    ]
    assert [entry.time for entry in cloud.calls if entry.kind != "call"] == [moment.timestamp() for _, moment in ran]


def test_a_task_runs_before_the_next_call_that_comes_after_its_time(cloud: Cloud, schedule: Any, adds: None) -> None:
    schedule(cloud, (0.05 / 3600, note, "x"))
    assert ran == []
    time.sleep(0.06)
    call(cloud, "SendMessage", QueueUrl="q", MessageBody="m")
    assert [name for name, _ in ran] == ["x"]


def test_a_task_that_fails_is_undone_logged_and_gone(cloud: Cloud, schedule: Any) -> None:
    schedule(cloud, (1, fail), (2, note, "after"))
    cloud.clock.advance(hours=5)
    assert names(cloud) == []
    assert [name for name, _ in ran] == ["after"]
    failed = cloud.calls.of(operation="fail")
    assert [entry.error.code for entry in failed] == ["Bad"]
    assert failed[0].kind == "task"


def test_an_interrupted_task_leaves_a_cloud_that_works(cloud: Cloud, schedule: Any, adds: None) -> None:
    schedule(cloud, (1, interrupt))
    with pytest.raises(KeyboardInterrupt):
        cloud.clock.advance(hours=2)
    assert names(cloud) == []
    cloud.snapshot()


def test_tasks_are_rows_and_go_back_with_a_snapshot(cloud: Cloud, schedule: Any) -> None:
    cloud.clock.freeze()
    before = cloud.snapshot()
    schedule(cloud, (1, note, "x"))
    planned = cloud.snapshot()
    cloud.restore(before)
    cloud.clock.advance(hours=2)
    assert ran == []
    for _ in range(2):
        cloud.restore(planned)
        cloud.clock.advance(hours=2)
    assert [name for name, _ in ran] == ["x", "x"]


def test_a_function_inside_another_cannot_be_scheduled(cloud: Cloud, schedule: Any) -> None:
    def inner(tx: Tx) -> None: ...

    with pytest.raises(AssertionError):
        schedule(cloud, (1, inner))
    assert isinstance(cloud.calls[-1].exception, TypeError)


# -- after the commit ----------------------------------------------------------------------------------------------


def hop(tx: Tx, left: int) -> None:
    tx.add(Thing(name=f"hop {left}"))
    if left:
        tx.after_commit(hop, left - 1)


def test_what_follows_runs_before_the_call_returns_each_with_its_cause(cloud: Cloud, handler: Any) -> None:
    @handler("sqs", "PurgeQueue")
    def purge(tx: Tx, req: Any) -> None:
        tx.after_commit(hop, 2)
        tx.after_commit(note, "second")

    ran.clear()
    first = call(cloud, "PurgeQueue", QueueUrl="q")
    assert sorted(names(cloud)) == ["hop 0", "hop 1", "hop 2"]
    assert len(ran) == 1
    last = [entry for entry in cloud.calls if entry.operation == "hop"][-1]
    assert [entry.kind for entry in last.chain] == ["call", "delivery", "delivery", "delivery"]
    assert last.chain[0] is first


def round_and_round(tx: Tx) -> None:
    tx.after_commit(round_and_round)


def test_what_sends_to_itself_comes_to_an_end(cloud: Cloud, handler: Any, caplog: Any) -> None:
    @handler("sqs", "PurgeQueue")
    def purge(tx: Tx, req: Any) -> None:
        tx.after_commit(round_and_round)

    assert call(cloud, "PurgeQueue", QueueUrl="q").error is None
    assert "goes round and round" in caplog.text


def test_a_failing_delivery_does_not_stop_the_others(cloud: Cloud, handler: Any, caplog: Any) -> None:
    @target("test-receiver")
    def receive(tx: Tx, arn: Any, event: Event) -> None:
        if event.body == "bad":
            raise ZeroDivisionError("bad event")
        tx.add(Thing(name=f"{arn.resource} {tx.account} {tx.region} {event.body} {event.attributes['kind']}"))

    @handler("sqs", "PurgeQueue")
    def purge(tx: Tx, req: Any) -> None:
        arn = "arn:aws:test-receiver:eu-west-3:111111111111:box"
        tx.after_commit(deliver, arn, Event("bad", kind="x"))
        tx.after_commit(deliver, "arn:aws:nobody:eu-west-3:111111111111:box", Event("lost"))
        tx.after_commit(deliver, "no arn", Event("lost"))
        tx.after_commit(deliver, arn, Event("good", kind="x"))

    assert call(cloud, "PurgeQueue", QueueUrl="q").error is None
    assert names(cloud) == ["box 111111111111 eu-west-3 good x"]
    deliveries = [entry for entry in cloud.calls if entry.kind == "delivery"]
    assert [entry.error and entry.error.code for entry in deliveries] == [
        "InternalFailure",
        "InvalidParameter",
        "InvalidParameter",
        None,
    ]
    assert deliveries[0].target == "arn:aws:test-receiver:eu-west-3:111111111111:box"


# -- long polls ----------------------------------------------------------------------------------------------------


@pytest.fixture
def polls(handler: Any, adds: None) -> list[int]:
    tries: list[int] = []

    @handler("sqs", "ReceiveMessage")
    def receive(tx: Tx, req: Any) -> Any:
        tries.append(1)
        found = tx.select(Thing).first()
        if found is None:
            tx.add(Thing(name="must not stay"))
            tx.wait(Thing, seconds=req.wait_time_seconds)
            return api.ReceiveMessageResult(messages=[])
        tx.delete(found)
        return api.ReceiveMessageResult(messages=[api.Message(body=found.name)])

    return tries


def test_a_poll_is_woken_by_a_commit_of_another_thread(cloud: Cloud, polls: list[int]) -> None:
    timer = threading.Timer(0.1, call, (cloud, "SendMessage"), {"QueueUrl": "q", "MessageBody": "hello"})
    timer.start()
    begin = time.monotonic()
    found = call(cloud, "ReceiveMessage", QueueUrl="q", WaitTimeSeconds=20)
    timer.join()
    assert found.answer["Messages"] == [{"Body": "hello"}]
    assert time.monotonic() - begin < 5
    assert names(cloud) == []


def test_a_poll_is_woken_by_the_clock(cloud: Cloud, polls: list[int]) -> None:
    timer = threading.Timer(0.1, cloud.clock.advance, kwargs={"seconds": 21})
    timer.start()
    begin = time.monotonic()
    found = call(cloud, "ReceiveMessage", QueueUrl="q", WaitTimeSeconds=20)
    timer.join()
    assert found.answer == {"Messages": []}
    assert time.monotonic() - begin < 5


def test_a_poll_is_woken_by_a_task(cloud: Cloud, polls: list[int], schedule: Any) -> None:
    schedule(cloud, (0.2 / 3600, add_later, "from the task"))
    begin = time.monotonic()
    found = call(cloud, "ReceiveMessage", QueueUrl="q", WaitTimeSeconds=20)
    assert found.answer["Messages"] == [{"Body": "from the task"}]
    assert time.monotonic() - begin < 5


def test_a_poll_ends_at_its_deadline_with_one_entry_in_the_log(cloud: Cloud, polls: list[int]) -> None:
    begin = time.monotonic()
    found = call(cloud, "ReceiveMessage", QueueUrl="q", WaitTimeSeconds=1)
    assert 0.9 < time.monotonic() - begin < 5
    assert found.answer == {"Messages": []}
    assert len(cloud.calls) == 1
    assert len(polls) in (2, 3)


def test_a_poll_on_a_frozen_clock_ends_in_real_time(cloud: Cloud, polls: list[int]) -> None:
    cloud.clock.freeze()
    begin = time.monotonic()
    call(cloud, "ReceiveMessage", QueueUrl="q", WaitTimeSeconds=1)
    assert 0.9 < time.monotonic() - begin < 5


def test_a_poll_under_freezegun_ends(cloud: Cloud, polls: list[int]) -> None:
    freezegun = pytest.importorskip("freezegun")
    done = threading.Event()

    def work() -> None:
        call(cloud, "ReceiveMessage", QueueUrl="q", WaitTimeSeconds=1)
        done.set()

    with freezegun.freeze_time("2030-01-01"):
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        assert done.wait(8)


def test_a_poll_does_not_end_early_because_of_other_commits(cloud: Cloud, polls: list[int], schedule: Any) -> None:
    timer = threading.Timer(0.1, schedule, (cloud, (5, note, "x")))
    timer.start()
    begin = time.monotonic()
    call(cloud, "ReceiveMessage", QueueUrl="q", WaitTimeSeconds=1)
    timer.join()
    assert time.monotonic() - begin > 0.9


# -- the universe as a whole ---------------------------------------------------------------------------------------


def test_a_snapshot_restores_rows_clock_and_ids(cloud: Cloud, adds: None) -> None:
    cloud.clock.freeze(dt.datetime(2030, 1, 1, tzinfo=UTC))
    call(cloud, "SendMessage", QueueUrl="q", MessageBody="a")
    before = cloud.snapshot()
    first = call(cloud, "SendMessage", QueueUrl="q", MessageBody="b")
    cloud.clock.advance(days=1)
    cloud.restore(before)
    assert names(cloud) == ["a"]
    assert cloud.clock.now() == dt.datetime(2030, 1, 1, tzinfo=UTC)
    again = call(cloud, "SendMessage", QueueUrl="q", MessageBody="b")
    assert (again.answer, again.request_id) == (first.answer, first.request_id)


def test_a_fork_goes_its_own_way(cloud: Cloud, adds: None, schedule: Any) -> None:
    schedule(cloud, (1, add_later, "due"))
    call(cloud, "SendMessage", QueueUrl="q", MessageBody="a")
    other = cloud.fork()
    call(other, "SendMessage", QueueUrl="q", MessageBody="b")
    call(cloud, "SendMessage", QueueUrl="q", MessageBody="c")
    assert (names(cloud), names(other)) == (["a", "c"], ["a", "b"])
    other.clock.advance(hours=2)
    assert (names(cloud), names(other)) == (["a", "c"], ["a", "b", "due"])
    assert len(other.calls) == 2


def test_a_reset_forgets_all(cloud: Cloud, adds: None, schedule: Any) -> None:
    schedule(cloud, (1, add_later, "due"))
    first = call(cloud, "SendMessage", QueueUrl="q", MessageBody="a")
    cloud.faults.add(error="Boom")
    cloud.clock.freeze(dt.datetime(2030, 1, 1, tzinfo=UTC))
    cloud.reset()
    assert (names(cloud), len(cloud.calls), len(cloud.faults), cloud.clock.frozen) == ([], 0, 0, False)
    cloud.clock.advance(hours=2)
    assert names(cloud) == []
    assert call(cloud, "SendMessage", QueueUrl="q", MessageBody="a").error is None
    assert first.error is None


def test_a_diff_names_what_changed(cloud: Cloud, adds: None) -> None:
    call(cloud, "SendMessage", QueueUrl="q", MessageBody="a")
    before = cloud.snapshot()
    call(cloud, "SendMessage", QueueUrl="q", MessageBody="b")
    changes = [change for change in cloud.diff(before) if change.table == "test.cloud.Thing"]
    assert [(change.key, change.old, change.new.name) for change in changes] == [("b", None, "b")]
    assert not cloud.diff(before, before)


def test_two_clouds_with_one_seed_answer_alike(adds: None) -> None:
    def run(seed: Any) -> list[Any]:
        cloud = Cloud(seed=seed)
        return [
            (entry.request_id, entry.answer)
            for entry in (call(cloud, "SendMessage", QueueUrl="q", MessageBody=str(i)) for i in range(5))
        ]

    assert run(7) == run(7)
    assert run("seven") == run("seven")
    assert run(7) != run(8)
    assert run(None) != run(None)


def test_freezegun_and_time_machine_hold_the_clock(cloud: Cloud, adds: None) -> None:
    freezegun = pytest.importorskip("freezegun")
    time_machine = pytest.importorskip("time_machine")
    moment = dt.datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
    with freezegun.freeze_time(moment):
        assert call(cloud, "SendMessage", QueueUrl="q", MessageBody="a").time == moment.timestamp()
    with time_machine.travel(moment, tick=False):
        assert call(cloud, "SendMessage", QueueUrl="q", MessageBody="b").time == moment.timestamp()
    assert abs(call(cloud, "SendMessage", QueueUrl="q", MessageBody="c").time - time.time()) < 5


# -- many threads --------------------------------------------------------------------------------------------------


def test_32_threads_lose_no_update_and_make_nothing_twice(cloud: Cloud, handler: Any) -> None:
    @handler("sqs", "SendMessage")
    def send(tx: Tx, req: Any) -> Any:
        counter = tx.find(Thing, "counter") or tx.add(Thing(name="counter"))
        tx.update(counter, size=counter.size + 1)
        if req.message_body == "fails":
            raise AwsError("Bad", "no")
        row = tx.add(Thing(name=tx.new_id("m"), size=-1))
        tx.after_commit(count_after)
        return api.SendMessageResult(message_id=row.name)

    def work() -> None:
        client = boto3.client("sqs", region_name="us-east-1")
        barrier.wait()
        for index in range(25):
            try:
                answer = client.send_message(QueueUrl="https://q", MessageBody="fails" if index % 5 == 0 else "m")
                ids.append(answer["MessageId"])
            except ClientError as error:
                errors.append(error)

    ids: list[str] = []
    errors: list[Exception] = []
    barrier = threading.Barrier(32)
    with mock_aws(cloud=cloud):
        threads = [threading.Thread(target=work) for _ in range(32)]
        for thread in threads:
            thread.start()
        snapshots = [cloud.snapshot() for _ in range(20)]
        for thread in threads:
            thread.join()
    assert len(snapshots) == 20
    assert (len(ids), len(set(ids)), len(errors)) == (640, 640, 160)
    rows = {row.name: row for _, _, row in cloud.store.everywhere(Thing)}
    assert rows["counter"].size == 640
    assert rows["after"].size == 640
    assert len(rows) == 642
    assert len(cloud.calls.of("sqs", "SendMessage")) == 800
    assert len({entry.request_id for entry in cloud.calls}) == len(cloud.calls)


def count_after(tx: Tx) -> None:
    row = tx.find(Thing, "after") or tx.add(Thing(name="after"))
    tx.update(row, size=row.size + 1)


def test_a_listener_of_the_store_hears_of_what_calls_commit(cloud: Cloud, adds: None, caplog: Any) -> None:
    heard: list[str] = []
    cloud.store.listeners.append(lambda changes: heard.extend(change.key for change in changes))
    with caplog.at_level(logging.ERROR):
        call(cloud, "SendMessage", QueueUrl="q", MessageBody="a")
        call(cloud, "SendMessage", QueueUrl="q", MessageBody="bad")
    assert heard == ["a"]
