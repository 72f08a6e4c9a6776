"""Derived tables of what can go: snapshots by a retention policy, and idle resources."""

from __future__ import annotations

from poseidon_nb.frames.columns import TIME, derived_column, derived_table

RETENTION = derived_table(
    "retention",
    derived_column("name", "string", "snapshot name"),
    derived_column("verdict", "string", "keep or delete"),
    derived_column(
        "why", "string", "why it stays or goes: the rules that keep it, its tag, or the droplets made from it"
    ),
    derived_column("saving_usd_month", "float64", "monthly saving; 0 for a snapshot that stays", "USD"),
    derived_column("created_at", TIME, "creation time"),
    derived_column("resource_type", "string", "what it is a snapshot of: droplet or volume"),
    derived_column("resource_name", "string", "name of the droplet or volume; missing if it is gone"),
    derived_column("size_gigabytes", "float64", "stored and billed size", "GB"),
    derived_column(
        "rules",
        "list",
        "rules that keep it: last, hourly, daily, weekly, monthly, yearly, within, oldest daily, newest ...",
    ),
    derived_column("id", "string", "snapshot id"),
    derived_column("resource_id", "string", "id of the droplet or volume"),
)

IDLE = derived_table(
    "idle",
    derived_column(
        "kind",
        "string",
        "droplet, volume, snapshot, image, reserved_ip, load_balancer, kubernetes, database, app, registry ...",
    ),
    derived_column("id", "string", "resource id; for reserved IPs the address"),
    derived_column("name", "string", "resource name"),
    derived_column("why", "string", "the evidence"),
    derived_column(
        "usd_month", "float64", "what it costs a month, droplets without backups; missing if no price is known", "USD"
    ),
    derived_column("confidence", "string", "how sure it is that nothing uses it: high, medium or low"),
    derived_column("command", "string", "the command that ends the cost; %do apply runs it"),
    first=("kind", "name", "usd_month", "why", "confidence", "command"),
)
