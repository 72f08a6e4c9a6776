"""Which size each droplet should have: its use, the size advised, what that saves, and how sure it is."""

from __future__ import annotations

from poseidon_nb.frames.findings.columns import finding, findings
from poseidon_nb.frames.findings.metrics import CPU, DISK_AND_TRAFFIC, MEMORY, WINDOW

RIGHTSIZING = findings(
    "rightsizing",
    finding("name", "string", "its name"),
    finding("verdict", "string", "smaller, keep, larger (it needs more), or unknown"),
    finding("size", "string", "the size that it has"),
    finding("advised_size", "string", "the size that it should have; missing where none can be advised"),
    finding(
        "saving_usd_month", "float64", "what the advised size saves a month; below zero where it costs more", "USD"
    ),
    finding("sure", "string", "high, medium or low; missing where nothing is advised"),
    finding("why", "string", "what the advice rests on, and what speaks against it"),
    finding("droplet_id", "Int64", "the droplet's number"),
    finding("saving_usd_year", "float64", "`saving_usd_month` in twelve months", "USD"),
    finding("region", "string", "slug of its datacenter, where the size has to be sold"),
    finding("price_usd_month", "float64", "what it costs a month now", "USD"),
    finding("advised_price_usd_month", "float64", "what it would cost a month", "USD"),
    finding("grow_disk", "boolean", "whether its disk has to grow with the resize, which cannot be undone"),
    finding("anew_size", "string", "what would do if its disk could shrink: only for a droplet made anew"),
    finding("anew_saving_usd_month", "float64", "what that saves a month", "USD"),
    *CPU,
    finding("advised_cpu_p95_percent", "float64", "what `cpu_p95_percent` would be on the advised size", "%"),
    finding(
        "advised_cpu_max_percent",
        "float64",
        "what `cpu_max_percent` would be: above 100, the work takes that much longer",
        "%",
    ),
    *MEMORY,
    finding("advised_memory_max_percent", "float64", "what `memory_max_percent` would be on the advised size", "%"),
    *DISK_AND_TRAFFIC,
    *WINDOW,
)
