"""Actions of droplets: the rules and effects of each type, and the operations that start and list them.

Messages are DigitalOcean's where a source has them: for power and backups in clients, for a pending event in packer#1814,
for a snapshot or a resize in python-digitalocean#116, hashicorp/terraform#7094 and api-v2#117. ``power_on`` of a running
droplet is accepted (community.digitalocean#118), and changes nothing. Not documented, chosen here:

- ``resize`` of a running droplet is refused, and leaves the droplet off, so that clients power it on again themselves;
- ``reboot`` and ``power_cycle`` are refused while the droplet is off;
- ``restore`` takes a backup or a snapshot of the same droplet; the message for any other image is ours;
- ``password_reset`` is refused on Fedora;
- ``rebuild`` and ``restore`` leave the droplet running;
- ``change_kernel`` and ``enable_private_networking`` are refused, because droplets created since 2017 have their own kernel
  and are always in a VPC;
- an unknown type answers 422;
- an action by tag is refused for all droplets if one of them refuses it; an unknown tag answers 404, and a tag without
  droplets an empty list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import objects
from poseidon_nb.sandbox.actions import begin_action, belongs_to_droplet, find_action, list_actions, raise_if_busy
from poseidon_nb.sandbox.call import optional_field, required_field
from poseidon_nb.sandbox.history import with_backup_plan, with_size_change
from poseidon_nb.sandbox.responses import not_found, unprocessable
from poseidon_nb.sandbox.services.backups import next_window, read_policy, schedule_backup
from poseidon_nb.sandbox.services.droplets import DROPLETS, droplets_with_tag, validate_name
from poseidon_nb.sandbox.services.images import check_image_fits, find_image
from poseidon_nb.sandbox.timestamps import parse_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.store import SharedObject, StoredObject
    from poseidon_nb.sandbox.world import World

OFF_TEXT = "Droplet is currently off. Please power it on to run this event."
ON_TEXT = "Droplet is currently on. Please power it off to run this event."


@dataclass(frozen=True, slots=True)
class DropletActionType:
    """One type of droplet action.

    Attributes
    ----------
    prepare : callable
        Checks the request and returns the arguments for the effect, as JSON values.
    effect : callable
        Changes the droplet when the action completes.
    scopes : tuple of str
        Scopes that a token needs besides ``droplet:update``.
    by_tag : bool
        Whether it can be started for all droplets with a tag.
    """

    prepare: Callable[[Call, StoredObject], dict[str, Any]]
    effect: Callable[[World, float, StoredObject, dict[str, Any]], None]
    scopes: tuple[str, ...] = ()
    by_tag: bool = False


def _is_on(droplet: StoredObject) -> bool:
    # The true power: the public status may lag behind it.
    return bool(droplet.internal["power"] == "on")


def _prepare_power_on(_call: Call, _droplet: StoredObject) -> dict[str, Any]:
    return {}


def _prepare_power_off(_call: Call, droplet: StoredObject) -> dict[str, Any]:
    if not _is_on(droplet):
        raise unprocessable("Droplet is already powered off.")
    return {}


def _prepare_shutdown(call: Call, droplet: StoredObject) -> dict[str, Any]:
    ignored = call.world.faults.take_for_action("shutdown_ignored", "shutdown", droplet["id"])
    return {"ignored": True} if ignored else {}


def _prepare_restart(_call: Call, droplet: StoredObject) -> dict[str, Any]:
    if not _is_on(droplet):
        raise unprocessable(OFF_TEXT)
    return {}


def _turn_on(world: World, at: float, droplet: StoredObject, _arguments: dict[str, Any]) -> None:
    _set_power(world, at, droplet, "on")


def _turn_off(world: World, at: float, droplet: StoredObject, arguments: dict[str, Any]) -> None:
    if not arguments.get("ignored"):
        _set_power(world, at, droplet, "off")


def _set_power(world: World, at: float, droplet: StoredObject, power: str) -> None:
    world.droplets.put(droplet["id"], droplet.with_internal(power=power))
    world.schedule(at + world.lag_s / world.speed, "droplet.status", droplet["id"])


def _prepare_snapshot(call: Call, droplet: StoredObject) -> dict[str, Any]:
    name = optional_field(call.body, "name", "string")
    return {"name": name or f"{droplet['name']}-{int(call.world.now() * 1000)}"}


def _add_snapshot(world: World, _at: float, droplet: StoredObject, arguments: dict[str, Any]) -> None:
    id_ = world.next_id("images")
    image = objects.droplet_image_object(droplet, id_, arguments["name"], "snapshot", arguments["started_at"])
    world.images.put(id_, image)
    world.droplets.put(droplet["id"], droplet.with_public(snapshot_ids=[*droplet["snapshot_ids"], id_]))


def _prepare_resize(call: Call, droplet: StoredObject) -> dict[str, Any]:
    slug = required_field(call.body, "size", "string")
    disk = bool(optional_field(call.body, "disk", "boolean"))
    size = call.world.reference_data.sizes.get(slug)
    if size is None:
        raise unprocessable("You specified an invalid size for Droplet resize.")
    if slug == droplet["size_slug"] and not (disk and size["disk"] > droplet["disk"]):
        raise unprocessable("The droplet is already set to this size.")
    if droplet["region"]["slug"] not in size["regions"]:
        raise unprocessable("Size is not available in this region.")
    if size["disk"] < droplet["disk"]:
        raise unprocessable("Size can not decrease size of Droplet's disk image")
    if _gpu_count(size) < _gpu_count(droplet["size"]) or bool(_gpu_count(size)) != bool(_gpu_count(droplet["size"])):
        raise unprocessable("This Droplet cannot be resized to a size with fewer GPUs or of another kind.")
    if _is_on(droplet):
        raise unprocessable(ON_TEXT)
    if call.world.faults.take_for_action("no_capacity", "resize", droplet["id"]):
        raise unprocessable("Size is too large to fit on your droplet's server")
    return {"size": slug, "disk": disk}


def _gpu_count(size: SharedObject) -> int:
    return int(size.get("gpu_info", {}).get("count", 0))


def _resize(world: World, at: float, droplet: StoredObject, arguments: dict[str, Any]) -> None:
    size = world.reference_data.sizes[arguments["size"]]
    changes = {"size": size, "size_slug": size["slug"], "memory": size["memory"], "vcpus": size["vcpus"]}
    if arguments["disk"]:
        changes |= {"disk": size["disk"], "disk_info": size["disk_info"]}
    resized = with_size_change(droplet, at, size["slug"], size["disk"] if arguments["disk"] else droplet["disk"])
    world.droplets.put(droplet["id"], resized.with_public(**changes))


def _prepare_rebuild(call: Call, droplet: StoredObject) -> dict[str, Any]:
    wanted = call.body.get("image")
    if wanted in (None, ""):
        raise unprocessable("image is required.")
    image = find_image(call.world, wanted)
    if image is None or image["status"] != "available":
        raise unprocessable("You specified an invalid image for Droplet rebuild.")
    check_image_fits(image, droplet["region"]["slug"], droplet["disk"])
    return {"image": image["id"]}


def _prepare_restore(call: Call, droplet: StoredObject) -> dict[str, Any]:
    wanted = required_field(call.body, "image", "integer")
    if wanted not in {*droplet["backup_ids"], *droplet["snapshot_ids"]} or wanted not in call.world.images:
        raise unprocessable("You can only restore a Droplet from one of its own backups or snapshots.")
    return {"image": wanted}


def _replace_disk(world: World, at: float, droplet: StoredObject, arguments: dict[str, Any]) -> None:
    image = find_image(world, arguments["image"])
    if image is None:
        return
    changed = droplet.with_public(image=image).with_internal(used_gb=objects.used_gb(world, droplet["id"], image))
    _set_power(world, at, changed, "on")


def _prepare_rename(call: Call, _droplet: StoredObject) -> dict[str, Any]:
    return {"name": validate_name(required_field(call.body, "name", "string"))}


def _rename(world: World, _at: float, droplet: StoredObject, arguments: dict[str, Any]) -> None:
    world.droplets.put(droplet["id"], droplet.with_public(name=arguments["name"]))


def _prepare_password_reset(_call: Call, droplet: StoredObject) -> dict[str, Any]:
    if droplet["image"]["distribution"] == "Fedora":
        raise unprocessable("Password reset is not available for this Droplet's distribution.")
    return {}


def _no_effect(_world: World, _at: float, _droplet: StoredObject, _arguments: dict[str, Any]) -> None:
    """Leave the droplet unchanged, for example after a password reset, which only sends an e-mail."""


def _prepare_enable_ipv6(_call: Call, droplet: StoredObject) -> dict[str, Any]:
    if "ipv6" in droplet["features"]:
        raise unprocessable("IPv6 has already been enabled on this Droplet.")
    return {}


def _enable_ipv6(world: World, _at: float, droplet: StoredObject, _arguments: dict[str, Any]) -> None:
    added = objects.networks(world, droplet["region"]["slug"], droplet.internal["serial"], public=False, ipv6=True)[
        "v6"
    ]
    networks = {"v4": droplet["networks"]["v4"], "v6": added}
    world.droplets.put(droplet["id"], droplet.with_public(networks=networks, features=[*droplet["features"], "ipv6"]))


def _prepare_enable_backups(call: Call, droplet: StoredObject) -> dict[str, Any]:
    policy = read_policy(optional_field(call.body, "backup_policy", "object"), droplet["id"])
    if droplet.internal.get("backup_policy"):
        raise unprocessable("Backups have already been enabled on this Droplet.")
    return {"policy": policy}


def _prepare_disable_backups(_call: Call, droplet: StoredObject) -> dict[str, Any]:
    if not droplet.internal.get("backup_policy"):
        raise unprocessable("Backups have already been disabled on this Droplet.")
    return {}


def _prepare_backup_policy(call: Call, droplet: StoredObject) -> dict[str, Any]:
    policy = read_policy(required_field(call.body, "backup_policy", "object"), droplet["id"])
    if not droplet.internal.get("backup_policy"):
        raise unprocessable("Backups are not enabled on this Droplet.")
    return {"policy": policy}


def set_backups(world: World, at: float, droplet: StoredObject, arguments: dict[str, Any]) -> None:
    """Set a droplet's backup policy, or remove it if the arguments have none."""
    policy = arguments.get("policy")
    features = [feature for feature in droplet["features"] if feature != "backups"]
    window = next_window(policy, at) if policy else None
    changed = droplet.with_public(features=[*features, "backups"] if policy else features, next_backup_window=window)
    changed = with_backup_plan(changed, at, policy["plan"] if policy else None)
    world.droplets.put(droplet["id"], changed.with_internal(backup_policy=policy))
    if window:
        world.schedule(parse_time(window["start"]), "droplet.backup_window", droplet["id"], window["start"])


