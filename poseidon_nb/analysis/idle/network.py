"""Idle networking: addresses without a droplet, load balancers without targets, and checks of what is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from poseidon_nb.analysis.cost import line_items
from poseidon_nb.analysis.idle.findings import HIGH, LOW, MEDIUM, Finding, age_days, format_days, is_named, price
from poseidon_nb.analysis.inputs import flags, lists, texts
from poseidon_nb.catalogue.prices import UPTIME_CHECK
from poseidon_nb.frames.validation import require_columns
from poseidon_nb.text import escape_unprintable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poseidon_nb.analysis.idle.findings import Rule

_GLOBAL = "GLOBAL"
_DOWN = "DOWN"


def reserved_ips(frame: pd.DataFrame, frozen: str, *, version: int) -> Iterator[Finding]:
    """Find reserved addresses that are assigned to no droplet and belong to no frozen one."""
    locked = {ip for ip, is_locked in zip(texts(frame, "ip"), flags(frame, "locked"), strict=True) if is_locked}
    for line in line_items.reserved_ips(frame, version=version).to_dict("records"):
        ip = str(line["id"])
        # It is locked while it is assigned.
        if ip in locked or is_named(ip, frozen):
            continue
        usd = price(line["price_usd_month"])
        unpriced = "; its price is unknown" if pd.isna(usd) else ""
        yield Finding(str(line["resource_type"]), ip, ip, f"assigned to no droplet{unpriced}", usd, HIGH)


def load_balancers(
    frame: pd.DataFrame, droplet_tags: set[str] | None, frozen: str, now: pd.Timestamp, rule: Rule
) -> Iterator[Finding]:
    """Find load balancers without droplets, unless a frozen droplet belongs to them.

    Parameters
    ----------
    frame : pandas.DataFrame
    droplet_tags : set of str, optional
        The tags of all droplets, in lower case; None if they are unknown.
    frozen : str
        As returned by `findings.frozen_tags`.
    now : pandas.Timestamp
    rule : Rule
    """
    types, tags = texts(frame, "type"), texts(frame, "tag")
    targets = frame["droplet_ids"]
    for position, line in enumerate(line_items.load_balancers(frame).to_dict("records")):
        tag, ids = tags[position], targets.iloc[position]
        has_ids = not hasattr(ids, "__len__") or len(ids) > 0
        has_tagged = bool(tag) and (droplet_tags is None or tag.casefold() in droplet_tags)
        is_used = has_ids or has_tagged or is_named(str(line["id"]), frozen)
        if types[position] == _GLOBAL or is_used:
            continue
        days = age_days(line["created_at"], now)
        usd = price(line["price_usd_month"])
        why = "no droplets behind it"
        why += f"; no droplet has its tag {escape_unprintable(tag)}" if tag else ""
        why += "" if pd.isna(days) else f"; created {format_days(days)} ago"
        why += "; its price is unknown" if pd.isna(usd) else ""
        confidence = LOW if days < rule.new_days else HIGH
        yield Finding("load_balancer", str(line["id"]), str(line["name"]), why, usd, confidence)


def uptime_checks(checks: pd.DataFrame, states: pd.DataFrame, now: pd.Timestamp, rule: Rule) -> Iterator[Finding]:
    """Find uptime checks whose target is down in all regions for a long time.

    Parameters
    ----------
    checks : pandas.DataFrame
        As returned by ``client.call("uptime_list_checks", frame=True)``.
    states : pandas.DataFrame
        A row for each check and region, with ``check_id``, ``status`` and ``status_changed_at``.
    now : pandas.Timestamp
    rule : Rule
    """
    checks = require_columns(checks, ("id", "name", "target"), "uptime_checks")
    dtypes = {"check_id": "string", "status": "string", "status_changed_at": "datetime64[us, UTC]"}
    states = require_columns(states, dtypes, "uptime_states", source="", dtypes=dtypes)
    by_check = dict([*states.groupby("check_id")])
    for id_, name, target in zip(*(texts(checks, column) for column in ("id", "name", "target")), strict=True):
        regions = by_check.get(id_)
        if regions is None or not regions["status"].eq(_DOWN).fillna(value=False).all():
            continue
        days = age_days(regions["status_changed_at"].max(), now)
        if days >= rule.long_days:
            why = f"{escape_unprintable(target)} is down in all regions for {format_days(days)}"
            yield Finding("uptime_check", id_, name, why, UPTIME_CHECK.usd, MEDIUM)


def tags_of(droplets: pd.DataFrame | None) -> set[str] | None:
    """Return the tags of all droplets, in lower case; None if they are unknown."""
    if droplets is None or "tags" not in droplets:
        return None
    # Without the scope tag:read, a droplet is served without its tags.
    if any(not hasattr(tags, "__len__") for tags in droplets["tags"]):
        return None
    return {str(tag).casefold() for row in lists(droplets, "tags") for tag in row}
