"""SQS in the query protocol.

botocore's model of SQS is that of the JSON protocol, but SQS still answers the query protocol, which boto 2 and older
SDKs speak. Only the names differ, those of the errors too: clients of the JSON protocol are told both.
"""

from __future__ import annotations

from typing import Any

from sundog.wire.model import Service

ITEMS = {
    "AWSAccountIdList": "AWSAccountId",
    "ActionNameList": "ActionName",
    "AttributeNameList": "AttributeName",
    "BatchResultErrorEntryList": "BatchResultErrorEntry",
    "BinaryList": "BinaryListValue",
    "ChangeMessageVisibilityBatchRequestEntryList": "ChangeMessageVisibilityBatchRequestEntry",
    "ChangeMessageVisibilityBatchResultEntryList": "ChangeMessageVisibilityBatchResultEntry",
    "DeleteMessageBatchRequestEntryList": "DeleteMessageBatchRequestEntry",
    "DeleteMessageBatchResultEntryList": "DeleteMessageBatchResultEntry",
    "ListMessageMoveTasksResultEntryList": "ListMessageMoveTasksResultEntry",
    "MessageAttributeNameList": "MessageAttributeName",
    "MessageList": "Message",
    "MessageSystemAttributeList": "MessageSystemAttributeName",
    "QueueUrlList": "QueueUrl",
    "SendMessageBatchRequestEntryList": "SendMessageBatchRequestEntry",
    "SendMessageBatchResultEntryList": "SendMessageBatchResultEntry",
    "StringList": "StringListValue",
    "TagKeyList": "TagKey",
}
MAPS = {
    "MessageBodyAttributeMap": ("MessageAttribute", "Name", "Value"),
    "MessageBodySystemAttributeMap": ("MessageSystemAttribute", "Name", "Value"),
    "MessageSystemAttributeMap": ("Attribute", "Name", "Value"),
    "QueueAttributeMap": ("Attribute", "Name", "Value"),
    "TagMap": ("Tag", "Key", "Value"),
}
_PREFIX = "AWS.SimpleQueueService."
CODES = {
    "QueueDoesNotExist": _PREFIX + "NonExistentQueue",
    "QueueNameExists": "QueueAlreadyExists",
    "QueueDeletedRecently": _PREFIX + "QueueDeletedRecently",
    "MessageNotInflight": _PREFIX + "MessageNotInflight",
    "PurgeQueueInProgress": _PREFIX + "PurgeQueueInProgress",
    "TooManyEntriesInBatchRequest": _PREFIX + "TooManyEntriesInBatchRequest",
    "EmptyBatchRequest": _PREFIX + "EmptyBatchRequest",
    "BatchEntryIdsNotDistinct": _PREFIX + "BatchEntryIdsNotDistinct",
    "BatchRequestTooLong": _PREFIX + "BatchRequestTooLong",
    "InvalidBatchEntryId": _PREFIX + "InvalidBatchEntryId",
    "UnsupportedOperation": _PREFIX + "UnsupportedOperation",
    "KmsAccessDenied": "KMS.AccessDeniedException",
    "KmsDisabled": "KMS.DisabledException",
    "KmsInvalidKeyUsage": "KMS.InvalidKeyUsageException",
    "KmsInvalidState": "KMS.InvalidStateException",
    "KmsNotFound": "KMS.NotFoundException",
    "KmsOptInRequired": "KMS.OptInRequired",
    "KmsThrottled": "KMS.ThrottlingException",
}
"""The codes of the query protocol, where they aren't the names of the errors."""

JSON_NAMES = {
    "InvalidParameterValue": "InvalidParameterValueException",
    "MissingParameter": "MissingRequiredParameterException",
    "AccessDenied": "AccessDeniedException",
}
"""What the JSON protocol calls the query protocol's errors that the model doesn't have."""


def named(service: Service) -> dict[str, Any]:
    """The shapes of SQS with the query protocol's names."""
    found = service.plans.get("sqs-query-shapes")
    if found is None:
        found = dict(service.description["shapes"])
        for name, item in ITEMS.items():
            if name in found:
                found[name] = {**found[name], "member": {**found[name]["member"], "locationName": item}}
        for name, (element, key, value) in MAPS.items():
            if name in found:
                found[name] = {
                    **found[name],
                    "locationName": element,
                    "key": {**found[name]["key"], "locationName": key},
                    "value": {**found[name]["value"], "locationName": value},
                }
        service.plans["sqs-query-shapes"] = found
    return found
