"""Derived tables of prices: what the account costs, what sizes cost per unit, and where sizes are available."""

from __future__ import annotations

from poseidon_nb.frames.columns import TIME, derived_column, derived_table

#: What lines can be grouped by.
COST_KEYS = ("resource_type", "tag", "region", "size", "project", "droplet")

COST_LINES = derived_table(
    "cost_lines",
    derived_column("resource_type", "string", "resource type: droplet, backup, snapshot, volume, load_balancer ..."),
    derived_column("name", "string", "resource name; for backups the droplet's name"),
    derived_column("price_usd_month", "float64", "price of a full month; missing if no price is known", "USD"),
    derived_column("note", "string", "why there is no price, or what the price is based on"),
    derived_column("region", "string", "region slug; for snapshots the first region"),
    derived_column("size", "string", "size slug, if any; for backups the droplet's size"),
    derived_column("project", "string", "project name; for backups the droplet's project"),
    derived_column("tags", "list", "tag names; for backups the droplet's tags"),
    derived_column("price_usd_hour", "float64", "hourly price, charged until the monthly price is reached", "USD"),
    derived_column("quantity", "float64", "number of units charged"),
    derived_column("unit", "string", "unit of the quantity"),
    derived_column("id", "string", "resource id; for backups the droplet's id"),
    derived_column(
        "droplet_id", "Int64", "id of the droplet: the resource itself, or the one that it belongs to or is attached to"
    ),
    derived_column("created_at", TIME, "creation time, if the API returns one"),
    derived_column("price_source", "string", "operation that returned the price, or page and date"),
    first=("resource_type", "name", "price_usd_month", "note", "region", "size", "project", "tags"),
)

COST_BY = derived_table(
    "cost_by",
    derived_column(
        "group", "string", "tag, region, size, project, droplet or resource type; missing for resources without one"
    ),
    derived_column("resources", "Int64", "number of resources in the group"),
    derived_column("price_usd_month", "float64", "price of a full month; missing if no resource has a price", "USD"),
    derived_column("price_usd_hour", "float64", "price of an hour", "USD"),
    derived_column(
        "share_percent", "float64", "share of the total monthly price; by tag, shares can add up to more than 100", "%"
    ),
    derived_column("unpriced", "Int64", "number of resources without a price"),
    derived_column("unavailable", "Int64", "number of resource types that could not be read"),
    derived_column("droplet_id", "Int64", "droplet id, if grouped by droplet"),
    derived_column("note", "string", "why resources have no price or could not be read"),
)

COST_TOTAL = derived_table(
    "cost_total",
    derived_column("resources", "Int64", "number of resources"),
    derived_column("price_usd_month", "float64", "price of a full month, of all resources with a price", "USD"),
    derived_column("price_usd_hour", "float64", "price of an hour, of all resources with a price", "USD"),
    derived_column("unpriced", "Int64", "number of resources without a price"),
    derived_column("unavailable", "Int64", "number of resource types that could not be read"),
)

COST_RECONCILIATION = derived_table(
    "cost_reconciliation",
    derived_column("product", "string", "product name on the invoice; (all) compares the balance with all lines"),
    derived_column(
        "expected_usd",
        "float64",
        "expected month-to-date cost of existing resources; missing if none could be read",
        "USD",
    ),
    derived_column("billed_usd", "float64", "amount on the invoice preview; for (all) the month-to-date usage", "USD"),
    derived_column("difference_usd", "float64", "`billed_usd` minus `expected_usd`", "USD"),
    derived_column("deleted_usd", "float64", "billed for resources that no longer exist; missing if unknown", "USD"),
    derived_column("resources", "Int64", "number of resources compared"),
    derived_column("items", "Int64", "number of items on the invoice preview"),
    derived_column("note", "string", "what prevents an exact comparison"),
)

COST_HISTORY = derived_table(
    "cost_history",
    derived_column("month", "string", "year and month, such as 2026-11"),
    derived_column("billed_usd", "float64", "amount invoiced; missing if an invoice of the month has no amount", "USD"),
    derived_column("change_usd", "float64", "change from the previous month", "USD"),
    derived_column("change_percent", "float64", "change from the previous month, in percent of its amount", "%"),
    derived_column("invoices", "Int64", "number of invoices; 0 if nothing was billed"),
    derived_column("final", "boolean", "whether the month is over; if not, the amount is month-to-date"),
)

#: The family of a size, by the letters that its slug begins with.
FAMILIES = {
    "s": "basic",
    "g": "general-purpose",
    "gd": "general-purpose",
    "c": "cpu-optimized",
    "m": "memory-optimized",
    "so": "storage-optimized",
    "gpu": "gpu",
}
#: The family of a size that no rule classifies.
OTHER = "other"
#: The CPU generations of sizes without GPUs. The generation of a GPU size is the GPU model.
GENERATIONS = ("regular", "premium-intel", "premium-amd", "legacy")

#: Areas, and the letters that the slugs of their regions begin with. City names are those in ``regions_list``; a region
#: whose city is not published belongs to no area.
AREAS = {
    "europe": ("ams", "fra", "lon"),
    "north-america": ("atl", "nyc", "sfo", "tor"),
    "asia": ("blr", "sgp"),
    "australia": ("syd",),
}

_BASIC = (
    derived_column("slug", "string", "size slug"),
    derived_column("price_monthly", "float64", "price of a full month", "USD"),
    derived_column("vcpus", "Int64", "number of vCPUs"),
    derived_column("memory_gib", "float64", "memory", "GiB"),
    derived_column("disk", "Int64", "local disk", "GB"),
    derived_column("transfer", "float64", "outbound transfer included each month", "TB"),
)
_CLASS = (
    derived_column("family", "string", f"family: {', '.join(dict.fromkeys(FAMILIES.values()))} or {OTHER}"),
    derived_column("generation", "string", f"CPU generation: {', '.join(GENERATIONS)}; for GPU sizes the GPU model"),
    derived_column("price_hourly", "float64", "price of an hour", "USD"),
)
_UNIT_PRICES = (
    derived_column("price_per_vcpu", "float64", "monthly price per vCPU", "USD"),
    derived_column("price_per_memory_gib", "float64", "monthly price per GiB of memory", "USD"),
    derived_column("price_per_disk_gb", "float64", "monthly price per GB of disk", "USD"),
    derived_column("price_per_transfer_tb", "float64", "monthly price per TB of included transfer", "USD"),
    derived_column("price_per_gpu", "float64", "monthly price per GPU", "USD"),
    derived_column("gpu_count", "Int64", "number of GPUs; 0 if none"),
    derived_column("gpu_vram", "Int64", "memory of all GPUs together; 0 if none", "GiB"),
    derived_column("gpu_model", "string", "GPU model"),
    derived_column("memory", "Int64", "memory, as returned by the API", "MiB"),
    derived_column("available", "boolean", "whether new droplets can have this size"),
    derived_column("regions", "list", "slugs of the regions that offer the size to this account"),
    derived_column("description", "string", "the API's description of the family"),
)

SIZE_PRICES = derived_table("size_prices", *_BASIC, *_CLASS, *_UNIT_PRICES)
AVAILABLE_SIZES = derived_table(
    "available_sizes",
    *_BASIC,
    derived_column("available_in", "list", "requested regions in which the size is available now"),
    *_CLASS,
    *_UNIT_PRICES,
)
