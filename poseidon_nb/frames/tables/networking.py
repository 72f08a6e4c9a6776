"""Addresses, private networks, and what stands in front of droplets."""

from __future__ import annotations

from poseidon_nb.frames.columns import TIME, Column, Table

FIREWALLS = Table(
    "firewalls",
    "firewalls",
    "firewalls_list",
    (
        Column("id", "string", "id", meaning="the firewall's UUID"),
        Column("name", "string", "name", meaning="the name shown to people"),
        Column("status", "string", "status", meaning="waiting, succeeded or failed"),
        Column("inbound_rules", "list", "inbound_rules", meaning="what is let in: protocol, ports and sources each"),
        Column(
            "outbound_rules", "list", "outbound_rules", meaning="what is let out: protocol, ports and destinations each"
        ),
        Column("droplet_ids", "list", "droplet_ids", meaning="numbers of the droplets it protects by themselves"),
        Column("tags", "list", "tags", meaning="tags whose droplets it protects"),
        Column("pending_changes", "list", "pending_changes", meaning="droplets for which a change is still under way"),
        Column("created_at", TIME, "created_at", meaning="when it was created"),
    ),
    also=(
        "firewalls_create",
        "firewalls_get",
        "firewalls_update",
        "droplets_list_firewalls",
    ),
)

RESERVED_IPS = Table(
    "reserved_ips",
    "reserved_ips",
    "reservedIPs_list",
    (
        Column("ip", "string", "ip", meaning="the IPv4 address"),
        Column("region", "string", "region.slug", meaning="slug of the datacenter"),
        Column(
            "droplet_id",
            "Int64",
            "droplet.id",
            meaning="number of the droplet it leads to; missing where there is none",
        ),
        Column("droplet_name", "string", "droplet.name", meaning="name of that droplet"),
        Column("locked", "boolean", "locked", meaning="whether it is just being assigned or unassigned"),
        Column("project_id", "string", "project_id", meaning="UUID of its project"),
    ),
    also=(
        "reservedIPs_create",
        "reservedIPs_get",
        "floatingIPs_list",
        "floatingIPs_create",
        "floatingIPs_get",
    ),
)

RESERVED_IPV6 = Table(
    "reserved_ipv6",
    "reserved_ipv6s",
    "reservedIPv6_list",
    (
        Column("ip", "string", "ip", meaning="the IPv6 address"),
        Column("region_slug", "string", "region_slug", meaning="slug of the datacenter"),
        Column(
            "droplet_id",
            "Int64",
            "droplet.id",
            meaning="number of the droplet it leads to; missing where there is none",
        ),
        Column("droplet_name", "string", "droplet.name", meaning="name of that droplet"),
        Column("reserved_at", TIME, "reserved_at", meaning="when it was reserved"),
    ),
    also=(
        "reservedIPv6_create",
        "reservedIPv6_get",
    ),
)

