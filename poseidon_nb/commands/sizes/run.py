"""`%do sizes cheapest` and `frontier`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from poseidon_nb.commands.nouns import remember_sizes
from poseidon_nb.commands.reading import fetch_concurrently
from poseidon_nb.commands.results import Live, TableResult, table_of_frame
from poseidon_nb.commands.sizes.spec import DEFAULT_LIMIT
from poseidon_nb.commands.sizes.summary import (
    no_available_size,
    no_matching_size,
    summarize_cheapest,
    summarize_unpriced,
)
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.language.quantities import parse_quantity
from poseidon_nb.text import join_words

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from poseidon_nb.commands.context import CommandContext
    from poseidon_nb.language.quantities import Unit

#: Options that take a quantity: the option, the keyword of `analysis.sizes.cheapest`, and the unit.
_QUANTITIES: tuple[tuple[str, str, Unit], ...] = (
    ("memory", "memory_gib", "GiB"),
    ("disk", "disk_gb", "GB"),
    ("transfer", "transfer_tb", "TB"),
    ("gpu_memory", "gpu_vram_gib", "GiB"),
)


def find_cheapest(context: CommandContext) -> TableResult | Live:
    """Find the cheapest sizes that have at least the given quantities."""
    minimums, limit = _minimums(context), context.option("limit")
    if limit is not None and limit < 1:
        raise InvalidArgument(f"--limit must be 1 or more, not {limit}.")
    from poseidon_nb.analysis import sizes as analysis  # noqa: PLC0415  # loads pandas

    sizes, regions = read_sizes_and_regions(context)
    where = placement(context)

    def matching(among: pd.DataFrame) -> pd.DataFrame:
        return analysis.cheapest(among, **minimums, **where, regions_frame=regions)

    matches = matching(sizes)
    filtered = bool(minimums) or any(where.values())
    # Without a filter, the table shows where prices begin.
    rows = limit or (len(matches) if filtered or context.option("plot") else DEFAULT_LIMIT)
    found = matches.head(rows)
    unpriced = _count_unpriced(sizes, matching)
    if matches.empty and filtered:
        summary = no_matching_size(analysis.available(sizes, **where, regions_frame=regions), minimums, where)
        context.ui.say(" ".join(filter(None, (summary, summarize_unpriced(unpriced)))))
    else:
        context.ui.say(summarize_cheapest(found, len(matches), filtered=filtered, unpriced=unpriced))
    if context.option("plot"):
        from poseidon_nb import plots  # noqa: PLC0415  # loads plotly

        return Live(plots.price_map(found))
    return table_of_frame(found)


def _minimums(context: CommandContext) -> dict[str, Any]:
    minimums: dict[str, Any] = {
        keyword: parse_quantity(context.option(option), unit, f"--{option.replace('_', '-')}")
        for option, keyword, unit in _QUANTITIES
        if context.option(option) is not None
    }
    for name in ("vcpus", "gpus"):
        least = context.option(name)
        if least is not None and not 0 <= least < math.inf:
            raise InvalidArgument(f"--{name} must be 0 or more, not {least:g}.")
        minimums |= {name: least} if least is not None else {}
    return minimums


def show_frontier(context: CommandContext) -> TableResult | Live:
    """Return the sizes on the price frontier; the chart shows the other ones too."""
    from poseidon_nb.analysis import sizes as analysis  # noqa: PLC0415  # loads pandas

    sizes, regions = read_sizes_and_regions(context)
    where = placement(context)

    def available(among: pd.DataFrame) -> pd.DataFrame:
        return analysis.available(among, **where, regions_frame=regions)

    found = analysis.frontier(sizes, **where, regions_frame=regions)
    in_regions = f"available in {join_words(where['regions'])}" if where["regions"] else "available"
    empty = no_available_size(where["family"], where["generation"], in_regions) if found.empty else ""
    if summary := " ".join(filter(None, (empty, summarize_unpriced(_count_unpriced(sizes, available))))):
        context.ui.say(summary)
    if context.option("plot"):
        from poseidon_nb import plots  # noqa: PLC0415  # loads plotly

        return Live(plots.price_map(available(sizes), frontier=found))
    return table_of_frame(found)


def read_sizes_and_regions(context: CommandContext) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return all sizes and all regions, and remember them for completion."""
    read = fetch_concurrently(context, sizes=context.client.sizes.frame, regions=context.client.regions.frame)
    sizes, regions = read["sizes"], read["regions"]
    remember_sizes(context, sizes)
    context.session.remember("regions", regions["slug"].dropna())
    return sizes, regions


def placement(context: CommandContext) -> dict[str, Any]:
    """Return the keyword arguments of `analysis.sizes` for ``--region``, ``--family`` and ``--generation``."""
    return {
        "regions": context.option("region") or None,
        "family": context.option("family") or None,
        "generation": context.option("generation") or None,
    }


def _count_unpriced(sizes: pd.DataFrame, find: Callable[[pd.DataFrame], pd.DataFrame]) -> int:
    """Return how many more sizes would be found if they had a price."""
    without = sizes["price_monthly"].isna()
    if not without.any():
        return 0
    priced = find(sizes.assign(price_monthly=sizes["price_monthly"].fillna(0.0)))
    return int(priced["slug"].isin(sizes.loc[without, "slug"]).sum())
