"""boto 2.49 made importable by today's Pythons.

boto 2 ended with Python 3.7. What it misses in later ones is given to its own modules, and to nobody else.
"""

from __future__ import annotations

import warnings
from types import ModuleType
from typing import Any

from sundog.ways import imports

_REWRITTEN: dict[str, tuple[tuple[str, str], ...]] = {
    "boto.auth": (("datetime.datetime.utcnow()", "datetime.datetime.now(datetime.timezone.utc)"),),
    "boto.provider": (
        ("from datetime import datetime\n", "from datetime import datetime, timezone\n"),
        ("datetime.utcnow()", "datetime.now(timezone.utc).replace(tzinfo=None)"),
    ),
    "boto.dynamodb.types": (("from collections import Mapping", "from collections.abc import Mapping"),),
    "boto.plugin": (("import imp\n", "from sundog.ways import boto2_imp as imp\n"),),
    "boto.pyami.launch_ami": (("import imp\n", "from sundog.ways import boto2_imp as imp\n"),),
    "boto.ecs.item": (("import cgi\n", "import html as cgi\n"),),
    "boto.sdb.item": (("base64.decodestring(", "base64.decodebytes("),),
    "boto.pyami.config": (("self.readfp(", "self.read_file("),),
}
"""By module: what its source says, and what it is read as."""


def enable() -> None:
    """Let boto be imported, whatever the Python. For good, as what imports it stands often above any mock."""
    imports.execute_package("boto", _execute)


def _execute(loader: Any, module: ModuleType) -> None:
    name = module.__name__
    with warnings.catch_warnings():
        # Its regular expressions have escapes that a later compiler warns of, or refuses under -W error.
        warnings.simplefilter("ignore", SyntaxWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        code = _code(loader, name)
    if code is None:
        loader.exec_module(module)
    else:
        exec(code, module.__dict__)
    if name == "boto.vendored.six":
        _teach_six(module)
    elif name in ("boto.connection", "boto.https_connection"):
        from sundog.ways.boto2_tls import mend

        mend(module)


def _code(loader: Any, name: str) -> Any:
    changes = _REWRITTEN.get(name)
    if changes is None:
        return loader.get_code(name) if hasattr(loader, "get_code") else None
    source: str | None = loader.get_source(name)
    if source is None:
        return loader.get_code(name)
    for old, new in changes:
        source = source.replace(old, new)
    return compile(source, loader.get_filename(name), "exec", dont_inherit=True)


def _teach_six(six: ModuleType) -> None:
    """boto's copy of six finds its ``moves`` by a protocol that Python 3.12 dropped; add today's."""
    importer: Any = type(six._importer)  # type: ignore[attr-defined]
    if hasattr(importer, "find_spec"):
        return
    from importlib.util import spec_from_loader

    def find_spec(self: Any, fullname: str, path: Any = None, target: Any = None) -> Any:
        return spec_from_loader(fullname, self) if fullname in self.known_modules else None

    def create_module(self: Any, spec: Any) -> Any:
        return self.load_module(spec.name)

    def exec_module(self: Any, module: Any) -> None: ...

    importer.find_spec, importer.create_module, importer.exec_module = find_spec, create_module, exec_module
