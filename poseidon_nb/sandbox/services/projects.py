"""Projects, and the resources in them by uniform resource name (URN), such as ``do:droplet:123``.

Each resource is in one project; the default project has all resources without another one. A project stores the URNs
of the resources that were assigned to it; load balancers and reserved IPs have the id of their project themselves.
Reserved IPs are ``do:floatingip`` in responses, the specification's only word for them; ``do:reservedip`` is accepted
too. A project with resources cannot be deleted (412, with the specification's message).

Not documented, chosen here: the default project cannot be deleted (409), and a name in use answers 409. An unknown
resource is not assigned and listed as ``not_found``, which is one of the specified statuses. A project without an
environment has an empty one, as in the acceptance tests of Terraform's provider. A domain that is deleted and created
again is in its old project.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from poseidon_nb.sandbox import objects, rng
from poseidon_nb.sandbox.call import check_type, optional_field, parse_id, required_field
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import (
    HTTPException,
    HTTPResponse,
    conflict,
    page_body,
    page_of,
    respond,
    unprocessable,
)
from poseidon_nb.sandbox.store import StoredObject, to_json
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.world import World

_URN_ALIASES = {"reservedip": "floatingip"}
#: Types of URNs that the sandbox does not simulate.
_UNSIMULATED_TYPES = ("space",)
_MAX_NAME_LENGTH, _MAX_TEXT_LENGTH = 175, 255
_ENVIRONMENTS = ("Development", "Staging", "Production")
#: Any other purpose is stored with the prefix "Other: ".
_PURPOSES = (
    "Just trying out DigitalOcean",
    "Class project / Educational purposes",
    "Website or blog",
    "Web Application",
    "Service or API",
    "Mobile Application",
    "Machine learning / AI / Data processing",
    "IoT",
    "Operational / Developer tooling",
)
_OTHER_PURPOSE = "Other: "
_DEFAULT_FIELDS = {"name": "first-project", "description": "", "purpose": _PURPOSES[0], "environment": "Development"}


@dataclass(frozen=True, slots=True)
class ProjectResourceType:
    """A type of resource that projects contain.

    Attributes
    ----------
    store : str
        Its store in `World`.
    path : str
        Its path behind ``/v2/``.
    scope : str
        The scope that a token needs to see it.
    shows_project : bool
        Whether the resource's ``project_id`` says where it belongs.
    key : callable
        Converts the last part of a URN to a key of the store.
    """

    store: str
    path: str
    scope: str
    shows_project: bool = False
    key: Callable[[str], int | str | None] = str


#: By their type in a URN.
_RESOURCE_TYPES = {
    "droplet": ProjectResourceType("droplets", "droplets", "droplet:read", key=parse_id),
    "volume": ProjectResourceType("volumes", "volumes", "block_storage:read"),
    "domain": ProjectResourceType("domains", "domains", "domain:read"),
    "loadbalancer": ProjectResourceType("load_balancers", "load_balancers", "load_balancer:read", shows_project=True),
    "dbaas": ProjectResourceType("databases", "databases", "database:read", shows_project=True),
    "app": ProjectResourceType("apps", "apps", "app:read", shows_project=True),
    "floatingip": ProjectResourceType("reserved_ips", "floating_ips", "reserved_ip:read", shows_project=True),
    "kubernetes": ProjectResourceType("kubernetes_clusters", "kubernetes/clusters", "kubernetes:read"),
    "vpc_nat_gateway": ProjectResourceType(
        "vpc_nat_gateways", "vpc_nat_gateways", "nat_gateway:read", shows_project=True
    ),
    "vector_database": ProjectResourceType("vector_databases", "vector-databases", "database:read", shows_project=True),
    "genai_agent": ProjectResourceType("genai_agents", "gen-ai/agents", "genai:read", shows_project=True),
    "genai_knowledge_base": ProjectResourceType(
        "genai_knowledge_bases", "gen-ai/knowledge_bases", "genai:read", shows_project=True
    ),
    "byoip_prefix": ProjectResourceType("byoip_prefixes", "byoip_prefixes", "byoip_prefix:read", shows_project=True),
}


def parse_urn(call: Call, text: str) -> str:
    """Return a normalized URN. Raise 422 if it is invalid, and 403 if the token may not see the resource."""
    start, _, rest = text.partition(":")
    word, _, name = rest.partition(":")
    word = _URN_ALIASES.get(word, word)
    if start != "do" or not name:
        raise unprocessable(f"{text} is not a URN. Use for example do:droplet:123.")
    if word not in _RESOURCE_TYPES and word not in _UNSIMULATED_TYPES:
        raise unprocessable(f"A {word} cannot be assigned to a project. Expected one of {', '.join(_RESOURCE_TYPES)}.")
    if word in _RESOURCE_TYPES:
        call.require_scopes(_RESOURCE_TYPES[word].scope)
    return f"do:{word}:{name}"


def exists(world: World, urn: str) -> bool:
    """Return whether a URN names a resource of the account. What is not simulated may have any name."""
    start, _, rest = urn.partition(":")
    word, _, name = rest.partition(":")
    kind = _RESOURCE_TYPES.get(_URN_ALIASES.get(word, word))
    if kind is None:
        return start == "do" and word in _UNSIMULATED_TYPES and bool(name)
    return start == "do" and kind.key(name) in world.store(kind.store)


def urn_path(urn: str) -> str:
    """Return a resource's path behind ``/v2/``."""
    _, word, name = urn.split(":", 2)
    return f"{_RESOURCE_TYPES[word].path if word in _RESOURCE_TYPES else word}/{quote(name, safe='')}"


