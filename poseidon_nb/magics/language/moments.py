"""Moments as people write them, in the Unix seconds that the monitoring operations take. Pure, told the time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.text import close_matches, suggestion

_AGO = re.compile(r"([0-9]{1,6})([smhdw])( ago)?")
#: Where Unix seconds begin; nothing that is asked for is older.
_BEGAN = datetime(1970, 1, 1, tzinfo=UTC)
#: An amount as some write it who do not know the letters; a minus sign says again that it is past.
_MEANT = re.compile(r"-?([0-9]{1,6}(?:\.[0-9]{1,3})?) ?([a-z]*)(?: ago)?")
#: Words for units: how many of which letter they are. A month has 30 days here, a year 365.
_WORDS = {
    "s sec secs second seconds": (1, "s"),
    "m min mins minute minutes": (1, "m"),
    "h hr hrs hour hours": (1, "h"),
    "d day days": (1, "d"),
    "w week weeks": (1, "w"),
    "mo mon month months": (30, "d"),
    "y yr yrs year years": (365, "d"),
}
_EACH = {word: unit for listed, unit in _WORDS.items() for word in listed.split()}
_TWO_WORDS = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,3})? ([a-z]+)")
_SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
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
            f"{text!r} is no moment: write 2026-11-23T12:00:00Z, or how long ago, as 24h or 7d, or Unix seconds{suggestion(_likely(word))}"
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
        raise InvalidArgument(
            f"{text!r} is no length of time: write a number and s, m, h, d or w, as 90m, 24h, 7d{suggestion(_likely(text))}"
        )
    return _earlier(text, timedelta(**{_UNITS[read[2]]: int(read[1])}), moment)


def _likely(text: str) -> list[str]:
    """Return what was probably meant, in a known unit; an empty list when nothing is close."""
    # A week is one week.
    bare = text.strip().casefold()
    meant = _MEANT.fullmatch(f"1 {bare}" if bare in _EACH and len(bare) > 1 else bare)
    if meant is None:
        return []
    near = close_matches(meant[2], _EACH, max_words=1)
    many, letter = _EACH.get(meant[2] or "h") or (_EACH[near[0]] if near else (1, "d"))
    # Less than a second is none, and of none the least that is some is meant.
    seconds = round(float(meant[1]) * many * _SECONDS[letter]) or _SECONDS[letter]
    # No unit has a fraction: half an hour is 30m.
    smaller = [*_SECONDS][[*_SECONDS].index(letter) :]
    fits = next(one for one in smaller if seconds % _SECONDS[one] == 0)
    return [f"{seconds // _SECONDS[fits]}{fits}"]


def length_meant(text: str) -> str:
    """Return a duration that is written in two words as one word: ``1d`` for ``1 day``; empty for anything else."""
    meant = _TWO_WORDS.fullmatch(text.casefold())
    return "".join(_likely(text)) if meant is not None and meant[1] in _EACH else ""


def _earlier(text: str, length: timedelta, moment: datetime) -> datetime:
    if length > moment - _BEGAN:
        raise InvalidArgument(f"{text!r} reaches back before 1970: write 24h, 7d or 2w")
    return moment - length


def _seconds(moment: datetime) -> str:
    return str(int(moment.timestamp()))
