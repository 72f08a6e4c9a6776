"""Ticks at round values: numbers, powers of ten and times, with the labels that plotly gives them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from poseidon_nb.plots.svg.elements import UnsupportedFigure
from poseidon_nb.text import MONTHS

_SECOND = 1_000.0
_MINUTE, _HOUR, _DAY = 60 * _SECOND, 3_600 * _SECOND, 86_400 * _SECOND
#: Steps between two times, in milliseconds; longer ones are months.
_TIME_STEPS = (
    *(one * _SECOND for one in (1, 2, 5, 10, 15, 30)),
    *(one * _MINUTE for one in (1, 2, 5, 10, 15, 30)),
    *(one * _HOUR for one in (1, 2, 3, 6, 12)),
    *(one * _DAY for one in (1, 2, 7, 14)),
)
_MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120)
_MONTHS_A_YEAR = 12
#: With fewer powers of ten than these, the ticks are 1, 2, 5, 10 ...
_FEW_DECADES = 2
_MILLION, _BILLION = 1e6, 1e9


@dataclass(frozen=True, slots=True)
class Tick:
    """A tick: its coordinate, and its label, in which plotly interprets some HTML."""

    coordinate: float
    label: str


def linear_ticks(low: float, high: float, count: int, settings: dict[str, Any]) -> list[Tick]:
    """Return at most about `count` ticks at multiples of 1, 2 or 5 times a power of ten, or of ``dtick``."""
    given = settings.get("dtick")
    if given is not None and not isinstance(given, int | float):
        raise UnsupportedFigure(f"An axis of numbers with dtick={given!r} cannot be drawn as SVG.")
    step = float(given or _round_step((high - low) / count))
    base = float(settings.get("tick0") or 0.0)
    first = math.ceil((low - base) / step - 1e-9)
    last = math.floor((high - base) / step + 1e-9)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    if round(step, digits) != round(step, digits + 2):
        digits += 1
    return [Tick(base + at * step, number_label(base + at * step, digits, settings)) for at in range(first, last + 1)]


def log_ticks(low: float, high: float, settings: dict[str, Any]) -> list[Tick]:
    """Return ticks at powers of ten, and at 2 and 5 times these if the axis is short."""
    mantissas = (1, 2, 5) if high - low <= _FEW_DECADES else (1,)
    ticks = []
    for power in range(math.floor(low), math.ceil(high) + 1):
        for mantissa in mantissas:
            value = mantissa * 10.0**power
            ticks.append(Tick(math.log10(value), number_label(value, max(0, -power), settings)))
    return ticks


def date_ticks(low: float, high: float, count: int, settings: dict[str, Any]) -> list[Tick]:
    """Return at most about `count` ticks at round times; a label has a second line where the day or year is new."""
    if settings.get("dtick") is not None:
        return _given_date_ticks(low, high, settings)
    rough = (high - low) / count
    step = next((one for one in _TIME_STEPS if one >= rough), None)
    months = 0
    if step is None:
        months = next((one for one in _MONTH_STEPS if one * 30.4 * _DAY >= rough), _MONTH_STEPS[-1])
        times = _month_starts(low, high, months)
    else:
        # Weeks begin on Monday, 1970-01-05.
        offset = 4 * _DAY if step >= 7 * _DAY else 0.0
        first = math.ceil((low - offset) / step)
        times = [offset + at * step for at in range(first, math.floor((high - offset) / step) + 1)]
    return _labeled_dates(times, step, settings)


def _given_date_ticks(low: float, high: float, settings: dict[str, Any]) -> list[Tick]:
    step = settings["dtick"]
    if isinstance(step, str) and step.startswith("M") and step[1:].isdigit():
        return _labeled_dates(_month_starts(low, high, int(step[1:])), None, settings)
    try:
        wide = float(step)
    except ValueError:
        raise UnsupportedFigure(f"An axis of dates with dtick={step!r} cannot be drawn as SVG.") from None
    times = [at * wide for at in range(math.ceil(low / wide), math.floor(high / wide) + 1)]
    return _labeled_dates(times, wide, settings)


def _month_starts(low: float, high: float, months: int) -> list[float]:
    start = _time(low)
    at = (start.year * _MONTHS_A_YEAR + start.month - 1) // months * months
    times: list[float] = []
    while True:
        year, month = divmod(at, _MONTHS_A_YEAR)
        ms = datetime(year, month + 1, 1, tzinfo=UTC).timestamp() * 1000
        if ms > high:
            return times
        if ms >= low:
            times.append(ms)
        at += months


def _labeled_dates(times: list[float], step: float | None, settings: dict[str, Any]) -> list[Tick]:
    template = settings.get("tickformat") or _template_for(step, settings)
    ticks, before = [], ""
    for ms in times:
        time = _time(ms)
        month = MONTHS[time.month - 1]
        if template:
            # Python's %b depends on the locale, and %-d on the system.
            text = time.strftime(template.replace("%b", month).replace("%-d", str(time.day)))
            main, _, second = text.partition("\n")
        elif step is None:
            main, second = (f"{month} {time:%Y}", "")
        elif step >= _DAY:
            main, second = (f"{month} {time.day}", f"{time:%Y}")
        else:
            main = f"{time:%H:%M:%S}" if step < _MINUTE else f"{time:%H:%M}"
            second = f"{month} {time.day}, {time:%Y}"
        ticks.append(Tick(ms, f"{main}<br>{second}" if second != before and second else main))
        before = second
    return ticks


def _template_for(step: float | None, settings: dict[str, Any]) -> str | None:
    """Return the template of the labels between two distances of ticks, in milliseconds; None where the axis has none."""
    stops = settings.get("tickformatstops") or ()
    fitting = (
        one["value"] for one in stops if step is not None and one["dtickrange"][0] <= step <= one["dtickrange"][1]
    )
    return next(fitting, None)


def _time(ms: float) -> datetime:
    return datetime.fromtimestamp(ms / 1000, tz=UTC)


def number_label(value: float, digits: int, settings: dict[str, Any]) -> str:
    """Return the label of a number, with the axis's prefix and suffix."""
    template = settings.get("tickformat")
    if template:
        text = formatted(value, template)
    elif abs(value) >= _BILLION:
        text = f"{value / _BILLION:g}B"
    elif abs(value) >= _MILLION:
        text = f"{value / _MILLION:g}M"
    else:
        text = f"{value:{',' if settings.get('separatethousands') else ''}.{digits}f}"
    if float(value) == 0:
        text = text.removeprefix("-")
    # The sign is before the prefix.
    sign, text = ("−", text[1:]) if text.startswith("-") else ("", text)  # noqa: RUF001  # plotly's minus
    return f"{sign}{settings.get('tickprefix') or ''}{text}{settings.get('ticksuffix') or ''}"


def formatted(value: float, template: str) -> str:
    """Format a number by a template of d3 that Python knows too, such as ``,.2f``, ``$,.0f`` and ``.0%``."""
    dollar = "$" if "$" in template else ""
    try:
        text = format(value, template.replace("$", "").replace("~", ""))
    except ValueError:
        raise UnsupportedFigure(f"The number format {template!r} cannot be drawn as SVG.") from None
    if "~" in template and "." in text:
        text = text.rstrip("0").rstrip(".")
    return f"-{dollar}{text[1:]}" if text.startswith("-") else dollar + text


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(one * power for one in (1, 2, 5, 10) if one * power >= rough * (1 - 1e-9))
