"""Gather ``changelog.d/*.md`` into ``CHANGELOG.md`` under a version, and remove them.

    python tools/changelog.py 0.2.0

With ``--show`` it only prints what would be gathered.
"""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEAD = "# Changes\n"


def gathered(folder: Path) -> tuple[str, list[Path]]:
    """The entries of all fragments, in the order of their names, and the fragments."""
    files = sorted(folder.glob("*.md"))
    return "\n".join(file.read_text().strip() for file in files), files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("version", nargs="?", default="Unreleased")
    parser.add_argument("--show", action="store_true")
    given = parser.parse_args()
    entries, files = gathered(ROOT / "changelog.d")
    if given.show:
        print(entries)
        return
    if given.version == "Unreleased":
        parser.error("a version is needed")
    if not files:
        parser.error("there is nothing in changelog.d")
    log = ROOT / "CHANGELOG.md"
    old = log.read_text().removeprefix(HEAD) if log.exists() else ""
    log.write_text(f"{HEAD}\n## {given.version}, {datetime.date.today()}\n\n{entries}\n{old}")
    for file in files:
        file.unlink()


if __name__ == "__main__":
    main()
