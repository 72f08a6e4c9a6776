"""Resources with a status that changes for minutes after a request, such as database clusters: what to read, and until when.

A command waits for the status that its request leads to, as it waits for an action. Where the service refuses a request
because a resource is not ready, the same declarations say so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import match, operation
from poseidon_nb.client.lookup import RESOURCE_TYPES, value_at
from poseidon_nb.text import capitalized, escape_unprintable, quote_argument

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.transport.request import Request

    Row = Mapping[str, Any]

#: Seconds in which a resource may still show its old status after a request was accepted. Terraform waits as long.
GRACE_S = 10.0
#: Fields of a body whose values the resource shows once the work is done.
_RESULTS = ("size", "num_nodes", "region", "version")


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The statuses of a type of resource.

    Parameters
    ----------
    noun : str
    operation : str
        Reads one.
    status : str
        Where its status is; dots lead into objects.
    busy, failed : frozenset of str
        Statuses that end by themselves, and those that nothing follows.
    command : str
        The command that shows one, given its id.
    """

    noun: str
    operation: str
    busy: frozenset[str]
    failed: frozenset[str] = frozenset()
    status: str = "status"
    command: str = ""


_DATABASE = Lifecycle(
    RESOURCE_TYPES["databases"].noun,
    "databases_get_cluster",
    frozenset({"creating", "resizing", "migrating", "forking"}),
    command="%do databases get {database_cluster_uuid}",
)
_KUBERNETES = Lifecycle(
    RESOURCE_TYPES["kubernetes"].noun,
    "kubernetes_get_cluster",
    frozenset({"provisioning", "upgrading"}),
    frozenset({"error", "deleted"}),
    "status.state",
    "%do kubernetes get {cluster_id}",
)
_DEPLOYMENT = Lifecycle(
    "deployment",
    "apps_get_deployment",
    frozenset({"UNKNOWN", "PENDING_BUILD", "BUILDING", "PENDING_DEPLOY", "DEPLOYING"}),
    frozenset({"ERROR", "CANCELED"}),
    "phase",
    "%do apps get-deployment {app_id} {deployment_id}",
)
_REPLICA = Lifecycle(
    "replica",
    "databases_get_replica",
    _DATABASE.busy,
    command="%do databases get-replica {database_cluster_uuid} {replica_name}",
)
_GATEWAY = Lifecycle(
    RESOURCE_TYPES["nat_gateways"].noun,
    "vpcnatgateways_get",
    frozenset({"NEW", "PROVISIONING"}),
    frozenset({"ERROR", "INVALID"}),
    "state",
    "%do vpcnatgateways get {id}",
)
#: What a request waits for, and where the ids are in its response; the others are in its path.
_WAITS: Mapping[str, tuple[Lifecycle, Mapping[str, str]]] = {
    "databases_create_cluster": (_DATABASE, {"database_cluster_uuid": "database.id"}),
    "databases_update_clusterSize": (_DATABASE, {}),
    "databases_update_region": (_DATABASE, {}),
    "databases_update_major_version": (_DATABASE, {}),
    "databases_create_replica": (_REPLICA, {"replica_name": "replica.name"}),
    "kubernetes_create_cluster": (_KUBERNETES, {"cluster_id": "kubernetes_cluster.id"}),
    "kubernetes_upgrade_cluster": (_KUBERNETES, {}),
    "apps_create": (_DEPLOYMENT, {"app_id": "app.id", "deployment_id": "app.pending_deployment.id"}),
    "apps_update": (_DEPLOYMENT, {"app_id": "app.id", "deployment_id": "app.pending_deployment.id"}),
    "apps_create_deployment": (_DEPLOYMENT, {"deployment_id": "deployment.id"}),
    "apps_restart": (_DEPLOYMENT, {"deployment_id": "deployment.id"}),
    "vpcnatgateways_create": (_GATEWAY, {"id": "vpc_nat_gateway.id"}),
}
#: What is read at the end, if that is another resource than the one that was waited for.
_RESULT_OF: Mapping[str, str] = {"apps_create": "apps_get", "apps_update": "apps_get"}
#: The resource that a parameter of a path names.
_LIFECYCLE_OF: Mapping[str, Lifecycle] = {"database_cluster_uuid": _DATABASE, "cluster_id": _KUBERNETES}


