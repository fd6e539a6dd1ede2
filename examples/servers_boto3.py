"""The code under test, as a user of boto3 wrote it: nothing in it knows of Sundog."""

import boto3


def client(**options):
    return boto3.client(
        "ec2", region_name="us-east-1", aws_access_key_id="the_key", aws_secret_access_key="the_secret", **options
    )


def add_servers(ami_id, count, **options):
    """Launch ``count`` servers."""
    client(**options).run_instances(ImageId=ami_id, MinCount=count, MaxCount=count)


def list_servers(**options):
    """The ids of all servers."""
    pages = client(**options).get_paginator("describe_instances").paginate()
    return [i["InstanceId"] for page in pages for r in page["Reservations"] for i in r["Instances"]]
