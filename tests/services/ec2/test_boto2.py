"""boto 2, whose requests and whose patience with answers are of 2018."""

from __future__ import annotations

from typing import Any

import pytest

from sundog import mock_aws


@pytest.fixture
def connection() -> Any:
    with mock_aws():
        boto = pytest.importorskip("boto")
        yield boto.connect_ec2("k", "s")


def test_run_and_terminate(connection):
    from boto.exception import EC2ResponseError

    reservation = connection.run_instances("ami-1234abcd", min_count=2, max_count=2, instance_type="t2.micro")
    assert len(reservation.instances) == 2
    instance = reservation.instances[0]
    assert instance.state == "pending"
    assert instance.update() == "running"
    assert instance.ip_address
    assert instance.instance_type == "t2.micro"
    (found,) = connection.get_all_instances()
    assert [each.id for each in found.instances] == [each.id for each in reservation.instances]
    connection.stop_instances([instance.id])
    assert instance.update() == "stopped"
    assert instance.state_reason["code"] == "Client.UserInitiatedShutdown"
    instance.start()
    assert instance.update() == "running"
    instance.terminate()
    assert instance.update() == "terminated"
    with pytest.raises(EC2ResponseError) as caught:
        connection.get_all_instances(["i-0123456789abcdef0"])
    assert caught.value.error_code == "InvalidInstanceID.NotFound"


def test_groups_keys_and_tags(connection):
    connection.create_security_group("web", "web servers")
    pair = connection.create_key_pair("mine")
    assert pair.material.startswith("-----BEGIN RSA PRIVATE KEY-----")
    assert [each.name for each in connection.get_all_key_pairs()] == ["mine"]
    reservation = connection.run_instances("ami-1234abcd", key_name="mine", security_groups=["web"], user_data="hi")
    instance = reservation.instances[0]
    instance.add_tag("Name", "first")
    instance.update()
    assert instance.tags == {"Name": "first"}
    assert [group.name for group in instance.groups] == ["web"]
    assert instance.key_name == "mine"
    (found,) = connection.get_only_instances(filters={"tag:Name": "first"})
    assert found.id == instance.id


def test_attributes(connection):
    instance = connection.run_instances("ami-1234abcd").instances[0]
    assert instance.get_attribute("instanceType")["instanceType"] == "m1.small"
    connection.stop_instances([instance.id])
    instance.modify_attribute("instanceType", "m1.large")
    assert instance.get_attribute("instanceType")["instanceType"] == "m1.large"
    instance.modify_attribute("disableApiTermination", True)
    assert instance.get_attribute("disableApiTermination")["disableApiTermination"] is True


def test_volumes_snapshots_and_images(connection):
    instance = connection.run_instances("ami-1234abcd").instances[0]
    volume = connection.create_volume(10, "us-east-1a")
    assert volume.update() == "available"
    volume.attach(instance.id, "/dev/sdh")
    assert volume.update() == "in-use"
    assert volume.attach_data.instance_id == instance.id
    volume.detach()
    snapshot = volume.create_snapshot("mine")
    assert snapshot.update() == "100%"
    assert connection.get_all_snapshots(owner="self")[0].id == snapshot.id
    image_id = instance.create_image("image")
    image = connection.get_image(image_id)
    assert (image.name, image.state) == ("image", "available")
    image.set_launch_permissions(user_ids=["111122223333"])
    assert image.get_launch_permissions()["user_ids"] == ["111122223333"]
    assert image.run().instances[0].image_id == image_id
