"""Which snapshots stay and which go, by the rules of restic's ``forget``.

The rules are those that restic documents for ``--keep-last``, ``--keep-hourly``, ``--keep-daily``, ``--keep-weekly``,
``--keep-monthly``, ``--keep-yearly`` and ``--keep-within`` (restic.readthedocs.io, "Removing snapshots according to a
policy"). Its groups are here the snapshots of one droplet or of one volume, and calendar periods are in UTC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from poseidon_nb.analysis.inputs import lists, numbers, texts, to_utc
from poseidon_nb.catalogue.prices import SNAPSHOT_GB
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.validation import build_derived, require_columns
from poseidon_nb.text import join_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

__all__ = ["DELETE", "FROZEN_TAG", "KEEP", "UNLIMITED", "Policy", "verdicts"]

KEEP, DELETE = "keep", "delete"
#: As the number of a rule: keep all of them.
UNLIMITED = -1
#: The tag of a snapshot that a frozen droplet is restored from.
FROZEN_TAG = "frozen"

#: The calendar period of a time, by rule.
_PERIODS: Mapping[str, Callable[[pd.Timestamp], tuple[int, ...]]] = {
    "hourly": lambda time: (time.year, time.month, time.day, time.hour),
    "daily": lambda time: (time.year, time.month, time.day),
    "weekly": lambda time: time.isocalendar()[:2],
    "monthly": lambda time: (time.year, time.month),
    "yearly": lambda time: (time.year,),
}
_WITHIN = re.compile(r"(?:[0-9]{1,4}[ymwdh])+")
_WITHIN_PART = re.compile(r"([0-9]+)([ymwdh])")
#: The columns that are copied from the snapshots.
_COPIED = ("name", "created_at", "resource_type", "size_gigabytes")
_UNITS = {"y": "years", "m": "months", "w": "weeks", "d": "days", "h": "hours"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How many snapshots of each droplet and volume to keep. A snapshot stays if any rule keeps it.

    Attributes
    ----------
    last : int
        Keep the newest ones.
    hourly, daily, weekly, monthly, yearly : int
        Of so many hours, days, weeks, months or years that have snapshots, keep the newest of each. Periods without
        snapshots do not count. Weeks begin on Monday. If there are fewer periods, the oldest snapshot is kept too.
    within : str
        Keep all that are at most so much older than the newest: ``30d``, ``1y6m``. The units are y, m (months), w, d
        and h. restic has no weeks.

    Raises
    ------
    InvalidArgument
        A number is neither 0 or more nor `UNLIMITED`, ``within`` is not a duration, or nothing would be kept.
    """

    last: int = 0
    hourly: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0
    yearly: int = 0
    within: str = ""

    def __post_init__(self) -> None:
        for name in ("last", *_PERIODS):
            if getattr(self, name) < UNLIMITED:
                raise InvalidArgument(f"{name} must be 0 or more, or unlimited, not {getattr(self, name)}.")
        if self.within and not _WITHIN.fullmatch(self.within):
            raise InvalidArgument(f"within must be a duration such as 30d, 6m or 1y6m, not {self.within!r}.")
        keeps_period = any(int(number) for number, _ in _WITHIN_PART.findall(self.within))
        if not keeps_period and not any(getattr(self, name) for name in ("last", *_PERIODS)):
            raise InvalidArgument("A policy must keep something: give at least one rule a number above 0.")

    def cutoff(self, newest: pd.Timestamp) -> pd.Timestamp:
        """Return the time of the oldest snapshot that `within` keeps. A day that a month lacks is its last day."""
        parts = {_UNITS[unit]: 0 for _, unit in _WITHIN_PART.findall(self.within)}
        for number, unit in _WITHIN_PART.findall(self.within):
            parts[_UNITS[unit]] += int(number)
        try:
            return newest - pd.DateOffset(**parts)  # type: ignore[arg-type]  # pandas-stubs know only flags
        except (OverflowError, ValueError):
            # Before all times that a snapshot can have.
            return pd.Timestamp.min.tz_localize("UTC")