def _unsupported(text: str) -> Callable[[Call, StoredObject], dict[str, Any]]:
    def prepare(_call: Call, _droplet: StoredObject) -> dict[str, Any]:
        raise unprocessable(text)

    return prepare


ACTION_TYPES: dict[str, DropletActionType] = {
    "power_on": DropletActionType(_prepare_power_on, _turn_on, by_tag=True),
    "power_off": DropletActionType(_prepare_power_off, _turn_off, by_tag=True),
    "shutdown": DropletActionType(_prepare_shutdown, _turn_off, by_tag=True),
    "reboot": DropletActionType(_prepare_restart, _turn_on),
    "power_cycle": DropletActionType(_prepare_restart, _turn_on, by_tag=True),
    "snapshot": DropletActionType(_prepare_snapshot, _add_snapshot, scopes=("image:create",), by_tag=True),
    "resize": DropletActionType(_prepare_resize, _resize, scopes=("droplet:create",)),
    "rebuild": DropletActionType(_prepare_rebuild, _replace_disk, scopes=("droplet:admin",)),
    "restore": DropletActionType(_prepare_restore, _replace_disk, scopes=("droplet:admin",)),
    "rename": DropletActionType(_prepare_rename, _rename),
    "password_reset": DropletActionType(_prepare_password_reset, _no_effect, scopes=("droplet:admin",)),
    "enable_ipv6": DropletActionType(_prepare_enable_ipv6, _enable_ipv6, by_tag=True),
    "enable_backups": DropletActionType(_prepare_enable_backups, set_backups, by_tag=True),
    "disable_backups": DropletActionType(_prepare_disable_backups, set_backups, by_tag=True),
    "change_backup_policy": DropletActionType(_prepare_backup_policy, set_backups),
    "change_kernel": DropletActionType(
        _unsupported("The kernel of this Droplet is managed inside the Droplet."), _no_effect
    ),
    "enable_private_networking": DropletActionType(
        _unsupported("Private networking is always enabled: this Droplet is in a VPC."), _no_effect
    ),
}


