"""Idle managed services: clusters, apps, container registries, NAT gateways and shares that nothing uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from poseidon_nb.analysis.cost import service_items
from poseidon_nb.analysis.idle.findings import HIGH, LOW, MEDIUM, Finding, age_days, format_days, is_named, price
from poseidon_nb.analysis.idle.network import tags_of
from poseidon_nb.analysis.inputs import lists, numbers, texts
from poseidon_nb.catalogue.prices import REGISTRY_TIERS
from poseidon_nb.frames.validation import require_columns
from poseidon_nb.text import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poseidon_nb.analysis.idle.findings import Rule

    Frames = Mapping[str, pd.DataFrame]

_RUNNING = "running"
_ONLINE = "online"
_INACTIVE = "INACTIVE"
_ACTIVE = "ACTIVE"


def kubernetes(frame: pd.DataFrame, now: pd.Timestamp, rule: Rule) -> Iterator[Finding]:
    """Find Kubernetes clusters without nodes whose control plane costs money."""
    frame = require_columns(frame, ("id", "name", "status", "ha", "node_pools", "created_at"), "kubernetes")
    pools, statuses = lists(frame, "node_pools"), texts(frame, "status")
    for position, line in enumerate(service_items.kubernetes(frame).to_dict("records")):
        usd = price(line["price_usd_month"])
        # Without a known price, it is not known whether it costs anything.
        if statuses[position] != _RUNNING or _has_nodes(pools[position]) or not usd > 0:
            continue
        grows = any(pool.get("auto_scale") and (pool.get("max_nodes") or 0) > 0 for pool in pools[position])
        why = "no nodes, and its highly available control plane is billed"
        why += "; a pool may get nodes by itself" if grows else ""
        yield _finding("kubernetes", line, why, usd, LOW if grows else HIGH, now, rule)


def databases(frame: pd.DataFrame, frames: Frames, frozen: str, now: pd.Timestamp, rule: Rule) -> Iterator[Finding]:
    """Find database clusters to which nothing can connect, because none of their trusted sources exists.

    Parameters
    ----------
    frame : pandas.DataFrame
    frames : mapping
        All frames; with ``droplets``, ``kubernetes`` and ``apps``, or nothing is found.
    frozen : str
        As returned by `findings.frozen_tags`.
    now : pandas.Timestamp
    rule : Rule
    """
    frame = require_columns(frame, ("id", "name", "status", "size", "num_nodes", "rules", "created_at"), "databases")
    sources = _sources(frames)
    rules, statuses = lists(frame, "rules"), texts(frame, "status")
    for position, line in enumerate(service_items.databases(frame).to_dict("records")):
        given = rules[position]
        if not given or statuses[position] != _ONLINE or sources is None:
            continue
        if any(_exists(one, sources) or is_named(str(one.get("value")), frozen) for one in given):
            continue
        counted = pluralize(len(given), "trusted source")
        why = f"nothing can connect: {counted}, which {'is gone or empty' if len(given) == 1 else 'are gone or empty'}"
        yield _finding("database", line, why, price(line["price_usd_month"]), MEDIUM, now, rule)


def apps(frame: pd.DataFrame, now: pd.Timestamp, rule: Rule) -> Iterator[Finding]:
    """Find apps that are not deployed."""
    columns = ("id", "name", "active_deployment_id", "in_progress_deployment_id", "pending_deployment_id", "created_at")
    frame = require_columns(frame, columns, "apps")
    deployments = [texts(frame, name) for name in columns[2:5]]
    for position, row in enumerate(frame[["id", "name", "created_at"]].to_dict("records")):
        if not any(one[position] for one in deployments):
            why = "no active deployment, and none in progress; not billed until it is deployed"
            yield _finding("app", row, why, 0.0, MEDIUM, now, rule)


def registries(frame: pd.DataFrame, now: pd.Timestamp, rule: Rule) -> Iterator[Finding]:
    """Find container registries without repositories. Their subscription ends with the last one.

    Parameters
    ----------
    frame : pandas.DataFrame
        As returned by ``client.call("registries_list", frame=True)``, with the number of ``repositories`` of each.
    now : pandas.Timestamp
    rule : Rule
    """
    if frame.empty or "repositories" not in frame:
        return
    repositories = numbers(frame, "repositories")
    # The account has one subscription.
    plans = [REGISTRY_TIERS[tier].usd for tier in texts(frame, "subscription_tier") if tier in REGISTRY_TIERS]
    usd, number = max(plans, default=0.0), len(frame)
    # One that has repositories, or whose repositories are unknown, keeps the subscription.
    if not (repositories == 0).all() or not usd > 0:
        return
    why = "no repositories" if number == 1 else f"no repositories; one of {number} registries that share a subscription"
    for row in frame.to_dict("records"):
        yield _finding("registry", {**row, "id": row["name"]}, why, usd / number, HIGH, now, rule)


def nat_gateways(frame: pd.DataFrame, frames: Frames, frozen: str, now: pd.Timestamp, rule: Rule) -> Iterator[Finding]:
    """Find NAT gateways whose VPCs have nothing that sends.

    Parameters
    ----------
    frame : pandas.DataFrame
    frames : mapping
        All frames; with ``droplets``, ``kubernetes`` and ``apps``, or nothing is found.
    frozen : str
        As returned by `findings.frozen_tags`.
    now : pandas.Timestamp
    rule : Rule
    """
    used = _used_vpcs(frames)
    states, vpcs = texts(frame, "state"), lists(frame, "vpcs")
    for position, line in enumerate(service_items.nat_gateways(frame).to_dict("records")):
        ids = {str(vpc.get("vpc_uuid")) for vpc in vpcs[position]}
        is_used = used is None or ids & used or any(is_named(id_, frozen) for id_ in ids)
        if states[position] != _ACTIVE or is_used:
            continue
        why = "neither droplets, Kubernetes clusters nor apps in its VPCs" if ids else "no VPCs"
        yield _finding("nat_gateway", line, why, price(line["price_usd_month"]), MEDIUM if ids else HIGH, now, rule)


def nfs(frame: pd.DataFrame, now: pd.Timestamp, rule: Rule) -> Iterator[Finding]:
    """Find NFS shares without a VPC, which nothing can mount."""
    states, vpcs = texts(frame, "status"), lists(frame, "vpc_ids")
    for position, line in enumerate(service_items.nfs(frame).to_dict("records")):
        if states[position] == _INACTIVE and not vpcs[position]:
            why = f"no VPC, so nothing can mount it; {line['quantity']:,g} GiB"
            yield _finding("nfs", line, why, price(line["price_usd_month"]), HIGH, now, rule)


def _finding(
    kind: str, row: Mapping[Any, Any], why: str, usd: float, confidence: str, now: pd.Timestamp, rule: Rule
) -> Finding:
    """Return a finding with its age, of low confidence if it is new."""
    days = age_days(row.get("created_at"), now)
    why += "" if pd.isna(days) else f"; created {format_days(days)} ago"
    why += "; its price is unknown" if pd.isna(usd) else ""
    is_new = days < rule.new_days
    return Finding(kind, str(row["id"]), str(row["name"]), why, usd, LOW if is_new else confidence)


def _has_nodes(pools: list[Any]) -> bool:
    return any((pool.get("count") or 0) > 0 or len(pool.get("nodes") or ()) > 0 for pool in pools)


def _sources(frames: Frames) -> dict[str, set[str]] | None:
    """Return what can connect to databases, by the type of a trusted source; None if it is unknown."""
    droplets, clusters, apps_ = (frames.get(name) for name in ("droplets", "kubernetes", "apps"))
    tags = tags_of(droplets)
    if droplets is None or clusters is None or apps_ is None or tags is None:
        return None
    pools = lists(clusters, "node_pools")
    with_nodes = {id_ for id_, one in zip(texts(clusters, "id"), pools, strict=True) if _has_nodes(one)}
    return {"droplet": {*texts(droplets, "id")}, "tag": tags, "k8s": with_nodes, "app": {*texts(apps_, "id")}}


def _exists(source: Mapping[str, Any], sources: Mapping[str, set[str]]) -> bool:
    known = sources.get(str(source.get("type")))
    value = str(source.get("value"))
    # An address, or a type that is not known.
    return known is None or value in known or (source.get("type") == "tag" and value.casefold() in known)


def _used_vpcs(frames: Frames) -> set[str] | None:
    """Return the ids of the VPCs with something that sends through a NAT gateway; None if they are unknown."""
    columns = {"droplets": "vpc_uuid", "kubernetes": "vpc_uuid", "apps": "vpc_id"}
    if not all(name in frames and column in frames[name] for name, column in columns.items()):
        return None
    return {id_ for name, column in columns.items() for id_ in texts(frames[name], column)} - {""}
