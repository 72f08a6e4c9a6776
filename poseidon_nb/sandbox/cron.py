"""Schedules in the format of cron: five fields for minute, hour, day, month and weekday, in UTC or another time zone.

A field has ``*``, numbers, ranges and steps: ``*/15``, ``1-5``, ``0,30``. Sunday is 0 or 7. If both day and weekday are
restricted, either is enough, as in cron.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_PART = re.compile(r"(?:\*|([0-9]{1,2})(?:-([0-9]{1,2}))?)(?:/([0-9]{1,2}))?")
#: A leap day is at most eight years away.
_MAX_DAYS = 8 * 366


@dataclass(frozen=True, slots=True)
class Cron:
    """A parsed schedule: the allowed numbers of each field, whether any day and any weekday will do, and its time zone."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    any_weekday: bool
    zone: tzinfo = UTC

    def next_run(self, after: float) -> float | None:
        """Return the first time of the schedule later than a time in Unix seconds; None if there is none."""
        return self._search(int(after) // 60 * 60 + 60, 1)

    def last_run(self, before: float) -> float | None:
        """Return the last time of the schedule at or before a time in Unix seconds; None if there is none."""
        return self._search(int(before) // 60 * 60, -1)

    def _search(self, start: int, step: int) -> float | None:
        first = datetime.fromtimestamp(start, self.zone)
        hours, minutes = sorted(self.hours)[::step], sorted(self.minutes)[::step]
        for number in range(_MAX_DAYS):
            day = first + timedelta(days=step * number)
            if not self._includes(day):
                continue
            for hour in hours:
                for minute in minutes:
                    found = day.replace(hour=hour, minute=minute)
                    if number or (found >= first if step > 0 else found <= first):
                        at = found.timestamp()
                        # When clocks change, the order of wall times is not that of times.
                        if (at - start) * step >= 0:
                            return at
        return None

    def _includes(self, day: datetime) -> bool:
        if day.month not in self.months:
            return False
        by_day, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return by_day and by_weekday if self.any_day or self.any_weekday else by_day or by_weekday


def parse_cron(text: str, zone: tzinfo = UTC) -> Cron | None:
    """Parse a schedule in a time zone; return None for any other text."""
    fields = text.split()
    if len(fields) != len(_RANGES):
        return None
    sets = [_parse_field(one, *limits) for one, limits in zip(fields, _RANGES, strict=True)]
    if not all(sets):
        return None
    minutes, hours, days, months, weekdays = map(frozenset, sets)
    any_day, any_weekday = fields[2].startswith("*"), fields[4].startswith("*")
    return Cron(minutes, hours, days, months, frozenset(one % 7 for one in weekdays), any_day, any_weekday, zone)


def _parse_field(text: str, lowest: int, highest: int) -> set[int]:
    """Return the numbers of a field; none if it is invalid."""
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            return set()
        first, last, step = match.groups()
        low = lowest if first is None else int(first)
        high = int(last) if last else highest if first is None or step else low
        if not (lowest <= low <= high <= highest and int(step or 1)):
            return set()
        found.update(range(low, high + 1, int(step or 1)))
    return found
