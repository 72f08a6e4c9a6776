"""Container registries and their subscription, under ``/v2/registries`` and the deprecated ``/v2/registry``.

Both paths serve the same registries. From the specification: the paths without a name answer 412 if there are several
registries, and a change of the subscription answers 412 if the account has more than the tier allows. The tiers are those
of its example. From DigitalOcean's pages: only the Professional tier allows several registries, up to 10, and a name begins
with a letter. A second registry answers 422 "user already has a registry", and a name in use 409 "name already exists"
(nebari-dev/nebari#265). Credentials are the account's address and a token, joined by a colon and encoded (Terraform's
provider splits them).

Not documented, chosen here: without a registry, the paths without a name answer 404. The subscription ends with the last
registry. Creating a further registry with another tier changes the subscription. Without a region, ``nyc3`` is selected.
Names of other accounts are not known, so only an own name is in use. The token in the credentials is fabricated, and is not
accepted anywhere.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import prices
from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.access import TOKEN_PREFIX
from poseidon_nb.sandbox.call import convert
from poseidon_nb.sandbox.fields import Field
from poseidon_nb.sandbox.pricing import Price
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import HTTPException, conflict, not_found, respond, unprocessable
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

HOST = "registry.digitalocean.com"
_REGIONS = ("nyc3", "sfo3", "sfo2", "ams3", "sgp1", "fra1", "blr1", "syd1")
_MAX_REGISTRIES = 10
_GIB = 1 << 30
_MIB = 1 << 20
_PROFESSIONAL = "professional"
#: The number of repositories, the included storage and transfer in bytes, and whether more storage can be bought.
_LIMITS = {
    "starter": (1, 500 * _MIB, 500 * _MIB, False),
    "basic": (5, 5 * _GIB, 5 * _GIB, True),
    _PROFESSIONAL: (0, 100 * _GIB, 100 * _GIB, True),
}
_SEVERAL_TEXT = (
    "This API is not supported if you have created multiple registries. Please use '/v2/registries/{registry_name}' "
    "instead."
)
_NAME = Field(
    "name",
    pattern=re.compile(r"[a-z]([a-z0-9\-]{0,61}[a-z0-9])?"),
    rule="must start with a letter and may contain lowercase letters, numbers and dashes, at most 63 characters",
)


def _registry_object(_world: World, id_: str, values: dict[str, Any], at: float) -> StoredObject:
    public = {
        "name": id_,
        "created_at": format_time(at),
        "region": values["region"],
        "storage_usage_bytes": 0,
        "storage_usage_bytes_updated_at": format_time(at),
    }
    # The compressed size of each blob by its digest, also of those that no manifest refers to any more.
    return StoredObject(public, {"blobs": {}})


def _tier(slug: str) -> dict[str, Any]:
    repositories, storage, transfer, overage = _LIMITS[slug]
    return {
        "name": slug.capitalize(),
        "slug": slug,
        "included_repositories": repositories,
        "included_storage_bytes": storage,
        "allow_storage_overage": overage,
        "included_bandwidth_bytes": transfer,
        "monthly_price_in_cents": round(prices.REGISTRY_TIERS[slug].usd * 100),
        "storage_overage_price_in_cents": round(prices.REGISTRY_GIB.usd * 100) if overage else 0,
    }


def _subscription_price(world: World, public: dict[str, Any]) -> Price | None:
    tier = public["tier"]
    extra_gib = max(0, _storage_bytes(world) - tier["included_storage_bytes"]) / _GIB
    usd = prices.REGISTRY_TIERS[tier["slug"]].usd + extra_gib * prices.REGISTRY_GIB.usd
    return Price("Container Registry", "1-DO-DOCR", usd, f"Container Registry ({tier['name']})") if usd else None


REGISTRIES = Resource("registries", id_field="name", build=_registry_object, label="registry")
#: One object at most, for all registries of the account.
_SUBSCRIPTIONS = Resource("registry_subscriptions", price=_subscription_price, updated_field="updated_at")
_SUBSCRIPTION_ID = "container-registry"


def _storage_bytes(world: World) -> int:
    return sum(one["storage_usage_bytes"] for one in REGISTRIES.all(world))


def _subscription(world: World) -> StoredObject:
    """Return the account's subscription, or raise 404."""
    found = _SUBSCRIPTIONS.store(world).get(_SUBSCRIPTION_ID)
    if found is None:
        raise not_found()
    return found


