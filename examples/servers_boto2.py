"""The code under test, as a user of boto 2 wrote it: nothing in it knows of Sundog."""

import boto


def add_servers(ami_id, count, **connection):
    """Launch ``count`` servers, one call each."""
    conn = boto.connect_ec2("the_key", "the_secret", **connection)
    for _ in range(count):
        conn.run_instances(ami_id)


def list_servers(**connection):
    """The ids of all servers."""
    conn = boto.connect_ec2("the_key", "the_secret", **connection)
    return [instance.id for reservation in conn.get_all_reservations() for instance in reservation.instances]
