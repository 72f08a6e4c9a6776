"""Names and addresses, and what stands between them and droplets."""

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

DOMAINS = Group(
    name="domains",
    help="domains whose names DigitalOcean serves",
    aliases=("domain",),
    prefixes=("domains",),
    named=(
        Named("domains_list", "list", "show the domains", aliases=LIST_WORDS, example="%do domains list"),
        Named("domains_get", "get", "show one domain", aliases=GET_WORDS, example="%do domains get example.com"),
        Named("domains_create", "create", "add a domain", ("name",), aliases=CREATE_WORDS,
              example="%do domains create example.com --ip-address 198.18.0.5"),
        Named("domains_delete", "delete", "remove domains and their records", aliases=DELETE_WORDS,
              example="%do domains delete example.com --yes"),
    ),
)  # fmt: skip

RECORDS = Group(
    name="records",
    help="the records of a domain: A, AAAA, CAA, CNAME, MX, NS, SRV, TXT",
    aliases=("record", "domain-records"),
    named=(
        Named("domains_list_records", "list", "show the records of a domain", aliases=LIST_WORDS,
              example="%do records list example.com --type MX"),
        Named("domains_get_record", "get", "show one record", aliases=GET_WORDS,
              example="%do records get example.com 1234"),
        Named("domains_create_record", "create", "add a record", aliases=CREATE_WORDS,
              example="%do records create example.com --type A --name www --data 198.18.0.5"),
        Named("domains_patch_record", "update", "change some fields of a record", aliases=UPDATE_WORDS,
              example="%do records update example.com 1234 --type A --data 198.18.0.6"),
        Named("domains_update_record", "replace", "set all fields of a record"),
        Named("domains_delete_record", "delete", "remove records", aliases=DELETE_WORDS,
              example="%do records delete example.com 1234 --yes"),
    ),
)  # fmt: skip

RESERVED_IPS = Group(
    name="reserved-ips",
    help="public addresses that can move from droplet to droplet",
    aliases=("reserved-ip", "fip"),
    prefixes=("reservedIPs", "reservedIPsActions"),
    named=(
        Named("reservedIPs_list", "list", "show the reserved IPs", aliases=LIST_WORDS, example="%do reserved-ips list"),
        Named("reservedIPs_get", "get", "show one reserved IP", aliases=GET_WORDS,
              example="%do reserved-ips get 198.19.1.5"),
        Named("reservedIPs_create", "create", "reserve an address for a region or a droplet", aliases=CREATE_WORDS,
              example="%do reserved-ips create --region nyc3"),
        Named("reservedIPs_delete", "delete", "give addresses back", aliases=DELETE_WORDS,
              example="%do reserved-ips delete 198.19.1.5 --yes"),
        Named("reservedIPsActions_post", "assign", "point an address to a droplet", ("droplet_id",),
              fixed={"type": "assign"}, only=(), example="%do reserved-ips assign 198.19.1.5 web-2"),
        Named("reservedIPsActions_post", "unassign", "point an address to nothing", fixed={"type": "unassign"}, only=(),
              example="%do reserved-ips unassign 198.19.1.5"),
        Named("reservedIPsActions_list", "actions", "show what was done to an address"),
        Named("reservedIPsActions_get", "get-action", "show one action of an address"),
        Named("reservedIPsActions_post", "start-action", "start an action by the name of its type", ("type",)),
    ),
)  # fmt: skip