def _shown_subscription(world: World) -> dict[str, Any]:
    return _subscription(world).without("id").public


def with_subscription(world: World, registry: StoredObject) -> StoredObject:
    """Return a registry with the account's subscription, as some operations show it."""
    return registry.with_public(subscription=_shown_subscription(world))


def _obstacles(world: World, slug: str, registries: int) -> list[str]:
    """Return the reasons why a number of registries does not fit a tier."""
    repositories, storage, _, overage = _LIMITS[slug]
    found = []
    if registries > 1 and slug != _PROFESSIONAL:
        found.append("OverRegistryLimit")
    if repositories and len(world.store("registries.repositories")) > repositories:
        found.append("OverRepositoryLimit")
    if not overage and _storage_bytes(world) > storage:
        found.append("OverStorageLimit")
    return found


def _subscribe(world: World, slug: str) -> StoredObject:
    """Begin or change the subscription, or raise 412 if the account has too much for the tier."""
    if slug not in _LIMITS:
        raise unprocessable(f"The tier must be one of {', '.join(_LIMITS)}.")
    obstacles = _obstacles(world, slug, len(REGISTRIES.store(world)))
    if obstacles:
        text = f"registry is not eligible for tier because: [{' '.join(obstacles)}]"
        raise HTTPException(412, "precondition_failed", text)
    present = _SUBSCRIPTIONS.store(world).get(_SUBSCRIPTION_ID)
    if present is not None:
        return _SUBSCRIPTIONS.change(world, present, tier=_tier(slug))
    return _SUBSCRIPTIONS.add(world, {"id": _SUBSCRIPTION_ID, "tier": _tier(slug)}, world.now())


def check_repositories(world: World) -> None:
    """Raise 422 if the tier allows no further repository."""
    limit, count = _subscription(world)["tier"]["included_repositories"], len(world.store("registries.repositories"))
    if limit and count >= limit:
        raise unprocessable(f"registry contains {count} repositories, limit is {limit}")


def store_blobs(world: World, registry: StoredObject, blobs: dict[str, int], at: float) -> None:
    """Set the blobs of a registry, and what the subscription costs with them."""
    size, text = sum(blobs.values()), format_time(at)
    changed = registry.with_public(storage_usage_bytes=size, storage_usage_bytes_updated_at=text)
    REGISTRIES.put(world, changed.with_internal(blobs=blobs), at)
    _SUBSCRIPTIONS.put(world, _subscription(world), at)


def add_registry(world: World, name: str, region: str, tier: str) -> StoredObject:
    """Add a registry without checking it, and begin the subscription if there is none."""
    registry = REGISTRIES.add(world, {"name": name, "region": region}, world.now())
    if _SUBSCRIPTION_ID not in _SUBSCRIPTIONS.store(world):
        _subscribe(world, tier)
    return registry


def _create(call: Call, tier: str) -> StoredObject:
    world, body = call.world, call.body
    name = _checked_name(call)
    region = body.get("region") or _REGIONS[0]
    if region not in _REGIONS:
        raise unprocessable(f"region must be one of {', '.join(_REGIONS)}.")
    number = len(REGISTRIES.store(world))
    if number and not tier:
        tier = _subscription(world)["tier"]["slug"]
    if tier not in _LIMITS:
        raise unprocessable(f"subscription_tier_slug must be one of {', '.join(_LIMITS)}.")
    if number and tier != _PROFESSIONAL:
        raise unprocessable("user already has a registry")
    if number >= _MAX_REGISTRIES:
        raise unprocessable(f"an account can have at most {_MAX_REGISTRIES} registries")
    if number:
        _subscribe(world, tier)
    return add_registry(world, name, region, tier)


