"""What serves names over TLS and near the visitor: certificates and CDN endpoints."""

from __future__ import annotations

from poseidon_nb.frames.columns import TIME, Column, Table

CERTIFICATES = Table(
    "certificates",
    "certificates",
    "certificates_list",
    (
        Column("id", "string", "id", meaning="the certificate's UUID"),
        Column("name", "string", "name", meaning="the name shown to people"),
        Column("type", "string", "type", meaning="custom or lets_encrypt"),
        Column("state", "string", "state", meaning="pending, verified or error"),
        Column("dns_names", "list", "dns_names", meaning="names it is for"),
        Column("not_after", TIME, "not_after", meaning="when it ends"),
        Column("sha1_fingerprint", "string", "sha1_fingerprint", meaning="SHA-1 of the certificate"),
        Column("created_at", TIME, "created_at", meaning="when it was created"),
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
        Column("origin", "string", "origin", meaning="host name of the bucket it serves"),
        Column("endpoint", "string", "endpoint", meaning="host name it serves at"),
        Column("ttl", "Int64", "ttl", "s", "how long it keeps a file"),
        Column("custom_domain", "string", "custom_domain", meaning="one's own host name for it"),
        Column("certificate_id", "string", "certificate_id", meaning="UUID of the certificate for that name"),
        Column("created_at", TIME, "created_at", meaning="when it was created"),
    ),
    also=(
        "cdn_create_endpoint",
        "cdn_get_endpoint",
        "cdn_update_endpoints",
    ),
)
