"""Groups that need no code: their verbs are operations with a name of our own, or list, get and delete a noun."""

from __future__ import annotations

from poseidon_nb.commands.shared_spec import delete_verb, get_verb, list_verb
from poseidon_nb.language.spec import (
    CREATE_ALIASES,
    DELETE_ALIASES,
    GET_ALIASES,
    LIST_ALIASES,
    UPDATE_ALIASES,
    Argument,
    Group,
    OperationAlias,
    Option,
    Verb,
)

_TAG = Argument(name="tag", metavar="TAG", help="name", source="tags")

TAGS = Group(
    name="tags",
    help="tags of droplets and other resources",
    aliases=("tag",),
    prefixes=("tags",),
    operation_aliases=(
        OperationAlias("tags_assign_resources", "assign", "add a tag to resources", aliases=("assign-resources",)),
        OperationAlias(
            "tags_unassign_resources", "unassign", "remove a tag from resources", aliases=("unassign-resources",)
        ),
    ),
    verbs=(
        list_verb("tags", "tags_list"),
        get_verb("tags", "tags_get", _TAG, "web"),
        Verb(
            name="create",
            help="create a tag",
            run="generic.run:CHANGE",
            operations=("tags_create",),
            alias_of="tags_create",
            arguments=(Argument(name="name", metavar="NAME", help="letters, digits, and : - _"),),
            aliases=CREATE_ALIASES,
            table="tags",
            example="%do tags create blue",
        ),
        delete_verb("tags", "tags_delete", _TAG, "web", "delete tags; tagged resources remain"),
    ),
)

_VOLUME_ACTION = "volumeActions_post_byId"

VOLUMES = Group(
    name="volumes",
    help="block storage volumes",
    aliases=("volume", "vol"),
    prefixes=("volumes", "volumeActions", "volumeSnapshots"),
    operation_aliases=(
        OperationAlias("volumes_list", "list", "list volumes", aliases=LIST_ALIASES, example="%do volumes list --region nyc3"),
        OperationAlias("volumes_get", "get", "show one volume", aliases=GET_ALIASES, example="%do volumes get db-1-data"),
        OperationAlias("volumes_create", "create", "create a volume", ("name",), aliases=CREATE_ALIASES,
              example="%do volumes create data-1 --region nyc3 --size-gigabytes 100"),
        OperationAlias("volumes_delete", "delete", "delete volumes and their data", aliases=DELETE_ALIASES,
              example="%do volumes delete data-1 --yes"),
        OperationAlias(_VOLUME_ACTION, "attach", "attach a volume to a droplet", ("droplet_id",), fixed={"type": "attach"},
              only=("region", "tags"), example="%do volumes attach data-1 web-1"),
        OperationAlias(_VOLUME_ACTION, "detach", "detach a volume from a droplet", ("droplet_id",), fixed={"type": "detach"},
              only=("region",), aliases=("detach-by-droplet-id",), example="%do volumes detach data-1 web-1"),
        OperationAlias(_VOLUME_ACTION, "resize", "grow a volume; it cannot shrink again", ("size_gigabytes",), fixed={"type": "resize"},
              only=("region",), example="%do volumes resize data-1 200"),
        OperationAlias("volumeSnapshots_create", "snapshot", "create a snapshot of a volume", ("name",),
              example="%do volumes snapshot data-1 before-upgrade"),
        OperationAlias("volumeSnapshots_list", "snapshots", "list the snapshots of a volume",
              example="%do volumes snapshots db-1-data"),
        OperationAlias("volumeSnapshots_get_byId", "get-snapshot", "show one snapshot of a volume"),
        OperationAlias("volumeSnapshots_delete_byId", "delete-snapshot", "delete snapshots of volumes"),
        OperationAlias("volumeActions_list", "actions", "list the actions of a volume"),
        OperationAlias("volumeActions_get", "get-action", "show one action of a volume"),
        OperationAlias(_VOLUME_ACTION, "start-action", "start an action, given its type", ("type",)),
        OperationAlias("volumeActions_post", "start-action-by-name", "start an action on a volume, given the volume's name", ("type",)),
    ),
)  # fmt: skip