def resources_of(
    world: World, project: StoredObject, scopes: frozenset[str] | None = None
) -> Iterator[tuple[str, str]]:
    """Yield the URNs of a project's resources that the scopes allow to see, and since when each is in it."""
    others = [other for other in world.projects.all() if other["id"] != project["id"]]
    elsewhere = {urn for other in others for urn in other.internal["resources"]} if project["is_default"] else set()
    own = project.internal["resources"]
    for word, kind in _RESOURCE_TYPES.items():
        if scopes is not None and kind.scope not in scopes:
            continue
        for key, record in world.store(kind.store).items():
            urn = f"do:{word}:{key}"
            if kind.shows_project:
                inside = record.public["project_id"] == project["id"]
            else:
                inside = urn in own or (project["is_default"] and urn not in elsewhere)
            if inside:
                yield urn, own.get(urn) or record.public.get("created_at") or project["created_at"]


def assign_resource(world: World, project_id: str, urn: str, at: float) -> str:
    """Move a resource to a project and return the resulting status."""
    _, word, name = urn.split(":", 2)
    kind = _RESOURCE_TYPES.get(word)
    key = None if kind is None else kind.key(name)
    record = None if kind is None else world.store(kind.store).get(key)
    if kind is None or record is None:
        return "not_found"
    if _is_assigned(world, world.projects[project_id], kind, urn, record):
        return "already_assigned"
    for other in world.projects.all():
        if urn in other.internal["resources"]:
            unassign_resource(world, other, urn)
    project = world.projects[project_id]
    world.projects.put(
        project_id, project.with_internal(resources={**project.internal["resources"], urn: format_time(at)})
    )
    if kind.shows_project:
        world.store(kind.store).put(key, record.with_public(project_id=project_id))
    return "assigned"


def unassign_resource(world: World, project: StoredObject, urn: str) -> None:
    """Remove a resource from those assigned to a project."""
    rest = {other: assigned_at for other, assigned_at in project.internal["resources"].items() if other != urn}
    world.projects.put(project["id"], project.with_internal(resources=rest))


def _is_assigned(
    world: World, project: StoredObject, kind: ProjectResourceType, urn: str, record: StoredObject
) -> bool:
    if kind.shows_project:
        return bool(record["project_id"] == project["id"])
    if urn in project.internal["resources"]:
        return True
    return bool(project["is_default"]) and not any(urn in other.internal["resources"] for other in world.projects.all())


