"""The kinds of things that people name and the API knows by an id: how each is listed, and which fields mean it.

Pure data, read also by help and completion, so nothing is imported that costs anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing.

    Attributes
    ----------
    noun : str
        What an error calls it.
    operation : str
        The operation that lists all of them.
    id, name : str
        Where a row has its id and its name; dots lead into objects. Where both are the same, the name is the id.
    numeric : bool
        Its ids are whole numbers; else they are UUIDs.
    """

    noun: str
    operation: str
    id: str = "id"
    name: str = "name"
    numeric: bool = False

    @property
    def named_by_id(self) -> bool:
        """Whether its name is its id, so that there is nothing to look up."""
        return self.id == self.name


#: By the words that completion uses for them.
KINDS: Mapping[str, Kind] = {
    "droplets": Kind("droplet", "droplets_list", numeric=True),
    "images": Kind("image", "images_list", numeric=True),
    "keys": Kind("key", "sshKeys_list", numeric=True),
    "snapshots": Kind("snapshot", "snapshots_list"),
    "volumes": Kind("volume", "volumes_list"),
    "domains": Kind("domain", "domains_list", id="name"),
    "tags": Kind("tag", "tags_list", id="name"),
    "reserved_ips": Kind("reserved IP", "reservedIPs_list", id="ip", name="ip"),
    "floating_ips": Kind("floating IP", "floatingIPs_list", id="ip", name="ip"),
    "firewalls": Kind("firewall", "firewalls_list"),
    "load_balancers": Kind("load balancer", "loadBalancers_list"),
    "vpcs": Kind("VPC", "vpcs_list"),
    "vpc_peerings": Kind("VPC peering", "vpcPeerings_list"),
    "projects": Kind("project", "projects_list"),
    "certificates": Kind("certificate", "certificates_list"),
    "cdn_endpoints": Kind("CDN endpoint", "cdn_list_endpoints", name="origin"),
    "databases": Kind("database cluster", "databases_list_clusters"),
    "kubernetes": Kind("Kubernetes cluster", "kubernetes_list_clusters"),
    "apps": Kind("app", "apps_list", name="spec.name"),
    "uptime_checks": Kind("uptime check", "uptime_list_checks"),
    "alert_policies": Kind("alert policy", "monitoring_list_alertPolicy", id="uuid", name="description"),
    "registries": Kind("registry", "registries_list", id="name"),
    "autoscale_pools": Kind("autoscale pool", "autoscalepools_list"),
    "invoices": Kind("invoice", "invoices_list", id="invoice_uuid", name="invoice_period"),
    "nat_gateways": Kind("VPC NAT gateway", "vpcnatgateways_list"),
}

#: Which kind a field of a request means, wherever it stands.
_FIELDS: Mapping[str, str] = {
    "droplet_id": "droplets",
    "droplet_ids": "droplets",
    "linked_droplet_id": "droplets",
    "image_id": "images",
    "ssh_key_identifier": "keys",
    "ssh_keys": "keys",
    "volume_id": "volumes",
    "domain_name": "domains",
    "tag_id": "tags",
    "tag_name": "tags",
    "tags": "tags",
    "tag": "tags",
    "reserved_ip": "reserved_ips",
    "floating_ip": "floating_ips",
    "firewall_id": "firewalls",
    "lb_id": "load_balancers",
    "target_load_balancer_ids": "load_balancers",
    "vpc_id": "vpcs",
    "vpc_ids": "vpcs",
    "vpc_uuid": "vpcs",
    "private_network_uuid": "vpcs",
    "vpc_peering_id": "vpc_peerings",
    "project_id": "projects",
    "certificate_id": "certificates",
    "cdn_id": "cdn_endpoints",
    "database_cluster_uuid": "databases",
    "app_id": "apps",
    "check_id": "uptime_checks",
    "registry_name": "registries",
    "autoscale_pool_id": "autoscale_pools",
    "invoice_uuid": "invoices",
    "region": "regions",
    "region_slug": "regions",
    "size": "sizes",
}

#: Where a word means something else, or something at all, by what the operationId begins with.
_FIELDS_OF: Mapping[str, Mapping[str, str]] = {
    "apps": {"id": "apps"},
    # An app, a database and a Kubernetes cluster have sizes and regions of their own.
    "databases": {"size": "", "tags": "", "project_id": "projects"},
    "kubernetes": {"cluster_id": "kubernetes", "size": "sizes"},
    "monitoring": {"host_id": "droplets", "alert_uuid": "alert_policies", "lb_id": "load_balancers"},
    "domains": {"tag": ""},  # of a CAA record
    "droplets": {"volumes": "volumes", "image": "images"},
    "dropletActions": {"image": "images"},
    "loadBalancers": {"size": ""},
    "snapshots": {"snapshot_id": "snapshots"},
    "volumes": {"snapshot_id": "snapshots"},
    "volumeSnapshots": {"snapshot_id": "snapshots"},
    "vpcnatgateways": {"id": "nat_gateways", "size": ""},
    "genai": {"region": "", "tags": "", "size": ""},
    "vectorDatabases": {"size": "", "tags": "", "region": ""},
    "registries": {"region": ""},
    "registry": {"registry_name": "", "region": ""},
    "spacesKey": {"region": ""},
}


def kind_meant(operation_id: str, field: str) -> str:
    """Give the kind that a field of an operation means: a key of `KINDS`, ``"regions"`` or ``"sizes"``; ``""`` if none."""
    own = _FIELDS_OF.get(operation_id.partition("_")[0], {})
    return own[field] if field in own else _FIELDS.get(field, "")