LOAD_BALANCERS = Table(
    "load_balancers",
    "load_balancers",
    "loadBalancers_list",
    (
        Column("id", "string", "id", meaning="the load balancer's UUID"),
        Column("name", "string", "name", meaning="the name shown to people"),
        Column("status", "string", "status", meaning="new, active or errored"),
        Column("ip", "string", "ip", meaning="public IPv4 address; missing until there is one"),
        Column("ipv6", "string", "ipv6", meaning="public IPv6 address"),
        Column("region", "string", "region.slug", meaning="slug of the datacenter; missing for a global one"),
        Column("type", "string", "type", meaning="REGIONAL, REGIONAL_NETWORK or GLOBAL"),
        Column("network", "string", "network", meaning="EXTERNAL or INTERNAL"),
        Column("network_stack", "string", "network_stack", meaning="IPV4 or DUALSTACK"),
        Column("size_unit", "Int64", "size_unit", "nodes", "how large it is"),
        Column("size", "string", "size", meaning="the older word for its size"),
        Column("droplet_ids", "list", "droplet_ids", meaning="numbers of the droplets behind it"),
        Column("tag", "string", "tag", meaning="tag whose droplets are behind it"),
        Column("forwarding_rules", "list", "forwarding_rules", meaning="which port leads where"),
        Column(
            "health_check_protocol",
            "string",
            "health_check.protocol",
            meaning="how droplets are asked whether they are well: http, https or tcp",
        ),
        Column("health_check_port", "Int64", "health_check.port", meaning="the port they are asked at"),
        Column("health_check_path", "string", "health_check.path", meaning="the path they are asked for"),
        Column(
            "sticky_sessions_type",
            "string",
            "sticky_sessions.type",
            meaning="cookies, where a visitor stays with one droplet, or none",
        ),
        Column(
            "redirect_http_to_https", "boolean", "redirect_http_to_https", meaning="whether http is sent on to https"
        ),
        Column(
            "enable_proxy_protocol",
            "boolean",
            "enable_proxy_protocol",
            meaning="whether droplets are told who asks by the PROXY protocol",
        ),
        Column(
            "enable_backend_keepalive",
            "boolean",
            "enable_backend_keepalive",
            meaning="whether connections to droplets are kept open",
        ),
        Column(
            "http_idle_timeout_seconds",
            "Int64",
            "http_idle_timeout_seconds",
            "s",
            "how long a silent connection is kept",
        ),
        Column("vpc_uuid", "string", "vpc_uuid", meaning="UUID of its VPC"),
        Column("project_id", "string", "project_id", meaning="UUID of its project"),
        Column("created_at", TIME, "created_at", meaning="when it was created"),
        Column("domains", "list", "domains", meaning="names that a global one answers to"),
        Column(
            "target_load_balancer_ids",
            "list",
            "target_load_balancer_ids",
            meaning="UUIDs of those that a global one spreads to",
        ),
        Column("algorithm", "string", "algorithm", meaning="round_robin or least_connections; no longer chosen"),
    ),
    also=(
        "loadBalancers_create",
        "loadBalancers_get",
        "loadBalancers_update",
    ),
)

VPCS = Table(
    "vpcs",
    "vpcs",
    "vpcs_list",
    (
        Column("id", "string", "id", meaning="the VPC's UUID"),
        Column("name", "string", "name", meaning="the name shown to people"),
        Column("region", "string", "region", meaning="slug of the datacenter"),
        Column("ip_range", "string", "ip_range", meaning="its addresses, as a CIDR block"),
        Column("default", "boolean", "default", meaning="whether new things in the region are put there"),
        Column("description", "string", "description", meaning="free text"),
        Column("urn", "string", "urn", meaning="what projects call it"),
        Column("created_at", TIME, "created_at", meaning="when it was created"),
    ),
    also=(
        "vpcs_create",
        "vpcs_get",
        "vpcs_update",
        "vpcs_patch",
    ),
)

VPC_MEMBERS = Table(
    "vpc_members",
    "members",
    "vpcs_list_members",
    (
        Column("urn", "string", "urn", meaning="kind and id: do:droplet:123"),
        Column("name", "string", "name", meaning="the name of the thing"),
        Column("created_at", TIME, "created_at", meaning="when it was created"),
    ),
)

VPC_PEERINGS = Table(
    "vpc_peerings",
    "vpc_peerings",
    "vpcPeerings_list",
    (
        Column("id", "string", "id", meaning="the peering's UUID"),
        Column("name", "string", "name", meaning="the name shown to people"),
        Column("status", "string", "status", meaning="PROVISIONING, ACTIVE or DELETING"),
        Column("vpc_ids", "list", "vpc_ids", meaning="UUIDs of the two VPCs"),
        Column("created_at", TIME, "created_at", meaning="when it was created"),
    ),
    also=(
        "vpcPeerings_create",
        "vpcPeerings_get",
        "vpcPeerings_patch",
        "vpcPeerings_delete",
        "vpcs_list_peerings",
        "vpcs_create_peerings",
        "vpcs_patch_peerings",
    ),
)
