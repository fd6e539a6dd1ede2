"""The code in the documentation runs.

Every ``python`` block of a page is executed, in order, in one namespace; the test functions in it that take no
fixtures are called. ``<!-- not run -->`` above a block leaves it out. CONTRIBUTING's example is followed to the
letter instead.
"""

from __future__ import annotations

import asyncio
import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import sundog.boto2  # noqa: F401 - what the pytest plugin does for users

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"(<!-- not run[^\n]*-->\n+)?^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs" / "howto").glob("*.md"))]


def blocks(page: Path) -> list[tuple[int, str]]:
    """Line and code of each block that is to run."""
    text = page.read_text()
    return [(text.count("\n", 0, found.start(2)), found[2]) for found in BLOCK.finditer(text) if not found[1]]


WITH_CODE = [page for page in PAGES if blocks(page)]


@pytest.mark.parametrize("page", WITH_CODE, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_code_of_a_page_runs(page, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUNDOG_HOME", str(tmp_path))
    namespace: dict[str, Any] = {"__name__": "page"}
    for line, code in blocks(page):
        exec(compile("\n" * line + code, str(page), "exec"), namespace)
        for name, function in list(namespace.items()):
            if name.startswith("test_") and callable(function) and not called_for(function):
                outcome = function()
                if inspect.iscoroutine(outcome):
                    asyncio.run(outcome)
                namespace[name] = None


def called_for(function: Any) -> list[str]:
    return list(inspect.signature(function).parameters)


def test_the_pages_have_code():
    assert len(WITH_CODE) > 8


def test_the_worked_example_of_contributing(tmp_path):
    """Its service and its test, as files where it says they go."""
    service, test = (code for _, code in blocks(ROOT / "CONTRIBUTING.md"))
    services = tmp_path / "services"
    services.mkdir()
    (services / "polly.py").write_text(service)
    (tmp_path / "test_polly.py").write_text(test)
    (tmp_path / "conftest.py").write_text(
        f"import sundog.services\nsundog.services.__path__.insert(0, {str(services)!r})\n"
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout
    assert "only modelled" not in done.stdout
