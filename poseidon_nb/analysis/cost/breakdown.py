"""The cost of the account line by line, and the sums of these lines by resource type, tag, region, size, project or droplet."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from poseidon_nb.analysis.cost import line_items, service_items
from poseidon_nb.analysis.inputs import lists, texts
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.columns import TIME
from poseidon_nb.frames.schemas import DERIVED_TABLES, TABLES
from poseidon_nb.frames.tables.pricing import COST_KEYS
from poseidon_nb.frames.validation import build_derived, require_columns
from poseidon_nb.text import expected_one_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: What lines can be grouped by.
KEYS = COST_KEYS
#: The function that returns lines, for errors.
LINES_SOURCE = "po.analysis.cost.lines"
#: The note of a line that stands for a list that could not be read, and so for no resource. A colon and the reason follow.
UNAVAILABLE = "could not be read"

#: The type in a project's URNs, by resource type.
_URN_TYPES = {
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
_SPACE_URN = "do:space:"
_DROPLET_TYPES = ("droplet", "kubernetes_node")
#: The further resource types whose lines are computed from the list of droplets.
_DERIVED_TYPES = ("kubernetes_node", "backup", "transfer")
#: The columns of resources whose frames may have no table.
_GENERIC_DTYPES: dict[str, str] = {"id": "string", "created_at": TIME, "tags": "list"}
_REQUIRED = (
    *(
        "resource_type",
        "name",
        "price_usd_month",
        "price_usd_hour",
        "region",
        "size",
        "project",
        "tags",
        "droplet_id",
        "note",
    ),
)
#: The number of different reasons in the note of a group.
_MAX_REASONS = 3


def lines(  # noqa: PLR0913  # a keyword for each resource type
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
    database_replicas: pd.DataFrame | None = None,
    kubernetes: pd.DataFrame | None = None,
    apps: pd.DataFrame | None = None,
    app_sizes: pd.DataFrame | None = None,
    nfs: pd.DataFrame | None = None,
    nat_gateways: pd.DataFrame | None = None,
    projects: pd.DataFrame | None = None,
    resources: pd.DataFrame | None = None,
    others: Mapping[str, pd.DataFrame] | None = None,
    more: pd.DataFrame | None = None,
    sent_gib_month: float | None = None,
    unavailable: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Return a line for each resource that costs money; a resource without a known price has a line with the reason.

    Parameters
    ----------
    droplets, snapshots, volumes, load_balancers, reserved_ips, databases, kubernetes, apps : pandas.DataFrame, optional
        As returned by ``client.droplets.frame()`` or ``client.call("volumes_list", frame=True)``; GPU droplets are
        droplets. A droplet that is off costs the same.
    sizes : pandas.DataFrame, optional
        For droplets without a price, and for the included transfer.
    backup_policies : pandas.DataFrame, optional
        The backup plans (``droplets_list_backup_policies``); without them backups have no price.
    images : pandas.DataFrame, optional
        Only imported images count, not snapshots and backups.
    reserved_ipv6 : pandas.DataFrame, optional
        Unassigned addresses become lines without a price.
    database_replicas : pandas.DataFrame, optional
        The read-only nodes of all database clusters (``databases_list_replicas``).
    app_sizes : pandas.DataFrame, optional
        The instance sizes of apps (``apps_list_instanceSizes``); without them instances have no price.
    nfs, nat_gateways : pandas.DataFrame, optional
        As returned by ``client.call("nfs_list", frame=True)`` and ``vpcnatgateways_list``.
    projects : pandas.DataFrame, optional
        For the names of projects that resources refer to by id.
    resources : pandas.DataFrame, optional
        The project of each resource, in columns ``urn`` and ``project``. Spaces buckets are listed only here.
    others : mapping, optional
        Frames of further resources by type, whose prices no API operation returns.
    more : pandas.DataFrame, optional
        Your own lines: ``resource_type``, ``name``, ``price_usd_month``, and any further column of the table.
    sent_gib_month : float, optional
        Outbound transfer of all droplets in a month, in GiB.
    unavailable : mapping, optional
        Resource types that could not be read, and why: each is a line without a price. If droplets could not be read, neither
        could nodes, backups and transfer, which are computed from them.

    Returns
    -------
    pandas.DataFrame
        Table ``cost_lines``. A Kubernetes node is a droplet with the type ``kubernetes_node``.
    """
    parts: list[pd.DataFrame] = []
    if droplets is not None:
        droplets = require_columns(droplets, (), "droplets")
        droplet_lines = line_items.droplets(droplets, sizes)
        parts += [droplet_lines, line_items.backups(droplets, droplet_lines, backup_policies)]
    for what, given, to_lines in (
        ("snapshots", snapshots, line_items.snapshots),
        ("images", images, line_items.custom_images),
        ("volumes", volumes, line_items.volumes),
        ("load_balancers", load_balancers, line_items.load_balancers),
        ("databases", databases, service_items.databases),
        ("database_replicas", database_replicas, service_items.database_replicas),
        ("kubernetes", kubernetes, service_items.kubernetes),
        ("apps", apps, partial(service_items.apps, sizes=app_sizes)),
        ("nfs", nfs, service_items.nfs),
        ("nat_gateways", nat_gateways, service_items.nat_gateways),
        ("reserved_ips", reserved_ips, partial(line_items.reserved_ips, version=4)),
        ("reserved_ipv6", reserved_ipv6, partial(line_items.reserved_ips, version=6)),
    ):
        if given is not None:
            is_known = what in TABLES
            dtypes = None if is_known else _GENERIC_DTYPES
            frame = require_columns(given, (), what, source=None if is_known else "", dtypes=dtypes)
            parts.append(_with_project_id(to_lines(frame), frame))
    for resource_type, given in (others or {}).items():
        frame = require_columns(given, (), resource_type, source="", dtypes=_GENERIC_DTYPES)
        parts.append(_with_project_id(line_items.unpriced(resource_type, frame, "the API returns no price"), frame))
    if resources is not None:
        resources = require_columns(resources, ("urn", "project"), "resources", source="")
        urns = resources["urn"].astype("string").dropna()
        parts.append(line_items.spaces(urns[urns.str.startswith(_SPACE_URN)]))
    if droplets is not None:
        parts.append(line_items.transfer(droplets, sizes, sent_gib_month))
    if more is not None:
        more = require_columns(more, ("resource_type", "name", "price_usd_month"), "more", source="")
        parts.append(more)
    reasons = _with_derived_types(unavailable or {})
    parts.append(
        pd.DataFrame([{"resource_type": name, "note": f"{UNAVAILABLE}: {why}"} for name, why in reasons.items()])
    )
    return _combined(parts, projects, resources)


