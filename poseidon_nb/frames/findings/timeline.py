"""Actions on droplets over time, and how long each type of action takes."""

from __future__ import annotations

from poseidon_nb.frames.columns import TIME
from poseidon_nb.frames.findings.columns import finding, findings

SPANS = findings(
    "spans",
    finding("name", "string", "droplet name; the id if it was deleted"),
    finding("type", "string", "action type: create, power_off, resize ..."),
    finding("started_at", TIME, "start time"),
    finding("ended_at", TIME, "end time; for actions in progress, now"),
    finding("duration_s", "float64", "duration so far; missing if the end is before the start", "s"),
    finding("failed", "boolean", "whether the action failed"),
    finding("status", "string", "in-progress, completed or errored"),
    finding("region", "string", "region slug"),
    finding("droplet_id", "Int64", "droplet id"),
    finding("id", "Int64", "action id"),
)

DURATIONS = findings(
    "durations",
    finding("type", "string", "action type: create, power_off, resize ...; (unknown) if the API returns none"),
    finding("count", "Int64", "number of actions started"),
    finding("failed", "Int64", "number of failed actions"),
    finding("running", "Int64", "number of actions in progress"),
    finding("median_s", "float64", "median duration of completed actions", "s"),
    finding("p90_s", "float64", "90th percentile of the duration of completed actions", "s"),
)
