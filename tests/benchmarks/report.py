"""What a benchmark found, as rows of one table: a figure, the bar it has to clear, and whether it did."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTHS = (12, 62, 13, 12)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Parameters
    ----------
    benchmark, what : str
    figure : float
    unit : str
        ``"x"`` for a ratio.
    least, most : float or None
        The bar; neither for a figure that is only told.
    """

    benchmark: str
    what: str
    figure: float
    unit: str = "x"
    least: float | None = None
    most: float | None = None

    @property
    def verdict(self) -> str:
        """``ok``, ``FAIL``, or nothing where there is no bar."""
        if self.least is None and self.most is None:
            return ""
        low = self.least is not None and self.figure < self.least
        high = self.most is not None and self.figure > self.most
        return "FAIL" if low or high else "ok"

    def line(self, *, judged: bool) -> str:
        """Return the line of the table. A quick run has no verdict, because its figures mean nothing."""
        figure = f"{self.figure:,.4g} {self.unit}"
        return _laid_out(self.benchmark, self.what, figure, self._bar(), self.verdict if judged else "(quick)")

    def _bar(self) -> str:
        if self.least is not None and self.least == self.most:
            return f"= {self.least:g}"
        if self.least is not None:
            return f">= {self.least:g}"
        return f"<= {self.most:g}" if self.most is not None else ""


def heading() -> str:
    """Return the table's first two lines."""
    return _laid_out("benchmark", "what", "measured", "bar", "") + "\n" + "-" * 107


def _laid_out(*cells: str) -> str:
    name, what, figure, bar, verdict = cells
    return f"{name:<{WIDTHS[0]}}{what:<{WIDTHS[1]}}{figure:>{WIDTHS[2]}}{bar:>{WIDTHS[3]}}  {verdict}".rstrip()


def ratio(over: Sequence[float], under: Sequence[float]) -> float:
    """Return the ratio of two medians."""
    return statistics.median(over) / statistics.median(under)