def by(lines: pd.DataFrame, key: str = "resource_type") -> pd.DataFrame:
    """Return the sums of lines, the most expensive group first.

    A resource with two tags counts for each of them, because each sum must be the full cost of its tag. By tag, the sums
    can add up to more than the `total`. Resources without a tag, region, size, project or droplet form one group whose
    name is missing. By droplet, backups, snapshots and attached volumes count for their droplet, and two droplets with the
    same name are two groups. Resource types that could not be read count as ``unavailable``, not as resources.

    Parameters
    ----------
    lines : pandas.DataFrame
        As returned by `lines`.
    key : str
        One of `KEYS`.

    Returns
    -------
    pandas.DataFrame
        Table ``cost_by``; groups without a price come last.

    Raises
    ------
    InvalidArgument
        The key is unknown.
    """
    if key not in KEYS:
        raise InvalidArgument(f"Cost cannot be grouped by {key!r}{expected_one_of(key, KEYS)}")
    lines = require_columns(lines, _REQUIRED, "lines", source=LINES_SOURCE)
    column = {"tag": "tags", "droplet": "droplet_id"}.get(key, key)
    rows = lines[["price_usd_month", "price_usd_hour", "note"]].assign(
        group=lines[column], unavailable=is_unavailable(lines)
    )
    if key == "tag":
        # An empty list becomes a missing value.
        rows = rows.explode("group", ignore_index=True)
    rows["group"] = rows["group"].astype("Int64" if key == "droplet" else "string")
    rows["without_price"] = rows["price_usd_month"].isna()
    rows["resources"] = ~rows["unavailable"]
    rows["unpriced"] = rows["without_price"] & rows["resources"]
    grouped = rows.groupby("group", dropna=False, sort=True)
    sums = grouped[["price_usd_month", "price_usd_hour"]].sum(min_count=1)
    for name in ("resources", "unpriced", "unavailable"):
        sums[name] = grouped[name].sum()
    notes = rows[rows["without_price"]].groupby("group", dropna=False)["note"].agg(_combined_notes)
    sums["note"] = notes.reindex(sums.index)
    total_usd = lines["price_usd_month"].sum()
    sums["share_percent"] = 100 * sums["price_usd_month"] / total_usd if total_usd else float("nan")
    table = sums.reset_index()
    table["droplet_id"] = table["group"] if key == "droplet" else pd.NA
    if key == "droplet":
        droplets = lines[lines["resource_type"].isin(_DROPLET_TYPES)]
        table["group"] = table["group"].map(droplets.drop_duplicates("droplet_id").set_index("droplet_id")["name"])
    return build_derived("cost_by", table.sort_values("price_usd_month", ascending=False, kind="stable"))


