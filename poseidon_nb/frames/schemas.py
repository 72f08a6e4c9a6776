"""What the columns of each resource are called, what they hold, and where in the API's objects they come from.

Pure data: help pages, completion and the README read these tables, so nothing is imported that costs anything.
Names are the API's own words, flattened; units and meanings live here and nowhere else. The first column of a table
is what tells two objects apart. Facts: the specification's schemas, read by the operations named below.

A path walks the API's object: ``size.price_monthly``; ``v4[type=public].ip_address`` takes the first element of the
list whose ``type`` is ``public``; ``a|b`` takes ``b`` where ``a`` is absent, null or empty.
"""

from __future__ import annotations

from dataclasses import dataclass

#: What a column may hold. Every dtype knows missing values; lists stay Python lists, in a column of dtype object.
DTYPES = ("string", "Int64", "boolean", "float64", "datetime64[us, UTC]", "list")

_TIME = "datetime64[us, UTC]"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, what it holds, and where that stands in the API's object."""

    name: str
    dtype: str
    path: str
    unit: str = ""
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of one resource, most wanted first; `key` is the member of the answer that holds the objects."""

    resource: str
    key: str
    operation: str
    columns: tuple[Column, ...]


_DROPLETS = Table(
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
        Column("created_at", _TIME, "created_at", meaning="when it was created"),
        Column("features", "list", "features", meaning="what is switched on: backups, ipv6, monitoring ..."),
        Column("volume_ids", "list", "volume_ids", meaning="ids of the block storage volumes attached"),
        Column("vpc_uuid", "string", "vpc_uuid", meaning="id of its VPC; absent in the answer to a create"),
        Column("image_id", "Int64", "image.id", meaning="number of the image it was made from"),
        Column("image_name", "string", "image.name", meaning="name of the image it was made from"),
        Column("distribution", "string", "image.distribution", meaning="operating system family of the image"),
        Column("backup_ids", "list", "backup_ids", meaning="ids of its backups"),
        Column("snapshot_ids", "list", "snapshot_ids", meaning="ids of its snapshots"),
        Column("next_backup_window_start", _TIME, "next_backup_window.start", meaning="when the next backup may start"),
        Column(
            "next_backup_window_end", _TIME, "next_backup_window.end", meaning="when it will have started at the latest"
        ),
        Column("locked", "boolean", "locked", meaning="locked by DigitalOcean; stays false while actions run"),
        Column("gpu_model", "string", "gpu_info.model", meaning="model of its graphics processors"),
        Column("gpu_count", "Int64", "gpu_info.count", meaning="number of its graphics processors"),
    ),
)

_REGIONS = Table(
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

_SIZES = Table(
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

_IMAGES = Table(
    "images",
    "images",
    "images_list",
    (
        Column("id", "Int64", "id", meaning="the image's number"),
        Column("name", "string", "name", meaning="the name shown to people"),
        Column("slug", "string", "slug", meaning="the word that names a public image; it moves to each new build"),
        Column("distribution", "string", "distribution", meaning="operating system family"),
        Column("type", "string", "type", meaning="base, snapshot, backup, custom or admin"),
        Column("public", "boolean", "public", meaning="whether every account sees it"),
        Column("status", "string", "status", meaning="NEW, available, pending, deleted or retired"),
        Column("min_disk_size", "Int64", "min_disk_size", "GB", "smallest disk it fits on"),
        Column("size_gigabytes", "float64", "size_gigabytes", "GB", "what is stored, and billed for one's own images"),
        Column("created_at", _TIME, "created_at", meaning="when it was created"),
        Column("regions", "list", "regions", meaning="slugs of the datacenters that have it"),
        Column("tags", "list", "tags", meaning="names of its tags"),
        Column("description", "string", "description", meaning="free text"),
        Column("error_message", "string", "error_message", meaning="why importing a custom image failed"),
    ),
)

_SNAPSHOTS = Table(
    "snapshots",
    "snapshots",
    "snapshots_list",
    (
        Column("id", "string", "id", meaning="a number for a droplet's snapshot, a UUID for a volume's"),
        Column("name", "string", "name", meaning="the name given when it was taken"),
        Column("resource_type", "string", "resource_type", meaning="droplet or volume"),
        Column("resource_id", "string", "resource_id", meaning="id of what it was taken of"),
        Column("size_gigabytes", "float64", "size_gigabytes", "GB", "what is stored and billed"),
        Column("min_disk_size", "Int64", "min_disk_size", "GB", "smallest disk it fits on"),
        Column("created_at", _TIME, "created_at", meaning="when it was taken"),
        Column("regions", "list", "regions", meaning="slugs of the datacenters that have it"),
        Column("tags", "list", "tags", meaning="names of its tags"),
        Column("type", "string", "type", meaning="snapshot or backup; told only in a droplet's own list"),
    ),
)

_ACTIONS = Table(
    "actions",
    "actions",
    "actions_list",
    (
        Column("id", "Int64", "id", meaning="the action's number"),
        Column("status", "string", "status", meaning="in-progress, completed or errored"),
        Column("type", "string", "type", meaning="what is done: create, power_off, resize ..."),
        Column("resource_type", "string", "resource_type", meaning="kind of thing it is done to"),
        Column("resource_id", "Int64", "resource_id", meaning="number of the thing it is done to"),
        Column("region", "string", "region_slug|region.slug", meaning="slug of the datacenter"),
        Column("started_at", _TIME, "started_at", meaning="when it began"),
        Column("completed_at", _TIME, "completed_at", meaning="when it ended; missing until then"),
    ),
)

_KEYS = Table(
    "keys",
    "ssh_keys",
    "sshKeys_list",
    (
        Column("id", "Int64", "id", meaning="the key's number"),
        Column("name", "string", "name", meaning="the name shown to people"),
        Column("fingerprint", "string", "fingerprint", meaning="MD5 of the public key, as pairs of hexadecimal digits"),
        Column("public_key", "string", "public_key", meaning="the key itself, in OpenSSH's form"),
    ),
)

_TAGS = Table(
    "tags",
    "tags",
    "tags_list",
    (
        Column("name", "string", "name", meaning="the tag"),
        Column("resources_count", "Int64", "resources.count", meaning="how many things have it"),
        Column("droplets_count", "Int64", "resources.droplets.count", meaning="how many droplets have it"),
        Column("images_count", "Int64", "resources.images.count", meaning="how many images have it"),
        Column("volumes_count", "Int64", "resources.volumes.count", meaning="how many volumes have it"),
        Column(
            "volume_snapshots_count",
            "Int64",
            "resources.volume_snapshots.count",
            meaning="how many snapshots of volumes have it",
        ),
        Column("databases_count", "Int64", "resources.databases.count", meaning="how many database clusters have it"),
        Column("last_tagged_uri", "string", "resources.last_tagged_uri", meaning="address of what was tagged last"),
    ),
)

_ACCOUNT = Table(
    "account",
    "account",
    "account_get",
    (
        Column("email", "string", "email", meaning="who is signed in"),
        Column("uuid", "string", "uuid", meaning="id of the account"),
        Column("name", "string", "name", meaning="the name of who is signed in"),
        Column("team_name", "string", "team.name", meaning="name of the team that the token belongs to"),
        Column("status", "string", "status", meaning="active, warning or locked"),
        Column("droplet_limit", "Int64", "droplet_limit", meaning="most droplets at a time"),
        Column("floating_ip_limit", "Int64", "floating_ip_limit", meaning="most reserved IP addresses at a time"),
        Column("volume_limit", "Int64", "volume_limit", meaning="most volumes at a time; served, yet not specified"),
        Column("email_verified", "boolean", "email_verified", meaning="whether the address was confirmed"),
        Column("status_message", "string", "status_message", meaning="what the status means"),
        Column("team_uuid", "string", "team.uuid", meaning="id of the team that the token belongs to"),
    ),
)

#: Every resource with a table of its own, by name. Anything else becomes a frame by the rule in `general`.
TABLES: dict[str, Table] = {
    table.resource: table
    for table in (_DROPLETS, _REGIONS, _SIZES, _IMAGES, _SNAPSHOTS, _ACTIONS, _KEYS, _TAGS, _ACCOUNT)
}

#: Whose answers have which table. Never by the answer's key: what ``tags`` holds in a registry is no tag of the account.
RESOURCES: dict[str, str] = {
    operation: resource
    for resource, operations in {
        "droplets": ("droplets_list", "droplets_get", "droplets_create", "droplets_list_neighbors"),
        "regions": ("regions_list",),
        "sizes": ("sizes_list",),
        "images": ("images_list", "images_get", "images_update", "images_create_custom"),
        "snapshots": ("snapshots_list", "snapshots_get", "droplets_list_snapshots", "volumeSnapshots_list"),
        "actions": (
            "actions_list",
            "actions_get",
            "dropletActions_list",
            "dropletActions_get",
            "dropletActions_post",
            "imageActions_list",
            "imageActions_get",
            "imageActions_post",
        ),
        "keys": ("sshKeys_list", "sshKeys_get", "sshKeys_create", "sshKeys_update"),
        "tags": ("tags_list", "tags_get", "tags_create"),
        "account": ("account_get",),
    }.items()
    for operation in operations
}

#: Words of doctl's ``--format`` that differ from ours in more than letter case and underscores.
ALIASES: dict[str, tuple[str, ...]] = {
    "sizeslug": ("size",),
    "volumes": ("volume_ids",),
    "created": ("created_at",),
    "mindisk": ("min_disk_size",),
    "size": ("size_gigabytes",),
    "domain": ("name",),
    "team": ("team_name",),
}
