"""Droplet metrics: readings as served, the same as comparable series, and each droplet's usage in one row."""

from __future__ import annotations

from poseidon_nb.frames.columns import TIME
from poseidon_nb.frames.findings.columns import finding, findings

#: Readings as served: the input of `poseidon_nb.analysis.metrics`.
SERIES = findings(
    "series",
    finding("time", TIME, "time of the reading"),
    finding("droplet_id", "Int64", "droplet id"),
    finding("name", "string", "droplet name"),
    finding("metric", "string", "cpu, memory_total, load_1, filesystem_free, bandwidth ..."),
    finding("mode", "string", "for cpu: mode, such as idle or user"),
    finding("device", "string", "for filesystems: device"),
    finding("mountpoint", "string", "for filesystems: mount point"),
    finding("interface", "string", "for bandwidth: public or private"),
    finding("direction", "string", "for bandwidth: inbound or outbound"),
    finding("value", "float64", "reading: cumulative seconds, bytes, Mbit/s or processes"),
)

METRICS = findings(
    "metrics",
    finding("time", TIME, "time of the reading; cpu values are the mean since the previous reading"),
    finding("droplet_id", "Int64", "droplet id"),
    finding("name", "string", "droplet name"),
    finding("kind", "string", "cpu, memory, load, filesystem or bandwidth"),
    finding("label", "string", "series within the kind: busy, used, 1m, a mount point, public outbound ..."),
    finding("value", "float64", "value in `unit`; missing where readings are missing"),
    finding("unit", "string", "%, processes or Mbit/s"),
)

#: Usage relative to the droplet's size; also part of table ``rightsizing``.
CPU = (
    finding("cpu_p50_percent", "float64", "median CPU usage, of all vCPUs together", "%"),
    finding("cpu_p95_percent", "float64", "95th percentile of CPU usage", "%"),
    finding("cpu_max_percent", "float64", "maximum CPU usage", "%"),
    finding("burst_percent", "float64", "share of readings with CPU usage above 90%", "%"),
)
MEMORY = (
    finding("memory_p50_percent", "float64", "median memory usage", "%"),
    finding("memory_p95_percent", "float64", "95th percentile of memory usage", "%"),
    finding("memory_max_percent", "float64", "maximum memory usage", "%"),
)
DISK_AND_TRAFFIC = (
    finding("disk_used_gb", "float64", "maximum disk usage, without volumes", "GB"),
    finding("disk_used_percent", "float64", "maximum disk usage, without volumes", "%"),
    finding(
        "outbound_tb_month",
        "float64",
        "outbound transfer to the internet, projected to 730 hours; gaps count as powered off",
        "TB",
    ),
)
#: The readings that the usage is based on.
WINDOW = (
    finding("samples", "Int64", "number of CPU or memory readings, whichever is smaller"),
    finding("hours", "float64", "time covered by readings, without gaps", "h"),
    finding("step_minutes", "float64", "typical time between two readings", "min"),
    finding("from", TIME, "first reading"),
    finding("to", TIME, "last reading"),
)

#: The columns shown first.
_FIRST = ("name", "cpu_p95_percent", "memory_p95_percent", "disk_used_percent", "outbound_tb_month", "note")
_USE = (
    finding("name", "string", "droplet name"),
    finding("droplet_id", "Int64", "droplet id"),
    *CPU,
    *MEMORY,
    *DISK_AND_TRAFFIC,
    finding("cpu_p95_vcpus", "float64", "95th percentile of busy vCPUs; valid across a resize"),
    finding("cpu_max_vcpus", "float64", "maximum of busy vCPUs"),
    finding("memory_p95_mib", "float64", "95th percentile of used memory", "MiB"),
    finding("memory_max_mib", "float64", "maximum of used memory", "MiB"),
    *WINDOW,
    finding("last_vcpus", "float64", "number of vCPUs in the last readings"),
    finding("last_memory_mib", "float64", "total memory in the last reading, without what the kernel reserves", "MiB"),
    finding("resized", "boolean", "whether vCPUs, memory or disk changed during the window"),
    finding("note", "string", "what is missing and why; missing if nothing is"),
)
USE = findings("use", *sorted(_USE, key=lambda column: [*_FIRST, column.name].index(column.name)))
