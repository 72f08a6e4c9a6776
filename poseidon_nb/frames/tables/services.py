"""Tables of managed services: databases, Kubernetes, apps and monitoring."""

from __future__ import annotations

from poseidon_nb.frames.columns import TIME, Column, Table

DATABASES = Table(
    "databases",
    "databases",
    "databases_list_clusters",
    (
        Column("id", "string", "id", meaning="the cluster's UUID"),
        Column("name", "string", "name", meaning="name, unique in the account"),
        Column("engine", "string", "engine", meaning="pg, mysql, valkey, mongodb, kafka, opensearch ..."),
        Column("version", "string", "version", meaning="version of the engine"),
        Column("status", "string", "status", meaning="creating, online, resizing, migrating or forking"),
        Column("region", "string", "region", meaning="slug of the region"),
        Column("size", "string", "size", meaning="slug of the size of its nodes"),
        Column("num_nodes", "Int64", "num_nodes", meaning="number of nodes"),
        Column("storage_size_mib", "Int64", "storage_size_mib", "MiB", "additional storage"),
        Column("host", "string", "connection.host", meaning="hostname of the public endpoint"),
        Column("port", "Int64", "connection.port", meaning="port of the public endpoint"),
        Column(
            "private_host", "string", "private_connection.host", meaning="hostname of the private endpoint in the VPC"
        ),
        Column("db_names", "list", "db_names", meaning="names of the databases"),
        Column("tags", "list", "tags", meaning="names of the tags"),
        Column("created_at", TIME, "created_at", meaning="creation time"),
        Column("semantic_version", "string", "semantic_version", meaning="full version of the engine"),
        Column("version_end_of_life", TIME, "version_end_of_life", meaning="end of life of the version"),
        Column(
            "version_end_of_availability",
            TIME,
            "version_end_of_availability",
            meaning="end of availability of the version for new clusters",
        ),
        Column("maintenance_day", "string", "maintenance_window.day", meaning="weekday of the maintenance window"),
        Column("maintenance_hour", "string", "maintenance_window.hour", meaning="start of the maintenance window, UTC"),
        Column(
            "maintenance_pending", "boolean", "maintenance_window.pending", meaning="whether maintenance is pending"
        ),
        Column("private_network_uuid", "string", "private_network_uuid", meaning="UUID of the VPC"),
        Column("project_id", "string", "project_id", meaning="UUID of the project"),
        Column("rules", "list", "rules", meaning="trusted sources, which alone can connect; without any, all can"),
    ),
    also=(
        "databases_create_cluster",
        "databases_get_cluster",
    ),
)

KUBERNETES = Table(
    "kubernetes",
    "kubernetes_clusters",
    "kubernetes_list_clusters",
    (
        Column("id", "string", "id", meaning="the cluster's UUID"),
        Column("name", "string", "name", meaning="display name"),
        Column("status", "string", "status.state", meaning="running, provisioning, degraded, error, upgrading ..."),
        Column("region", "string", "region", meaning="slug of the region"),
        Column("version", "string", "version", meaning="slug of the Kubernetes version"),
        Column("node_pools", "list", "node_pools", meaning="node pools with their nodes"),
        Column("endpoint", "string", "endpoint", meaning="URL of the Kubernetes API"),
        Column("ipv4", "string", "ipv4", meaning="public IPv4 address of the control plane; missing with ha"),
        Column("ha", "boolean", "ha", meaning="whether the control plane is highly available"),
        Column("auto_upgrade", "boolean", "auto_upgrade", meaning="whether patch releases are installed automatically"),
        Column(
            "surge_upgrade",
            "boolean",
            "surge_upgrade",
            meaning="whether new nodes are created before old ones are deleted",
        ),
        Column(
            "maintenance_day",
            "string",
            "maintenance_policy.day",
            meaning="weekday of the maintenance window, or any",
        ),
        Column(
            "maintenance_start_time",
            "string",
            "maintenance_policy.start_time",
            meaning="start of the maintenance window, UTC",
        ),
        Column("cluster_subnet", "string", "cluster_subnet", meaning="CIDR block of the pods"),
        Column("service_subnet", "string", "service_subnet", meaning="CIDR block of the services"),
        Column("vpc_uuid", "string", "vpc_uuid", meaning="UUID of the VPC"),
        Column("tags", "list", "tags", meaning="names of the tags"),
        Column("created_at", TIME, "created_at", meaning="creation time"),
        Column("updated_at", TIME, "updated_at", meaning="time of the last update"),
        Column(
            "registry_enabled",
            "boolean",
            "registry_enabled",
            meaning="whether it pulls images from the account's registry",
        ),
        Column("status_message", "string", "status.message", meaning="details about the status"),
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
        Column("name", "string", "name", meaning="display name"),
        Column("size", "string", "size", meaning="slug of the size of its nodes"),
        Column("count", "Int64", "count", meaning="number of nodes"),
        Column("auto_scale", "boolean", "auto_scale", meaning="whether the number of nodes is scaled automatically"),
        Column("min_nodes", "Int64", "min_nodes", meaning="minimum number of nodes with auto-scaling"),
        Column("max_nodes", "Int64", "max_nodes", meaning="maximum number of nodes with auto-scaling"),
        Column("tags", "list", "tags", meaning="names of the tags"),
        Column("taints", "list", "taints", meaning="taints of the nodes"),
        Column("nodes", "list", "nodes", meaning="nodes with name, status and droplet"),
    ),
    also=(
        "kubernetes_add_nodePool",
        "kubernetes_get_nodePool",
        "kubernetes_update_nodePool",
    ),
)

