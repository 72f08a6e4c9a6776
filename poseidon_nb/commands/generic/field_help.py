"""Help texts, aliases and shorthand of request fields.

The catalogue has the name and type of each field. A field without an entry here is described by its own name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.client.lookup import RESOURCE_TYPES
from poseidon_nb.language.spec import kebab

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.language.spec import Shorthand

_RECORD = {
    **{
        field: (f"record-{field}",)
        for field in ("type", "name", "data", "priority", "port", "ttl", "weight", "flags", "tag")
    },
    "domain_record_id": ("record-id",),
}

#: Aliases of options and arguments by operation: doctl's flags (git 168188d), and similar ones.
_ALIASES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "volumes_create": {
        "size_gigabytes": ("size",),
        "description": ("desc",),
        "filesystem_type": ("fs-type",),
        "filesystem_label": ("fs-label",),
        "tags": ("tag",),
    },
    "volumeActions_post_byId": {"size_gigabytes": ("size",)},
    "volumeSnapshots_create": {"name": ("snapshot-name",), "tags": ("tag",)},
    "domains_create_record": _RECORD,
    "domains_patch_record": _RECORD,
    "domains_update_record": _RECORD,
    "images_create_custom": {
        "name": ("image-name",),
        "url": ("image-url",),
        "distribution": ("image-distribution",),
        "description": ("image-description",),
        "tags": ("tag", "tag-names"),
    },
    "images_update": {"name": ("image-name",)},
    "firewalls_create": {"tags": ("tag", "tag-names")},
    "firewalls_update": {"tags": ("tag", "tag-names")},
    "firewalls_add_tags": {"tags": ("tag", "tag-names")},
    "firewalls_delete_tags": {"tags": ("tag", "tag-names")},
    "loadBalancers_create": {"tag": ("tag-name",)},
    "loadBalancers_update": {"tag": ("tag-name",)},
    "tags_assign_resources": {"resources": ("resource",)},
    "tags_unassign_resources": {"resources": ("resource",)},
    "projects_assign_resources": {"resources": ("resource",)},
    "projects_assign_resources_default": {"resources": ("resource",)},
}

_RECORD_HELP = {
    "type": "A, AAAA, CAA, CNAME, MX, NS, SRV or TXT",
    "name": "hostname without the domain, or @ for the domain itself",
    "data": "value: an address, a hostname or text",
    "ttl": "time to live, in seconds",
    "priority": "for MX and SRV: the lowest is tried first",
    "port": "for SRV: port of the service",
    "weight": "for SRV: relative weight among records of equal priority",
    "flags": "for CAA: 0, or 128 for critical",
    "tag": "for CAA: issue, issuewild or iodef",
}
_FIREWALL_HELP = {
    "inbound_rules": "allowed inbound traffic: JSON, or protocol:tcp,ports:22,address:0.0.0.0/0",
    "outbound_rules": "allowed outbound traffic: JSON, or protocol:tcp,ports:all,address:0.0.0.0/0",
}
_DATABASE_HELP = {
    "num_nodes": "number of nodes",
    "size": "slug of a size, from %do databases options, for example db-s-1vcpu-1gb",
    "version": "version of the engine; the newest if missing",
    "storage_size_mib": "storage in MiB; that of the size if missing",
    "rules": """who may connect: '[{"type": "ip_addr", "value": "198.18.0.5"}]'""",
    "backup_restore": """create it from a backup: '{"database_name": "orders", "backup_created_at": "2026-11-23T12:00:00Z"}'""",
}
_KUBERNETES_HELP = {
    "count": "number of nodes",
    "node_pools": "JSON, or name:web,size:s-2vcpu-4gb,count:3",
    "version": "slug of a version, from %do kubernetes options, or latest",
    "auto_upgrade": "install patch releases automatically",
    "surge_upgrade": "create new nodes before old ones are deleted",
    "ha": "a highly available control plane",
    "auto_scale": "scale the number of nodes automatically",
    "min_nodes": "minimum number of nodes with --auto-scale",
    "max_nodes": "maximum number of nodes with --auto-scale",
    "cluster_subnet": "CIDR block of the pods",
    "service_subnet": "CIDR block of the services",
    "maintenance_policy": """JSON: '{"day": "sunday", "start_time": "04:00"}'""",
    "expiry_seconds": "lifetime of the credentials in seconds",
}
_BALANCER_HELP = {
    "forwarding_rules": "JSON, or entry_protocol:http,entry_port:80,target_port:80 ...",
    "health_check": "JSON, or protocol:http,port:80,path:/",
    "sticky_sessions": "JSON, or type:cookies,cookie_name:LB,cookie_ttl_seconds:300",
}
_URNS = "resources as do:TYPE:ID, for example do:droplet:521000032"
_PROJECT_HELP = {
    "purpose": "purpose: Web Application, Service or API ...",
    "environment": "Development, Staging or Production",
}
_ALERT_HELP = {
    "alerts": """recipients: '{"email": ["me@example.com"], "slack": []}'""",
    "compare": "whether values above or below the limit trigger the alert",
    "enabled": "enable the alert; --no-enabled disables it",
    "entities": "ids of the resources to monitor",
    "tags": "monitor resources with these tags",
    "type": "metric",
    "value": "limit, in the unit of the metric",
    "window": "how long the limit must be exceeded",
}

#: Help for fields of the body of any operation.
_HELP: Mapping[str, str] = {
    "name": "name",
    "description": "free-text description",
    "tags": "tags to add",
}
#: Help for fields by the start of the operationId, longest first.
_HELP_BY_OPERATION: Mapping[str, Mapping[str, str]] = {
    "droplets_create": {
        "backup_policy": "when backups are taken: plan, weekday and hour (UTC)",
        "private_networking": "deprecated: droplets are always in a VPC",
        "with_droplet_agent": "install the agent for the web console; with --no-with-droplet-agent, not",
        "public_networking": "give the droplet public addresses (default); with --no-public-networking, none",
    },
    "domains_list_records": {
        "name": "only this name, with the domain: www.example.com",
        "type": "only of this type: A, AAAA, CAA, CNAME, MX, NS, SRV, TXT",
    },
    "domains_create_record": _RECORD_HELP,
    "domains_patch_record": {**_RECORD_HELP, "type": "type of the record, required by the API"},
    "domains_update_record": _RECORD_HELP,
    "domains_create": {"ip_address": "create an A record with this address"},
    "domains_": {
        "domain_name": "name of the domain: example.com",
        "domain_record_id": "id of the record, from %do records list",
    },
    "volumes_list": {"name": "only with this name", "region": "only in this region"},
    "volumes_create": {
        "size_gigabytes": "size in GiB",
        "filesystem_type": "create a file system: ext4 or xfs",
        "filesystem_label": "label of the file system",
    },
    "volumeActions_": {"size_gigabytes": "new size in GiB, larger than now"},
    "images_": {
        "url": "http or https URL of the image",
        "distribution": "operating system: Ubuntu, Debian, Unknown OS ...",
    },
    "firewalls_": _FIREWALL_HELP,
    "loadBalancers_": _BALANCER_HELP,
    "databases_add_connectionPool": {
        "mode": "when a client gives its connection back: transaction, session or statement",
        "size": "number of connections",
        "db": "name of the database",
        "user": "name of the user; without it, each client uses its own",
    },
    "databases_create_cluster": _DATABASE_HELP,
    "databases_update_clusterSize": _DATABASE_HELP,
    "databases_create_replica": _DATABASE_HELP,
    "kubernetes_update_cluster": {**_KUBERNETES_HELP, "name": "new name, or the current one; the API requires it"},
    "kubernetes_": _KUBERNETES_HELP,
    "registries_create": {
        "name": "name, unique among all of DigitalOcean's registries",
        "subscription_tier_slug": "subscription tier",
        "region": "slug of the region of the images",
    },
    "registries_": {
        "repository_name": "name of the repository",
        "repository_tag": "tag",
        "manifest_digest": "digest of the image",
    },
    "apps_": {"spec": """the app's spec: '{"name": "shop", "region": "nyc", "services": [...]}'"""},
    "tags_": {"resources": _URNS},
    "projects_": {**_PROJECT_HELP, "resources": _URNS},
    "vpcs_": {"ip_range": "address range, for example 10.50.0.0/20"},
    "monitoring_create_alertPolicy": _ALERT_HELP,
    "monitoring_update_alertPolicy": _ALERT_HELP,
}

