"""Agents of GradientAI with their deployments, keys and versions, and all that they are linked to.

From godo's recorded answers: a new agent waits for its deployment, is private, and has an address once it runs. From
Terraform's provider: it needs a name, an instruction, a model, a project and a region.

Not documented, chosen here: the times of a deployment; project and region have defaults. Only answers about one agent show
what it is linked to, and what was deleted is no longer shown. Each change makes a
version. Returning to one restores its settings and links, except functions. Nobody talks to an agent here, so its usage
is zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import objects, rng
from poseidon_nb.sandbox.fields import Field
from poseidon_nb.sandbox.responses import bad_request, not_found, respond, unprocessable
from poseidon_nb.sandbox.services.functions import NAMESPACES
from poseidon_nb.sandbox.services.genai.keys import PROVIDER_KEYS, answer_deleted, key_collection, regenerate
from poseidon_nb.sandbox.services.genai.knowledge_bases import KNOWLEDGE_BASES, shown_base
from poseidon_nb.sandbox.services.genai.models import ROUTERS, place_of, router_presets
from poseidon_nb.sandbox.services.genai.reference import (
    collection,
    data,
    model_of_agent,
    new_object,
    require_model,
    user_id,
)
from poseidon_nb.sandbox.states import States
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import format_time, parse_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.resources import Handler, Resource
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

WORKSPACES = "genai_workspaces"
_RUNNING = "STATUS_RUNNING"
_METHODS = tuple(f"RETRIEVAL_METHOD_{name}" for name in ("UNKNOWN", "REWRITE", "STEP_BACK", "SUB_QUERIES", "NONE"))
_VISIBILITIES = tuple(f"VISIBILITY_{name}" for name in ("DISABLED", "PLAYGROUND", "PUBLIC", "PRIVATE"))
#: Fields of a stored agent that answers show as objects.
_LINKS = (
    *("model_uuid", "model_router_uuid", "router_preset_slug", "knowledge_base_uuid", "guardrail_priorities", "routes"),
    *("open_ai_key_uuid", "anthropic_key_uuid", "model_provider_key_uuid", "workspace_uuid"),
)
#: What only answers about one agent have.
_DETAILS = ("conversation_logs_enabled",)
#: The end of the year 9999.
_LAST_TIME = 253_402_300_799
_CHATBOT = {
    "primary_color": "#031B4E",
    "secondary_color": "#E5E8ED",
    "button_background_color": "#0061EB",
    "starting_message": "Hello! How can I help you today?",
}
_MCP_SERVER = (
    *(Field(name, type="string") for name in ("server_label", "server_url", "authorization")),
    Field("allowed_tools", type="array", items="string"),
    Field("headers", type="object"),
)


def _new_agent(world: World, uuid: str, values: dict[str, Any], at: float) -> dict[str, Any]:
    now = format_time(at)
    deployment = {
        "uuid": rng.uuid(world.seed, "genai deployment", uuid),
        "name": values["name"],
        "visibility": "VISIBILITY_PRIVATE",
        "created_at": now,
        "updated_at": now,
    }
    own = {
        "deployment": deployment,
        "chatbot": {"name": values["name"], **_CHATBOT, "allowed_domains": values.pop("allowed_domains", [])},
        "chatbot_identifiers": [{"agent_chatbot_identifier": rng.digest(world.seed, "chatbot", uuid)}],
        "user_id": user_id(world),
        "guardrail_priorities": {},
        "routes": {},
    }
    return new_object(world, uuid, {**values, **own}, at)


def _check_agent(call: Call, values: dict[str, Any], present: StoredObject | None) -> None:
    if "model_uuid" in values:
        require_model(values["model_uuid"], "AGENT", "model_uuid")
    preset = values.get("router_preset_slug")
    if preset and preset not in router_presets():
        raise unprocessable(f"router_preset_slug must be one of {', '.join(router_presets())}.")
    if values.pop("clear_mcp_servers", False):
        values["mcp_servers"] = []
    if present is not None:
        domains = values.pop("allowed_domains", None)
        if domains is not None:
            values["chatbot"] = {**present["chatbot"], "allowed_domains": domains}
        return
    if not any(values.get(name) for name in ("model_uuid", "model_router_uuid", "router_preset_slug")):
        raise unprocessable("model_uuid is required.")
    values |= place_of(call.world, values)


def shown_briefly(world: World, agent: StoredObject) -> StoredObject:
    """Return an agent as lists have it."""
    public = {name: value for name, value in agent.public.items() if name not in (*_LINKS, *_DETAILS)}
    if agent.public.get("model_uuid"):
        public["model"] = model_of_agent(agent["model_uuid"])
    router = ROUTERS.store(world).get(agent.public.get("model_router_uuid"))
    preset = router_presets().get(agent.public.get("router_preset_slug", ""))
    if router is not None:
        public["model_router"] = router.public
    elif preset is not None:
        public["model_router"] = {"name": preset["display_name"], "config": preset["config"]}
    return StoredObject(public)


def shown(world: World, agent: StoredObject) -> StoredObject:
    """Return an agent with all that it is linked to."""
    uuid, links = agent["uuid"], agent.public
    details = {name: links[name] for name in _DETAILS if name in links}
    for name, key_name, shown_name in (
        ("openai", "open_ai_key_uuid", "openai_api_key"),
        ("anthropic", "anthropic_key_uuid", "anthropic_api_key"),
    ):
        key = PROVIDER_KEYS[name].store(world).get(links.get(key_name))
        if key is not None:
            details[shown_name] = key.public
    workspace = world.store(WORKSPACES).get(links.get("workspace_uuid"))
    if workspace is not None:
        details["workspace"] = workspace.public
    bases = KNOWLEDGE_BASES.store(world)
    children = AGENTS.store(world)
    parents = [other for other in children.all() if uuid in other["routes"]]
    return shown_briefly(world, agent).with_public(
        **details,
        api_key_infos=[one.public for one in AGENT_KEYS.all(world, uuid)],
        functions=[one.public for one in FUNCTIONS.all(world, uuid)],
        guardrails=[_guardrail(agent, key, priority) for key, priority in links["guardrail_priorities"].items()],
        knowledge_bases=[shown_base(world, bases[key]).public for key in links["knowledge_base_uuid"] if key in bases],
        child_agents=[
            shown_briefly(world, children[key]).public | route
            for key, route in links["routes"].items()
            if key in children
        ],
        parent_agents=[shown_briefly(world, parent).public for parent in parents],
    )


def _guardrail(agent: StoredObject, uuid: str, priority: int) -> dict[str, Any]:
    _, name, type_, description, response = next(row for row in data()["guardrails"] if row[0] == uuid)
    return {
        "uuid": uuid,
        "guardrail_uuid": uuid,
        "agent_uuid": agent["uuid"],
        "name": name,
        "type": f"GUARDRAIL_TYPE_{type_}",
        "description": description,
        "default_response": response,
        "is_attached": True,
        "is_default": False,
        "priority": priority,
        "created_at": agent["created_at"],
        "updated_at": agent["updated_at"],
    }


AGENTS = collection(
    "genai_agents",
    Field("name", required=True, minimum=1),
    Field("instruction", required=True, minimum=1),
    Field("description", default=""),
    Field("region", default="tor1"),
    Field("project_id", refers="projects"),
    Field("tags", default=[]),
    Field("model_uuid"),
    Field("model_router_uuid", refers=ROUTERS.kind),
    Field("router_preset_slug"),
    Field("knowledge_base_uuid", default=[], refers=KNOWLEDGE_BASES.kind),
    Field("open_ai_key_uuid", refers=PROVIDER_KEYS["openai"].kind),
    Field("anthropic_key_uuid", refers=PROVIDER_KEYS["anthropic"].kind),
    Field("model_provider_key_uuid"),
    Field("workspace_uuid", refers=WORKSPACES),
    Field("k", default=10, minimum=0, maximum=100),
    Field("max_tokens", default=512, minimum=1, maximum=1_000_000),
    Field("temperature", default=0.7, minimum=0, maximum=1),
    Field("top_p", default=0.9, minimum=0, maximum=1),
    Field("retrieval_method", default=_METHODS[-1], choices=_METHODS),
    Field("provide_citations", default=False),
    Field("conversation_logs_enabled", default=False),
    Field("reasoning_effort"),
    Field("thinking_token_budget", minimum=0, maximum=1_000_000),
    Field("web_fetch_enabled"),
    Field("web_search_enabled"),
    Field("mcp_servers", fields=_MCP_SERVER, closed=True),
    Field("clear_mcp_servers"),
    Field("allowed_domains"),
    build=_new_agent,
    check=_check_agent,
    show=shown,
    states=States(
        first=(("STATUS_WAITING_FOR_DEPLOYMENT", 20.0), ("STATUS_DEPLOYING", 60.0)),
        ready=_RUNNING,
        field="deployment.status",
    ),
    label="agent",
)
AGENT_KEYS = key_collection("genai_agents.api_keys", AGENTS)


def _new_function(world: World, uuid: str, values: dict[str, Any], at: float) -> dict[str, Any]:
    return new_object(world, uuid, {**values, "created_by": user_id(world)}, at)


def _name_function(_call: Call, values: dict[str, Any], _present: StoredObject | None) -> None:
    if "function_name" in values:
        values["name"] = values.pop("function_name")


FUNCTIONS = collection(
    "genai_agents.functions",
    *(Field(name, required=True, minimum=1) for name in ("function_name", "faas_name")),
    Field("faas_namespace", required=True, minimum=1, refers=NAMESPACES.kind),
    *(Field(name) for name in ("description", "input_schema", "output_schema")),
    build=_new_function,
    check=_name_function,
    parent=AGENTS,
)


def _new_version(_world: World, hash_: str, values: dict[str, Any], at: float) -> StoredObject:
    return StoredObject(
        {"version_hash": hash_, **values["public"], "created_at": format_time(at)}, {"agent": values["agent"]}
    )


def _shown_version(world: World, version: StoredObject) -> StoredObject:
    applied = AGENTS.store(world)[version["agent_uuid"]]["version_hash"] == version["version_hash"]
    return version.with_public(currently_applied=applied, can_rollback=not applied)


VERSIONS = collection(
    "genai_agents.versions",
    id_field="version_hash",
    new_id=lambda world, kind, number: rng.digest(world.seed, kind, number),
    build=_new_version,
    show=_shown_version,
    parent=AGENTS,
    updated_field="",
)
_VERSIONED = (
    *("name", "description", "instruction", "k", "max_tokens", "temperature", "top_p", "retrieval_method", "tags"),
    "provide_citations",
)


def _add_version(world: World, at: float, uuid: str) -> None:
    agent = AGENTS.store(world)[uuid]
    now = shown(world, agent).public
    public: dict[str, Any] = {
        **{name: agent[name] for name in _VERSIONED},
        "id": str(1 + len(VERSIONS.all(world, uuid))),
        "agent_uuid": uuid,
        "created_by_email": world.state.account["email"],
        "trigger_action": "update" if "version_hash" in agent.public else "create",
        "attached_child_agents": [
            {"agent_name": one["name"], "child_agent_uuid": one["uuid"], "route_name": one["route_name"]}
            for one in now["child_agents"]
        ],
        "attached_functions": [
            {name: one[name] for name in ("name", "faas_name", "faas_namespace")} for one in now["functions"]
        ],
        "attached_guardrails": [
            {name: one[name] for name in ("uuid", "name", "priority")} for one in now["guardrails"]
        ],
        "attached_knowledgebases": [{name: one[name] for name in ("uuid", "name")} for one in now["knowledge_bases"]],
    }
    if "model" in now:
        public["model_name"] = now["model"]["name"]
    kept = {name: value for name, value in agent.public.items() if name in (*_VERSIONED, *_LINKS)}
    version = VERSIONS.add(world, {"public": public, "agent": kept}, at, uuid)
    AGENTS.put(world, agent.with_public(version_hash=version["version_hash"]))


def _roll_back(call: Call, agent: StoredObject) -> dict[str, Any]:
    wanted = call.body.get("version_hash")
    if not wanted:
        raise unprocessable("version_hash is required.")
    version = VERSIONS.store(call.world).get(f"{agent['uuid']}/{wanted}")
    if version is None:
        raise not_found()
    restored = {**version.internal["agent"], "version_hash": wanted, "updated_at": format_time(call.world.now())}
    AGENTS.put(call.world, agent.with_public(**restored))
    return {"version_hash": wanted, "audit_header": {"user_id": user_id(call.world)}}


def _create_agent(call: Call) -> HTTPResponse:
    agent = AGENTS.create_from(call)
    _add_version(call.world, call.world.now(), agent["uuid"])
    return respond(call, shown(call.world, AGENTS.store(call.world)[agent["uuid"]]))


def list_agents(call: Call, **where: str) -> HTTPResponse:
    """Return a page of the agents with these fields."""
    found = AGENTS.all(call.world)
    if call.query.get("only_deployed", "").lower() == "true":
        found = [one for one in found if one["deployment"]["status"] == _RUNNING]
    found = [one for one in found if all(one.public.get(name) == value for name, value in where.items())]
    return respond(call, [shown_briefly(call.world, one) for one in found])


def _list_by_key(keys: Resource, name: str) -> Handler:
    def handle(call: Call) -> HTTPResponse:
        return list_agents(call, **{name: keys.find(call)["uuid"]})

    return handle


def _start_answering(world: World, at: float, uuid: str) -> None:
    agent = AGENTS.store(world)[uuid]
    url = f"https://{rng.digest(world.seed, 'agent', uuid)[:24]}.agents.{objects.HOST}"
    deployment = {**agent["deployment"], "url": url, "updated_at": format_time(at)}
    AGENTS.put(world, agent.with_public(deployment=deployment, url=url))


def _set_visibility(call: Call, agent: StoredObject) -> StoredObject:
    visibility = call.body.get("visibility")
    if visibility not in _VISIBILITIES:
        raise unprocessable(f"visibility must be one of {', '.join(_VISIBILITIES)}.")
    changes = {"visibility": visibility, "updated_at": format_time(call.world.now())}
    return AGENTS.put(call.world, agent.with_public(deployment={**agent["deployment"], **changes}))


def _time(call: Call, name: str, default: str) -> str:
    try:
        seconds = parse_time(call.query.get(name) or default)
    except (ValueError, OverflowError, OSError):
        seconds = -1
    if not 0 <= seconds <= _LAST_TIME:
        raise bad_request(f"{name} must be a time such as {default}.")
    return format_time(seconds)


def _get_usage(call: Call, agent: StoredObject) -> dict[str, Any]:
    start, stop = _time(call, "start", agent["created_at"]), _time(call, "stop", format_time(call.world.now()))
    measurements = [{"usage_type": name, "tokens": 0} for name in ("input", "output")]
    usage = {"resource_uuid": agent["uuid"], "start": start, "stop": stop, "measurements": measurements}
    return {"usage": usage, "log_insights_usage": {**usage, "measurements": []}}


OPERATIONS: dict[str, Handler] = {
    "genai_list_agents": list_agents,
    "genai_create_agent": _create_agent,
    "genai_get_agent": AGENTS.get(),
    "genai_update_agent": AGENTS.update(),
    "genai_delete_agent": AGENTS.delete(lambda _call, agent: agent),
    "genai_update_agent_deployment_visibility": AGENTS.on(_set_visibility),
    "genai_get_agent_usage": AGENTS.on(_get_usage),
    "genai_list_agent_versions": VERSIONS.list(),
    "genai_rollback_to_agent_version": AGENTS.on(_roll_back),
    "genai_list_agent_api_keys": AGENT_KEYS.list(),
    "genai_create_agent_api_key": AGENT_KEYS.create(),
    "genai_update_agent_api_key": AGENT_KEYS.update(),
    "genai_delete_agent_api_key": AGENT_KEYS.delete(answer_deleted),
    "genai_regenerate_agent_api_key": AGENT_KEYS.on(regenerate),
    "genai_list_agents_by_openai_key": _list_by_key(PROVIDER_KEYS["openai"], "open_ai_key_uuid"),
    "genai_list_agents_by_anthropic_key": _list_by_key(PROVIDER_KEYS["anthropic"], "anthropic_key_uuid"),
}

EFFECTS: dict[str, Callable[..., None]] = {
    f"{AGENTS.kind}.{_RUNNING}": _start_answering,
    f"{AGENTS.kind}.changed": _add_version,
}
