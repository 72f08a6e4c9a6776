"""Idle storage: volumes without a droplet, snapshots of what is gone, and old snapshots and images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from poseidon_nb.analysis.cost import line_items
from poseidon_nb.analysis.idle.findings import (
    HIGH,
    LOW,
    MEDIUM,
    Finding,
    age_days,
    format_days,
    is_named,
    price,
)
from poseidon_nb.analysis.inputs import lists, texts
from poseidon_nb.analysis.retention import FROZEN_TAG

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from poseidon_nb.analysis.idle.findings import Rule
    from poseidon_nb.analysis.inputs import Texts


def volumes(frame: pd.DataFrame, frozen: str, now: pd.Timestamp, rule: Rule) -> Iterator[Finding]:
    """Find volumes that are attached to no droplet and belong to no frozen one."""
    lines = line_items.volumes(frame)
    for line, attached in zip(lines.to_dict("records"), frame["droplet_ids"], strict=True):
        # A missing list says nothing; only an empty one does.
        if not hasattr(attached, "__len__") or len(attached) or is_named(str(line["id"]), frozen):
            continue
        days = age_days(line["created_at"], now)
        size = "size unknown" if pd.isna(line["quantity"]) else f"{line['quantity']:,.0f} GiB"
        why = f"attached to no droplet; {size}{_created(days)}"
        confidence = LOW if days < rule.new_days else HIGH
        yield Finding("volume", str(line["id"]), str(line["name"]), why, price(line["price_usd_month"]), confidence)


def snapshots(
    frame: pd.DataFrame, existing: Mapping[str, set[str]], sources: set[str] | None, now: pd.Timestamp, rule: Rule
) -> Iterator[Finding]:
    """Find snapshots of droplets and volumes that are gone, and old ones.

    Parameters
    ----------
    frame : pandas.DataFrame
    existing : mapping
        The ids of the droplets and volumes that exist, by ``"droplet"`` and ``"volume"``, as far as they are known.
    sources : set of str, optional
        Images that droplets were made from; None if unknown.
    now : pandas.Timestamp
    rule : Rule
    """
    usd = [price(one) for one in line_items.snapshots(frame)["price_usd_month"]]
    types, resource_ids, ids = (texts(frame, name) for name in ("resource_type", "resource_id", "id"))
    newest = _newest(types, resource_ids, [*frame["created_at"]])
    names, tags = texts(frame, "name"), lists(frame, "tags")
    for position, created in enumerate(frame["created_at"]):
        kind, resource_id = types[position], resource_ids[position]
        if ids[position] in (sources or ()) or any(str(tag).casefold() == FROZEN_TAG for tag in tags[position]):
            continue
        # Only droplets are made from images. Without their images, it cannot be told which snapshots are in use.
        is_judged = kind in existing and (kind != "droplet" or sources is not None)
        if not is_judged or usd[position] == 0:
            continue
        days = age_days(created, now)
        is_gone, is_old = resource_id not in existing[kind], days >= rule.old_days
        if not (is_gone or is_old):
            continue
        is_newest = newest[kind, resource_id] == position
        yield Finding(
            "snapshot",
            ids[position],
            names[position],
            "; ".join(_snapshot_reasons(f"{kind} {resource_id}", days, is_gone=is_gone, is_newest=is_newest)),
            usd[position],
            _snapshot_confidence(is_gone=is_gone, is_old=is_old, is_newest=is_newest),
        )


def _newest(types: Texts, resource_ids: Texts, times: list[pd.Timestamp]) -> dict[tuple[str, str], int]:
    """Return the position of the newest snapshot of each droplet and volume."""
    newest: dict[tuple[str, str], int] = {}
    for position, key in enumerate(zip(types, resource_ids, strict=True)):
        known = newest.get(key)
        if known is None or pd.isna(times[known]) or times[position] >= times[known]:
            newest[key] = position
    return newest


def _snapshot_reasons(resource: str, days: float, *, is_gone: bool, is_newest: bool) -> Iterator[str]:
    if is_gone:
        yield f"{resource} is gone"
    if not pd.isna(days):
        yield f"{format_days(days)} old"
    yield f"the newest of {resource}" if is_newest else f"there is a newer one of {resource}"


def _snapshot_confidence(*, is_gone: bool, is_old: bool, is_newest: bool) -> str:
    if not is_newest:
        return HIGH if is_old else MEDIUM
    return MEDIUM if is_gone and is_old else LOW


def images(frame: pd.DataFrame, sources: set[str] | None, now: pd.Timestamp, rule: Rule) -> Iterator[Finding]:
    """Find old images of the account's own that no droplet was made from."""
    if sources is None:
        return
    for line in line_items.custom_images(frame).to_dict("records"):
        days = age_days(line["created_at"], now)
        usd = price(line["price_usd_month"])
        # One that was not imported has no size, and costs nothing.
        if str(line["id"]) in sources or not days >= rule.old_days or pd.isna(usd):
            continue
        why = f"{format_days(days)} old; no droplet was made from it"
        yield Finding("image", str(line["id"]), str(line["name"]), why, usd, MEDIUM)


def _created(days: float) -> str:
    return "" if pd.isna(days) else f"; created {format_days(days)} ago"
