from __future__ import annotations

import datetime as dt
import subprocess
import sys
import time

import freezegun
import pytest
import time_machine

from sundog.core.clock import Clock

UTC = dt.timezone.utc
MOMENT = dt.datetime(2024, 2, 29, 12, 30, 15, 123457, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_it_follows_the_computers_time(clock: Clock) -> None:
    before = time.time()
    now, stamp = clock.now(), clock.timestamp()
    assert before - 1e-5 <= now.timestamp() <= stamp + 1e-5
    assert stamp <= time.time()
    assert now.tzinfo is UTC


def test_frozen_it_stands(clock: Clock) -> None:
    clock.freeze(MOMENT)
    assert clock.frozen
    assert (clock.now(), clock.timestamp()) == (MOMENT, MOMENT.timestamp())
    assert clock.now() is clock.now()


def test_a_timestamp_has_its_moment(clock: Clock) -> None:
    assert clock.at(MOMENT.timestamp()) == MOMENT
    assert clock.at(0).isoformat() == "1970-01-01T00:00:00+00:00"


def test_freezing_without_a_moment_keeps_this_one(clock: Clock) -> None:
    before = clock.now()
    clock.freeze()
    assert before <= clock.now() <= before + dt.timedelta(seconds=5)


def test_a_moment_without_a_zone_is_utc(clock: Clock) -> None:
    clock.freeze(MOMENT.replace(tzinfo=None))
    assert clock.now() == MOMENT


def test_another_zone_is_turned_into_utc(clock: Clock) -> None:
    clock.freeze(dt.datetime(2024, 1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=2))))
    assert clock.now().isoformat() == "2023-12-31T23:00:00+00:00"


def test_frozen_steps_add_up_exactly(clock: Clock) -> None:
    clock.freeze(MOMENT)
    for _ in range(1000):
        clock.advance(seconds=0.1)
    clock.advance(days=1, hours=2, minutes=3)
    clock.advance(dt.timedelta(microseconds=1), seconds=1)
    assert clock.now() == MOMENT + dt.timedelta(days=1, hours=2, minutes=3, seconds=101, microseconds=1)


def test_running_it_advances_and_runs_on(clock: Clock) -> None:
    clock.advance(days=30)
    assert not clock.frozen
    assert clock.timestamp() - time.time() == pytest.approx(30 * 86400, abs=0.1)
    first = clock.now()
    time.sleep(0.002)
    assert clock.now() > first


def test_it_is_not_advanced_backwards(clock: Clock) -> None:
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(seconds=-1)


def test_set_goes_anywhere(clock: Clock) -> None:
    clock.set(MOMENT)
    assert not clock.frozen
    assert dt.timedelta() <= clock.now() - MOMENT < dt.timedelta(seconds=5)
    clock.freeze()
    clock.set(MOMENT - dt.timedelta(days=9))
    assert clock.now() == MOMENT - dt.timedelta(days=9)


def test_resumed_it_runs_on_from_where_it_stood(clock: Clock) -> None:
    clock.freeze(MOMENT)
    clock.resume()
    assert not clock.frozen
    assert dt.timedelta() <= clock.now() - MOMENT < dt.timedelta(seconds=5)
    clock.unfreeze()  # runs already
    assert clock.now() - MOMENT < dt.timedelta(seconds=5)


def test_reset_follows_the_computer_again(clock: Clock) -> None:
    clock.freeze(MOMENT)
    clock.advance(days=1)
    clock.reset()
    assert clock.timestamp() == pytest.approx(time.time(), abs=1)


def test_every_hold_is_told() -> None:
    told: list[dt.datetime] = []
    clock = Clock()
    clock.on_change = lambda: told.append(clock.now())
    clock.freeze(MOMENT)
    clock.advance(seconds=1)
    clock.set(MOMENT)
    clock.resume()
    clock.reset()
    assert told[:3] == [MOMENT, MOMENT + dt.timedelta(seconds=1), MOMENT]
    assert len(told) == 5


def test_a_state_is_restored_in_silence() -> None:
    clock = Clock()
    clock.advance(hours=5)
    running = clock.state()
    clock.freeze(MOMENT)
    standing = clock.state()
    clock.advance(days=1)
    clock.on_change = lambda: pytest.fail("told")
    clock.restore(standing)
    assert clock.now() == MOMENT
    clock.restore(running)
    assert clock.timestamp() - time.time() == pytest.approx(5 * 3600, abs=0.1)


def test_it_follows_freezegun(clock: Clock) -> None:
    with freezegun.freeze_time("2001-02-03 04:05:06") as frozen:
        assert clock.now().isoformat() == "2001-02-03T04:05:06+00:00"
        frozen.tick(10)
        assert clock.now().second == 16
        clock.advance(hours=1)
        assert clock.now().hour == 5
        assert type(clock.now()).__module__ == "datetime"
        clock.freeze()
        frozen.tick(10)
        assert clock.now().second == 16
        assert type(clock.now()).__module__ == "datetime"


def test_it_follows_time_machine(clock: Clock) -> None:
    with time_machine.travel(dt.datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC), tick=False) as traveller:
        assert clock.now().isoformat() == "2001-02-03T04:05:06+00:00"
        traveller.shift(10)
        assert clock.now().second == 16


def test_imported_under_freezegun_it_still_makes_real_datetimes() -> None:
    code = """
import freezegun
with freezegun.freeze_time("2001-02-03"):
    from sundog.core.clock import Clock
    moment = Clock().now()
    clock = Clock(); clock.freeze(); clock.advance(seconds=1)
assert type(moment).__module__ == type(clock.now()).__module__ == "datetime", (type(moment), type(clock.now()))
assert moment.year == 2001
"""
    subprocess.run([sys.executable, "-c", code], check=True)
