"""Derived tables of plans: their steps, the outcomes of the steps, and unfinished plans."""

from __future__ import annotations

from poseidon_nb.frames.columns import TIME, derived_column, derived_table

PLAN = derived_table(
    "plan",
    derived_column("chain", "Int64", "chain number, from 0; steps of a chain run in order, chains run in parallel"),
    derived_column("step", "Int64", "step number within the chain, from 0"),
    derived_column("resource_type", "string", "resource type: droplet, volume, tag ..."),
    derived_column("id", "string", "resource id; missing if the step creates the resource"),
    derived_column("name", "string", "resource name"),
    derived_column("change", "string", "resize, delete ...; with `if needed` if it is sent only when needed"),
    derived_column("from", "string", "current value, if known"),
    derived_column("to", "string", "new value"),
    derived_column("restart", "boolean", "whether the step interrupts a running resource"),
    derived_column(
        "usd_month", "float64", "change of the monthly cost; negative for a saving, missing if unknown", "USD"
    ),
    derived_column("reversible", "boolean", "whether the change can be undone"),
)

PLAN_OUTCOMES = derived_table(
    "plan_outcomes",
    derived_column("chain", "Int64", "chain number, from 0"),
    derived_column("step", "Int64", "step number within the chain, from 0"),
    derived_column("id", "string", "resource id, also of a resource that the step created"),
    derived_column("name", "string", "resource name"),
    derived_column("action", "string", "resize, delete ..."),
    derived_column("status", "string", "completed, unchanged, in-progress, failed, skipped or unknown"),
    derived_column("error", "string", "why the step did not complete"),
)

UNFINISHED_PLANS = derived_table(
    "plans",
    derived_column("id", "string", "plan id"),
    derived_column(
        "state",
        "string",
        "`running here`, `running in another kernel`, `interrupted`, `other account`, `must be run again` (a remaining "
        "step contains secrets, which are not stored) or `damaged`",
    ),
    derived_column("title", "string", "the command"),
    derived_column(
        "remaining", "Int64", "number of steps not known to be completed; a resume checks them in the account"
    ),
    derived_column("completed", "Int64", "number of steps known to be completed"),
    derived_column("steps", "Int64", "number of steps"),
    derived_column("started_at", TIME, "start time, by DigitalOcean's clock"),
    derived_column("account", "string", "account that the plan is for"),
    derived_column("note", "string", "why a resume did not send part of the plan"),
)
