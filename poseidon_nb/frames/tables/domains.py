"""Domains and their DNS records."""

from __future__ import annotations

from poseidon_nb.frames.columns import Column, Table

DOMAINS = Table(
    "domains",
    "domains",
    "domains_list",
    (
        Column("name", "string", "name", meaning="the domain"),
        Column("ttl", "Int64", "ttl", "s", "how long an answer may be kept, unless a record says else"),
        Column(
            "zone_file",
            "string",
            "zone_file",
            meaning="all of its records, as a name server writes them; missing at first",
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
        Column("id", "Int64", "id", meaning="the record's number"),
        Column("type", "string", "type", meaning="A, AAAA, CAA, CNAME, MX, NS, SOA, SRV or TXT"),
        Column("name", "string", "name", meaning="the name within the domain; @ is the domain itself"),
        Column(
            "data", "string", "data", meaning="what the name leads to; read without the dot that it is written with"
        ),
        Column("priority", "Int64", "priority", meaning="of MX and SRV: the lower one is asked first"),
        Column("port", "Int64", "port", meaning="of SRV: the port of the service"),
        Column("ttl", "Int64", "ttl", "s", "how long an answer may be kept"),
        Column("weight", "Int64", "weight", meaning="of SRV: the share among those of one priority"),
        Column("flags", "Int64", "flags", meaning="of CAA: 0, or 128 for critical"),
        Column("tag", "string", "tag", meaning="of CAA: issue, issuewild or iodef"),
    ),
    also=(
        "domains_create_record",
        "domains_get_record",
        "domains_patch_record",
        "domains_update_record",
    ),
)
