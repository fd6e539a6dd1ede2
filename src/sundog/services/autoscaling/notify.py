"""What topics and queues are told of."""

from __future__ import annotations

import json
from typing import Any

from sundog.core import AwsError, Event, Tx, deliver
from sundog.services.autoscaling.state import Group, Hook, Notification

_SAY = {
    "autoscaling:EC2_INSTANCE_LAUNCH": "launch",
    "autoscaling:EC2_INSTANCE_TERMINATE": "termination",
    "autoscaling:EC2_INSTANCE_LAUNCH_ERROR": "launch error",
    "autoscaling:EC2_INSTANCE_TERMINATE_ERROR": "termination error",
}


def _moment(tx: Tx) -> str:
    return tx.now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{tx.now.microsecond // 1000:03d}Z"


def announce(tx: Tx, group: Group, kind: str, instance_id: str | None, cause: str) -> None:
    """Tell the topics that want to hear of events of the kind."""
    name = group.auto_scaling_group_name
    for row in tx.range(Notification, (name, "", ""), (name + "\0", "", "")):
        if row.notification_type == kind:
            body = {
                "Service": "AWS Auto Scaling",
                "Time": _moment(tx),
                "RequestId": tx.ids.uuid(),
                "Event": kind,
                "AccountId": tx.account,
                "AutoScalingGroupName": name,
                "AutoScalingGroupARN": group.auto_scaling_group_arn,
                "EC2InstanceId": instance_id,
                "Cause": cause,
            }
            subject = f'Auto Scaling: {_SAY.get(kind, "test")} for group "{name}"'
            tx.after_commit(publish, row.topic_arn, subject, json.dumps(body))


def publish(tx: Tx, topic_arn: str, subject: str, body: str) -> None:
    """Say it on a topic."""
    tx.call("sns", "Publish", topic_arn=topic_arn, subject=subject, message=body)


def tell_hook(tx: Tx, group: Group, hook: Hook, instance_id: str, token: str) -> None:
    """Tell a lifecycle hook's target that an instance waits."""
    if hook.notification_target_arn:
        body: dict[str, Any] = {
            "LifecycleHookName": hook.lifecycle_hook_name,
            "AccountId": tx.account,
            "RequestId": tx.ids.uuid(),
            "LifecycleTransition": hook.lifecycle_transition,
            "AutoScalingGroupName": group.auto_scaling_group_name,
            "Service": "AWS Auto Scaling",
            "Time": _moment(tx),
            "EC2InstanceId": instance_id,
            "LifecycleActionToken": token,
        }
        if hook.notification_metadata is not None:
            body["NotificationMetadata"] = hook.notification_metadata
        tx.after_commit(hand_over, hook.notification_target_arn, json.dumps(body))


def hand_over(tx: Tx, arn: str, body: str) -> None:
    """Hand a message to a queue or topic; one that is gone is the owner's concern."""
    try:
        if ":sns:" in arn:
            tx.call("sns", "Publish", topic_arn=arn, message=body)
        else:
            deliver(tx, arn, Event(body, "autoscaling"))
    except AwsError:
        return
