"""Models, metrics, guardrails and router presets of GradientAI, from ``data/genai.json``, and what its services share.

The ids of the models that examples of DigitalOcean's documentation, doctl and Terraform's provider use are the service's;
all others are fabricated, and so are the guardrails, which no operation lists. Prices for a million tokens are those that
third parties quoted from DigitalOcean's pages in 2026; nothing is billed by them.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation
from poseidon_nb.sandbox import objects, rng
from poseidon_nb.sandbox.data import load_data
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import HTTPException, unprocessable
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.fields import Field
    from poseidon_nb.sandbox.world import World

    Check = Callable[[Call, dict[str, Any], StoredObject | None], None]

_PROVIDER = "MODEL_PROVIDER_"
_USECASE = "MODEL_USECASE_"
_UPDATED_AT = "2026-06-01T00:00:00Z"


def data() -> dict[str, Any]:
    """Return the constant data of GradientAI. Do not change it."""
    loaded: dict[str, Any] = load_data("genai")
    return loaded


@functools.cache
def models() -> dict[str, dict[str, Any]]:
    """Return all models by uuid, with every field that one of the three shapes of a model has."""
    return {row[0]: _model(*row) for row in data()["models"]}


def _model(  # noqa: PLR0913, PLR0917  # the columns of the data
    uuid: str,
    id_: str,
    name: str,
    creator: str,
    provider: str,
    type_: str,
    usecases: list[str],
    context: int,
    output: int,
    parameters: float | None,
    input_price: float,
    output_price: float,
    created_at: str,
    hugging_face_id: str,
    chunk_sizes: tuple[int, int, int] | None = None,
) -> dict[str, Any]:
    model: dict[str, Any] = {
        "uuid": uuid,
        "id": id_,
        "name": name,
        "creator": creator,
        "hugging_face_id": hugging_face_id,
        "provider": _PROVIDER + provider,
        "type": type_,
        "usecases": [_USECASE + one for one in usecases],
        "description": f"{name} by {creator}.",
        "context_window": str(context),
        "max_output_tokens": str(output),
        "pricing": {"input_price_per_million": input_price, "output_price_per_million": output_price},
        "is_foundational": True,
        "upload_complete": True,
        "lifecycle_status": "active",
        "version": {"major": 1, "minor": 0, "patch": 0},
        "modalities": {"input": ["text"], "output": ["embedding" if chunk_sizes else "text"]},
        "capabilities": ["vectorization" if chunk_sizes else "inference"],
        "created_at": created_at,
        "updated_at": _UPDATED_AT,
    }
    if parameters is not None:
        model["parameter_count"] = parameters
    if chunk_sizes:
        model |= zip(("kb_min_chunk_size", "kb_default_chunk_size", "kb_max_chunk_size"), chunk_sizes, strict=True)
    if creator in data()["agreements"]:
        model["agreement"] = _agreement(name, creator)
    return model


def _agreement(model: str, creator: str) -> dict[str, str]:
    title, url = data()["agreements"][creator]
    description = f"{model} is licensed under the {title}."
    return {"uuid": rng.uuid("agreement", creator), "name": title, "description": description, "url": url}


_COMMON = (
    *("name", "provider", "type", "context_window", "capabilities", "modalities", "parameter_count"),
    *("uuid", "is_foundational", "upload_complete", "lifecycle_status", "version", "created_at", "updated_at"),
    *("agreement", "kb_min_chunk_size", "kb_default_chunk_size", "kb_max_chunk_size"),
)


def model_of_agent(uuid: str) -> dict[str, Any]:
    """Return a model in the shape that agents have."""
    model = models()[uuid]
    return {**_pick(model, (*_COMMON, "usecases")), "inference_name": model["id"]}


def public_model(model: dict[str, Any]) -> StoredObject:
    """Return a model in the shape of the list of models."""
    return StoredObject(
        {**_pick(model, (*_COMMON, "id", "description", "pricing")), "model_availability": "serverless"}
    )


def _pick(model: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: model[name] for name in names if name in model}


def require_model(uuid: str, usecase: str, label: str) -> None:
    """Raise 422 unless a model exists and may be used for this."""
    model = models().get(uuid)
    if model is None:
        raise unprocessable(f"{label} {uuid} does not exist. {_known_models(usecase)}")
    if _USECASE + usecase not in model["usecases"]:
        raise unprocessable(f"{label} {uuid} ({model['id']}) cannot be used for this. {_known_models(usecase)}")


def _known_models(usecase: str) -> str:
    first = next(model for model in models().values() if _USECASE + usecase in model["usecases"])
    return f"Use for example {first['uuid']} ({first['id']})."


@functools.cache
def metrics() -> dict[str, dict[str, Any]]:
    """Return the built-in metrics by uuid, of agents and models."""
    return {
        uuid: {
            "metric_uuid": uuid,
            "metric_name": name,
            "description": description,
            "metric_type": f"METRIC_TYPE_{type_}",
            "category": f"METRIC_CATEGORY_{category}",
            "metric_value_type": f"METRIC_VALUE_TYPE_{value_type}",
            "evaluation_scope": f"EVALUATION_SCOPE_{scope}",
            "source": "EVALUATION_METRIC_SOURCE_BUILTIN",
            "inverted": inverted,
            "is_metric_goal": scope == "AGENT",
            "metric_rank": number,
            "range_min": 0,
            "range_max": 100,
        }
        for number, (uuid, name, scope, type_, category, value_type, inverted, description) in enumerate(
            data()["metrics"], 1
        )
    }


def user_id(world: World) -> str:
    """Return the numeric id of the account's owner, the same as that of projects."""
    return str(objects.owner_id(world))


def new_object(_world: World, uuid: str, values: dict[str, Any], at: float) -> dict[str, Any]:
    """Return a new object with a uuid and its times."""
    return {"uuid": uuid, **values, "created_at": format_time(at), "updated_at": format_time(at)}


def new_secret(world: World, prefix: str, *what: str) -> str:
    """Return a fabricated secret, another one at each call."""
    return prefix + rng.digest(world.seed, *what, world.next_number("genai_secrets"))


def collection(
    kind: str,
    *fields: Field,
    check: Check | None = None,
    show: Callable[[World, StoredObject], StoredObject] | None = None,
    build: Callable[..., dict[str, Any] | StoredObject] | None = None,
    **declared: Any,
) -> Resource:
    """Declare a resource with a uuid and the time of its last change.

    A change ignores fields that the specification does not list for it, and empty text, which godo sends for no text.
    """

    def checked(call: Call, values: dict[str, Any], present: StoredObject | None) -> None:
        if present is not None:
            known = {parameter.name for parameter in operation(call.operation).body_fields}
            for name in [name for name, value in values.items() if name not in known or value == ""]:
                del values[name]
        if check is not None:
            check(call, values, present)

    if show is not None:
        declared["show"] = lambda call, record: show(call.world, record)
    declared = {"id_field": "uuid", "updated_field": "updated_at", **declared}
    return Resource(kind, fields=fields, check=checked, build=build, **declared)


def gone(message: str) -> HTTPException:
    """Return the error of an operation that was retired."""
    return HTTPException(410, "gone", message)
