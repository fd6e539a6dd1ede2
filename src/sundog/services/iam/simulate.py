"""What policies would decide: the simulator, by the evaluator that decides when policies are enforced."""

from __future__ import annotations

import re
from typing import Any

from sundog.api import iam as api
from sundog.core import AwsError, Tx, op, parse_arn
from sundog.core.identity import Named
from sundog.core.policy import Policy, Request, Statement, Verdict, compile_policy, decide
from sundog.services.iam.common import PAGE, checked_document
from sundog.services.iam.position import statement_positions
from sundog.services.iam.principal import boundary_of, named_of
from sundog.services.iam.state import Group, Role, User

_VARIABLE = re.compile(r"\$\{\s*([\w:./-]+)\s*[},]")


class Source:
    """The policies of one simulation, each with the name and kind by which results point at its statements."""

    def __init__(self) -> None:
        self.labels: dict[str, tuple[Policy, str, str | None]] = {}
        self.identity: list[tuple[str, Policy]] = []
        self.boundary: list[tuple[str, Policy]] | None = None
        self.organization: list[list[tuple[str, Policy]]] = []
        self.resource: Policy | None = None
        self.same_account = True

    def entry(self, name: str, document: str, kind: str | None) -> tuple[str, Policy]:
        label = f"{len(self.labels)}"
        policy = compile_policy(document)
        self.labels[label] = (policy, name, kind)
        return label, policy

    def statement(self, label: str, statement: Statement) -> api.Statement:
        policy, name, kind = self.labels[label]
        spans = statement_positions(policy.document)
        (line, column), (end_line, end_column) = spans[statement.index]
        return api.Statement(
            source_policy_id=name,
            source_policy_type=kind,
            start_position=api.Position(line=line, column=column),
            end_position=api.Position(line=end_line, column=end_column),
        )


def _given(source: Source, documents: Any, prefix: str, kind: str | None) -> list[tuple[str, Policy]]:
    found: list[tuple[str, Policy]] = []
    for index, document in enumerate(documents or (), 1):
        try:
            checked_document(document, "session")
        except AwsError as error:
            raise api.InvalidInputException(f"Invalid Input: {prefix}.{index}: {error.message}") from None
        found.append(source.entry(f"{prefix}.{index}", document, kind))
    return found


def _evaluate(tx: Tx, req: Any, source: Source, caller: str | None, grouped: bool) -> list[api.EvaluationResult]:
    context: dict[str, list[str]] = {}
    for entry in req.context_entries or ():
        context[entry.context_key_name.lower()] = list(entry.context_key_values or ())
    principals: dict[str, list[str]] = {}
    if caller is not None:
        parts = parse_arn(caller)
        account = parts.account if parts is not None else tx.account
        principals["AWS"] = [caller, f"arn:{tx.partition}:iam::{account}:root"]
        context.setdefault("aws:principalarn", [caller])
        context.setdefault("aws:principalaccount", [account])
        if parts is not None and parts.resource.startswith("user/"):
            context.setdefault("aws:username", [parts.resource.rpartition("/")[2]])
    owner = parse_arn(req.resource_owner or "")
    if owner is not None and caller is not None:
        source.same_account = f":{owner.account}:" in caller
    results: list[api.EvaluationResult] = []
    for action in req.action_names:
        if ":" not in action:
            raise api.InvalidInputException(f"Invalid Action Name: {action}")
        results.extend(
            _result(source, action, resource, context, principals, grouped) for resource in req.resource_arns or ["*"]
        )
    return results


def _result(
    source: Source,
    action: str,
    resource: str,
    context: dict[str, list[str]],
    principals: dict[str, list[str]],
    grouped: bool,
) -> api.EvaluationResult:
    request = Request(action, resource, context, principals)
    verdict = decide(
        request,
        source.identity,
        resource=source.resource,
        boundary=source.boundary,
        organization=source.organization,
        same_account=source.same_account,
        caller_arns=principals.get("AWS", [])[:1],
    )
    matched = [source.statement(label, one) for label, one in verdict.matched if label in source.labels]
    missing = sorted(
        {key for policy in source.labels.values() for one in policy[0].statements for key in one.missing_keys(context)}
    )
    decision, boundary = _limits(source, request, verdict)
    details: dict[str, Any] = {}
    if boundary is not None:
        details["permissions_boundary_decision_detail"] = api.PermissionsBoundaryDecisionDetail(
            allowed_by_permissions_boundary=boundary
        )
    specific = None
    if grouped and resource != "*":
        specific = [
            api.ResourceSpecificResult(
                eval_resource_name=resource,
                eval_resource_decision=decision,
                matched_statements=matched,
                missing_context_values=missing,
                **details,
            )
        ]
    if grouped:
        details["organizations_decision_detail"] = api.OrganizationsDecisionDetail(
            allowed_by_organizations=verdict.reason != "a service control policy"
        )
        details["eval_decision_details"] = {}
    return api.EvaluationResult(
        eval_action_name=action,
        eval_resource_name=resource,
        eval_decision=decision,
        matched_statements=matched,
        missing_context_values=missing,
        resource_specific_results=specific,
        **details,
    )


def _limits(source: Source, request: Request, verdict: Verdict) -> tuple[str, bool | None]:
    if source.boundary is None:
        return verdict.decision, None
    alone = decide(request, source.boundary)
    return verdict.decision, alone.allowed


