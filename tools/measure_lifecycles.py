"""Measure the life of every modelled resource and write tests/contract/lifecycles.json: whole lives and tried ones by service."""

from __future__ import annotations

import json
import logging
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))


def measure(name: str) -> tuple[str, int, int, dict[str, int], dict[str, int], list[str]]:
    from contract.lifecycle import Lives

    logging.disable(logging.CRITICAL)
    try:
        lives = Lives(name).run()
    except ImportError as error:
        return name, 0, 0, {}, {}, [f"{name}: {error}"]
    return name, len(lives.whole), len(lives.whole) + len(lives.broken), lives.passed, lives.tried, lives.faults


def main() -> None:
    from sundog.wire.model import service_names

    names = sys.argv[1:] or sorted(service_names())
    ledger: dict[str, list[int]] = {}
    passed: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    with ProcessPoolExecutor(2) as pool:
        for name, whole, all_, ok, done, faults in pool.map(measure, names, chunksize=8):
            ledger[name] = [whole, all_]
            passed.update(ok)
            tried.update(done)
            for fault in faults:
                print(fault[:300])
    for step in tried:
        print(f"{step}: {passed[step]} of {tried[step]}")
    whole, all_ = (sum(pair[i] for pair in ledger.values()) for i in (0, 1))
    print(
        f"whole lives: {whole} of {all_} ({100 * whole / max(all_, 1):.1f}%), "
        f"in {sum(1 for p in ledger.values() if p[0])} services"
    )
    if not sys.argv[1:]:
        text = ",\n".join(f' "{name}": {json.dumps(pair)}' for name, pair in sorted(ledger.items()) if pair[1])
        (ROOT / "tests" / "contract" / "lifecycles.json").write_text("{\n" + text + "\n}\n")


if __name__ == "__main__":
    main()
