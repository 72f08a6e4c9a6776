"""Text formatting: money, percentages and durations."""

import pathlib
import re
from datetime import UTC, datetime

import pytest

from poseidon_nb.text import format_duration, format_moment, format_month, format_percent, format_usd, wrap_line


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        (72, "$72.00"),
        (20_474.876, "$20,474.88"),
        (-6, "-$6.00"),
        (0, "$0.00"),
        # Half a cent less than nothing is nothing.
        (-0.001, "$0.00"),
    ],
)
def test_amounts_have_a_sign_cents_and_thousands_separators(amount, told):
    assert format_usd(amount) == told


def test_differences_have_a_sign():
    assert (format_usd(24, signed=True), format_usd(-6, signed=True), format_usd(-0.001, signed=True)) == (
        "+$24.00",
        "-$6.00",
        "+$0.00",
    )


def test_the_number_of_decimals_can_be_chosen():
    assert (format_usd(0.00595, 5), format_usd(5, None), format_usd(0.02, None), format_usd(2_000, None)) == (
        "$0.00595",
        "$5",
        "$0.02",
        "$2,000",
    )


def test_percentages_have_no_space():
    assert (format_percent(72.4), format_percent(12.34, 1), format_percent(7, signed=True), format_percent(-33.3)) == (
        "72%",
        "12.3%",
        "+7%",
        "-33%",
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s"), (4.4, "4 s"), (59.6, "1 min"), (125, "2 min 5 s"), (3600, "1 h"), (3720, "1 h 2 min")],
)
def test_durations_have_at_most_two_units(seconds, text):
    assert format_duration(seconds) == text


#: An amount that is put together elsewhere, or a percentage: what a formatted value in braces is followed or led by.
_BY_HAND = re.compile(r"""\{[^{}]*\} (USD|%)|\$\{[^{}]*:[^{}]*[fg]\}|\{[^{}]*:[^{}]*[f]\} ?%""")


def test_money_and_percentages_are_formatted_in_one_place():
    package = pathlib.Path(__file__).parents[1] / "poseidon_nb"
    found = [
        f"{path.relative_to(package)}: {line.strip()}"
        for path in sorted(package.rglob("*.py"))
        if path.name != "text.py"
        for line in path.read_text(encoding="utf-8").splitlines()
        if _BY_HAND.search(line)
    ]
    assert not found


def test_months_and_moments_have_english_names():
    assert [format_month(f"2026-{number:02}")[:3] for number in (1, 8, 12)] == ["Jan", "Aug", "Dec"]
    assert format_month("2026-08") == "Aug 2026"
    for other in ("2026-13", "2026-8", "August", ""):
        assert format_month(other) == other
    assert format_moment(datetime(2026, 8, 3, 4, 5, tzinfo=UTC)) == "Aug 3, 04:05"


def test_a_wrapped_sentence_keeps_its_commands_whole():
    line = "Other notebooks on this machine join with %do sandbox connect http://127.0.0.1:33931, or see %do aliases."
    assert wrap_line(line, 60).split("\n") == [
        "Other notebooks on this machine join with",
        "%do sandbox connect http://127.0.0.1:33931, or see",
        "%do aliases.",
    ]
