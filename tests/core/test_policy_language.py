from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sundog.core.policy import Request, compile_policy, decide, validate_policy
from sundog.core.policy_match import glob, pieces_of

USER = "arn:aws:iam::111111111111:user/alice"
ROOT = "arn:aws:iam::111111111111:root"


def policy(*statements, version="2012-10-17"):
    return compile_policy(json.dumps({"Version": version, "Statement": list(statements)}))


def allow(action="s3:GetObject", resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action="s3:GetObject", resource="*", **more):
    return {**allow(action, resource, **more), "Effect": "Deny"}


def ask(*statements, action="s3:GetObject", resource="arn:aws:s3:::b/k", context=None, **more):
    request = Request(action, resource, context or {}, {"AWS": [USER, ROOT]})
    return decide(request, [("p", policy(*statements))] if statements else [], **more).decision


def test_nothing_is_allowed_by_itself():
    assert ask() == "implicitDeny"


def test_an_explicit_deny_wins():
    assert ask(allow()) == "allowed"
    assert ask(allow("*"), deny()) == "explicitDeny"


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [("s3:GetObject", True), ("S3:getobject", True), ("s3:Get*", True), ("s3:?etObject", True), ("*", True),
     ("s3:Put*", False), ("ec2:GetObject", False)],
)  # fmt: skip
def test_actions_match_whatever_their_case(pattern, matches):
    assert ask(allow(pattern)) == ("allowed" if matches else "implicitDeny")


def test_not_action_and_not_resource_speak_of_the_rest():
    statement = {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}
    assert ask(statement) == "allowed"
    assert ask(statement, action="iam:ListUsers") == "implicitDeny"
    statement = {"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::b/*"}
    assert ask(statement) == "implicitDeny"
    assert ask(statement, resource="arn:aws:s3:::c/k") == "allowed"


def test_variables_are_filled_from_the_context():
    statement = allow(resource="arn:aws:s3:::b/${aws:username}/*")
    resource = "arn:aws:s3:::b/alice/x"
    assert ask(statement, resource=resource, context={"aws:username": ["alice"]}) == "allowed"
    assert ask(statement, resource=resource, context={"aws:username": ["bob"]}) == "implicitDeny"
    assert ask(statement, resource=resource) == "implicitDeny"


def test_a_variables_value_holds_no_wildcards():
    statement = allow(resource="arn:aws:s3:::b/${aws:username}")
    assert ask(statement, resource="arn:aws:s3:::b/x", context={"aws:username": ["*"]}) == "implicitDeny"
    assert ask(allow(resource="arn:aws:s3:::b/${*}"), resource="arn:aws:s3:::b/*") == "allowed"
    assert ask(allow(resource="arn:aws:s3:::b/${*}"), resource="arn:aws:s3:::b/x") == "implicitDeny"


def test_a_variable_may_have_a_default():
    statement = allow(resource="arn:aws:s3:::b/${aws:PrincipalTag/team, 'common'}")
    assert ask(statement, resource="arn:aws:s3:::b/common") == "allowed"


CONDITIONS = [
    ("StringEquals", "x", ["x"], True),
    ("StringEquals", "x", ["X"], False),
    ("StringEqualsIgnoreCase", "x", ["X"], True),
    ("StringNotEquals", "x", ["y"], True),
    ("StringNotEquals", "x", None, True),
    ("StringEquals", "x", None, False),
    ("StringEqualsIfExists", "x", None, True),
    ("StringLike", "a*c?", ["abcd"], True),
    ("StringNotLike", "a*", ["abc"], False),
    ("NumericLessThan", "10", ["9.5"], True),
    ("NumericGreaterThanEquals", "10", ["9"], False),
    ("NumericEquals", "10", ["ten"], False),
    ("DateGreaterThan", "2020-01-01T00:00:00Z", ["2021-01-01T00:00:00Z"], True),
    ("DateLessThan", "2020-01-01", ["1577836799"], True),
    ("Bool", "true", ["true"], True),
    ("Bool", True, ["true"], True),
    ("Bool", "false", ["true"], False),
    ("IpAddress", "10.0.0.0/8", ["10.1.2.3"], True),
    ("IpAddress", "10.0.0.0/8", ["11.1.2.3"], False),
    ("NotIpAddress", "10.0.0.0/8", ["11.1.2.3"], True),
    ("IpAddress", "2001:db8::/32", ["2001:db8::1"], True),
    ("ArnLike", "arn:aws:s3:::b*", ["arn:aws:s3:::bucket"], True),
    ("ArnEquals", "arn:aws:*:::b", ["arn:aws:s3:::b"], True),
    ("ArnLike", "arn:aws:s3*:b", ["arn:aws:s3:::b"], False),
    ("ArnNotLike", "arn:aws:s3:::b*", ["arn:aws:sqs:::b"], True),
    ("BinaryEquals", "aGk=", ["aGk="], True),
    ("Null", "true", None, True),
    ("Null", "true", ["x"], False),
    ("Null", "false", ["x"], True),
    ("ForAllValues:StringEquals", ["a", "b"], ["a"], True),
    ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], False),
    ("ForAllValues:StringEquals", ["a", "b"], None, True),
    ("ForAnyValue:StringEquals", ["a", "b"], ["b", "c"], True),
    ("ForAnyValue:StringEquals", ["a", "b"], ["c"], False),
    ("ForAnyValue:StringEquals", ["a", "b"], None, False),
    ("ForAnyValue:StringNotEquals", ["a"], None, False),
    ("stringequals", "x", ["x"], True),
]


