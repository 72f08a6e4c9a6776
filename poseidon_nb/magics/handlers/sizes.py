"""`%do sizes cheapest` and `frontier`, `%do regions matrix` and `with`: which size, and where."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.magics.answer import Live, answer_of, answer_of_frame
from poseidon_nb.magics.handlers.things import learn_sizes
from poseidon_nb.magics.in_words import (
    cheapest_in_words,
    left_out_in_words,
    no_size_in_words,
    offering_in_words,
)
from poseidon_nb.magics.language.amounts import amount
from poseidon_nb.magics.nothing_holds import nothing_holds
from poseidon_nb.magics.reading import side_by_side
from poseidon_nb.text import join_words

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from poseidon_nb.magics.answer import Answer
    from poseidon_nb.magics.job import Job
    from poseidon_nb.magics.language.amounts import Unit

#: What is wished for in an amount with a unit: the option, the keyword of `analysis.sizes.cheapest`, the unit.
_AMOUNTS: tuple[tuple[str, str, Unit], ...] = (
    ("memory", "memory_gib", "GiB"),
    ("disk", "disk_gb", "GB"),
    ("transfer", "transfer_tb", "TB"),
    ("gpu_memory", "gpu_vram_gib", "GiB"),
)
#: Sizes that are shown to who wishes for nothing. `table.sizes` says so in words.
_FEW = 10


def find_cheapest(job: Job) -> Answer | Live:
    """Find the cheapest sizes that have at least what is wished for."""
    wishes: dict[str, Any] = {
        keyword: amount(job.option(option), unit, f"--{option.replace('_', '-')}")
        for option, keyword, unit in _AMOUNTS
        if job.option(option) is not None
    }
    for name in ("vcpus", "gpus"):
        least = job.option(name)
        if least is not None and not 0 <= least < math.inf:
            raise InvalidArgument(f"--{name} takes a number, 0 or more, not {least:g}")
        wishes |= {name: least} if least is not None else {}
    limit = job.option("limit")
    if limit is not None and limit < 1:
        raise InvalidArgument(f"--limit takes a number of sizes, 1 or more, not {limit}")
    from poseidon_nb.analysis import sizes as analysis  # noqa: PLC0415  # pandas comes at first use

    sizes, regions = _lists(job)
    where = _where(job)

    def holding(among: pd.DataFrame) -> pd.DataFrame:
        return analysis.cheapest(among, **wishes, **where, datacenters=regions)

    every = holding(sizes)
    asked = bool(wishes) or any(where.values())
    # Who wishes for nothing wants to see where prices begin, and not all there is.
    most = limit or (len(every) if asked or job.option("plot") else _FEW)
    found = every.head(most)
    unpriced = _unpriced(sizes, holding)
    if every.empty and asked:
        said = nothing_holds(analysis.on_sale(sizes, **where, datacenters=regions), wishes, where)
        job.front.say(" ".join(filter(None, (said, left_out_in_words(unpriced)))))
    else:
        job.front.say(cheapest_in_words(found, len(every), asked=asked, unpriced=unpriced))
    if job.option("plot"):
        from poseidon_nb import plots  # noqa: PLC0415  # plotly comes at first use

        return Live(plots.price_map(found))
    return answer_of_frame(found)


def show_frontier(job: Job) -> Answer | Live:
    """Show the sizes that no other beats; drawn, with those that are beaten."""
    from poseidon_nb.analysis import sizes as analysis  # noqa: PLC0415  # pandas comes at first use

    sizes, regions = _lists(job)
    where = _where(job)

    def sold(among: pd.DataFrame) -> pd.DataFrame:
        return analysis.on_sale(among, **where, datacenters=regions)

    found = analysis.frontier(sizes, **where, datacenters=regions)
    there = f"on sale in {join_words(where['regions'])}" if where["regions"] else "on sale"
    empty = no_size_in_words(where["family"], where["generation"], there) if found.empty else ""
    if said := " ".join(filter(None, (empty, left_out_in_words(_unpriced(sizes, sold))))):
        job.front.say(said)
    if job.option("plot"):
        from poseidon_nb import plots  # noqa: PLC0415  # plotly comes at first use

        return Live(plots.price_map(sold(sizes), frontier=found))
    return answer_of_frame(found)


def show_matrix(job: Job) -> Answer | Live:
    """Show which region sells which size."""
    from poseidon_nb.analysis import sizes as analysis  # noqa: PLC0415  # pandas comes at first use

    sizes, regions = _lists(job)
    where = _where(job)
    matrix = analysis.availability(sizes, regions, only=where.pop("regions"), **where)
    if matrix.columns.isin(sizes["slug"]).sum() == 0:
        job.front.say(no_size_in_words(**where))
    if job.option("plot"):
        from poseidon_nb import plots  # noqa: PLC0415  # plotly comes at first use

        return Live(plots.availability_map(matrix, analysis.unit_prices(sizes)))
    return answer_of_frame(matrix)


def show_with(job: Job) -> Answer:
    """Show the regions that offer something."""
    from poseidon_nb.analysis import sizes as analysis  # noqa: PLC0415  # pandas comes at first use
    from poseidon_nb.frames.builders import frame_from_rows  # noqa: PLC0415  # likewise

    rows = [one.to_dict() for one in job.client.regions.list()]
    job.kernel.learn("regions", [row["slug"] for row in rows])
    found = {*analysis.with_feature(frame_from_rows("regions", rows), *job.argument("features"))["slug"]}
    chosen = [row for row in rows if row["slug"] in found]
    job.front.say(offering_in_words(chosen, len(rows), job.argument("features")))
    return answer_of("regions", chosen)


def _lists(job: Job) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return all sizes and all regions, whose words this kernel then knows."""
    read = side_by_side(job, sizes=job.client.sizes.frame, regions=job.client.regions.frame)
    sizes, regions = read["sizes"], read["regions"]
    learn_sizes(job, sizes)
    job.kernel.learn("regions", regions["slug"].dropna())
    return sizes, regions


def _unpriced(sizes: pd.DataFrame, found_in: Callable[[pd.DataFrame], pd.DataFrame]) -> int:
    """Return how many sizes were found, had they a price: without one none can be compared."""
    without = sizes["price_monthly"].isna()
    if not without.any():
        return 0
    priced = found_in(sizes.assign(price_monthly=sizes["price_monthly"].fillna(0.0)))
    return int(priced["slug"].isin(sizes.loc[without, "slug"]).sum())


def _where(job: Job) -> dict[str, Any]:
    return {
        "regions": job.option("region") or None,
        "family": job.option("family") or None,
        "generation": job.option("generation") or None,
    }


HANDLERS = {
    ("sizes", "cheapest"): find_cheapest,
    ("sizes", "frontier"): show_frontier,
    ("regions", "matrix"): show_matrix,
    ("regions", "with"): show_with,
}
