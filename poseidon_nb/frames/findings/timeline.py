"""What `poseidon_nb.analysis.timeline` finds out: what was done to droplets when, and how long that takes."""

from __future__ import annotations

from poseidon_nb.frames.columns import TIME
from poseidon_nb.frames.findings.columns import finding, findings

SPANS = findings(
    "spans",
    finding("name", "string", "the droplet's name; its number where it has none any more"),
    finding("type", "string", "what was done: create, power_off, resize ..."),
    finding("started_at", TIME, "when it began"),
    finding("ended_at", TIME, "when it ended; for one that runs, now"),
    finding(
        "duration_s", "float64", "how long it took, or has been running; missing where it ends before it begins", "s"
    ),
    finding("failed", "boolean", "whether it did not end well"),
    finding("status", "string", "in-progress, completed or errored"),
    finding("region", "string", "slug of the datacenter"),
    finding("droplet_id", "Int64", "the droplet's number"),
    finding("id", "Int64", "the action's number"),
)

DURATIONS = findings(
    "durations",
    finding("type", "string", "what was done: create, power_off, resize ...; (unknown) where it is not told"),
    finding("count", "Int64", "how many were started"),
    finding("failed", "Int64", "how many of them did not end well"),
    finding("running", "Int64", "how many have not ended yet"),
    finding("median_s", "float64", "half of those that ended well took no longer", "s"),
    finding("p90_s", "float64", "nine of ten that ended well took no longer", "s"),
)
