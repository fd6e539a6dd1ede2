"""What a service's own table (``services/<name>.toml``) says beyond what is inferred."""

from __future__ import annotations

from sundog.modelled.table import Table
from sundog.wire.model import Service


def apply(service: Service, table: Table) -> Table:
    return table
