"""What the account costs: line items, their sums, and what was billed."""

from __future__ import annotations

from poseidon_nb.frames.columns import TIME
from poseidon_nb.frames.findings.columns import finding, findings

#: What lines can be grouped by.
COST_KEYS = ("kind", "tag", "region", "size", "project", "droplet")

COST_LINES = findings(
    "cost_lines",
    finding("kind", "string", "resource type: droplet, backup, snapshot, volume, load_balancer ..."),
    finding("name", "string", "resource name; for backups the droplet's name"),
    finding("price_usd_month", "float64", "price of a full month; missing if no price is known", "USD"),
    finding("note", "string", "why there is no price, or what the price is based on"),
    finding("region", "string", "region slug; for snapshots the first region"),
    finding("size", "string", "size slug, if any; for backups the droplet's size"),
    finding("project", "string", "project name; for backups the droplet's project"),
    finding("tags", "list", "tag names; for backups the droplet's tags"),
    finding("price_usd_hour", "float64", "hourly price, charged until the monthly price is reached", "USD"),
    finding("quantity", "float64", "number of units charged"),
    finding("unit", "string", "unit of the quantity"),
    finding("id", "string", "resource id; for backups the droplet's id"),
    finding("droplet_id", "Int64", "id of the droplet that the resource is, belongs to or is attached to"),
    finding("created_at", TIME, "creation time, if the API returns one"),
    finding("price_source", "string", "operation that returned the price, or page and date"),
)

COST_BY = findings(
    "cost_by",
    finding("group", "string", "tag, region, size, project, droplet or kind; missing for resources without one"),
    finding("resources", "Int64", "number of resources in the group"),
    finding("price_usd_month", "float64", "price of a full month; missing if no resource has a price", "USD"),
    finding("price_usd_hour", "float64", "price of an hour", "USD"),
    finding(
        "share_percent", "float64", "share of the total monthly price; by tag, shares can add up to more than 100", "%"
    ),
    finding("unpriced", "Int64", "number of resources without a price"),
    finding("unavailable", "Int64", "number of resource types that could not be read"),
    finding("droplet_id", "Int64", "droplet id, if grouped by droplet"),
    finding("note", "string", "why resources have no price or could not be read"),
)

COST_TOTAL = findings(
    "cost_total",
    finding("resources", "Int64", "number of resources"),
    finding("price_usd_month", "float64", "price of a full month, of all resources with a price", "USD"),
    finding("price_usd_hour", "float64", "price of an hour, of all resources with a price", "USD"),
    finding("unpriced", "Int64", "number of resources without a price"),
    finding("unavailable", "Int64", "number of resource types that could not be read"),
)

COST_RECONCILIATION = findings(
    "cost_reconciliation",
    finding("product", "string", "product name on the invoice; (all) compares the balance with all lines"),
    finding(
        "expected_usd",
        "float64",
        "expected month-to-date cost of existing resources; missing if none could be read",
        "USD",
    ),
    finding("billed_usd", "float64", "amount on the invoice preview; for (all) the month-to-date usage", "USD"),
    finding("difference_usd", "float64", "`billed_usd` minus `expected_usd`", "USD"),
    finding("deleted_usd", "float64", "billed for resources that no longer exist; missing if unknown", "USD"),
    finding("resources", "Int64", "number of resources compared"),
    finding("items", "Int64", "number of items on the invoice preview"),
    finding("note", "string", "what prevents an exact comparison"),
)

COST_HISTORY = findings(
    "cost_history",
    finding("month", "string", "year and month, such as 2026-11"),
    finding("billed_usd", "float64", "amount invoiced; missing if an invoice of the month has no amount", "USD"),
    finding("change_usd", "float64", "change from the previous month", "USD"),
    finding("change_percent", "float64", "change from the previous month, in percent of its amount", "%"),
    finding("invoices", "Int64", "number of invoices; 0 if nothing was billed"),
    finding("final", "boolean", "whether the month is over; if not, the amount is month-to-date"),
)