@op(page_size=PAGE)
def simulate_custom_policy(tx: Tx, req: api.SimulateCustomPolicyRequest) -> api.SimulatePolicyResponse:
    """What the given policies decide."""
    source = Source()
    source.identity = _given(source, req.policy_input_list, "PolicyInputList", "IAM Policy")
    _more(source, req)
    results = _evaluate(tx, req, source, req.caller_arn, False)
    return api.SimulatePolicyResponse(evaluation_results=results)


def _more(source: Source, req: Any) -> None:
    limits = req.permissions_boundary_policy_input_list
    if limits:
        kind = "Permissions Boundary Policy"
        source.boundary = _given(source, limits, "PermissionsBoundaryPolicyInputList", kind)
    if req.resource_policy is not None:
        try:
            checked_document(req.resource_policy, "resource")
        except AwsError as error:
            raise api.InvalidInputException(f"Invalid Input: ResourcePolicy: {error.message}") from None
        policy = compile_policy(req.resource_policy)
        source.labels["resource"] = (policy, "ResourcePolicy", "Resource Policy")
        source.resource = policy


def entity_by_arn(tx: Tx, arn: str) -> User | Group | Role:
    """The user, group or role with the ARN."""
    parts = parse_arn(arn)
    if parts is None:
        raise api.InvalidInputException(f"Invalid Entity Arn: {arn}")
    name = parts.resource.rpartition("/")[2].lower()
    kind = {"user": User, "group": Group, "role": Role}.get(parts.resource_type)
    if kind is None:
        raise api.InvalidInputException(f"Invalid Entity Arn: {arn} does not clearly define entity type and name.")
    row: Any = tx.find(kind, name) if parts.account == tx.account else None
    if row is None or row.arn != arn:
        raise api.NoSuchEntityException("Unable to retrieve specified IAM entity.")
    return row


@op(page_size=PAGE)
def simulate_principal_policy(tx: Tx, req: api.SimulatePrincipalPolicyRequest) -> api.SimulatePolicyResponse:
    """What the policies of a user, group or role decide, with those given besides."""
    row = entity_by_arn(tx, req.policy_source_arn)
    source = Source()
    excluded = list(req.policy_exclusion_list or ())
    for named in _policies(tx, row):
        if not any(_means(item, named) for item in excluded):
            source.identity.append(source.entry(named.name, named.document, named.kind))
    source.identity += _given(source, req.policy_input_list, "PolicyInputList", "IAM Policy")
    boundary = boundary_of(tx, row) if isinstance(row, (User, Role)) else None
    if boundary is not None and not any(_means(item, boundary) for item in excluded):
        source.boundary = [source.entry(boundary.name, boundary.document, boundary.kind)]
    _more(source, req)
    caller = req.caller_arn
    if caller is None and not isinstance(row, Group):
        caller = row.arn
    return api.SimulatePolicyResponse(evaluation_results=_evaluate(tx, req, source, caller, True))


def _means(identifier: Any, named: Named) -> bool:
    """Whether an exclusion names the policy: by its type, its ARN, or an inline one by name and holder."""
    inline = identifier.inline_policy_identifier
    if inline is not None:
        return named.name == inline.policy_name and named.holder == f"{inline.attachment_type}/{inline.attachment_name}"
    if identifier.policy_arn is not None:
        return named.arn == identifier.policy_arn
    if named.kind != "IAM Policy":
        return identifier.policy_type == "permission-boundary"
    if named.arn is None:
        return identifier.policy_type == "inline"
    return identifier.policy_type == ("aws-managed" if ":aws:policy/" in named.arn else "user-managed")


def _policies(tx: Tx, row: User | Group | Role) -> list[Named]:
    found = list(named_of(tx, row))
    if isinstance(row, User):
        for key in row.groups:
            group = tx.find(Group, key)
            if group is not None:
                found.extend(named_of(tx, group))
    return found


# -- context keys


def _keys(documents: list[str]) -> list[str]:
    found: dict[str, None] = {}
    for document in documents:
        for statement in compile_policy(document).statements:
            for condition in statement.conditions:
                found[condition.name] = None
            for field in ("Resource", "NotResource", "Condition"):
                for name in _VARIABLE.findall(str(statement.source.get(field, ""))):
                    found[name] = None
    return list(found)


@op
def get_context_keys_for_custom_policy(
    tx: Tx, req: api.GetContextKeysForCustomPolicyRequest
) -> api.GetContextKeysForPolicyResponse:
    """The keys that policies ask for."""
    for document in req.policy_input_list:
        if not compile_policy(document).statements:
            raise api.InvalidInputException("Invalid policy document")
    return api.GetContextKeysForPolicyResponse(context_key_names=_keys(list(req.policy_input_list)))


@op
def get_context_keys_for_principal_policy(
    tx: Tx, req: api.GetContextKeysForPrincipalPolicyRequest
) -> api.GetContextKeysForPolicyResponse:
    """The keys that an entity's policies ask for, and those given besides."""
    row = entity_by_arn(tx, req.policy_source_arn)
    documents = [named.document for named in _policies(tx, row)]
    return api.GetContextKeysForPolicyResponse(context_key_names=_keys([*documents, *(req.policy_input_list or ())]))
