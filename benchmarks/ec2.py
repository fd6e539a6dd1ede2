"""EC2 at scale and from cold: a thousand instances launched and listed, and the first call of a fresh process.

Times are this machine's; the ratios, against ``copy.deepcopy`` of the thousand, can be compared between machines.
"""

from __future__ import annotations

import copy
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

COUNT = 1000
ROUNDS = 5
KEYS = {"region_name": "us-east-1", "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "secret"}

FIRST = """
import time, boto3
from sundog import mock_aws
keys = {keys!r}
with mock_aws():
    client = boto3.client("ec2", **keys)
    begin = time.perf_counter()
    client.describe_vpcs()
    first = time.perf_counter()
    client.run_instances(ImageId="ami-1234abcd", MinCount=1, MaxCount=1)
    print(first - begin, time.perf_counter() - first)
"""


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    begin = time.perf_counter()
    answer = call()
    return time.perf_counter() - begin, answer


def one_round(client: Any) -> dict[str, float]:
    """Seconds that each step takes with a thousand instances."""
    client.describe_instances()
    found: dict[str, float] = {}
    found["run"], answer = timed(lambda: client.run_instances(ImageId="ami-1234abcd", MinCount=COUNT, MaxCount=COUNT))
    ids = [each["InstanceId"] for each in answer["Instances"]]
    found["describe"], answer = timed(client.describe_instances)
    assert len(answer["Reservations"][0]["Instances"]) == COUNT
    stopped = [{"Name": "instance-state-name", "Values": ["stopped"]}]
    found["filter"], _ = timed(lambda: client.describe_instances(Filters=stopped))
    found["floor"], _ = timed(lambda: copy.deepcopy(answer["Reservations"]))
    found["terminate"], _ = timed(lambda: client.terminate_instances(InstanceIds=ids))
    return found


def thousand() -> dict[str, float]:
    """Seconds of the best round of each."""
    import boto3

    from sundog import mock_aws

    rounds: list[dict[str, float]] = []
    for _ in range(ROUNDS):
        with mock_aws():
            rounds.append(one_round(boto3.client("ec2", **KEYS)))
    return {name: min(each[name] for each in rounds) for name in rounds[0]}


def cold() -> tuple[float, float]:
    """Seconds of the first DescribeVpcs and of the first RunInstances of a process, the best of some."""
    runs = [
        subprocess.run([sys.executable, "-c", FIRST.format(keys=KEYS)], capture_output=True, text=True, check=True)
        for _ in range(ROUNDS)
    ]
    pairs = [tuple(map(float, run.stdout.split())) for run in runs]
    return min(first for first, _ in pairs), min(launch for _, launch in pairs)


def main() -> None:
    first, launch = cold()
    print(f"first DescribeVpcs of a process       {first * 1e3:8.1f} ms")
    print(f"first RunInstances after it           {launch * 1e3:8.1f} ms")
    found = thousand()
    floor = found.pop("floor")
    print(f"copy.deepcopy of {COUNT} instances       {floor * 1e3:8.1f} ms")
    for name, seconds in found.items():
        print(f"{name + f' {COUNT} instances':36}  {seconds * 1e3:8.1f} ms  {seconds / floor:6.2f} of the copy")


if __name__ == "__main__":
    main()
