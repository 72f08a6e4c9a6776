"""A new account, made from a seed: the company's droplets, keys, tags, snapshots and weeks of actions.

``droplets`` counts the ordinary droplets; one GPU droplet comes with them, which only ``type=gpus`` lists. With 0 the account
is empty but for its keys. The durations in the history are those that actions take in this sandbox, so an estimate from
history is right. Dates end at the start of the sandbox.

Some droplets were resized once, processors and memory only, and turned out not to need it: they have the disk of the smaller
size, so they can go back to it. That was before the month that is being billed, for which lines and bill shall agree.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import chance, company, objects
from poseidon_nb.sandbox.activity import action_object
from poseidon_nb.sandbox.backup_policy import next_window
from poseidon_nb.sandbox.durations import action_duration_s
from poseidon_nb.sandbox.planters import PLANTERS
from poseidon_nb.sandbox.records import Collection, Record
from poseidon_nb.sandbox.services.droplet_changes import CHANGES
from poseidon_nb.sandbox.services.keys import key_object
from poseidon_nb.sandbox.timestamps import stamp, unstamp

if TYPE_CHECKING:
    from poseidon_nb.sandbox.records import Shared
    from poseidon_nb.sandbox.world import State, World

_DAY_S = 86_400.0
_HISTORY_DAYS = 42
#: Ids begin where those of a real account of this age might be.
_FIRST_IDS = {"droplets": 521_000_000, "images": 210_500_000, "keys": 48_000_000, "actions": 2_740_000_000}
_LIMIT_LEAST = 50
_CROWD_HOSTS = 400
_SNAPSHOT_FAILS_EVERY = 7
_SHUTDOWN_FAILS_EVERY = 13
#: At night, when those that are switched off for it are off.
_RESIZED_HOUR = 5.0
_MORNING_HOUR = 7.0


def plant(world: World, droplets: int) -> State:
    """Fill an empty world with the account, and give a copy of its state to come back to."""
    return _Planter(world, droplets).plant()


class _Planter:
    """Fills one world; holds what the steps share."""

    def __init__(self, world: World, droplets: int) -> None:
        self.world = world
        self.number = droplets
        self.now = world.now()
        #: Past actions as (start, end, type, droplet, outcome): their ids follow from their order in time.
        self.past: list[tuple[float, float, str, Record, str]] = []
        #: Droplets that got another size, as (id, size, time, whether off for the night).
        self.resizes: list[tuple[int, str, float, bool]] = []
        #: Droplets that are on now and were off for the night.
        self.awake: list[Record] = []

    def plant(self) -> State:
        world = self.world
        world.state.counters.update(_FIRST_IDS)
        self._account()
        self._keys()
        for post in company.ROSTER[: self.number]:
            self._hire(post)
        for number in range(len(company.ROSTER), self.number):
            self._hire_from_crowd(number)
        if self.number:
            self._hire(company.GPU_POST)
        # After all the others, because chance counts what has happened before.
        for resize in self.resizes:
            self._resize(*resize)
        for droplet in self.awake:
            self._happened("power_on", droplet, self._woken())
        self._write_history()
        for planter in PLANTERS:
            planter(world, self.now)
        return world.state.copied()

    def _account(self) -> None:
        seed = self.world.seed
        self.world.state.account = {
            "droplet_limit": max(_LIMIT_LEAST, 2 * self.number),
            "floating_ip_limit": 5,
            "email": company.OWNER,
            "name": "Ada Marsh",
            "uuid": chance.uuid(seed, "account"),
            "email_verified": True,
            "status": "active",
            "status_message": "",
            "team": {"uuid": chance.uuid(seed, "team"), "name": company.TEAM},
        }

    def _keys(self) -> None:
        for name in company.KEYS:
            secret = bytes.fromhex(chance.digest(self.world.seed, "key", name) * 2)
            kind = b"ssh-ed25519"
            blob = len(kind).to_bytes(4, "big") + kind + len(secret).to_bytes(4, "big") + secret
            id_ = self.world.next_id("keys")
            public = f"ssh-ed25519 {base64.b64encode(blob).decode()} {name}"
            self.world.keys.put(id_, Record(key_object(id_, name, public)))

    # --- droplets ----------------------------------------------------------------------------------------------------
    def _hire(self, post: company.Post) -> None:
        image_id = post.image if isinstance(post.image, int) else self.world.figures.slugs[post.image]
        droplet = self._droplet(
            post.name,
            region=post.region,
            size=post.made_as or post.size,
            image=self.world.figures.images[image_id],
            tags=[*post.tags],
            features=["droplet_agent", *post.features, "private_networking"],
            created=self.now - post.age_days * _DAY_S,
            off=post.off,
            host=post.host,
        )
        if post.weekly_backups:
            droplet = self._with_backups(droplet, post.weekly_backups)
        droplet = self._with_snapshots(droplet, post.snapshots)
        self.world.droplets.put(droplet["id"], droplet)
        for habit in post.habits:
            _HABITS[habit](self, droplet)
        if post.made_as:
            midnight = self.now - self.now % _DAY_S
            at = midnight - post.resized_days * _DAY_S + _RESIZED_HOUR * 3600
            self.resizes.append((droplet["id"], post.size, at, "nightly" in post.habits))

    def _hire_from_crowd(self, number: int) -> None:
        role, size, tags = company.CROWD[number % len(company.CROWD)]
        draw = chance.between(0, 1 << 30, self.world.seed, "crowd", number)
        droplet = self._droplet(
            f"{role}-{number}",
            region=company.CROWD_REGIONS[draw % len(company.CROWD_REGIONS)],
            size=size,
            image=self.world.figures.images[self.world.figures.slugs[company.CROWD_IMAGES[draw % 3]]],
            tags=[*tags],
            features=["droplet_agent", "monitoring", "private_networking"],
            # In the order of their ids, the last one some hours ago.
            created=self.now - _DAY_S * (0.5 + 29 * (self.number - number) / self.number),
            off=draw % 25 == 0,
            host=draw % _CROWD_HOSTS,
        )
        self.world.droplets.put(droplet["id"], droplet)

    def _droplet(  # noqa: PLR0913  # the facts of a droplet, all by keyword
        self,
        name: str,
        *,
        region: str,
        size: str,
        image: Shared,
        tags: list[str],
        features: list[str],
        created: float,
        off: bool,
        host: int,
    ) -> Record:
        world, figures = self.world, self.world.figures
        id_ = world.next_id("droplets")
        serial = world.count("serials")
        shown = objects.droplet_object(
            id_,
            name,
            region=figures.regions[region],
            size=figures.sizes[size],
            image=image,
            created_at=stamp(created),
            features=features,
            tags=tags,
            vpc_uuid=objects.default_vpc(world, region),
        )
        shown["status"] = "off" if off else "active"
        shown["networks"] = objects.networks(world, region, serial, public=True, ipv6="ipv6" in features)
        for tag in tags:
            world.tags.put(tag.lower(), Record({"name": tag}, {"last": f"droplets/{id_}"}))
        kept = {
            "power": "off" if off else "on",
            "serial": serial,
            "host": host,
            "used_gb": objects.used_gb(world, id_, image),
            "public": True,
        }
        droplet = Record(shown, kept)
        self._happened("create", droplet, created)
        return droplet

    def _with_backups(self, droplet: Record, number: int) -> Record:
        policy = {"plan": "weekly", "weekday": "SUN", "hour": 4}
        window = next_window(policy, self.now)
        ids = []
        last = unstamp(window["start"]) - 7 * _DAY_S
        for week in range(number - 1, -1, -1):
            at = last - week * 7 * _DAY_S
            ids.append(self._image(droplet, f"{droplet['name']} {stamp(at)[:10]}", "backup", at))
        self.world.schedule(unstamp(window["start"]), "droplet.window", droplet["id"], window["start"])
        return droplet.showing(backup_ids=ids, next_backup_window=window).keeping(backup_policy=policy)

    def _with_snapshots(self, droplet: Record, number: int) -> Record:
        ids = []
        for index in range(number, 0, -1):
            at = self.now - (index * 9 - 4.3) * _DAY_S
            ids.append(self._image(droplet, f"{droplet['name']}-before-{stamp(at)[:10]}", "snapshot", at))
        return droplet.showing(snapshot_ids=ids)

    def _image(self, droplet: Record, name: str, type_: str, at: float) -> int:
        id_ = self.world.next_id("images")
        self.world.images.put(id_, objects.image_of_droplet(droplet, id_, name, type_, stamp(at)))
        self._happened(type_, droplet, at)
        return id_

    def _resize(self, id_: int, size: str, at: float, asleep: bool) -> None:  # noqa: FBT001  # unpacked
        """Give a droplet another size, but no other disk: it is off meanwhile."""
        droplet = self.world.droplets[id_]
        if not asleep:
            self._happened("power_off", droplet, at)
            self._happened("power_on", droplet, at + 1500)
        self._happened("resize", droplet, at + 600)
        CHANGES["resize"].effect(self.world, self.past[-1][1], droplet, {"size": size, "disk": False})

    # --- history -----------------------------------------------------------------------------------------------------
    def _happened(self, type_: str, droplet: Record, at: float, *, status: str = "completed") -> None:
        used_gb = droplet.kept["used_gb"]
        draw = (self.world.seed, "past", type_, droplet["id"], len(self.past))
        duration_s = action_duration_s(type_, used_gb=used_gb, speed=self.world.speed, draw=draw)
        self.past.append((at, at + duration_s, type_, droplet, status))

    def _days(self, droplet: Record, *, step: int, hour: float) -> list[float]:
        """Give the times at an hour of every so many days of the history, as old as the droplet at most."""
        born = unstamp(droplet["created_at"])
        midnight = self.now - self.now % _DAY_S
        times = [midnight - day * _DAY_S + hour * 3600 for day in range(_HISTORY_DAYS, 0, -1) if day % step == 0]
        return [time for time in times if born + _DAY_S < time < self.now]

    def patched(self, droplet: Record) -> None:
        """Reboot every two weeks."""
        for at in self._days(droplet, step=14, hour=3.1):
            self._happened("reboot", droplet, at)

    def snapshots(self, droplet: Record) -> None:
        """Take a snapshot twice a week, most of which have been deleted since; some failed."""
        for index, at in enumerate(self._days(droplet, step=4, hour=1.5), start=1):
            failed = not index % _SNAPSHOT_FAILS_EVERY
            self._happened("snapshot", droplet, at, status="errored" if failed else "completed")

    def nightly(self, droplet: Record) -> None:
        """Shut down in the evening and power on in the morning; when it did not obey, power off."""
        if droplet.kept["power"] == "on":
            self.awake.append(droplet)
        for index, at in enumerate(self._days(droplet, step=1, hour=_MORNING_HOUR), start=1):
            failed = not index % _SHUTDOWN_FAILS_EVERY
            evening = at + 12 * 3600
            self._happened("power_on", droplet, at)
            self._happened("shutdown", droplet, evening, status="errored" if failed else "completed")
            if failed:
                self._happened("power_off", droplet, evening + 900)

    def _woken(self) -> float:
        """Give when what is on now was powered on last: this morning, or before that by somebody who works at night."""
        midnight = self.now - self.now % _DAY_S
        morning = midnight + _MORNING_HOUR * 3600
        return morning if morning + 3600 < self.now else midnight - 2 * 3600

    def grown(self, droplet: Record) -> None:
        """Be resized now and then: powered off, resized, powered on."""
        for at in self._days(droplet, step=10, hour=5.0):
            for minutes, type_ in ((0, "power_off"), (10, "resize"), (25, "power_on")):
                self._happened(type_, droplet, at + minutes * 60)

    def rebuilt(self, droplet: Record) -> None:
        """Be rebuilt every week, and power cycled when a build hangs."""
        for at in self._days(droplet, step=7, hour=9.2):
            self._happened("rebuild", droplet, at)
            self._happened("power_cycle", droplet, at + 30 * 3600)

    def _write_history(self) -> None:
        world = self.world
        records: dict[Any, Record] = {}
        past = [entry for entry in self.past if entry[1] < self.now]
        past.sort(key=lambda entry: entry[0])
        for start, end, type_, droplet, status in past:
            id_ = world.next_id("actions")
            shown = action_object(
                id_,
                type_,
                resource_type="droplet",
                resource_id=droplet["id"],
                region=droplet["region"],
                started=start,
                completed=end,
                status=status,
            )
            records[id_] = Record(shown)
        world.actions = world.state.collections["actions"] = Collection(records)


_HABITS = {
    "patched": _Planter.patched,
    "snapshots": _Planter.snapshots,
    "nightly": _Planter.nightly,
    "grown": _Planter.grown,
    "rebuilt": _Planter.rebuilt,
}
