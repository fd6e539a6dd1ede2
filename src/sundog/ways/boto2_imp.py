"""The two functions of the ``imp`` module, gone with Python 3.12, that boto 2's plug-ins are loaded with."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any


def find_module(name: str, path: Sequence[str]) -> tuple[None, str, None]:
    """Where the source of a module is."""
    for directory in path:
        filename = os.path.join(directory, name + ".py")
        if os.path.isfile(filename):
            return None, filename, None
    raise ImportError(f"No module named {name!r}", name=name)


def load_module(name: str, file: Any, filename: str, details: Any) -> ModuleType:
    """Execute what ``find_module`` found."""
    spec = importlib.util.spec_from_file_location(name, filename)
    if spec is None or spec.loader is None:
        raise ImportError(f"{filename} is no module", name=name)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
