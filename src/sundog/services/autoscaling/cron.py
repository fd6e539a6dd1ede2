"""Recurring times in cron's five fields."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: place for place, name in enumerate(_MONTH_NAMES, 1)}
_DAYS = {name: place for place, name in enumerate(["sun", "mon", "tue", "wed", "thu", "fri", "sat"])}
_FAR = 366 * 5


class Cron:
    """A parsed expression; ``ValueError`` for what isn't one."""

    def __init__(self, text: str, zone: str | None = None) -> None:
        fields = text.split()
        if len(fields) != 5:
            raise ValueError("an expression has five fields")
        names: tuple[dict[str, int], ...] = ({}, {}, {}, _MONTHS, _DAYS)
        self.minutes, self.hours, self.days, self.months, weekdays = (
            _values(field, low, high, known) for field, (low, high), known in zip(fields, _RANGES, names, strict=True)
        )
        self.weekdays = {day % 7 for day in weekdays}
        self.any_day = fields[2].startswith("*")
        self.any_weekday = fields[4].startswith("*")
        try:
            self.zone: datetime.tzinfo = ZoneInfo(zone) if zone else datetime.timezone.utc
        except (ZoneInfoNotFoundError, OSError):
            raise ValueError(f"no time zone {zone}") from None

    def after(self, moment: datetime.datetime) -> datetime.datetime | None:
        """The first time later than the moment, in UTC; None if there is none within years."""
        local = moment.astimezone(self.zone).replace(tzinfo=None, second=0, microsecond=0)
        local += datetime.timedelta(minutes=1)
        day = local.date()
        for _ in range(_FAR):
            if self._fits(day):
                for hour in sorted(self.hours):
                    for minute in sorted(self.minutes):
                        found = datetime.datetime(day.year, day.month, day.day, hour, minute)
                        if found >= local:
                            return found.replace(tzinfo=self.zone).astimezone(datetime.timezone.utc)
            day += datetime.timedelta(days=1)
        return None

    def _fits(self, day: datetime.date) -> bool:
        if day.month not in self.months:
            return False
        by_date, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        if self.any_day or self.any_weekday:
            return by_date and by_weekday
        return by_date or by_weekday


def _values(field: str, low: int, high: int, names: dict[str, int]) -> set[int]:
    found: set[int] = set()
    for part in field.lower().split(","):
        span, _, step_text = part.partition("/")
        step = int(step_text) if step_text else 1
        if step < 1:
            raise ValueError("a step is 1 or more")
        if span in ("*", "?"):
            first, last = low, high
        elif "-" in span:
            one, _, other = span.partition("-")
            first, last = _number(one, names), _number(other, names)
        else:
            first = _number(span, names)
            last = high if step_text else first
        if not low <= first <= last <= high:
            raise ValueError(f"{part} is out of bounds")
        found.update(range(first, last + 1, step))
    return found


def _number(text: str, names: dict[str, int]) -> int:
    return names[text] if text in names else int(text)
