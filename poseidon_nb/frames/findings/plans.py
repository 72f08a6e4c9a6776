"""Plans: their steps, the outcome of each step, and the plans that are not finished."""

from __future__ import annotations

from poseidon_nb.frames.columns import TIME
from poseidon_nb.frames.findings.columns import finding, findings

PLAN = findings(
    "plan",
    finding("chain", "Int64", "chain number, from 0; steps of a chain run in order, chains run in parallel"),
    finding("step", "Int64", "step number within the chain, from 0"),
    finding("kind", "string", "resource type: droplet, volume, tag ..."),
    finding("id", "string", "resource id; missing if the step creates the resource"),
    finding("name", "string", "resource name"),
    finding("change", "string", "resize, delete ...; with `if needed` if it may be skipped"),
    finding("from", "string", "current value, if known"),
    finding("to", "string", "new value"),
    finding("restart", "boolean", "whether the step interrupts a running resource"),
    finding("usd_month", "float64", "change of the monthly cost; negative for a saving, missing if unknown", "USD"),
    finding("reversible", "boolean", "whether the change can be undone"),
)

OUTCOMES = findings(
    "plan_outcomes",
    finding("chain", "Int64", "chain number, from 0"),
    finding("step", "Int64", "step number within the chain, from 0"),
    finding("id", "string", "resource id, also of a resource that the step created"),
    finding("name", "string", "resource name"),
    finding("action", "string", "resize, delete ..."),
    finding("status", "string", "completed, unchanged, in-progress, failed, skipped or unknown"),
    finding("error", "string", "why the step did not complete"),
)

UNENDED = findings(
    "plans",
    finding("id", "string", "plan id"),
    finding(
        "state",
        "string",
        "`running here`, `running in another kernel`, `interrupted`, `other account`, `must be run again` (a remaining "
        "step contains secrets, which are not stored) or `damaged`",
    ),
    finding("title", "string", "the command"),
    finding("remaining", "Int64", "number of steps not known to be finished; a resume checks them in the account"),
    finding("completed", "Int64", "number of steps known to be completed"),
    finding("steps", "Int64", "number of steps"),
    finding("started_at", TIME, "start time, by the clock of the service"),
    finding("account", "string", "account that the plan is for"),
    finding("note", "string", "why a resume skipped a part of the plan"),
)
