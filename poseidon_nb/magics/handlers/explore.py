"""`%do explore`: what is looked at by filtering and clicking instead of by commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.magics.answer import Live

if TYPE_CHECKING:
    from poseidon_nb.magics.job import Job


def explore_sizes(job: Job) -> Live:
    """Open the explorer of sizes."""
    from poseidon_nb.magics.size_explorer import SizeExplorer  # noqa: PLC0415  # pandas and plotly come at first use

    return Live(
        SizeExplorer(
            job.client,
            regions=job.option("region") or (),
            families=job.option("family") or (),
            image=job.option("image"),
        )
    )


HANDLERS = {("explore", "sizes"): explore_sizes}
