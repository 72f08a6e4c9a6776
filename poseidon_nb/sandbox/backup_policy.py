"""When a droplet's backups are taken.

The lengths and retentions are the specification's (``droplets_list_supported_backup_policies``). Not settled, chosen here:
without a policy the plan is daily, at an hour that follows from the droplet's id. What happens in a window is in
`services.backups`.
"""

from __future__ import annotations

import time
from typing import Any

from poseidon_nb.catalogue.prices import DEFAULT_BACKUP_PLAN
from poseidon_nb.sandbox import bodies
from poseidon_nb.sandbox.replies import unprocessable
from poseidon_nb.sandbox.timestamps import stamp

HOURS = (0, 4, 8, 12, 16, 20)
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
WINDOW_HOURS = 4
RETENTION_DAYS = {"weekly": 28, "daily": 7}
_HOUR_S = 3600
_DAY_S = 24 * _HOUR_S


def policy_from(asked: dict[str, Any] | None, droplet_id: int) -> dict[str, Any]:
    """Return the policy that a request asks for, complete; refuse one that makes no sense."""
    asked = asked or {}
    plan = bodies.optional(asked, "plan", "string") or DEFAULT_BACKUP_PLAN
    hour = bodies.optional(asked, "hour", "integer")
    weekday = bodies.optional(asked, "weekday", "string")
    if plan not in RETENTION_DAYS:
        raise unprocessable("Backup policy plan must be daily or weekly.")
    if hour is None:
        hour = HOURS[droplet_id % len(HOURS)]
    if hour not in HOURS:
        raise unprocessable(f"Backup policy hour must be one of {', '.join(map(str, HOURS))}.")
    if plan == "daily":
        return {"plan": plan, "hour": hour}
    weekday = weekday or "SUN"
    if weekday not in WEEKDAYS:
        raise unprocessable(f"Backup policy weekday must be one of {', '.join(WEEKDAYS)}.")
    return {"plan": plan, "weekday": weekday, "hour": hour}


def shown_policy(policy: dict[str, Any]) -> dict[str, Any]:
    """Return a policy as the API shows it."""
    return {**policy, "window_length_hours": WINDOW_HOURS, "retention_period_days": RETENTION_DAYS[policy["plan"]]}


def next_window(policy: dict[str, Any], now: float) -> dict[str, str]:
    """Return the next window that has not begun."""
    start = now - now % _DAY_S + policy["hour"] * _HOUR_S
    while start <= now or ("weekday" in policy and _weekday(start) != policy["weekday"]):
        start += _DAY_S
    return {"start": stamp(start), "end": stamp(start + WINDOW_HOURS * _HOUR_S)}


def _weekday(seconds: float) -> str:
    return WEEKDAYS[(time.gmtime(seconds).tm_wday + 1) % 7]
