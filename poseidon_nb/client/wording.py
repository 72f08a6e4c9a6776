"""What the resources of an operation are called in messages, derived from its path.

``/v2/databases/{database_cluster_uuid}/users/{username}`` is about a user of a database cluster: a parameter is what its
resource type is called, or the singular of the segment before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.catalogue import operation
from poseidon_nb.client.lookup import RESOURCE_TYPES, resource_type_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.catalogue import Operation, Parameter

#: What segments of paths are called, where their singular is not.
_NOUNS: Mapping[str, str] = {
    "api_keys": "API key",
    "attachments": "partner attachment",
    "byoip_prefixes": "BYOIP prefix",
    "catalog": "model",
    "config": "schema",
    "dbs": "database",
    "digests": "image",
    "logsink": "log sink",
    "nfs": "NFS share",
    "pools": "connection pool",
    "reserved_ipv6": "reserved IPv6 address",
    "routers": "model router",
    "saas": "add-on",
    "schema-registry": "schema",
    "shares": "NFS share",
}


def noun_of(wanted: Operation, parameter: Parameter) -> str:
    """Return the singular noun for the resource that a parameter in the path of an operation names."""
    resource_type = RESOURCE_TYPES.get(resource_type_of(wanted.id, parameter.name))
    if resource_type is not None:
        return resource_type.noun
    parts = wanted.path.split("/")
    return _singular(parts[parts.index(f"{{{parameter.name}}}") - 1])


def noun_for(wanted: Operation) -> str:
    """Return the singular noun for the resource of an operation: the last one in its path, or the one that it creates."""
    if wanted.path_parameters:
        return noun_of(wanted, wanted.path_parameters[-1])
    segments = [one for one in wanted.path.split("/") if one != "actions"]
    path = "/".join(segments)
    known = (one.noun for one in RESOURCE_TYPES.values() if operation(one.operation).path == path)
    return next(known, "") or _singular(segments[-1])


def _singular(segment: str) -> str:
    if segment in _NOUNS:
        return _NOUNS[segment]
    words = segment.replace("_", " ").replace("-", " ")
    if words.endswith("ies"):
        return f"{words[:-3]}y"
    return words.removesuffix("es") if words.endswith("xes") else words.removesuffix("s")