RESERVED_IPS = Group(
    name="reserved-ips",
    help="public IP addresses that can be reassigned",
    aliases=("reserved-ip", "fip"),
    prefixes=("reservedIPs", "reservedIPsActions"),
    operation_aliases=(
        OperationAlias("reservedIPs_list", "list", "list reserved IPs", aliases=LIST_ALIASES, example="%do reserved-ips list"),
        OperationAlias("reservedIPs_get", "get", "show one reserved IP", aliases=GET_ALIASES,
              example="%do reserved-ips get 198.19.1.5"),
        OperationAlias("reservedIPs_create", "create", "reserve an IP for a region or a droplet", aliases=CREATE_ALIASES,
              example="%do reserved-ips create --region nyc3"),
        OperationAlias("reservedIPs_delete", "delete", "release reserved IPs", aliases=DELETE_ALIASES,
              example="%do reserved-ips delete 198.19.1.5 --yes"),
        OperationAlias("reservedIPsActions_post", "assign", "assign a reserved IP to a droplet", ("droplet_id",),
              fixed={"type": "assign"}, only=(), example="%do reserved-ips assign 198.19.1.5 web-2"),
        OperationAlias("reservedIPsActions_post", "unassign", "unassign a reserved IP", fixed={"type": "unassign"}, only=(),
              example="%do reserved-ips unassign 198.19.1.5"),
        OperationAlias("reservedIPsActions_list", "actions", "list the actions of a reserved IP"),
        OperationAlias("reservedIPsActions_get", "get-action", "show one action of a reserved IP"),
        OperationAlias("reservedIPsActions_post", "start-action", "start an action, given its type", ("type",)),
    ),
)  # fmt: skip

FIREWALLS = Group(
    name="firewalls",
    help="inbound and outbound rules for droplets",
    aliases=("firewall", "fw"),
    prefixes=("firewalls",),
    operation_aliases=(
        OperationAlias("firewalls_list", "list", "list firewalls", aliases=LIST_ALIASES, example="%do firewalls list"),
        OperationAlias("firewalls_get", "get", "show one firewall", aliases=GET_ALIASES, example="%do firewalls get web"),
        OperationAlias("firewalls_create", "create", "create a firewall", ("name",), aliases=CREATE_ALIASES,
              example="""%do firewalls create ssh --tags web --inbound-rules """
                      """'[{"protocol": "tcp", "ports": "22", "sources": {"addresses": ["0.0.0.0/0"]}}]'"""),
        OperationAlias("firewalls_update", "update", "replace all settings of a firewall", ("name",), aliases=UPDATE_ALIASES),
        OperationAlias("firewalls_delete", "delete", "delete firewalls", aliases=DELETE_ALIASES,
              example="%do firewalls delete web --yes"),
        OperationAlias("firewalls_assign_droplets", "add-droplets", "apply a firewall to droplets", ("droplet_ids",),
              example="%do firewalls add-droplets web web-1 web-2"),
        OperationAlias("firewalls_delete_droplets", "remove-droplets", "remove droplets from a firewall", ("droplet_ids",),
              example="%do firewalls remove-droplets web web-1 --yes"),
        OperationAlias("firewalls_add_tags", "add-tags", "apply a firewall to all resources with a tag", ("tags",),
              example="%do firewalls add-tags web staging"),
        OperationAlias("firewalls_delete_tags", "remove-tags", "remove tags from a firewall", ("tags",),
              example="%do firewalls remove-tags web staging --yes"),
        OperationAlias("firewalls_add_rules", "add-rules", "add rules to a firewall"),
        OperationAlias("firewalls_delete_rules", "remove-rules", "remove rules from a firewall"),
    ),
)  # fmt: skip

