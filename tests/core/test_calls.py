"""The call log, and faults with botocore's own retries."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sundog import Cloud, mock_aws
from sundog.api import sqs as api
from sundog.core.tx import Tx


@pytest.fixture(params=["direct", "wire"])
def cloud(request: Any, handler: Any) -> Iterator[Cloud]:
    @handler("sqs", "SendMessage")
    def send(tx: Tx, req: Any) -> Any:
        assert req.queue_url
        if req.message_body == "bad":
            raise api.QueueDoesNotExist("The specified queue does not exist.")
        return api.SendMessageResult(message_id="m", md5_of_message_body="x")

    @handler("sqs", "ReceiveMessage")
    def receive(tx: Tx, req: Any) -> Any:
        tx.wait(seconds=req.wait_time_seconds)
        return api.ReceiveMessageResult(messages=[])

    with mock_aws(path=request.param, seed=5) as made:
        yield made


def client(retries: int = 5, mode: str = "standard") -> Any:
    config = Config(retries={"mode": mode, "total_max_attempts": retries}, parameter_validation=False)
    return boto3.client("sqs", region_name="eu-west-1", config=config)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore waits between its tries; nobody needs to."""
    import botocore.endpoint

    class Time:
        sleep = staticmethod(lambda seconds: None)

        def __getattr__(self, name: str) -> Any:
            return getattr(time, name)

    monkeypatch.setattr(botocore.endpoint, "time", Time())


# -- the log -------------------------------------------------------------------------------------------------------


def test_a_call_is_logged_with_what_was_asked_and_answered(cloud: Cloud) -> None:
    sent = client().send_message(QueueUrl="https://q", MessageBody="hello", DelaySeconds=3)
    entry = cloud.calls[-1]
    assert (entry.service, entry.operation, entry.kind, entry.region) == ("sqs", "SendMessage", "call", "eu-west-1")
    assert entry.params == {"QueueUrl": "https://q", "MessageBody": "hello", "DelaySeconds": 3}
    assert entry.answer == {"MessageId": "m", "MD5OfMessageBody": "x"}
    assert entry.error is None
    assert entry.request_id == sent["ResponseMetadata"]["RequestId"]
    assert entry.account == cloud.default_account
    assert entry.access_key
    assert entry.fidelity == "emulated"
    assert 0 < entry.duration < 5
    assert abs(entry.time - time.time()) < 60
    assert entry.unread == ["DelaySeconds"]


def test_an_error_is_logged_as_the_client_sees_it(cloud: Cloud) -> None:
    with pytest.raises(ClientError) as caught:
        client().send_message(QueueUrl="https://q", MessageBody="bad")
    entry = cloud.calls[-1]
    assert entry.error is not None
    assert entry.error.message == caught.value.response["Error"]["Message"]
    assert entry.error.code.endswith("NonExistentQueue") or entry.error.code == "QueueDoesNotExist"
    assert (entry.answer, entry.unread) == (None, [])


def test_a_call_that_is_refused_by_validation_is_logged(cloud: Cloud) -> None:
    with pytest.raises(ClientError):
        client().send_message(QueueUrl="https://q")
    assert cloud.calls[-1].error is not None
    assert cloud.calls[-1].params == {"QueueUrl": "https://q"}


def test_an_operation_that_is_refused_says_so_and_is_logged_once(cloud: Cloud, handler: Any) -> None:
    from sundog.behaviour import unsupported
    from sundog.wire.model import get_service

    operation = get_service("sqs").operation("ListMessageMoveTasks")
    assert operation is not None
    handler("sqs", "ListMessageMoveTasks")(unsupported(operation))
    with pytest.raises(ClientError) as caught:
        client().list_message_move_tasks(SourceArn="a")
    assert "ListMessageMoveTasks" in caught.value.response["Error"]["Message"]
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert len(cloud.calls) == 1


def test_the_log_keeps_as_many_as_it_is_told(handler: Any, cloud: Cloud) -> None:
    with mock_aws(call_log=3) as small:
        for number in range(5):
            client().send_message(QueueUrl="https://q", MessageBody=str(number))
    assert [entry.params["MessageBody"] for entry in small.calls] == ["2", "3", "4"]
    assert len(small.calls) == 3
    assert small.calls[0].params["MessageBody"] == "2"
    assert len(small.calls[1:]) == 2