def _end_effect(change: DropletActionType) -> Callable[..., None]:
    def effect(world: World, at: float, droplet_id: int, arguments: dict[str, Any]) -> None:
        droplet = world.droplets.get(droplet_id)
        if droplet is not None:
            change.effect(world, at, droplet, arguments)

    return effect


def _show_power(world: World, _at: float, droplet_id: int) -> None:
    droplet = world.droplets.get(droplet_id)
    if droplet is not None:
        world.droplets.put(droplet_id, droplet.with_public(status="active" if _is_on(droplet) else "off"))


def _move_window(world: World, at: float, droplet_id: int, start: str) -> None:
    droplet = world.droplets.get(droplet_id)
    # Another window belongs to a policy that has been replaced since.
    if droplet is not None and (droplet["next_backup_window"] or {}).get("start") == start:
        set_backups(world, at, droplet, {"policy": droplet.internal["backup_policy"]})
        schedule_backup(world, at, droplet)


def _start_action(call: Call, droplet: StoredObject) -> StoredObject:
    type_, change = _requested_action_type(call)
    raise_if_busy(call.world, "droplet", droplet["id"])
    return _begin(call, type_, droplet, change.prepare(call, droplet))


def start_actions_by_tag(call: Call) -> HTTPResponse:
    """Handle ``dropletActions_post_byTag``."""
    tag_name = call.query.get("tag_name")
    if not tag_name:
        raise unprocessable("tag_name is required.")
    type_, change = _requested_action_type(call)
    if not change.by_tag:
        raise unprocessable(f"{type_} cannot be performed by tag.")
    if tag_name.lower() not in call.world.tags:
        raise not_found()
    droplets = droplets_with_tag(call.world, tag_name)
    for droplet in droplets:
        raise_if_busy(call.world, "droplet", droplet["id"])
    prepared = [(droplet, change.prepare(call, droplet)) for droplet in droplets]
    started = [_begin(call, type_, droplet, arguments) for droplet, arguments in prepared]
    return call.respond_all("actions", "action", started, status=201)


