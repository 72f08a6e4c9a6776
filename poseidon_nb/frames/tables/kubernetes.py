"""Kubernetes clusters and their node pools."""

from __future__ import annotations

from poseidon_nb.frames.columns import TIME, Column, Table

KUBERNETES = Table(
    "kubernetes",
    "kubernetes_clusters",
    "kubernetes_list_clusters",
    (
        Column("id", "string", "id", meaning="the cluster's UUID"),
        Column("name", "string", "name", meaning="the name shown to people"),
        Column("status", "string", "status.state", meaning="running, provisioning, degraded, error, upgrading ..."),
        Column("region", "string", "region", meaning="slug of the datacenter"),
        Column("version", "string", "version", meaning="slug of its version of Kubernetes"),
        Column("node_pools", "list", "node_pools", meaning="its pools, each with its nodes"),
        Column("endpoint", "string", "endpoint", meaning="address of its API"),
        Column("ipv4", "string", "ipv4", meaning="public address of its control plane; missing with ha"),
        Column("ha", "boolean", "ha", meaning="whether its control plane is doubled"),
        Column("auto_upgrade", "boolean", "auto_upgrade", meaning="whether patches are put in by themselves"),
        Column("surge_upgrade", "boolean", "surge_upgrade", meaning="whether new nodes come before old ones go"),
        Column(
            "maintenance_day",
            "string",
            "maintenance_policy.day",
            meaning="day of the week on which updates are made, or any",
        ),
        Column(
            "maintenance_start_time",
            "string",
            "maintenance_policy.start_time",
            meaning="hour and minute at which they begin, UTC",
        ),
        Column("cluster_subnet", "string", "cluster_subnet", meaning="addresses of its pods, as a CIDR block"),
        Column("service_subnet", "string", "service_subnet", meaning="addresses of its services, as a CIDR block"),
        Column("vpc_uuid", "string", "vpc_uuid", meaning="UUID of its VPC"),
        Column("tags", "list", "tags", meaning="names of its tags"),
        Column("created_at", TIME, "created_at", meaning="when it was created"),
        Column("updated_at", TIME, "updated_at", meaning="when it was last changed"),
        Column(
            "registry_enabled",
            "boolean",
            "registry_enabled",
            meaning="whether it takes images from the account's registry",
        ),
        Column("status_message", "string", "status.message", meaning="what the status means"),
    ),
    also=(
        "kubernetes_create_cluster",
        "kubernetes_get_cluster",
        "kubernetes_update_cluster",
    ),
)

NODE_POOLS = Table(
    "node_pools",
    "node_pools",
    "kubernetes_list_nodePools",
    (
        Column("id", "string", "id", meaning="the pool's UUID"),
        Column("name", "string", "name", meaning="the name shown to people"),
        Column("size", "string", "size", meaning="slug of its nodes' plan"),
        Column("count", "Int64", "count", meaning="how many nodes it has"),
        Column("auto_scale", "boolean", "auto_scale", meaning="whether nodes come and go with the load"),
        Column("min_nodes", "Int64", "min_nodes", meaning="how few it may have then"),
        Column("max_nodes", "Int64", "max_nodes", meaning="how many it may have then"),
        Column("tags", "list", "tags", meaning="names of its tags"),
        Column("taints", "list", "taints", meaning="what keeps pods off its nodes"),
        Column("nodes", "list", "nodes", meaning="its nodes, each with name, state and droplet"),
    ),
    also=(
        "kubernetes_add_nodePool",
        "kubernetes_get_nodePool",
        "kubernetes_update_nodePool",
    ),
)
