"""No operation is answered less well than before: ``tools/coverage_page.py`` writes down the counts when they have risen."""

from __future__ import annotations

import json
from pathlib import Path

from sundog.coverage import counts, levels

LEDGER: dict[str, list[int]] = json.loads((Path(__file__).parent / "levels.json").read_text())


def test_no_service_is_answered_less_well_than_before() -> None:
    worse: list[str] = []
    for name, now in counts(LEDGER).items():
        emulated, modelled, _ = LEDGER[name]
        if now[0] < emulated or now[0] + now[1] < emulated + modelled:
            worse.append(f"{name}: {now}, was {LEDGER[name]}")
    assert not worse, "\n".join(worse)


def test_an_operation_with_a_handler_is_emulated() -> None:
    assert levels("sts")["GetCallerIdentity"] == "emulated"


def test_what_the_engine_cannot_answer_is_unsupported() -> None:
    assert levels("translate")["TranslateText"] == "unsupported"
