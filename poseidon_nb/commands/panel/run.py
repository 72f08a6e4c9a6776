"""`%do panel`: open a panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.commands.results import Live
from poseidon_nb.errors import InvalidArgument

if TYPE_CHECKING:
    from poseidon_nb.commands.context import CommandContext

#: The word for the panel of the account's actions. A droplet with this name is found by its id.
ACTIONS = "actions"


def open_panel(context: CommandContext) -> Live:
    """Open the panel of a droplet, of several droplets, or of the account's actions."""
    word, tag = context.argument("droplet"), context.option("tag_name")
    if word is not None and tag is not None:
        raise InvalidArgument("panel takes a droplet or --tag, not both.")
    size = context.option("resize")
    if size is not None and word in {None, ACTIONS}:
        raise InvalidArgument(f"--resize needs one droplet. Example: %do panel web-1 --resize {size}")
    panels = context.ui.panels
    if word == ACTIONS:
        return Live(panels.actions(context.client))
    if word is None:
        if tag is not None:
            context.account.check_tag(tag)
        return Live(panels.fleet(context.client, tag=tag))
    droplet = context.client.droplets.find(word)
    context.session.remember_names("droplets", [(droplet.name, droplet.id)], complete=False)
    return Live(panels.droplet(droplet, size=size))
