"""Fetch AWS's protocol cases, which botocore's source archive holds, into ``.protocol-cases/``.

The archive of the installed version comes through pip from wherever pip gets its packages; nothing of it is built for
use. Run by ``make test``.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import botocore

HOME = Path(__file__).resolve().parent.parent / ".protocol-cases"
KINDS = ("input", "output")


def cases(kind: str) -> list[Path]:
    """The files of cases that are there for the installed botocore."""
    return sorted((HOME / botocore.__version__ / kind).glob("*.json"))


def fetch() -> None:
    """Download the archive and keep its cases."""
    with tempfile.TemporaryDirectory() as folder:
        archive = download(folder)
        with tarfile.open(archive) as tar:
            for member in tar:
                parts = Path(member.name).parts
                if not (member.isfile() and parts[1:4] == ("tests", "unit", "protocols") and parts[4] in KINDS):
                    continue
                source = tar.extractfile(member)
                if source is not None and len(parts) == 6 and parts[5].endswith(".json"):
                    target = HOME / botocore.__version__ / parts[4] / parts[5]
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(source.read())


def download(folder: str) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder]
    failure = ""
    # pip asks the archive for its metadata, for which some settings need the network's build tools and some must not.
    for options in (
        ["--no-binary", "botocore"],
        ["--no-binary", ":all:"],
        ["--no-binary", ":all:", "--no-build-isolation"],
    ):
        done = subprocess.run(
            [*command, *options, f"botocore=={botocore.__version__}"], capture_output=True, text=True, check=False
        )
        found = list(Path(folder).glob("botocore-*.tar.gz"))
        if done.returncode == 0 and found:
            return found[0]
        failure = done.stderr
    raise SystemExit(f"pip could not download botocore's source archive:\n{failure}")


if __name__ == "__main__":
    if not all(cases(kind) for kind in KINDS):
        fetch()
    print(f"{sum(len(cases(kind)) for kind in KINDS)} files of protocol cases in {HOME / botocore.__version__}")
