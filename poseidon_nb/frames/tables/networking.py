"""Tables of networking: firewalls, addresses, load balancers, VPCs, domains, certificates and CDN endpoints."""

from __future__ import annotations

from poseidon_nb.frames.columns import TIME, Column, Table

FIREWALLS = Table(
    "firewalls",
    "firewalls",
    "firewalls_list",
    (
        Column("id", "string", "id", meaning="the firewall's UUID"),
        Column("name", "string", "name", meaning="display name"),
        Column("status", "string", "status", meaning="waiting, succeeded or failed"),
        Column("inbound_rules", "list", "inbound_rules", meaning="inbound rules with protocol, ports and sources"),
        Column(
            "outbound_rules", "list", "outbound_rules", meaning="outbound rules with protocol, ports and destinations"
        ),
        Column("droplet_ids", "list", "droplet_ids", meaning="ids of the assigned droplets"),
        Column("tags", "list", "tags", meaning="tags of the protected droplets"),
        Column("pending_changes", "list", "pending_changes", meaning="droplets with changes in progress"),
        Column("created_at", TIME, "created_at", meaning="creation time"),
    ),
    also=(
        "firewalls_create",
        "firewalls_get",
        "firewalls_update",
        "droplets_list_firewalls",
    ),
    first=("name", "status", "tags", "droplet_ids", "inbound_rules", "outbound_rules"),
)

RESERVED_IPS = Table(
    "reserved_ips",
    "reserved_ips",
    "reservedIPs_list",
    (
        Column("ip", "string", "ip", meaning="the IPv4 address"),
        Column("region", "string", "region.slug", meaning="slug of the region"),
        Column(
            "droplet_id",
            "Int64",
            "droplet.id",
            meaning="id of the assigned droplet, if any",
        ),
        Column("droplet_name", "string", "droplet.name", meaning="name of the assigned droplet"),
        Column("locked", "boolean", "locked", meaning="whether an assignment is in progress"),
        Column("project_id", "string", "project_id", meaning="UUID of the project"),
    ),
    also=(
        "reservedIPs_create",
        "reservedIPs_get",
        "floatingIPs_list",
        "floatingIPs_create",
        "floatingIPs_get",
    ),
    first=("ip", "region", "droplet_name", "droplet_id"),
)

RESERVED_IPV6 = Table(
    "reserved_ipv6",
    "reserved_ipv6s",
    "reservedIPv6_list",
    (
        Column("ip", "string", "ip", meaning="the IPv6 address"),
        Column("region_slug", "string", "region_slug", meaning="slug of the region"),
        Column(
            "droplet_id",
            "Int64",
            "droplet.id",
            meaning="id of the assigned droplet, if any",
        ),
        Column("droplet_name", "string", "droplet.name", meaning="name of the assigned droplet"),
        Column("reserved_at", TIME, "reserved_at", meaning="reservation time"),
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
        Column("name", "string", "name", meaning="display name"),
        Column("status", "string", "status", meaning="new, active or errored"),
        Column("ip", "string", "ip", meaning="public IPv4 address; missing until assigned"),
        Column("ipv6", "string", "ipv6", meaning="public IPv6 address"),
        Column("region", "string", "region.slug", meaning="slug of the region; missing for global load balancers"),
        Column("type", "string", "type", meaning="REGIONAL, REGIONAL_NETWORK or GLOBAL"),
        Column("network", "string", "network", meaning="EXTERNAL or INTERNAL"),
        Column("network_stack", "string", "network_stack", meaning="IPV4 or DUALSTACK"),
        Column("size_unit", "Int64", "size_unit", "nodes", "number of nodes"),
        Column("size", "string", "size", meaning="legacy size slug"),
        Column("droplet_ids", "list", "droplet_ids", meaning="ids of the target droplets"),
        Column("tag", "string", "tag", meaning="tag of the target droplets"),
        Column("forwarding_rules", "list", "forwarding_rules", meaning="forwarding rules"),
        Column(
            "health_check_protocol",
            "string",
            "health_check.protocol",
            meaning="protocol of the health check: http, https or tcp",
        ),
        Column("health_check_port", "Int64", "health_check.port", meaning="port of the health check"),
        Column("health_check_path", "string", "health_check.path", meaning="path of the health check"),
        Column(
            "sticky_sessions_type",
            "string",
            "sticky_sessions.type",
            meaning="cookies for sticky sessions, or none",
        ),
        Column(
            "redirect_http_to_https",
            "boolean",
            "redirect_http_to_https",
            meaning="whether HTTP requests are redirected to HTTPS",
        ),
        Column(
            "enable_proxy_protocol",
            "boolean",
            "enable_proxy_protocol",
            meaning="whether the PROXY protocol is used",
        ),
        Column(
            "enable_backend_keepalive",
            "boolean",
            "enable_backend_keepalive",
            meaning="whether connections to droplets are kept alive",
        ),
        Column(
            "http_idle_timeout_seconds",
            "Int64",
            "http_idle_timeout_seconds",
            "s",
            "idle timeout of HTTP connections",
        ),
        Column("vpc_uuid", "string", "vpc_uuid", meaning="UUID of the VPC"),
        Column("project_id", "string", "project_id", meaning="UUID of the project"),
        Column("created_at", TIME, "created_at", meaning="creation time"),
        Column("domains", "list", "domains", meaning="domains of a global load balancer"),
        Column(
            "target_load_balancer_ids",
            "list",
            "target_load_balancer_ids",
            meaning="UUIDs of the targets of a global load balancer",
        ),
        Column("algorithm", "string", "algorithm", meaning="round_robin or least_connections; deprecated"),
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
        Column("name", "string", "name", meaning="display name"),
        Column("region", "string", "region", meaning="slug of the region"),
        Column("ip_range", "string", "ip_range", meaning="IP range as a CIDR block"),
        Column("default", "boolean", "default", meaning="whether it is the default VPC of the region"),
        Column("description", "string", "description", meaning="description"),
        Column("urn", "string", "urn", meaning="uniform resource name"),
        Column("created_at", TIME, "created_at", meaning="creation time"),
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
        Column("urn", "string", "urn", meaning="uniform resource name, such as do:droplet:123"),
        Column("name", "string", "name", meaning="name of the resource"),
        Column("created_at", TIME, "created_at", meaning="creation time"),
    ),
)