def _requested_action_type(call: Call) -> tuple[str, DropletActionType]:
    type_ = required_field(call.body, "type", "string")
    change = ACTION_TYPES.get(type_)
    if change is None:
        raise unprocessable(f"{type_} is not a valid action type.")
    call.require_scopes(*change.scopes)
    return type_, change


def _begin(call: Call, type_: str, droplet: StoredObject, arguments: dict[str, Any]) -> StoredObject:
    return begin_action(
        call.world,
        type_,
        resource_type="droplet",
        resource_id=droplet["id"],
        region=droplet["region"],
        used_gb=droplet.internal["used_gb"],
        arguments=arguments,
    )


def _action_test(droplet: StoredObject) -> Callable[[StoredObject], bool]:
    return lambda action: belongs_to_droplet(action, droplet["id"])


EFFECTS: dict[str, Callable[..., None]] = {
    **{f"droplet.{type_}": _end_effect(change) for type_, change in ACTION_TYPES.items()},
    "droplet.status": _show_power,
    "droplet.backup_window": _move_window,
}


OPERATIONS: dict[str, Callable[[Call], HTTPResponse]] = {
    "dropletActions_post": DROPLETS.on(_start_action),
    "dropletActions_post_byTag": start_actions_by_tag,
    "dropletActions_list": DROPLETS.on(lambda call, droplet: list_actions(call.world, _action_test(droplet))),
    "dropletActions_get": DROPLETS.on(lambda call, droplet: find_action(call, _action_test(droplet))),
}
