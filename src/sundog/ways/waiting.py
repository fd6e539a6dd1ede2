"""Long polls on an event loop: calls that gave up (``Wait``) and run again when something changes.

Nobody blocks: a call that waits is an entry here, with a timer for its deadline.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sundog.cloud import Cloud
    from sundog.core.tx import Wait
    from sundog.wire.http import Request, Response

SHARE = 4
"""After a round of new attempts, the loop is left to others for this many times as long as the round took."""


class Waiter:
    """One call that waits. ``cancel`` forgets it."""

    __slots__ = ("_handle", "_room", "_timer", "deadline", "limit", "reply", "request", "wait")

    def __init__(
        self, room: WaitingRoom, request: Request, wait: Wait, reply: Callable[[Response | Exception], None]
    ) -> None:
        self._room = room
        self._timer: asyncio.TimerHandle | None = None
        self.deadline = wait.deadline
        self.limit = 0.0
        self.request = request
        self.reply = reply
        self.wait = wait
        self._handle = room.cloud.waiters.add(lambda: room.changed(self), wait)

    def arm(self, seconds: float) -> None:
        """Be called in so many seconds, or when something is due, and never after the limit that the first wait set.

        The limit is in real time, so that a poll ends on a frozen clock too.
        """
        loop = self._room.loop
        now = loop.time()
        if self._timer is None:
            self.limit = now + seconds
        else:
            self._timer.cancel()
        when = min(now + seconds, self.limit)
        due = self.wait.next_look(self._room.cloud)
        if due is not None:
            when = min(when, now + due)
        self._timer = loop.call_at(when, self._room.attempt, self)

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._room.cloud.waiters.remove(self._handle)
        self._room.forget(self)


class WaitingRoom:
    """The calls that wait for a change in one cloud, oldest first."""

    def __init__(self, cloud: Cloud, loop: asyncio.AbstractEventLoop) -> None:
        self.cloud = cloud
        self.loop = loop
        self._waiting: dict[Waiter, None] = {}
        self._stirred: dict[Waiter, None] = {}
        self._round: asyncio.Handle | None = None
        self._not_before = 0.0
        self._announced = False

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, request: Request, wait: Wait, reply: Callable[[Response | Exception], None]) -> Waiter:
        waiter = Waiter(self, request, wait, reply)
        waiter.arm(wait.seconds_left(self.cloud))
        self._waiting[waiter] = None
        # What another thread committed between the attempt and our listening must not be missed.
        if self.cloud.waiters.stale(wait):
            self.changed(waiter)
        return waiter

    def forget(self, waiter: Waiter) -> None:
        self._waiting.pop(waiter, None)
        self._stirred.pop(waiter, None)
        if not self._waiting and self._round is not None:
            self._round.cancel()
            self._round = None

    def attempt(self, waiter: Waiter, final: bool = False) -> None:
        """Run the call once more; for good if its time is over."""
        from sundog.core.tx import Wait

        if waiter not in self._waiting:
            return
        final = final or self.loop.time() >= waiter.limit - 0.001
        try:
            answer: Response | Exception = self.cloud.attempt(waiter.request, final=final)
        except Wait as wait:
            waiter.wait = wait
            # The first wait's: each attempt would wait anew.
            left = waiter.deadline - self.cloud.clock.timestamp()
            if left > 0:
                waiter.arm(left)
            else:
                self.attempt(waiter, final=True)
            return
        except Exception as error:
            answer = error
        waiter.cancel()
        waiter.reply(answer)

    def finish(self) -> None:
        """Answer everybody now with what there is."""
        for waiter in list(self._waiting):
            self.attempt(waiter, final=True)

    def changed(self, waiter: Waiter) -> None:
        """Something that the call waits for changed; any thread may say so, often."""
        self._stirred[waiter] = None
        if not self._announced:
            self._announced = True
            self.loop.call_soon_threadsafe(self._schedule)

    def _schedule(self) -> None:
        self._announced = False
        if self._round is None and self._waiting:
            self._round = self.loop.call_at(max(self._not_before, self.loop.time()), self._run_round)

    def _run_round(self) -> None:
        self._round = None
        begin = self.loop.time()
        stirred, self._stirred = self._stirred, {}
        for waiter in [waiter for waiter in self._waiting if waiter in stirred]:
            self.attempt(waiter)
        self._not_before = self.loop.time() + SHARE * (self.loop.time() - begin)
