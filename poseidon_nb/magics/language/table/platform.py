"""What DigitalOcean runs for you: databases, Kubernetes, apps; and what watches over all of it."""

from __future__ import annotations

from poseidon_nb.magics.language.words import (
    CREATE_WORDS,
    DELETE_WORDS,
    GET_WORDS,
    LIST_WORDS,
    UPDATE_WORDS,
    Group,
    Named,
)

DATABASES = Group(
    name="databases",
    help="managed database clusters",
    aliases=("database", "db"),
    prefixes=("databases",),
    named=(
        Named("databases_list_clusters", "list", "show the clusters", aliases=LIST_WORDS, example="%do databases list"),
        Named("databases_get_cluster", "get", "show one cluster", aliases=GET_WORDS, example="%do databases get orders"),
        Named("databases_create_cluster", "create", "make a cluster", ("name",), aliases=CREATE_WORDS,
              example="%do databases create orders --engine pg --region nyc3 --size db-s-1vcpu-1gb --num-nodes 1"),
        Named("databases_destroy_cluster", "delete", "destroy clusters and what is in them", aliases=DELETE_WORDS,
              example="%do databases delete orders --yes"),
        Named("databases_update_clusterSize", "resize", "give a cluster other nodes"),
        Named("databases_update_region", "migrate", "move a cluster to another region", ("region",)),
        Named("databases_list_options", "options", "show the engines, versions, regions and sizes on offer",
              example="%do databases options"),
        Named("databases_list_backups", "backups", "show the backups of a cluster"),
        Named("databases_list", "list-dbs", "show the databases in a cluster", example="%do databases list-dbs orders"),
        Named("databases_get", "get-db", "show one database in a cluster"),
        Named("databases_add", "create-db", "make a database in a cluster", ("name",)),
        Named("databases_delete", "delete-db", "remove databases from a cluster"),
        Named("databases_add_user", "create-user", "make a user", ("name",)),
        Named("databases_add_connectionPool", "create-connection-pool", "make a connection pool", ("name",)),
        Named("databases_list_opeasearch_indexes", "list-opensearch-indexes", "show the indexes of an OpenSearch cluster"),
    ),
)  # fmt: skip

KUBERNETES = Group(
    name="kubernetes",
    help="managed Kubernetes clusters",
    aliases=("k8s", "doks"),
    prefixes=("kubernetes",),
    named=(
        Named("kubernetes_list_clusters", "list", "show the clusters", aliases=LIST_WORDS, example="%do kubernetes list"),
        Named("kubernetes_get_cluster", "get", "show one cluster", aliases=GET_WORDS, example="%do kubernetes get prod"),
        Named("kubernetes_create_cluster", "create", "make a cluster", ("name",), aliases=CREATE_WORDS),
        Named("kubernetes_update_cluster", "update", "change a cluster", ("name",), aliases=UPDATE_WORDS),
        Named("kubernetes_delete_cluster", "delete", "destroy clusters", aliases=DELETE_WORDS,
              example="%do kubernetes delete prod --yes"),
        Named("kubernetes_get_kubeconfig", "kubeconfig", "give the file with which kubectl reaches a cluster"),
        Named("kubernetes_list_options", "options", "show the versions, regions and sizes on offer",
              example="%do kubernetes options"),
        Named("kubernetes_list_nodePools", "node-pools", "show the node pools of a cluster"),
    ),
)  # fmt: skip

APPS = Group(
    name="apps",
    help="apps on App Platform",
    aliases=("app",),
    prefixes=("apps",),
    named=(
        Named("apps_list", "list", "show the apps", aliases=LIST_WORDS, example="%do apps list"),
        Named("apps_get", "get", "show one app", aliases=GET_WORDS, example="%do apps get shop"),
        Named("apps_create", "create", "make an app from its spec, given as the body of a %%do cell",
              aliases=CREATE_WORDS),
        Named("apps_update", "update", "give an app a new spec", aliases=UPDATE_WORDS),
        Named("apps_delete", "delete", "remove apps", aliases=DELETE_WORDS, example="%do apps delete shop --yes"),
        Named("apps_list_deployments", "deployments", "show the deployments of an app",
              example="%do apps deployments shop"),
    ),
)  # fmt: skip

#: Our words for the metrics of a droplet, and the operations that read them.
_DROPLET_METRICS = {
    "cpu": "get_DropletCpuMetrics",
    "bandwidth": "get_dropletBandwidthMetrics",
    "load-1": "get_dropletLoad1Metrics",
    "load-5": "get_dropletLoad5Metrics",
    "load-15": "get_dropletLoad15Metrics",
    "memory-total": "get_dropletMemoryTotalMetrics",
    "memory-free": "get_dropletMemoryFreeMetrics",
    "memory-available": "get_dropletMemoryAvailableMetrics",
    "memory-cached": "get_dropletMemoryCachedMetrics",
    "filesystem-size": "get_dropletFilesystemSizeMetrics",
    "filesystem-free": "get_dropletFilesystemFreeMetrics",
}

MONITORING = Group(
    name="monitoring",
    help="metrics of droplets and more, and alerts on them",
    prefixes=("monitoring",),
    named=(
        Named("monitoring_list_alertPolicy", "list", "show the alert policies", aliases=(*LIST_WORDS, "alerts"),
              example="%do monitoring list"),
        Named("monitoring_get_alertPolicy", "get", "show one alert policy", aliases=GET_WORDS),
        Named("monitoring_create_alertPolicy", "create", "make an alert policy", aliases=CREATE_WORDS),
        Named("monitoring_update_alertPolicy", "update", "set all of an alert policy anew", aliases=UPDATE_WORDS),
        Named("monitoring_delete_alertPolicy", "delete", "remove alert policies", aliases=DELETE_WORDS),
        *(
            Named(f"monitoring_{operation}", f"droplet-{word}", f"show the {word.replace('-', ' ')} of a droplet over time",
                  ("host_id",), aliases=(word,))
            for word, operation in _DROPLET_METRICS.items()
        ),
    ),
)  # fmt: skip
