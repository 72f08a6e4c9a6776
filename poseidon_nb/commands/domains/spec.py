"""The commands `%do domains` and `%do records`."""

from __future__ import annotations

from poseidon_nb.language.spec import (
    CREATE_ALIASES,
    DELETE_ALIASES,
    GET_ALIASES,
    LIST_ALIASES,
    UPDATE_ALIASES,
    Group,
    OperationAlias,
)

DOMAINS = Group(
    name="domains",
    help="domains served by DigitalOcean's DNS",
    aliases=("domain",),
    prefixes=("domains",),
    operation_aliases=(
        OperationAlias("domains_list", "list", "list domains", aliases=LIST_ALIASES, example="%do domains list"),
        OperationAlias("domains_get", "get", "show one domain", aliases=GET_ALIASES,
                       example="%do domains get example.com"),
        OperationAlias("domains_create", "create", "add a domain", ("name",), aliases=CREATE_ALIASES,
                       example="%do domains create example.com --ip-address 198.18.0.5"),
        OperationAlias("domains_delete", "delete", "delete domains and their records", aliases=DELETE_ALIASES,
                       example="%do domains delete example.com --yes"),
    ),
)  # fmt: skip

RECORDS = Group(
    name="records",
    help="DNS records of a domain: A, AAAA, CAA, CNAME, MX, NS, SRV, TXT",
    aliases=("record", "domain-records"),
    operation_aliases=(
        OperationAlias("domains_list_records", "list", "list the records of a domain", aliases=LIST_ALIASES,
                       example="%do records list example.com --type MX"),
        OperationAlias("domains_get_record", "get", "show one record", aliases=GET_ALIASES,
                       example="%do records get example.com 1234"),
        OperationAlias("domains_create_record", "create", "add a record", aliases=CREATE_ALIASES,
                       example="%do records create example.com --type A --name www --data 198.18.0.5"),
        OperationAlias("domains_patch_record", "update", "change some fields of a record", aliases=UPDATE_ALIASES,
                       example="%do records update example.com 1234 --type A --data 198.18.0.6"),
        OperationAlias("domains_update_record", "replace", "set all fields of a record"),
        OperationAlias("domains_delete_record", "delete", "delete records", aliases=DELETE_ALIASES,
                       example="%do records delete example.com 1234 --yes"),
    ),
)  # fmt: skip
