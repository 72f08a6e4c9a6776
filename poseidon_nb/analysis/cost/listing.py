"""A line for each thing that costs, put together from the account's frames."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from poseidon_nb.analysis.columns import lists
from poseidon_nb.analysis.cost import things
from poseidon_nb.analysis.cost.sums import UNREAD
from poseidon_nb.frames.columns import TIME
from poseidon_nb.frames.schemas import DERIVED_TABLES
from poseidon_nb.frames.validation import build_derived, require_columns

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What a project calls things of each kind.
_URNS = {
    "droplet": "droplet",
    "kubernetes_node": "droplet",
    "backup": "droplet",
    "volume": "volume",
    "load_balancer": "loadbalancer",
    "reserved_ip": "floatingip",
    "database": "dbaas",
    "kubernetes": "kubernetes",
    "app": "app",
}
_SPACE = "do:space:"
#: Lines that are made from the list of droplets.
_OF_DROPLETS = ("kubernetes_node", "backup", "transfer")
#: What is shown of things whose frames may have no table.
_OF_OTHERS = {"id": "string", "created_at": TIME, "tags": "list"}


def lines(  # noqa: PLR0913  # a frame for each kind of thing, all by keyword
    *,
    droplets: pd.DataFrame | None = None,
    sizes: pd.DataFrame | None = None,
    backup_policies: pd.DataFrame | None = None,
    snapshots: pd.DataFrame | None = None,
    images: pd.DataFrame | None = None,
    volumes: pd.DataFrame | None = None,
    load_balancers: pd.DataFrame | None = None,
    reserved_ips: pd.DataFrame | None = None,
    reserved_ipv6: pd.DataFrame | None = None,
    databases: pd.DataFrame | None = None,
    kubernetes: pd.DataFrame | None = None,
    projects: pd.DataFrame | None = None,
    resources: pd.DataFrame | None = None,
    others: Mapping[str, pd.DataFrame] | None = None,
    more: pd.DataFrame | None = None,
    sent_gib_month: float | None = None,
    unread: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Give a line for each thing that costs; what has no price is a line too, which says why.

    Parameters
    ----------
    droplets, snapshots, volumes, load_balancers, reserved_ips, databases, kubernetes : pandas.DataFrame, optional
        The account's, as ``client.droplets.frame()`` and ``client.call("volumes_list", frame=True)`` give them; GPU
        droplets among the droplets. A droplet that is off costs the same.
    sizes : pandas.DataFrame, optional
        For a droplet that does not tell its price, and for what transfer is included.
    backup_policies : pandas.DataFrame, optional
        The plans of backups (``droplets_list_backup_policies``); without one, backups have no price.
    images : pandas.DataFrame, optional
        Those that were imported count; snapshots and backups, which are images too, do not.
    reserved_ipv6 : pandas.DataFrame, optional
        The idle ones become lines without a price.
    projects : pandas.DataFrame, optional
        Names of the projects that things name by their ids.
    resources : pandas.DataFrame, optional
        Columns ``urn`` and ``project``: in which project a thing is. Buckets of Spaces are seen here only.
    others : mapping, optional
        Frames of further things by kind, of which no list tells what they cost.
    more : pandas.DataFrame, optional
        Lines of your own: ``kind``, ``name``, ``price_usd_month``, and any further column of the table.
    sent_gib_month : float, optional
        What all droplets send to the internet in a month, in GiB.
    unread : mapping, optional
        Kinds that could not be read, and why: each becomes a line without a price. Without the droplets, what is made
        from their list is not read either: nodes, backups and transfer.

    Returns
    -------
    pandas.DataFrame
        Table ``cost_lines``. Nodes of Kubernetes are droplets and stand here once, as ``kubernetes_node``.
    """
    parts: list[pd.DataFrame] = []
    if droplets is not None:
        droplets = require_columns(droplets, (), "droplets")
        own = things.droplets(droplets, sizes)
        parts += [own, things.backups(droplets, own, backup_policies)]
    for what, given, made in (
        ("snapshots", snapshots, things.snapshots),
        ("images", images, things.custom_images),
        ("volumes", volumes, things.volumes),
        ("load_balancers", load_balancers, things.load_balancers),
        ("databases", databases, things.databases),
        ("kubernetes", kubernetes, things.kubernetes),
        ("reserved_ips", reserved_ips, partial(things.reserved_ips, version=4)),
        ("reserved_ipv6", reserved_ipv6, partial(things.reserved_ips, version=6)),
    ):
        if given is not None:
            frame = require_columns(given, (), what)
            parts.append(_with_project_id(made(frame), frame))
    for kind, given in (others or {}).items():
        frame = require_columns(given, (), kind, source="", dtypes=_OF_OTHERS)
        parts.append(_with_project_id(things.unpriceable(kind, frame, "no list tells what one costs"), frame))
    if resources is not None:
        resources = require_columns(resources, ("urn", "project"), "resources", source="")
        urns = resources["urn"].astype("string").dropna()
        parts.append(things.spaces(urns[urns.str.startswith(_SPACE)]))
    if droplets is not None:
        parts.append(things.transfer(droplets, sizes, sent_gib_month))
    if more is not None:
        more = require_columns(more, ("kind", "name", "price_usd_month"), "more", source="")
        parts.append(more)
    parts.append(
        pd.DataFrame(
            [{"kind": kind, "note": f"{UNREAD}: {why}"} for kind, why in _with_what_follows(unread or {}).items()]
        )
    )
    return _joined(parts, projects, resources)


