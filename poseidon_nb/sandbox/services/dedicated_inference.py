"""Dedicated Inference: models on the account's own GPUs, with their accelerators and access tokens. No model answers.

From the specification: a new one is ``new``, ``provisioning`` and then ``active``; a changed one is ``updating``; the value
of a token is shown once. From Terraform's provider and godo: there is a name besides that of the spec, the VPC may be left
out, a change is refused with 403 unless it is active, region, VPC and public endpoint stay, a pending spec vanishes when
it is active, and a deleted one is found until it is gone. The first token is made with it.

Not documented, chosen here: all times. The GPUs are the sizes of GPU droplets in the three regions, at the price of these
droplets by the hour, from when it is active (inferred: the specification's example has 2 for the GPU that costs 1.99 as a
droplet). Which models fit a GPU is inferred from their parameters, but every model slug is accepted. Endpoints, tokens
and the certificate are fabricated.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue.prices import CAP_HOURS
from poseidon_nb.sandbox import objects, rng
from poseidon_nb.sandbox.fields import Field
from poseidon_nb.sandbox.identities import make_identity
from poseidon_nb.sandbox.pricing import Price
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import conflict, forbidden, not_found, respond, unprocessable
from poseidon_nb.sandbox.services.genai.reference import models
from poseidon_nb.sandbox.services.vpcs import ensure_default_vpc, requested_vpc
from poseidon_nb.sandbox.states import States
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import format_time, parse_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.resources import Handler
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

_REGIONS = ("atl1", "nyc2", "tor1")
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,255}")
_NAME_RULE = "may contain letters, numbers, dashes and underscores"
_ACTIVE, _UPDATING = "active", "updating"
_FIRST_TOKEN = "auto-generated-during-provisioning"  # noqa: S105  # its name
#: GB of a GPU's memory for a billion parameters of 16 bits, with room for requests.
_GB_PER_BILLION = 2.2
_DOMAIN = f"dedicated-inference.{objects.HOST}"

_ACCELERATOR = (
    Field("accelerator_slug", type="string", required=True),
    Field("scale", type="integer", required=True, minimum=1, maximum=64),
    Field("type", type="string", required=True, minimum=1),
)
_DEPLOYMENT = (
    Field("model_slug", type="string", default=""),
    Field("model_id", type="string", default=""),
    Field("model_provider", type="string", default="hugging_face", choices=("hugging_face",)),
    Field("workload_config", type="object", default={}),
    Field("accelerators", type="array", required=True, minimum=1, fields=_ACCELERATOR, closed=True),
)
_SPEC = (
    Field("version", type="integer", default=1, minimum=1),
    Field("name", type="string", required=True, pattern=_NAME, rule=_NAME_RULE),
    Field("region", type="string", required=True, choices=_REGIONS),
    Field("vpc", type="object", fields=(Field("uuid", type="string", required=True),), closed=True),
    Field("enable_public_endpoint", type="boolean", default=False),
    Field("model_deployments", type="array", required=True, minimum=1, maximum=16, fields=_DEPLOYMENT, closed=True),
)


def _gpu_sizes(world: World) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield the sizes of GPU droplets with each region that has them."""
    for size in world.reference_data.sizes.values():
        if "gpu_info" in size:
            yield from ((size, region) for region in _REGIONS if region in size["regions"])


def _check(call: Call, values: dict[str, Any], present: StoredObject | None) -> None:
    """Check the spec against the account, and complete it."""
    world, spec = call.world, values["spec"]
    others = [one for one in INFERENCES.all(world) if present is None or one["id"] != present["id"]]
    if any(one["name"] == spec["name"] for one in others):
        raise conflict("A dedicated inference with this name already exists.")
    region = spec["region"]
    known = {size["slug"] for size, where in _gpu_sizes(world) if where == region}
    for deployment in spec["model_deployments"]:
        if not deployment["model_slug"] and not deployment["model_id"]:
            raise unprocessable("spec.model_deployments.model_slug is required.")
        for accelerator in deployment["accelerators"]:
            if accelerator["accelerator_slug"] not in known:
                raise unprocessable(f"accelerator_slug must be one of {', '.join(sorted(known))} in {region}.")
    wanted = spec.get("vpc", {}).get("uuid")
    vpc = requested_vpc(call, wanted, region, f"VPC {wanted} not found in {region}.")
    spec["vpc"] = {"uuid": (vpc or ensure_default_vpc(world, region, world.now()))["id"]}
    values.pop("access_tokens", None)