APPS = Table(
    "apps",
    "apps",
    "apps_list",
    (
        Column("id", "string", "id", meaning="the app's UUID"),
        Column("name", "string", "spec.name", meaning="name, unique in the account"),
        Column("region", "string", "region.slug", meaning="slug of the region, such as nyc or ams"),
        Column("live_url", "string", "live_url", meaning="URL of the live app"),
        Column("default_ingress", "string", "default_ingress", meaning="default URL"),
        Column("tier_slug", "string", "tier_slug", meaning="slug of the pricing tier"),
        Column("active_deployment_id", "string", "active_deployment.id", meaning="UUID of the active deployment"),
        Column(
            "active_deployment_phase", "string", "active_deployment.phase", meaning="phase of the active deployment"
        ),
        Column(
            "in_progress_deployment_id",
            "string",
            "in_progress_deployment.id",
            meaning="UUID of the deployment in progress",
        ),
        Column(
            "last_deployment_created_at",
            TIME,
            "last_deployment_created_at",
            meaning="creation time of the latest deployment",
        ),
        Column("created_at", TIME, "created_at", meaning="creation time"),
        Column("updated_at", TIME, "updated_at", meaning="time of the last update"),
        Column("live_domain", "string", "live_domain", meaning="live domain"),
        Column("project_id", "string", "project_id", meaning="UUID of the project"),
        Column("owner_uuid", "string", "owner_uuid", meaning="UUID of the owner"),
        *(
            Column(kind, "list", f"active_deployment.spec.{kind}", meaning=f"{words} of the active deployment")
            for kind, words in (
                ("services", "services"),
                ("workers", "workers"),
                ("jobs", "jobs"),
                ("functions", "functions components"),
                ("static_sites", "static sites"),
                ("databases", "databases"),
            )
        ),
        Column(
            "egress_type",
            "string",
            "active_deployment.spec.egress.type",
            meaning="DEDICATED_IP if it sends from addresses of its own",
        ),
        Column("vpc_id", "string", "vpc.id", meaning="UUID of the VPC, if it is in one"),
        Column(
            "pending_deployment_id", "string", "pending_deployment.id", meaning="UUID of the deployment that is waiting"
        ),
    ),
    also=(
        "apps_create",
        "apps_get",
        "apps_update",
    ),
    first=("name", "active_deployment_phase", "region", "live_url", "last_deployment_created_at"),
)

DEPLOYMENTS = Table(
    "deployments",
    "deployments",
    "apps_list_deployments",
    (
        Column("id", "string", "id", meaning="the deployment's UUID"),
        Column("phase", "string", "phase", meaning="PENDING_BUILD, BUILDING, DEPLOYING, ACTIVE, SUPERSEDED, ERROR ..."),
        Column("cause", "string", "cause", meaning="cause of the deployment"),
        Column("success_steps", "Int64", "progress.success_steps", meaning="number of successful steps"),
        Column("total_steps", "Int64", "progress.total_steps", meaning="number of steps"),
        Column("error_steps", "Int64", "progress.error_steps", meaning="number of failed steps"),
        Column("created_at", TIME, "created_at", meaning="creation time"),
        Column("updated_at", TIME, "updated_at", meaning="time of the last update"),
        Column("phase_last_updated_at", TIME, "phase_last_updated_at", meaning="time of the last phase change"),
        Column("cloned_from", "string", "cloned_from", meaning="UUID of the deployment it was cloned from"),
        Column("tier_slug", "string", "tier_slug", meaning="slug of the pricing tier"),
    ),
    also=(
        "apps_create_deployment",
        "apps_get_deployment",
        "apps_cancel_deployment",
        "apps_restart",
        "apps_create_rollback",
        "apps_revert_rollback",
    ),
)

