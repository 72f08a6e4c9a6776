"""Creation of droplets, one by ``name`` or up to ten by ``names``.

The messages for the account's limit, for unknown keys and for an unknown image are quoted in OpenRouterLabs/spawn#2516
and poseidon/typhoon#106.

Not documented, chosen here: the messages of 422s for an unknown size or region, for a size that the region does not
sell, and for a disk that is too small for the image. Without a region, or with a prefix of one, the first region in
the order of ``regions_list`` that sells the size and has the image is used. Volumes may be given by their ids, or as
objects with an ``id`` or a ``name``, as godo sends them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import objects, rng
from poseidon_nb.sandbox.actions import ADDRESSES_AT, begin_action, busy_key
from poseidon_nb.sandbox.call import Call, check_type, convert, optional_field, required_field
from poseidon_nb.sandbox.history import remove_billed
from poseidon_nb.sandbox.responses import HTTPResponse, unprocessable
from poseidon_nb.sandbox.services.account import find_key
from poseidon_nb.sandbox.services.backups import read_policy
from poseidon_nb.sandbox.services.droplet_actions import set_backups
from poseidon_nb.sandbox.services.droplets import validate_name
from poseidon_nb.sandbox.services.images import check_image_fits, find_image
from poseidon_nb.sandbox.services.tags import ensure_tags, requested_tags
from poseidon_nb.sandbox.services.volumes import attach_volume, check_attachable, find_volumes
from poseidon_nb.sandbox.services.vpcs import (
    ensure_default_vpc,
    free_addresses,
    has_default_range,
    replace_private_address,
    requested_vpc,
)
from poseidon_nb.sandbox.states import run_effects
from poseidon_nb.sandbox.store import SharedObject, StoredObject, to_json
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.world import World

_MAX_NAMES = 10
_MAX_USER_DATA_BYTES = 64 * 1024
_HOSTS = 200


def create_droplets(call: Call) -> HTTPResponse:
    """Handle ``droplets_create``: ``{"droplet"}`` for ``name``, ``{"droplets"}`` for ``names``."""
    return _created_response(call, _create_all(call, _requested_names(call.body)))


def check_template(world: World, body: dict[str, Any]) -> None:
    """Raise an error unless droplets could be created with this body, which needs no name."""
    _create_all(_service_call(world, body), [])


def check_capacity(world: World, number: int) -> None:
    """Raise 422 if the account cannot have so many more droplets."""
    if len(world.droplets) + number > world.state.account["droplet_limit"]:
        raise unprocessable("creating this/these droplet(s) will exceed your droplet limit")


def create_for_service(world: World, body: dict[str, Any], names: list[str]) -> list[int]:
    """Create droplets on behalf of a service and return their ids, or raise the error of ``droplets_create``."""
    return [id_ for id_, _ in _create_all(_service_call(world, body), names)]


def _service_call(world: World, body: dict[str, Any]) -> Call:
    return Call(world, "droplets_create", "", "/v2/droplets", {}, {}, {**body})


def destroy_when_idle(world: World, _at: float, droplet_id: int) -> None:
    """Destroy a droplet as soon as its action in progress, if any, has ended. It is also an effect."""
    droplet, busy = world.droplets.get(droplet_id), world.state.busy.get(busy_key("droplet", droplet_id))
    if droplet is None or (busy is not None and world.actions[busy]["type"] == "destroy"):
        return
    if busy is None:
        begin_action(world, "destroy", resource_type="droplet", resource_id=droplet_id, region=droplet["region"])
    else:
        # The action ends first: of two events at the same time, the older one runs first.
        world.schedule(world.actions[busy].internal["due"], "droplet.destroy_when_idle", droplet_id)


def _create_all(call: Call, names: list[str]) -> list[tuple[int, int]]:
    """Create droplets and return the id of each and of its action."""
    world = call.world
    placement = _requested_placement(call)
    _, size, region = placement
    tags = requested_tags(call)
    _check_options(call, region)
    wanted_vpc = optional_field(call.body, "vpc_uuid", "string")
    vpc = requested_vpc(call, wanted_vpc, region["slug"], "You specified an invalid VPC for Droplet creation.")
    check_capacity(world, len(names))
    if not names:
        return []
    if world.faults.take_for_action("no_capacity", "create", None):
        others = [slug for slug in size["regions"] if slug != region["slug"]]
        raise unprocessable("This size is currently restricted in this region.", available_regions=others)
    if vpc is None:
        vpc = ensure_default_vpc(world, region["slug"], world.now())
    # In a region's default range, the address follows from the droplet's serial number.
    addresses = [None] * len(names) if has_default_range(world, vpc) else free_addresses(world, vpc, len(names))
    return [
        _create(call, name, placement, tags, (vpc["id"], address))
        for name, address in zip(names, addresses, strict=True)
    ]


def _requested_names(body: dict[str, Any]) -> list[str]:
    names = optional_field(body, "names", "array")
    if names is None:
        return [validate_name(required_field(body, "name", "string"))]
    if body.get("name") is not None:
        raise unprocessable("name and names cannot be combined.")
    if not 1 <= len(names) <= _MAX_NAMES:
        raise unprocessable(f"names must contain 1 to {_MAX_NAMES} names.")
    for name in names:
        check_type("a name", name, "string")
    return [validate_name(name) for name in names]


def _requested_placement(call: Call) -> tuple[SharedObject, SharedObject, SharedObject]:
    reference_data = call.world.reference_data
    size = reference_data.sizes.get(required_field(call.body, "size", "string"))
    if size is None:
        raise unprocessable("You specified an invalid size for Droplet creation.")
    image_ref = call.body.get("image")
    if image_ref in (None, ""):
        raise unprocessable("image is required.")
    image = find_image(call.world, image_ref)
    if image is None or image["status"] != "available":
        raise unprocessable("You specified an invalid image for Droplet creation.")
    requested = optional_field(call.body, "region", "string") or ""
    if requested in reference_data.regions:
        region = reference_data.regions[requested]
        if not region["available"]:
            raise unprocessable("You specified an invalid region for Droplet creation.")
    else:
        region = _choose_region(call.world, requested, size, image)
    if region["slug"] not in size["regions"]:
        raise unprocessable("Size is not available in this region.")
    check_image_fits(image, region["slug"], size["disk"])
    return image, size, region


def _choose_region(world: World, prefix: str, size: SharedObject, image: SharedObject) -> SharedObject:
    candidates = [
        region
        for slug, region in world.reference_data.regions.items()
        if slug.startswith(prefix) and region["available"]
    ]
    # A prefix is an area such as `nyc`, the slug without its number.
    if not candidates or (prefix and not any(region["slug"].rstrip("0123456789") == prefix for region in candidates)):
        raise unprocessable("You specified an invalid region for Droplet creation.")
    for region in candidates:
        if region["slug"] in size["regions"] and region["slug"] in image["regions"]:
            return region
    raise unprocessable("Size is not available in this region.")


def _check_options(call: Call, region: SharedObject) -> None:
    body = call.body
    if body.get("ssh_keys"):
        check_type("ssh_keys", body["ssh_keys"], "array")
        unknown = [str(key) for key in body["ssh_keys"] if find_key(call.world, str(key)) is None]
        if unknown:
            raise unprocessable(f"{', '.join(unknown)} are invalid key identifiers for Droplet creation.")
    user_data = optional_field(body, "user_data", "string")
    if user_data and len(user_data.encode("utf-8", "surrogatepass")) > _MAX_USER_DATA_BYTES:
        raise unprocessable("User data is too long (maximum is 64 KiB)")
    for name in ("backups", "ipv6", "monitoring", "with_droplet_agent", "public_networking", "private_networking"):
        optional_field(body, name, "boolean")
    body["volumes"] = _requested_volumes(call, region["slug"])
    read_policy(optional_field(body, "backup_policy", "object"), 0)


def _requested_volumes(call: Call, region: str) -> list[str]:
    """Return the ids of the volumes of a body, which are to be attached."""
    wanted = optional_field(call.body, "volumes", "array") or []
    if wanted:
        call.require_scopes("block_storage:read")
    if wanted and len(call.body.get("names") or ()) > 1:
        raise unprocessable("A volume can be attached to one Droplet only, so volumes cannot be combined with names.")
    ids: list[str] = []
    for one in wanted:
        volume = _find_volume(call.world, one, region)
        if volume is None or volume["id"] in ids:
            raise unprocessable("You specified invalid volumes for Droplet creation.")
        check_attachable(call.world, volume, region, len(ids))
        ids.append(volume["id"])
    return ids


def _find_volume(world: World, wanted: Any, region: str) -> StoredObject | None:
    """Return the volume with an id, or that an object names by its ``id`` or its ``name``."""
    if not isinstance(wanted, dict):
        return world.volumes.get(convert("a volume", wanted, "string"))
    id_ = optional_field(wanted, "id", "string")
    if id_:
        return world.volumes.get(id_)
    return next(iter(find_volumes(world, required_field(wanted, "name", "string"), region)), None)


def _create(
    call: Call,
    name: str,
    placement: tuple[SharedObject, SharedObject, SharedObject],
    tags: list[str],
    network: tuple[str, str | None],
) -> tuple[int, int]:
    """Create a droplet, and return its id and that of its action."""
    world, body = call.world, call.body
    droplet = _new_droplet(call, name, placement, tags, network)
    id_ = droplet["id"]
    world.droplets.put(id_, droplet)
    if body.get("backups"):
        set_backups(world, world.now(), droplet, {"policy": read_policy(body.get("backup_policy"), id_)})
    volumes = body["volumes"]
    action = begin_action(
        world,
        "create",
        resource_type="droplet",
        resource_id=id_,
        region=droplet["region"],
        arguments={"volumes": volumes},
        # They are attached once the droplet exists, and reserved for it until then.
        also_busy=[busy_key("volume", volume) for volume in volumes],
    )
    now = world.now()
    world.schedule(now + (action.internal["due"] - now) * ADDRESSES_AT, "droplet.addresses", id_)
    return id_, action["id"]


def _new_droplet(
    call: Call,
    name: str,
    placement: tuple[SharedObject, SharedObject, SharedObject],
    tags: list[str],
    network: tuple[str, str | None],
) -> StoredObject:
    image, size, region = placement
    vpc_uuid, private_ip = network
    world, body = call.world, call.body
    id_ = world.next_id("droplets")
    features = [] if body.get("with_droplet_agent") is False else ["droplet_agent"]
    features += [feature for feature in ("ipv6", "monitoring") if body.get(feature)]
    public = objects.droplet_object(
        id_,
        name,
        region=region,
        size=size,
        image=image,
        created_at=format_time(world.now()),
        features=[*features, "private_networking"],
        tags=ensure_tags(world, tags, "droplet", id_),
        vpc_uuid=vpc_uuid,
    )
    internal = {
        "power": "on",
        "serial": world.next_number("serials"),
        "host": rng.randint(1, _HOSTS, world.seed, "host", id_),
        "used_gb": objects.used_gb(world, id_, image),
        "public": body.get("public_networking") is not False,
        "user_data": body.get("user_data"),
        **({} if private_ip is None else {"private_ip": private_ip}),
    }
    return StoredObject(public, internal)


def _created_response(call: Call, created: list[tuple[int, int]]) -> HTTPResponse:
    droplets = []
    for id_, _ in created:
        # The service omits `vpc_uuid` from this response only (digitalocean/openapi issue 457).
        droplets.append(call.to_json("droplet", call.world.droplets[id_].without("vpc_uuid")))
    links = [
        {"id": action_id, "rel": "create", "href": f"{call.base_url}/v2/actions/{action_id}"}
        for _, action_id in created
    ]
    tail = b',"links":%b}' % to_json({"actions": links})
    if "names" in call.body and call.body["names"] is not None:
        return HTTPResponse(202, b'{"droplets":[%b]' % b",".join(droplets) + tail)
    return HTTPResponse(202, b'{"droplet":%b' % droplets[0] + tail)


def _show_addresses(world: World, _at: float, droplet_id: int) -> None:
    droplet = world.droplets.get(droplet_id)
    if droplet is None:
        return
    networks = objects.networks(
        world,
        droplet["region"]["slug"],
        droplet.internal["serial"],
        public=droplet.internal["public"],
        ipv6="ipv6" in droplet["features"],
    )
    if "private_ip" in droplet.internal:
        networks = replace_private_address(world, networks, droplet["vpc_uuid"], droplet.internal["private_ip"])
    world.droplets.put(droplet_id, droplet.with_public(networks=networks))


def _finish_creation(world: World, at: float, droplet_id: int, arguments: dict[str, Any]) -> None:
    _show_addresses(world, at, droplet_id)
    for volume_id in arguments.get("volumes", ()):
        attach_volume(world, volume_id, droplet_id)
    world.schedule(at + world.lag_s / world.speed, "droplet.status", droplet_id)


def _remove_droplet(world: World, at: float, droplet_id: int, arguments: dict[str, Any]) -> None:
    droplet = world.droplets.get(droplet_id)
    if droplet is not None:
        # Backups are deleted with their droplet, snapshots are not.
        for backup_id in droplet["backup_ids"]:
            world.images.remove(backup_id)
        remove_billed(world, "droplets", droplet_id, at)
        run_effects(world, "droplet.deleted", at, droplet_id)
        if "with" in arguments:
            world.effects["droplet.destroyed_with"](world, at, droplet_id, arguments["with"])


OPERATIONS = {"droplets_create": create_droplets}
EFFECTS: dict[str, Callable[..., None]] = {
    "droplet.addresses": _show_addresses,
    "droplet.create": _finish_creation,
    "droplet.destroy": _remove_droplet,
    "droplet.destroy_when_idle": destroy_when_idle,
}
