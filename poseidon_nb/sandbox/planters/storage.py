"""The company's volumes and their snapshots, and its reserved IPs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.sandbox import chance, objects
from poseidon_nb.sandbox.records import Record
from poseidon_nb.sandbox.services.reserved_ips import make_ip
from poseidon_nb.sandbox.services.tags import ensure_tags
from poseidon_nb.sandbox.services.volume_snapshots import take_snapshot
from poseidon_nb.sandbox.services.volumes import attach, volume_object
from poseidon_nb.sandbox.timestamps import stamp, unstamp

if TYPE_CHECKING:
    from poseidon_nb.sandbox.world import World

_DAY_S = 86_400.0
#: The droplet, the size in GiB of its volume, and how many days ago each of the volume's snapshots was taken.
_DATA = (("db-1", 200, (21, 7)), ("db-2", 100, (7,)), ("staging-db", 25, (30,)))
#: A volume that outlived its droplet.
_LEFT_OVER = ("old-uploads", 50, "nyc3", 140)
_WITH_ADDRESS = "web-1"


def plant(world: World, now: float) -> None:
    """Give the databases their volumes and the first web server its address; leave one of each unused."""
    droplets = {droplet["name"]: droplet for droplet in world.droplets.listed()}
    if not droplets:
        return
    for name, size, snapshot_days in _DATA:
        droplet = droplets.get(name)
        if droplet is not None:
            tags = [tag for tag in droplet["tags"] if tag.startswith("env:")]
            born = unstamp(droplet["created_at"]) + 600
            volume = _volume(world, f"{name}-data", size, droplet["region"]["slug"], born, ["db", *tags])
            attach(world, volume["id"], droplet["id"])
            for days in snapshot_days:
                at = now - days * _DAY_S
                take_snapshot(world, volume, f"{name}-data-{stamp(at)[:10]}", at, tags)
    name, size, region, days = _LEFT_OVER
    _volume(world, name, size, region, now - days * _DAY_S, [])
    project = objects.default_project(world)
    web = droplets.get(_WITH_ADDRESS)
    if web is not None:
        make_ip(world, web["region"], project, web["id"])
    make_ip(world, world.figures.regions[region], project)


def _volume(world: World, name: str, size: int, region: str, at: float, tags: list[str]) -> Record:
    id_ = chance.uuid(world.seed, "volume", world.count("volumes"))
    volume = Record(
        volume_object(
            id_,
            name,
            region=world.figures.regions[region],
            size_gigabytes=size,
            created_at=stamp(at),
            filesystem_type="ext4",
            filesystem_label=name.replace("-", "_")[:16],
            tags=ensure_tags(world, tags, "volume", id_),
        )
    )
    world.volumes.put(id_, volume)
    return volume
