"""Write docs/coverage.md, and tests/contract/levels.json: the counts that may only rise."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from sundog.coverage import counts, page, total

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    found = counts()
    (ROOT / "docs" / "coverage.md").write_text(page(found))
    text = ",\n".join(f' "{name}": {json.dumps(row)}' for name, row in found.items())
    (ROOT / "tests" / "contract" / "levels.json").write_text("{\n" + text + "\n}\n")
    print("emulated, modelled, refused:", *total(found))


if __name__ == "__main__":
    sys.exit(main())
