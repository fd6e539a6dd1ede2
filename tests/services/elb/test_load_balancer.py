from __future__ import annotations

from typing import Any

HTTP = {"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 8080}


def shown(elb) -> dict[str, Any]:
    return elb.describe_load_balancers()["LoadBalancerDescriptions"][0]


def test_a_load_balancer_is_shown_as_it_was_made(elb, balancer, subnets, vpc):
    row = shown(elb)
    assert row["LoadBalancerName"] == balancer
    assert row["DNSName"].startswith("front-")
    assert row["CanonicalHostedZoneNameID"] == "Z35SXDOTRQ7X7K"
    assert row["ListenerDescriptions"] == [{"Listener": {**HTTP, "InstanceProtocol": "HTTP"}, "PolicyNames": []}]
    assert (set(row["Subnets"]), row["VPCId"], row["Scheme"]) == (set(subnets), vpc, "internet-facing")
    assert row["HealthCheck"] == {
        "Target": "TCP:8080",
        "Interval": 30,
        "Timeout": 5,
        "UnhealthyThreshold": 2,
        "HealthyThreshold": 10,
    }
    assert row["Instances"] == []


def test_zones_mean_their_default_subnets(elb, subnets):
    elb.create_load_balancer(
        LoadBalancerName="z", Listeners=[HTTP], AvailabilityZones=["us-east-1a", "us-east-1b"], Scheme="internal"
    )
    row = shown(elb)
    assert row["AvailabilityZones"] == ["us-east-1a", "us-east-1b"]
    assert set(row["Subnets"]) == set(subnets)
    assert row["DNSName"].startswith("internal-z-")


def test_a_missing_one_is_named(elb, fails):
    assert fails(elb.describe_load_balancers, LoadBalancerNames=["none"]) == (
        "LoadBalancerNotFound",
        "There is no ACTIVE Load Balancer named 'none'",
    )
    elb.delete_load_balancer(LoadBalancerName="none")


def test_a_name_with_other_parameters_is_taken(elb, fails, balancer, subnets):
    code, message = fails(
        elb.create_load_balancer,
        LoadBalancerName=balancer,
        Listeners=[{**HTTP, "InstancePort": 81}],
        Subnets=subnets,
    )
    assert code == "DuplicateLoadBalancerName"
    assert message == "Load Balancer named front already exists and it is configured with different parameters."


def test_somewhere_is_needed(elb, fails):
    assert fails(elb.create_load_balancer, LoadBalancerName="x", Listeners=[HTTP]) == (
        "ValidationError",
        "Either AvailabilityZones or SubnetIds must be specified",
    )


def test_listeners_come_and_go(elb, fails, balancer):
    more = {"Protocol": "TCP", "LoadBalancerPort": 22, "InstancePort": 22}
    elb.create_load_balancer_listeners(LoadBalancerName=balancer, Listeners=[more])
    code, _ = fails(
        elb.create_load_balancer_listeners, LoadBalancerName=balancer, Listeners=[{**more, "InstancePort": 23}]
    )
    assert code == "DuplicateListener"
    elb.delete_load_balancer_listeners(LoadBalancerName=balancer, LoadBalancerPorts=[80])
    assert [each["Listener"]["LoadBalancerPort"] for each in shown(elb)["ListenerDescriptions"]] == [22]


def test_a_secure_listener_needs_a_certificate_that_is_there(elb, fails, balancer):
    arn = "arn:aws:iam::123456789012:server-certificate/none"
    secure = {"Protocol": "HTTPS", "LoadBalancerPort": 443, "InstancePort": 80, "SSLCertificateId": arn}
    assert fails(elb.create_load_balancer_listeners, LoadBalancerName=balancer, Listeners=[secure]) == (
        "CertificateNotFound",
        f"Server Certificate not found for the key: {arn}",
    )


def test_instances_are_in_service_while_they_run(ec2, elb, fails, balancer, instance):
    answer = elb.register_instances_with_load_balancer(LoadBalancerName=balancer, Instances=[{"InstanceId": instance}])
    assert answer["Instances"] == [{"InstanceId": instance}]
    (state,) = elb.describe_instance_health(LoadBalancerName=balancer)["InstanceStates"]
    assert state == {"InstanceId": instance, "State": "InService", "ReasonCode": "N/A", "Description": "N/A"}
    elb.get_waiter("instance_in_service").wait(LoadBalancerName=balancer)
    ec2.stop_instances(InstanceIds=[instance])
    (state,) = elb.describe_instance_health(LoadBalancerName=balancer)["InstanceStates"]
    assert (state["State"], state["Description"]) == ("OutOfService", "Instance is in stopped state.")
    elb.deregister_instances_from_load_balancer(LoadBalancerName=balancer, Instances=[{"InstanceId": instance}])
    assert shown(elb)["Instances"] == []
    code, message = fails(
        elb.register_instances_with_load_balancer, LoadBalancerName=balancer, Instances=[{"InstanceId": "i-12345678"}]
    )
    assert (code, message) == ("InvalidInstance", "Could not find EC2 instance i-12345678.")


def test_health_checks_are_configured(elb, fails, balancer):
    check = {"Target": "HTTP:80/ok", "Interval": 10, "Timeout": 2, "UnhealthyThreshold": 3, "HealthyThreshold": 4}
    assert elb.configure_health_check(LoadBalancerName=balancer, HealthCheck=check)["HealthCheck"] == check
    assert shown(elb)["HealthCheck"] == check
    assert fails(elb.configure_health_check, LoadBalancerName=balancer, HealthCheck={**check, "Target": "HTTP:80"}) == (
        "ValidationError",
        "HealthCheck HTTP Target must specify a port followed by a path that begins with a slash. e.g. "
        "HTTP:80/ping/this/path",
    )


def test_policies_are_made_set_and_deleted(elb, fails, balancer):
    elb.create_lb_cookie_stickiness_policy(LoadBalancerName=balancer, PolicyName="lb", CookieExpirationPeriod=60)
    elb.create_app_cookie_stickiness_policy(LoadBalancerName=balancer, PolicyName="app", CookieName="id")
    elb.create_load_balancer_policy(
        LoadBalancerName=balancer,
        PolicyName="proxy",
        PolicyTypeName="ProxyProtocolPolicyType",
        PolicyAttributes=[{"AttributeName": "ProxyProtocol", "AttributeValue": "true"}],
    )
    elb.set_load_balancer_policies_of_listener(LoadBalancerName=balancer, LoadBalancerPort=80, PolicyNames=["lb"])
    elb.set_load_balancer_policies_for_backend_server(
        LoadBalancerName=balancer, InstancePort=8080, PolicyNames=["proxy"]
    )
    row = shown(elb)
    assert row["Policies"] == {
        "AppCookieStickinessPolicies": [{"PolicyName": "app", "CookieName": "id"}],
        "LBCookieStickinessPolicies": [{"PolicyName": "lb", "CookieExpirationPeriod": 60}],
        "OtherPolicies": ["proxy"],
    }
    assert row["ListenerDescriptions"][0]["PolicyNames"] == ["lb"]
    assert row["BackendServerDescriptions"] == [{"InstancePort": 8080, "PolicyNames": ["proxy"]}]
    assert fails(elb.delete_load_balancer_policy, LoadBalancerName=balancer, PolicyName="lb")[0] == (
        "InvalidConfigurationRequest"
    )
    elb.delete_load_balancer_policy(LoadBalancerName=balancer, PolicyName="app")
    found = elb.describe_load_balancer_policies(LoadBalancerName=balancer)["PolicyDescriptions"]
    assert [policy["PolicyName"] for policy in found] == ["lb", "proxy"]
    assert fails(elb.describe_load_balancer_policies, LoadBalancerName=balancer, PolicyNames=["no"])[0] == (
        "PolicyNotFound"
    )
    assert len(elb.describe_load_balancer_policy_types()["PolicyTypeDescriptions"]) == 6


def test_attributes_and_tags(elb, balancer):
    elb.modify_load_balancer_attributes(
        LoadBalancerName=balancer,
        LoadBalancerAttributes={"CrossZoneLoadBalancing": {"Enabled": True}, "ConnectionSettings": {"IdleTimeout": 5}},
    )
    found = elb.describe_load_balancer_attributes(LoadBalancerName=balancer)["LoadBalancerAttributes"]
    assert found["CrossZoneLoadBalancing"] == {"Enabled": True}
    assert found["ConnectionSettings"] == {"IdleTimeout": 5}
    assert found["AccessLog"] == {"Enabled": False}
    elb.add_tags(LoadBalancerNames=[balancer], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b"}])
    elb.remove_tags(LoadBalancerNames=[balancer], Tags=[{"Key": "a"}])
    (tags,) = elb.describe_tags(LoadBalancerNames=[balancer])["TagDescriptions"]
    assert tags["Tags"] == [{"Key": "b", "Value": ""}]


def test_it_moves_between_subnets_and_groups(ec2, elb, fails, balancer, subnets, vpc):
    elb.detach_load_balancer_from_subnets(LoadBalancerName=balancer, Subnets=subnets[:1])
    assert shown(elb)["Subnets"] == subnets[1:]
    assert fails(elb.detach_load_balancer_from_subnets, LoadBalancerName=balancer, Subnets=subnets)[0] == (
        "InvalidConfigurationRequest"
    )
    elb.attach_load_balancer_to_subnets(LoadBalancerName=balancer, Subnets=subnets[:1])
    assert set(shown(elb)["Subnets"]) == set(subnets)
    group = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    elb.apply_security_groups_to_load_balancer(LoadBalancerName=balancer, SecurityGroups=[group])
    assert shown(elb)["SecurityGroups"] == [group]
    elb.delete_load_balancer(LoadBalancerName=balancer)
    ec2.delete_security_group(GroupId=group)
