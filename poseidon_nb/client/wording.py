"""What the resources of an operation are called in messages, derived from its path.

``/v2/databases/{database_cluster_uuid}/users/{username}`` is about a user of a database cluster: a parameter is what its
resource type is called, or the singular of the segment before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.catalogue import operation
from poseidon_nb.catalogue.collections import noun_in_path, noun_of_segment
from poseidon_nb.client.lookup import RESOURCE_TYPES, resource_type_of

if TYPE_CHECKING:
    from poseidon_nb.catalogue import Operation, Parameter


def noun_of(wanted: Operation, parameter: Parameter) -> str:
    """Return the singular noun for the resource that a parameter in the path of an operation names."""
    resource_type = RESOURCE_TYPES.get(resource_type_of(wanted.id, parameter.name))
    if resource_type is not None:
        return resource_type.noun
    return noun_in_path(wanted.path, parameter.name)


def noun_for(wanted: Operation) -> str:
    """Return the singular noun for the resource of an operation: the last one in its path, or the one that it creates."""
    if wanted.path_parameters:
        return noun_of(wanted, wanted.path_parameters[-1])
    segments = [one for one in wanted.path.split("/") if one != "actions"]
    path = "/".join(segments)
    known = (one.noun for one in RESOURCE_TYPES.values() if operation(one.operation).path == path)
    return next(known, "") or noun_of_segment(segments[-1])
