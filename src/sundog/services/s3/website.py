"""A bucket's website: its configuration, and which answer each request gets by it."""

from __future__ import annotations

from typing import Any

from sundog.api import s3 as api
from sundog.core import Tx, op
from sundog.core.structure import plain
from sundog.services.s3 import errors
from sundog.services.s3.body import check_body
from sundog.services.s3.configuration import configured
from sundog.services.s3.place import bucket_of


@op
def put_bucket_website(tx: Tx, req: api.PutBucketWebsiteRequest) -> None:
    """Make the bucket a website."""
    bucket = bucket_of(tx, req)
    check_body(tx, req)
    given = req.website_configuration
    _check(given)
    configured(tx, bucket, "website", plain(given))


def _check(given: Any) -> None:
    everything, index = given.redirect_all_requests_to, given.index_document
    if everything is not None:
        if index is not None or given.error_document is not None or given.routing_rules is not None:
            message = "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules."
            raise errors.argument("RedirectAllRequestsTo", "not null", message)
        if everything.host_name is None:
            raise errors.malformed()
        _check_protocol(everything.protocol)
        return
    if index is None:
        message = "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty"
        raise errors.argument("IndexDocument", None, message)
    if not index.suffix or "/" in index.suffix:
        raise errors.argument("IndexDocument", index.suffix or None, "The IndexDocument Suffix is not well formed")
    if given.error_document is not None and not given.error_document.key:
        raise errors.argument("ErrorDocument", None, "The ErrorDocument Key is not well formed")
    if given.routing_rules is not None:
        if not given.routing_rules:
            raise errors.malformed()
        for rule in given.routing_rules:
            _check_rule(rule)


def _check_rule(rule: Any) -> None:
    redirect, condition = rule.redirect, rule.condition
    if redirect is None:
        raise errors.malformed()
    _check_protocol(redirect.protocol)
    if redirect.replace_key_prefix_with is not None and redirect.replace_key_with is not None:
        raise errors.invalid("You can only define ReplaceKeyPrefix or ReplaceKey but not both.")
    if condition is not None and not plain(condition):
        raise errors.invalid(
            "Condition cannot be empty. To redirect all requests without a condition, the "
            "condition element shouldn't be "
            "present."
        )
    code = redirect.http_redirect_code
    if code is not None and not (code.isdigit() and 301 <= int(code) <= 399):
        raise errors.invalid(f"The provided HTTP redirect code ({code}) is not valid. Valid codes are 3XX except 300.")


def _check_protocol(protocol: str | None) -> None:
    if protocol is not None and protocol not in ("http", "https"):
        raise errors.invalid(
            "Invalid protocol, protocol can be http or https. If not defined the protocol will be "
            "selected automatically."
        )


@op
def get_bucket_website(tx: Tx, req: api.GetBucketWebsiteRequest) -> api.GetBucketWebsiteOutput:
    """The website's configuration."""
    bucket = bucket_of(tx, req)
    found = bucket.configuration.get("website")
    if found is None:
        raise errors.unconfigured(
            "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration", bucket.name
        )
    return api.GetBucketWebsiteOutput(
        redirect_all_requests_to=found.get("RedirectAllRequestsTo"),
        index_document=found.get("IndexDocument"),
        error_document=found.get("ErrorDocument"),
        routing_rules=found.get("RoutingRules"),
    )


@op
def delete_bucket_website(tx: Tx, req: api.DeleteBucketWebsiteRequest) -> None:
    """Make the bucket a website no longer."""
    configured(tx, bucket_of(tx, req), "website", None)
