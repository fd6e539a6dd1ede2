from __future__ import annotations

from typing import Any

import pytest

FIXED = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}]


def path(*values: str) -> list[dict[str, Any]]:
    return [{"Field": "path-pattern", "Values": list(values)}]


def test_a_forward_is_shown_in_full(elbv2, listener, group):
    (shown,) = elbv2.describe_listeners(ListenerArns=[listener])["Listeners"]
    assert shown["DefaultActions"] == [
        {
            "Type": "forward",
            "TargetGroupArn": group,
            "ForwardConfig": {
                "TargetGroups": [{"TargetGroupArn": group, "Weight": 1}],
                "TargetGroupStickinessConfig": {"Enabled": False},
            },
        }
    ]
    assert (shown["Port"], shown["Protocol"]) == (80, "HTTP")


def test_a_port_is_taken_once(elbv2, fails, balancer, listener):
    code, message = fails(
        elbv2.create_listener, LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=FIXED
    )
    assert code == "DuplicateListener"
    assert message == f"A listener already exists on this port for this load balancer '{balancer}'"


def test_https_needs_a_certificate_that_is_there(elbv2, fails, balancer):
    code, message = fails(
        elbv2.create_listener, LoadBalancerArn=balancer, Protocol="HTTPS", Port=443, DefaultActions=FIXED
    )
    assert (code, message) == ("ValidationError", "A certificate must be specified for HTTPS listeners")
    missing = "arn:aws:iam::123456789012:server-certificate/none"
    code, message = fails(
        elbv2.create_listener,
        LoadBalancerArn=balancer,
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": missing}],
        DefaultActions=FIXED,
    )
    assert (code, message) == ("CertificateNotFound", f"Certificate '{missing}' not found")


def test_a_network_load_balancer_speaks_no_http(elbv2, fails, subnets, vpc):
    arn = elbv2.create_load_balancer(Name="n", Type="network", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    group = elbv2.create_target_group(Name="t", Protocol="TCP", Port=80, VpcId=vpc)["TargetGroups"][0]
    forward = [{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}]
    code, _ = fails(elbv2.create_listener, LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=forward)
    assert code == "ValidationError"
    made = elbv2.create_listener(LoadBalancerArn=arn, Protocol="TCP", Port=80, DefaultActions=forward)["Listeners"][0]
    assert made["DefaultActions"][0]["ForwardConfig"] == {"TargetGroups": [{"TargetGroupArn": group["TargetGroupArn"]}]}


def test_modifying_a_listener_changes_its_default_rule(elbv2, listener):
    elbv2.modify_listener(ListenerArn=listener, Port=8080, DefaultActions=FIXED)
    (shown,) = elbv2.describe_listeners(ListenerArns=[listener])["Listeners"]
    assert shown["Port"] == 8080
    (rule,) = elbv2.describe_rules(ListenerArn=listener)["Rules"]
    assert rule["IsDefault"] is True
    assert rule["Priority"] == "default"
    assert rule["Actions"] == FIXED


def test_a_redirect_is_filled_in(elbv2, balancer):
    action = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
    made = elbv2.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=81, DefaultActions=[action])
    assert made["Listeners"][0]["DefaultActions"][0]["RedirectConfig"] == {
        "Protocol": "HTTPS",
        "Port": "443",
        "Host": "#{host}",
        "Path": "/#{path}",
        "Query": "#{query}",
        "StatusCode": "HTTP_301",
    }


def test_rules_are_listed_by_priority_the_default_last(elbv2, listener, group):
    for priority in (20, 10):
        elbv2.create_rule(ListenerArn=listener, Priority=priority, Conditions=path(f"/{priority}"), Actions=FIXED)
    found = elbv2.describe_rules(ListenerArn=listener)["Rules"]
    assert [rule["Priority"] for rule in found] == ["10", "20", "default"]
    assert found[0]["Conditions"] == [
        {"Field": "path-pattern", "Values": ["/10"], "PathPatternConfig": {"Values": ["/10"]}}
    ]
    first = elbv2.describe_rules(ListenerArn=listener, PageSize=1)
    assert [rule["Priority"] for rule in first["Rules"]] == ["10"]
    rest = elbv2.describe_rules(ListenerArn=listener, Marker=first["NextMarker"])["Rules"]
    assert [rule["Priority"] for rule in rest] == ["20", "default"]


