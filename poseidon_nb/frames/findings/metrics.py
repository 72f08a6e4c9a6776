"""What droplets did: readings as they were served, the same made comparable, and a droplet's use in one row."""

from __future__ import annotations

from poseidon_nb.frames.columns import TIME
from poseidon_nb.frames.findings.columns import finding, findings

#: What was served: the input of `poseidon_nb.analysis.metrics`.
SERIES = findings(
    "series",
    finding("time", TIME, "when it was read"),
    finding("droplet_id", "Int64", "whose reading it is"),
    finding("name", "string", "the droplet's name"),
    finding("metric", "string", "what was read: cpu, memory_total, load_1, filesystem_free, bandwidth ..."),
    finding("mode", "string", "of cpu: what the time was spent on, such as idle or user"),
    finding("device", "string", "of a filesystem: what it is on"),
    finding("mountpoint", "string", "of a filesystem: where it hangs"),
    finding("interface", "string", "of bandwidth: public or private"),
    finding("direction", "string", "of bandwidth: inbound or outbound"),
    finding("value", "float64", "the reading: seconds since the start, bytes, Mbit/s, or processes"),
)

METRICS = findings(
    "metrics",
    finding("time", TIME, "when it was read; a value of cpu is the mean since the reading before"),
    finding("droplet_id", "Int64", "whose it is"),
    finding("name", "string", "the droplet's name"),
    finding("kind", "string", "cpu, memory, load, filesystem or bandwidth"),
    finding("label", "string", "which of the kind: busy, used, 1m, a mountpoint, public outbound ..."),
    finding("value", "float64", "in the unit beside it; missing where a gap breaks the series"),
    finding("unit", "string", "%, processes or Mbit/s"),
)

#: What a droplet uses of its size; the advice on sizes shows the same columns.
CPU = (
    finding("cpu_p50_percent", "float64", "half of the time its vCPUs, all together, were busier than this", "%"),
    finding("cpu_p95_percent", "float64", "a twentieth of the time they were busier than this", "%"),
    finding("cpu_max_percent", "float64", "the busiest reading", "%"),
    finding("burst_percent", "float64", "share of the readings in which they were busier than 90%", "%"),
)
MEMORY = (
    finding("memory_p50_percent", "float64", "half of the time more of its memory was used", "%"),
    finding("memory_p95_percent", "float64", "a twentieth of the time more of its memory was used", "%"),
    finding("memory_max_percent", "float64", "the fullest reading", "%"),
)
DISK_AND_TRAFFIC = (
    finding("disk_used_gb", "float64", "most that was on its own disk, volumes not counted", "GB"),
    finding("disk_used_percent", "float64", "most of its own disk that was used", "%"),
    finding(
        "outbound_tb_month", "float64", "what it would send to the internet in 730 hours like these, gaps as off", "TB"
    ),
)
#: What such figures rest on.
WINDOW = (
    finding("samples", "Int64", "how many readings there are of the CPU or of the memory, of which there are fewer"),
    finding("hours", "float64", "how long those readings cover, gaps not counted", "h"),
    finding("step_minutes", "float64", "usual time between two readings, for which each stands", "min"),
    finding("from", TIME, "the first reading"),
    finding("to", TIME, "the last reading"),
)

#: What one looks for first: the busy part of each, and what is missing.
_FIRST = ("name", "cpu_p95_percent", "memory_p95_percent", "disk_used_percent", "outbound_tb_month", "note")
_USE = (
    finding("name", "string", "the droplet's name"),
    finding("droplet_id", "Int64", "whose use it is"),
    *CPU,
    *MEMORY,
    *DISK_AND_TRAFFIC,
    finding("cpu_p95_vcpus", "float64", "busy vCPUs, exceeded a twentieth of the time: right across a resize"),
    finding("cpu_max_vcpus", "float64", "most busy vCPUs"),
    finding("memory_p95_mib", "float64", "used memory, exceeded a twentieth of the time", "MiB"),
    finding("memory_max_mib", "float64", "most used memory", "MiB"),
    *WINDOW,
    finding("last_vcpus", "float64", "how many vCPUs the last readings tell"),
    finding(
        "last_memory_mib", "float64", "how much memory the last reading tells; a kernel keeps some for itself", "MiB"
    ),
    finding("resized", "boolean", "whether its vCPUs, memory or disk changed in between"),
    finding("note", "string", "what is missing and why; missing when all is there"),
)
USE = findings("use", *sorted(_USE, key=lambda column: [*_FIRST, column.name].index(column.name)))
