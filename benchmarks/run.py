"""The budgets of docs/budgets.md, measured side by side with moto: ``make bench``.

Both mocks are installed in environments of their own below ``.bench`` (made once; ``make clean`` removes them) and
measured in fresh processes, in turns. Times are this machine's: judge by ratios, on a quiet machine.

    python benchmarks/run.py [--rounds 3] [--no-moto] [--write docs/measured.md] [NAME...]
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
BENCH = ROOT / ".bench"
PROBE = Path(__file__).with_name("probe.py")
MOTO = "moto[ec2,s3,dynamodb,server]==5.2.*"

Result = dict[str, Any]


class Row:
    """One line of the table: what, the promise, whether it is kept, and how figures are shown."""

    def __init__(self, what: str, budget: str, show: Callable[[Result], str], kept: Callable[[Result], bool]) -> None:
        self.what = what
        self.budget = budget
        self.show = show
        self.kept = kept


def at_most(key: str, limit: float, unit: str, form: str = "{:.1f}") -> tuple[str, Any, Any]:
    """Budget, display and verdict of one figure that must not exceed a limit."""
    return (
        f"{limit:g}{unit}",
        lambda found: form.format(found[key]) + unit,
        lambda found: found[key] <= limit,
    )


def python(who: str) -> str:
    return str(BENCH / who / "bin" / "python")


def install(who: str) -> None:
    """An environment with one mock, boto3 and pip; Sundog is installed anew, as users would have it."""
    if not (BENCH / who).exists():
        subprocess.run([sys.executable, "-m", "venv", str(BENCH / who)], check=True)
        wanted = [MOTO] if who == "moto" else [f"{ROOT}[server]"]
        pip(who, "boto3", *wanted)
    elif who == "sundog":
        pip(who, "--no-deps", "--force-reinstall", str(ROOT))


def pip(who: str, *wanted: str) -> None:
    command = [python(who), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted]
    subprocess.run(command, check=True)


def probe(who: str, name: str) -> Result:
    done = subprocess.run([python(who), str(PROBE), who, name], capture_output=True, text=True, cwd=BENCH)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"{name} failed")
    found: Result = json.loads(done.stdout.splitlines()[-1])
    return found


def middle(results: list[Result]) -> Result:
    """The median of each figure."""
    first = results[0]
    return {
        key: middle([each[key] for each in results])
        if isinstance(value, dict)
        else statistics.median(each[key] for each in results)
        for key, value in first.items()
    }


# -- servers


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def serve(who: str) -> tuple[subprocess.Popen[bytes], int, float]:
    """A server's process, its port, and the seconds until it took a connection."""
    port = free_port()
    module = ["sundog", "serve", "--port"] if who == "sundog" else ["moto.server", "-p"]
    begin = time.perf_counter()
    started = subprocess.Popen(
        [python(who), "-m", *module, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=BENCH
    )
    while time.perf_counter() - begin < 60:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return started, port, time.perf_counter() - begin
        except OSError:
            time.sleep(0.005)
    started.kill()
    raise RuntimeError(f"{who}'s server doesn't listen")


def ready(who: str) -> Result:
    """Milliseconds until the server takes connections, and its megabytes of memory when it idles."""
    process, _, seconds = serve(who)
    try:
        time.sleep(1)
        status = Path(f"/proc/{process.pid}/status")
        found = re.search(r"VmRSS:\s+(\d+)", status.read_text()) if status.exists() else None
        return {"ms": seconds * 1e3, "mb": int(found[1]) / 1024 if found else float("nan")}
    finally:
        process.terminate()
        process.wait()


def warm(port: int, data: bytes) -> None:
    """Have the server load what the request needs: a model takes longer than the measuring waits."""
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", port), 60) as sock:
            sock.sendall(data)
            sock.recv(65536)


def throughput(who: str) -> Result:
    """Requests per second of the server's CPU, in those of a server that answers a constant."""
    import server as measuring

    found: Result = {}
    operations = (("sts", "GetCallerIdentity", "2011-06-15"), ("ec2", "DescribeVpcs", "2016-11-15"))
    for service, action, version in (*operations, ("sqs", "ListQueues", "2012-11-05")):
        process, port, _ = serve(who)
        try:
            data = measuring.signed(service, action, version, port)
            warm(port, data)
            _, rate, length = measuring.measure(port, process.pid, data, 2, 16)
        finally:
            process.terminate()
            process.wait()
        with measuring.process("-c", measuring.CONSTANT, str(length)) as (port, pid):
            floor = measuring.measure(port, pid, measuring.signed(service, action, version, port), 2, 16)[1]
        found[f"{service} {action}"] = rate / floor
    return found


# -- the table


def ratios(limits: dict[str, float]) -> tuple[str, Any, Any]:
    def show(found: Result) -> str:
        return ", ".join(
            f"{path} {min(c[path] for c in found.values()):.2f}-{max(c[path] for c in found.values()):.2f}"
            for path in next(iter(found.values()))
        )

    def kept(found: Result) -> bool:
        return all(call[path] <= limit for call in found.values() for path, limit in limits.items())

    return ", ".join(f"{path} {limit}" for path, limit in limits.items()), show, kept


ROWS: dict[str, Row] = {
    "imports": Row("import", *at_most("ms", 30, " ms")),
    "opening": Row("`with mock_aws(): pass`", *at_most("ms", 0.3, " ms", "{:.2f}")),
    "s3": Row("open, make an S3 client, call once", *at_most("ms", 10, " ms")),
    "calls": Row("a call, against a canned `before-send` handler", *ratios({"direct": 0.5, "wire": 1.3})),
    "first_ec2": Row("first EC2 call", *at_most("ms", 100, " ms", "{:.0f}")),
    "thousand": Row(
        "RunInstances of 1,000 + DescribeInstances",
        "100 + 100 ms",
        lambda found: f"{found['run']:.0f} + {found['describe']:.0f} ms",
        lambda found: found["run"] <= 100 and found["describe"] <= 100,
    ),
    "queue_length": Row(
        "SQS SendMessage at many queued, against at 10",
        "1.2 (at 10,000)",
        lambda found: f"{found['ratio']:.2f} (at {found['at']:,.0f})",
        lambda found: found["ratio"] <= 1.2,
    ),
    "partition_size": Row(
        "DynamoDB Query of one among many, against among 100",
        "2 (at 100,000)",
        lambda found: f"{found['ratio']:.2f} (at {found['at']:,.0f})",
        lambda found: found["ratio"] <= 2,
    ),
    "throughput": Row(
        "server requests per CPU second, against a constant",
        "0.4",
        lambda found: ", ".join(f"{name.split()[0]} {value:.3f}" for name, value in found.items()),
        lambda found: min(found.values()) >= 0.4,
    ),
    "ready": Row(
        "server ready; idle memory",
        "400 ms; 45 MB",
        lambda found: f"{found['ms']:.0f} ms; {found['mb']:.0f} MB",
        lambda found: found["ms"] <= 400 and found["mb"] <= 45,
    ),
    "size": Row("installed size", *at_most("mb", 10, " MB")),
}
SERVERS: dict[str, Callable[[str], Result]] = {"ready": ready, "throughput": throughput}
ONCE = ("size", "throughput", "queue_length", "partition_size", "calls")
"""Rows that need one round: they are ratios of medians already, or can't vary."""


def measure(name: str, mocks: list[str], rounds: int) -> dict[str, Result | str]:
    """The figures of each mock, taken in turns; what went wrong, where something did."""
    taken: dict[str, list[Result]] = {who: [] for who in mocks}
    failed: dict[str, str] = {}
    for _ in range(1 if name in ONCE else rounds):
        for who in mocks:
            if who in failed:
                continue
            try:
                taken[who].append(SERVERS[name](who) if name in SERVERS else probe(who, name))
            except (RuntimeError, OSError, SystemExit) as error:
                failed[who] = str(error)
    return {who: failed.get(who) or middle(taken[who]) for who in mocks}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(ROWS)}")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-moto", action="store_true")
    parser.add_argument("--write", type=Path)
    given = parser.parse_args()
    mocks = ["sundog"] if given.no_moto else ["sundog", "moto"]
    sys.path.insert(0, str(Path(__file__).parent))
    BENCH.mkdir(exist_ok=True)
    for who in mocks:
        install(who)
    lines = [f"| what | budget | {' | '.join(mocks)} | |", "| --- | --- | " + "--- | " * len(mocks) + "--- |"]
    print("\n".join(lines), flush=True)
    missed = 0
    for name in given.names or ROWS:
        row = ROWS[name]
        found = measure(name, mocks, given.rounds)
        mine = found["sundog"]
        good = not isinstance(mine, str) and row.kept(mine)
        missed += not good
        shown = [value if isinstance(value, str) else row.show(value) for value in found.values()]
        lines.append(f"| {row.what} | {row.budget} | {' | '.join(shown)} | {'' if good else 'missed'} |")
        print(lines[-1], flush=True)
    if given.write:
        where = f"Measured on {time.strftime('%Y-%m-%d')}, Python {platform.python_version()}, {platform.machine()}."
        given.write.write_text("\n".join([*lines, "", where, ""]))
    print(f"\n{missed} missed" if missed else "\nall kept")


if __name__ == "__main__":
    main()
