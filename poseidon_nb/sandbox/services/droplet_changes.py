"""What each type of droplet action needs, refuses and does.

Texts are DigitalOcean's where a source has them (power, resize, backups, pending events). Not settled by any source, chosen
here:

- ``resize`` of a running droplet is refused, and leaves the droplet off; so the careful way is the one that works;
- ``reboot`` and ``power_cycle`` are refused while the droplet is off;
- ``restore`` takes a backup of this very droplet only; ``password_reset`` is refused on Fedora;
- ``rebuild`` and ``restore`` leave the droplet running; ``change_kernel`` and ``enable_private_networking`` are refused,
  because droplets made since 2017 bring their own kernel and are always in a VPC.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import bodies, lifetimes, objects
from poseidon_nb.sandbox.backup_policy import next_window, policy_from
from poseidon_nb.sandbox.durations import STATUS_LAG_S
from poseidon_nb.sandbox.replies import unprocessable
from poseidon_nb.sandbox.services.backups import begin_backup
from poseidon_nb.sandbox.services.droplet_names import checked_name
from poseidon_nb.sandbox.services.images import find_image, refuse_unless_it_fits
from poseidon_nb.sandbox.timestamps import stamp, unstamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.records import Record, Shared
    from poseidon_nb.sandbox.world import World

OFF_TEXT = "Droplet is currently off. Please power it on to run this event."
ON_TEXT = "Droplet is currently on. Please power it off to run this event."


@dataclass(frozen=True, slots=True)
class Change:
    """One type of droplet action.

    Attributes
    ----------
    prepare : callable
        Checks the request and gives the action's arguments, JSON values.
    effect : callable
        Changes the droplet when the action ends well.
    scopes : tuple of str
        What a token needs besides ``droplet:update``.
    by_tag : bool
        Whether it can be asked of all droplets with a tag.
    """

    prepare: Callable[[Call, Record], dict[str, Any]]
    effect: Callable[[World, float, Record, dict[str, Any]], None]
    scopes: tuple[str, ...] = ()
    by_tag: bool = False


# --- power -----------------------------------------------------------------------------------------------------------
def _is_on(droplet: Record) -> bool:
    # The true power: the status that the API shows lags behind it.
    return bool(droplet.kept["power"] == "on")


def _prepare_power_on(_call: Call, droplet: Record) -> dict[str, Any]:
    if _is_on(droplet):
        raise unprocessable("Droplet is already powered on.")
    return {}


def _prepare_power_off(_call: Call, droplet: Record) -> dict[str, Any]:
    if not _is_on(droplet):
        raise unprocessable("Droplet is already powered off.")
    return {}


def _prepare_shutdown(call: Call, droplet: Record) -> dict[str, Any]:
    ignored = call.world.faults.for_action("shutdown_ignored", "shutdown", droplet["id"])
    return {"ignored": True} if ignored else {}


def _prepare_restart(_call: Call, droplet: Record) -> dict[str, Any]:
    if not _is_on(droplet):
        raise unprocessable(OFF_TEXT)
    return {}


def _turn_on(world: World, at: float, droplet: Record, _arguments: dict[str, Any]) -> None:
    _turn(world, at, droplet, "on")


def _turn_off(world: World, at: float, droplet: Record, arguments: dict[str, Any]) -> None:
    if not arguments.get("ignored"):
        _turn(world, at, droplet, "off")


def _turn(world: World, at: float, droplet: Record, power: str) -> None:
    world.droplets.put(droplet["id"], droplet.keeping(power=power))
    world.schedule(at + STATUS_LAG_S / world.speed, "droplet.status", droplet["id"])


# --- snapshot, resize, rebuild, restore ------------------------------------------------------------------------------
def _prepare_snapshot(call: Call, droplet: Record) -> dict[str, Any]:
    name = bodies.optional(call.body, "name", "string")
    return {"name": name or f"{droplet['name']}-{int(call.world.now() * 1000)}"}


def _add_snapshot(world: World, at: float, droplet: Record, arguments: dict[str, Any]) -> None:
    id_ = world.next_id("images")
    world.images.put(id_, objects.image_of_droplet(droplet, id_, arguments["name"], "snapshot", stamp(at)))
    world.droplets.put(droplet["id"], droplet.showing(snapshot_ids=[*droplet["snapshot_ids"], id_]))


def _prepare_resize(call: Call, droplet: Record) -> dict[str, Any]:
    slug = bodies.required(call.body, "size", "string")
    disk = bool(bodies.optional(call.body, "disk", "boolean"))
    size = call.world.figures.sizes.get(slug)
    if size is None:
        raise unprocessable("You specified an invalid size for Droplet resize.")
    if slug == droplet["size_slug"] and not (disk and size["disk"] > droplet["disk"]):
        raise unprocessable("The droplet is already set to this size.")
    if droplet["region"]["slug"] not in size["regions"]:
        raise unprocessable("Size is not available in this region.")
    if size["disk"] < droplet["disk"]:
        raise unprocessable("Size can not decrease size of Droplet's disk image")
    if _gpus(size) < _gpus(droplet["size"]) or bool(_gpus(size)) != bool(_gpus(droplet["size"])):
        raise unprocessable("This Droplet cannot be resized to a size with fewer GPUs or of another kind.")
    if _is_on(droplet):
        raise unprocessable(ON_TEXT)
    if call.world.faults.for_action("no_capacity", "resize", droplet["id"]):
        raise unprocessable("Size is too large to fit on your droplet's server")
    return {"size": slug, "disk": disk}


def _gpus(size: Shared) -> int:
    return int(size.get("gpu_info", {}).get("count", 0))


def _resize(world: World, at: float, droplet: Record, arguments: dict[str, Any]) -> None:
    size = world.figures.sizes[arguments["size"]]
    changes = {"size": size, "size_slug": size["slug"], "memory": size["memory"], "vcpus": size["vcpus"]}
    if arguments["disk"]:
        changes |= {"disk": size["disk"], "disk_info": size["disk_info"]}
    kept = lifetimes.resized(droplet, at, size["slug"], size["disk"] if arguments["disk"] else droplet["disk"])
    world.droplets.put(droplet["id"], kept.showing(**changes))


def _prepare_rebuild(call: Call, droplet: Record) -> dict[str, Any]:
    wanted = call.body.get("image")
    if wanted in (None, ""):
        raise unprocessable("image is required.")
    image = find_image(call.world, wanted)
    if image is None or image["status"] != "available":
        raise unprocessable("You specified an invalid image for Droplet rebuild.")
    refuse_unless_it_fits(image, droplet["region"]["slug"], droplet["disk"])
    return {"image": image["id"]}


def _prepare_restore(call: Call, droplet: Record) -> dict[str, Any]:
    wanted = bodies.required(call.body, "image", "integer")
    if wanted not in droplet["backup_ids"] or wanted not in call.world.images:
        raise unprocessable("You can only restore a Droplet from one of its own backups.")
    return {"image": wanted}


def _replace_disk(world: World, at: float, droplet: Record, arguments: dict[str, Any]) -> None:
    image = find_image(world, arguments["image"])
    if image is None:
        return
    changed = droplet.showing(image=image).keeping(used_gb=objects.used_gb(world, droplet["id"], image))
    _turn(world, at, changed, "on")


# --- names, passwords, networks --------------------------------------------------------------------------------------
def _prepare_rename(call: Call, _droplet: Record) -> dict[str, Any]:
    return {"name": checked_name(bodies.required(call.body, "name", "string"))}


def _rename(world: World, _at: float, droplet: Record, arguments: dict[str, Any]) -> None:
    world.droplets.put(droplet["id"], droplet.showing(name=arguments["name"]))


def _prepare_password_reset(_call: Call, droplet: Record) -> dict[str, Any]:
    if droplet["image"]["distribution"] == "Fedora":
        raise unprocessable("Password reset is not available for this Droplet's distribution.")
    return {}


def _change_nothing(_world: World, _at: float, _droplet: Record, _arguments: dict[str, Any]) -> None:
    """Leave the droplet as it is: a new password goes out by e-mail."""


def _prepare_enable_ipv6(_call: Call, droplet: Record) -> dict[str, Any]:
    if "ipv6" in droplet["features"]:
        raise unprocessable("IPv6 has already been enabled on this Droplet.")
    return {}


def _enable_ipv6(world: World, _at: float, droplet: Record, _arguments: dict[str, Any]) -> None:
    added = objects.networks(world, droplet["region"]["slug"], droplet.kept["serial"], public=False, ipv6=True)["v6"]
    networks = {"v4": droplet["networks"]["v4"], "v6": added}
    world.droplets.put(droplet["id"], droplet.showing(networks=networks, features=[*droplet["features"], "ipv6"]))


# --- backups ---------------------------------------------------------------------------------------------------------
def _prepare_enable_backups(call: Call, droplet: Record) -> dict[str, Any]:
    policy = policy_from(bodies.optional(call.body, "backup_policy", "object"), droplet["id"])
    if droplet.kept.get("backup_policy"):
        raise unprocessable("Backups have already been enabled on this Droplet.")
    return {"policy": policy}


def _prepare_disable_backups(_call: Call, droplet: Record) -> dict[str, Any]:
    if not droplet.kept.get("backup_policy"):
        raise unprocessable("Backups have already been disabled on this Droplet.")
    return {}


def _prepare_backup_policy(call: Call, droplet: Record) -> dict[str, Any]:
    policy = policy_from(bodies.required(call.body, "backup_policy", "object"), droplet["id"])
    if not droplet.kept.get("backup_policy"):
        raise unprocessable("Backups are not enabled on this Droplet.")
    return {"policy": policy}


def set_backups(world: World, at: float, droplet: Record, arguments: dict[str, Any]) -> None:
    """Give a droplet a backup policy, or take it away where the arguments hold none."""
    policy = arguments.get("policy")
    features = [feature for feature in droplet["features"] if feature != "backups"]
    window = next_window(policy, at) if policy else None
    changed = droplet.showing(features=[*features, "backups"] if policy else features, next_backup_window=window)
    changed = lifetimes.planned(changed, at, policy["plan"] if policy else None)
    world.droplets.put(droplet["id"], changed.keeping(backup_policy=policy))
    if window:
        world.schedule(unstamp(window["start"]), "droplet.window", droplet["id"], window["start"])


def _refused(text: str) -> Callable[[Call, Record], dict[str, Any]]:
    def prepare(_call: Call, _droplet: Record) -> dict[str, Any]:
        raise unprocessable(text)

    return prepare


CHANGES: dict[str, Change] = {
    "power_on": Change(_prepare_power_on, _turn_on, by_tag=True),
    "power_off": Change(_prepare_power_off, _turn_off, by_tag=True),
    "shutdown": Change(_prepare_shutdown, _turn_off, by_tag=True),
    "reboot": Change(_prepare_restart, _turn_on),
    "power_cycle": Change(_prepare_restart, _turn_on, by_tag=True),
    "snapshot": Change(_prepare_snapshot, _add_snapshot, scopes=("image:create",), by_tag=True),
    "resize": Change(_prepare_resize, _resize, scopes=("droplet:create",)),
    "rebuild": Change(_prepare_rebuild, _replace_disk, scopes=("droplet:admin",)),
    "restore": Change(_prepare_restore, _replace_disk, scopes=("droplet:admin",)),
    "rename": Change(_prepare_rename, _rename),
    "password_reset": Change(_prepare_password_reset, _change_nothing, scopes=("droplet:admin",)),
    "enable_ipv6": Change(_prepare_enable_ipv6, _enable_ipv6, by_tag=True),
    "enable_backups": Change(_prepare_enable_backups, set_backups, by_tag=True),
    "disable_backups": Change(_prepare_disable_backups, set_backups, by_tag=True),
    "change_backup_policy": Change(_prepare_backup_policy, set_backups),
    "change_kernel": Change(_refused("The kernel of this Droplet is managed inside the Droplet."), _change_nothing),
    "enable_private_networking": Change(
        _refused("Private networking is always enabled: this Droplet is in a VPC."), _change_nothing
    ),
}


# --- what happens over time ------------------------------------------------------------------------------------------
def _when_ended(change: Change) -> Callable[..., None]:
    def effect(world: World, at: float, droplet_id: int, arguments: dict[str, Any]) -> None:
        droplet = world.droplets.get(droplet_id)
        if droplet is not None:
            change.effect(world, at, droplet, arguments)

    return effect


def _show_power(world: World, _at: float, droplet_id: int) -> None:
    droplet = world.droplets.get(droplet_id)
    if droplet is not None:
        world.droplets.put(droplet_id, droplet.showing(status="active" if _is_on(droplet) else "off"))


def _move_window(world: World, at: float, droplet_id: int, start: str) -> None:
    droplet = world.droplets.get(droplet_id)
    # A window that is not the one shown belongs to a policy that has been changed since.
    if droplet is not None and (droplet["next_backup_window"] or {}).get("start") == start:
        set_backups(world, at, droplet, {"policy": droplet.kept["backup_policy"]})
        begin_backup(world, at, droplet)


EFFECTS: dict[str, Callable[..., None]] = {
    **{f"droplet.{type_}": _when_ended(change) for type_, change in CHANGES.items()},
    "droplet.status": _show_power,
    "droplet.window": _move_window,
}
