"""Tables of what can be chosen for a new resource. Each is made of one nested response, see `frames.options`."""

from __future__ import annotations

from poseidon_nb.frames.columns import TIME, Column, Table

DATABASE_OPTIONS = Table(
    "database_options",
    "",
    "databases_list_options",
    (
        Column("engine", "string", "engine", meaning="pg, mysql, valkey, mongodb, kafka, opensearch ..."),
        Column("version", "string", "version", meaning="version of the engine"),
        Column("num_nodes", "Int64", "num_nodes", meaning="number of nodes"),
        Column("default", "boolean", "default", meaning="whether new clusters get this version by default"),
        Column("sizes", "list", "sizes", meaning="slugs of the sizes that a cluster of so many nodes can have"),
        Column("regions", "list", "regions", meaning="slugs of the regions that have the engine"),
        Column("end_of_availability", TIME, "end_of_availability", meaning="end of its availability for new clusters"),
        Column("end_of_life", TIME, "end_of_life", meaning="end of life of the version"),
    ),
    distinct=False,
    # Lists of sizes would push the dates off the page.
    first=("engine", "version", "num_nodes", "default", "end_of_life", "end_of_availability"),
)

KUBERNETES_OPTIONS = Table(
    "kubernetes_options",
    "options",
    "kubernetes_list_options",
    (
        Column("version", "string", "slug", meaning="slug of the version, which a command takes"),
        Column("kubernetes_version", "string", "kubernetes_version", meaning="version of Kubernetes"),
        Column("regions", "list", "regions", meaning="slugs of the regions that have clusters"),
        Column("sizes", "list", "sizes", meaning="slugs of the sizes that nodes can have"),
        Column("supported_features", "list", "supported_features", meaning="what the version supports"),
    ),
    distinct=False,
)

REGISTRY_OPTIONS = Table(
    "registry_options",
    "options",
    "registries_get_options",
    (
        Column("slug", "string", "slug", meaning="slug of the subscription tier"),
        Column("name", "string", "name", meaning="display name"),
        Column("price_usd_month", "float64", "price_usd_month", "USD", "monthly price"),
        Column("included_repositories", "Int64", "included_repositories", meaning="number of repositories; 0 for any"),
        Column("included_storage_bytes", "Int64", "included_storage_bytes", "bytes", "storage that the price includes"),
        Column(
            "included_bandwidth_bytes",
            "Int64",
            "included_bandwidth_bytes",
            "bytes",
            "transfer of a month that the price includes",
        ),
        Column("allow_storage_overage", "boolean", "allow_storage_overage", meaning="whether it can store more"),
        Column(
            "storage_overage_usd", "float64", "storage_overage_usd", "USD", "monthly price of each further gibibyte"
        ),
        Column("eligible", "boolean", "eligible", meaning="whether the account can have this tier now"),
        Column("regions", "list", "regions", meaning="slugs of the regions for registries"),
    ),
    also=("registry_get_options",),
    distinct=False,
)
