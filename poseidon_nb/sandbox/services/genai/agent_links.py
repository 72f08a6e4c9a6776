"""What agents are linked to: functions, guardrails, knowledge bases, and other agents.

Not documented, chosen here: no route may lead back to its own agent. Of guardrails there are three with fabricated ids,
because no operation lists them. A function's namespace has to exist. The specification has no body for attaching several
knowledge bases, so their ids are read from the query.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.fields import Field
from poseidon_nb.sandbox.resources import check_reference
from poseidon_nb.sandbox.responses import conflict, not_found, unprocessable
from poseidon_nb.sandbox.services.functions import NAMESPACES
from poseidon_nb.sandbox.services.genai.agents import AGENTS, FUNCTIONS, shown
from poseidon_nb.sandbox.services.genai.knowledge_bases import KNOWLEDGE_BASES
from poseidon_nb.sandbox.services.genai.models import filter_values
from poseidon_nb.sandbox.services.genai.reference import data, user_id
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.resources import Handler
    from poseidon_nb.sandbox.world import World

    #: Returns the fields of an agent that a link changes.
    Link = Callable[[Call, StoredObject], dict[str, Any]]


def _linking(link: Link) -> Handler:
    """Return the function that changes what an agent is linked to, and answers with the agent."""
    return AGENTS.on(lambda call, agent: AGENTS.change(call.world, agent, **link(call, agent)))


def _attach_function(call: Call, _agent: StoredObject) -> dict[str, Any]:
    FUNCTIONS.create_from(call)
    return {}


def _update_function(call: Call, _agent: StoredObject) -> dict[str, Any]:
    FUNCTIONS.change_from(call, FUNCTIONS.find(call))
    return {}


def _detach_function(call: Call, _agent: StoredObject) -> dict[str, Any]:
    FUNCTIONS.remove(call.world, FUNCTIONS.find(call))
    return {}


def _forget_namespace(world: World, at: float, namespace: str) -> None:
    for function in [*FUNCTIONS.store(world).all()]:
        if function["faas_namespace"] == namespace:
            FUNCTIONS.remove(world, function, at)


def _attach_guardrails(call: Call, agent: StoredObject) -> dict[str, Any]:
    known = {row[0]: row[1] for row in data()["guardrails"]}
    fields = (
        Field("guardrail_uuid", type="string", required=True),
        Field("priority", type="integer", default=1, minimum=-(2**31), maximum=2**31 - 1),
    )
    wanted = Field("guardrails", fields=fields, minimum=1).read(call.body.get("guardrails") or [], "guardrails")
    priorities = dict(agent["guardrail_priorities"])
    for one in wanted:
        if one["guardrail_uuid"] not in known:
            raise unprocessable(
                f"guardrail_uuid {one['guardrail_uuid']} does not exist. The sandbox has"
                f" {', '.join(f'{uuid} ({name})' for uuid, name in known.items())}."
            )
        priorities[one["guardrail_uuid"]] = one["priority"]
    return {"guardrail_priorities": priorities}


def _detach_guardrail(call: Call, agent: StoredObject) -> dict[str, Any]:
    priorities = dict(agent["guardrail_priorities"])
    if priorities.pop(call.path_params["guardrail_uuid"], None) is None:
        raise not_found()
    return {"guardrail_priorities": priorities}


def _attach_knowledge_bases(call: Call, agent: StoredObject) -> dict[str, Any]:
    one = call.path_params.get("knowledge_base_uuid")
    wanted = sorted(filter_values(call, "knowledge_base_uuids")) if one is None else [one]
    if one is not None and one not in KNOWLEDGE_BASES.store(call.world):
        raise not_found()
    check_reference(call.world, KNOWLEDGE_BASES.kind, wanted, "knowledge_base_uuids")
    return {"knowledge_base_uuid": [*dict.fromkeys([*agent["knowledge_base_uuid"], *wanted])]}


def _detach_knowledge_base(call: Call, agent: StoredObject) -> dict[str, Any]:
    attached, one = agent["knowledge_base_uuid"], call.path_params["knowledge_base_uuid"]
    if one not in attached:
        raise not_found()
    return {"knowledge_base_uuid": [uuid for uuid in attached if uuid != one]}


def _leads_to(world: World, start: str, end: str) -> bool:
    agents = AGENTS.store(world)
    seen: set[str] = set()
    left = [start]
    while left:
        uuid = left.pop()
        if uuid == end:
            return True
        if uuid in agents and uuid not in seen:
            seen.add(uuid)
            left += agents[uuid]["routes"]
    return False


def _attach_agent(call: Call, agent: StoredObject) -> dict[str, Any]:
    child = call.path_params["child_agent_uuid"]
    if child not in AGENTS.store(call.world):
        raise not_found()
    if child in agent["routes"]:
        raise conflict("The agent is already attached.")
    if _leads_to(call.world, child, agent["uuid"]):
        raise unprocessable("The route would lead back to its own agent.")
    route = {
        "route_uuid": rng.uuid(call.world.seed, "genai route", call.world.next_number("genai_routes")),
        "route_created_at": format_time(call.world.now()),
        "route_created_by": user_id(call.world),
        **_route_texts(call),
    }
    return {"routes": {**agent["routes"], child: route}}


def _route_texts(call: Call) -> dict[str, str]:
    return {name: call.body.get(name) or "" for name in ("route_name", "if_case")}


def _route(call: Call, agent: StoredObject) -> dict[str, Any]:
    route = agent["routes"].get(call.path_params["child_agent_uuid"])
    if route is None:
        raise not_found()
    return dict(route)


def _update_route(call: Call, agent: StoredObject) -> dict[str, Any]:
    texts = {name: text for name, text in _route_texts(call).items() if text}
    return {"routes": {**agent["routes"], call.path_params["child_agent_uuid"]: {**_route(call, agent), **texts}}}


def _detach_agent(call: Call, agent: StoredObject) -> dict[str, Any]:
    _route(call, agent)
    return {
        "routes": {
            uuid: route for uuid, route in agent["routes"].items() if uuid != call.path_params["child_agent_uuid"]
        }
    }


def _routing(link: Link, **more: Any) -> Handler:
    """Return the function that changes a route, and answers with both agents."""

    def handle(call: Call, agent: StoredObject) -> dict[str, Any]:
        AGENTS.change(call.world, agent, **link(call, agent))
        return {name: call.path_params[name] for name in ("parent_agent_uuid", "child_agent_uuid")} | more

    return AGENTS.on(handle)


def _list_children(call: Call, agent: StoredObject) -> list[StoredObject]:
    return [StoredObject(one) for one in shown(call.world, agent)["child_agents"]]


OPERATIONS: dict[str, Handler] = {
    "genai_attach_agent_function": _linking(_attach_function),
    "genai_update_agent_function": _linking(_update_function),
    "genai_detach_agent_function": _linking(_detach_function),
    "genai_attach_agent_guardrails": _linking(_attach_guardrails),
    "genai_detach_agent_guardrail": _linking(_detach_guardrail),
    "genai_attach_knowledge_bases": _linking(_attach_knowledge_bases),
    "genai_attach_knowledge_base": _linking(_attach_knowledge_bases),
    "genai_detach_knowledge_base": _linking(_detach_knowledge_base),
    "genai_attach_agent": _routing(_attach_agent),
    "genai_update_attached_agent": _routing(_update_route, rollback=False),
    "genai_detach_agent": _routing(_detach_agent),
    "genai_get_agent_children": AGENTS.on(_list_children),
}

EFFECTS: dict[str, Callable[..., None]] = {f"{NAMESPACES.kind}.removed.genai": _forget_namespace}
