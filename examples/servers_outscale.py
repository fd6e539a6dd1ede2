"""The code under test of a user of Outscale, whose FCU speaks EC2's API: nothing in it knows of Sundog."""

import boto
from boto.ec2.regioninfo import EC2RegionInfo


def connect(region="eu-west-2", **connection):
    endpoint = EC2RegionInfo(name=region, endpoint=f"fcu.{region}.outscale.com")
    return boto.connect_ec2("the_key", "the_secret", region=endpoint, **connection)


def add_servers(image_id, count, **connection):
    """Launch ``count`` servers, one call each; their ids."""
    conn = connect(**connection)
    return [conn.run_instances(image_id).instances[0].id for _ in range(count)]
