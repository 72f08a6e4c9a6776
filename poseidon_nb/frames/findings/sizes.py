"""Sizes: their prices per unit, where they are available, and the names of families and areas."""

from __future__ import annotations

from poseidon_nb.frames.findings.columns import finding, findings

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
#: The processor generations of sizes without GPUs. The generation of a GPU size is the GPU model.
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
    finding("slug", "string", "size slug"),
    finding("price_monthly", "float64", "price of a full month", "USD"),
    finding("vcpus", "Int64", "number of vCPUs"),
    finding("memory_gib", "float64", "memory", "GiB"),
    finding("disk", "Int64", "local disk", "GB"),
    finding("transfer", "float64", "outbound transfer included each month", "TB"),
)
_CLASS = (
    finding("family", "string", f"family: {', '.join(dict.fromkeys(FAMILIES.values()))} or {OTHER}"),
    finding("generation", "string", f"processor generation: {', '.join(GENERATIONS)}; for GPU sizes the GPU model"),
    finding("price_hourly", "float64", "price of an hour", "USD"),
)
_UNIT_PRICES = (
    finding("price_per_vcpu", "float64", "monthly price per vCPU", "USD"),
    finding("price_per_memory_gib", "float64", "monthly price per GiB of memory", "USD"),
    finding("price_per_disk_gb", "float64", "monthly price per GB of disk", "USD"),
    finding("price_per_transfer_tb", "float64", "monthly price per TB of included transfer", "USD"),
    finding("price_per_gpu", "float64", "monthly price per GPU", "USD"),
    finding("gpu_count", "Int64", "number of GPUs; 0 if none"),
    finding("gpu_vram", "Int64", "memory of all GPUs together; 0 if none", "GiB"),
    finding("gpu_model", "string", "GPU model"),
    finding("memory", "Int64", "memory, as returned by the API", "MiB"),
    finding("available", "boolean", "whether new droplets can have this size"),
    finding("regions", "list", "slugs of the regions that offer the size to this account"),
    finding("description", "string", "the API's description of the family"),
)

SIZE_PRICES = findings("size_prices", *_BASIC, *_CLASS, *_UNIT_PRICES)
AVAILABLE_SIZES = findings(
    "available_sizes",
    *_BASIC,
    finding("available_in", "list", "requested regions in which the size is available now"),
    *_CLASS,
    *_UNIT_PRICES,
)