FIREWALLS = Group(
    name="firewalls",
    help="who may reach droplets, and whom they may reach",
    aliases=("firewall", "fw"),
    prefixes=("firewalls",),
    named=(
        Named("firewalls_list", "list", "show the firewalls", aliases=LIST_WORDS, example="%do firewalls list"),
        Named("firewalls_get", "get", "show one firewall", aliases=GET_WORDS, example="%do firewalls get web"),
        Named("firewalls_create", "create", "make a firewall", ("name",), aliases=CREATE_WORDS,
              example="""%do firewalls create ssh --tags web --inbound-rules """
                      """'[{"protocol": "tcp", "ports": "22", "sources": {"addresses": ["0.0.0.0/0"]}}]'"""),
        Named("firewalls_update", "update", "set all of a firewall anew", ("name",), aliases=UPDATE_WORDS),
        Named("firewalls_delete", "delete", "remove firewalls", aliases=DELETE_WORDS,
              example="%do firewalls delete web --yes"),
        Named("firewalls_assign_droplets", "add-droplets", "put droplets behind a firewall", ("droplet_ids",),
              example="%do firewalls add-droplets web web-1 web-2"),
        Named("firewalls_delete_droplets", "remove-droplets", "take droplets out from a firewall", ("droplet_ids",),
              example="%do firewalls remove-droplets web web-1 --yes"),
        Named("firewalls_add_tags", "add-tags", "put what has a tag behind a firewall", ("tags",),
              example="%do firewalls add-tags web staging"),
        Named("firewalls_delete_tags", "remove-tags", "take what has a tag out from a firewall", ("tags",),
              example="%do firewalls remove-tags web staging --yes"),
        Named("firewalls_add_rules", "add-rules", "add rules to a firewall"),
        Named("firewalls_delete_rules", "remove-rules", "remove rules from a firewall"),
    ),
)  # fmt: skip

LOAD_BALANCERS = Group(
    name="load-balancers",
    help="one address in front of many droplets",
    aliases=("load-balancer", "lb"),
    prefixes=("loadBalancers",),
    named=(
        Named("loadBalancers_list", "list", "show the load balancers", aliases=LIST_WORDS,
              example="%do load-balancers list"),
        Named("loadBalancers_get", "get", "show one load balancer", aliases=GET_WORDS,
              example="%do load-balancers get web"),
        Named("loadBalancers_create", "create", "make a load balancer", ("name",), aliases=CREATE_WORDS,
              example="""%do load-balancers create front --region nyc3 --tag web --forwarding-rules """
                      """'[{"entry_protocol": "http", "entry_port": 80, """
                      """"target_protocol": "http", "target_port": 80}]'"""),
        Named("loadBalancers_update", "update", "set all of a load balancer anew", aliases=UPDATE_WORDS),
        Named("loadBalancers_delete", "delete", "remove load balancers", aliases=DELETE_WORDS,
              example="%do load-balancers delete web --yes"),
        Named("loadBalancers_add_droplets", "add-droplets", "put droplets behind it", ("droplet_ids",),
              example="%do load-balancers add-droplets web web-3"),
        Named("loadBalancers_remove_droplets", "remove-droplets", "take droplets out from behind it", ("droplet_ids",),
              example="%do load-balancers remove-droplets web web-3 --yes"),
        Named("loadBalancers_add_forwardingRules", "add-forwarding-rules", "add forwarding rules"),
        Named("loadBalancers_remove_forwardingRules", "remove-forwarding-rules", "remove forwarding rules"),
        Named("loadBalancers_delete_cache", "purge-cache", "empty the cache of a global load balancer",
              aliases=("delete-cache",)),
    ),
)  # fmt: skip

VPCS = Group(
    name="vpcs",
    help="private networks, and what connects them",
    aliases=("vpc",),
    prefixes=("vpcs",),
    named=(
        Named("vpcs_list", "list", "show the VPCs", aliases=LIST_WORDS, example="%do vpcs list"),
        Named("vpcs_get", "get", "show one VPC", aliases=GET_WORDS, example="%do vpcs get default-nyc3"),
        Named("vpcs_create", "create", "make a VPC", ("name",), aliases=CREATE_WORDS,
              example="%do vpcs create backend --region nyc3 --ip-range 10.50.0.0/20"),
        Named("vpcs_patch", "update", "change some of a VPC", aliases=UPDATE_WORDS,
              example="%do vpcs update backend --description databases"),
        Named("vpcs_update", "replace", "set all fields of a VPC"),
        Named("vpcs_delete", "delete", "remove VPCs, which must be empty", aliases=DELETE_WORDS,
              example="%do vpcs delete backend --yes"),
        Named("vpcs_list_members", "members", "show what is in a VPC", aliases=("list-members",),
              example="%do vpcs members default-nyc3"),
        Named("vpcs_list_peerings", "peerings", "show what a VPC is connected with"),
        Named("vpcs_create_peerings", "peer", "connect a VPC with another", ("name",)),
        Named("vpcs_patch_peerings", "rename-peering", "give a connection another name", ("name",)),
    ),
)  # fmt: skip