def _lookup(call: Call) -> StoredObject | None:
    """Return the project of the path, or the default one."""
    id_ = call.path_params.get("project_id")
    return ensure_default_project(call.world) if id_ is None else call.world.projects.get(id_)


_PROJECTS = Resource("projects", lookup=_lookup, updated_field="updated_at")


def requested_project(world: World, wanted: str | None, default: str = "") -> str:
    """Return the id of the project that a body asks for, or raise 422; by default that of the default project."""
    default = default or objects.default_project_id(world)
    if wanted and wanted != default and wanted not in world.projects:
        raise unprocessable(f"Project {wanted} not found.")
    return wanted or default


def ensure_default_project(world: World) -> StoredObject:
    """Return the default project, and create it if necessary."""
    known = world.projects.get(objects.default_project_id(world))
    return known if known is not None else add_project(world, world.now(), _DEFAULT_FIELDS, default=True)


def add_project(world: World, at: float, fields: dict[str, str], *, default: bool = False) -> StoredObject:
    """Add a project without checking it. The fields are name, description, purpose and environment."""
    seed = world.seed
    id_ = objects.default_project_id(world) if default else rng.uuid(seed, "project", world.next_number("projects"))
    project = StoredObject(
        {
            "id": id_,
            "owner_uuid": world.state.account["team"]["uuid"],
            "owner_id": objects.owner_id(world),
            **fields,
            "created_at": format_time(at),
            "updated_at": format_time(at),
            "is_default": default,
        },
        {"resources": {}},
    )
    world.projects.put(id_, project)
    return project


def list_projects(call: Call) -> HTTPResponse:
    """Handle ``projects_list``, oldest first."""
    ensure_default_project(call.world)
    return respond(call, call.world.projects.all())


def create_project(call: Call) -> HTTPResponse:
    """Handle ``projects_create``."""
    ensure_default_project(call.world)
    for name in ("name", "purpose"):
        required_field(call.body, name, "string")
    fields = {"description": "", "environment": "", **_validated_fields(call, "")}
    return respond(call, add_project(call.world, call.world.now(), fields))


def _update(call: Call, project: StoredObject) -> StoredObject:
    """Change a project. All fields are required."""
    for name, kind in (
        ("name", "string"),
        ("description", "string"),
        ("purpose", "string"),
        ("environment", "string"),
        ("is_default", "boolean"),
    ):
        # The description may be empty.
        if name not in call.body or call.body[name] is None:
            raise unprocessable(f"{name} is required.")
        check_type(name, call.body[name], kind)
    return _apply_changes(call, project)


def _patch(call: Call, project: StoredObject) -> StoredObject:
    if not any(call.body.get(name) is not None for name in (*_DEFAULT_FIELDS, "is_default")):
        raise unprocessable(f"At least one of {', '.join((*_DEFAULT_FIELDS, 'is_default'))} is required.")
    return _apply_changes(call, project)


def _apply_changes(call: Call, project: StoredObject) -> StoredObject:
    world = call.world
    fields: dict[str, Any] = _validated_fields(call, project["id"])
    default = optional_field(call.body, "is_default", "boolean")
    if default is False and project["is_default"]:
        raise unprocessable("The default project cannot be unset. Make another project the default instead.")
    if default and not project["is_default"]:
        project = _make_default(world, project)
    return _PROJECTS.change(world, project, **fields)


def _make_default(world: World, project: StoredObject) -> StoredObject:
    """Make a project the default. Resources of the old default project stay in it."""
    old = ensure_default_project(world)
    resources = dict(resources_of(world, old))
    world.projects.put(old["id"], old.with_public(is_default=False).with_internal(resources=resources))
    project = project.with_public(is_default=True)
    world.projects.put(project["id"], project)
    return project