#: Fields with a shorthand for JSON, by the start of the operationId.
_SHORTHAND: Mapping[tuple[str, str], Shorthand] = {
    ("firewalls", "inbound_rules"): "inbound",
    ("firewalls", "outbound_rules"): "outbound",
    ("kubernetes", "node_pools"): "pools",
    ("loadBalancers", "forwarding_rules"): "objects",
    ("loadBalancers", "health_check"): "object",
    ("loadBalancers", "sticky_sessions"): "object",
    ("tags", "resources"): "urns",
}


def field_aliases(operation_id: str, field: str, source: str = "") -> tuple[str, ...]:
    """Return other names for a field of an operation.

    Parameters
    ----------
    operation_id, field : str
    source : str
        The type of resource that it refers to, if any. An alias without the word id is then added: ``--droplet``.
    """
    known = _ALIASES.get(operation_id, {}).get(field, ())
    word = kebab(field)
    for ending, plural in (("-id", ""), ("-uuid", ""), ("-ids", "s")) if source in RESOURCE_TYPES else ():
        if word.endswith(ending):
            return (*known, word.removesuffix(ending) + plural)
    return known


def field_help(operation_id: str, field: str, *, in_body: bool) -> str:
    """Return the help text of a field; ``""`` if it has none."""
    for start, words in _HELP_BY_OPERATION.items():
        if operation_id.startswith(start) and field in words:
            return words[field]
    return _HELP.get(field, "") if in_body else ""


def field_shorthand(operation_id: str, field: str) -> Shorthand:
    """Return the shorthand of a field that takes JSON; ``""`` if it has none."""
    return _SHORTHAND.get((operation_id.partition("_")[0], field), "")
