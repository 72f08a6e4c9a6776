"""Moments as people write them, in the Unix seconds that the monitoring operations take. Pure, told the time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from poseidon_nb.errors import InvalidArgument

_AGO = re.compile(r"([0-9]{1,6})([smhdw])( ago)?")
#: Where Unix seconds begin; nothing that is asked for is older.
_BEGAN = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def unix_seconds(text: str, now: datetime) -> str:
    """Give a moment as the API takes it.

    Parameters
    ----------
    text : str
        Unix seconds; a date or time as in ``2026-11-23T12:00:00Z``, UTC where no zone is named; or how long ago: ``24h``.
    now : datetime
        Aware.

    Raises
    ------
    InvalidArgument
        It is no moment, or one so long ago that Unix seconds had not begun.
    """
    word = text.strip()
    if word.isdecimal():
        return word
    ago = _AGO.fullmatch(word)
    if ago is not None:
        return _seconds(_earlier(text, timedelta(**{_UNITS[ago[2]]: int(ago[1])}), now))
    if word == "now":
        return _seconds(now)
    try:
        moment = datetime.fromisoformat(word)
    except ValueError:
        raise InvalidArgument(
            f"{text!r} is no moment: write 2026-11-23T12:00:00Z, or how long ago, as 24h or 7d, or Unix seconds"
        ) from None
    return _seconds(moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC))


def before(text: str, moment: datetime) -> datetime:
    """Give the moment that comes so long before another as is written: ``24h``, ``7d`` or ``2w``.

    Parameters
    ----------
    text : str
    moment : datetime
        Aware.

    Raises
    ------
    InvalidArgument
        It is no such time, or none at all, or so long that Unix seconds had not begun.
    """
    read = _AGO.fullmatch(text.strip())
    if read is None or not int(read[1]):
        raise InvalidArgument(f"{text!r} is no length of time: write 24h, 7d or 2w")
    return _earlier(text, timedelta(**{_UNITS[read[2]]: int(read[1])}), moment)


def _earlier(text: str, length: timedelta, moment: datetime) -> datetime:
    if length > moment - _BEGAN:
        raise InvalidArgument(f"{text!r} reaches back before 1970: write 24h, 7d or 2w")
    return moment - length


def _seconds(moment: datetime) -> str:
    return str(int(moment.timestamp()))
