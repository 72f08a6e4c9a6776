"""Tables of droplets and of what they are created from: sizes, regions, images, snapshots, backups and volumes."""

from __future__ import annotations

from poseidon_nb.frames.columns import TIME, Column, Table

DROPLETS = Table(
    "droplets",
    "droplets",
    "droplets_list",
    (
        Column("id", "Int64", "id", meaning="the droplet's id"),
        Column("name", "string", "name", meaning="hostname; not unique"),
        Column(
            "status", "string", "status", meaning="new, active, off or archive; actions in progress do not change it"
        ),
        Column("region", "string", "region.slug", meaning="slug of the region"),
        Column("size", "string", "size_slug|size.slug", meaning="slug of the size"),
        Column("image", "string", "image.slug|image.name|image.id", meaning="slug, name or id of the image"),
        Column("public_ipv4", "string", "networks.v4[type=public].ip_address", meaning="first public IPv4 address"),
        Column(
            "private_ipv4", "string", "networks.v4[type=private].ip_address", meaning="private IPv4 address in the VPC"
        ),
        Column("public_ipv6", "string", "networks.v6[type=public].ip_address", meaning="first public IPv6 address"),
        Column("memory", "Int64", "memory", "MiB", "memory"),
        Column("vcpus", "Int64", "vcpus", meaning="number of vCPUs"),
        Column("disk", "Int64", "disk", "GB", "local disk; may be smaller than the size's after a resize"),
        Column("price_monthly", "float64", "size.price_monthly", "USD", "monthly price without backups"),
        Column("price_hourly", "float64", "size.price_hourly", "USD", "hourly price without backups"),
        Column("tags", "list", "tags", meaning="names of the tags"),
        Column("created_at", TIME, "created_at", meaning="creation time"),
        Column("features", "list", "features", meaning="enabled features: backups, ipv6, monitoring ..."),
        Column("volume_ids", "list", "volume_ids", meaning="ids of the attached volumes"),
        Column("vpc_uuid", "string", "vpc_uuid", meaning="UUID of the VPC; missing in the response to a create"),
        Column("image_id", "Int64", "image.id", meaning="id of the image"),
        Column("image_name", "string", "image.name", meaning="name of the image"),
        Column("distribution", "string", "image.distribution", meaning="distribution of the image"),
        Column("backup_ids", "list", "backup_ids", meaning="ids of the backups"),
        Column("snapshot_ids", "list", "snapshot_ids", meaning="ids of the snapshots"),
        Column("next_backup_window_start", TIME, "next_backup_window.start", meaning="start of the next backup window"),
        Column("next_backup_window_end", TIME, "next_backup_window.end", meaning="end of the next backup window"),
        Column("locked", "boolean", "locked", meaning="locked by DigitalOcean; remains false during actions"),
        Column("gpu_model", "string", "gpu_info.model", meaning="GPU model"),
        Column("gpu_count", "Int64", "gpu_info.count", meaning="number of GPUs"),
    ),
    also=(
        "droplets_get",
        "droplets_create",
        "droplets_list_neighbors",
    ),
    first=("name", "status", "region", "size", "public_ipv4", "price_monthly", "tags", "image"),
)

KERNELS = Table(
    "kernels",
    "kernels",
    "droplets_list_kernels",
    (
        Column("id", "Int64", "id", meaning="the kernel's id"),
        Column("name", "string", "name", meaning="display name"),
        Column("version", "string", "version", meaning="version"),
    ),
)

BACKUPS = Table(
    "backups",
    "backups",
    "droplets_list_backups",
    (
        Column("id", "Int64", "id", meaning="id of the snapshot or backup image"),
        Column("name", "string", "name", meaning="name"),
        Column("type", "string", "type", meaning="snapshot or backup"),
        Column("size_gigabytes", "float64", "size_gigabytes", "GB", "stored size"),
        Column("min_disk_size", "Int64", "min_disk_size", "GB", "minimum disk size"),
        Column("created_at", TIME, "created_at", meaning="creation time"),
        Column("regions", "list", "regions", meaning="slugs of the regions it is available in"),
    ),
    # A droplet's snapshots and backups are images of the same shape, unlike those of `snapshots_list`.
    also=("droplets_list_snapshots",),
    first=("name", "type", "size_gigabytes", "created_at", "regions"),
)

BACKUP_POLICIES = Table(
    "backup_policies",
    "policies",
    "droplets_list_backup_policies",
    (
        Column("droplet_id", "Int64", "droplet_id", meaning="id of the droplet"),
        Column("backup_enabled", "boolean", "backup_enabled", meaning="whether backups are enabled"),
        Column("plan", "string", "backup_policy.plan", meaning="daily or weekly"),
        Column("weekday", "string", "backup_policy.weekday", meaning="day of weekly backups: SUN, MON ..."),
        Column("hour", "Int64", "backup_policy.hour", meaning="hour at which the backup window starts, UTC"),
        Column("window_length_hours", "Int64", "backup_policy.window_length_hours", "h", "length of the backup window"),
        Column(
            "retention_period_days", "Int64", "backup_policy.retention_period_days", "d", "retention period of a backup"
        ),
        Column("next_backup_window_start", TIME, "next_backup_window.start", meaning="start of the next backup window"),
        Column("next_backup_window_end", TIME, "next_backup_window.end", meaning="end of the next backup window"),
    ),
    also=("droplets_get_backup_policy",),
)

SUPPORTED_BACKUP_POLICIES = Table(
    "supported_backup_policies",
    "supported_policies",
    "droplets_list_supported_backup_policies",
    (
        Column("name", "string", "name", meaning="daily or weekly"),
        Column("possible_days", "list", "possible_days", meaning="available days: SUN, MON ..."),
        Column(
            "possible_window_starts",
            "list",
            "possible_window_starts",
            "h",
            "available start hours of the backup window, UTC",
        ),
        Column("window_length_hours", "Int64", "window_length_hours", "h", "length of the backup window"),
        Column("retention_period_days", "Int64", "retention_period_days", "d", "retention period of a backup"),
    ),
)

