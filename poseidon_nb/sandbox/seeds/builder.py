"""Builds a new account from a seed: the company's droplets, keys, tags, snapshots and weeks of actions.

``droplets`` is the number of regular droplets. One GPU droplet is added, which only ``type=gpus`` lists. With 0 the
account has only its keys. Actions in the history last as long as actions of this sandbox do, so estimates from the
history are right. Dates end at the start of the sandbox.

A few droplets were resized without their disks and did not need it, so they can return to the smaller size. That was
before the month in progress, so that prices and invoice agree for this month.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import objects, rng
from poseidon_nb.sandbox.actions import action_duration_s, action_object
from poseidon_nb.sandbox.seeds import company
from poseidon_nb.sandbox.seeds.resources import ADD_RESOURCES
from poseidon_nb.sandbox.services.account import key_object
from poseidon_nb.sandbox.services.backups import next_window
from poseidon_nb.sandbox.services.droplet_actions import ACTION_TYPES
from poseidon_nb.sandbox.store import ObjectStore, StoredObject
from poseidon_nb.sandbox.timestamps import DAY_S, format_time, parse_time

if TYPE_CHECKING:
    from poseidon_nb.sandbox.store import SharedObject
    from poseidon_nb.sandbox.world import State, World

_HISTORY_DAYS = 42
#: Ids start where those of a real account of this age might.
_FIRST_IDS = {"droplets": 521_000_000, "images": 210_500_000, "keys": 48_000_000, "actions": 2_740_000_000}
_MIN_DROPLET_LIMIT = 50
_EXTRA_HOSTS = 400
_SNAPSHOT_FAILS_EVERY = 7
_SHUTDOWN_FAILS_EVERY = 13
#: At night, when droplets with the nightly routine are off.
_RESIZED_HOUR = 5.0
_MORNING_HOUR = 7.0


def seed_account(world: World, droplets: int) -> State:
    """Fill an empty world with the account, and return a copy of its state for resets."""
    return SeedBuilder(world, droplets).build()


class SeedBuilder:
    """Fills one world, and holds what the steps share."""

    def __init__(self, world: World, droplets: int) -> None:
        self.world = world
        self.number = droplets
        self.now = world.now()
        #: Past actions as (start, end, type, droplet, status). Their ids follow from their order in time.
        self.past: list[tuple[float, float, str, StoredObject, str]] = []
        #: Resizes as (droplet id, size, time, whether the droplet is off for the night).
        self.resizes: list[tuple[int, str, float, bool]] = []
        #: Running droplets that were off for the night.
        self.nightly_running: list[StoredObject] = []

    def build(self) -> State:
        """Build the account and return a copy of its state."""
        world = self.world
        world.state.counters.update(_FIRST_IDS)
        self._account()
        self._keys()
        for spec in company.DROPLETS[: self.number]:
            self._add_droplet(spec)
        for number in range(len(company.DROPLETS), self.number):
            self._add_extra_droplet(number)
        if self.number:
            self._add_droplet(company.GPU_DROPLET)
        # Last, because random values depend on how many actions came before.
        for resize in self.resizes:
            self._resize(*resize)
        for droplet in self.nightly_running:
            self._add_action("power_on", droplet, self._last_power_on())
        self._write_history()
        for add_resources in ADD_RESOURCES:
            add_resources(world, self.now)
        return world.state.copy()

    def _account(self) -> None:
        seed = self.world.seed
        self.world.state.account = {
            "droplet_limit": max(_MIN_DROPLET_LIMIT, 2 * self.number),
            "floating_ip_limit": 5,
            "volume_limit": 100,
            "email": company.OWNER,
            "name": "Ada Marsh",
            "uuid": rng.uuid(seed, "account"),
            "email_verified": True,
            "status": "active",
            "status_message": "",
            "team": {"uuid": rng.uuid(seed, "team"), "name": company.TEAM},
        }

    def _keys(self) -> None:
        for name in company.KEYS:
            secret = bytes.fromhex(rng.digest(self.world.seed, "key", name) * 2)
            kind = b"ssh-ed25519"
            blob = len(kind).to_bytes(4, "big") + kind + len(secret).to_bytes(4, "big") + secret
            id_ = self.world.next_id("keys")
            public = f"ssh-ed25519 {base64.b64encode(blob).decode()} {name}"
            self.world.keys.put(id_, StoredObject(key_object(id_, name, public)))

    def _add_droplet(self, spec: company.DropletSpec) -> None:
        image_id = spec.image if isinstance(spec.image, int) else self.world.reference_data.slugs[spec.image]
        droplet = self._droplet(
            spec.name,
            region=spec.region,
            size=spec.original_size or spec.size,
            image=self.world.reference_data.images[image_id],
            tags=[*spec.tags],
            features=["droplet_agent", *spec.features, "private_networking"],
            created=self.now - spec.age_days * DAY_S,
            off=spec.off,
            host=spec.host,
        )
        if spec.weekly_backups:
            droplet = self._with_backups(droplet, spec.weekly_backups)
        droplet = self._with_snapshots(droplet, spec.snapshots)
        self.world.droplets.put(droplet["id"], droplet)
        for routine in spec.routines:
            _ROUTINES[routine](self, droplet)
        if spec.original_size:
            midnight = self.now - self.now % DAY_S
            at = midnight - spec.resized_days * DAY_S + _RESIZED_HOUR * 3600
            self.resizes.append((droplet["id"], spec.size, at, "off_at_night" in spec.routines))

    def _add_extra_droplet(self, number: int) -> None:
        role, size, tags = company.EXTRA_DROPLETS[number % len(company.EXTRA_DROPLETS)]
        draw = rng.randint(0, 1 << 30, self.world.seed, "crowd", number)
        droplet = self._droplet(
            f"{role}-{number}",
            region=company.EXTRA_REGIONS[draw % len(company.EXTRA_REGIONS)],
            size=size,
            image=self.world.reference_data.images[self.world.reference_data.slugs[company.EXTRA_IMAGES[draw % 3]]],
            tags=[*tags],
            features=["droplet_agent", "monitoring", "private_networking"],
            # In the order of their ids; the last one is some hours old.
            created=self.now - DAY_S * (0.5 + 29 * (self.number - number) / self.number),
            off=draw % 25 == 0,
            host=draw % _EXTRA_HOSTS,
        )
        self.world.droplets.put(droplet["id"], droplet)

    def _droplet(  # noqa: PLR0913  # the fields of a droplet, all by keyword
        self,
        name: str,
        *,
        region: str,
        size: str,
        image: SharedObject,
        tags: list[str],
        features: list[str],
        created: float,
        off: bool,
        host: int,
    ) -> StoredObject:
        world, reference_data = self.world, self.world.reference_data
        id_ = world.next_id("droplets")
        serial = world.next_number("serials")
        public = objects.droplet_object(
            id_,
            name,
            region=reference_data.regions[region],
            size=reference_data.sizes[size],
            image=image,
            created_at=format_time(created),
            features=features,
            tags=tags,
            vpc_uuid=objects.default_vpc_id(world, region),
        )
        public["status"] = "off" if off else "active"
        public["networks"] = objects.networks(world, region, serial, public=True, ipv6="ipv6" in features)
        for tag in tags:
            world.tags.put(tag.lower(), StoredObject({"name": tag}, {"last": f"droplets/{id_}"}))
        internal = {
            "power": "off" if off else "on",
            "serial": serial,
            "host": host,
            "used_gb": objects.used_gb(world, id_, image),
            "public": True,
        }
        droplet = StoredObject(public, internal)
        self._add_action("create", droplet, created)
        return droplet

    def _with_backups(self, droplet: StoredObject, number: int) -> StoredObject:
        policy = {"plan": "weekly", "weekday": "SUN", "hour": 4}
        window = next_window(policy, self.now)
        ids = []
        last = parse_time(window["start"]) - 7 * DAY_S
        for week in range(number - 1, -1, -1):
            at = last - week * 7 * DAY_S
            ids.append(self._image(droplet, f"{droplet['name']} {format_time(at)[:10]}", "backup", at))
        self.world.schedule(parse_time(window["start"]), "droplet.backup_window", droplet["id"], window["start"])
        return droplet.with_public(backup_ids=ids, next_backup_window=window).with_internal(backup_policy=policy)

    def _with_snapshots(self, droplet: StoredObject, number: int) -> StoredObject:
        ids = []
        for index in range(number, 0, -1):
            at = self.now - (index * 9 - 4.3) * DAY_S
            ids.append(self._image(droplet, f"{droplet['name']}-before-{format_time(at)[:10]}", "snapshot", at))
        return droplet.with_public(snapshot_ids=ids)

    def _image(self, droplet: StoredObject, name: str, type_: str, at: float) -> int:
        id_ = self.world.next_id("images")
        self.world.images.put(id_, objects.droplet_image_object(droplet, id_, name, type_, format_time(at)))
        self._add_action(type_, droplet, at)
        return id_

    def _resize(self, id_: int, size: str, at: float, already_off: bool) -> None:  # noqa: FBT001  # unpacked
        """Resize a droplet without its disk; it is off meanwhile."""
        droplet = self.world.droplets[id_]
        if not already_off:
            self._add_action("power_off", droplet, at)
            self._add_action("power_on", droplet, at + 1500)
        self._add_action("resize", droplet, at + 600)
        ACTION_TYPES["resize"].effect(self.world, self.past[-1][1], droplet, {"size": size, "disk": False})

    def _add_action(self, type_: str, droplet: StoredObject, at: float, *, status: str = "completed") -> None:
        used_gb = droplet.internal["used_gb"]
        draw = (self.world.seed, "past", type_, droplet["id"], len(self.past))
        duration_s = action_duration_s(type_, used_gb=used_gb, speed=self.world.speed, draw=draw)
        self.past.append((at, at + duration_s, type_, droplet, status))

    def _days(self, droplet: StoredObject, *, step: int, hour: float) -> list[float]:
        """Return an hour of every ``step`` days of the history, after the droplet's creation."""
        created = parse_time(droplet["created_at"])
        midnight = self.now - self.now % DAY_S
        times = [midnight - day * DAY_S + hour * 3600 for day in range(_HISTORY_DAYS, 0, -1) if day % step == 0]
        return [time for time in times if created + DAY_S < time < self.now]

    def reboot_regularly(self, droplet: StoredObject) -> None:
        """Reboot every two weeks."""
        for at in self._days(droplet, step=14, hour=3.1):
            self._add_action("reboot", droplet, at)

    def take_snapshots(self, droplet: StoredObject) -> None:
        """Take a snapshot every four days. Some failed, and most were deleted since."""
        for index, at in enumerate(self._days(droplet, step=4, hour=1.5), start=1):
            failed = not index % _SNAPSHOT_FAILS_EVERY
            self._add_action("snapshot", droplet, at, status="errored" if failed else "completed")

    def power_off_at_night(self, droplet: StoredObject) -> None:
        """Shut down in the evening and power on in the morning; power off if the shutdown fails."""
        if droplet.internal["power"] == "on":
            self.nightly_running.append(droplet)
        for index, at in enumerate(self._days(droplet, step=1, hour=_MORNING_HOUR), start=1):
            failed = not index % _SHUTDOWN_FAILS_EVERY
            evening = at + 12 * 3600
            self._add_action("power_on", droplet, at)
            self._add_action("shutdown", droplet, evening, status="errored" if failed else "completed")
            if failed:
                self._add_action("power_off", droplet, evening + 900)

    def _last_power_on(self) -> float:
        """Return when running droplets were last powered on: this morning, or late yesterday if it is still night."""
        midnight = self.now - self.now % DAY_S
        morning = midnight + _MORNING_HOUR * 3600
        return morning if morning + 3600 < self.now else midnight - 2 * 3600

    def resize_regularly(self, droplet: StoredObject) -> None:
        """Resize every ten days: power off, resize, power on."""
        for at in self._days(droplet, step=10, hour=5.0):
            for minutes, type_ in ((0, "power_off"), (10, "resize"), (25, "power_on")):
                self._add_action(type_, droplet, at + minutes * 60)

    def rebuild_weekly(self, droplet: StoredObject) -> None:
        """Rebuild every week, and power cycle when a build hangs."""
        for at in self._days(droplet, step=7, hour=9.2):
            self._add_action("rebuild", droplet, at)
            self._add_action("power_cycle", droplet, at + 30 * 3600)

    def _write_history(self) -> None:
        world = self.world
        records: dict[Any, StoredObject] = {}
        past = [entry for entry in self.past if entry[1] < self.now]
        past.sort(key=lambda entry: entry[0])
        for start, end, type_, droplet, status in past:
            id_ = world.next_id("actions")
            action = action_object(
                id_,
                type_,
                resource_type="droplet",
                resource_id=droplet["id"],
                region=droplet["region"],
                started=start,
                completed=end,
                status=status,
            )
            records[id_] = StoredObject(action)
        world.actions = world.state.collections["actions"] = ObjectStore(records)


_ROUTINES = {
    "reboots": SeedBuilder.reboot_regularly,
    "snapshots": SeedBuilder.take_snapshots,
    "off_at_night": SeedBuilder.power_off_at_night,
    "resizes": SeedBuilder.resize_regularly,
    "rebuilds": SeedBuilder.rebuild_weekly,
}
