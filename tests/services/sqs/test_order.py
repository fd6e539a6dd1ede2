"""The orders of a FIFO queue's messages, held against a model that keeps plain lists."""

from __future__ import annotations

from typing import Any

import boto3
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sundog import mock_aws

TIMEOUT = 10


class FifoQueue(RuleBasedStateMachine):
    """Groups are lists of ``[body, hidden until, handle]``: each may be received up to its first hidden message."""

    def __init__(self) -> None:
        super().__init__()
        self.mock = mock_aws(seed=1)
        self.aws = self.mock.start()
        self.aws.clock.freeze()
        self.sqs = boto3.client("sqs", region_name="us-east-1")
        attributes = {"FifoQueue": "true", "VisibilityTimeout": str(TIMEOUT)}
        self.url = self.sqs.create_queue(QueueName="q.fifo", Attributes=attributes)["QueueUrl"]
        self.groups: dict[str, list[list[Any]]] = {"a": [], "b": [], "c": []}
        self.sent = 0
        self.now = 0

    def teardown(self) -> None:
        self.mock.stop()

    @property
    def open(self) -> dict[str, list[list[Any]]]:
        found: dict[str, list[list[Any]]] = {}
        for group, messages in self.groups.items():
            for message in messages:
                if message[1] > self.now:
                    break
                found.setdefault(group, []).append(message)
        return found

    @property
    def held(self) -> list[tuple[str, list[Any]]]:
        return [(group, m) for group, messages in self.groups.items() for m in messages if m[1] > self.now]

    @rule(group=st.sampled_from("abc"))
    def send(self, group: str) -> None:
        self.sent += 1
        body = str(self.sent)
        self.sqs.send_message(QueueUrl=self.url, MessageBody=body, MessageGroupId=group, MessageDeduplicationId=body)
        self.groups[group].append([body, 0, None])

    @rule(most=st.integers(1, 10))
    def receive(self, most: int) -> None:
        found = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=most).get("Messages", [])
        order = sorted(self.open.values(), key=lambda messages: int(messages[0][0]))
        expected = [message for messages in order for message in messages][:most]
        assert [message["Body"] for message in found] == [message[0] for message in expected]
        for got, message in zip(found, expected, strict=True):
            message[1:] = [self.now + TIMEOUT, got["ReceiptHandle"]]

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def delete(self, data: Any) -> None:
        group, message = data.draw(st.sampled_from(self.held))
        self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message[2])
        self.groups[group].remove(message)

    @precondition(lambda self: self.held)
    @rule(data=st.data(), seconds=st.sampled_from([0, 3, 30]))
    def change(self, data: Any, seconds: int) -> None:
        _, message = data.draw(st.sampled_from(self.held))
        self.sqs.change_message_visibility(QueueUrl=self.url, ReceiptHandle=message[2], VisibilityTimeout=seconds)
        message[1] = self.now + seconds

    @rule(seconds=st.integers(1, 12))
    def wait(self, seconds: int) -> None:
        self.aws.clock.advance(seconds=seconds)
        self.now += seconds

    @invariant()
    def counts(self) -> None:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        whole = sum(len(messages) for messages in self.groups.values())
        assert [int(found[name]) for name in names] == [whole - len(self.held), len(self.held)]


TestFifoQueue = FifoQueue.TestCase
TestFifoQueue.settings = settings(
    max_examples=15, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck), database=None
)