@pytest.mark.parametrize(("operator", "wanted", "found", "holds"), CONDITIONS)
def test_a_condition_holds(operator, wanted, found, holds):
    context = {} if found is None else {"my:key": found}
    statement = allow(Condition={operator: {"My:Key": wanted}})
    assert ask(statement, context=context) == ("allowed" if holds else "implicitDeny")


def test_all_conditions_must_hold():
    statement = allow(Condition={"StringEquals": {"a:b": "1", "a:c": "2"}, "Bool": {"a:d": "true"}})
    context = {"a:b": ["1"], "a:c": ["2"], "a:d": ["true"]}
    assert ask(statement, context=context) == "allowed"
    for key in context:
        assert ask(statement, context={**context, key: ["no"]}) == "implicitDeny"


def resource_policy(principal, effect="Allow", **more):
    return policy({"Effect": effect, "Principal": principal, "Action": "*", "Resource": "*", **more})


@pytest.mark.parametrize(
    ("principal", "decision"),
    [
        ("*", "allowed"),
        ({"AWS": "*"}, "allowed"),
        ({"AWS": USER}, "allowed"),
        ({"AWS": ["arn:aws:iam::111111111111:user/bob", USER]}, "allowed"),
        ({"AWS": "111111111111"}, "implicitDeny"),
        ({"AWS": ROOT}, "implicitDeny"),
        ({"AWS": "arn:aws:iam::111111111111:user/bob"}, "implicitDeny"),
        ({"Service": "sns.amazonaws.com"}, "implicitDeny"),
    ],
)
def test_a_resources_policy_grants_within_the_account(principal, decision):
    assert ask(resource="arn:aws:sqs:us-east-1:111111111111:q") == "implicitDeny"
    request = Request("sqs:SendMessage", "arn", {}, {"AWS": [USER, ROOT]})
    found = decide(request, (), resource=resource_policy(principal), caller_arns=[USER])
    assert found.decision == decision


def test_a_policy_for_the_account_leaves_it_to_the_identity():
    request = Request("sqs:SendMessage", "arn", {}, {"AWS": [USER, ROOT]})
    own = [("p", policy(allow("sqs:*")))]
    trusted = resource_policy({"AWS": ROOT})
    assert decide(request, own, resource=trusted, same_account=False).decision == "allowed"
    assert decide(request, (), resource=trusted, same_account=False).decision == "implicitDeny"
    assert decide(request, own, resource=None, same_account=False).decision == "implicitDeny"


def test_not_principal_denies_all_others():
    request = Request("s3:GetObject", "arn", {}, {"AWS": [USER, ROOT]})
    statement = {"Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::111111111111:user/bob"}, "Action": "*",
                 "Resource": "*"}  # fmt: skip
    own = [("p", policy(allow("*")))]
    assert decide(request, own, resource=policy(statement)).decision == "explicitDeny"
    statement["NotPrincipal"] = {"AWS": USER}
    assert decide(request, own, resource=policy(statement)).decision == "allowed"


@pytest.mark.parametrize(("limit", "reason"), [("boundary", "a permissions boundary"), ("session", "a session policy")])
def test_limits_narrow_what_identity_allows(limit, reason):
    request = Request("s3:GetObject", "arn", {}, {})
    own = [("p", policy(allow("*")))]
    assert decide(request, own, **{limit: [("l", policy(allow("s3:*")))]}).allowed
    verdict = decide(request, own, **{limit: [("l", policy(allow("ec2:*")))]})
    assert (verdict.decision, verdict.reason) == ("implicitDeny", reason)
    assert not decide(request, (), **{limit: own}).allowed


def test_every_level_of_an_organization_must_allow():
    request = Request("s3:GetObject", "arn", {}, {})
    own = [("p", policy(allow("*")))]
    full, none = [("full", policy(allow("*")))], [("ec2", policy(allow("ec2:*")))]
    assert decide(request, own, organization=[full, full]).allowed
    verdict = decide(request, own, organization=[full, none])
    assert verdict.reason == "a service control policy"


def test_hostile_patterns_cost_no_time():
    text = "a" * 3000
    start = time.perf_counter()
    assert not glob(pieces_of("*a" * 60 + "b"), text)
    assert time.perf_counter() - start < 2


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=8))
def test_wildcards_mean_what_a_regular_expression_means(pattern, text):
    import re

    wanted = re.compile("".join(".*" if c == "*" else "." if c == "?" else c for c in pattern), re.DOTALL)
    assert glob(pieces_of(pattern), text) == bool(wanted.fullmatch(text))


NAMES = ["Version", "Statement", "Effect", "Action", "Resource", "Condition", "Principal"]
SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


@given(ANY_JSON, st.sampled_from(["identity", "managed", "resource", "trust", "session"]))
def test_any_json_is_judged_without_falling_over(value, kind):
    text = json.dumps(value)
    problems = validate_policy(text, kind)
    assert isinstance(problems, list)
    compiled = compile_policy(text)
    assert decide(Request("s3:GetObject", "*", {}, {}), [("p", compiled)]).decision


def test_deep_and_doubled_documents_are_refused():
    assert validate_policy("[" * 100_000)
    assert validate_policy('{"Version":"2012-10-17","Version":"2012-10-17","Statement":[]}')
