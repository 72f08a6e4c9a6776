"""Droplets, and what belongs to a single one: its kernels, its backups, and when they are made."""

from __future__ import annotations

from poseidon_nb.frames.columns import TIME, Column, Table

DROPLETS = Table(
    "droplets",
    "droplets",
    "droplets_list",
    (
        Column("id", "Int64", "id", meaning="the droplet's number, for ever"),
        Column("name", "string", "name", meaning="the host name; not unique"),
        Column(
            "status", "string", "status", meaning="new, active, off or archive; what runs on it is seen in its actions"
        ),
        Column("region", "string", "region.slug", meaning="slug of the datacenter"),
        Column("size", "string", "size_slug|size.slug", meaning="slug of the plan"),
        Column(
            "image", "string", "image.slug|image.name|image.id", meaning="slug of the image, or its name, or its id"
        ),
        Column("public_ipv4", "string", "networks.v4[type=public].ip_address", meaning="first public IPv4 address"),
        Column("private_ipv4", "string", "networks.v4[type=private].ip_address", meaning="address in the VPC"),
        Column("public_ipv6", "string", "networks.v6[type=public].ip_address", meaning="first public IPv6 address"),
        Column("memory", "Int64", "memory", "MiB", "memory"),
        Column("vcpus", "Int64", "vcpus", meaning="virtual processors"),
        Column("disk", "Int64", "disk", "GB", "local disk, which a resize may leave smaller than the plan's"),
        Column(
            "price_monthly", "float64", "size.price_monthly", "USD", "what a whole month costs at most, without backups"
        ),
        Column("price_hourly", "float64", "size.price_hourly", "USD", "what an hour costs, without backups"),
        Column("tags", "list", "tags", meaning="names of its tags"),
        Column("created_at", TIME, "created_at", meaning="when it was created"),
        Column("features", "list", "features", meaning="what is switched on: backups, ipv6, monitoring ..."),
        Column("volume_ids", "list", "volume_ids", meaning="ids of the block storage volumes attached"),
        Column("vpc_uuid", "string", "vpc_uuid", meaning="id of its VPC; absent in the answer to a create"),
        Column("image_id", "Int64", "image.id", meaning="number of the image it was made from"),
        Column("image_name", "string", "image.name", meaning="name of the image it was made from"),
        Column("distribution", "string", "image.distribution", meaning="operating system family of the image"),
        Column("backup_ids", "list", "backup_ids", meaning="ids of its backups"),
        Column("snapshot_ids", "list", "snapshot_ids", meaning="ids of its snapshots"),
        Column("next_backup_window_start", TIME, "next_backup_window.start", meaning="when the next backup may start"),
        Column(
            "next_backup_window_end", TIME, "next_backup_window.end", meaning="when it will have started at the latest"
        ),
        Column("locked", "boolean", "locked", meaning="locked by DigitalOcean; stays false while actions run"),
        Column("gpu_model", "string", "gpu_info.model", meaning="model of its graphics processors"),
        Column("gpu_count", "Int64", "gpu_info.count", meaning="number of its graphics processors"),
    ),
    also=(
        "droplets_get",
        "droplets_create",
        "droplets_list_neighbors",
    ),
)

KERNELS = Table(
    "kernels",
    "kernels",
    "droplets_list_kernels",
    (
        Column("id", "Int64", "id", meaning="the kernel's number"),
        Column("name", "string", "name", meaning="the name shown to people"),
        Column("version", "string", "version", meaning="its version"),
    ),
)

BACKUPS = Table(
    "backups",
    "backups",
    "droplets_list_backups",
    (
        Column("id", "Int64", "id", meaning="number of the image that the snapshot or backup is"),
        Column("name", "string", "name", meaning="the name it was given"),
        Column("type", "string", "type", meaning="snapshot or backup"),
        Column("size_gigabytes", "float64", "size_gigabytes", "GB", "what is stored"),
        Column("min_disk_size", "Int64", "min_disk_size", "GB", "smallest disk it fits on"),
        Column("created_at", TIME, "created_at", meaning="when it was made"),
        Column("regions", "list", "regions", meaning="slugs of the datacenters that have it"),
    ),
    # A droplet's snapshots and backups are images of the same shape, unlike those of `snapshots_list`.
    also=("droplets_list_snapshots",),
)

BACKUP_POLICIES = Table(
    "backup_policies",
    "policies",
    "droplets_list_backup_policies",
    (
        Column("droplet_id", "Int64", "droplet_id", meaning="number of the droplet"),
        Column("backup_enabled", "boolean", "backup_enabled", meaning="whether backups are made"),
        Column("plan", "string", "backup_policy.plan", meaning="daily or weekly"),
        Column("weekday", "string", "backup_policy.weekday", meaning="the day of a weekly one: SUN, MON ..."),
        Column("hour", "Int64", "backup_policy.hour", meaning="hour of the day at which its window opens, UTC"),
        Column("window_length_hours", "Int64", "backup_policy.window_length_hours", "h", "how long its window is"),
        Column(
            "retention_period_days", "Int64", "backup_policy.retention_period_days", "d", "how long a backup is kept"
        ),
        Column("next_backup_window_start", TIME, "next_backup_window.start", meaning="when the next backup may start"),
        Column(
            "next_backup_window_end", TIME, "next_backup_window.end", meaning="when it will have started at the latest"
        ),
    ),
    also=("droplets_get_backup_policy",),
)

SUPPORTED_BACKUP_POLICIES = Table(
    "supported_backup_policies",
    "supported_policies",
    "droplets_list_supported_backup_policies",
    (
        Column("name", "string", "name", meaning="daily or weekly"),
        Column("possible_days", "list", "possible_days", meaning="days that may be chosen: SUN, MON ..."),
        Column(
            "possible_window_starts",
            "list",
            "possible_window_starts",
            "h",
            "hours of the day at which a window may open, UTC",
        ),
        Column("window_length_hours", "Int64", "window_length_hours", "h", "how long a window is"),
        Column("retention_period_days", "Int64", "retention_period_days", "d", "how long a backup is kept"),
    ),
)
