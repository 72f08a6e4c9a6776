"""Which size each droplet should have: its use, the size advised, what that saves, and how sure it is."""

from __future__ import annotations

from poseidon_nb.frames.columns import TIME
from poseidon_nb.frames.findings.columns import finding, findings

RIGHTSIZING = findings(
    "rightsizing",
    finding("droplet_id", "Int64", "the droplet's number"),
    finding("name", "string", "its name"),
    finding("verdict", "string", "smaller, keep, larger (it needs more), or unknown"),
    finding("size", "string", "the size that it has"),
    finding("advised_size", "string", "the size that it should have; missing where none can be advised"),
    finding(
        "saving_usd_month", "float64", "what the advised size saves a month; below zero where it costs more", "USD"
    ),
    finding("saving_usd_year", "float64", "the same in twelve months", "USD"),
    finding("sure", "string", "high, medium or low; missing where nothing is advised"),
    finding("why", "string", "what the advice rests on, and what speaks against it"),
    finding("region", "string", "slug of its datacenter, where the size has to be sold"),
    finding("price_monthly", "float64", "what it costs a month now", "USD"),
    finding("advised_price_monthly", "float64", "what it would cost a month", "USD"),
    finding("grow_disk", "boolean", "whether its disk has to grow with the resize, which cannot be undone"),
    finding("anew_size", "string", "what would do if its disk could shrink: only for a droplet made anew"),
    finding("anew_saving_usd_month", "float64", "what that saves a month", "USD"),
    finding("cpu_p50", "float64", "half of the time its vCPUs, all together, were busier than this", "%"),
    finding("cpu_p95", "float64", "a twentieth of the time they were busier than this", "%"),
    finding("cpu_max", "float64", "the busiest reading", "%"),
    finding("bursts", "float64", "share of the readings in which they were busier than 90 %", "%"),
    finding("advised_cpu_p95", "float64", "what `cpu_p95` would be on the advised size", "%"),
    finding("advised_cpu_max", "float64", "what `cpu_max` would be: above 100, the work takes that much longer", "%"),
    finding("memory_p50", "float64", "half of the time more of its memory was used", "%"),
    finding("memory_p95", "float64", "a twentieth of the time more of its memory was used", "%"),
    finding("memory_max", "float64", "the fullest reading", "%"),
    finding("advised_memory_max", "float64", "what `memory_max` would be on the advised size", "%"),
    finding("disk_used_gb", "float64", "most that was on its own disk, volumes not counted", "GB"),
    finding("disk_used_percent", "float64", "most of its own disk that was used", "%"),
    finding("outbound_tb_month", "float64", "what it would send to the internet in a month", "TB"),
    finding("samples", "Int64", "how many readings the figures rest on"),
    finding("hours", "float64", "how long those readings cover, gaps not counted", "h"),
    finding("from", TIME, "the first reading"),
    finding("to", TIME, "the last reading"),
)