def test_calls_are_found_by_service_and_operation(cloud: Cloud) -> None:
    client().send_message(QueueUrl="https://q", MessageBody="a")
    client().receive_message(QueueUrl="https://q")
    boto3.client("sts", region_name="eu-west-1").get_caller_identity()
    assert len(cloud.calls.of("sqs")) == 2
    assert len(cloud.calls.of("sqs", "SendMessage")) == 1
    assert len(cloud.calls.of(operation="GetCallerIdentity")) == 1


# -- faults --------------------------------------------------------------------------------------------------------


def test_an_error_that_botocore_retries_goes_away_after_its_times(cloud: Cloud) -> None:
    rule = cloud.faults.add("sqs", "SendMessage", error="ServiceUnavailable", times=2)
    answer = client().send_message(QueueUrl="https://q", MessageBody="a")
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2
    assert (rule.hits, rule.remaining) == (2, 0)
    assert [entry.error and entry.error.code for entry in cloud.calls] == ["ServiceUnavailable"] * 2 + [None]
    assert client().send_message(QueueUrl="https://q", MessageBody="a")["ResponseMetadata"]["RetryAttempts"] == 0


def test_a_client_gives_up_when_the_error_stays(cloud: Cloud) -> None:
    cloud.faults.add("sqs", "*", error="ThrottlingException", message="slowly")
    with pytest.raises(ClientError) as caught:
        client(3).send_message(QueueUrl="https://q", MessageBody="a")
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("ThrottlingException", "slowly")
    assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 2
    assert len(cloud.calls) == 3


def test_an_error_that_is_not_retried_is_raised_at_once(cloud: Cloud) -> None:
    cloud.faults.add(error="AccessDenied", status=403, message="no")
    with pytest.raises(ClientError) as caught:
        client().send_message(QueueUrl="https://q", MessageBody="a")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert len(cloud.calls) == 1


def test_a_latency_delays_the_answer_and_nobody_else(cloud: Cloud) -> None:
    cloud.faults.add("sqs", "SendMessage", latency=0.2, times=1)
    begin = time.monotonic()
    client().send_message(QueueUrl="https://q", MessageBody="a")
    assert time.monotonic() - begin >= 0.2
    assert cloud.calls[-1].duration >= 0.2


def test_a_fault_strikes_a_long_poll_once(cloud: Cloud) -> None:
    rule = cloud.faults.add("sqs", "ReceiveMessage", latency=0.1, times=5)
    client().receive_message(QueueUrl="https://q", WaitTimeSeconds=1)
    assert (rule.hits, rule.remaining) == (1, 4)


def test_a_fault_may_be_for_some_parameters_only(cloud: Cloud) -> None:
    cloud.faults.add("sqs", error="AccessDenied", parameters={"MessageBody": "b"})
    client().send_message(QueueUrl="https://q", MessageBody="a")
    with pytest.raises(ClientError):
        client().send_message(QueueUrl="https://q", MessageBody="b")


def test_faults_of_other_operations_and_services_do_not_strike(cloud: Cloud) -> None:
    cloud.faults.add("sns", error="AccessDenied")
    cloud.faults.add("sqs", "Receive*", error="AccessDenied")
    client().send_message(QueueUrl="https://q", MessageBody="a")
    with pytest.raises(ClientError):
        client().receive_message(QueueUrl="https://q")


def test_chance_comes_from_the_seed(cloud: Cloud) -> None:
    def run() -> list[bool]:
        with mock_aws(seed=11, path=cloud.settings.path) as other:
            other.faults.add("sqs", error="AccessDenied", probability=0.5)
            failed: list[bool] = []
            for _ in range(20):
                try:
                    client().send_message(QueueUrl="https://q", MessageBody="a")
                    failed.append(False)
                except ClientError:
                    failed.append(True)
            return failed

    first = run()
    assert first == run()
    assert 2 < sum(first) < 18


def test_rules_are_tried_in_order_and_can_be_taken_back(cloud: Cloud) -> None:
    first = cloud.faults.add("sqs", error="First")
    cloud.faults.add("sqs", error="Second")
    codes: list[str | None] = []
    for _ in range(3):
        try:
            client().send_message(QueueUrl="https://q", MessageBody="a")
            codes.append(None)
        except ClientError as error:
            codes.append(error.response["Error"]["Code"])
        if len(codes) == 1:
            cloud.faults.remove(first)
        else:
            cloud.faults.clear()
    assert codes == ["First", "Second", None]


@pytest.mark.parametrize("given", [{}, {"error": "x", "probability": 1.5}, {"error": "x", "probability": -0.1}])
def test_a_rule_that_makes_no_sense_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Cloud().faults.add(**given)
