"""What the fields of a request are called by people, doctl's users among them, and what help says of each.

The catalogue knows a field's name, type and words; here is what a person needs beyond that. A field without an entry is
explained by its own name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.client.kinds import KINDS
from poseidon_nb.magics.language.words import folded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.magics.language.words import Shorthand

_RECORD = {
    **{
        field: (f"record-{field}",)
        for field in ("type", "name", "data", "priority", "port", "ttl", "weight", "flags", "tag")
    },
    "domain_record_id": ("record-id",),
}

#: Other ways to type an option or an argument, by operation: doctl's flags (git 168188d), and what they suggest.
_OTHER_WORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
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
    "name": "the part in front of the domain, or @ for the domain itself",
    "data": "what it says: an address, a name, a text",
    "ttl": "how long others may keep it, in seconds",
    "priority": "of MX and SRV: the lowest is tried first",
    "port": "of SRV: the port of the service",
    "weight": "of SRV: the share among those of one priority",
    "flags": "of CAA: 0, or 128 for critical",
    "tag": "of CAA: issue, issuewild or iodef",
}
_FIREWALL_HELP = {
    "inbound_rules": "who may come in: JSON, or protocol:tcp,ports:22,address:0.0.0.0/0",
    "outbound_rules": "where it may go: JSON, or protocol:tcp,ports:all,address:0.0.0.0/0",
}
_BALANCER_HELP = {
    "forwarding_rules": "JSON, or in words: entry_protocol:http,entry_port:80,target_port:80 ...",
    "health_check": "JSON, or protocol:http,port:80,path:/",
    "sticky_sessions": "JSON, or type:cookies,cookie_name:LB,cookie_ttl_seconds:300",
}
_URNS = "what, as do:TYPE:ID: do:droplet:521000032"
_PROJECT_HELP = {
    "purpose": "what it is for: Web Application, Service or API ...",
    "environment": "Development, Staging or Production",
}
_ALERT_HELP = {
    "alerts": """who is told: '{"email": ["me@example.com"], "slack": []}'""",
    "compare": "on which side of the value it is too much",
    "enabled": "it is on; --no-enabled for one that is off",
    "entities": "ids of what is watched",
    "tags": "what has such a tag is watched",
    "type": "what is measured",
    "value": "the limit, in the unit of what is measured",
    "window": "how long it has to be beyond the limit",
}

#: What help says of a field of the body, whatever the operation.
_HELP: Mapping[str, str] = {
    "name": "what to call it",
    "description": "what it is for, in your words",
    "tags": "tags to put on it",
}
#: What help says of the fields of some operations: by what the operationId begins with, the longest first.
_HELP_OF: Mapping[str, Mapping[str, str]] = {
    "domains_list_records": {
        "name": "only with this name, with the domain: www.example.com",
        "type": "only of this type: A, AAAA, CAA, CNAME, MX, NS, SRV, TXT",
    },
    "domains_create_record": _RECORD_HELP,
    "domains_patch_record": {**_RECORD_HELP, "type": "its type, which has to be told again"},
    "domains_update_record": _RECORD_HELP,
    "domains_create": {"ip_address": "address to which the domain leads from the beginning"},
    "domains_": {
        "domain_name": "name of the domain: example.com",
        "domain_record_id": "id of the record, from %do records list",
    },
    "volumes_list": {"name": "only with this name", "region": "only in this region"},
    "volumes_create": {
        "size_gigabytes": "size in GiB",
        "filesystem_type": "format it: ext4 or xfs",
        "filesystem_label": "label of the file system",
    },
    "volumeActions_": {"size_gigabytes": "new size in GiB, larger than now"},
    "images_": {
        "url": "address from which it is fetched, http or https",
        "distribution": "the system in it: Ubuntu, Debian, Unknown OS ...",
    },
    "firewalls_": _FIREWALL_HELP,
    "loadBalancers_": _BALANCER_HELP,
    "tags_": {"resources": _URNS},
    "projects_": {**_PROJECT_HELP, "resources": _URNS},
    "vpcs_": {"ip_range": "addresses in it: 10.50.0.0/20"},
    "monitoring_create_alertPolicy": _ALERT_HELP,
    "monitoring_update_alertPolicy": _ALERT_HELP,
}

#: The fields that may be written shorter than in JSON, by what the operationId begins with.
_SHORT: Mapping[tuple[str, str], Shorthand] = {
    ("firewalls", "inbound_rules"): "inbound",
    ("firewalls", "outbound_rules"): "outbound",
    ("loadBalancers", "forwarding_rules"): "objects",
    ("loadBalancers", "health_check"): "object",
    ("loadBalancers", "sticky_sessions"): "object",
    ("tags", "resources"): "urns",
}


def other_words(operation_id: str, field: str, source: str = "") -> tuple[str, ...]:
    """Give the other ways to type a field of an operation.

    Parameters
    ----------
    operation_id, field : str
    source : str
        The kind of thing that it names, if it does: then its name goes without the word for id, ``--droplet``.
    """
    known = _OTHER_WORDS.get(operation_id, {}).get(field, ())
    kind = folded(field)
    for ending, plural in (("-id", ""), ("-uuid", ""), ("-ids", "s")) if source in KINDS else ():
        if kind.endswith(ending):
            return (*known, kind.removesuffix(ending) + plural)
    return known


def field_help(operation_id: str, field: str, *, in_body: bool) -> str:
    """Give what help says of a field; ``""`` where its name has to do."""
    for begins, words in _HELP_OF.items():
        if operation_id.startswith(begins) and field in words:
            return words[field]
    return _HELP.get(field, "") if in_body else ""


def shorthand_of(operation_id: str, field: str) -> Shorthand:
    """Give how a field's JSON may be written shorter; ``""`` where it may not."""
    return _SHORT.get((operation_id.partition("_")[0], field), "")