def has_status(operation_id: str) -> bool:
    """Return whether an operation leads to a status that can be waited for."""
    return operation_id in _WAITS


def status_operation(operation_id: str) -> str:
    """Return the operation that reads the resource whose status a request changes."""
    return _WAITS[operation_id][0].operation


def result_operation(operation_id: str) -> str:
    """Return the operation that reads the result of a request, if that is not what was waited for; else ``""``."""
    return _RESULT_OF.get(operation_id, "")


@dataclass(slots=True)
class StatusWait:
    """The wait for the status of one resource.

    Parameters
    ----------
    lifecycle : Lifecycle
    path : mapping
        The parameters in the path of the operation that reads it.
    results : mapping
        Fields that the resource shows once the work is done.
    """

    lifecycle: Lifecycle
    path: Mapping[str, Any]
    results: Row = field(default_factory=dict)
    _was_busy: bool = False

    def status(self, row: Row) -> str:
        """Return the status that a row shows."""
        return str(value_at(row, self.lifecycle.status))

    def is_busy(self, row: Row) -> bool:
        """Return whether the work goes on."""
        return self.status(row) in self.lifecycle.busy

    def is_over(self, row: Row, waited_s: float) -> bool:
        """Return whether the work has ended, given the seconds since the request was accepted."""
        if self.is_busy(row):
            self._was_busy = True
            return False
        is_done = bool(self.results) and all(row.get(name) == value for name, value in self.results.items())
        return self._was_busy or is_done or self.has_failed(row) or waited_s >= GRACE_S

    def has_failed(self, row: Row) -> bool:
        """Return whether the work has ended without success."""
        return self.status(row) in self.lifecycle.failed

    @property
    def command(self) -> str:
        """The command that shows the resource."""
        return self.lifecycle.command.format(**{name: quote_argument(str(one)) for name, one in self.path.items()})


def status_wait(request: Request, answer: Any) -> StatusWait | None:
    """Return the wait for the status that an accepted request leads to; None if its response does not name the resource."""
    found = match(request.method, request.path)
    if request.operation_id not in _WAITS or found is None:
        return None
    lifecycle, in_answer = _WAITS[request.operation_id]
    created = {name: value_at(answer if isinstance(answer, dict) else {}, path) for name, path in in_answer.items()}
    if any(not isinstance(id_, str | int) for id_ in created.values()):
        return None
    body = request.body if isinstance(request.body, dict) and not created else {}
    results = {name: body[name] for name in _RESULTS if body.get(name) is not None}
    known = {**found[1], **created}
    wanted = operation(lifecycle.operation).path_parameters
    return StatusWait(lifecycle, {one.name: known[one.name] for one in wanted}, results)


def owner_status(request: Request) -> StatusWait | None:
    """Return how to read the status of the resource in a request's path; None if it has none."""
    found = match(request.method, request.path)
    path = found[1] if found is not None else {}
    known = next(((_LIFECYCLE_OF[name], {name: one}) for name, one in path.items() if name in _LIFECYCLE_OF), None)
    return None if known is None else StatusWait(*known)


def not_ready(wait: StatusWait, row: Row) -> str:
    """Return a sentence about a resource that is not ready; empty if it is."""
    if not wait.is_busy(row):
        return ""
    noun, name = capitalized(wait.lifecycle.noun), escape_unprintable(str(row.get("name")))
    shown = wait.lifecycle.command.split(" {")[0]
    return f"{noun} {name} is still {wait.status(row)}. Wait until {shown} {quote_argument(name)} shows another status."
