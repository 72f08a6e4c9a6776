"""How far apart readings are, and what that hides. Pure."""

from __future__ import annotations

from poseidon_nb.text import pluralize

#: Hours between two readings above which their means hide peaks; and above which they hide those of every day.
COARSE_H, VERY_COARSE_H = 1.0, 6.0

_DAY_H = 24.0
_MINUTES = 60


def coarse_in_words(hours: float) -> str:
    """Say that readings are so far apart that peaks are hidden; nothing where they are not, or where it is not known."""
    return f"each reading stands for {time_in_words(hours)}, so peaks are hidden" if hours > COARSE_H else ""


def time_in_words(hours: float) -> str:
    """Give a time in its largest whole unit: ``12 hours``, ``90 minutes``, ``2 days``."""
    if hours >= _DAY_H and not hours % _DAY_H:
        return pluralize(round(hours / _DAY_H), "day")
    whole = round(hours)
    if abs(hours - whole) * _MINUTES < 1 <= whole:
        return pluralize(whole, "hour")
    return pluralize(max(1, round(hours * _MINUTES)), "minute")