def _with_what_follows(unread: Mapping[str, str]) -> dict[str, str]:
    """Give what could not be read, and what is made from it."""
    if "droplet" not in unread:
        return {**unread}
    return {**dict.fromkeys(_OF_DROPLETS, f"without the droplets: {unread['droplet']}"), **unread}


def _with_project_id(part: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    return part.assign(project_id=frame["project_id"]) if "project_id" in frame.columns else part


def _joined(parts: list[pd.DataFrame], projects: pd.DataFrame | None, resources: pd.DataFrame | None) -> pd.DataFrame:
    names = [*(column.name for column in DERIVED_TABLES["cost_lines"].columns), "project_id"]
    # As objects: a column that one part lacks has no dtype there, and `build_derived` sets the dtypes.
    full = [part.reindex(columns=names).astype(object) for part in parts if len(part)]
    joined = pd.concat(full, ignore_index=True) if full else pd.DataFrame(columns=names, dtype=object)
    joined["tags"] = pd.Series(lists(joined, "tags"), dtype=object)
    joined["project"] = _projects_of(joined, projects, resources)
    silent = joined["price_usd_month"].isna() & joined["note"].isna()
    joined["note"] = joined["note"].mask(silent, "no price is known")
    # What belonged to a droplet that is gone belongs to none now.
    known = joined["droplet_id"].isin(joined.loc[joined["kind"].isin(("droplet", "kubernetes_node")), "droplet_id"])
    joined["droplet_id"] = joined["droplet_id"].where(known, None)
    return build_derived("cost_lines", joined)


def _projects_of(lines: pd.DataFrame, projects: pd.DataFrame | None, resources: pd.DataFrame | None) -> pd.Series:
    found = lines["project"]
    if resources is not None:
        placed = resources.dropna(subset=["urn"]).drop_duplicates("urn").set_index("urn")["project"]
        urns = "do:" + lines["kind"].map(_URNS).astype("string") + ":" + lines["id"].astype("string")
        found = found.where(found.notna(), urns.map(placed))
    if projects is not None:
        projects = require_columns(projects, ("id", "name"), "projects")
        named = projects.drop_duplicates("id").set_index("id")["name"]
        found = found.where(found.notna(), lines["project_id"].map(named))
    return found