def verdicts(
    snapshots: pd.DataFrame,
    policy: Policy,
    *,
    droplets: pd.DataFrame | None = None,
    volumes: pd.DataFrame | None = None,
    now: datetime | None = None,
    include_sources: bool = False,
) -> pd.DataFrame:
    """Return which snapshots stay and which go, with the reason and what is saved.

    These stay whatever the policy says: the newest snapshot of each droplet and volume; snapshots with the tag
    ``frozen``; snapshots that a droplet of the account was made from, unless `include_sources` is true; and snapshots
    without a creation time. All of them count for the rules like the others.

    Parameters
    ----------
    snapshots : pandas.DataFrame
        As returned by ``client.snapshots.frame()``.
    policy : Policy
    droplets : pandas.DataFrame, optional
        As returned by ``client.droplets.frame()``. Without it, no snapshot is known to be the source of a droplet.
    volumes : pandas.DataFrame, optional
        As returned by ``client.call("volumes_list", frame=True)``; only their names are used.
    now : datetime, optional
        A later snapshot stays, and only ``last`` counts it.
    include_sources : bool
        Let snapshots go that a droplet was made from. The reason names the droplet.

    Returns
    -------
    pandas.DataFrame
        Table ``retention``: a row for each snapshot, grouped by droplet or volume, newest first.

    Raises
    ------
    InvalidArgument
        A column is missing, or a value cannot be read.
    """
    snapshots = require_columns(
        snapshots, ("id", "name", "resource_type", "resource_id", "size_gigabytes", "created_at", "tags"), "snapshots"
    )
    names, sources = _resources(droplets, volumes)
    types, resource_ids = texts(snapshots, "resource_type"), texts(snapshots, "resource_id")
    ids, tags, times = texts(snapshots, "id"), lists(snapshots, "tags"), [*snapshots["created_at"]]
    usd = numbers(snapshots, "size_gigabytes") * SNAPSHOT_GB.usd
    order, kept_by = _order_and_rules(zip(types, resource_ids, strict=True), times, policy, now)
    rows: dict[str, list[Any]] = {name: [] for name in ("verdict", "why", "saving_usd_month", "resource_name", "rules")}
    for position in order:
        rules = kept_by[position]
        name = names.get((types[position], resource_ids[position]))
        frozen = any(str(tag).casefold() == FROZEN_TAG for tag in tags[position])
        made = sources.get(ids[position], [])
        keep = bool(rules or frozen or (made and not include_sources))
        reasons = [", ".join(rules)] if rules else [] if keep else ["no rule keeps it"]
        reasons += [f"tagged {FROZEN_TAG}"] if frozen else []
        reasons += [f"{join_words(made)} {'was' if len(made) == 1 else 'were'} made from it"] if made else []
        rows["verdict"].append(KEEP if keep else DELETE)
        rows["why"].append("; ".join(reasons))
        rows["saving_usd_month"].append(0.0 if keep else usd[position])
        rows["resource_name"].append(name)
        rows["rules"].append(rules)
    same = {name: snapshots[name].iloc[order].array for name in _COPIED}
    return build_derived("retention", {**same, **rows, "id": ids[order], "resource_id": resource_ids[order]})


def _order_and_rules(
    resources: Iterable[tuple[str, str]], times: Sequence[Any], policy: Policy, now: datetime | None
) -> tuple[list[int], dict[int, list[str]]]:
    """Return the positions of the snapshots by resource, newest first, and the rules that keep each."""
    groups: dict[tuple[str, str], list[int]] = {}
    for position, resource in enumerate(resources):
        groups.setdefault(resource, []).append(position)
    limit = None if now is None else to_utc(now)
    order: list[int] = []
    rules: dict[int, list[str]] = {}
    for positions in groups.values():
        undated = [one for one in positions if pd.isna(times[one])]
        # Of two with the same time, the one that is listed later counts as newer.
        dated = sorted({*positions} - {*undated}, key=lambda one: (times[one], one), reverse=True)
        order += [*dated, *undated]
        rules |= dict(zip(dated, _rules([times[one] for one in dated], policy, limit), strict=True))
        rules |= {one: ["creation time unknown"] for one in undated}
        if dated and not rules[dated[0]]:
            rules[dated[0]] = ["newest"]
    return order, rules


def _resources(
    droplets: pd.DataFrame | None, volumes: pd.DataFrame | None
) -> tuple[dict[tuple[str, str], str], dict[str, list[str]]]:
    """Return the names of droplets and volumes by type and id, and the names of the droplets made from each image."""
    names: dict[tuple[str, str], str] = {}
    sources: dict[str, list[str]] = {}
    if droplets is not None:
        droplets = require_columns(droplets, ("id", "name", "image_id"), "droplets")
        rows = zip(texts(droplets, "id"), texts(droplets, "name"), texts(droplets, "image_id"), strict=True)
        for droplet_id, name, image_id in rows:
            names["droplet", droplet_id] = name
            sources.setdefault(image_id, []).append(name)
    if volumes is not None:
        volumes = require_columns(volumes, ("id", "name"), "volumes")
        names |= {("volume", id_): name for id_, name in zip(texts(volumes, "id"), texts(volumes, "name"), strict=True)}
    sources.pop("", None)
    return names, sources


def _rules(times: Sequence[pd.Timestamp], policy: Policy, now: pd.Timestamp | None) -> list[list[str]]:
    """Return the rules that keep each of the snapshots of one resource, given their times, newest first."""
    found: list[list[str]] = [[] for _ in times]
    for position in range(len(times) if policy.last == UNLIMITED else min(policy.last, len(times))):
        found[position].append("last")
    # Those from the future are newer than all others.
    future = 0 if now is None else sum(time > now for time in times)
    for position in range(future):
        found[position].append("in the future")
    past = times[future:]
    for rule, period_of in _PERIODS.items():
        for position, reason in _by_period([period_of(time.tz_convert("UTC")) for time in past], getattr(policy, rule)):
            found[future + position].append(f"{reason}{rule}")
    if policy.within and past:
        cutoff = policy.cutoff(past[0])
        for position in range(sum(time >= cutoff for time in past)):
            found[future + position].append("within")
    return found


def _by_period(periods: Sequence[tuple[int, ...]], limit: int) -> Iterator[tuple[int, str]]:
    """Iterate over the positions that a calendar rule keeps, given the period of each snapshot, newest first.

    The oldest is marked as such if it is kept only because there are fewer periods than the rule allows.
    """
    if not limit or not periods:
        return
    newest = {period: position for position, period in reversed([*enumerate(periods)])}
    kept = sorted(newest.values())[: None if limit == UNLIMITED else limit]
    for position in kept:
        yield position, ""
    if len(kept) != limit and len(periods) - 1 not in kept:
        yield len(periods) - 1, "oldest "
