"""`%do regions matrix` and `with`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.commands.regions.summary import summarize_features
from poseidon_nb.commands.results import Live, TableResult, table_of_frame, table_of_rows
from poseidon_nb.commands.sizes.run import placement, read_sizes_and_regions
from poseidon_nb.commands.sizes.summary import no_available_size

if TYPE_CHECKING:
    from poseidon_nb.commands.context import CommandContext


def show_matrix(context: CommandContext) -> TableResult | Live:
    """Return which sizes are available in which region."""
    from poseidon_nb.analysis import sizes as analysis  # noqa: PLC0415  # loads pandas

    sizes, regions = read_sizes_and_regions(context)
    where = placement(context)
    matrix = analysis.availability(sizes, regions, only=where.pop("regions"), **where)
    if matrix.columns.isin(sizes["slug"]).sum() == 0:
        context.ui.say(no_available_size(**where))
    if context.option("plot"):
        from poseidon_nb import plots  # noqa: PLC0415  # loads plotly

        return Live(plots.availability_map(matrix, analysis.unit_prices(sizes)))
    return table_of_frame(matrix)


def show_with(context: CommandContext) -> TableResult:
    """Return the regions that offer some features."""
    from poseidon_nb.analysis import sizes as analysis  # noqa: PLC0415  # loads pandas
    from poseidon_nb.frames.builders import frame_from_rows  # noqa: PLC0415  # loads pandas

    features = context.argument("features")
    rows = [one.to_dict() for one in context.client.regions.list()]
    context.session.remember("regions", [row["slug"] for row in rows if row.get("slug")])
    found = {*analysis.with_feature(frame_from_rows("regions", rows), *features)["slug"]}
    offering = [row for row in rows if row.get("slug") in found]
    context.ui.say(summarize_features(offering, len(rows), features))
    return table_of_rows("regions", offering)
