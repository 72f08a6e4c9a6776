"""Chains of steps for the verbs of droplets: for commands and panels alike. Pure: built from the droplets' rows.

API: ``dropletActions_post``, ``droplets_create``, ``droplets_destroy``.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue.prices import SNAPSHOT_GB, backups_usd
from poseidon_nb.client.engine.droplet_steps import action_step, create_steps, delete_step, with_restart
from poseidon_nb.client.slugs import check_size
from poseidon_nb.plans.costs import price_in, usd_month

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poseidon_nb.client.engine.steps import Chain, Step

    Row = Mapping[str, Any]

_NOTHING: Row = MappingProxyType({})
#: What a droplet lists among its features when it has it, and what it then says, by action.
_FEATURES = {"enable_backups": "backups", "enable_ipv6": "ipv6"}


def verb_chains(
    rows: Sequence[Row],
    verb: str,
    parameters: Row = _NOTHING,
    *,
    restart: bool = False,
    sizes: Mapping[str, Row] = _NOTHING,
) -> tuple[Chain, ...]:
    """Return a chain for each droplet, of a verb that is one action, or one with a restart around it.

    Parameters
    ----------
    rows : sequence of mapping
        Droplets as the API sends them; a missing field counts as unknown.
    verb : str
        ``"power_off"``, ``"take_snapshot"``, ``"resize"`` ...
    parameters : mapping
        What the action's body has beside its type.
    restart : bool
        Shut a running droplet down first, and start it again afterwards.
    sizes : mapping
        The sizes on sale, by slug; without them neither sizes nor prices are checked.

    Raises
    ------
    InvalidArgument
        A droplet cannot have the size.
    """
    chains = []
    for row in rows:
        step = _step(row, verb, parameters, sizes)
        chains.append(with_restart(row, step) if restart and not step.unchanged else (step,))
    return tuple(chains)


def _step(row: Row, verb: str, parameters: Row, sizes: Mapping[str, Row]) -> Step:
    action_type = "snapshot" if verb == "take_snapshot" else verb
    step = action_step(row, action_type, parameters, verb=verb)
    unchanged = step.unchanged or as_it_is(row, action_type, parameters, sizes)
    if action_type == "resize" and not unchanged and sizes and row.get("region") and row.get("disk"):
        check_size(sizes, row, parameters["size"], disk=bool(parameters.get("disk")))
    return replace(step, usd_month=added_by_action(row, action_type, parameters, sizes), unchanged=unchanged)


def as_it_is(row: Row, action_type: str, parameters: Row, sizes: Mapping[str, Row]) -> str:
    """Return why an action would change nothing; ``""`` where it would, or that is not known."""
    features = row.get("features")
    if action_type == "resize" and parameters["size"] == row.get("size_slug"):
        grows = parameters.get("disk") and sizes.get(parameters["size"], {}).get("disk", 0) > (row.get("disk") or 0)
        return "" if grows else "has this size already"
    if action_type == "rename" and parameters["name"] == row.get("name"):
        return "has this name already"
    if features is not None:
        feature = _FEATURES.get(action_type, "")
        # Backups that are made may still be wanted at another time.
        if feature in features and not parameters:
            return f"has {feature.replace('ipv6', 'IPv6')} already"
        if action_type == "disable_backups" and "backups" not in features:
            return "has no backups"
    return ""


def added_by_action(row: Row, action_type: str, parameters: Row, sizes: Mapping[str, Row]) -> float | None:
    """Return what an action on a droplet adds a month, in USD; None where that is not known."""
    price = (row.get("size") or {}).get("price_monthly")
    match action_type:
        case "resize":
            after = price_in(sizes, str(parameters.get("size")))
            return None if price is None or after is None else after - float(price)
        case "snapshot":
            # What is written is billed, which is no more than the disk.
            return float(row.get("disk") or 0) * SNAPSHOT_GB.usd
        case "enable_backups":
            plan = (parameters.get("backup_policy") or {}).get("plan")
            return None if price is None else backups_usd(float(price), plan)
        case "disable_backups":
            # A droplet does not show the plan: at least this much.
            return None if price is None else -backups_usd(float(price), "weekly")
    return 0.0


def create_chains(names: Sequence[str], fields: Row, *, sizes: Mapping[str, Row] = _NOTHING) -> tuple[Chain, ...]:
    """Return a chain for each request that creates droplets, which takes ten names.

    Parameters
    ----------
    names : sequence of str
    fields : mapping
        The body but its names.
    sizes : mapping
        The sizes on sale, by slug, for the price.
    """
    each = usd_month("droplets_create", fields, partial(price_in, sizes))
    return tuple((step,) for step in create_steps(names, fields, single=len(names) == 1, usd_month_each=each))


def delete_chains(rows: Sequence[Row]) -> tuple[Chain, ...]:
    """Return a chain for each droplet that is destroyed, by its id: a tag would also mean what got it a moment ago."""
    return tuple((delete_step(row),) for row in rows)
