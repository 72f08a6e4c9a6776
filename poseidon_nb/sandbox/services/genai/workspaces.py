"""Workspaces of GradientAI, which group agents and evaluation test cases.

Not documented, chosen here: the name is unique, an agent is in at most one workspace, and one with agents or test cases
cannot be deleted (409).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox.fields import Field
from poseidon_nb.sandbox.resources import check_reference
from poseidon_nb.sandbox.responses import conflict, respond
from poseidon_nb.sandbox.services.genai.agents import AGENTS, WORKSPACES, list_agents, shown_briefly
from poseidon_nb.sandbox.services.genai.evaluation import TEST_CASES, shown_case
from poseidon_nb.sandbox.services.genai.reference import collection, new_object, user_id

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.resources import Handler
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.store import StoredObject
    from poseidon_nb.sandbox.world import World


def _new_workspace(world: World, uuid: str, values: dict[str, Any], at: float) -> dict[str, Any]:
    values.pop("agent_uuids")
    own = {"created_by": user_id(world), "created_by_email": world.state.account["email"]}
    return new_object(world, uuid, {**values, **own}, at)


def _in(world: World, kind: Any, workspace: StoredObject) -> list[StoredObject]:
    found: list[StoredObject] = kind.all(world, workspace_uuid=workspace["uuid"])
    return found


def _shown(world: World, workspace: StoredObject) -> StoredObject:
    return workspace.with_public(
        agents=[shown_briefly(world, one).public for one in _in(world, AGENTS, workspace)],
        evaluation_test_cases=[shown_case(world, one).public for one in _in(world, TEST_CASES, workspace)],
    )


_WORKSPACES = collection(
    WORKSPACES,
    Field("name", required=True, minimum=1, unique=True),
    Field("description", default=""),
    Field("agent_uuids", default=[], refers=AGENTS.kind),
    build=_new_workspace,
    show=_shown,
    label="workspace",
)


def _move_agents(call: Call, workspace: StoredObject) -> StoredObject:
    uuids = call.body.get("agent_uuids") or []
    check_reference(call.world, AGENTS.kind, uuids, "agent_uuids")
    for uuid in filter(None, uuids):
        agent = AGENTS.store(call.world)[uuid]
        AGENTS.put(call.world, agent.with_public(workspace_uuid=workspace["uuid"]))
    return workspace


def _create(call: Call) -> HTTPResponse:
    workspace = _move_agents(call, _WORKSPACES.create_from(call))
    return respond(call, _shown(call.world, workspace))


def _delete(call: Call, workspace: StoredObject) -> dict[str, str]:
    if _in(call.world, AGENTS, workspace) or _in(call.world, TEST_CASES, workspace):
        raise conflict("The workspace has agents or test cases. Move them to another one first.")
    _WORKSPACES.remove(call.world, workspace)
    return {"workspace_uuid": workspace["uuid"]}


def _list_test_cases(call: Call, workspace: StoredObject) -> list[StoredObject]:
    return [shown_case(call.world, one) for one in _in(call.world, TEST_CASES, workspace)]


OPERATIONS: dict[str, Handler] = {
    "genai_list_workspaces": _WORKSPACES.list(),
    "genai_create_workspace": _create,
    "genai_get_workspace": _WORKSPACES.get(),
    "genai_update_workspace": _WORKSPACES.update(),
    "genai_delete_workspace": _WORKSPACES.on(_delete),
    "genai_list_agents_by_workspace": _WORKSPACES.on(
        lambda call, workspace: list_agents(call, workspace_uuid=workspace["uuid"])
    ),
    "genai_update_agents_workspace": _WORKSPACES.on(_move_agents),
    "genai_list_evaluation_test_cases_by_workspace": _WORKSPACES.on(_list_test_cases),
}
