"""Parse times and durations: ``2026-11-23T12:00:00Z``, ``3d`` ago, a window of ``7d``. The caller passes the current time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.text import close_matches, suggestion

_AGO = re.compile(r"([0-9]{1,6})([smhdw])( ago)?")
#: No time can be before this.
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: A duration with another unit, a fraction or a minus sign.
_NEARLY = re.compile(r"-?([0-9]{1,6}(?:\.[0-9]{1,3})?) ?([a-z]*)(?: ago)?")
#: Names of units, each as a multiple of a supported unit. A month has 30 days here, and a year 365.
_UNIT_WORDS = {
    "s sec secs second seconds": (1, "s"),
    "m min mins minute minutes": (1, "m"),
    "h hr hrs hour hours": (1, "h"),
    "d day days": (1, "d"),
    "w week weeks": (1, "w"),
    "mo mon month months": (30, "d"),
    "y yr yrs year years": (365, "d"),
}
_UNITS_BY_WORD = {word: unit for listed, unit in _UNIT_WORDS.items() for word in listed.split()}
_TWO_WORDS = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,3})? ([a-z]+)")
_SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def unix_seconds(text: str, now: datetime) -> str:
    """Parse a time, and return it in Unix seconds, as text for the API.

    Parameters
    ----------
    text : str
        Unix seconds; a date or time such as ``2026-11-23T12:00:00Z``, in UTC unless it names a zone; or how long ago: ``24h``.
    now : datetime
        Aware.

    Raises
    ------
    InvalidArgument
        It is not a time, or it is before 1970.
    """
    word = text.strip()
    if word.isdecimal():
        return word
    ago = _AGO.fullmatch(word)
    if ago is not None:
        return _seconds(_minus(text, timedelta(**{_UNITS[ago[2]]: int(ago[1])}), now))
    if word == "now":
        return _seconds(now)
    try:
        moment = datetime.fromisoformat(word)
    except ValueError:
        raise InvalidArgument(
            f"Invalid time {text!r}. Use for example 2026-11-23T12:00:00Z, 24h or 7d (ago), or Unix seconds{suggestion(_likely(word)) or '.'}"
        ) from None
    return _seconds(moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC))


def subtract_duration(text: str, moment: datetime) -> datetime:
    """Parse a duration such as ``24h``, ``7d`` or ``2w``, and return the time that is so long before another.

    Parameters
    ----------
    text : str
    moment : datetime
        Aware.

    Raises
    ------
    InvalidArgument
        It is not a duration, or the time is before 1970.
    """
    return _minus(text, parse_duration(text), moment)


def parse_duration(text: str) -> timedelta:
    """Parse a duration such as ``24h``, ``7d`` or ``2w``.

    Raises
    ------
    InvalidArgument
        It is not a duration.
    """
    match = _AGO.fullmatch(text.strip())
    if match is None or not int(match[1]):
        raise InvalidArgument(
            f"Invalid duration {text!r}. Use for example 90s, 10m, 24h, 7d or 2w{suggestion(_likely(text)) or '.'}"
        )
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _likely(text: str) -> list[str]:
    """Return what was probably meant, in a known unit; an empty list when nothing is close."""
    # "week" is one week.
    bare = text.strip().casefold()
    match = _NEARLY.fullmatch(f"1 {bare}" if bare in _UNITS_BY_WORD and len(bare) > 1 else bare)
    if match is None:
        return []
    near = close_matches(match[2], _UNITS_BY_WORD, max_words=1)
    many, letter = _UNITS_BY_WORD.get(match[2] or "h") or (_UNITS_BY_WORD[near[0]] if near else (1, "d"))
    # A duration that rounds to zero becomes one unit.
    seconds = round(float(match[1]) * many * _SECONDS[letter]) or _SECONDS[letter]
    # Units have no fractions: half an hour is 30m.
    smaller = [*_SECONDS][[*_SECONDS].index(letter) :]
    fits = next(one for one in smaller if seconds % _SECONDS[one] == 0)
    return [f"{seconds // _SECONDS[fits]}{fits}"]


def as_one_word(text: str) -> str:
    """Return a duration in two words as one word: ``1d`` for ``1 day``; empty for any other text."""
    match = _TWO_WORDS.fullmatch(text.casefold())
    return "".join(_likely(text)) if match is not None and match[1] in _UNITS_BY_WORD else ""


def _minus(text: str, duration: timedelta, moment: datetime) -> datetime:
    if duration > moment - _EPOCH:
        raise InvalidArgument(f"{text!r} goes back before 1970. Use for example 24h, 7d or 2w.")
    return moment - duration


def _seconds(moment: datetime) -> str:
    return str(int(moment.timestamp()))
