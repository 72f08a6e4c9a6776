"""Read what the lines of cost are reckoned from: the resources of all types, concurrently.

A service that cannot be read, for example because a scope is missing, is not an error. It becomes a line that says why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue.prices import CAP_HOURS
from poseidon_nb.commands.reading import fetch_available, read_all
from poseidon_nb.errors import NotFound
from poseidon_nb.text import join_words

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping

    import pandas as pd

    from poseidon_nb.client.client import Client
    from poseidon_nb.commands.context import CommandContext

    Read = Callable[[Client], Any]


#: The arguments of `analysis.cost.lines`: how each is read, and the type of resource that is missing if it cannot be.
_FRAMES: Mapping[str, tuple[Read, str]] = {
    "droplets": (lambda client: client.droplets.frame(), "droplet"),
    "snapshots": (lambda client: client.snapshots.frame(), "snapshot"),
    "images": (lambda client: client.images.frame(private=True), "custom_image"),
    "volumes": (read_all("volumes_list"), "volume"),
    "load_balancers": (read_all("loadBalancers_list"), "load_balancer"),
    "reserved_ips": (read_all("reservedIPs_list"), "reserved_ip"),
    "reserved_ipv6": (read_all("reservedIPv6_list"), "reserved_ipv6"),
    "databases": (read_all("databases_list_clusters"), "database"),
    "kubernetes": (read_all("kubernetes_list_clusters"), "kubernetes"),
    "apps": (read_all("apps_list"), "app"),
    "nfs": (read_all("nfs_list"), "nfs"),
    "nat_gateways": (read_all("vpcnatgateways_list"), "nat_gateway"),
    # These have no cost of their own.
    "sizes": (lambda client: client.sizes.frame(), ""),
    "projects": (read_all("projects_list"), ""),
}
_REGISTRY = "registry"
#: The engines whose clusters can have read-only nodes.
_WITH_REPLICAS = frozenset({"pg", "mysql", "advanced_pg", "advanced_mysql"})


@dataclass
class Found:
    """What was read, and why the rest could not be."""

    answers: dict[str, Any] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)

    def read(self, context: CommandContext, reads: Mapping[str, Read], *, required: Container[str] = ()) -> None:
        """Read concurrently.

        Raises
        ------
        PoseidonError
            A read failed for another reason than a refused or missing service, or one of `required` failed.
        """
        client = context.client
        bound = {name: partial(read, client) for name, read in reads.items()}
        answers, unread = fetch_available(context, bound, required=required)
        self.answers |= answers
        self.unread |= unread


def read_lines(
    context: CommandContext, more: Mapping[str, Read] | None = None, *, optional: Mapping[str, Read] | None = None
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the lines of the account, and the results of additional reads; optional ones may be refused."""
    more, optional = more or {}, optional or {}
    found = Found()
    lists = {name: read for name, (read, _) in _FRAMES.items()}
    found.read(context, {**lists, _REGISTRY: _subscription, **optional, **more}, required=more)
    later: dict[str, Read] = {}
    droplets = found.answers.get("droplets")
    if droplets is not None:
        context.session.remember_names("droplets", zip(droplets["name"], droplets["id"].astype(object), strict=True))
        if any("backups" in (features or ()) for features in droplets["features"]):
            later["backup_policies"] = read_all("droplets_list_backup_policies")
    projects = found.answers.get("projects")
    places = {} if projects is None else dict(zip(projects["id"], projects["name"], strict=True))
    later |= {key: _resources_of(key, name) for key, name in places.items()}
    clusters = _clusters_with_replicas(found.answers.get("databases"))
    later |= {key: _replicas_of(key) for key in clusters}
    if len(found.answers.get("apps", ())):
        later["app_sizes"] = read_all("apps_list_instanceSizes")
    found.read(context, later)
    _report_unread(context, found, places, clusters)
    from poseidon_nb.analysis import cost  # noqa: PLC0415  # loads pandas

    types = {name: type_ for name, (_, type_) in _FRAMES.items()} | {_REGISTRY: _REGISTRY}
    lines = cost.lines(
        **{name: found.answers[name] for name in (*_FRAMES, "backup_policies", "app_sizes") if name in found.answers},
        resources=_concatenate([found.answers[key][["urn", "project"]] for key in places if key in found.answers]),
        database_replicas=_concatenate([found.answers[key] for key in clusters if key in found.answers]),
        more=found.answers.get(_REGISTRY),
        unavailable={types[name]: why for name, why in found.unread.items() if types.get(name)},
    )
    return lines, found.answers


def _report_unread(
    context: CommandContext, found: Found, places: Mapping[str, str], clusters: Mapping[str, str]
) -> None:
    """Print what could not be read that is not a line itself, and what it affects."""
    for name, effect in (
        ("sizes", "so the included transfer is unknown"),
        ("app_sizes", "so apps have no price"),
        ("projects", "so costs cannot be assigned to projects"),
        ("backup_policies", "so backups have no price"),
        ("items", "so only present resources count, since their creation"),
        ("balance", "so only the invoice preview counts"),
        ("actions", "so changes without invoice items are missing"),
    ):
        if name in found.unread:
            context.ui.say(f"Could not read {name}, {effect}: {found.unread[name]}")
    unknown = [name for key, name in places.items() if key in found.unread]
    if unknown:
        context.ui.say(f"Could not read the resources of these projects: {join_words(unknown)}")
    unknown = [name for key, name in clusters.items() if key in found.unread]
    if unknown:
        context.ui.say(f"Could not read the read-only nodes of these database clusters: {join_words(unknown)}")


def _subscription(client: Client) -> pd.DataFrame:
    """Return the registry's plan as a line with the price that the API reports; no line if there is no registry."""
    import pandas as pd  # noqa: PLC0415  # loads pandas

    try:
        answer = client.call("registries_get_subscription")
    except NotFound:
        return pd.DataFrame(columns=["resource_type", "name", "price_usd_month"])
    subscription = answer.get("subscription") or answer
    tier = subscription.get("tier") or {}
    cents = tier.get("monthly_price_in_cents")
    usd = None if cents is None else cents / 100
    return pd.DataFrame(
        {
            "resource_type": _REGISTRY,
            "name": [tier.get("name")],
            "price_usd_month": [usd],
            "price_usd_hour": [None if usd is None else usd / CAP_HOURS],
            "created_at": pd.to_datetime([subscription.get("created_at")], utc=True, errors="coerce", format="ISO8601"),
            "price_source": [None if cents is None else "registries_get_subscription"],
            "note": ["the API reports no price" if cents is None else "excludes storage beyond the plan"],
        }
    )


def _clusters_with_replicas(databases: pd.DataFrame | None) -> dict[str, str]:
    """Return the names of the database clusters that can have read-only nodes, by id."""
    if databases is None:
        return {}
    able = databases[databases["engine"].isin(_WITH_REPLICAS)]
    return dict(zip(able["id"], able["name"], strict=True))


def _replicas_of(cluster_id: str) -> Read:
    return lambda client: client.call("databases_list_replicas", database_cluster_uuid=cluster_id, frame=True)


def _resources_of(project_id: str, name: str) -> Read:
    return lambda client: client.call("projects_list_resources", project_id=project_id, frame=True).assign(project=name)


def _concatenate(frames: Iterable[pd.DataFrame]) -> pd.DataFrame | None:
    import pandas as pd  # noqa: PLC0415  # loads pandas

    listed = [frame for frame in frames if len(frame)]
    return pd.concat(listed, ignore_index=True) if listed else None
