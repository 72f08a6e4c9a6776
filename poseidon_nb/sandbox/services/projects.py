"""Projects: one for each thing of the account; the default one has all that no other has.

What is assigned to another project is kept with that project by its URN; load balancers and reserved IPs show their project
themselves. Reserved IPs are ``do:floatingip`` in answers, the only word that the specification has, and are found by
``do:reservedip`` too. A project with resources cannot be deleted (412, in the specification's words). Not settled by any source,
chosen here: the default project cannot be deleted (409); a name that is taken answers 409; an unknown thing is not assigned and
listed as ``not_found``, as the statuses have it; a project made without an environment is for Development; a domain that is
deleted and made anew is in its old project.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import bodies, chance, objects, pages
from poseidon_nb.sandbox.records import Record, render
from poseidon_nb.sandbox.replies import Refusal, Reply, answer, no_content, not_found, unprocessable
from poseidon_nb.sandbox.services import project_resources
from poseidon_nb.sandbox.timestamps import stamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.world import World

_NAME_MOST, _TEXT_MOST = 175, 255
_ENVIRONMENTS = ("Development", "Staging", "Production")
#: Any other purpose is kept as "Other: " and itself.
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
_OTHER = "Other: "
_DEFAULT = {"name": "first-project", "description": "", "purpose": _PURPOSES[0], "environment": "Development"}


def _find(call: Call) -> Record:
    """Give the project that a path names, or the default one."""
    if "project_id" not in call.names:
        return default_project(call.world)
    project = call.world.projects.get(call.names["project_id"])
    if project is None:
        raise not_found()
    return project


def default_project(world: World) -> Record:
    """Give the default project, which every account has; make it if there is none."""
    known = world.projects.get(objects.default_project(world))
    return known if known is not None else make_project(world, world.now(), _DEFAULT, default=True)


def make_project(world: World, at: float, fields: dict[str, str], *, default: bool = False) -> Record:
    """Make a project that nothing forbids; the fields are name, description, purpose and environment."""
    seed = world.seed
    id_ = objects.default_project(world) if default else chance.uuid(seed, "project", world.count("projects"))
    project = Record(
        {
            "id": id_,
            "owner_uuid": world.state.account["team"]["uuid"],
            "owner_id": chance.between(1_000_000, 20_000_000, seed, "owner"),
            **fields,
            "created_at": stamp(at),
            "updated_at": stamp(at),
            "is_default": default,
        },
        {"resources": {}},
    )
    world.projects.put(id_, project)
    return project


def list_projects(call: Call) -> Reply:
    """Answer ``projects_list``, oldest first."""
    default_project(call.world)
    return call.page("projects", "project", call.world.projects.listed())


def get_project(call: Call) -> Reply:
    """Answer ``projects_get`` and ``projects_get_default``."""
    return call.one("project", _find(call))


def create_project(call: Call) -> Reply:
    """Answer ``projects_create``."""
    default_project(call.world)
    for name in ("name", "purpose"):
        bodies.required(call.body, name, "string")
    fields = {"description": "", "environment": _ENVIRONMENTS[0], **_checked(call, "")}
    return call.one("project", make_project(call.world, call.world.now(), fields), status=201)


def update_project(call: Call) -> Reply:
    """Answer ``projects_update`` and ``projects_update_default``: all fields have to be there."""
    project = _find(call)
    for name, kind in (
        ("name", "string"),
        ("description", "string"),
        ("purpose", "string"),
        ("environment", "string"),
        ("is_default", "boolean"),
    ):
        # A description may be empty.
        if name not in call.body or call.body[name] is None:
            raise unprocessable(f"{name} is required.")
        bodies.typed(name, call.body[name], kind)
    return _changed(call, project)


def patch_project(call: Call) -> Reply:
    """Answer ``projects_patch`` and ``projects_patch_default``."""
    project = _find(call)
    if not any(call.body.get(name) is not None for name in (*_DEFAULT, "is_default")):
        raise unprocessable(f"At least one of {', '.join((*_DEFAULT, 'is_default'))} is required.")
    return _changed(call, project)


def _changed(call: Call, project: Record) -> Reply:
    world = call.world
    fields: dict[str, Any] = _checked(call, project["id"])
    default = bodies.optional(call.body, "is_default", "boolean")
    if default is False and project["is_default"]:
        raise unprocessable("The default project stays it until another one becomes it.")
    if default and not project["is_default"]:
        project = _become_default(world, project)
    changed = project.showing(**fields, updated_at=stamp(world.now()))
    world.projects.put(project["id"], changed)
    return call.one("project", changed)


def _become_default(world: World, project: Record) -> Record:
    """Make a project the default, and leave where it is what the old one has."""
    old = default_project(world)
    resources = dict(project_resources.held(world, old))
    world.projects.put(old["id"], old.showing(is_default=False).keeping(resources=resources))
    project = project.showing(is_default=True)
    world.projects.put(project["id"], project)
    return project


def _checked(call: Call, own_id: str) -> dict[str, str]:
    """Give the fields of a body that are there."""
    fields: dict[str, str] = {}
    for name, most in (("name", _NAME_MOST), ("description", _TEXT_MOST), ("purpose", _TEXT_MOST)):
        text = bodies.optional(call.body, name, "string")
        if text is not None:
            if len(text) > most:
                raise unprocessable(f"{name} is too long (maximum is {most} characters)")
            if not text and name != "description":
                raise unprocessable(f"{name} is required.")
            fields[name] = text
    purpose = fields.get("purpose")
    if purpose and purpose not in _PURPOSES and not purpose.startswith(_OTHER):
        fields["purpose"] = f"{_OTHER}{purpose}"
    environment = bodies.optional(call.body, "environment", "string")
    if environment:
        if environment not in _ENVIRONMENTS:
            raise unprocessable(f"environment must be one of {', '.join(_ENVIRONMENTS)}.")
        fields["environment"] = environment
    if any(other["name"] == fields.get("name") and other["id"] != own_id for other in call.world.projects.listed()):
        raise Refusal(409, "conflict", "project with same name already exists")
    return fields


def delete_project(call: Call) -> Reply:
    """Answer ``projects_delete``."""
    project = _find(call)
    if project["is_default"]:
        raise Refusal(409, "conflict", "The default project cannot be deleted.")
    if next(project_resources.held(call.world, project), None) is not None:
        text = "cannot delete a project with resources. move or remove the resources first"
        raise Refusal(412, "precondition_failed", text)
    call.world.projects.remove(project["id"])
    return no_content()


# --- resources -------------------------------------------------------------------------------------------------------
def list_resources(call: Call) -> Reply:
    """Answer ``projects_list_resources`` and ``projects_list_resources_default``."""
    held = [*project_resources.held(call.world, _find(call), call.scopes)]
    number, per_page = pages.window(call)
    shown = held[(number - 1) * per_page : number * per_page]
    return Reply(
        200, pages.cut([render(_shown(call, urn, at, "ok")) for urn, at in shown], "resources", call, len(held))
    )


def assign_resources(call: Call) -> Reply:
    """Answer ``projects_assign_resources`` and ``projects_assign_resources_default``: all that the project has then."""
    project, world = _find(call), call.world
    statuses: dict[str, str] = {}
    for text in bodies.optional(call.body, "resources", "array") or ():
        urn = project_resources.checked_urn(call, text)
        if urn not in statuses:
            statuses[urn] = project_resources.assign(world, project["id"], urn, world.now())
    held = project_resources.held(world, world.projects[project["id"]], call.scopes)
    shown = [_shown(call, urn, at, statuses.pop(urn, "ok")) for urn, at in held]
    # What is left was not found.
    shown += [_shown(call, urn, stamp(world.now()), status) for urn, status in statuses.items()]
    return answer(200, resources=shown)


def _shown(call: Call, urn: str, assigned_at: str, status: str) -> dict[str, Any]:
    address = f"{call.base_url}/v2/{project_resources.path_of(urn)}"
    return {"urn": urn, "assigned_at": assigned_at, "links": {"self": address}, "status": status}


def _forget_droplet(world: World, _at: float, droplet_id: int) -> None:
    urn = f"do:droplet:{droplet_id}"
    for project in world.projects.listed():
        if urn in project.kept["resources"]:
            project_resources.forget(world, project, urn)


OPERATIONS = {
    "projects_list": list_projects,
    "projects_create": create_project,
    "projects_delete": delete_project,
    **{
        f"projects_{verb}{default}": function
        for default in ("", "_default")
        for verb, function in {
            "get": get_project,
            "update": update_project,
            "patch": patch_project,
            "list_resources": list_resources,
            "assign_resources": assign_resources,
        }.items()
    },
}
EFFECTS: dict[str, Callable[..., None]] = {"droplet.gone.projects": _forget_droplet}
