"""The recommended size of each droplet, with its usage, the saving, and the confidence."""

from __future__ import annotations

from poseidon_nb.frames.findings.columns import finding, findings
from poseidon_nb.frames.findings.metrics import CPU, DISK_AND_TRAFFIC, MEMORY, WINDOW

RIGHTSIZING = findings(
    "rightsizing",
    finding("name", "string", "droplet name"),
    finding("verdict", "string", "smaller, keep, larger (it needs more) or unknown"),
    finding("size", "string", "current size"),
    finding("advised_size", "string", "recommended size; missing if there is none"),
    finding("saving_usd_month", "float64", "monthly saving with `advised_size`; negative if it costs more", "USD"),
    finding("confidence", "string", "high, medium or low; missing if no size is recommended"),
    finding("why", "string", "what the recommendation is based on, and what speaks against it"),
    finding("droplet_id", "Int64", "droplet id"),
    finding("saving_usd_year", "float64", "yearly saving with `advised_size`", "USD"),
    finding("region", "string", "region slug"),
    finding("price_usd_month", "float64", "current monthly price", "USD"),
    finding("advised_price_usd_month", "float64", "monthly price of `advised_size`", "USD"),
    finding("grow_disk", "boolean", "whether the resize must include the disk, which cannot be undone"),
    finding("recreate_size", "string", "smaller size that would fit if the droplet were recreated with a smaller disk"),
    finding("recreate_saving_usd_month", "float64", "monthly saving with `recreate_size`", "USD"),
    *CPU,
    finding("advised_cpu_p95_percent", "float64", "estimated `cpu_p95_percent` on `advised_size`", "%"),
    finding(
        "advised_cpu_max_percent",
        "float64",
        "estimated `cpu_max_percent` on `advised_size`; above 100, peaks take longer",
        "%",
    ),
    *MEMORY,
    finding("advised_memory_max_percent", "float64", "estimated `memory_max_percent` on `advised_size`", "%"),
    *DISK_AND_TRAFFIC,
    *WINDOW,
)
