"""Checks from outside, and alerts on what is measured."""

from __future__ import annotations

from poseidon_nb.frames.columns import Column, Table

UPTIME_CHECKS = Table(
    "uptime_checks",
    "checks",
    "uptime_list_checks",
    (
        Column("id", "string", "id", meaning="the check's UUID"),
        Column("name", "string", "name", meaning="the name shown to people"),
        Column("type", "string", "type", meaning="ping, http or https"),
        Column("target", "string", "target", meaning="the address that is asked"),
        Column(
            "regions",
            "list",
            "regions",
            meaning="parts of the world it is asked from: us_east, us_west, eu_west, se_asia",
        ),
        Column("enabled", "boolean", "enabled", meaning="whether it is asked"),
    ),
    also=(
        "uptime_create_check",
        "uptime_get_check",
        "uptime_update_check",
    ),
)

UPTIME_ALERTS = Table(
    "uptime_alerts",
    "alerts",
    "uptime_list_alerts",
    (
        Column("id", "string", "id", meaning="the alert's UUID"),
        Column("name", "string", "name", meaning="the name shown to people"),
        Column("type", "string", "type", meaning="latency, down, down_global or ssl_expiry"),
        Column("threshold", "Int64", "threshold", meaning="milliseconds of latency, or days until a certificate ends"),
        Column("comparison", "string", "comparison", meaning="greater_than or less_than"),
        Column("period", "string", "period", meaning="how long it must be so: 2m, 3m ... 1h"),
        Column("emails", "list", "notifications.email", meaning="who is written to"),
    ),
    also=(
        "uptime_create_alert",
        "uptime_get_alert",
        "uptime_update_alert",
    ),
)

ALERT_POLICIES = Table(
    "alert_policies",
    "policies",
    "monitoring_list_alertPolicy",
    (
        Column("uuid", "string", "uuid", meaning="the policy's UUID"),
        Column("description", "string", "description", meaning="free text"),
        Column("type", "string", "type", meaning="what is measured, as a path: v1/insights/droplet/cpu"),
        Column("compare", "string", "compare", meaning="GreaterThan or LessThan"),
        Column("value", "float64", "value", meaning="the bound, in the unit of what is measured"),
        Column("window", "string", "window", meaning="over how long it is measured: 5m, 10m, 30m or 1h"),
        Column("enabled", "boolean", "enabled", meaning="whether it is watched"),
        Column("entities", "list", "entities", meaning="ids of what is watched"),
        Column("tags", "list", "tags", meaning="tags whose droplets are watched"),
        Column("emails", "list", "alerts.email", meaning="who is written to"),
    ),
    also=(
        "monitoring_create_alertPolicy",
        "monitoring_get_alertPolicy",
        "monitoring_update_alertPolicy",
    ),
)