REGIONS = Table(
    "regions",
    "regions",
    "regions_list",
    (
        Column("slug", "string", "slug", meaning="slug of the region"),
        Column("name", "string", "name", meaning="city and number"),
        Column("available", "boolean", "available", meaning="whether resources can be created there"),
        Column("features", "list", "features", meaning="available features: backups, ipv6, storage ..."),
        Column("sizes", "list", "sizes", meaning="slugs of the sizes available to this account"),
    ),
)

SIZES = Table(
    "sizes",
    "sizes",
    "sizes_list",
    (
        Column("slug", "string", "slug", meaning="slug of the size"),
        Column("description", "string", "description", meaning="description of the size's family"),
        Column("memory", "Int64", "memory", "MiB", "memory"),
        Column("vcpus", "Int64", "vcpus", meaning="number of vCPUs"),
        Column("disk", "Int64", "disk", "GB", "local disk"),
        Column("transfer", "float64", "transfer", "TB", "monthly outbound transfer allowance"),
        Column("price_monthly", "float64", "price_monthly", "USD", "monthly price"),
        Column("price_hourly", "float64", "price_hourly", "USD", "hourly price"),
        Column("available", "boolean", "available", meaning="whether droplets can be created with it"),
        Column("regions", "list", "regions", meaning="slugs of the regions where it is available to this account"),
        Column(
            "networking_throughput",
            "Int64",
            "networking_throughput",
            "Mbit/s",
            "network throughput; undocumented field",
        ),
        Column("gpu_model", "string", "gpu_info.model", meaning="GPU model"),
        Column("gpu_count", "Int64", "gpu_info.count", meaning="number of GPUs"),
        Column("gpu_vram", "Int64", "gpu_info.vram.amount", "GiB", "total GPU memory"),
        Column("disk_info", "list", "disk_info", meaning="disks with type and size"),
    ),
    first=("slug", "price_monthly", "vcpus", "memory", "disk", "transfer", "price_hourly", "available"),
)

IMAGES = Table(
    "images",
    "images",
    "images_list",
    (
        Column("id", "Int64", "id", meaning="the image's id"),
        Column("name", "string", "name", meaning="display name"),
        Column("slug", "string", "slug", meaning="identifier of a public image; moves to each new build"),
        Column("distribution", "string", "distribution", meaning="distribution"),
        Column("type", "string", "type", meaning="base, snapshot, backup, custom or admin"),
        Column("public", "boolean", "public", meaning="whether it is available to all accounts"),
        Column("status", "string", "status", meaning="NEW, available, pending, deleted or retired"),
        Column("min_disk_size", "Int64", "min_disk_size", "GB", "minimum disk size"),
        Column("size_gigabytes", "float64", "size_gigabytes", "GB", "stored size; billed for your own images"),
        Column("created_at", TIME, "created_at", meaning="creation time"),
        Column("regions", "list", "regions", meaning="slugs of the regions it is available in"),
        Column("tags", "list", "tags", meaning="names of the tags"),
        Column("description", "string", "description", meaning="description"),
        Column("error_message", "string", "error_message", meaning="why the import of a custom image failed"),
    ),
    also=(
        "images_get",
        "images_update",
        "images_create_custom",
    ),
    first=("name", "slug", "distribution", "type", "status", "size_gigabytes", "created_at"),
)

SNAPSHOTS = Table(
    "snapshots",
    "snapshots",
    "snapshots_list",
    (
        Column("id", "string", "id", meaning="integer for droplet snapshots, UUID for volume snapshots"),
        Column("name", "string", "name", meaning="name"),
        Column("resource_type", "string", "resource_type", meaning="droplet or volume"),
        Column("resource_id", "string", "resource_id", meaning="id of the droplet or volume"),
        Column("size_gigabytes", "float64", "size_gigabytes", "GB", "stored and billed size"),
        Column("min_disk_size", "Int64", "min_disk_size", "GB", "minimum disk size"),
        Column("created_at", TIME, "created_at", meaning="creation time"),
        Column("regions", "list", "regions", meaning="slugs of the regions it is available in"),
        Column("tags", "list", "tags", meaning="names of the tags"),
    ),
    also=(
        "snapshots_get",
        "volumeSnapshots_list",
        "volumeSnapshots_get_byId",
        "volumeSnapshots_create",
    ),
    first=("name", "size_gigabytes", "created_at", "resource_type", "regions"),
)

VOLUMES = Table(
    "volumes",
    "volumes",
    "volumes_list",
    (
        Column("id", "string", "id", meaning="the volume's UUID"),
        Column("name", "string", "name", meaning="name, unique in the region"),
        Column("size_gigabytes", "Int64", "size_gigabytes", "GiB", "size of the volume"),
        Column("region", "string", "region.slug", meaning="slug of the region"),
        Column("droplet_ids", "list", "droplet_ids", meaning="id of the attached droplet; at most one"),
        Column("filesystem_type", "string", "filesystem_type", meaning="ext4 or xfs; empty if not formatted"),
        Column("filesystem_label", "string", "filesystem_label", meaning="label of the filesystem"),
        Column("tags", "list", "tags", meaning="names of the tags"),
        Column("created_at", TIME, "created_at", meaning="creation time"),
        Column("description", "string", "description", meaning="description"),
    ),
    also=(
        "volumes_create",
        "volumes_get",
    ),
    first=("name", "size_gigabytes", "region", "droplet_ids", "tags"),
)
