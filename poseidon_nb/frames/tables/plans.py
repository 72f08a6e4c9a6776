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

LEASES = derived_table(
    "leases",
    derived_column("name", "string", "droplet name"),
    derived_column("ends_at", TIME, "end of the lease; missing if its tag cannot be read"),
    derived_column("left_hours", "float64", "hours until the end; negative for a lease that is over", "h"),
    derived_column("over", "boolean", "whether `%do reap` would destroy the droplet now"),
    derived_column(
        "cost_usd", "float64", "cost since the droplet was created, at the prices of its present size", "USD"
    ),
    derived_column("price_usd_month", "float64", "monthly price of the droplet's size", "USD"),
    derived_column("status", "string", "active or off"),
    derived_column("created_at", TIME, "creation time of the droplet"),
    derived_column("tag", "string", "the tag that holds the lease"),
    derived_column("id", "Int64", "droplet id"),
)

FROZEN = derived_table(
    "frozen",
    derived_column("name", "string", "name of the droplet that was frozen"),
    derived_column("frozen_at", TIME, "creation time of its snapshot"),
    derived_column("size", "string", "size slug that the droplet had and will have again"),
    derived_column("region", "string", "region slug"),
    derived_column("snapshot_gb", "float64", "size of the snapshot", "GB"),
    derived_column("snapshot_usd_month", "float64", "monthly price of the snapshot", "USD"),
    derived_column("droplet_usd_month", "float64", "monthly price of the droplet and its backups if it ran", "USD"),
    derived_column("saved_usd_month", "float64", "what freezing saves per month", "USD"),
    derived_column("tags", "list", "tags that the droplet had"),
    derived_column("note", "string", "why it cannot be thawed"),
    derived_column("snapshot", "string", "name of the snapshot"),
    derived_column("snapshot_id", "Int64", "id of the snapshot"),
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