LOAD_BALANCERS = Group(
    name="load-balancers",
    help="distribute traffic to droplets",
    aliases=("load-balancer", "lb"),
    prefixes=("loadBalancers",),
    operation_aliases=(
        OperationAlias("loadBalancers_list", "list", "list load balancers", aliases=LIST_ALIASES,
              example="%do load-balancers list"),
        OperationAlias("loadBalancers_get", "get", "show one load balancer", aliases=GET_ALIASES,
              example="%do load-balancers get web"),
        OperationAlias("loadBalancers_create", "create", "create a load balancer", ("name",), aliases=CREATE_ALIASES,
              example="""%do load-balancers create front --region nyc3 --tag web --forwarding-rules """
                      """'[{"entry_protocol": "http", "entry_port": 80, """
                      """"target_protocol": "http", "target_port": 80}]'"""),
        OperationAlias("loadBalancers_update", "update", "replace all settings of a load balancer", aliases=UPDATE_ALIASES),
        OperationAlias("loadBalancers_delete", "delete", "delete load balancers", aliases=DELETE_ALIASES,
              example="%do load-balancers delete web --yes"),
        OperationAlias("loadBalancers_add_droplets", "add-droplets", "add droplets to a load balancer", ("droplet_ids",),
              example="%do load-balancers add-droplets web web-3"),
        OperationAlias("loadBalancers_remove_droplets", "remove-droplets", "remove droplets from a load balancer", ("droplet_ids",),
              example="%do load-balancers remove-droplets web web-3 --yes"),
        OperationAlias("loadBalancers_add_forwardingRules", "add-forwarding-rules", "add forwarding rules"),
        OperationAlias("loadBalancers_remove_forwardingRules", "remove-forwarding-rules", "remove forwarding rules"),
        OperationAlias("loadBalancers_delete_cache", "purge-cache", "purge the cache of a global load balancer",
              aliases=("delete-cache",)),
    ),
)  # fmt: skip

VPCS = Group(
    name="vpcs",
    help="private networks and their peerings",
    aliases=("vpc",),
    prefixes=("vpcs",),
    operation_aliases=(
        OperationAlias("vpcs_list", "list", "list VPCs", aliases=LIST_ALIASES, example="%do vpcs list"),
        OperationAlias("vpcs_get", "get", "show one VPC", aliases=GET_ALIASES, example="%do vpcs get default-nyc3"),
        OperationAlias("vpcs_create", "create", "create a VPC", ("name",), aliases=CREATE_ALIASES,
              example="%do vpcs create backend --region nyc3 --ip-range 10.50.0.0/20"),
        OperationAlias("vpcs_patch", "update", "change some fields of a VPC", aliases=UPDATE_ALIASES,
              example="%do vpcs update backend --description databases"),
        OperationAlias("vpcs_update", "replace", "set all fields of a VPC"),
        OperationAlias("vpcs_delete", "delete", "delete VPCs, which must be empty", aliases=DELETE_ALIASES,
              example="%do vpcs delete backend --yes"),
        OperationAlias("vpcs_list_members", "members", "list the resources in a VPC", aliases=("list-members",),
              example="%do vpcs members default-nyc3"),
        OperationAlias("vpcs_list_peerings", "peerings", "list the peerings of a VPC"),
        OperationAlias("vpcs_create_peerings", "peer", "create a peering with another VPC", ("name",)),
        OperationAlias("vpcs_patch_peerings", "rename-peering", "rename a peering", ("name",)),
    ),
)  # fmt: skip

