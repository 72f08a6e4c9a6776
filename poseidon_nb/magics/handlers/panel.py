"""`%do panel`: buttons instead of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.magics.answer import Live

if TYPE_CHECKING:
    from poseidon_nb.magics.job import Job


def show(job: Job) -> Live:
    """Open the panel of a droplet."""
    from poseidon_nb.magics.panels import DropletPanel  # noqa: PLC0415  # ipywidgets comes at first use

    droplet = job.client.droplets.find(job.argument("droplet"))
    job.kernel.learn_names("droplets", [(droplet.name, droplet.id)], whole=False)
    return Live(DropletPanel(droplet))


HANDLERS = {("panel", "panel"): show}
