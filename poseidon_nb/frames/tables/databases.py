"""Managed database clusters."""

from __future__ import annotations

from poseidon_nb.frames.columns import TIME, Column, Table

DATABASES = Table(
    "databases",
    "databases",
    "databases_list_clusters",
    (
        Column("id", "string", "id", meaning="the cluster's UUID"),
        Column("name", "string", "name", meaning="the name, which is the account's own"),
        Column("engine", "string", "engine", meaning="pg, mysql, valkey, mongodb, kafka, opensearch ..."),
        Column("version", "string", "version", meaning="version of the engine"),
        Column("status", "string", "status", meaning="creating, online, resizing, migrating or forking"),
        Column("region", "string", "region", meaning="slug of the datacenter"),
        Column("size", "string", "size", meaning="slug of its nodes' plan"),
        Column("num_nodes", "Int64", "num_nodes", meaning="how many nodes it has"),
        Column("storage_size_mib", "Int64", "storage_size_mib", "MiB", "storage added to what the plan has"),
        Column("host", "string", "connection.host", meaning="host name to connect to"),
        Column("port", "Int64", "connection.port", meaning="port to connect to"),
        Column(
            "private_host", "string", "private_connection.host", meaning="host name to connect to from within the VPC"
        ),
        Column("db_names", "list", "db_names", meaning="names of its databases"),
        Column("tags", "list", "tags", meaning="names of its tags"),
        Column("created_at", TIME, "created_at", meaning="when it was created"),
        Column("semantic_version", "string", "semantic_version", meaning="full version of the engine"),
        Column("version_end_of_life", TIME, "version_end_of_life", meaning="until when the version is supported"),
        Column(
            "version_end_of_availability",
            TIME,
            "version_end_of_availability",
            meaning="until when new clusters may have the version",
        ),
        Column(
            "maintenance_day", "string", "maintenance_window.day", meaning="day of the week on which updates are made"
        ),
        Column("maintenance_hour", "string", "maintenance_window.hour", meaning="hour at which they are made, UTC"),
        Column(
            "maintenance_pending", "boolean", "maintenance_window.pending", meaning="whether updates wait to be made"
        ),
        Column("private_network_uuid", "string", "private_network_uuid", meaning="UUID of its VPC"),
        Column("project_id", "string", "project_id", meaning="UUID of its project"),
    ),
    also=(
        "databases_create_cluster",
        "databases_get_cluster",
    ),
)
