"""Make ``src/sundog/services/iam/data``: the managed policies of AWS.

    python tools/iam_policies.py            # write the files whose content has changed
    python tools/iam_policies.py --check    # say whether they are up to date
    python tools/iam_policies.py --wheels D # keep the downloaded wheel in D, and use one that is there

The source, pinned: the data (not the code) in moto's wheel. ``aws_policies.msgpack.z`` holds what ListPolicies shows of
each policy and where its document begins; ``aws_documents.z`` the documents, so that only who reads one pays for them.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

import msgspec

VERSION = "5.2.5"
DATA = Path(__file__).parent.parent / "src" / "sundog" / "services" / "iam" / "data"


def wheel(folder: str) -> zipfile.ZipFile:
    """moto's wheel, downloaded unless it is there."""
    start = f"moto-{VERSION}-"
    if not any(name.startswith(start) for name in os.listdir(folder)):
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        subprocess.run([*pip, "--dest", folder, f"moto=={VERSION}"], check=True)
    return zipfile.ZipFile(Path(folder) / next(name for name in os.listdir(folder) if name.startswith(start)))


def read(archive: zipfile.ZipFile) -> dict[str, Any]:
    """The policies: a JSON text that a module holds. The module is parsed, not run."""
    tree = ast.parse(archive.read("moto/iam/aws_managed_policies.py"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) > 1_000_000:
            return json.loads(node.value)
    raise SystemExit("the wheel's data have another form now")


def build(policies: dict[str, Any]) -> dict[str, bytes]:
    index: list[Any] = []
    documents: list[str] = []
    offset = 0
    for name in sorted(policies, key=str.lower):
        policy = policies[name]
        source = policy["Document"]
        ordered = {key: source[key] for key in ("Version", "Id", "Statement") if key in source}
        text = json.dumps(ordered, indent=2)
        data = text.encode()
        index.append(
            (
                name,
                policy["Path"],
                policy["DefaultVersionId"],
                policy["CreateDate"],
                policy["UpdateDate"],
                offset,
                len(data),
            )
        )
        documents.append(text)
        offset += len(data)
    return {
        "aws_policies.msgpack.z": zlib.compress(msgspec.msgpack.encode(index), 9),
        "aws_documents.z": zlib.compress("".join(documents).encode(), 9),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--wheels")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        files = build(read(wheel(options.wheels or temporary)))
    stale = 0
    for name, content in files.items():
        path = DATA / name
        same = path.exists() and zlib.decompress(path.read_bytes()) == zlib.decompress(content)
        if same:
            print(f"{name}: up to date")
        elif options.check:
            stale += 1
            print(f"{name}: differs")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            print(f"{name}: written, {len(content)} bytes")
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
