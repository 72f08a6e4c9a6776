"""`%do panel`: open a panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.commands.planned import bound_plan
from poseidon_nb.commands.results import Live
from poseidon_nb.commands.selection import is_one, select_rows
from poseidon_nb.errors import InvalidArgument, NoSuchName
from poseidon_nb.plans.plan import Plan
from poseidon_nb.text import quote_argument

if TYPE_CHECKING:
    from poseidon_nb.client.droplet import Droplet
    from poseidon_nb.commands.context import CommandContext

#: The word for the panel of the account's actions. A droplet with this name is found by its id.
ACTIONS = "actions"


def _find_droplet(context: CommandContext, word: int | str) -> Droplet:
    """Return the droplet with an id or name. If several names begin with the word, the error suggests their panel."""
    try:
        return context.client.droplets.find(word)
    except NoSuchName as error:
        if len([name for name in error.nearest if name.startswith(str(word))]) > 1:
            pattern = quote_argument(f"{word}*")
            pattern = pattern if pattern.startswith(("'", '"')) else f"'{pattern}'"
            error.args = (f"{error.args[0]} For a panel of all of these: %do panel {pattern}", *error.args[1:])
        elif word == "droplets":
            error.args = (f"{error.args[0]} For a panel of all droplets: %do panel", *error.args[1:])
        raise


def open_panel(context: CommandContext) -> Live:
    """Open the panel of a droplet, of several droplets, of the account's actions, or of a plan."""
    words, tag = context.argument("droplet") or (), context.option("tag_name")
    if words and tag is not None:
        raise InvalidArgument("panel takes droplets or --tag, not both.")
    size = context.option("resize")
    plans = [word for word in words if isinstance(word, Plan)]
    if size is not None and (plans or not is_one(words) or words == (ACTIONS,)):
        raise InvalidArgument(f"--resize needs one droplet. Example: %do panel web-1 --resize {size}")
    panels = context.ui.panels
    if plans:
        if len(words) > 1:
            raise InvalidArgument("panel takes one plan, and nothing beside it.")
        plan = bound_plan(context, plans[0])
        return Live(panels.plan(plans[0], context.client if plan.client is None else plan.client))
    if words == (ACTIONS,):
        return Live(panels.actions(context.client))
    if not words:
        if tag is not None:
            context.account.check_tag(tag)
        return Live(panels.fleet(context.client, tag=tag))
    if not is_one(words):
        rows = select_rows(context, "droplets", words, lambda word: context.client.droplets.find(word).to_dict())
        return Live(panels.fleet(context.client, ids=[row["id"] for row in rows]))
    droplet = _find_droplet(context, words[0])
    context.session.remember_names("droplets", [(droplet.name, droplet.id)], complete=False)
    return Live(panels.droplet(droplet, size=size))
