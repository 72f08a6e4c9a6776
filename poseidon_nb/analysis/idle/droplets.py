"""Idle droplets: those that are off, and those that are on and do nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from poseidon_nb.analysis.cost import line_items
from poseidon_nb.analysis.idle.findings import HIGH, LOW, MEDIUM, Finding, age_days, format_days, price
from poseidon_nb.analysis.inputs import is_kubernetes_node, numbers, texts
from poseidon_nb.analysis.rightsizing import advice
from poseidon_nb.frames.validation import require_columns
from poseidon_nb.text import format_percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poseidon_nb.analysis.idle.findings import Rule

_GB_PER_TB = 1_000
_DAY_H = 24
#: Actions after which a droplet is off.
_POWER_OFF = ("power_off", "shutdown")


def off_droplets(
    droplets: pd.DataFrame, sizes: pd.DataFrame | None, actions: pd.DataFrame | None, now: pd.Timestamp, rule: Rule
) -> Iterator[Finding]:
    """Find droplets that are off, and since when."""
    usd = [*line_items.droplets(droplets, sizes)["price_usd_month"]]
    since = {} if actions is None else _last_power_off(actions)
    is_node = is_kubernetes_node(droplets)
    ids, names, statuses = (texts(droplets, name) for name in ("id", "name", "status"))
    for position, status in enumerate(statuses):
        if status != "off" or is_node[position]:
            continue
        days = age_days(since.get(ids[position]), now)
        if pd.isna(days):
            why, confidence = "off, but billed; since when is unknown", MEDIUM
        else:
            why = f"off for {format_days(days)}, but billed"
            confidence = HIGH if days >= rule.long_days else LOW if days < rule.new_days else MEDIUM
        yield Finding("droplet", ids[position], names[position], why, price(usd[position]), confidence)


def _last_power_off(actions: pd.DataFrame) -> dict[str, pd.Timestamp]:
    """Return when each droplet was last powered off."""
    actions = require_columns(actions, ("resource_id", "type", "status", "completed_at"), "actions")
    done = actions["type"].isin(_POWER_OFF) & actions["status"].eq("completed")
    found = actions[done.fillna(value=False).astype(bool)].dropna(subset=["resource_id", "completed_at"])
    latest = found.groupby("resource_id")["completed_at"].max()
    return {str(id_): time for id_, time in latest.items()}


def unused_droplets(droplets: pd.DataFrame, sizes: pd.DataFrame, use: pd.DataFrame, rule: Rule) -> Iterator[Finding]:
    """Find droplets that are on and do nothing, by their metrics."""
    found = advice(droplets, sizes, use)
    cpu, outbound = numbers(found, "cpu_p95_percent"), numbers(found, "outbound_tb_month") * _GB_PER_TB
    # Droplets that cannot be judged have no confidence.
    judged = found["confidence"].notna().to_numpy()
    unused = judged & (cpu <= rule.unused_cpu_percent) & (outbound <= rule.unused_outbound_gb_month)
    for position in unused.nonzero()[0]:
        row = found.iloc[position]
        why = (
            f"unused: {format_days((row['hours'] + 1) / _DAY_H)} of readings, CPU p95"
            f" {format_percent(cpu[position], 1)} and max {format_percent(row['cpu_max_percent'], 1)}, memory max"
            f" {format_percent(row['memory_max_percent'])}, {outbound[position]:.1f} GB a month sent; private traffic is"
            " not measured"
        )
        confidence = LOW if row["confidence"] == LOW else MEDIUM
        yield Finding(
            "droplet", str(row["droplet_id"]), str(row["name"]), why, price(row["price_usd_month"]), confidence
        )
