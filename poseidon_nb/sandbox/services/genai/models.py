"""Models and their catalog, routers between models, imported models, and the regions of GradientAI.

From Terraform's provider and its tests: a model is imported from Hugging Face or a Spaces bucket, needs the terms to be
accepted, and only one from Spaces may get a license, parameters and modalities.

Not documented, chosen here: the times of an import, and its fabricated size, architecture and team. Every repository and
bucket can be imported. A router needs tasks or fallback models, all of known models. Filters that accept several values
take them separated by commas, or the last one.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import objects, rng
from poseidon_nb.sandbox.fields import Field
from poseidon_nb.sandbox.responses import not_found, page_window, respond, unprocessable
from poseidon_nb.sandbox.services.genai.reference import collection, data, models, new_object, public_model
from poseidon_nb.sandbox.services.projects import ensure_default_project
from poseidon_nb.sandbox.states import States
from poseidon_nb.sandbox.store import StoredObject

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.resources import Handler
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

_INFERENCE_URL = "https://inference.do-ai.run/v1/chat/completions"
_MAX_DIGITS = 6
_PREFERENCES = ("none", "cheapest", "fastest")
_IMPORTED_BYTES, _IMPORTED_FILES, _MAX_CUSTOM_MODELS = 16_400_000_000, 14, 10
_SPACES = "SOURCE_TYPE_SPACES_BUCKET"
#: What a source needs.
_SOURCES = {"SOURCE_TYPE_HUGGINGFACE": "repo_id", _SPACES: "bucket"}
_SPACES_ONLY = ("license", "parameters", "input_modalities", "output_modalities")


def filter_values(call: Call, name: str) -> set[str]:
    """Return the values of a filter that accepts several."""
    return {value for value in call.query.get(name, "").split(",") if value}


def _list_regions(call: Call) -> HTTPResponse:
    rows: list[tuple[str, bool, bool]] = data()["regions"]
    regions = [
        {
            "region": slug,
            "serves_inference": inference,
            "serves_batch": batch,
            "inference_url": f"https://{slug}.inference.{objects.HOST}",
            "stream_inference_url": f"wss://{slug}.inference.{objects.HOST}",
        }
        for slug, inference, batch in rows
    ]
    for name in ("serves_inference", "serves_batch"):
        wanted = call.query.get(name, "").lower()
        if wanted:
            regions = [one for one in regions if str(one[name]).lower() == wanted]
    return respond(call, {"regions": regions})


def place_of(world: World, values: dict[str, Any]) -> dict[str, str]:
    """Return the region and the project of a body, or the default ones; raise 422 for another region."""
    known = [region for region, *_ in data()["regions"]]
    region = (values.get("region") or known[0]).lower()
    if region not in known:
        raise unprocessable(f"region must be one of {', '.join(known)}.")
    return {"region": region, "project_id": values.get("project_id") or ensure_default_project(world)["id"]}


def _list_models(call: Call) -> HTTPResponse:
    wanted = filter_values(call, "usecases")
    found = [model for model in models().values() if not wanted or wanted & {*model["usecases"]}]
    return respond(call, [public_model(model) for model in found])


_CATALOG = (
    *("name", "creator", "provider", "type", "pricing", "capabilities", "context_window", "max_output_tokens"),
    *("parameter_count", "hugging_face_id"),
)


def _catalog_entry(model: dict[str, Any]) -> dict[str, Any]:
    entry = {name: model[name] for name in _CATALOG if model.get(name) not in (None, "", "0")}
    return {
        **entry,
        "id": model["uuid"],
        "model_id": model["id"],
        "short_description": model["description"],
        "availability": ["serverless"],
        "badges": [],
    }


def _list_catalog(call: Call) -> HTTPResponse:
    entries = [{**_catalog_entry(model), "created_at": model["created_at"]} for model in models().values()]
    page, limit = page_window(call)
    limit = _limit(call.query["limit"]) if "limit" in call.query else limit
    meta = {"total": len(entries), "page": page, "pages": max(1, -(-len(entries) // limit))}
    shown = entries[(page - 1) * limit : page * limit]
    return respond(call, {"data": [{**one, "scaled_pricing_enabled": False} for one in shown], "meta": meta})


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS) or int(text) < 1:
        raise unprocessable("limit must be a positive integer.")
    return int(text)


def _get_catalog_card(call: Call) -> HTTPResponse:
    wanted = {call.path_params["id"], call.query.get("model_id", "")}
    model = next((one for one in models().values() if wanted & {one["uuid"], one["id"]}), None)
    if model is None:
        raise not_found()
    body = f'{{"model":"{model["id"]}","messages":[{{"role":"user","content":"Hello"}}]}}'
    variant = {
        "label": "Standard",
        "currency": "USD",
        "mode": "MODEL_BILLING_MODE_INTERACTIVE",
        "tier": "MODEL_PRICING_TIER_STANDARD",
        "prices": model["pricing"],
    }
    card = {
        **_catalog_entry(model),
        "description": model["description"],
        "modalities": model["modalities"],
        "pricing_detail": {"variants": [variant]},
        "code_snippets": {"curl": f"curl {_INFERENCE_URL} -H 'Authorization: Bearer $MODEL_ACCESS_KEY' -d '{body}'"},
    }
    return respond(call, {"data": card})


@functools.cache
def router_tasks() -> dict[str, dict[str, Any]]:
    """Return the tasks that a router knows by their slug."""
    return {
        slug: {
            "task_slug": slug,
            "name": name,
            "category": category,
            "description": description,
            "models": model_ids,
            "selection_policy": {"prefer": prefer},
            "tags": [category],
        }
        for slug, name, category, description, model_ids, prefer in data()["router_tasks"]
    }


@functools.cache
def router_presets() -> dict[str, dict[str, Any]]:
    """Return the presets of routers by their slug."""
    return {
        slug: {
            "slug": slug,
            "display_name": name,
            "short_description": description,
            "long_description": description,
            "config": {
                "fallback_models": fallback,
                "policies": [
                    {
                        "task_slug": task,
                        "models": router_tasks()[task]["models"],
                        "selection_policy": {"prefer": prefer},
                    }
                    for task in tasks
                ],
            },
        }
        for slug, name, description, fallback, prefer, tasks in data()["router_presets"]
    }


def _new_router(world: World, uuid: str, values: dict[str, Any], at: float) -> dict[str, Any]:
    values["config"] = {name: values.pop(name, []) for name in ("fallback_models", "policies")}
    return new_object(world, uuid, values, at)


def _check_router(_call: Call, values: dict[str, Any], present: StoredObject | None) -> None:
    known = {model["id"] for model in models().values()}
    policies = values.get("policies", [])
    for id_ in (*values.get("fallback_models", []), *(id_ for policy in policies for id_ in policy.get("models", []))):
        if id_ not in known:
            raise unprocessable(
                f"The model {id_} does not exist. Use for example {next(iter(models().values()))['id']}."
            )
    for policy in policies:
        if not policy.get("custom_task") and policy.get("task_slug") not in router_tasks():
            raise unprocessable(f"policies.task_slug must be one of {', '.join(router_tasks())}.")
    if present is None:
        if not policies and not values.get("fallback_models"):
            raise unprocessable("A router needs policies or fallback_models.")
    else:
        config = {name: values.pop(name) for name in ("fallback_models", "policies") if name in values}
        values["config"] = {**present["config"], **config}


_TASK = (Field("name", type="string", required=True), Field("description", type="string"))
ROUTERS = collection(
    "genai_model_routers",
    Field("name", required=True, minimum=1, unique=True),
    Field("description", default=""),
    Field("regions", default=[]),
    Field("fallback_models", items="string"),
    Field(
        name="policies",
        fields=(
            Field("task_slug", type="string"),
            Field("models", type="array", items="string"),
            Field("custom_task", type="object", fields=_TASK, closed=True),
            Field(
                "selection_policy",
                type="object",
                fields=(Field("prefer", type="string", choices=_PREFERENCES),),
                closed=True,
            ),
        ),
        closed=True,
    ),
    build=_new_router,
    check=_check_router,
    label="model router",
)


def _new_custom_model(world: World, uuid: str, values: dict[str, Any], at: float) -> dict[str, Any]:
    del values["accept_terms_and_conditions"]
    values["source_ref"].pop("hf_token", None)
    fixed = {
        "storage_region": values.pop("preferred_gpu_region"),
        "team_id": str(rng.randint(1_000_000, 9_000_000, world.seed, "team")),
        "active_deployments": [],
        "error_message": "",
    }
    return new_object(world, uuid, {**values, **fixed}, at)


def _check_custom_model(_call: Call, values: dict[str, Any], present: StoredObject | None) -> None:
    source_type = values.get("source_type") if present is None else present["source_type"]
    if source_type != _SPACES:
        wrong = next((name for name in _SPACES_ONLY if name in values), None)
        if wrong:
            raise unprocessable(f"{wrong} can only be set when source_type is {_SPACES}.")
    if present is None:
        needed = _SOURCES[str(source_type)]
        if not values["source_ref"].get(needed):
            raise unprocessable(f"source_ref.{needed} is required.")
        if not values.get("accept_terms_and_conditions"):
            raise unprocessable("accept_terms_and_conditions must be true.")


_ACCESS_TYPES = tuple(f"ACCESS_TYPE_{one}" for one in ("UNSPECIFIED", "PUBLIC", "PRIVATE", "GATED"))
_SOURCE_FIELDS = ("bucket", "commit_sha", "hf_token", "prefix", "region", "repo_id")
CUSTOM_MODELS = collection(
    "genai_custom_models",
    Field("name", required=True, minimum=1, unique=True),
    Field("description", default=""),
    Field("source_type", required=True, choices=tuple(_SOURCES)),
    Field(
        "source_ref",
        required=True,
        closed=True,
        fields=(
            Field("access_type", type="string", choices=_ACCESS_TYPES),
            *(Field(name, type="string") for name in _SOURCE_FIELDS),
        ),
    ),
    Field("tags", default={"tags": []}, fields=(Field("tags", type="array", items="string"),), closed=True),
    Field("preferred_gpu_region", default="tor1"),
    Field("accept_terms_and_conditions"),
    *(Field(name) for name in _SPACES_ONLY),
    build=_new_custom_model,
    check=_check_custom_model,
    states=States(first=(("STATUS_IMPORTING", 300.0),), ready="STATUS_READY"),
    label="custom model",
)


def _import_custom_model(call: Call) -> HTTPResponse:
    model = CUSTOM_MODELS.create_from(call)
    job = {
        "uuid": rng.uuid(call.world.seed, "genai import", model["uuid"]),
        "status": "running",
        "created_at": model["created_at"],
        "started_at": model["created_at"],
        "bytes_done": "0",
        "bytes_total": str(_IMPORTED_BYTES),
        "files_done": 0,
        "files_total": _IMPORTED_FILES,
    }
    steps = [{"name": name, "passed": True, "error": ""} for name in ("source", "architecture", "license")]
    return respond(call, {"model": model.public, "import_job": job, "validation_steps": steps, "error": ""})


def _finish_import(world: World, _at: float, key: str) -> None:
    model = CUSTOM_MODELS.store(world)[key]
    size = {"file_count": _IMPORTED_FILES, "total_size_bytes": str(_IMPORTED_BYTES)}
    shape = {"architecture": "Qwen3ForCausalLM", "context_length": 40_960}
    CUSTOM_MODELS.put(world, model.with_public(**size, **shape))


def _list_custom_models(call: Call) -> HTTPResponse:
    wanted = call.query.get("status")
    found = [one for one in CUSTOM_MODELS.all(call.world) if not wanted or one["status"] == wanted]
    return respond(call, found, max_threshold=_MAX_CUSTOM_MODELS)


OPERATIONS: dict[str, Handler] = {
    "genai_list_datacenter_regions": _list_regions,
    "genai_list_models": _list_models,
    "genai_list_model_catalog": _list_catalog,
    "genai_get_model_catalog_card": _get_catalog_card,
    "genai_list_model_routers": ROUTERS.list(),
    "genai_create_model_router": ROUTERS.create(),
    "genai_get_model_router": ROUTERS.get(),
    "genai_update_model_router": ROUTERS.update(),
    "genai_delete_model_router": ROUTERS.delete(lambda _call, router: {"uuid": router["uuid"]}),
    "genai_list_model_router_presets": lambda call: respond(call, [*map(StoredObject, router_presets().values())]),
    "genai_list_model_router_task_presets": lambda call: respond(call, [*map(StoredObject, router_tasks().values())]),
    "genai_list_custom_models": _list_custom_models,
    "genai_import_custom_model": _import_custom_model,
    "genai_get_custom_model": CUSTOM_MODELS.get(),
    "genai_update_custom_model_metadata": CUSTOM_MODELS.update(),
    "genai_delete_custom_model": CUSTOM_MODELS.delete(
        lambda _call, _model: {"status": "DELETE_CUSTOM_MODEL_STATUS_SUCCESS", "error": ""}
    ),
}

EFFECTS = {"genai_custom_models.STATUS_READY": _finish_import}