VPC_PEERINGS = Table(
    "vpc_peerings",
    "vpc_peerings",
    "vpcPeerings_list",
    (
        Column("id", "string", "id", meaning="the peering's UUID"),
        Column("name", "string", "name", meaning="display name"),
        Column("status", "string", "status", meaning="PROVISIONING, ACTIVE or DELETING"),
        Column("vpc_ids", "list", "vpc_ids", meaning="UUIDs of the two VPCs"),
        Column("created_at", TIME, "created_at", meaning="creation time"),
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

DOMAINS = Table(
    "domains",
    "domains",
    "domains_list",
    (
        Column("name", "string", "name", meaning="name of the domain"),
        Column("ttl", "Int64", "ttl", "s", "default time to live of the records"),
        Column(
            "zone_file",
            "string",
            "zone_file",
            meaning="zone file with all records; missing at first",
        ),
    ),
    also=(
        "domains_create",
        "domains_get",
    ),
)

RECORDS = Table(
    "records",
    "domain_records",
    "domains_list_records",
    (
        Column("id", "Int64", "id", meaning="the record's id"),
        Column("type", "string", "type", meaning="A, AAAA, CAA, CNAME, MX, NS, SOA, SRV or TXT"),
        Column("name", "string", "name", meaning="name within the domain; @ for the domain itself"),
        Column("data", "string", "data", meaning="value of the record; without the trailing dot"),
        Column("priority", "Int64", "priority", meaning="priority of MX and SRV records; lowest first"),
        Column("port", "Int64", "port", meaning="port of SRV records"),
        Column("ttl", "Int64", "ttl", "s", "time to live"),
        Column("weight", "Int64", "weight", meaning="weight of SRV records with the same priority"),
        Column("flags", "Int64", "flags", meaning="flags of CAA records: 0, or 128 for critical"),
        Column("tag", "string", "tag", meaning="tag of CAA records: issue, issuewild or iodef"),
    ),
    also=(
        "domains_create_record",
        "domains_get_record",
        "domains_patch_record",
        "domains_update_record",
    ),
)

CERTIFICATES = Table(
    "certificates",
    "certificates",
    "certificates_list",
    (
        Column("id", "string", "id", meaning="the certificate's UUID"),
        Column("name", "string", "name", meaning="display name"),
        Column("type", "string", "type", meaning="custom or lets_encrypt"),
        Column("state", "string", "state", meaning="pending, verified or error"),
        Column("dns_names", "list", "dns_names", meaning="domain names of the certificate"),
        Column("not_after", TIME, "not_after", meaning="expiration time"),
        Column("sha1_fingerprint", "string", "sha1_fingerprint", meaning="SHA-1 fingerprint"),
        Column("created_at", TIME, "created_at", meaning="creation time"),
    ),
    also=(
        "certificates_create",
        "certificates_get",
    ),
)

CDN_ENDPOINTS = Table(
    "cdn_endpoints",
    "endpoints",
    "cdn_list_endpoints",
    (
        Column("id", "string", "id", meaning="the endpoint's UUID"),
        Column("origin", "string", "origin", meaning="hostname of the origin bucket"),
        Column("endpoint", "string", "endpoint", meaning="hostname of the endpoint"),
        Column("ttl", "Int64", "ttl", "s", "time to live of cached files"),
        Column("custom_domain", "string", "custom_domain", meaning="custom domain"),
        Column("certificate_id", "string", "certificate_id", meaning="UUID of the certificate of the custom domain"),
        Column("created_at", TIME, "created_at", meaning="creation time"),
    ),
    also=(
        "cdn_create_endpoint",
        "cdn_get_endpoint",
        "cdn_update_endpoints",
    ),
)
