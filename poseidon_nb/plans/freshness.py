"""Whether a plan still fits the account: between building and applying it, others may have changed what it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.text import escape_unprintable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.engine.steps import Chain, Step
    from poseidon_nb.plans.plan import Plan

    Row = Mapping[str, Any]

#: Where a droplet's row shows what a step changes, by the field of its `Change`.
_SHOWN = {"status": "status", "size": "size_slug", "name": "name"}


def check_fresh(plan: Plan, client: Client) -> None:
    """Read the droplets of a plan, and refuse it if one is no longer what it was when the plan was built.

    Raises
    ------
    InvalidArgument
        A droplet was deleted, renamed, resized or switched since. Nothing was changed.
    """
    steps = [step for chain in plan.chains if (step := _of_droplet(chain)) is not None]
    firsts = {int(str(step.targets[0].id)): step for step in steps}
    if not firsts:
        return
    found = client.droplets.read_each(firsts)
    for droplet_id, step in firsts.items():
        if why := _differs(step, found.get(droplet_id)):
            name = escape_unprintable(step.targets[0].name)
            raise InvalidArgument(f"{name} ({droplet_id}) {why} since this plan was built: build the plan again")


def _of_droplet(chain: Chain) -> Step | None:
    """Return the first step of a chain that is about one droplet."""
    step = chain[0] if chain else None
    return step if step is not None and step.targets[0].kind == "droplet" and step.targets[0].id is not None else None


def _differs(step: Step, row: Row | None) -> str:
    if row is None:
        return "was deleted"
    if step.change.field != "name" and row.get("name") != step.targets[0].name:
        return f"was renamed to {escape_unprintable(str(row.get('name')))}"
    shown = _SHOWN.get(step.change.field)
    now = row.get(shown) if shown else None
    if shown and step.change.before is not None and now != step.change.before:
        return f"changed its {step.change.field} from {step.change.before} to {escape_unprintable(str(now))}"
    return ""