APP_EVENTS = Table(
    "app_events",
    "events",
    "apps_list_events",
    (
        Column("id", "string", "id", meaning="the event's UUID"),
        Column("type", "string", "type", meaning="DEPLOYMENT or AUTOSCALING"),
        Column(
            "phase", "string", "deployment.phase|autoscaling.phase", meaning="phase of the deployment, or of scaling"
        ),
        Column("cause", "string", "deployment.cause", meaning="cause of the deployment"),
        Column("created_at", TIME, "created_at", meaning="creation time"),
        Column(
            "deployment_id", "string", "deployment_id", meaning="UUID of the deployment, or of the one that was scaled"
        ),
    ),
    also=(
        "apps_get_event",
        "apps_cancel_event",
    ),
)

INSTANCE_SIZES = Table(
    "instance_sizes",
    "instance_sizes",
    "apps_list_instanceSizes",
    (
        Column("slug", "string", "slug", meaning="what a component of a spec takes as instance_size_slug"),
        Column("cpu_type", "string", "cpu_type", meaning="SHARED or DEDICATED"),
        Column("cpus", "Int64", "cpus", meaning="number of virtual CPUs", as_text=True),
        Column("memory_bytes", "Int64", "memory_bytes", "bytes", "memory", as_text=True),
        Column("usd_per_month", "float64", "usd_per_month", "USD", "monthly price of an instance", as_text=True),
        Column("usd_per_second", "float64", "usd_per_second", "USD", "price of a second", as_text=True),
        Column(
            "bandwidth_allowance_gib",
            "Int64",
            "bandwidth_allowance_gib",
            "GiB",
            "transfer of a month that the price includes",
            as_text=True,
        ),
        Column("scalable", "boolean", "scalable", meaning="whether it can be scaled automatically"),
        Column(
            "single_instance_only", "boolean", "single_instance_only", meaning="whether a component can have only one"
        ),
        Column("tier_slug", "string", "tier_slug", meaning="slug of the pricing tier"),
        Column("name", "string", "name", meaning="display name"),
        Column("deprecation_intent", "boolean", "deprecation_intent", meaning="whether it is going to be withdrawn"),
    ),
    also=("apps_get_instanceSize",),
    first=("slug", "cpus", "memory_bytes", "usd_per_month", "bandwidth_allowance_gib", "cpu_type"),
)

REGISTRIES = Table(
    "registries",
    "registries",
    "registries_list",
    (
        Column("name", "string", "name", meaning="name, unique among all registries"),
        Column("region", "string", "region", meaning="slug of the region of the images"),
        Column("subscription_tier", "string", "subscription.tier.slug", meaning="starter, basic or professional"),
        Column("storage_usage_bytes", "Int64", "storage_usage_bytes", "bytes", "storage in use"),
        Column("created_at", TIME, "created_at", meaning="creation time"),
        Column(
            "storage_usage_bytes_updated_at",
            TIME,
            "storage_usage_bytes_updated_at",
            meaning="time at which the storage in use was measured",
        ),
    ),
    also=(
        "registries_create",
        "registries_get",
    ),
)

REPOSITORIES = Table(
    "repositories",
    "repositories",
    "registries_list_repositoriesV2",
    (
        Column("name", "string", "name", meaning="name, unique in the registry"),
        Column("tag_count", "Int64", "tag_count", meaning="number of tags"),
        Column("manifest_count", "Int64", "manifest_count", meaning="number of images"),
        Column("latest_manifest_tags", "list", "latest_manifest.tags", meaning="tags of the newest image"),
        Column("latest_manifest_updated_at", TIME, "latest_manifest.updated_at", meaning="time of the newest image"),
        Column(
            "latest_manifest_size_bytes", "Int64", "latest_manifest.size_bytes", "bytes", "size of the newest image"
        ),
        Column(
            "latest_manifest_compressed_size_bytes",
            "Int64",
            "latest_manifest.compressed_size_bytes",
            "bytes",
            "size of the newest image as it is stored",
        ),
        Column("latest_manifest_digest", "string", "latest_manifest.digest", meaning="digest of the newest image"),
        Column("registry_name", "string", "registry_name", meaning="name of the registry"),
    ),
    also=("registry_list_repositoriesV2",),
)