def total(lines: pd.DataFrame) -> pd.DataFrame:
    """Return the sum of all lines, each counted once.

    Parameters
    ----------
    lines : pandas.DataFrame
        As returned by `lines`.

    Returns
    -------
    pandas.DataFrame
        Table ``cost_total``: one row.
    """
    lines = require_columns(lines, ("price_usd_month", "price_usd_hour"), "lines", source=LINES_SOURCE)
    prices = lines[["price_usd_month", "price_usd_hour"]].sum()
    unavailable = is_unavailable(lines)
    row = {
        **prices.to_dict(),
        "resources": int((~unavailable).sum()),
        "unpriced": int((lines["price_usd_month"].isna() & ~unavailable).sum()),
        "unavailable": int(unavailable.sum()),
    }
    return build_derived("cost_total", pd.DataFrame([row]))


def is_unavailable(lines: pd.DataFrame) -> pd.Series[bool]:
    """Return which lines stand for a resource type that could not be read."""
    notes = pd.Series(texts(lines, "note"), lines.index, dtype="string")
    return (lines["price_usd_month"].isna() & notes.str.startswith(f"{UNAVAILABLE}: ")).astype(bool)


def _with_derived_types(unavailable: Mapping[str, str]) -> dict[str, str]:
    if "droplet" not in unavailable:
        return {**unavailable}
    return {**dict.fromkeys(_DERIVED_TYPES, f"requires the list of droplets: {unavailable['droplet']}"), **unavailable}


def _with_project_id(part: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    # pandas gives a frame without rows the index of a new column, and so rows.
    known = "project_id" in frame.columns
    return part.assign(project_id=frame["project_id"].reindex(part.index)) if known else part


def _combined(parts: list[pd.DataFrame], projects: pd.DataFrame | None, resources: pd.DataFrame | None) -> pd.DataFrame:
    names = [*(column.name for column in DERIVED_TABLES["cost_lines"].columns), "project_id"]
    # As objects, because a column that a part lacks has no dtype there; `build_derived` sets the dtypes.
    full = [part.reindex(columns=names).astype(object) for part in parts if len(part)]
    table = pd.concat(full, ignore_index=True) if full else pd.DataFrame(columns=names, dtype=object)
    table["tags"] = pd.Series(lists(table, "tags"), dtype=object)
    table["project"] = _project_names(table, projects, resources)
    unexplained = table["price_usd_month"].isna() & table["note"].isna()
    table["note"] = table["note"].mask(unexplained, "no price is known")
    # A snapshot of a deleted droplet belongs to no droplet.
    exists = table["droplet_id"].isin(table.loc[table["resource_type"].isin(_DROPLET_TYPES), "droplet_id"])
    table["droplet_id"] = table["droplet_id"].where(exists, None)
    return build_derived("cost_lines", table)


def _project_names(lines: pd.DataFrame, projects: pd.DataFrame | None, resources: pd.DataFrame | None) -> pd.Series:
    names = lines["project"]
    if resources is not None:
        project_of = resources.dropna(subset=["urn"]).drop_duplicates("urn").set_index("urn")["project"]
        urns = "do:" + lines["resource_type"].map(_URN_TYPES).astype("string") + ":" + lines["id"].astype("string")
        names = names.where(names.notna(), urns.map(project_of))
    if projects is not None:
        projects = require_columns(projects, ("id", "name"), "projects")
        name_of = projects.drop_duplicates("id").set_index("id")["name"]
        names = names.where(names.notna(), lines["project_id"].map(name_of))
    return names


def _combined_notes(notes: Iterable[str]) -> str:
    unique = [*dict.fromkeys(note for note in notes if isinstance(note, str))]
    more = len(unique) - _MAX_REASONS
    return "; ".join([*unique[:_MAX_REASONS], *([f"and {more} more"] if more > 0 else [])])