def _validated_fields(call: Call, own_id: str) -> dict[str, str]:
    """Return the fields that a body has, after checking them."""
    fields: dict[str, str] = {}
    for name, maximum in (("name", _MAX_NAME_LENGTH), ("description", _MAX_TEXT_LENGTH), ("purpose", _MAX_TEXT_LENGTH)):
        text = optional_field(call.body, name, "string")
        if text is not None:
            if len(text) > maximum:
                raise unprocessable(f"{name} is too long (maximum is {maximum} characters)")
            if not text and name != "description":
                raise unprocessable(f"{name} is required.")
            fields[name] = text
    purpose = fields.get("purpose")
    if purpose and purpose not in _PURPOSES and not purpose.startswith(_OTHER_PURPOSE):
        fields["purpose"] = f"{_OTHER_PURPOSE}{purpose}"
    environment = optional_field(call.body, "environment", "string")
    if environment is not None:
        if environment and environment not in _ENVIRONMENTS:
            raise unprocessable(f"environment must be one of {', '.join(_ENVIRONMENTS)}.")
        fields["environment"] = environment
    if any(other["name"] == fields.get("name") and other["id"] != own_id for other in call.world.projects.all()):
        raise conflict("project with same name already exists")
    return fields


def _delete(call: Call, project: StoredObject) -> None:
    if project["is_default"]:
        raise conflict("The default project cannot be deleted.")
    if next(resources_of(call.world, project), None) is not None:
        text = "cannot delete a project with resources. move or remove the resources first"
        raise HTTPException(412, "precondition_failed", text)
    _PROJECTS.remove(call.world, project)


def _list_resources(call: Call, project: StoredObject) -> HTTPResponse:
    resources = [*resources_of(call.world, project, call.scopes)]
    page = [to_json(_resource_object(call, urn, at, "ok")) for urn, at in page_of(call, resources)]
    return HTTPResponse(200, page_body(page, "resources", call, len(resources)))


def _assign_resources(call: Call, project: StoredObject) -> dict[str, Any]:
    """Move resources to a project, and return all that it has."""
    world = call.world
    # All of them are read before the first one moves: a refused request changes nothing.
    urns = dict.fromkeys([parse_urn(call, text) for text in optional_field(call.body, "resources", "array") or ()])
    statuses = {urn: assign_resource(world, project["id"], urn, world.now()) for urn in urns}
    assigned = resources_of(world, world.projects[project["id"]], call.scopes)
    resources = [_resource_object(call, urn, at, statuses.pop(urn, "ok")) for urn, at in assigned]
    # The remaining ones were not found.
    resources += [_resource_object(call, urn, format_time(world.now()), status) for urn, status in statuses.items()]
    return {"resources": resources}


def _resource_object(call: Call, urn: str, assigned_at: str, status: str) -> dict[str, Any]:
    address = f"{call.base_url}/v2/{urn_path(urn)}"
    return {"urn": urn, "assigned_at": assigned_at, "links": {"self": address}, "status": status}


def _remove_droplet(world: World, _at: float, droplet_id: int) -> None:
    remove_from_projects(world, f"do:droplet:{droplet_id}")


def remove_from_projects(world: World, urn: str) -> None:
    """Remove a deleted resource from those assigned to its project."""
    for project in world.projects.all():
        if urn in project.internal["resources"]:
            unassign_resource(world, project, urn)


OPERATIONS: dict[str, Callable[[Call], HTTPResponse]] = {
    "projects_list": list_projects,
    "projects_create": create_project,
    "projects_delete": _PROJECTS.on(_delete),
    **{
        f"projects_{verb}{default}": function
        for default in ("", "_default")
        for verb, function in {
            "get": _PROJECTS.get(),
            "update": _PROJECTS.on(_update),
            "patch": _PROJECTS.on(_patch),
            "list_resources": _PROJECTS.on(_list_resources),
            "assign_resources": _PROJECTS.on(_assign_resources),
        }.items()
    },
}


def _remove_declared(word: str) -> Callable[[World, float, str], None]:
    return lambda world, _at, key: remove_from_projects(world, f"do:{word}:{key}")


EFFECTS: dict[str, Callable[..., None]] = {
    "droplet.deleted.projects": _remove_droplet,
    # Only declared resources have these effects.
    **{f"{kind.store}.removed.projects": _remove_declared(word) for word, kind in _RESOURCE_TYPES.items()},
}
