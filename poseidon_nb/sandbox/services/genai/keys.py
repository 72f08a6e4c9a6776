"""API keys: of models, of OpenAI and of Anthropic. Those of agents have the same form.

From the specification: creating a key of models answers 410, because it moved to the control panel. Deleting a key returns
it with the time of its end.

Not documented, chosen here: an account has one key of models, as if made in the control panel. A secret is shown when it
is created or regenerated only; it is fabricated, and what was sent as a key of OpenAI or Anthropic is not kept. A deleted
key vanishes from its agents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox.fields import Field
from poseidon_nb.sandbox.responses import respond
from poseidon_nb.sandbox.services.genai.reference import collection, gone, new_object, new_secret, user_id
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from typing import NoReturn

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.resources import Handler, Resource
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

_RETIRED = (
    "resource retired: Creating model API keys through this endpoint is retired. Go to manage page in the control panel to"
    " create a model access key."
)
_CONTROL_PANEL_KEY = "control-panel"


def _new_key(world: World, uuid: str, values: dict[str, Any], at: float) -> StoredObject:
    public = {"uuid": uuid, "name": values["name"], "created_at": format_time(at), "created_by": user_id(world)}
    return StoredObject(public, {"once": {"secret_key": new_secret(world, "", uuid)}})


def key_collection(kind: str, parent: Resource | None = None) -> Resource:
    """Declare keys whose secret is shown once."""
    return collection(
        kind, Field("name", required=True, minimum=1), build=_new_key, parent=parent, label="key", updated_field=""
    )


def answer_deleted(call: Call, record: StoredObject) -> StoredObject:
    """Return a deleted object with the time of its end."""
    return record.with_public(deleted_at=format_time(call.world.now()))


def regenerate(call: Call, record: StoredObject) -> StoredObject:
    """Return a key with a new secret."""
    return record.with_public(secret_key=new_secret(call.world, "", record["uuid"]))


MODEL_KEYS = key_collection("genai_model_keys")


def _list_model_keys(call: Call) -> HTTPResponse:
    if MODEL_KEYS.kind not in call.world.state.counters:
        MODEL_KEYS.add(call.world, {"name": _CONTROL_PANEL_KEY}, call.world.now())
    return respond(call, MODEL_KEYS.all(call.world))


def _create_model_key(_call: Call) -> NoReturn:
    raise gone(_RETIRED)


def _new_provider_key(world: World, uuid: str, values: dict[str, Any], at: float) -> dict[str, Any]:
    return new_object(world, uuid, {"name": values["name"], "created_by": user_id(world)}, at)


def _drop_key(_call: Call, values: dict[str, Any], _present: StoredObject | None) -> None:
    values.pop("api_key", None)


def _provider_keys(kind: str) -> Resource:
    needed = (Field(name, required=True, minimum=1) for name in ("name", "api_key"))
    return collection(kind, *needed, build=_new_provider_key, check=_drop_key, label="key")


PROVIDER_KEYS = {name: _provider_keys(f"genai_{name}_keys") for name in ("openai", "anthropic")}


def _operations(name: str, keys: Resource) -> dict[str, Handler]:
    return {
        f"genai_list_{name}_api_keys": keys.list(),
        f"genai_create_{name}_api_key": keys.create(),
        f"genai_get_{name}_api_key": keys.get(),
        f"genai_update_{name}_api_key": keys.update(),
        f"genai_delete_{name}_api_key": keys.delete(answer_deleted),
    }


OPERATIONS: dict[str, Handler] = {
    "genai_list_model_api_keys": _list_model_keys,
    "genai_create_model_api_key": _create_model_key,
    "genai_update_model_api_key": MODEL_KEYS.update(),
    "genai_delete_model_api_key": MODEL_KEYS.delete(answer_deleted),
    "genai_regenerate_model_api_key": MODEL_KEYS.on(regenerate),
    **_operations("openai", PROVIDER_KEYS["openai"]),
    **_operations("anthropic", PROVIDER_KEYS["anthropic"]),
}
