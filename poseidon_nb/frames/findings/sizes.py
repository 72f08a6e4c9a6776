"""What the sizes are worth, which of them are sold where, and the words that class them."""

from __future__ import annotations

from poseidon_nb.frames.findings.columns import finding, findings

#: What a plan is made for, by the letters that its slug begins with.
FAMILIES = {
    "s": "basic",
    "g": "general-purpose",
    "gd": "general-purpose",
    "c": "cpu-optimized",
    "m": "memory-optimized",
    "so": "storage-optimized",
    "gpu": "gpu",
}
#: What no rule knows.
OTHER = "other"
#: Which processors a plan has; those of graphics plans are called by the model instead.
GENERATIONS = ("regular", "premium-intel", "premium-amd", "legacy")

#: Parts of the world, and the letters that their datacenters' slugs begin with. The cities are the names in
#: ``regions_list``; a datacenter whose city is not published is in none of them.
AREAS = {
    "europe": ("ams", "fra", "lon"),
    "north-america": ("atl", "nyc", "sfo", "tor"),
    "asia": ("blr", "sgp"),
    "australia": ("syd",),
}

_WHAT = (
    finding("slug", "string", "the word that names the plan"),
    finding("price_monthly", "float64", "what a whole month costs at most", "USD"),
    finding("vcpus", "Int64", "virtual processors"),
    finding("memory_gib", "float64", "memory", "GiB"),
    finding("disk", "Int64", "local disk", "GB"),
    finding("transfer", "float64", "outbound traffic included each month", "TB"),
)
_CLASS = (
    finding("family", "string", f"what it is made for: {', '.join(dict.fromkeys(FAMILIES.values()))}, or {OTHER}"),
    finding("generation", "string", f"its processors: {', '.join(GENERATIONS)}; of graphics plans the model"),
    finding("price_hourly", "float64", "what an hour costs", "USD"),
)
_WORTH = (
    finding("price_per_vcpu", "float64", "its monthly price for each virtual processor", "USD"),
    finding("price_per_memory_gib", "float64", "its monthly price for each GiB of memory", "USD"),
    finding("price_per_disk_gb", "float64", "its monthly price for each GB of disk", "USD"),
    finding("price_per_transfer_tb", "float64", "its monthly price for each TB of included traffic", "USD"),
    finding("price_per_gpu", "float64", "its monthly price for each graphics processor", "USD"),
    finding("gpu_count", "Int64", "number of its graphics processors, 0 where it has none"),
    finding("gpu_vram", "Int64", "memory of all its graphics processors, 0 where it has none", "GiB"),
    finding("gpu_model", "string", "model of its graphics processors"),
    finding("memory", "Int64", "memory, as the API has it", "MiB"),
    finding("available", "boolean", "whether droplets can be made with it"),
    finding("regions", "list", "slugs of the datacenters that sell it to this account"),
    finding("description", "string", "the API's own words for the family"),
)

SIZE_PRICES = findings("size_prices", *_WHAT, *_CLASS, *_WORTH)
SIZES_ON_SALE = findings(
    "sizes_on_sale",
    *_WHAT,
    finding("sold_in", "list", "those of the regions asked about that sell it now"),
    *_CLASS,
    *_WORTH,
)
