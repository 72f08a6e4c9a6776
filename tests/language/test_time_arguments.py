"""Moments as people write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.language.time_arguments import subtract_duration, unix_seconds

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1635386880", 1635386880),
        ("now", NOW.timestamp()),
        ("24h", NOW.timestamp() - 86_400),
        ("7d ago", NOW.timestamp() - 7 * 86_400),
        ("90m", NOW.timestamp() - 5_400),
        ("2026-11-23", NOW.timestamp() - 43_200),
        ("2026-11-23T12:00:00Z", NOW.timestamp()),
        ("2026-11-23T13:00:00+01:00", NOW.timestamp()),
        (" 2026-11-23 12:00 ", NOW.timestamp()),
    ],
)
def test_a_moment_becomes_unix_seconds(text, moment):
    assert unix_seconds(text, NOW) == str(int(moment))


@pytest.mark.parametrize("text", ["yesterday", "24 h", "-3h", "2026-13-01", ""])
def test_what_is_no_moment_is_told_with_the_ways_to_write_one(text):
    with pytest.raises(InvalidArgument, match=r"^Invalid time .* Use for example"):
        unix_seconds(text, NOW)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2y", "730d"),
        ("3x", "3d"),
        ("-1d", "1d"),
        ("0d", "1d"),
        ("24", "24h"),
        ("24 hours", "24h"),
        ("0.5h", "30m"),
        ("1.5d", "36h"),
        ("1month", "30d"),
        ("5dyas", "5d"),
        ("week", "1w"),
        ("day", "1d"),
        ("month", "30d"),
    ],
)
def test_what_is_no_length_of_time_is_told_with_the_units_and_what_is_nearest(text, meant):
    with pytest.raises(InvalidArgument) as told:
        subtract_duration(text, NOW)
    assert str(told.value) == (
        f"Invalid duration {text!r}. Use for example 90s, 10m, 24h, 7d or 2w. Did you mean {meant}?"
    )
    assert subtract_duration(meant, NOW) < NOW


@pytest.mark.parametrize("text", ["", "yesterday", "d", "2,5d", "1e9d"])
def test_what_is_near_no_length_of_time_is_told_with_the_units_alone(text):
    with pytest.raises(InvalidArgument, match=r"or 2w\.$"):
        subtract_duration(text, NOW)
