"""The language of operation and member names: words, singulars, verbs, and what a member is called within its resource."""

from __future__ import annotations

import re
from functools import lru_cache

_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]+s(?![a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")

BULK = frozenset({"Batch", "Bulk"})
CREATE = frozenset({"Create", "Register", "Allocate", "Define", "Provision"})
"""Their noun is a resource, whatever else there is."""
MAKE = frozenset(
    [
        "Put",
        "Import",
        "Request",
        "Run",
        "Purchase",
        "Publish",
        "Submit",
        "Start",
        "Add",
        "Schedule",
        "Open",
        "Subscribe",
        "Send",
        "Enable",
        "Associate",
        "Update",
        "Set",
        "Modify",
        "Upload",
        "Generate",
        "Issue",
        "Initiate",
        "Copy",
        "Restore",
        "Clone",
        "Invite",
        "Configure",
        "Export",
        "Launch",
        "Initialize",
        "Build",
        "Deploy",
        "Save",
        "Record",
        "Claim",
        "Reserve",
        "Attach",
        "Authorize",
        "Grant",
        "Setup",
        "Activate",
        "Execute",
        "Replicate",
        "Invoke",
        "Begin",
        "Change",
        "Apply",
    ]
)
"""Their noun is a resource if something reads it back and nothing stronger makes it."""
UPSERT = frozenset({"Put", "Set", "Update", "Modify", "Enable", "Associate", "Attach", "Configure", "Add", "Upload",
                    "Import", "Save", "Activate", "Authorize", "Grant", "Setup", "Apply", "Change", "Publish"})  # fmt: skip
"""Made again, the resource is replaced."""
READ = frozenset({"Get", "Describe", "Head", "Read", "Retrieve", "Fetch", "Lookup", "View", "Poll"})
LIST = frozenset({"List", "Search", "Scan", "Find", "Filter", "Query", "Discover", "Select"})
UPDATE = frozenset([
    "Update", "Modify", "Edit", "Change", "Set", "Put", "Rename", "Configure", "Patch", "Alter", "Replace",
    "Reset", "Upgrade", "Refresh", "Amend", "Override", "Increase", "Decrease", "Rotate", "Reorder", "Reload",
    "Resize", "Apply", "Regenerate",
])  # fmt: skip
DELETE = frozenset([
    "Delete", "Remove", "Deregister", "Terminate", "Release", "Destroy", "Drop", "Unsubscribe", "Deprovision",
    "Forget", "Purge", "Unregister", "Discard", "Dispose", "Disassociate", "Dissociate", "Detach", "Revoke",
    "Unassign", "Unlink", "Disable", "Clear", "Deauthorize",
])  # fmt: skip
ATTACH = frozenset({"Associate", "Attach", "Add", "Assign", "Grant", "Join", "Link", "Register", "Authorize", "Enable"})
DETACH = frozenset({"Disassociate", "Dissociate", "Detach", "Remove", "Unassign", "Revoke", "Leave", "Unlink",
                    "Deregister", "Deauthorize", "Delete", "Disable"})  # fmt: skip
TRANSITION = {
    "Start": ("RUNNING", "STARTED", "ACTIVE", "AVAILABLE", "IN_PROGRESS", "STARTING"),
    "Stop": ("STOPPED", "CANCELLED", "CANCELED", "INACTIVE", "OFFLINE", "STOPPING"),
    "Cancel": ("CANCELLED", "CANCELED", "STOPPED", "ABORTED", "CANCELLING", "CANCELING", "CANCEL"),
    "Pause": ("PAUSED", "SUSPENDED", "PAUSING"),
    "Resume": ("ACTIVE", "RUNNING", "AVAILABLE", "IN_PROGRESS", "RESUMED", "READY"),
    "Enable": ("ENABLED", "ACTIVE", "ENABLING"),
    "Disable": ("DISABLED", "INACTIVE", "SUSPENDED", "DISABLING"),
    "Activate": ("ACTIVE", "ACTIVATED", "ENABLED"),
    "Deactivate": ("INACTIVE", "DEACTIVATED", "DISABLED"),
    "Suspend": ("SUSPENDED", "PAUSED", "DISABLED"),
    "Accept": ("ACCEPTED", "ACTIVE", "AVAILABLE", "ENABLED", "ASSOCIATED", "APPROVED"),
    "Reject": ("REJECTED", "DECLINED", "DENIED"),
    "Decline": ("DECLINED", "REJECTED"),
    "Approve": ("APPROVED", "ACTIVE", "ACCEPTED"),
    "Archive": ("ARCHIVED",),
    "Unarchive": ("ACTIVE",),
    "Restore": ("ACTIVE", "AVAILABLE"),
    "Complete": ("COMPLETED", "COMPLETE", "SUCCEEDED", "SUCCESS", "DONE"),
    "Abort": ("ABORTED", "CANCELLED", "CANCELED", "STOPPED"),
    "Retry": ("IN_PROGRESS", "RUNNING", "PENDING", "QUEUED"),
    "Reboot": (),
    "Restart": (),
    "Confirm": ("CONFIRMED", "AVAILABLE", "ACTIVE", "VERIFIED"),
    "Publish": ("PUBLISHED", "ACTIVE", "LIVE"),
    "Close": ("CLOSED", "RESOLVED"),
    "Resolve": ("RESOLVED", "CLOSED"),
    "Reopen": ("OPEN", "REOPENED"),
    "Lock": ("LOCKED",),
    "Unlock": ("UNLOCKED", "ACTIVE"),
    "Deprecate": ("DEPRECATED",),
    "Undeprecate": ("REGISTERED", "ACTIVE"),
    "Terminate": ("TERMINATED", "TERMINATING", "STOPPED"),
    "Verify": ("VERIFIED", "SUCCESS", "ACTIVE"),
    "Withdraw": ("WITHDRAWN", "PROVISIONED"),
    "Advertise": ("ADVERTISED",),
    "Promote": (),
    "Renew": (),
    "Failover": (),
    "Switchover": (),
    "Acknowledge": ("ACKNOWLEDGED",),
    "Exit": ("COMPLETED",),
    "Continue": ("IN_PROGRESS", "RUNNING"),
    "Finalize": ("COMPLETED", "FINALIZED"),
    "Rollback": ("ROLLED_BACK", "ROLLBACK_COMPLETE"),
    "Disconnect": ("DISCONNECTED",),
    "Connect": ("CONNECTED",),
    "Skip": ("SKIPPED",),
    "Expire": ("EXPIRED",),
    "Redact": (),
    "Monitor": (),
    "Rebuild": (),
    "Respond": (),
    "Transfer": (),
    "Move": (),
    "Extend": (),
    "Drain": ("DRAINING",),
    "Undeploy": ("UNDEPLOYED",),
    "Merge": ("MERGED", "CLOSED"),
    "Replicate": (),
    "Retire": ("RETIRED",),
}
"""Verbs that change a resource's status, with the statuses that they lead to."""
PREPOSITIONS = frozenset(
    [
        "For",
        "By",
        "From",
        "To",
        "With",
        "In",
        "Of",
        "On",
        "At",
        "As",
        "Within",
        "Against",
        "Using",
        "Into",
        "Under",
        "Across",
        "And",
        "Via",
    ]
)
_KEPT = frozenset([
    "status", "access", "address", "alias", "analysis", "kubernetes", "redis", "class", "process", "business",
    "series", "news", "canvas", "chaos", "atlas", "lens", "basis", "bus", "progress", "success", "dns", "sns",
    "sms", "ses", "sqs", "ios", "aws", "https", "axis", "previous", "wireless", "express", "os", "css", "apis",
    "pass", "loss", "bias", "diagnosis", "corpus", "diagnostics", "analytics", "metadata",
])  # fmt: skip
_IRREGULAR = {
    "indices": "index", "analyses": "analysis", "buses": "bus", "statuses": "status", "aliases": "alias",
    "people": "person", "caches": "cache", "series": "series", "diagnoses": "diagnosis", "lenses": "lens",
    "apis": "api", "axes": "axis", "vertices": "vertex", "kms": "kms", "canvases": "canvas", "vpcs": "vpc",
    "criteria": "criteria", "bases": "basis", "biases": "bias", "headaches": "headache",
}  # fmt: skip


@lru_cache(maxsize=65536)
def words(name: str) -> tuple[str, ...]:
    """``CreateDBInstance`` as ``Create``, ``DB``, ``Instance``."""
    return tuple(_WORDS.findall(name))


@lru_cache(maxsize=16384)
def singular(word: str) -> str:
    """One of what the word names."""
    low = word.lower()
    if low in _KEPT:
        return word
    known = _IRREGULAR.get(low)
    if known is not None:
        return known.capitalize() if word[:1].isupper() else known
    if (
        len(word) > 2
        and word.isupper()
        and word.endswith("S")
        and word not in ("DNS", "KMS", "SMS", "TLS", "EKS", "ECS")
    ):
        return word
    if low.endswith("ies") and len(low) > 4:
        return word[:-3] + "y"
    if low.endswith(("sses", "shes", "xes", "zzes", "tches", "nches", "rches")):
        return word[:-2]
    if low.endswith(("ss", "us", "is")) or not low.endswith("s") or len(low) < 3:
        return word
    return word[:-1]


def plural(word: str) -> bool:
    """Whether the word names several."""
    return singular(word) != word


@lru_cache(maxsize=65536)
def low(name: str) -> str:
    """A name without its case and punctuation; an identifier is an id."""
    text = re.sub(r"[^a-z0-9]", "", name.lower())
    return text.replace("identifier", "id")


@lru_cache(maxsize=16384)
def suffixes(noun: str) -> tuple[str, ...]:
    """The noun and what is left of it without its first words, longest first."""
    parts = [low(part) for part in words(noun)]
    return tuple("".join(parts[index:]) for index in range(len(parts)))


@lru_cache(maxsize=65536)
def canon(member: str, noun: str) -> str:
    """What a member is called within its resource: ``ClusterId`` of a Cluster is ``id``; ``cluster`` is nothing at all."""
    name = low(member)
    for suffix in suffixes(noun):
        if name.startswith(suffix):
            rest = name[len(suffix) :]
            return "" if rest == "s" else "id" if rest == "uuid" else rest
    return "id" if name == "uuid" else name


IDENTITIES = ("id", "arn", "name", "key", "alias", "number", "version", "revision", "code", "idorarn", "arnorid")
"""The canonical names that tell one resource from another."""


def kebab(noun: str) -> str:
    return "-".join(word.lower() for word in words(noun))
