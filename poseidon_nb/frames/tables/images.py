"""Images, and the snapshots of droplets and volumes."""

from __future__ import annotations

from poseidon_nb.frames.columns import TIME, Column, Table

IMAGES = Table(
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
        Column("created_at", TIME, "created_at", meaning="when it was created"),
        Column("regions", "list", "regions", meaning="slugs of the datacenters that have it"),
        Column("tags", "list", "tags", meaning="names of its tags"),
        Column("description", "string", "description", meaning="free text"),
        Column("error_message", "string", "error_message", meaning="why importing a custom image failed"),
    ),
    also=(
        "images_get",
        "images_update",
        "images_create_custom",
    ),
)

SNAPSHOTS = Table(
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
        Column("created_at", TIME, "created_at", meaning="when it was taken"),
        Column("regions", "list", "regions", meaning="slugs of the datacenters that have it"),
        Column("tags", "list", "tags", meaning="names of its tags"),
    ),
    also=(
        "snapshots_get",
        "volumeSnapshots_list",
        "volumeSnapshots_get_byId",
        "volumeSnapshots_create",
    ),
)
