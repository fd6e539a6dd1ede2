"""Which services were used last, by whom: from the call log; and which policies let somebody use one."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from sundog.api import iam as api
from sundog.core import Tx, op, parse_arn
from sundog.core.calls import Call
from sundog.core.credential import AccessKey
from sundog.core.policy import compile_policy
from sundog.services.iam.common import PAGE, now
from sundog.services.iam.managed import find_policy, holders
from sundog.services.iam.simulate import entity_by_arn
from sundog.services.iam.state import Group, Job, Role, User
from sundog.services.iam.used import moment
from sundog.wire.model import get_service

Entity = User | Group | Role


def _entities(tx: Tx, arn: str) -> list[Entity]:
    """The users and roles that an ARN stands for: itself, a group's users, or a policy's holders."""
    parts = parse_arn(arn)
    if parts is not None and parts.resource.startswith("policy/"):
        policy = find_policy(tx, arn)
        if policy is None:
            raise api.NoSuchEntityException(f"Policy {arn} was not found.")
        found: list[Any] = holders(tx, arn)
    else:
        found = [entity_by_arn(tx, arn)]
    out: list[Entity] = []
    for row in found:
        out.extend(tx.select(User, groups=row.key) if isinstance(row, Group) else [row])
    return list({row.arn: row for row in out}.values())


def _documents(tx: Tx, arn: str) -> list[str]:
    from sundog.services.iam.principal import named_of

    policy = find_policy(tx, arn)
    if policy is not None:
        return [policy.document]
    row = entity_by_arn(tx, arn)
    named = list(named_of(tx, row))
    if isinstance(row, User):
        for key in row.groups:
            named.extend(named_of(tx, tx.get(Group, key)))
    return [item.document for item in named]


def _namespaces(documents: Iterable[str]) -> set[str]:
    """The services that policies speak of in what they allow."""
    found: set[str] = set()
    for document in documents:
        for statement in compile_policy(document).statements:
            if statement.effect == "Allow" and "Action" in statement.source:
                actions = statement.source["Action"]
                for action in actions if isinstance(actions, list) else [actions]:
                    found.add(action.partition(":")[0].lower())
    return found


def _uses(tx: Tx, entities: Iterable[Entity]) -> dict[str, dict[str, Call]]:
    """The last call to each service by each entity."""
    owner: dict[str, str] = {}
    arns = {row.arn for row in entities}
    for key in tx.select(AccessKey):
        arn = key.role_arn or key.source_arn or key.arn
        if arn in arns:
            owner[key.access_key] = arn
    found: dict[str, dict[str, Call]] = {}
    for call in tx.cloud.calls:
        arn = owner.get(call.access_key or "")
        if arn is not None and call.kind == "call":
            found.setdefault(get_service(call.service).signing_name, {})[arn] = call
    return found


def _service_name(namespace: str) -> str:
    for name in (namespace, {"monitoring": "cloudwatch"}.get(namespace, namespace)):
        try:
            return get_service(name).metadata["serviceFullName"]
        except KeyError:
            continue
    return namespace


@op
def generate_service_last_accessed_details(
    tx: Tx, req: api.GenerateServiceLastAccessedDetailsRequest
) -> api.GenerateServiceLastAccessedDetailsResponse:
    _entities(tx, req.arn)
    job = Job(
        job_id=tx.ids.uuid(),
        kind="last accessed",
        created=now(tx),
        subject=req.arn,
        granularity=req.granularity or "SERVICE_LEVEL",
    )
    tx.add(job)
    return api.GenerateServiceLastAccessedDetailsResponse(job_id=job.job_id)


def _job(tx: Tx, job_id: str, kind: str) -> Job:
    job = tx.find(Job, job_id)
    if job is None or job.kind != kind:
        raise api.NoSuchEntityException(f"Job {job_id} cannot be found.")
    return job


@op(page_size=PAGE)
def get_service_last_accessed_details(
    tx: Tx, req: api.GetServiceLastAccessedDetailsRequest
) -> api.GetServiceLastAccessedDetailsResponse:
    """Every service that the policies let in, with its last use."""
    job = _job(tx, req.job_id, "last accessed")
    uses = _uses(tx, _entities(tx, job.subject))
    namespaces = _namespaces(_documents(tx, job.subject))
    if "*" in namespaces:
        namespaces = (namespaces - {"*"}) | uses.keys()
    services: list[api.ServiceLastAccessed] = []
    for namespace in sorted(namespaces):
        used = uses.get(namespace, {})
        last = max(used.items(), key=lambda item: item[1].time, default=None)
        services.append(
            api.ServiceLastAccessed(
                service_name=_service_name(namespace),
                service_namespace=namespace,
                last_authenticated=None if last is None else moment(last[1]),
                last_authenticated_entity=None if last is None else last[0],
                last_authenticated_region=None if last is None else last[1].region,
                total_authenticated_entities=len(used),
                tracked_actions_last_accessed=_tracked(used) if job.granularity == "ACTION_LEVEL" and used else None,
            )
        )
    return api.GetServiceLastAccessedDetailsResponse(
        job_status="COMPLETED",
        job_type=job.granularity,
        job_creation_date=job.created,
        job_completion_date=job.created + datetime.timedelta(seconds=1),
        services_last_accessed=services,
        is_truncated=False,
    )


def _tracked(used: dict[str, Call]) -> list[api.TrackedActionLastAccessed]:
    return [
        api.TrackedActionLastAccessed(
            action_name=call.operation,
            last_accessed_entity=arn,
            last_accessed_time=moment(call),
            last_accessed_region=call.region,
        )
        for arn, call in used.items()
    ]


@op(page_size=PAGE)
def get_service_last_accessed_details_with_entities(
    tx: Tx, req: api.GetServiceLastAccessedDetailsWithEntitiesRequest
) -> api.GetServiceLastAccessedDetailsWithEntitiesResponse:
    """Who of a group's or policy's entities used a service."""
    job = _job(tx, req.job_id, "last accessed")
    entities = _entities(tx, job.subject)
    used = _uses(tx, entities).get(req.service_namespace, {})
    details: list[api.EntityDetails] = []
    for row in entities:
        kind, name, unique = (
            (("USER", row.user_name, row.user_id) if isinstance(row, User) else ("ROLE", row.role_name, row.role_id))
            if not isinstance(row, Group)
            else ("GROUP", row.group_name, row.group_id)
        )
        call = used.get(row.arn)
        details.append(
            api.EntityDetails(
                entity_info=api.EntityInfo(arn=row.arn, name=name, type=kind, id=unique, path=row.path),
                last_authenticated=None if call is None else moment(call),
            )
        )
    return api.GetServiceLastAccessedDetailsWithEntitiesResponse(
        job_status="COMPLETED",
        job_creation_date=job.created,
        job_completion_date=job.created + datetime.timedelta(seconds=1),
        entity_details_list=details,
        is_truncated=False,
    )


def _granting(tx: Tx, row: Entity, namespace: str) -> list[api.PolicyGrantingServiceAccess]:
    found: list[api.PolicyGrantingServiceAccess] = []
    kind = type(row).__name__.upper()
    name: str = getattr(row, f"{kind.lower()}_name")
    for arn in row.attached:
        policy = find_policy(tx, arn)
        if policy is not None and {namespace, "*"} & _namespaces([policy.document]):
            found.append(
                api.PolicyGrantingServiceAccess(policy_name=policy.policy_name, policy_type="MANAGED", policy_arn=arn)
            )
    for policy_name, document in row.inline.items():
        if {namespace, "*"} & _namespaces([document]):
            found.append(
                api.PolicyGrantingServiceAccess(
                    policy_name=policy_name, policy_type="INLINE", entity_type=kind, entity_name=name
                )
            )
    return found


@op(paged=False)
def list_policies_granting_service_access(
    tx: Tx, req: api.ListPoliciesGrantingServiceAccessRequest
) -> api.ListPoliciesGrantingServiceAccessResponse:
    """For each service, the policies of an entity that speak of it."""
    row = entity_by_arn(tx, req.arn)
    rows: list[Entity] = [row]
    if isinstance(row, User):
        rows.extend(tx.get(Group, key) for key in row.groups)
    return api.ListPoliciesGrantingServiceAccessResponse(
        policies_granting_service_access=[
            api.ListPoliciesGrantingServiceAccessEntry(
                service_namespace=namespace, policies=[one for each in rows for one in _granting(tx, each, namespace)]
            )
            for namespace in req.service_namespaces
        ],
        is_truncated=False,
    )


# -- organizations


@op
def generate_organizations_access_report(
    tx: Tx, req: api.GenerateOrganizationsAccessReportRequest
) -> api.GenerateOrganizationsAccessReportResponse:
    job = Job(job_id=tx.ids.uuid(), kind="organization", created=now(tx), subject=req.entity_path)
    tx.add(job)
    return api.GenerateOrganizationsAccessReportResponse(job_id=job.job_id)


@op(paged=False)
def get_organizations_access_report(
    tx: Tx, req: api.GetOrganizationsAccessReportRequest
) -> api.GetOrganizationsAccessReportResponse:
    """Which services were used by the account at the end of the path."""
    job = _job(tx, req.job_id, "organization")
    account = job.subject.rstrip("/").rpartition("/")[2]
    last: dict[str, Call] = {}
    for call in tx.cloud.calls:
        if call.kind == "call" and (call.account == account or not account.isdigit()):
            last[get_service(call.service).signing_name] = call
    details = [
        api.AccessDetail(
            service_name=_service_name(namespace),
            service_namespace=namespace,
            region=call.region,
            entity_path=job.subject,
            last_authenticated_time=moment(call),
            total_authenticated_entities=1,
        )
        for namespace, call in sorted(last.items())
    ]
    if req.sort_key is not None and req.sort_key.startswith("LAST_AUTHENTICATED_TIME"):
        details.sort(key=lambda one: one.last_authenticated_time, reverse=req.sort_key.endswith("DESCENDING"))
    elif req.sort_key == "SERVICE_NAMESPACE_DESCENDING":
        details.reverse()
    start = int(req.marker) if req.marker is not None and req.marker.isdigit() else 0
    end = start + (req.max_items or PAGE)
    more = end < len(details)
    return api.GetOrganizationsAccessReportResponse(
        job_status="COMPLETED",
        job_creation_date=job.created,
        job_completion_date=job.created + datetime.timedelta(seconds=1),
        number_of_services_accessible=len(details),
        number_of_services_not_accessed=0,
        access_details=details[start:end],
        is_truncated=more,
        marker=str(end) if more else None,
    )