DATABASES = Group(
    name="databases",
    help="managed database clusters",
    aliases=("database", "db"),
    prefixes=("databases",),
    operation_aliases=(
        OperationAlias("databases_list_clusters", "list", "list clusters", aliases=LIST_ALIASES, example="%do databases list"),
        OperationAlias("databases_get_cluster", "get", "show one cluster", aliases=GET_ALIASES, example="%do databases get orders"),
        OperationAlias("databases_create_cluster", "create", "create a cluster", ("name",), aliases=CREATE_ALIASES,
              example="%do databases create orders --engine pg --region nyc3 --size db-s-1vcpu-1gb --num-nodes 1"),
        OperationAlias("databases_destroy_cluster", "delete", "delete clusters and their data", aliases=DELETE_ALIASES,
              example="%do databases delete orders --yes"),
        OperationAlias("databases_update_clusterSize", "resize", "change the size or number of nodes",
              example="%do databases resize orders --size db-s-2vcpu-4gb --num-nodes 2"),
        OperationAlias("databases_update_region", "migrate", "move a cluster to another region", ("region",),
              example="%do databases migrate orders fra1"),
        OperationAlias("databases_list_options", "options", "list available engines and versions, with sizes and regions",
              example="%do databases options --columns engine,version,num_nodes,sizes"),
        OperationAlias("databases_list_backups", "backups", "list the backups of a cluster"),
        OperationAlias("databases_list", "list-dbs", "list the databases in a cluster", example="%do databases list-dbs orders"),
        OperationAlias("databases_get", "get-db", "show one database in a cluster"),
        OperationAlias("databases_add", "create-db", "create a database in a cluster", ("name",)),
        OperationAlias("databases_delete", "delete-db", "delete databases from a cluster"),
        OperationAlias("databases_list_users", "users", "list the users of a cluster; --reveal shows their passwords",
              example="%do databases users orders"),
        OperationAlias("databases_add_user", "create-user", "create a user", ("name",),
              example="%do databases create-user orders reports"),
        OperationAlias("databases_delete_user", "delete-user", "delete users"),
        OperationAlias("databases_list_connectionPools", "pools", "list the connection pools of a cluster",
              aliases=("connection-pools",), example="%do databases pools orders"),
        OperationAlias("databases_add_connectionPool", "create-connection-pool", "create a connection pool", ("name",),
              aliases=("create-pool",),
              example="%do databases create-connection-pool orders web --mode transaction --size 10 --db defaultdb --user doadmin"),
        OperationAlias("databases_list_replicas", "replicas", "list the read-only replicas of a cluster",
              example="%do databases replicas orders"),
        OperationAlias("databases_create_replica", "create-replica", "create a read-only replica", ("name",),
              example="%do databases create-replica orders orders-read --region nyc3 --size db-s-1vcpu-2gb"),
        OperationAlias("databases_list_firewall_rules", "firewall-rules", "list who may connect to a cluster",
              aliases=("firewalls", "trusted-sources"), example="%do databases firewall-rules orders"),
        OperationAlias("databases_list_opeasearch_indexes", "list-opensearch-indexes", "list the indexes of an OpenSearch cluster"),
    ),
    verbs=(
        Verb(
            name="connection",
            help="show how to connect to a cluster; --reveal shows the password",
            run="databases.connection:show_connection",
            operations=("databases_get_cluster",),
            arguments=(Argument(name="database", metavar="CLUSTER", help="id or name", source="databases"),),
            options=(Option(field="private", type="flag", help="the endpoint in the VPC instead of the public one"),),
            aliases=("conn",),
            example="%do databases connection orders",
        ),
    ),
)  # fmt: skip

KUBERNETES = Group(
    name="kubernetes",
    help="managed Kubernetes clusters",
    aliases=("k8s", "doks"),
    prefixes=("kubernetes",),
    operation_aliases=(
        OperationAlias("kubernetes_list_clusters", "list", "list clusters", aliases=LIST_ALIASES, example="%do kubernetes list"),
        OperationAlias("kubernetes_get_cluster", "get", "show one cluster", aliases=GET_ALIASES, example="%do kubernetes get prod"),
        OperationAlias("kubernetes_create_cluster", "create", "create a cluster", ("name",), aliases=CREATE_ALIASES,
              example="%do kubernetes create prod --region nyc3 --version latest --node-pools name:web,size:s-2vcpu-4gb,count:3"),
        OperationAlias("kubernetes_update_cluster", "update", "change a cluster", ("name",), aliases=UPDATE_ALIASES,
              example="%do kubernetes update prod prod --auto-upgrade"),
        OperationAlias("kubernetes_delete_cluster", "delete", "delete clusters", aliases=DELETE_ALIASES,
              example="%do kubernetes delete prod --yes"),
        OperationAlias("kubernetes_get_kubeconfig", "kubeconfig", "return the kubeconfig file of a cluster",
              example="%do kubernetes kubeconfig prod --save kubeconfig.yaml"),
        OperationAlias("kubernetes_list_options", "options", "list available versions, with regions and sizes of nodes",
              example="%do kubernetes options"),
        OperationAlias("kubernetes_list_nodePools", "node-pools", "list the node pools of a cluster",
              aliases=("pools",), example="%do kubernetes node-pools prod"),
        OperationAlias("kubernetes_add_nodePool", "add-node-pool", "add a node pool to a cluster", ("name",),
              aliases=("create-node-pool",), example="%do kubernetes add-node-pool prod web --size s-2vcpu-4gb --count 3"),
    ),
)  # fmt: skip

