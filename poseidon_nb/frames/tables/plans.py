"""Where droplets can be and how large: regions and sizes."""

from __future__ import annotations

from poseidon_nb.frames.columns import Column, Table

REGIONS = Table(
    "regions",
    "regions",
    "regions_list",
    (
        Column("slug", "string", "slug", meaning="the word that names the datacenter"),
        Column("name", "string", "name", meaning="the city and a number"),
        Column("available", "boolean", "available", meaning="whether new things can be made there"),
        Column("features", "list", "features", meaning="what the datacenter offers: backups, ipv6, storage ..."),
        Column("sizes", "list", "sizes", meaning="slugs of the plans that this account may use there"),
    ),
)

SIZES = Table(
    "sizes",
    "sizes",
    "sizes_list",
    (
        Column("slug", "string", "slug", meaning="the word that names the plan"),
        Column("description", "string", "description", meaning="the family of the plan"),
        Column("memory", "Int64", "memory", "MiB", "memory"),
        Column("vcpus", "Int64", "vcpus", meaning="virtual processors"),
        Column("disk", "Int64", "disk", "GB", "local disk"),
        Column("transfer", "float64", "transfer", "TB", "outbound traffic included each month"),
        Column("price_monthly", "float64", "price_monthly", "USD", "what a whole month costs at most"),
        Column("price_hourly", "float64", "price_hourly", "USD", "what an hour costs"),
        Column("available", "boolean", "available", meaning="whether droplets can be made with it"),
        Column("regions", "list", "regions", meaning="slugs of the datacenters that sell it to this account"),
        Column(
            "networking_throughput",
            "Int64",
            "networking_throughput",
            "Mbit/s",
            "network speed; served, yet not specified",
        ),
        Column("gpu_model", "string", "gpu_info.model", meaning="model of its graphics processors"),
        Column("gpu_count", "Int64", "gpu_info.count", meaning="number of its graphics processors"),
        Column("gpu_vram", "Int64", "gpu_info.vram.amount", "GiB", "memory of all its graphics processors"),
        Column("disk_info", "list", "disk_info", meaning="its disks, each with type and size"),
    ),
)