REPOSITORY_TAGS = Table(
    "repository_tags",
    "tags",
    "registries_list_repositoryTags",
    (
        Column("tag", "string", "tag", meaning="the tag"),
        Column("updated_at", TIME, "updated_at", meaning="time at which it was last pushed"),
        Column("size_bytes", "Int64", "size_bytes", "bytes", "size of the image"),
        Column("compressed_size_bytes", "Int64", "compressed_size_bytes", "bytes", "size of the image as it is stored"),
        Column("manifest_digest", "string", "manifest_digest", meaning="digest of the image"),
        Column("repository", "string", "repository", meaning="name of the repository"),
        Column("registry_name", "string", "registry_name", meaning="name of the registry"),
    ),
    also=("registry_list_repositoryTags",),
)

MANIFESTS = Table(
    "manifests",
    "manifests",
    "registries_list_repositoryManifests",
    (
        Column("digest", "string", "digest", meaning="digest of the image"),
        Column("tags", "list", "tags", meaning="its tags"),
        Column("updated_at", TIME, "updated_at", meaning="time at which it was pushed"),
        Column("size_bytes", "Int64", "size_bytes", "bytes", "size"),
        Column("compressed_size_bytes", "Int64", "compressed_size_bytes", "bytes", "size as it is stored"),
        Column("repository", "string", "repository", meaning="name of the repository"),
        Column("registry_name", "string", "registry_name", meaning="name of the registry"),
        Column("blobs", "list", "blobs", meaning="layers, with digest and size"),
    ),
    also=("registry_list_repositoryManifests",),
    first=("tags", "updated_at", "size_bytes", "compressed_size_bytes", "digest"),
)

UPTIME_CHECKS = Table(
    "uptime_checks",
    "checks",
    "uptime_list_checks",
    (
        Column("id", "string", "id", meaning="the check's UUID"),
        Column("name", "string", "name", meaning="display name"),
        Column("type", "string", "type", meaning="ping, http or https"),
        Column("target", "string", "target", meaning="URL or host to check"),
        Column(
            "regions",
            "list",
            "regions",
            meaning="regions the check runs from: us_east, us_west, eu_west, se_asia",
        ),
        Column("enabled", "boolean", "enabled", meaning="whether the check is enabled"),
    ),
    also=(
        "uptime_create_check",
        "uptime_get_check",
        "uptime_update_check",
    ),
)

UPTIME_ALERTS = Table(
    "uptime_alerts",
    "alerts",
    "uptime_list_alerts",
    (
        Column("id", "string", "id", meaning="the alert's UUID"),
        Column("name", "string", "name", meaning="display name"),
        Column("type", "string", "type", meaning="latency, down, down_global or ssl_expiry"),
        Column(
            "threshold", "Int64", "threshold", meaning="milliseconds of latency, or days until a certificate expires"
        ),
        Column("comparison", "string", "comparison", meaning="greater_than or less_than"),
        Column("period", "string", "period", meaning="how long the threshold must be crossed: 2m, 3m ... 1h"),
        Column("emails", "list", "notifications.email", meaning="email addresses to notify"),
    ),
    also=(
        "uptime_create_alert",
        "uptime_get_alert",
        "uptime_update_alert",
    ),
)

ALERT_POLICIES = Table(
    "alert_policies",
    "policies",
    "monitoring_list_alertPolicy",
    (
        Column("uuid", "string", "uuid", meaning="the policy's UUID"),
        Column("description", "string", "description", meaning="description"),
        Column("type", "string", "type", meaning="metric, such as v1/insights/droplet/cpu"),
        Column("compare", "string", "compare", meaning="GreaterThan or LessThan"),
        Column("value", "float64", "value", meaning="threshold, in the unit of the metric"),
        Column("window", "string", "window", meaning="time window: 5m, 10m, 30m or 1h"),
        Column("enabled", "boolean", "enabled", meaning="whether the policy is enabled"),
        Column("entities", "list", "entities", meaning="ids of the monitored resources"),
        Column("tags", "list", "tags", meaning="tags of the monitored droplets"),
        Column("emails", "list", "alerts.email", meaning="email addresses to notify"),
    ),
    also=(
        "monitoring_create_alertPolicy",
        "monitoring_get_alertPolicy",
        "monitoring_update_alertPolicy",
    ),
)