def _pending(world: World, uuid: str, spec: dict[str, Any], status: str, at: float) -> dict[str, Any]:
    now = format_time(at)
    return {
        "id": rng.uuid(world.seed, "inference spec", uuid, spec["version"]),
        **{name: value for name, value in spec.items() if name != "region"},
        "status": status,
        "created_at": now,
        "updated_at": now,
    }


def _new(world: World, uuid: str, values: dict[str, Any], at: float) -> StoredObject:
    spec = {**values["spec"], "version": 1}
    public = {
        "id": uuid,
        "name": spec["name"],
        "region": spec["region"],
        "vpc_uuid": spec["vpc"]["uuid"],
        "pending_deployment_spec": _pending(world, uuid, spec, "provisioning", at),
        "created_at": format_time(at),
        "updated_at": format_time(at),
    }
    return StoredObject(public, {"next": spec})


def _accelerators(spec: dict[str, Any]) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield each accelerator of a spec as often as its scale says, numbered."""
    number = 0
    for deployment in spec["model_deployments"]:
        for accelerator in deployment["accelerators"]:
            for _ in range(accelerator["scale"]):
                yield accelerator, number
                number += 1


def _price(world: World, public: dict[str, Any]) -> Price | None:
    if public.get("status") not in {_ACTIVE, _UPDATING} or "spec" not in public:
        return None
    slugs = [accelerator["accelerator_slug"] for accelerator, _ in _accelerators(public["spec"])]
    hourly = sum(world.reference_data.sizes[slug]["price_hourly"] for slug in slugs)
    counts = ", ".join(f"{slugs.count(slug)} x {slug}" for slug in dict.fromkeys(slugs))
    return Price("Dedicated Inference", "1-DO-DI", hourly * CAP_HOURS, f"{public['name']} ({counts})")


INFERENCES = Resource(
    "dedicated_inferences",
    fields=(Field("spec", type="object", required=True, fields=_SPEC, closed=True), Field("access_tokens")),
    build=_new,
    check=_check,
    states=States(first=(("new", 20.0), ("provisioning", 600.0)), ready=_ACTIVE, deleting=("deleting", 120.0)),
    price=_price,
    updated_field="updated_at",
    label="dedicated inference",
)


def _new_token(world: World, uuid: str, values: dict[str, Any], at: float) -> StoredObject:
    managed = values.get("is_managed", False)
    public = {"id": uuid, "name": values["name"], "created_at": format_time(at), "is_managed": managed}
    return StoredObject(public, {"once": {"value": f"di_{rng.digest(world.seed, 'inference token', uuid)}"}})


TOKENS = Resource(
    "dedicated_inferences.tokens",
    fields=(Field("name", pattern=_NAME, rule=_NAME_RULE),),
    build=_new_token,
    parent=INFERENCES,
)


def _create(call: Call) -> HTTPResponse:
    made = INFERENCES.create_from(call)
    token = TOKENS.add(call.world, {"name": _FIRST_TOKEN, "is_managed": True}, call.world.now(), made["id"])
    return respond(call, made, token=token.public | token.internal["once"])


def _update(call: Call, record: StoredObject) -> StoredObject:
    if record["status"] != _ACTIVE:
        raise forbidden(f"The dedicated inference is {record['status']}, and has to be active for this.")
    if call.body.get("spec") is None:
        return record
    values = {"spec": INFERENCES.fields[0].read({**record["spec"], **call.body["spec"]}, "spec")}
    _check(call, values, record)
    present, spec = record["spec"], values["spec"]
    for name in ("region", "vpc", "enable_public_endpoint"):
        if spec[name] != present[name]:
            raise unprocessable(f"spec.{name} cannot be changed.")
    spec["version"] = present["version"] + 1
    pending = _pending(call.world, record["id"], spec, _UPDATING, call.world.now())
    changed = record.with_internal(next=spec).with_public(
        pending_deployment_spec=pending, updated_at=format_time(call.world.now())
    )
    return INFERENCES.go_through(call.world, changed, [(_UPDATING, 300.0), (_ACTIVE, 0.0)])


def _activate(world: World, at: float, key: str) -> None:
    record = INFERENCES.store(world)[key]
    spec = record.internal["next"]
    code = rng.digest(world.seed, "inference", key)[:25]
    endpoints = {"private_endpoint_fqdn": f"https://{code}-private.{_DOMAIN}"}
    if spec["enable_public_endpoint"]:
        endpoints["public_endpoint_fqdn"] = f"https://{code}-public.{_DOMAIN}"
    active = record.without("pending_deployment_spec")
    INFERENCES.put(world, active.with_public(name=spec["name"], spec=spec, endpoints=endpoints), at)


def _shown_accelerators(world: World, record: StoredObject) -> list[StoredObject]:
    ready = "spec" in record.public
    spec = record["spec"] if ready else record["pending_deployment_spec"]
    return [
        StoredObject(
            {
                "id": rng.uuid(world.seed, "accelerator", record["id"], number),
                "name": f"{slug.split('-')[1]}-{rng.digest(world.seed, 'accelerator', record['id'], number)[:6]}",
                "slug": slug,
                "role": accelerator["type"],
                "status": _ACTIVE if ready else "provisioning",
                "created_at": record["created_at"],
            }
        )
        for accelerator, number in _accelerators(spec)
        if (slug := accelerator["accelerator_slug"])
    ]


def _list_accelerators(call: Call, record: StoredObject) -> list[StoredObject]:
    slug = call.query.get("slug")
    return [one for one in _shown_accelerators(call.world, record) if not slug or one["slug"] == slug]


def _get_accelerator(call: Call, record: StoredObject) -> dict[str, Any]:
    wanted = call.path_params["accelerator_id"]
    found = (one.public for one in _shown_accelerators(call.world, record) if one["id"] == wanted)
    accelerator = next(found, None)
    if accelerator is None:
        raise not_found()
    return accelerator


def _get_certificate(call: Call, record: StoredObject) -> dict[str, str]:
    at = parse_time(record["created_at"])
    authority = make_identity("Dedicated Inference CA", at, call.world.seed, "inference authority", record["id"])
    return {"cert": authority.encoded_certificate}


def _list_sizes(call: Call) -> HTTPResponse:
    sizes = [
        {"gpu_slug": size["slug"], "price_per_hour": str(size["price_hourly"]), "region": region, "currency": "USD"}
        for size, region in _gpu_sizes(call.world)
    ]
    return respond(call, {"enabled_regions": [*_REGIONS], "sizes": sizes})


def _list_configs(call: Call) -> HTTPResponse:
    sizes = {size["slug"]: size["gpu_info"] for size, _ in _gpu_sizes(call.world)}
    configs = []
    for model in models().values():
        needed = model.get("parameter_count", 0) * _GB_PER_BILLION
        slugs = [slug for slug, gpu in sizes.items() if gpu["count"] * gpu["vram"]["amount"] >= needed]
        if model["hugging_face_id"] and model["type"] != "embedding":
            names = {"model_slug": model["hugging_face_id"], "model_name": model["name"]}
            configs.append({"gpu_slugs": slugs, **names, "is_gated_model": "agreement" in model})
    return respond(call, {"gpu_model_configs": configs})


OPERATIONS: dict[str, Handler] = {
    "dedicatedInferences_list": INFERENCES.list(region="region"),
    "dedicatedInferences_create": _create,
    "dedicatedInferences_get": INFERENCES.get(),
    "dedicatedInferences_patch": INFERENCES.on(_update),
    "dedicatedInferences_delete": INFERENCES.delete(),
    "dedicatedInferences_list_accelerators": INFERENCES.on(_list_accelerators),
    "dedicatedInferences_get_accelerator": INFERENCES.on(_get_accelerator),
    "dedicatedInferences_get_ca": INFERENCES.on(_get_certificate),
    "dedicatedInferences_list_tokens": TOKENS.list(),
    "dedicatedInferences_create_tokens": TOKENS.create(),
    "dedicatedInferences_delete_tokens": TOKENS.delete(),
    "dedicatedInferences_list_sizes": _list_sizes,
    "dedicatedInferences_get_gpu_model_config": _list_configs,
}

EFFECTS: dict[str, Callable[..., None]] = {f"{INFERENCES.kind}.{_ACTIVE}": _activate}