APPS = Group(
    name="apps",
    help="apps on App Platform",
    aliases=("app",),
    prefixes=("apps",),
    operation_aliases=(
        OperationAlias("apps_list", "list", "list apps", aliases=LIST_ALIASES, example="%do apps list"),
        OperationAlias("apps_get", "get", "show one app", aliases=GET_ALIASES, example="%do apps get shop"),
        OperationAlias("apps_create", "create", "create an app from its spec, the body of a %%do cell",
              aliases=CREATE_ALIASES,
              example="""%do apps create --spec '{"name": "shop", "region": "nyc", "services": [{"name": "web", "image": """
                      """{"registry_type": "DOCKER_HUB", "repository": "nginx"}}]}'"""),
        OperationAlias("apps_update", "update", "replace the spec of an app", aliases=UPDATE_ALIASES),
        OperationAlias("apps_delete", "delete", "delete apps", aliases=DELETE_ALIASES, example="%do apps delete shop --yes"),
        OperationAlias("apps_list_instanceSizes", "instance-sizes", "list the sizes of instances", example="%do apps instance-sizes"),
        OperationAlias("apps_list_deployments", "deployments", "list the deployments of an app",
              example="%do apps deployments shop"),
    ),
)  # fmt: skip

REGISTRIES = Group(
    name="registries",
    help="container registries",
    prefixes=("registries",),
    operation_aliases=(
        OperationAlias("registries_list", "list", "list registries", aliases=LIST_ALIASES, example="%do registries list"),
        OperationAlias("registries_get", "get", "show one registry", aliases=GET_ALIASES, example="%do registries get tidepool"),
        OperationAlias("registries_create", "create", "create a registry", ("name",), aliases=CREATE_ALIASES,
              example="%do registries create tidepool --region nyc3 --subscription-tier-slug basic"),
        OperationAlias("registries_delete", "delete", "delete registries and all their images", aliases=DELETE_ALIASES,
              example="%do registries delete tidepool --yes"),
        OperationAlias("registries_list_repositoriesV2", "repositories", "list the repositories of a registry",
              aliases=("list-repositories",), example="%do registries repositories tidepool"),
        OperationAlias("registries_delete_repository", "delete-repository", "delete repositories and all their images"),
        OperationAlias("registries_list_repositoryTags", "tags", "list the tags of a repository", aliases=("list-tags",),
              example="%do registries tags tidepool tiles-api"),
        OperationAlias("registries_delete_repositoryTag", "delete-tag", "delete tags of a repository; their images remain"),
        OperationAlias("registries_list_repositoryManifests", "manifests", "list the images of a repository by digest",
              aliases=("list-manifests",), example="%do registries manifests tidepool tiles-api"),
        OperationAlias("registries_delete_repositoryManifest", "delete-manifest", "delete images of a repository by digest"),
        OperationAlias("registries_run_garbageCollection", "run-garbage-collection", "delete what no image uses any more"),
        OperationAlias("registries_get_garbageCollection", "get-garbage-collection", "show the garbage collection in progress"),
        OperationAlias("registries_list_garbageCollections", "list-garbage-collections", "list recent garbage collections"),
        OperationAlias("registries_update_garbageCollection", "update-garbage-collection", "cancel a garbage collection"),
        OperationAlias("registries_get_dockerCredentials", "docker-credentials", "return a Docker configuration to log in with",
              aliases=("docker-config",), example="%do registries docker-credentials tidepool --save config.json"),
        OperationAlias("registries_get_options", "options", "list available subscription tiers, and regions"),
        OperationAlias("registries_get_subscription", "subscription", "show the subscription"),
        OperationAlias("registries_update_subscription", "update-subscription", "change the subscription tier"),
        OperationAlias("registries_validate_name", "validate-name", "check whether a name is free"),
    ),
)  # fmt: skip

