"""Axes: from the values of a figure to positions in pixels, with ticks and their labels.

Every value has a coordinate on its axis, in which the axis is linear: the number itself, its logarithm, milliseconds, or the
number of its category.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from poseidon_nb.plots.svg.elements import UnsupportedFigure, text_width
from poseidon_nb.plots.svg.ticks import Tick, date_ticks, linear_ticks, log_ticks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Range = tuple[float, float]

LINEAR, LOG, DATE, CATEGORY = "linear", "log", "date", "category"
#: Plotly leaves this part of an axis free at both ends if there are markers.
_PADDING = 0.05
#: Labels on a horizontal axis need at least this distance, and those on a vertical one their height.
_GAP_PX = 8


@dataclass(slots=True)
class Axis:
    """One axis.

    Parameters
    ----------
    name : str
        ``"x"`` or ``"y"``.
    settings : dict
        Its layout.
    kind : str
        ``"linear"``, ``"log"``, ``"date"`` or ``"category"``.
    categories : list
        In their order, for an axis of categories.
    """

    name: str
    settings: dict[str, Any]
    kind: str
    categories: list[Any] = field(default_factory=list)
    low: float = 0.0
    high: float = 1.0
    start_px: float = 0.0
    end_px: float = 1.0

    @property
    def is_x(self) -> bool:
        """Whether the axis is horizontal."""
        return self.name == "x"

    @property
    def visible(self) -> bool:
        """Whether lines, labels and title are drawn."""
        return self.settings.get("visible") is not False

    @property
    def font_size(self) -> float:
        """The size of the labels."""
        return float((self.settings.get("tickfont") or {}).get("size") or self.settings["_font_size"])

    @property
    def length_px(self) -> float:
        """The length."""
        return abs(self.end_px - self.start_px)

    def coordinates(self, values: Iterable[Any]) -> list[float | None]:
        """Return the coordinates of values; None for a missing one, and for one that the axis cannot show."""
        return coordinates([*values], self.kind, self.categories)

    def place(self, coordinate: float) -> float:
        """Return the position of a coordinate in pixels."""
        part = (coordinate - self.low) / ((self.high - self.low) or 1.0)
        return self.start_px + part * (self.end_px - self.start_px)

    def place_value(self, value: Any) -> float | None:
        """Return the position of a value in pixels; None for one that the axis cannot show."""
        (coordinate,) = self.coordinates([value])
        return None if coordinate is None else self.place(coordinate)

    def set_range(self, ranges: Sequence[Range], *, padded: bool) -> None:
        """Set what the axis shows: its own range, or else all given ranges.

        Parameters
        ----------
        ranges : sequence of (float, float)
            Coordinates.
        padded : bool
            Leave some room at both ends.
        """
        given = self.settings.get("range")
        if given is not None and all(one is not None for one in given):
            ends = [float(one) for one in given] if self.kind == LOG else self.coordinates(given)
            if None in ends:
                raise UnsupportedFigure(f"The range {given!r} of the {self.name} axis cannot be drawn as SVG.")
            self.low, self.high = (float(one or 0.0) for one in ends)
            return
        low = min((one for one, _ in ranges), default=0.0)
        high = max((one for _, one in ranges), default=1.0)
        if low == high:
            low, high = low - 1, high + 1
        elif padded:
            room = (high - low) * _PADDING / (1 - 2 * _PADDING)
            # An axis that begins at zero has room at the other end only.
            to_zero = self.settings.get("rangemode") == "tozero" and low >= 0 and self.kind == LINEAR
            low, high = low - (0 if to_zero else room), high + room
        if self.settings.get("rangemode") in {"tozero", "nonnegative"} and self.kind == LINEAR:
            low, high = min(low, 0.0), max(high, 0.0)
        self.low, self.high = (high, low) if self.settings.get("autorange") == "reversed" else (low, high)

    def shows(self, coordinate: float) -> bool:
        """Return whether a coordinate is in the range."""
        low, high = sorted((self.low, self.high))
        slack = 1e-9 * (high - low)
        return low - slack <= coordinate <= high + slack

    def ticks(self) -> list[Tick]:
        """Return the ticks in the range, with their labels."""
        return [tick for tick in self._all_ticks() if self.shows(tick.coordinate)]

    def _all_ticks(self) -> list[Tick]:
        settings = self.settings
        if settings.get("tickmode") == "array" or (
            settings.get("tickvals") is not None and not settings.get("tickmode")
        ):
            values = [*(settings.get("tickvals") or [])]
            given = settings.get("ticktext")
            labels = [*given] if given is not None else [None] * len(values)
            labels += [None] * (len(values) - len(labels))
            return [
                Tick(coordinate, str(value) if label is None else str(label))
                for value, label, coordinate in zip(values, labels, self.coordinates(values), strict=False)
                if coordinate is not None
            ]
        low, high = sorted((self.low, self.high))
        if self.kind == CATEGORY:
            step = self._category_step()
            return [Tick(float(at), str(one)) for at, one in enumerate(self.categories) if at % step == 0]
        if self.kind == DATE:
            return date_ticks(low, high, max(1, int(self.length_px / 90)), settings)
        if self.kind == LOG:
            return log_ticks(low, high, settings)
        room = 90 if self.is_x else 36
        return linear_ticks(low, high, max(2, int(self.length_px / room)), settings)

    def _category_step(self) -> int:
        """Return 2, 3 ... if the labels of all categories would overlap."""
        if not self.categories:
            return 1
        each = self.length_px / max(1.0, abs(self.high - self.low))
        if self.is_x and not self.settings.get("tickangle"):
            needed = max(text_width(one, self.font_size) for one in self.categories) + _GAP_PX
        else:
            needed = self.font_size * 1.2
        return max(1, math.ceil(needed / max(each, 0.1) - 0.05))


def axis_kind(settings: dict[str, Any], values: Sequence[Any]) -> str:
    """Return the kind of an axis: its type, or else what its values are."""
    given = settings.get("type")
    if given in {LINEAR, LOG, DATE, CATEGORY}:
        return str(given)
    if given not in {None, "-"}:
        raise UnsupportedFigure(f"An axis of type {given!r} cannot be drawn as SVG.")
    known = [one for one in values if not _is_missing(one)]
    if not known or all(isinstance(one, int | float) or (hasattr(one, "dtype") and not _is_time(one)) for one in known):
        return LINEAR
    texts = [one for one in known if isinstance(one, str)]
    if len(texts) < len(known):
        return DATE if not texts and all(map(_is_time, known)) else CATEGORY
    if all(map(_is_number, texts)):
        return LINEAR
    looks_like_dates = all(one[:4].isdigit() and one[4:5] == "-" for one in texts)
    return DATE if looks_like_dates and not pd.isna(_to_ms(texts)).any() else CATEGORY


def coordinates(values: list[Any], kind: str, categories: Sequence[Any]) -> list[float | None]:
    """Return the coordinates of values on an axis of a kind."""
    if kind == CATEGORY:
        index = {one: float(at) for at, one in enumerate(categories)}
        return [
            index.get(one, float(one) if isinstance(one, int | float) and not _is_missing(one) else None)
            for one in values
        ]
    if kind == DATE:
        found = _to_ms(values)
        return [None if pd.isna(one) else float(one) for one in found]
    numbers = [_number(one) for one in values]
    if kind == LOG:
        return [math.log10(one) if one is not None and one > 0 else None for one in numbers]
    return numbers


def _to_ms(values: Sequence[Any]) -> Any:
    """Return milliseconds since 1970 for dates in any form; NaN where there is none."""
    texts = [one if isinstance(one, str) else None for one in values]
    times = pd.to_datetime(pd.Series(texts, dtype=object), utc=True, format="ISO8601", errors="coerce")
    found = (times - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(milliseconds=1)
    others = [
        (float(one) if isinstance(one, int | float) else pd.Timestamp(one).timestamp() * 1000)
        if one is not None and not isinstance(one, str) and not _is_missing(one)
        else None
        for one in values
    ]
    return found.where(found.notna(), pd.Series(others, dtype="float64")).to_numpy()


def _number(value: Any) -> float | None:
    if _is_missing(value) or (isinstance(value, str) and not _is_number(value)):
        return None
    found = float(value)
    return found if math.isfinite(found) else None


def _is_missing(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_time(value: Any) -> bool:
    return hasattr(value, "year") or str(getattr(value, "dtype", "")).startswith("datetime64")
