"""Droplets: to create, one or up to ten by ``names``.

Not settled by any source, chosen here: the texts of 422s for an unknown size or region, for a size that the region does not
sell, and for a disk too small for the image; without a region, or with a prefix of one, the first region in the order of
``regions_list`` that sells the size and has the image is taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import activity, bodies, chance, lifetimes, objects
from poseidon_nb.sandbox.backup_policy import policy_from
from poseidon_nb.sandbox.durations import ADDRESSES_AT, STATUS_LAG_S
from poseidon_nb.sandbox.records import Record, Shared, render
from poseidon_nb.sandbox.replies import Reply, unprocessable
from poseidon_nb.sandbox.services.droplet_changes import set_backups
from poseidon_nb.sandbox.services.droplet_names import checked_name
from poseidon_nb.sandbox.services.images import find_image, refuse_unless_it_fits
from poseidon_nb.sandbox.services.keys import find_key
from poseidon_nb.sandbox.services.tags import checked_tags, ensure_tags
from poseidon_nb.sandbox.services.volumes import attach, refuse_unless_attachable
from poseidon_nb.sandbox.services.vpcs import (
    ensure_default,
    free_addresses,
    has_first_range,
    vpc_of,
    with_private_address,
)
from poseidon_nb.sandbox.timestamps import stamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.world import World

_NAMES_MOST = 10
_USER_DATA_MOST = 64 * 1024
_HOSTS = 200


def create_droplets(call: Call) -> Reply:
    """Answer ``droplets_create``: ``{"droplet"}`` for ``name``, ``{"droplets"}`` for ``names``."""
    body, world = call.body, call.world
    names = _names(body)
    place = _place(call)
    _, size, region = place
    tags = checked_tags(call)
    _check_rest(call, region)
    vpc = _vpc(call, region["slug"])
    if len(world.droplets) + len(names) > world.state.account["droplet_limit"]:
        raise unprocessable("creating this/these droplet(s) will exceed your droplet limit")
    if world.faults.for_action("no_capacity", "create", None):
        others = [slug for slug in size["regions"] if slug != region["slug"]]
        raise unprocessable("This size is currently restricted in this region.", available_regions=others)
    if vpc is None:
        vpc = ensure_default(world, region["slug"], world.now())
    # In the first range of a region the address follows from the droplet's number.
    addresses = [None] * len(names) if has_first_range(world, vpc) else free_addresses(world, vpc, len(names))
    made = [
        _create(call, name, place, tags, (vpc["id"], address)) for name, address in zip(names, addresses, strict=True)
    ]
    return _accepted(call, made)


def _names(body: dict[str, Any]) -> list[str]:
    names = bodies.optional(body, "names", "array")
    if names is None:
        return [checked_name(bodies.required(body, "name", "string"))]
    if body.get("name") is not None:
        raise unprocessable("name and names cannot be combined.")
    if not 1 <= len(names) <= _NAMES_MOST:
        raise unprocessable(f"names must hold 1 to {_NAMES_MOST} names.")
    for name in names:
        bodies.typed("a name", name, "string")
    return [checked_name(name) for name in names]


def _place(call: Call) -> tuple[Shared, Shared, Shared]:
    figures = call.world.figures
    size = figures.sizes.get(bodies.required(call.body, "size", "string"))
    if size is None:
        raise unprocessable("You specified an invalid size for Droplet creation.")
    wanted = call.body.get("image")
    if wanted in (None, ""):
        raise unprocessable("image is required.")
    call.need("image:read")
    image = find_image(call.world, wanted)
    if image is None or image["status"] != "available":
        raise unprocessable("You specified an invalid image for Droplet creation.")
    asked = bodies.optional(call.body, "region", "string") or ""
    if asked in figures.regions:
        region = figures.regions[asked]
        if not region["available"]:
            raise unprocessable("You specified an invalid region for Droplet creation.")
    else:
        region = _any_region(call.world, asked, size, image)
    if region["slug"] not in size["regions"]:
        raise unprocessable("Size is not available in this region.")
    refuse_unless_it_fits(image, region["slug"], size["disk"])
    return image, size, region


def _any_region(world: World, prefix: str, size: Shared, image: Shared) -> Shared:
    of_area = [
        region for slug, region in world.figures.regions.items() if slug.startswith(prefix) and region["available"]
    ]
    # A prefix is an area such as `nyc`: the slug without its number.
    if not of_area or (prefix and not any(region["slug"].rstrip("0123456789") == prefix for region in of_area)):
        raise unprocessable("You specified an invalid region for Droplet creation.")
    for region in of_area:
        if region["slug"] in size["regions"] and region["slug"] in image["regions"]:
            return region
    raise unprocessable("Size is not available in this region.")


def _check_rest(call: Call, region: Shared) -> None:
    body = call.body
    if body.get("ssh_keys"):
        call.need("ssh_key:read")
        bodies.typed("ssh_keys", body["ssh_keys"], "array")
        unknown = [str(key) for key in body["ssh_keys"] if find_key(call.world, str(key)) is None]
        if unknown:
            raise unprocessable(f"{', '.join(unknown)} are invalid key identifiers for Droplet creation.")
    user_data = bodies.optional(body, "user_data", "string")
    if user_data and len(user_data.encode("utf-8", "surrogatepass")) > _USER_DATA_MOST:
        raise unprocessable("User data is too long (maximum is 64 KiB)")
    for name in ("backups", "ipv6", "monitoring", "with_droplet_agent", "public_networking", "private_networking"):
        bodies.optional(body, name, "boolean")
    _check_volumes(call, region)
    policy_from(bodies.optional(body, "backup_policy", "object"), 0)


def _vpc(call: Call, region: str) -> Record | None:
    """Give the network that a body asks for; None is the default one, which may have to be made."""
    vpc_uuid = bodies.optional(call.body, "vpc_uuid", "string")
    if not vpc_uuid:
        return None
    call.need("vpc:read")
    vpc = vpc_of(call.world, vpc_uuid, region)
    if vpc is None:
        raise unprocessable("You specified an invalid VPC for Droplet creation.")
    return vpc


def _check_volumes(call: Call, region: Shared) -> None:
    ids = bodies.optional(call.body, "volumes", "array") or []
    if ids:
        call.need("block_storage:read")
    if ids and len(call.body.get("names") or ()) > 1:
        raise unprocessable("A volume can be attached to one Droplet only, so volumes cannot be combined with names.")
    for index, id_ in enumerate(ids):
        bodies.typed("a volume", id_, "string")
        volume = call.world.volumes.get(id_)
        if volume is None or id_ in ids[:index]:
            raise unprocessable("You specified invalid volumes for Droplet creation.")
        refuse_unless_attachable(call.world, volume, region["slug"], index)


def _create(
    call: Call,
    name: str,
    place: tuple[Shared, Shared, Shared],
    tags: list[str],
    network: tuple[str, str | None],
) -> tuple[int, int]:
    image, size, region = place
    vpc_uuid, private_ip = network
    world, body = call.world, call.body
    id_ = world.next_id("droplets")
    tags = ensure_tags(world, tags, "droplet", id_)
    features = [] if body.get("with_droplet_agent") is False else ["droplet_agent"]
    features += [feature for feature in ("ipv6", "monitoring") if body.get(feature)]
    droplet = Record(
        objects.droplet_object(
            id_,
            name,
            region=region,
            size=size,
            image=image,
            created_at=stamp(world.now()),
            features=[*features, "private_networking"],
            tags=tags,
            vpc_uuid=vpc_uuid,
        ),
        {
            "power": "on",
            "serial": world.count("serials"),
            "host": chance.between(1, _HOSTS, world.seed, "host", id_),
            "used_gb": objects.used_gb(world, id_, image),
            "public": body.get("public_networking") is not False,
            "user_data": body.get("user_data"),
            **({} if private_ip is None else {"private_ip": private_ip}),
        },
    )
    world.droplets.put(id_, droplet)
    if body.get("backups"):
        set_backups(world, world.now(), droplet, {"policy": policy_from(body.get("backup_policy"), id_)})
    volumes = body.get("volumes") or []
    action = activity.begin(
        world,
        "create",
        resource_type="droplet",
        resource_id=id_,
        region=region,
        arguments={"volumes": volumes},
        # They are attached when the droplet is there, and promised to it until then.
        also_busy=[activity.key_of("volume", volume) for volume in volumes],
    )
    now = world.now()
    world.schedule(now + (action.kept["due"] - now) * ADDRESSES_AT, "droplet.addresses", id_)
    return id_, action["id"]


def _accepted(call: Call, made: list[tuple[int, int]]) -> Reply:
    droplets = []
    for id_, _ in made:
        # The service leaves `vpc_uuid` out of this one answer (digitalocean/openapi issue 457).
        shown = {name: value for name, value in call.world.droplets[id_].shown.items() if name != "vpc_uuid"}
        droplets.append(call.rendered("droplet", Record(shown)))
    links = [
        {"id": action_id, "rel": "create", "href": f"{call.base_url}/v2/actions/{action_id}"} for _, action_id in made
    ]
    tail = b',"links":%b}' % render({"actions": links})
    if "names" in call.body and call.body["names"] is not None:
        return Reply(202, b'{"droplets":[%b]' % b",".join(droplets) + tail)
    return Reply(202, b'{"droplet":%b' % droplets[0] + tail)


# --- what happens over time ------------------------------------------------------------------------------------------
def _show_addresses(world: World, _at: float, droplet_id: int) -> None:
    droplet = world.droplets.get(droplet_id)
    if droplet is None:
        return
    networks = objects.networks(
        world,
        droplet["region"]["slug"],
        droplet.kept["serial"],
        public=droplet.kept["public"],
        ipv6="ipv6" in droplet["features"],
    )
    if "private_ip" in droplet.kept:
        networks = with_private_address(world, networks, droplet["vpc_uuid"], droplet.kept["private_ip"])
    world.droplets.put(droplet_id, droplet.showing(networks=networks))


def _come_up(world: World, at: float, droplet_id: int, arguments: dict[str, Any]) -> None:
    _show_addresses(world, at, droplet_id)
    for volume_id in arguments.get("volumes", ()):
        attach(world, volume_id, droplet_id)
    world.schedule(at + STATUS_LAG_S / world.speed, "droplet.status", droplet_id)


def _disappear(world: World, at: float, droplet_id: int, arguments: dict[str, Any]) -> None:
    droplet = world.droplets.get(droplet_id)
    if droplet is not None:
        # Snapshots outlive their droplet, backups do not.
        for backup_id in droplet["backup_ids"]:
            world.images.remove(backup_id)
        lifetimes.close(world, "droplets", droplet_id, at)
        world.droplets.remove(droplet_id)
        # Services whose things were attached to it, or named it, have an effect of this kind each.
        for name, effect in world.effects.items():
            if name.startswith("droplet.gone."):
                effect(world, at, droplet_id)
        if "with" in arguments:
            world.effects["droplet.destroyed_with"](world, at, droplet_id, arguments["with"])


OPERATIONS = {"droplets_create": create_droplets}
EFFECTS: dict[str, Callable[..., None]] = {
    "droplet.addresses": _show_addresses,
    "droplet.create": _come_up,
    "droplet.destroy": _disappear,
}