#: The metrics of a droplet by our names, and the operations that read them.
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
    help="alert policies and raw metrics",
    prefixes=("monitoring",),
    operation_aliases=(
        OperationAlias("monitoring_list_alertPolicy", "list", "list alert policies", aliases=(*LIST_ALIASES, "alerts"),
              example="%do monitoring list"),
        OperationAlias("monitoring_get_alertPolicy", "get", "show one alert policy", aliases=GET_ALIASES),
        OperationAlias("monitoring_create_alertPolicy", "create", "create an alert policy", aliases=CREATE_ALIASES),
        OperationAlias("monitoring_update_alertPolicy", "update", "replace all settings of an alert policy", aliases=UPDATE_ALIASES),
        OperationAlias("monitoring_delete_alertPolicy", "delete", "delete alert policies", aliases=DELETE_ALIASES),
        *(
            OperationAlias(f"monitoring_{operation}", f"droplet-{word}", f"show the {word.replace('-', ' ')} of a droplet over time",
                  ("host_id",), aliases=(word,))
            for word, operation in _DROPLET_METRICS.items()
        ),
    ),
)  # fmt: skip

PROJECTS = Group(
    name="projects",
    help="groups of resources",
    aliases=("project",),
    prefixes=("projects",),
    operation_aliases=(
        OperationAlias("projects_list", "list", "list projects", aliases=LIST_ALIASES, example="%do projects list"),
        OperationAlias("projects_get", "get", "show one project", aliases=GET_ALIASES, example="%do projects get staging"),
        OperationAlias("projects_create", "create", "create a project", ("name",), aliases=CREATE_ALIASES,
              example="%do projects create lab --purpose 'Trying things'"),
        OperationAlias("projects_patch", "update", "change some fields of a project", aliases=UPDATE_ALIASES,
              example="%do projects update lab --environment Staging"),
        OperationAlias("projects_update", "replace", "set all fields of a project"),
        OperationAlias("projects_delete", "delete", "delete projects, which must be empty", aliases=DELETE_ALIASES,
              example="%do projects delete lab --yes"),
        OperationAlias("projects_list_resources", "resources", "list the resources of a project", example="%do projects resources staging"),
        OperationAlias("projects_assign_resources", "assign", "move resources to a project", ("resources",),
              example="%do projects assign staging do:droplet:521000032"),
        OperationAlias("projects_get_default", "get-default", "show the default project"),
        OperationAlias("projects_patch_default", "update-default", "change some fields of the default project"),
        OperationAlias("projects_update_default", "replace-default", "set all fields of the default project"),
        OperationAlias("projects_list_resources_default", "resources-default", "list the resources of the default project"),
        OperationAlias("projects_assign_resources_default", "assign-default", "move resources to the default project",
              ("resources",)),
    ),
)  # fmt: skip

BALANCE = Group(
    name="balance",
    help="account balance and month-to-date usage",
    default="get",
    prefixes=("balance",),
    operation_aliases=(OperationAlias("balance_get", "get", "show the balance", example="%do balance"),),
)

INVOICES = Group(
    name="invoices",
    help="monthly invoices",
    aliases=("invoice",),
    prefixes=("invoices", "billingHistory", "billingInsights"),
    operation_aliases=(
        OperationAlias("invoices_list", "list", "list invoices", aliases=LIST_ALIASES, example="%do invoices list"),
        OperationAlias("invoices_get_byUUID", "get", "list the items of an invoice", aliases=(*GET_ALIASES, "items"),
              example="%do invoices get 2026-10"),
        OperationAlias("invoices_get_summaryByUUID", "summary", "show the summary of an invoice"),
        OperationAlias("invoices_get_csvByUUID", "csv", "return an invoice as CSV text"),
        OperationAlias("invoices_get_pdfByUUID", "pdf", "return an invoice as a PDF"),
        OperationAlias("billingHistory_list", "history", "list invoices, payments and credits, newest first",
              example="%do invoices history"),
        OperationAlias("billingInsights_list", "insights", "list the daily cost of each resource",
              example="%do invoices insights do:team:7fa4d0a2-1b7c-4f3a-a5c9-2d0a5f1b9e11 2026-11-01 2026-11-30"),
    ),
)  # fmt: skip
