"""Hosted zones and their records."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from sundog.cloud import Cloud


@pytest.fixture
def dns(aws: Cloud) -> Any:
    return boto3.client("route53", region_name="us-east-1")


@pytest.fixture
def zone(dns: Any) -> str:
    return dns.create_hosted_zone(Name="example.com", CallerReference="c")["HostedZone"]["Id"]


def record(name: str, kind: str = "A", *values: str) -> dict[str, Any]:
    return {
        "Name": name,
        "Type": kind,
        "TTL": 60,
        "ResourceRecords": [{"Value": value} for value in values or ("1.2.3.4",)],
    }


def change(dns: Any, zone: str, action: str, *records: dict[str, Any]) -> Any:
    changes = [{"Action": action, "ResourceRecordSet": one} for one in records]
    return dns.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})


def test_a_new_zone_has_its_servers_and_authority(dns: Any) -> None:
    made = dns.create_hosted_zone(Name="Example.com", CallerReference="c", HostedZoneConfig={"Comment": "x"})
    told = made["HostedZone"]
    assert told["Id"].startswith("/hostedzone/Z")
    assert (told["Name"], told["ResourceRecordSetCount"]) == ("example.com.", 2)
    assert told["Config"] == {"Comment": "x", "PrivateZone": False}
    assert made["ChangeInfo"]["Status"] == "PENDING"
    assert dns.get_change(Id=made["ChangeInfo"]["Id"])["ChangeInfo"]["Status"] == "INSYNC"
    read = dns.get_hosted_zone(Id=told["Id"])
    assert (read["HostedZone"], read["DelegationSet"]) == (told, made["DelegationSet"])
    kinds = [one["Type"] for one in dns.list_resource_record_sets(HostedZoneId=told["Id"])["ResourceRecordSets"]]
    assert kinds == ["NS", "SOA"]


def test_records_are_listed_in_their_order(dns: Any, zone: str) -> None:
    change(dns, zone, "CREATE", record("b.example.com"), record("*.example.com"), record("x.a.example.com"))
    listed = dns.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    assert [one["Name"] for one in listed[2:]] == ["\\052.example.com.", "x.a.example.com.", "b.example.com."]
    change(dns, zone, "UPSERT", record("b.example.com", "A", "5.6.7.8"))
    [one] = dns.list_resource_record_sets(HostedZoneId=zone, StartRecordName="b.example.com")["ResourceRecordSets"]
    assert one["ResourceRecords"] == [{"Value": "5.6.7.8"}]


def test_records_come_in_pages(dns: Any, zone: str) -> None:
    change(dns, zone, "CREATE", *(record(f"{letter}.example.com") for letter in "abc"))
    pages = dns.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone, PaginationConfig={"PageSize": 2})
    assert [len(page["ResourceRecordSets"]) for page in pages] == [2, 2, 1]


def test_a_wrong_batch_changes_nothing(dns: Any, zone: str) -> None:
    change(dns, zone, "CREATE", record("a.example.com"))
    with pytest.raises(dns.exceptions.InvalidChangeBatch) as caught:
        change(dns, zone, "CREATE", record("b.example.com"), record("a.example.com"), record("other.org"))
    assert caught.value.response["Error"]["Message"] == (
        "[Tried to create resource record set [name='a.example.com.', type='A'] but it already exists, "
        "RRSet with DNS name other.org. is not permitted in zone example.com.]"
    )
    assert len(dns.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]) == 3
    with pytest.raises(dns.exceptions.InvalidChangeBatch, match="but it was not found"):
        change(dns, zone, "DELETE", record("b.example.com"))
    with pytest.raises(dns.exceptions.InvalidChangeBatch, match="do not match the current values"):
        change(dns, zone, "DELETE", record("a.example.com", "A", "9.9.9.9"))
    with pytest.raises(dns.exceptions.InvalidChangeBatch, match="is not permitted at apex"):
        change(dns, zone, "CREATE", record("example.com", "CNAME", "x.org"))


def test_only_empty_zones_go(dns: Any, zone: str) -> None:
    change(dns, zone, "CREATE", record("a.example.com"))
    with pytest.raises(dns.exceptions.HostedZoneNotEmpty):
        dns.delete_hosted_zone(Id=zone)
    change(dns, zone, "DELETE", record("a.example.com"))
    dns.delete_hosted_zone(Id=zone)
    plain = zone.rsplit("/", 1)[-1]
    with pytest.raises(dns.exceptions.NoSuchHostedZone, match=f"No hosted zone found with ID: {plain}"):
        dns.get_hosted_zone(Id=zone)


def test_zones_are_listed_by_name(dns: Any, zone: str) -> None:
    dns.create_hosted_zone(Name="a.org", CallerReference="d")
    assert [one["Name"] for one in dns.list_hosted_zones()["HostedZones"]] == ["example.com.", "a.org."]
    found = dns.list_hosted_zones_by_name(DNSName="a.org", MaxItems="1")["HostedZones"]
    assert [one["Name"] for one in found] == ["a.org."]
    assert dns.get_hosted_zone_count()["HostedZoneCount"] == 2
    with pytest.raises(dns.exceptions.HostedZoneAlreadyExists):
        dns.create_hosted_zone(Name="b.org", CallerReference="c")


def test_zones_bear_tags(dns: Any, zone: str) -> None:
    where = {"ResourceType": "hostedzone", "ResourceId": zone.rsplit("/", 1)[-1]}
    dns.change_tags_for_resource(**where, AddTags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    dns.change_tags_for_resource(**where, RemoveTagKeys=["a"])
    assert dns.list_tags_for_resource(**where)["ResourceTagSet"]["Tags"] == [{"Key": "b", "Value": "2"}]


def test_a_private_zone_keeps_a_network(dns: Any) -> None:
    one, two = ({"VPCRegion": "us-east-1", "VPCId": f"vpc-{number}"} for number in "12")
    zone = dns.create_hosted_zone(Name="in.side", CallerReference="p", VPC=one)["HostedZone"]["Id"]
    dns.associate_vpc_with_hosted_zone(HostedZoneId=zone, VPC=two)
    assert dns.get_hosted_zone(Id=zone)["VPCs"] == [one, two]
    dns.disassociate_vpc_from_hosted_zone(HostedZoneId=zone, VPC=one)
    with pytest.raises(dns.exceptions.LastVPCAssociation):
        dns.disassociate_vpc_from_hosted_zone(HostedZoneId=zone, VPC=two)


def test_a_zones_comment_is_changed(dns: Any, zone: str) -> None:
    told = dns.update_hosted_zone_comment(Id=zone, Comment="new")["HostedZone"]
    assert told["Config"]["Comment"] == "new"
    assert dns.get_hosted_zone(Id=zone)["HostedZone"]["Config"]["Comment"] == "new"