def _checked_name(call: Call) -> str:
    name = str(_NAME.read(call.body["name"], "name"))
    if name in REGISTRIES.store(call.world):
        raise conflict("name already exists")
    return name


def _create_only(call: Call) -> HTTPResponse:
    if len(REGISTRIES.store(call.world)):
        _checked_name(call)
        raise unprocessable("user already has a registry")
    registry = _create(call, call.body["subscription_tier_slug"])
    return respond(call, with_subscription(call.world, registry))


def _create_registry(call: Call) -> HTTPResponse:
    return respond(call, _create(call, call.body.get("subscription_tier_slug") or ""))


def only_registry(call: Call) -> StoredObject:
    """Return the account's registry; raise 404 if it has none and 412 if it has several."""
    registries = REGISTRIES.all(call.world)
    if len(registries) > 1:
        raise HTTPException(412, "precondition_failed", _SEVERAL_TEXT)
    if not registries:
        raise not_found()
    return registries[0]


def _validate_name(call: Call) -> HTTPResponse:
    _checked_name(call)
    return respond(call, None)


def _delete_only(call: Call) -> HTTPResponse:
    REGISTRIES.remove(call.world, only_registry(call))
    return respond(call, None)


def _remove(world: World, at: float, name: str) -> None:
    """Clear the storage of a registry, and end the subscription with the last one."""
    store_blobs(world, REGISTRIES.store(world)[name], {}, at)
    if len(REGISTRIES.store(world)) == 1:
        _SUBSCRIPTIONS.remove(world, _subscription(world), at)


def _credentials(call: Call, registry: StoredObject) -> dict[str, Any]:
    """Return the content of a ``config.json`` of Docker."""
    seconds = convert("expiry_seconds", call.query.get("expiry_seconds") or "0", "integer")
    if seconds < 0:
        raise unprocessable("expiry_seconds must be at least 0.")
    write = convert("read_write", call.query.get("read_write") or "false", "boolean")
    world = call.world
    until = int(world.now()) + seconds if seconds else ""
    token = TOKEN_PREFIX + rng.digest(world.seed, "registry", registry["name"], write, until)
    auth = base64.b64encode(f"{world.state.account['email']}:{token}".encode()).decode()
    return {"auths": {HOST: {"auth": auth}}}


def _list_options(call: Call) -> HTTPResponse:
    tiers = []
    for slug in _LIMITS:
        obstacles = _obstacles(call.world, slug, len(REGISTRIES.store(call.world)))
        tier = {**_tier(slug), "eligible": not obstacles}
        if obstacles:
            tier["eligibility_reasons"] = [one for one in obstacles if one != "OverRegistryLimit"]
        tiers.append(tier)
    return respond(call, {"options": {"available_regions": [*_REGIONS], "subscription_tiers": tiers}})


def _get_subscription(call: Call) -> HTTPResponse:
    return respond(call, {"subscription": _shown_subscription(call.world)})


def _update_subscription(call: Call) -> HTTPResponse:
    _subscription(call.world)
    _subscribe(call.world, call.body.get("tier_slug") or "")
    return _get_subscription(call)


OPERATIONS: dict[str, Callable[[Call], HTTPResponse]] = {
    "registries_list": lambda call: respond(
        call, [with_subscription(call.world, one) for one in REGISTRIES.all(call.world)]
    ),
    "registries_create": _create_registry,
    "registries_get": REGISTRIES.get(),
    "registries_delete": REGISTRIES.delete(),
    "registries_get_dockerCredentials": REGISTRIES.on(_credentials),
    "registry_create": _create_only,
    "registry_get": lambda call: respond(call, with_subscription(call.world, only_registry(call))),
    "registry_delete": _delete_only,
    "registry_get_dockerCredentials": lambda call: respond(call, _credentials(call, only_registry(call))),
    **{
        f"{path}_{verb}": function
        for path in ("registries", "registry")
        for verb, function in {
            "validate_name": _validate_name,
            "get_options": _list_options,
            "get_subscription": _get_subscription,
            "update_subscription": _update_subscription,
        }.items()
    },
}
EFFECTS: dict[str, Callable[..., None]] = {"registries.removed": _remove}
