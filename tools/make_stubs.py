"""Write ``sundog.api``'s structures as stubs for type checkers, one file a service that has handlers.

    python tools/make_stubs.py build/stubs

pyright reads the folder (``stubPath`` in pyproject.toml); nothing of it is committed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from botocore.model import ListShape, MapShape, Shape, StructureShape

from sundog.core.op import handler_homes, service_names
from sundog.wire.model import Service, get_service, python_name
from sundog.wire.model import service_names as known

SCALARS = {
    "string": "str",
    "character": "str",
    "integer": "int",
    "long": "int",
    "float": "float",
    "double": "float",
    "boolean": "bool",
    "timestamp": "datetime",
}


def annotation(shape: Shape) -> str:
    """What a member of the shape reads as, and may be given as."""
    if isinstance(shape, StructureShape):
        return "Any" if shape.is_document_type or getattr(shape, "is_eventstream", False) else shape.name
    if isinstance(shape, ListShape):
        return f"list[{annotation(shape.member)}]"
    if isinstance(shape, MapShape):
        return f"dict[str, {annotation(shape.value)}]"
    return SCALARS.get(shape.type_name, "Any")


def structure(shape: StructureShape, error: bool) -> str:
    lines = [f"class {shape.name}({'ModelError' if error else 'Structure'}):"]
    if error:
        return lines[0] + " ..."
    members = {python_name(name): annotation(member) for name, member in shape.members.items()}
    required = {python_name(name) for name in shape.required_members}  # validated before a handler sees the request
    for name, kind in members.items():
        lines.append(f"    {name}: {kind}" if kind == "Any" or name in required else f"    {name}: {kind} | None")
    given = ", ".join(f"{name}: Any = ..." for name in members)
    lines.append(f"    def __init__(self{', *, ' + given if given else ''}) -> None: ...")
    lines += ["    @classmethod", f"    def of(cls, raw: dict[str, Any]) -> {shape.name}: ..."]
    return "\n".join(lines)


def stub(service: Service) -> str:
    """The text of one service's stub."""
    parts = [
        "from __future__ import annotations",
        "from datetime import datetime",
        "from typing import Any",
        "from sundog.core.errors import ModelError",
        "from sundog.core.structure import Structure",
    ]
    for name in sorted(service.description["shapes"]):
        shape = service.model.shape_for(name)
        if isinstance(shape, StructureShape):
            error = bool(shape.metadata.get("exception") or shape.metadata.get("error"))
            parts.append(structure(shape, error))
    return "\n".join(parts) + "\n"


def main(target: str) -> None:
    folder = Path(target) / "sundog" / "api"
    folder.mkdir(parents=True, exist_ok=True)
    names = {name.replace("-", "_"): name for name in known()}
    for name in service_names():
        if handler_homes(name) and name.rstrip("_") in names:
            (folder / f"{name}.pyi").write_text(stub(get_service(names[name.rstrip("_")])))


if __name__ == "__main__":
    main(*sys.argv[1:2] or ["build/stubs"])
