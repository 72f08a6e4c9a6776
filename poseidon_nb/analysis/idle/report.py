"""The table of idle resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from poseidon_nb.analysis.idle import droplets as of_droplets
from poseidon_nb.analysis.idle import network, services, storage
from poseidon_nb.analysis.idle.findings import Rule, command_line, frozen_tags, image_sources
from poseidon_nb.analysis.inputs import texts, to_utc
from poseidon_nb.frames.columns import TIME
from poseidon_nb.frames.validation import build_derived, require_columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    import pandas as pd

    from poseidon_nb.analysis.idle.findings import Finding

DEFAULT_RULE = Rule()

#: The columns of each frame that the rules read, besides those that prices need.
_COLUMNS = {
    "droplets": ("id", "name", "status", "image_id", "tags"),
    "volumes": ("id", "name", "size_gigabytes", "region", "droplet_ids", "created_at"),
    "snapshots": ("id", "name", "resource_type", "resource_id", "size_gigabytes", "regions", "created_at", "tags"),
    "images": ("id", "name", "type", "size_gigabytes", "regions", "created_at"),
    "reserved_ips": ("ip", "droplet_id"),
    "reserved_ipv6": ("ip", "droplet_id"),
    "load_balancers": ("id", "name", "region", "droplet_ids", "tag"),
}
#: The kinds whose frame is not called like them, with an s.
_KINDS = {"kubernetes": "kubernetes", "nfs": "nfs", "registries": "registry"}
#: The columns of resources without a table.
_GENERIC_DTYPES = {"id": "string", "name": "string", "created_at": TIME, "vpcs": "list", "vpc_ids": "list"}


def find(  # noqa: PLR0913  # a frame for each kind of resource
    *,
    now: datetime,
    droplets: pd.DataFrame | None = None,
    sizes: pd.DataFrame | None = None,
    use: pd.DataFrame | None = None,
    actions: pd.DataFrame | None = None,
    volumes: pd.DataFrame | None = None,
    snapshots: pd.DataFrame | None = None,
    images: pd.DataFrame | None = None,
    reserved_ips: pd.DataFrame | None = None,
    reserved_ipv6: pd.DataFrame | None = None,
    load_balancers: pd.DataFrame | None = None,
    uptime_checks: pd.DataFrame | None = None,
    uptime_states: pd.DataFrame | None = None,
    kubernetes: pd.DataFrame | None = None,
    databases: pd.DataFrame | None = None,
    apps: pd.DataFrame | None = None,
    registries: pd.DataFrame | None = None,
    nat_gateways: pd.DataFrame | None = None,
    nfs: pd.DataFrame | None = None,
    rule: Rule = DEFAULT_RULE,
) -> pd.DataFrame:
    """Return the resources that cost money and that nothing uses, with the evidence and the command that ends the cost.

    Frames that are not given are left out, and so is what needs them. Without ``droplets``, neither addresses, load
    balancers with a tag, snapshots of droplets nor images are judged. Without ``snapshots``, it is not known what belongs
    to frozen droplets. Databases and NAT gateways need ``droplets``, ``kubernetes`` and ``apps``.

    Parameters
    ----------
    now : datetime
        By the server's clock: ``client.now()``.
    droplets, sizes, snapshots, images : pandas.DataFrame, optional
        As returned by ``client.droplets.frame()`` and the like; images with ``private=True``.
    use : pandas.DataFrame, optional
        As returned by `analysis.metrics.use`; with ``sizes``, to find unused droplets.
    actions : pandas.DataFrame, optional
        As returned by ``client.actions.frame()``, for since when droplets are off; those of the droplets that are off suffice.
    volumes, reserved_ips, reserved_ipv6, load_balancers, uptime_checks, kubernetes, databases, apps : pandas.DataFrame, optional
        As returned by ``client.call("volumes_list", frame=True)`` and the like.
    uptime_states : pandas.DataFrame, optional
        A row for each uptime check and region, with ``check_id``, ``status`` and ``status_changed_at``.
    registries : pandas.DataFrame, optional
        As returned by ``client.call("registries_list", frame=True)``, with the number of ``repositories`` of each.
    nat_gateways, nfs : pandas.DataFrame, optional
        As returned by ``client.call("vpcnatgateways_list", frame=True)`` and ``nfs_list``.
    rule : Rule
        When a resource counts as idle.

    Returns
    -------
    pandas.DataFrame
        Table ``idle``, the most expensive first, and those without a known price last.

    Raises
    ------
    InvalidArgument
        A column is missing, or a value cannot be read.
    """
    given = {
        "droplets": droplets,
        "volumes": volumes,
        "snapshots": snapshots,
        "images": images,
        "reserved_ips": reserved_ips,
        "reserved_ipv6": reserved_ipv6,
        "load_balancers": load_balancers,
        "kubernetes": kubernetes,
        "databases": databases,
        "apps": apps,
    }
    frames = _checked(given, {"registries": registries, "nat_gateways": nat_gateways, "nfs": nfs})
    time = to_utc(now)
    found = [*_of_lists(frames, time, rule), *_of_services(frames, time, rule)]
    if "droplets" in frames:
        found += of_droplets.off_droplets(frames["droplets"], sizes, actions, time, rule)
        if sizes is not None and use is not None:
            found += of_droplets.unused_droplets(frames["droplets"], sizes, use, rule)
    if uptime_checks is not None and uptime_states is not None:
        found += network.uptime_checks(uptime_checks, uptime_states, time, rule)
    return _table(found, frames)


def _checked(
    tables: Mapping[str, pd.DataFrame | None], untabled: Mapping[str, pd.DataFrame | None]
) -> dict[str, pd.DataFrame]:
    """Return the frames that are given, each with the columns that the rules read."""
    frames = {
        name: require_columns(frame, _COLUMNS.get(name, ()), name)
        for name, frame in tables.items()
        if frame is not None
    }
    return frames | {
        name: require_columns(frame, (), name, source="", dtypes=_GENERIC_DTYPES)
        for name, frame in untabled.items()
        if frame is not None
    }


def _of_lists(frames: dict[str, pd.DataFrame], now: pd.Timestamp, rule: Rule) -> Iterator[Finding]:
    """Find what is idle by the lists of resources alone."""
    droplets, frozen = frames.get("droplets"), frozen_tags(frames.get("snapshots"))
    sources = image_sources(droplets)
    existing = {
        noun.removesuffix("s"): {*texts(frames[noun], "id")} for noun in ("droplets", "volumes") if noun in frames
    }
    if "volumes" in frames:
        yield from storage.volumes(frames["volumes"], frozen, now, rule)
    if "snapshots" in frames:
        yield from storage.snapshots(frames["snapshots"], existing, sources, now, rule)
    if "images" in frames:
        yield from storage.images(frames["images"], sources, now, rule)
    # A token that cannot read droplets is served addresses as if none was assigned.
    for name, version in (("reserved_ips", 4), ("reserved_ipv6", 6)):
        if name in frames and droplets is not None:
            yield from network.reserved_ips(frames[name], frozen, version=version)
    if "load_balancers" in frames:
        yield from network.load_balancers(frames["load_balancers"], network.tags_of(droplets), frozen, now, rule)


def _of_services(frames: dict[str, pd.DataFrame], now: pd.Timestamp, rule: Rule) -> Iterator[Finding]:
    """Find idle managed services."""
    for name, search in (
        ("kubernetes", services.kubernetes),
        ("apps", services.apps),
        ("registries", services.registries),
        ("nfs", services.nfs),
    ):
        if name in frames:
            yield from search(frames[name], now, rule)
    frozen = frozen_tags(frames.get("snapshots"))
    if "databases" in frames:
        yield from services.databases(frames["databases"], frames, frozen, now, rule)
    if "nat_gateways" in frames:
        yield from services.nat_gateways(frames["nat_gateways"], frames, frozen, now, rule)


def _table(found: list[Finding], frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    names = {_KINDS.get(noun, noun.removesuffix("s")): [*texts(frame, "name")] for noun, frame in frames.items()}
    columns = ("kind", "id", "name", "why", "usd_month", "confidence")
    table = build_derived(
        "idle",
        {
            **{column: [getattr(one, column) for one in found] for column in columns},
            "command": [command_line(one, names.get(one.kind, [])) for one in found],
        },
    )
    order = np.argsort(-table["usd_month"].to_numpy(), kind="stable")
    return table.iloc[order].reset_index(drop=True)
