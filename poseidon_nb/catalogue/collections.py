"""What a path parameter names: the operation that lists all of them, found by its path, and what they are called.

``/v2/kubernetes/clusters/{cluster_id}/node_pools/{node_pool_id}`` names a node pool of those that ``GET
/v2/kubernetes/clusters/{cluster_id}/node_pools`` lists. So no list of groups says which resources have others inside.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from poseidon_nb.catalogue.operations import operation, rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.catalogue.operations import Operation, Parameter

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
#: The end of a path that replaced another one, while those below it kept theirs: ``repositoriesV2``.
_SECOND = "V2"


def collection_of(path: str, parameter: str) -> Operation | None:
    """Return the operation that lists what a path parameter names, or None if there is none.

    Parameters
    ----------
    path : str
        The path template of an operation.
    parameter : str
        The name of one of its parameters.
    """
    found = _collections().get(path.partition(f"/{{{parameter}}}")[0])
    return None if found is None else operation(found)


def member_parameter(listed: Operation) -> Parameter:
    """Return the path parameter that names one of what an operation lists; the operation has a `member_id`."""
    below = member_path(listed.path)
    found = next(operation(id_) for id_, row in rows().items() if row["path"].startswith(below))
    name = found.path.removeprefix(below).partition("}")[0]
    return next(parameter for parameter in found.path_parameters if parameter.name == name)


def member_path(path: str) -> str:
    """Return how the paths begin that name one of what is listed at a path, up to the name of the parameter."""
    return f"{path.removesuffix(_SECOND)}/{{"


@cache
def _collections() -> Mapping[str, str]:
    """Return the ids of all operations that list what other paths name, by path."""
    found = {row["path"]: id_ for id_, row in rows().items() if "members" in row and "server" not in row}
    return found | {path.removesuffix(_SECOND): id_ for path, id_ in found.items() if path.endswith(_SECOND)}


def noun_in_path(path: str, parameter: str) -> str:
    """Return the singular noun for what a parameter names: the singular of the segment before it."""
    return noun_of_segment(path.partition(f"/{{{parameter}}}")[0].rpartition("/")[2])


def noun_of_segment(segment: str) -> str:
    """Return the singular noun for what a segment of a path lists."""
    segment = segment.removesuffix(_SECOND)
    if segment in _NOUNS:
        return _NOUNS[segment]
    words = segment.replace("_", " ").replace("-", " ")
    if words.endswith("ies"):
        return f"{words[:-3]}y"
    return words.removesuffix("es") if words.endswith("xes") else words.removesuffix("s")
