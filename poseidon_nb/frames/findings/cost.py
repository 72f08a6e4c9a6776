"""What the account costs: a line for each thing, sums of them, and what was billed."""

from __future__ import annotations

from poseidon_nb.frames.columns import TIME
from poseidon_nb.frames.findings.columns import finding, findings

COST_LINES = findings(
    "cost_lines",
    finding("kind", "string", "what it is: droplet, backup, snapshot, volume, load_balancer ..."),
    finding("name", "string", "its name; of backups the droplet's"),
    finding("price_usd_month", "float64", "what a whole month costs; missing where no price is known", "USD"),
    finding("note", "string", "why there is no price, or what it rests on"),
    finding("region", "string", "slug of the datacenter; of a snapshot the first that has it"),
    finding("size", "string", "slug of its plan, where it has one; of backups the droplet's"),
    finding("project", "string", "name of its project; of backups the droplet's"),
    finding("tags", "list", "names of its tags; of backups the droplet's"),
    finding("price_usd_hour", "float64", "what an hour costs, until a month's price is reached", "USD"),
    finding("quantity", "float64", "how many units are charged"),
    finding("unit", "string", "what is counted"),
    finding("id", "string", "its id; of backups the droplet's"),
    finding("droplet_id", "Int64", "the droplet that it is, belongs to or is attached to"),
    finding("created_at", TIME, "since when it has been there, where the API tells"),
    finding("price_source", "string", "the operation that tells the price, or the page and its date"),
)

COST_BY = findings(
    "cost_by",
    finding("group", "string", "the tag, region, size, project, droplet or kind; missing for things with none"),
    finding("things", "Int64", "how many things are counted here"),
    finding("price_usd_month", "float64", "what a whole month costs; missing where nothing has a price", "USD"),
    finding("price_usd_hour", "float64", "what an hour costs", "USD"),
    finding(
        "share_percent", "float64", "its part of the whole month's price; by tag they may add up to more than 100", "%"
    ),
    finding("unpriced", "Int64", "how many of the things have no price"),
    finding("unread", "Int64", "how many kinds of things could not be read"),
    finding("droplet_id", "Int64", "the droplet's number, by droplet only"),
    finding("note", "string", "why things have no price, or could not be read"),
)

COST_TOTAL = findings(
    "cost_total",
    finding("things", "Int64", "how many things there are"),
    finding("price_usd_month", "float64", "what a whole month costs, as far as prices are known", "USD"),
    finding("price_usd_hour", "float64", "what an hour costs, likewise", "USD"),
    finding("unpriced", "Int64", "how many of the things have no price"),
    finding("unread", "Int64", "how many kinds of things could not be read"),
)

COST_RECONCILED = findings(
    "cost_reconciled",
    finding("product", "string", "as the invoice calls it; (all) for the balance against all lines"),
    finding(
        "lines_usd",
        "float64",
        "what things that are there should have cost this month until now; missing where none could be read",
        "USD",
    ),
    finding("billed_usd", "float64", "what the invoice's preview has; of (all) the balance's usage", "USD"),
    finding("difference_usd", "float64", "what was billed beyond the lines", "USD"),
    finding(
        "gone_usd",
        "float64",
        "part of what was billed, for things that are not there any more, where that is known",
        "USD",
    ),
    finding("things", "Int64", "how many things are compared"),
    finding("items", "Int64", "how many items the invoice's preview has"),
    finding("note", "string", "what stands in the way of comparing"),
)

COST_HISTORY = findings(
    "cost_history",
    finding("month", "string", "year and month: 2026-11"),
    finding("billed_usd", "float64", "what was invoiced; missing where an invoice of the month tells no amount", "USD"),
    finding("change_usd", "float64", "how much more than the month before", "USD"),
    finding("change_percent", "float64", "the same of the month before's amount", "%"),
    finding("invoices", "Int64", "how many invoices the month has; 0 where nothing was billed"),
    finding("final", "boolean", "whether the month is over; else it is what was used until now"),
)
