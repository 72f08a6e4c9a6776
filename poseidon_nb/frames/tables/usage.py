"""Derived tables of droplet metrics, recommended sizes and actions over time."""

from __future__ import annotations

from poseidon_nb.frames.columns import TIME, derived_column, derived_table

#: Readings as served: the input of `poseidon_nb.analysis.metrics`.
SERIES = derived_table(
    "series",
    derived_column("time", TIME, "time of the reading"),
    derived_column("droplet_id", "Int64", "droplet id"),
    derived_column("name", "string", "droplet name"),
    derived_column("metric", "string", "cpu, memory_total, load_1, filesystem_free, bandwidth ..."),
    derived_column("mode", "string", "for cpu: mode, such as idle or user"),
    derived_column("device", "string", "for filesystems: device"),
    derived_column("mountpoint", "string", "for filesystems: mount point"),
    derived_column("interface", "string", "for bandwidth: public or private"),
    derived_column("direction", "string", "for bandwidth: inbound or outbound"),
    derived_column("value", "float64", "reading: cumulative seconds, bytes, Mbit/s or processes"),
)

METRICS = derived_table(
    "metrics",
    derived_column("time", TIME, "time of the reading; cpu values are the mean since the previous reading"),
    derived_column("droplet_id", "Int64", "droplet id"),
    derived_column("name", "string", "droplet name"),
    derived_column("metric", "string", "cpu, memory, load, filesystem or bandwidth"),
    derived_column("label", "string", "series within the metric: busy, used, 1m, a mount point, public outbound ..."),
    derived_column("value", "float64", "value in `unit`; missing where readings are missing"),
    derived_column("unit", "string", "%, processes or Mbit/s"),
)

#: Usage relative to the droplet's size; also part of table ``rightsizing``.
CPU = (
    derived_column("cpu_p50_percent", "float64", "median CPU usage, of all vCPUs together", "%"),
    derived_column("cpu_p95_percent", "float64", "95th percentile of CPU usage", "%"),
    derived_column("cpu_max_percent", "float64", "maximum CPU usage", "%"),
    derived_column("burst_percent", "float64", "share of readings with CPU usage above 90%", "%"),
)
MEMORY = (
    derived_column("memory_p50_percent", "float64", "median memory usage", "%"),
    derived_column("memory_p95_percent", "float64", "95th percentile of memory usage", "%"),
    derived_column("memory_max_percent", "float64", "maximum memory usage", "%"),
)
DISK_AND_TRAFFIC = (
    derived_column("disk_used_gb", "float64", "maximum disk usage, without volumes", "GB"),
    derived_column("disk_used_percent", "float64", "maximum disk usage, without volumes", "%"),
    derived_column(
        "outbound_tb_month",
        "float64",
        "outbound transfer to the internet, projected to 730 hours; gaps count as no traffic",
        "TB",
    ),
)
#: The readings that the usage is based on.
WINDOW = (
    derived_column("readings", "Int64", "number of CPU or memory readings, whichever is smaller"),
    derived_column("hours", "float64", "time covered by readings, without gaps", "h"),
    derived_column("step_minutes", "float64", "typical time between two readings", "min"),
    derived_column("from", TIME, "first reading"),
    derived_column("to", TIME, "last reading"),
)

#: The columns shown first.
_FIRST = ("name", "cpu_p95_percent", "memory_p95_percent", "disk_used_percent", "outbound_tb_month", "note")
_USE = (
    derived_column("name", "string", "droplet name"),
    derived_column("droplet_id", "Int64", "droplet id"),
    *CPU,
    *MEMORY,
    *DISK_AND_TRAFFIC,
    derived_column("cpu_p95_vcpus", "float64", "95th percentile of busy vCPUs; valid across a resize"),
    derived_column("cpu_max_vcpus", "float64", "maximum of busy vCPUs"),
    derived_column("memory_p95_mib", "float64", "95th percentile of used memory", "MiB"),
    derived_column("memory_max_mib", "float64", "maximum of used memory", "MiB"),
    *WINDOW,
    derived_column("last_vcpus", "float64", "number of vCPUs in the last readings"),
    derived_column(
        "last_memory_mib", "float64", "total memory in the last reading, without what the kernel reserves", "MiB"
    ),
    derived_column("resized", "boolean", "whether vCPUs, memory or disk changed during the time range"),
    derived_column("note", "string", "problems with the readings, such as what is missing and why; missing if none"),
)
USE = derived_table("use", *sorted(_USE, key=lambda column: [*_FIRST, column.name].index(column.name)))

RIGHTSIZING = derived_table(
    "rightsizing",
    derived_column("name", "string", "droplet name"),
    derived_column("verdict", "string", "smaller, keep, larger (it needs more) or unknown"),
    derived_column("size", "string", "current size"),
    derived_column("advised_size", "string", "recommended size; missing if there is none"),
    derived_column(
        "saving_usd_month", "float64", "monthly saving with `advised_size`; negative if it costs more", "USD"
    ),
    derived_column("confidence", "string", "high, medium or low; missing if no size is recommended"),
    derived_column("why", "string", "what the recommendation is based on, and its caveats"),
    derived_column("droplet_id", "Int64", "droplet id"),
    derived_column("saving_usd_year", "float64", "yearly saving with `advised_size`", "USD"),
    derived_column("region", "string", "region slug"),
    derived_column("price_usd_month", "float64", "current monthly price", "USD"),
    derived_column("advised_price_usd_month", "float64", "monthly price of `advised_size`", "USD"),
    derived_column("grow_disk", "boolean", "whether the resize must include the disk, which cannot be undone"),
    derived_column(
        "recreate_size", "string", "smaller size that would fit if the droplet were recreated with a smaller disk"
    ),
    derived_column("recreate_saving_usd_month", "float64", "monthly saving with `recreate_size`", "USD"),
    *CPU,
    derived_column("advised_cpu_p95_percent", "float64", "estimated `cpu_p95_percent` on `advised_size`", "%"),
    derived_column(
        "advised_cpu_max_percent",
        "float64",
        "estimated `cpu_max_percent` on `advised_size`; above 100, peaks take longer",
        "%",
    ),
    *MEMORY,
    derived_column("advised_memory_max_percent", "float64", "estimated `memory_max_percent` on `advised_size`", "%"),
    *DISK_AND_TRAFFIC,
    *WINDOW,
)

SPANS = derived_table(
    "spans",
    derived_column("name", "string", "droplet name; the id if it was deleted"),
    derived_column("type", "string", "action type: create, power_off, resize ..."),
    derived_column("started_at", TIME, "start time"),
    derived_column("ended_at", TIME, "end time; for actions in progress, now"),
    derived_column("duration_s", "float64", "duration so far; missing if the end is before the start", "s"),
    derived_column("failed", "boolean", "whether the action failed"),
    derived_column("status", "string", "in-progress, completed or errored"),
    derived_column("region", "string", "region slug"),
    derived_column("droplet_id", "Int64", "droplet id"),
    derived_column("id", "Int64", "action id"),
    first=("name", "type", "started_at", "duration_s", "status"),
)

DURATIONS = derived_table(
    "durations",
    derived_column("type", "string", "action type: create, power_off, resize ...; (unknown) if the API returns none"),
    derived_column("count", "Int64", "number of actions started"),
    derived_column("failed", "Int64", "number of failed actions"),
    derived_column("running", "Int64", "number of actions in progress"),
    derived_column("median_s", "float64", "median duration of completed actions", "s"),
    derived_column("p90_s", "float64", "90th percentile of the duration of completed actions", "s"),
)