def test_a_priority_is_taken_once_and_may_be_swapped(elbv2, fails, listener):
    one, two = (
        elbv2.create_rule(ListenerArn=listener, Priority=number, Conditions=path("/x"), Actions=FIXED)["Rules"][0][
            "RuleArn"
        ]
        for number in (1, 2)
    )
    assert fails(elbv2.create_rule, ListenerArn=listener, Priority=1, Conditions=path("/y"), Actions=FIXED) == (
        "PriorityInUse",
        "Priority '1' is currently in use",
    )
    elbv2.set_rule_priorities(RulePriorities=[{"RuleArn": one, "Priority": 2}, {"RuleArn": two, "Priority": 1}])
    found = elbv2.describe_rules(ListenerArn=listener)["Rules"]
    assert [rule["RuleArn"] for rule in found[:2]] == [two, one]


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        (
            [{"Field": "nothing", "Values": ["x"]}],
            "Condition field 'nothing' must be one of '[path-pattern, host-header, http-header, http-request-method, "
            "query-string, source-ip]'",
        ),
        ([{"Field": "path-pattern", "Values": []}], "A condition value must be specified"),
        (path(*"abcdef"), "A rule can only have '5' condition values"),
    ],
)
def test_conditions_have_rules(elbv2, fails, listener, conditions, message):
    assert fails(elbv2.create_rule, ListenerArn=listener, Priority=5, Conditions=conditions, Actions=FIXED) == (
        "ValidationError",
        message,
    )


def test_the_default_rule_stays(elbv2, fails, listener):
    (rule,) = elbv2.describe_rules(ListenerArn=listener)["Rules"]
    assert fails(elbv2.delete_rule, RuleArn=rule["RuleArn"]) == (
        "OperationNotPermitted",
        f"Default rule '{rule['RuleArn']}' cannot be deleted",
    )


def test_a_group_belongs_to_one_load_balancer(elbv2, fails, listener, group, subnets):
    other = elbv2.create_load_balancer(Name="other", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    code, _ = fails(
        elbv2.create_listener,
        LoadBalancerArn=other,
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    assert code == "TargetGroupAssociationLimit"


def test_deleting_a_load_balancer_deletes_its_listeners(elbv2, fails, balancer, listener, group):
    assert fails(elbv2.delete_target_group, TargetGroupArn=group) == (
        "ResourceInUse",
        f"Target group '{group}' is currently in use by a listener or a rule",
    )
    elbv2.delete_load_balancer(LoadBalancerArn=balancer)
    assert fails(elbv2.describe_listeners, ListenerArns=[listener]) == (
        "ListenerNotFound",
        "One or more listeners not found",
    )
    elbv2.delete_target_group(TargetGroupArn=group)


def test_listener_attributes(elbv2, listener):
    key = "routing.http.response.server.enabled"
    elbv2.modify_listener_attributes(ListenerArn=listener, Attributes=[{"Key": key, "Value": "false"}])
    found = elbv2.describe_listener_attributes(ListenerArn=listener)["Attributes"]
    assert {"Key": key, "Value": "false"} in found


def test_certificates_are_added_and_removed(aws, elbv2, fails, balancer):
    import boto3

    iam = boto3.client("iam")
    pem = make_certificate()
    arns = [
        iam.upload_server_certificate(ServerCertificateName=name, CertificateBody=pem[0], PrivateKey=pem[1])[
            "ServerCertificateMetadata"
        ]["Arn"]
        for name in ("one", "two")
    ]
    listener = elbv2.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": arns[0]}],
        DefaultActions=FIXED,
    )["Listeners"][0]
    assert listener["SslPolicy"] == "ELBSecurityPolicy-2016-08"
    arn = listener["ListenerArn"]
    elbv2.add_listener_certificates(ListenerArn=arn, Certificates=[{"CertificateArn": arns[1]}])
    found = elbv2.describe_listener_certificates(ListenerArn=arn)["Certificates"]
    assert found == [
        {"CertificateArn": arns[0], "IsDefault": True},
        {"CertificateArn": arns[1], "IsDefault": False},
    ]
    assert (
        fails(elbv2.remove_listener_certificates, ListenerArn=arn, Certificates=[{"CertificateArn": arns[0]}])[0]
        == "OperationNotPermitted"
    )
    elbv2.remove_listener_certificates(ListenerArn=arn, Certificates=[{"CertificateArn": arns[1]}])
    assert len(elbv2.describe_listener_certificates(ListenerArn=arn)["Certificates"]) == 1


def make_certificate() -> tuple[str, str]:
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "example.com")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM).decode(), private.decode()
