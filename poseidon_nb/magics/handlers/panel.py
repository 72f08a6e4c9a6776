"""`%do panel`: buttons instead of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.magics.answer import Live

if TYPE_CHECKING:
    from poseidon_nb.magics.job import Job


#: In a droplet's place: what the account does. A droplet of that name is shown by its id.
ACTIONS = "actions"


def show(job: Job) -> Live:
    """Open the panel of a droplet, of all of them or of those with a tag, or of what the account does."""
    word, tag = job.argument("droplet"), job.option("tag_name")
    if word is not None and tag is not None:
        raise InvalidArgument("panel takes a droplet or --tag, not both")
    size = job.option("resize")
    if size is not None and word in {None, ACTIONS}:
        raise InvalidArgument("panel takes --resize with one droplet: %do panel web-1 --resize s-2vcpu-2gb")
    if word == ACTIONS:
        from poseidon_nb.magics.panels import ActionsPanel  # noqa: PLC0415  # ipywidgets comes at first use

        return Live(ActionsPanel(job.client))
    if word is None:
        from poseidon_nb.magics.fleet_panel import FleetPanel  # noqa: PLC0415  # pandas and itables come at first use

        if tag is not None:
            job.account.check_tag(tag)
        return Live(FleetPanel(job.client, tag=tag))
    from poseidon_nb.magics.panels import DropletPanel  # noqa: PLC0415  # ipywidgets comes at first use

    droplet = job.client.droplets.find(word)
    job.kernel.learn_names("droplets", [(droplet.name, droplet.id)], whole=False)
    return Live(DropletPanel(droplet, size=size))


HANDLERS = {("panel", "panel"): show}
