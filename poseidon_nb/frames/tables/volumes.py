"""Block storage volumes."""

from __future__ import annotations

from poseidon_nb.frames.columns import TIME, Column, Table

VOLUMES = Table(
    "volumes",
    "volumes",
    "volumes_list",
    (
        Column("id", "string", "id", meaning="the volume's UUID"),
        Column("name", "string", "name", meaning="the name; no two alike in one region"),
        Column("size_gigabytes", "Int64", "size_gigabytes", "GiB", "how much it holds"),
        Column("region", "string", "region.slug", meaning="slug of the datacenter"),
        Column("droplet_ids", "list", "droplet_ids", meaning="number of the droplet it is attached to; one at most"),
        Column("filesystem_type", "string", "filesystem_type", meaning="ext4 or xfs; empty where it was not formatted"),
        Column("filesystem_label", "string", "filesystem_label", meaning="label of its filesystem"),
        Column("tags", "list", "tags", meaning="names of its tags"),
        Column("created_at", TIME, "created_at", meaning="when it was created"),
        Column("description", "string", "description", meaning="free text"),
    ),
    also=(
        "volumes_create",
        "volumes_get",
    ),
)
