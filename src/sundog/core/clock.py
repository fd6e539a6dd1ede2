"""The Cloud's time: it follows ``time.time()`` until a test takes hold of it."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from typing import Any, cast

# freezegun puts its own class in the place of datetime; rows hold real ones only, wherever we are imported.
_datetime = cast(
    type[dt.datetime],
    next(base for base in dt.datetime.__mro__ if base.__module__ == "datetime" and base.__name__ == "datetime"),
)
_from_timestamp = _datetime.fromtimestamp
_utc = dt.timezone.utc
_EPOCH = _datetime(1970, 1, 1, tzinfo=_utc)
_MICROSECOND = dt.timedelta(microseconds=1)

State = tuple[int, "int | None"]


def _microseconds(moment: dt.datetime) -> int:
    """Since 1970; a moment without a zone is taken as UTC."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=_utc)
    return (moment - _EPOCH) // _MICROSECOND


class Clock:
    """Says what time it is in one Cloud.

    Running, it is ``time.time()`` (so freezegun and time-machine work) plus an offset; frozen, it stands. ``on_change``
    is called after each hold taken of it, so that what has become due can run.
    """

    __slots__ = ("_frozen", "_now", "_offset", "_shift", "on_change")

    def __init__(self, on_change: Callable[[], Any] | None = None) -> None:
        self.on_change = on_change
        self._load(0, None)

    def _load(self, offset: int, frozen: int | None) -> None:
        # Kept as whole microseconds, so that many small steps add up exactly; the derived values are for speed.
        self._offset = offset
        self._frozen = frozen
        self._shift = offset / 1e6
        self._now = None if frozen is None else _EPOCH + dt.timedelta(microseconds=frozen)

    def __repr__(self) -> str:
        return f"<Clock {self.now().isoformat()}{' frozen' if self.frozen else ''}>"

    # -- reading

    def now(self) -> dt.datetime:
        """The moment, in UTC."""
        if self._now is not None:
            return self._now
        return _from_timestamp(time.time() + self._shift, _utc)

    def timestamp(self) -> float:
        """Seconds since 1970."""
        if self._frozen is not None:
            return self._frozen / 1e6
        return time.time() + self._shift

    @staticmethod
    def at(timestamp: float) -> dt.datetime:
        """The moment of a timestamp, in UTC."""
        return _from_timestamp(timestamp, _utc)

    @property
    def frozen(self) -> bool:
        return self._frozen is not None

    # -- taking hold

    def freeze(self, at: dt.datetime | None = None) -> None:
        """Stand still, at the given moment or now."""
        self._change(self._offset, _microseconds(self.now() if at is None else at))

    def resume(self) -> None:
        """Run again, from where it stands."""
        if self._frozen is not None:
            self._change(self._frozen - round(time.time() * 1e6), None)

    unfreeze = resume

    def advance(
        self,
        by: dt.timedelta | None = None,
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
    ) -> None:
        """Let time pass at once, running or frozen. It passes forwards only; ``set`` goes anywhere."""
        step = dt.timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds) + (by or dt.timedelta())
        microseconds = step // _MICROSECOND
        if microseconds < 0:
            raise ValueError("time can't be advanced backwards: use set()")
        if self._frozen is None:
            self._change(self._offset + microseconds, None)
        else:
            self._change(self._offset, self._frozen + microseconds)

    def set(self, to: dt.datetime) -> None:
        """Make it this moment, and run on or stand as before."""
        moment = _microseconds(to)
        if self._frozen is None:
            self._change(moment - round(time.time() * 1e6), None)
        else:
            self._change(self._offset, moment)

    def reset(self) -> None:
        """Follow ``time.time()`` again, as at the beginning."""
        self._change(0, None)

    def _change(self, offset: int, frozen: int | None) -> None:
        self._load(offset, frozen)
        if self.on_change is not None:
            self.on_change()

    # -- snapshots

    def state(self) -> State:
        """For ``restore``: whether it stands and where, or how far it is from ``time.time()``."""
        return self._offset, self._frozen

    def restore(self, state: State) -> None:
        """Go back to a state. Nobody is told: who restores a Cloud restores the rest of it too."""
        self._load(*state)
