"""Derived tables of the cost of a month: forecast, budget, changes, cost over time and outbound transfer."""

from __future__ import annotations

from poseidon_nb.frames.columns import TIME, derived_column, derived_table

#: Groups that are no tag, region ...: the account, resources that have charges but no line, and what only the balance shows.
ALL, NOT_LISTED, NOT_ON_PREVIEW = "(all)", "(not listed)", "(not on the preview)"
#: The status of a budget, from good to bad; the last two are exceeded.
WITHIN, AT_RISK, WILL_BE_OVER, OVER = STATUSES = ("within", "at risk", "will be over", "over")

_LIKELY = "amount at the end of the month (UTC) if nothing changes"

COST_FORECAST = derived_table(
    "cost_forecast",
    derived_column("group", "string", "what the rows are grouped by; (all) is the account, each resource counted once"),
    derived_column("low_usd", "float64", "lower end of the range that holds about 9 of 10 months", "USD"),
    derived_column("likely_usd", "float64", _LIKELY, "USD"),
    derived_column("high_usd", "float64", "upper end of the range that holds about 9 of 10 months", "USD"),
    derived_column("billed_usd", "float64", "amount so far, by the invoice preview", "USD"),
    derived_column("remaining_usd", "float64", "`likely_usd` minus `billed_usd`", "USD"),
    derived_column("resources", "Int64", "number of resources that run on"),
    derived_column("ended", "Int64", "number of resources that ended this month; their amount is final"),
    derived_column("unpriced", "Int64", "number of resources without a price, which are not included"),
    derived_column("how", "string", "how the amounts were reckoned, and for how many resources"),
)

COST_BUDGET = derived_table(
    "cost_budget",
    derived_column("group", "string", "tag; (all) is the account"),
    derived_column("limit_usd", "float64", "budget of a month; missing if none is set", "USD"),
    derived_column("spent_usd", "float64", "amount so far this month", "USD"),
    derived_column("forecast_usd", "float64", _LIKELY, "USD"),
    derived_column("high_usd", "float64", "upper end of the range of the forecast", "USD"),
    derived_column("left_usd", "float64", "`limit_usd` minus `spent_usd`", "USD"),
    derived_column("days_left", "float64", "time until the end of the month", "d"),
    derived_column(
        "status",
        "string",
        "within, at risk (the range exceeds the limit), will be over (the forecast does), or over; missing without a limit",
    ),
    derived_column("month", "string", "year and month, such as 2026-11"),
)

COST_CHANGES = derived_table(
    "cost_changes",
    derived_column("time", TIME, "time of the change"),
    derived_column("change", "string", "created, deleted, grew, shrank, or resized if the amount is unknown"),
    derived_column("resource_type", "string", "resource type; for an unknown product its name on the invoice"),
    derived_column("name", "string", "resource name; for deleted resources from the invoice, if it is there"),
    derived_column("usd_month", "float64", "change of the monthly cost; missing if unknown", "USD"),
    derived_column("before_usd_month", "float64", "monthly cost before", "USD"),
    derived_column("after_usd_month", "float64", "monthly cost after", "USD"),
    derived_column("id", "string", "resource id"),
    derived_column("source", "string", "where the change shows: invoice, created_at or actions"),
    derived_column("note", "string", "why an amount is estimated or unknown"),
    first=("time", "change", "name", "usd_month", "resource_type"),
)

COST_ALLOCATION = derived_table(
    "cost_allocation",
    derived_column("start", TIME, "start of the period"),
    derived_column(
        "group", "string", "tag, region, size, project, droplet or resource type; missing for resources without one"
    ),
    derived_column("usd", "float64", "cost of the group in the period", "USD"),
    derived_column("resources", "Int64", "number of resources that cost something"),
    derived_column("end", TIME, "end of the period; for the last one, now"),
    derived_column("period", "string", "day, week or month"),
)

COST_TRANSFER = derived_table(
    "cost_transfer",
    derived_column("name", "string", "droplet name; (all) is the account"),
    derived_column(
        "sent_gib", "float64", "sent to the internet this month, by metrics; missing without readings", "GiB"
    ),
    derived_column("included_gib", "float64", "allowance earned so far this month", "GiB"),
    derived_column("forecast_sent_gib", "float64", "sent by the end of the month at the same rate", "GiB"),
    derived_column("forecast_included_gib", "float64", "allowance by the end of the month", "GiB"),
    derived_column("overage_gib", "float64", "only for (all): sent beyond the sum of the allowances so far", "GiB"),
    derived_column("overage_usd", "float64", "only for (all): price of `overage_gib`", "USD"),
    derived_column("forecast_overage_usd", "float64", "only for (all): overage at the end of the month", "USD"),
    derived_column("hours", "float64", "time that the droplet existed this month", "h"),
    derived_column("size", "string", "size slug"),
    derived_column("droplet_id", "Int64", "droplet id"),
    derived_column("note", "string", "why an amount is missing"),
)
