"""Whether resources that were found idle earlier still are. Only the lists of their kinds are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.commands.idle.account_frames import AccountFrames
from poseidon_nb.commands.idle.spec import LAST
from poseidon_nb.language.time_arguments import subtract_duration

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poseidon_nb.commands.context import CommandContext
    from poseidon_nb.plans.account import AccountReader

#: The lists that decide about each kind.
_LISTS: Mapping[str, tuple[str, ...]] = {
    "droplet": ("droplets", "sizes"),
    "volume": ("volumes", "snapshots"),
    "snapshot": ("snapshots", "droplets", "volumes"),
    "image": ("images", "droplets"),
    "reserved_ip": ("reserved_ips", "droplets", "snapshots"),
    "reserved_ipv6": ("reserved_ipv6", "droplets", "snapshots"),
    "load_balancer": ("load_balancers", "droplets", "snapshots"),
    "uptime_check": ("uptime_checks",),
    "kubernetes": ("kubernetes",),
    "database": ("databases", "droplets", "kubernetes", "apps", "snapshots"),
    "app": ("apps",),
    "registry": ("registries",),
    "nat_gateway": ("nat_gateways", "droplets", "kubernetes", "apps", "snapshots"),
    "nfs": ("nfs",),
}


def still_idle(
    context: CommandContext, account: AccountReader, resources: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], float]:
    """Return those of some resources that are idle now, with what each costs a month in USD.

    Any age counts as old, because the limit that they were found with is not known.

    Parameters
    ----------
    context : CommandContext
    account : AccountReader
        Gets a note for each list that could not be read.
    resources : sequence of tuple
        The kind and id of each.
    """
    from poseidon_nb.analysis import idle, rightsizing  # noqa: PLC0415  # loads pandas

    wanted = {*resources}
    frames = AccountFrames()
    frames.read(context, [*dict.fromkeys(name for kind, _ in resources for name in _LISTS[kind])])
    if any(kind == "uptime_check" for kind, _ in resources):
        frames.read_states(context, {id_ for kind, id_ in resources if kind == "uptime_check"})
    if any(kind == "registry" for kind, _ in resources):
        frames.read_repositories(context)
    now = context.client.now()
    if "sizes" in frames.frames and frames.droplets:
        on = rightsizing.needs_metrics(frames.frames["droplets"])
        judged = [
            one for one, is_on in zip(frames.droplets, on, strict=True) if is_on and ("droplet", str(one.id)) in wanted
        ]
        if judged:
            frames.read_use(context, judged, subtract_duration(LAST, now), now)
    found = idle.find(**frames.frames, now=now, rule=idle.Rule(old_days=0))
    account.notes += [f"Could not read {what}: {why}" for what, why in frames.unread.items()]
    rows = zip(found["kind"], found["id"], found["usd_month"].fillna(0.0), strict=True)
    return {(kind, id_): float(usd) for kind, id_, usd in rows if (kind, id_) in wanted}
