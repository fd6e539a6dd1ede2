"""Transitions: done at once, or by the clock where the cloud's ``delays`` are on."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from sundog.core import Tx


def settle(tx: Tx, seconds: float, function: Callable[..., Any], *arguments: Any) -> None:
    """Call ``function(tx, *arguments)`` after so many seconds if transitions take time, else now."""
    if tx.setting("delays"):
        tx.at(tx.now + datetime.timedelta(seconds=seconds), function, *arguments)
    else:
        function(tx, *arguments)


def moment(tx: Tx) -> datetime.datetime:
    """Now, in whole seconds, as EC2 tells times."""
    return tx.now.replace(microsecond=0)
