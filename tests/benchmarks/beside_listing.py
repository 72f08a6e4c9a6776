"""What an analysis takes beside listing the droplets it is of, and for half as many of them and twice as many."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

from report import Row, ratio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

#: How much more of the time twice the droplets may take: twice, and a little.
MOST_TWICE = 2.2


def sizes_of(count: int) -> dict[str, int]:
    """Return the number of droplets in each measured task."""
    return {"half": count // 2, "whole": count, "twice": 2 * count}


def measured(listing: Callable[[], Any], works: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Return the seconds of listing and of each task, by `sizes_of`, in turn; the first round only warms up."""
    every = {"listing": listing, **works}
    turns = [{name: _timed(work) for name, work in every.items()} for _ in range(rounds + 1)]
    return {name: [turn[name] for turn in turns[1:]] for name in every}


def rows(name: str, what: str, whose: str, count: int, seconds: Mapping[str, list[float]]) -> Iterator[Row]:
    """Return the rows of a benchmark: its time as a ratio to listing, and how that grows."""
    yield Row(name, what, statistics.median(seconds["whole"]), "s")
    yield Row(
        name, f"{whose} time over listing {count:,} droplets", ratio(seconds["whole"], seconds["listing"]), most=1
    )
    for more, fewer in (("whole", "half"), ("twice", "whole")):
        counts = sizes_of(count)
        yield Row(
            name,
            f"{counts[more]:,} droplets over {counts[fewer]:,}",
            ratio(seconds[more], seconds[fewer]),
            most=MOST_TWICE,
        )


def _timed(work: Callable[[], Any]) -> float:
    """Return the best of three, because other work of the machine must not count."""
    taken = []
    for _ in range(3):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return min(taken)
