"""What the clients of a fault run do: a table of operations, each with its claim, its call, and the look that tells whether it is so.

Everything follows from the seed, the client and the operation's number, as far as the account has the same things in it. What a
client makes has a name with its own number and the operation's. In a *duel* both clients act on the same droplet or use the same
name at the same moment, with requests that differ in one visible field.
"""

from __future__ import annotations

import base64
import random
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.faults.judge import Claim

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.faults.account import Account

REGIONS = ("nyc3", "sfo3", "fra1")
IMAGES = ("debian-12-x64", "ubuntu-24-04-x64")
SIZES = ("s-1vcpu-1gb", "s-1vcpu-2gb", "s-2vcpu-2gb", "s-2vcpu-4gb")
#: By client: whoever resizes or rebuilds what is shared asks for something that the other never asks for.
OWN_SIZES = (("s-1vcpu-2gb", "s-2vcpu-2gb"), ("s-2vcpu-4gb", "s-4vcpu-8gb"))
LIMITS_S = (None, None, None, 40.0, 90.0)
PRIVATE = 8
SHARED_DOMAIN = "shared.example"


@dataclass(slots=True)
class Task:
    """One operation, ready to be called.

    Parameters
    ----------
    claim : Claim
    call : callable
        Given what `prepare` returned.
    ids : callable
        Gives the ids in what the call returned.
    so : callable
        Told what the call returned (None before it): whether the account is as asked.
    droplets : tuple of int
        The private droplets that it acts upon.
    was_on : bool
        Whether they were on.
    look : callable
        Gives how the account is, for a person.
    rows : callable
        Gives what `Outcome.rows` is, of a table that the call returned.
    prepare : callable
        Reads what the call is made on; it is not part of the call, and neither is its time.
    """

    claim: Claim
    call: Callable[[Any], Any]
    ids: Callable[[Any], tuple[str, ...]] = lambda _: ()
    so: Callable[[Any], bool | None] = lambda _: None
    droplets: tuple[int, ...] = ()
    was_on: bool = False
    prepare: Callable[[], Any] = lambda: None
    look: Callable[[], str] = lambda: ""
    rows: Callable[[Any], dict[str, tuple[str, str]]] = lambda _: {}


@dataclass(slots=True)
class Pools:
    """What is there to act upon: ids, or pairs of id and name."""

    private: list[int] = field(default_factory=list)
    spare: list[int] = field(default_factory=list)
    things: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class Shared:
    """What both clients act upon."""

    on: int = 0
    off: int = 0


def the_id(result: Any) -> tuple[str, ...]:
    """Return the id of a resource, or of what stands under the only key of an answer."""
    if result is None:
        return ()
    if isinstance(result, list):
        return tuple(id_ for one in result for id_ in the_id(one))
    if isinstance(result, dict):
        rows = [value for key, value in result.items() if key not in {"links", "meta"} and isinstance(value, dict)]
        row = rows[0] if rows else result
    else:
        row = result.to_dict() if hasattr(result, "to_dict") else {}
    value = row.get("id", row.get("name"))
    return () if value is None else (str(value),)


class Player:
    """One client's side: its things, and what it does next.

    Parameters
    ----------
    me : int
        0, 1 ...
    client : Client
    account : Account
    shared : Shared
    seed : int
    do : callable, optional
        ``po.do``, where this client is also the one of ``%do``.
    """

    def __init__(  # what a side consists of
        self, me: int, client: Any, account: Account, shared: Shared, seed: int, do: Callable[..., Any] | None = None
    ) -> None:
        self.me = me
        self.client = client
        self.account = account
        self.shared = shared
        self.seed = seed
        self.do = do
        self.pools = Pools()
        #: Droplets that were on when something with a restart failed, and how many of them were found off much later.
        self.half_way: set[int] = set()
        self.left_off = 0
        self._made = 0

    # The account.
    def furnish(self) -> None:
        """Put up what this side begins with."""
        for _ in range(PRIVATE):
            self.more()
        for number in range(4):
            self.account.act(self.pools.private[number % PRIVATE], type="snapshot", name=f"c{self.me}-base-{number}")
        for row in self.account.read("/v2/images?private=true&per_page=200"):
            if row["name"].startswith(f"c{self.me}-base-"):
                self.keep("image", row["id"], row["name"])
        self.account.make("/v2/domains", name=f"c{self.me}.example")
        volume = self.account.make("/v2/volumes", name=f"c{self.me}-base", size_gigabytes=5, region="nyc3")
        self.keep("volume", volume["id"], volume["name"])
        key = self.account.make("/v2/account/keys", name=f"c{self.me}-base", public_key=self._public_key("base"))
        self.keep("key", key["id"], key["name"])

    def more(self) -> None:
        """Add a private droplet."""
        self._made += 1
        name = f"c{self.me}-own-{self._made}"
        id_ = self.account.droplet(name, size=SIZES[0], region="nyc3", image=IMAGES[0])
        self.pools.private.append(id_)
        self.pools.names[id_] = name

    def keep(self, kind: str, id_: Any, name: str) -> None:
        """Remember a thing that can be changed or deleted."""
        self.pools.things.setdefault(kind, []).append((str(id_), name))

    def retire(self, droplet_id: int) -> None:
        """Act no more upon a private droplet: something went wrong with it and may go on."""
        if droplet_id in self.pools.private:
            self.pools.private.remove(droplet_id)
            self.pools.spare.append(droplet_id)
            self.more()

    def tidy(self, most: int) -> None:
        """Take away the oldest droplets that nothing happens to any more, while there are too many."""
        while self.pools.spare and self.account.droplets() > most:
            droplet_id = self.pools.spare.pop(0)
            self.look(droplet_id)
            status, _ = self.account.ask("DELETE", f"/v2/droplets/{droplet_id}")
            if status == 422:  # busy
                self.pools.spare.append(droplet_id)
                break

    def look(self, droplet_id: int) -> None:
        """Count a droplet that was left off."""
        if droplet_id in self.half_way:
            self.half_way.remove(droplet_id)
            row = self.account.read(f"/v2/droplets/{droplet_id}")
            self.left_off += row is not None and row["status"] == "off" and not self.account.busy(droplet_id)

    # What comes next.
    def next(self, number: int) -> tuple[Task, bool]:
        """Return the operation of this number, and whether it is a duel."""
        both = random.Random(f"{self.seed}/{number}/duel")
        if both.random() < 0.12:
            duel = both.choice((self._twin, self._twin, self._shared_act, self._shared_act, self._twin_record))
            return duel(number, both), True
        rng = random.Random(f"{self.seed}/{self.me}/{number}/operation")
        verbs = [*_WEIGHTS]
        if self.do is None:
            verbs = [verb for verb in verbs if not verb.startswith("_do")]
        task = None
        while task is None:
            task = getattr(self, rng.choices(verbs, [_WEIGHTS[verb] for verb in verbs])[0])(number, rng)
        return task, False

    # Droplets.
    def _create(self, number: int, rng: random.Random) -> Task:
        fields: dict[str, Any] = {
            "size": rng.choice(SIZES[:2]),
            "region": rng.choice(REGIONS),
            "image": rng.choice(IMAGES),
        }
        if rng.random() < 0.4:
            fields["tags"] = [f"c{self.me}-{rng.choice('ab')}"]
        if rng.random() < 0.3:
            return self._creation([f"c{self.me}-{number}-{part}" for part in range(rng.randint(2, 3))], fields, rng)
        return self._creation([f"c{self.me}-{number}"], fields, rng)

    def _twin(self, number: int, both: random.Random) -> Task:
        """Both clients create a droplet of the same name, which differs in one field."""
        fields: dict[str, Any] = {"size": SIZES[0], "region": REGIONS[0], "image": IMAGES[0], "tags": ["twin"]}
        differs = both.choice([*fields])
        if self.me:
            other = {"size": SIZES[1], "region": REGIONS[1], "image": IMAGES[1], "tags": ["twin", f"c{self.me}"]}
            fields[differs] = other[differs]
        return self._creation([f"twin-{number}"], fields, both)

    def _creation(self, names: list[str], fields: dict[str, Any], rng: random.Random) -> Task:
        limit_s = rng.choice(LIMITS_S)
        body = {**fields, **({"name": names[0]} if len(names) == 1 else {"names": names})}
        claim = Claim(
            "droplets.create", "POST", "/v2/droplets", body, tuple(names), makes=True, limit_s=limit_s, acts=False
        )
        given = dict(fields, **({"name": names[0]} if len(names) == 1 else {"names": names}))

        def so(result: Any) -> bool | None:
            if result is None:
                return None
            ids = the_id(result)
            rows = [self.account.read(f"/v2/droplets/{id_}") for id_ in ids]
            return len(ids) == len(names) and all(
                row is not None and row["name"] in names and row["status"] == "active" for row in rows
            )

        return Task(claim, lambda _: self.client.droplets.create(**given, timeout_s=limit_s), the_id, so)

    def _delete_droplet(self, _number: int, rng: random.Random) -> Task | None:
        if len(self.pools.spare) < 2:
            return None
        droplet_id = self.pools.spare.pop(rng.randrange(len(self.pools.spare)))
        row = self.account.read(f"/v2/droplets/{droplet_id}")
        if row is None:
            return None
        path = f"/v2/droplets/{droplet_id}"
        claim = Claim("droplet.delete", "DELETE", path, names=(str(droplet_id), row["name"]), targets=(path,))

        def so(_result: Any) -> bool:
            if self.account.read(path) is None:
                return True
            actions = self.account.read(f"{path}/actions?per_page=5") or []
            return any(action["type"] == "destroy" for action in actions)

        return Task(claim, lambda _: self.client.droplets.delete(droplet_id), so=so)

    def _act(  # the facts of an action, all by name
        self,
        verb: str,
        droplet_id: int,
        call: Callable[[Any], Any],
        body: dict[str, Any],
        so: Callable[[dict[str, Any]], bool],
        *,
        steps: Sequence[str] = (),
        limit_s: float | None = None,
        private: bool = True,
    ) -> Task:
        path = f"/v2/droplets/{droplet_id}"
        before = self.account.read(path)
        claim = Claim(
            f"droplet.{verb}",
            "POST",
            f"{path}/actions",
            body,
            (str(droplet_id), before["name"]),
            acts=True,
            steps=tuple(steps),
            targets=(path,) if private else (),
            limit_s=limit_s,
        )

        def holds(result: Any) -> bool | None:
            row = self.account.read(path)
            if row is None:
                return None
            if result is not None and private:
                action = self.account.read(f"/v2/actions/{the_id(result)[0]}") if the_id(result) else None
                return action is not None and action["status"] == "completed" and so(row)
            # What is shared the other client changes too: only before the call does its state tell anything.
            return so(row) if result is None else None

        def look() -> str:
            row = self.account.read(path)
            kept = {} if row is None else {key: row[key] for key in ("name", "status", "size_slug", "features")}
            actions = self.account.read(f"{path}/actions?per_page=5") or []
            return f"{kept}, newest first: {', '.join(one['type'] + ' ' + one['status'] for one in actions)}"

        return Task(
            claim,
            call,
            the_id,
            holds,
            (droplet_id,) if private else (),
            before["status"] == "active",
            lambda: self.client.droplets.get(droplet_id),
            look,
        )

    def _any_private(self, rng: random.Random) -> tuple[int, dict[str, Any]]:
        droplet_id = rng.choice(self.pools.private)
        return droplet_id, self.account.read(f"/v2/droplets/{droplet_id}")

    def _power(self, _number: int, rng: random.Random) -> Task:
        droplet_id, row = self._any_private(rng)
        limit_s = rng.choice(LIMITS_S)
        verbs = ("power_off", "shutdown", "reboot", "power_cycle") if row["status"] == "active" else ("power_on",)
        verb = rng.choice(verbs)
        after = "off" if verb in {"power_off", "shutdown"} else "active"

        def so(now: dict[str, Any]) -> bool:
            return now["status"] == after

        def call(droplet: Any) -> Any:
            return getattr(droplet, verb)(timeout_s=limit_s)

        task = self._act(verb, droplet_id, call, {"type": verb}, so, limit_s=limit_s)
        if verb in {"reboot", "power_cycle"}:
            # It was active before, which says nothing of whether it was rebooted.
            holds = task.so
            task.so = lambda result: None if result is None else holds(result)
        return task

    def _rename(self, number: int, rng: random.Random) -> Task:
        droplet_id, _ = self._any_private(rng)
        name, limit_s = f"c{self.me}-named-{number}", rng.choice(LIMITS_S)
        return self._act(
            "rename",
            droplet_id,
            lambda droplet: droplet.rename(name, timeout_s=limit_s),
            {"type": "rename", "name": name},
            lambda row: bool(row["name"] == name),
            limit_s=limit_s,
        )

    def _snapshot(self, number: int, rng: random.Random) -> Task:
        droplet_id, row = self._any_private(rng)
        name, limit_s = f"c{self.me}-snapshot-{number}", rng.choice(LIMITS_S)
        restart = row["status"] == "active" and rng.random() < 0.4

        def so(now: dict[str, Any]) -> bool:
            taken = self.account.read(f"/v2/droplets/{droplet_id}/snapshots?per_page=200") or []
            return any(one["name"] == name for one in taken) and (not restart or now["status"] == "active")

        return self._act(
            "take_snapshot",
            droplet_id,
            lambda droplet: droplet.take_snapshot(name, restart=restart, timeout_s=limit_s),
            {"type": "snapshot", "name": name},
            so,
            steps=("shutdown", "power_off", "power_on") if restart else (),
            # Without the engine's own word a limit is each step's.
            limit_s=limit_s,
        )

    def _resize(self, _number: int, rng: random.Random) -> Task:
        droplet_id, row = self._any_private(rng)
        size = rng.choice([size for size in SIZES if size != row["size_slug"]])
        limit_s, was = rng.choice(LIMITS_S), "off" if row["status"] == "off" else "active"

        def call(droplet: Any) -> Any:
            return droplet.resize(size, restart=True, timeout_s=limit_s)

        return self._act(
            "resize",
            droplet_id,
            call,
            {"type": "resize", "size": size},
            lambda now: bool(now["size_slug"] == size and now["status"] == was),
            steps=("shutdown", "power_off", "power_on"),
            limit_s=limit_s,
        )

    def _rebuild(self, _number: int, rng: random.Random) -> Task:
        droplet_id, _ = self._any_private(rng)
        image, limit_s = rng.choice(IMAGES), rng.choice(LIMITS_S)
        task = self._act(
            "rebuild",
            droplet_id,
            lambda droplet: droplet.rebuild(image, timeout_s=limit_s),
            {"type": "rebuild", "image": image},
            lambda row: bool(row["image"]["slug"] == image),
            limit_s=limit_s,
        )
        holds = task.so
        task.so = lambda result: None if result is None else holds(result)
        return task

    def _backups(self, _number: int, rng: random.Random) -> Task:
        droplet_id, row = self._any_private(rng)
        verb = "disable_backups" if "backups" in row["features"] else "enable_backups"
        limit_s = rng.choice(LIMITS_S)
        return self._act(
            verb,
            droplet_id,
            lambda droplet: getattr(droplet, verb)(timeout_s=limit_s),
            {"type": verb},
            lambda now: ("backups" in now["features"]) == (verb == "enable_backups"),
            limit_s=limit_s,
        )

    def _restore(self, number: int, rng: random.Random) -> Task | None:
        rows = self.account.read("/v2/droplets?per_page=200")
        with_backups = [row for row in rows if row["backup_ids"] and row["id"] % 2 == self.me % 2]
        if not with_backups:
            return None
        row = rng.choice(with_backups)
        image = rng.choice(row["backup_ids"])
        task = self._act(
            "restore",
            row["id"],
            lambda droplet: droplet.restore(image),
            {"type": "restore", "image": image},
            lambda _: True,
        )
        task.so = lambda result: None
        return task

    def _shared_act(self, number: int, both: random.Random) -> Task:
        """Both clients do the same kind of thing to the same droplet, and ask for something different."""
        verb = both.choice(("rename", "snapshot", "resize", "rebuild"))
        droplet_id = self.shared.off if verb == "resize" else self.shared.on
        row = self.account.read(f"/v2/droplets/{droplet_id}")
        name = f"shared-{number}-c{self.me}"
        if verb == "rename":
            parts = {"type": "rename", "name": name}, lambda one: one.rename(name), lambda now: now["name"] == name
        elif verb == "snapshot":
            parts = {"type": "snapshot", "name": name}, lambda one: one.take_snapshot(name), lambda _: False
        elif verb == "resize":
            sizes = OWN_SIZES[self.me % 2]
            size = next(size for size in sizes if size != row["size_slug"])
            parts = {"type": "resize", "size": size}, lambda one: one.resize(size), lambda now: now["size_slug"] == size
        else:
            image = IMAGES[self.me % 2]
            parts = {"type": "rebuild", "image": image}, lambda one: one.rebuild(image), lambda _: False
        body, call, so = parts
        return self._act(f"{verb} (shared)", droplet_id, call, body, so, private=False)

    # Keys, tags, domains.
    def _create_key(self, number: int, _rng: random.Random) -> Task:
        name, public = f"c{self.me}-key-{number}", self._public_key(number)
        claim = Claim("keys.create", "POST", "/v2/account/keys", {"name": name}, (name,), makes=True)
        return Task(
            claim, lambda _: self.client.keys.create(name, public), the_id, self._reads("/v2/account/keys/{}", name)
        )

    def _update_key(self, number: int, rng: random.Random) -> Task | None:
        return self._renaming("key", "/v2/account/keys", "keys.update", number, rng, self.client.keys.update)

    def _delete_key(self, _number: int, rng: random.Random) -> Task | None:
        return self._deleting(
            "key", "/v2/account/keys", "keys.delete", rng, lambda id_: self.client.keys.delete(int(id_))
        )

    def _create_tag(self, number: int, _rng: random.Random) -> Task:
        name = f"c{self.me}-tag-{number}"
        claim = Claim("tags.create", "POST", "/v2/tags", {"name": name}, (name,), makes=True)
        return Task(claim, lambda _: self.client.tags.create(name), the_id, self._reads("/v2/tags/{}", name))

    def _delete_tag(self, _number: int, rng: random.Random) -> Task | None:
        return self._deleting("tag", "/v2/tags", "tags.delete", rng, self.client.tags.delete)

    def _tag_droplet(self, _number: int, rng: random.Random) -> Task | None:
        known = self.pools.things.get("tag")
        if not known:
            return None
        tag = rng.choice(known)[1]
        droplet_id, row = self._any_private(rng)
        resources = [{"resource_id": str(droplet_id), "resource_type": "droplet"}]
        claim = Claim(
            "tags_assign_resources",
            "POST",
            f"/v2/tags/{tag}/resources",
            {"resources": resources},
            (tag, str(droplet_id), row["name"]),
            blind=True,
        )

        def so(_result: Any) -> bool | None:
            now = self.account.read(f"/v2/droplets/{droplet_id}")
            return None if now is None else tag in now["tags"]

        return Task(claim, lambda _: self.client.call("tags_assign_resources", tag_id=tag, resources=resources), so=so)

    def _create_domain(self, number: int, _rng: random.Random) -> Task:
        name = f"c{self.me}-{number}.example"
        claim = Claim("domains.create", "POST", "/v2/domains", {"name": name}, (name,), makes=True)
        return Task(claim, lambda _: self.client.domains.create(name), the_id, self._reads("/v2/domains/{}", name))

    def _delete_domain(self, _number: int, rng: random.Random) -> Task | None:
        return self._deleting("domain", "/v2/domains", "domains.delete", rng, self.client.domains.delete)

    def _create_record(self, number: int, _rng: random.Random) -> Task:
        return self._record(f"c{self.me}.example", f"www-{number}", f"192.0.2.{number % 250 + 1}")

    def _twin_record(self, number: int, _both: random.Random) -> Task:
        """Both clients add a record of the same name to the same domain, with other data."""
        return self._record(SHARED_DOMAIN, f"twin-{number}", f"198.51.100.{self.me + 1}")

    def _record(self, domain: str, name: str, data: str) -> Task:
        path = f"/v2/domains/{domain}/records"
        claim = Claim(
            "records.create", "POST", re.escape(path), {"type": "A", "name": name, "data": data}, (name,), makes=True
        )

        def so(result: Any) -> bool | None:
            row = self.account.read(f"{path}/{the_id(result)[0]}") if the_id(result) else None
            return None if result is None else row is not None and row["data"] == data

        return Task(claim, lambda _: self.client.domains.records(domain).create("A", name, data), the_id, so)

    def _update_record(self, number: int, rng: random.Random) -> Task | None:
        known = self.pools.things.get("record")
        if not known:
            return None
        id_, name = rng.choice(known)
        domain, data = f"c{self.me}.example", f"203.0.113.{number % 250 + 1}"
        path = f"/v2/domains/{domain}/records/{id_}"
        claim = Claim("records.update", "PATCH", re.escape(path), {"data": data}, (id_, name))

        def so(_result: Any) -> bool | None:
            row = self.account.read(path)
            return None if row is None else bool(row["data"] == data)

        return Task(claim, lambda _: self.client.domains.records(domain).update(int(id_), data=data), so=so)

    def _delete_record(self, _number: int, rng: random.Random) -> Task | None:
        domain = f"c{self.me}.example"
        records = self.client.domains.records(domain)
        path = f"/v2/domains/{domain}/records"
        return self._deleting("record", path, "records.delete", rng, lambda id_: records.delete(int(id_)))

    # Images.
    def _update_image(self, number: int, rng: random.Random) -> Task | None:
        def update(id_: int, name: str) -> Any:
            return self.client.images.update(id_, name=name)

        return self._renaming("image", "/v2/images", "images.update", number, rng, update)

    def _transfer(self, _number: int, rng: random.Random) -> Task | None:
        known = self.pools.things.get("image")
        if not known:
            return None
        id_, _ = rng.choice(known)
        row = self.account.read(f"/v2/images/{id_}")
        there = [] if row is None else [region for region in (*REGIONS, "ams3", "lon1") if region not in row["regions"]]
        if not there:
            return None
        region, limit_s = there[0], rng.choice(LIMITS_S)
        path = f"/v2/images/{id_}"
        claim = Claim(
            "image.transfer",
            "POST",
            f"{path}/actions",
            {"type": "transfer", "region": region},
            (id_, row["name"]),
            acts=True,
            limit_s=limit_s,
        )

        def so(_result: Any) -> bool | None:
            now = self.account.read(path)
            return None if now is None else region in now["regions"]

        def call(image: Any) -> Any:
            return image.transfer(region, timeout_s=limit_s)

        return Task(claim, call, the_id, so, prepare=lambda: self.client.images.get(int(id_)))

    def _delete_image(self, _number: int, rng: random.Random) -> Task | None:
        if len(self.pools.things.get("image", ())) < 3:
            return None
        if rng.random() < 0.5:
            return self._deleting("image", "/v2/snapshots", "snapshots.delete", rng, self.client.snapshots.delete)
        return self._deleting(
            "image", "/v2/images", "images.delete", rng, lambda id_: self.client.images.delete(int(id_))
        )

    # Anything else, by its operationId.
    def _create_other(self, number: int, rng: random.Random) -> Task:
        kind = rng.choice([*OTHERS])
        other = OTHERS[kind]
        name = f"c{self.me}-{kind}-{number}"
        body = {"name": name, **other.body}
        claim = Claim(other.create, "POST", other.path, {"name": name}, (name,), makes=True)
        so = self._reads(f"{other.path}/{{}}", name)
        return Task(claim, lambda _: self.client.call(other.create, **body), the_id, so)

    def _update_other(self, number: int, rng: random.Random) -> Task | None:
        kind = rng.choice([kind for kind in OTHERS if OTHERS[kind].update])
        other = OTHERS[kind]

        def update(id_: str, name: str) -> Any:
            body = {"name": name, **(other.body if other.method == "PUT" else {})}
            return self.client.call(other.update, path={other.key: id_}, body=body)

        return self._renaming(kind, other.path, other.update, number, rng, update, method=other.method)

    def _delete_other(self, _number: int, rng: random.Random) -> Task | None:
        kind = rng.choice([kind for kind in OTHERS if OTHERS[kind].delete])
        other = OTHERS[kind]
        return self._deleting(
            kind, other.path, other.delete, rng, lambda id_: self.client.call(other.delete, path={other.key: id_})
        )

    def _resize_volume(self, _number: int, rng: random.Random) -> Task | None:
        known = self.pools.things.get("volume")
        if not known:
            return None
        id_, name = rng.choice(known)
        row = self.account.read(f"/v2/volumes/{id_}")
        if row is None:
            return None
        body = {"type": "resize", "size_gigabytes": row["size_gigabytes"] + 1, "region": "nyc3"}
        path = f"/v2/volumes/{id_}/actions"
        claim = Claim("volumeActions_post_byId", "POST", path, body, (id_, name), acts=True)
        return Task(
            claim, lambda _: self.client.call("volumeActions_post_byId", path={"volume_id": id_}, body=body), the_id
        )

    # Reading.
    def _read(self, _number: int, rng: random.Random) -> Task:
        own = self.pools.private
        droplet_id = rng.choice(own)
        name = self.account.read(f"/v2/droplets/{droplet_id}")["name"]
        client = self.client
        calls: dict[str, tuple[Callable[[], Any], Callable[[Any], bool]]] = {
            "droplets.list": (client.droplets.list, lambda all_: {*own} <= {one.id for one in all_}),
            "droplets.get": (lambda: client.droplets.get(droplet_id), lambda one: one.id == droplet_id),
            "droplets.by_name": (lambda: client.droplets.by_name(name), lambda one: one.id == droplet_id),
            "images.list": (lambda: client.images.list(private=True), lambda all_: len(all_) > 0),
            "keys.list": (client.keys.list, lambda all_: len(all_) > 0),
            "actions.list": (lambda: client.droplets.actions(droplet_id), lambda all_: len(all_) > 0),
            "volumes_list": (lambda: client.call("volumes_list"), lambda all_: len(all_) > 0),
        }
        verb = rng.choice([*calls])
        call, good = calls[verb]
        return Task(Claim(verb), lambda _: call(), so=lambda result: None if result is None else good(result))

    # The same as a command.
    def _do_create(self, number: int, rng: random.Random) -> Task:
        name, size, region, image = f"c{self.me}-do-{number}", SIZES[0], rng.choice(REGIONS), rng.choice(IMAGES)
        body = {"name": name, "size": size, "region": region, "image": image}
        claim = Claim("%do droplets create", "POST", "/v2/droplets", body, (name,), makes=True)
        line = f"droplets create {name} --size {size} --region {region} --image {image} --yes"
        return Task(claim, lambda _: self._done(line), _ids_of_frame)

    def _do_power(self, _number: int, rng: random.Random) -> Task:
        droplet_id, row = self._any_private(rng)
        verb = "power_off" if row["status"] == "active" else "power_on"
        line = f"droplets {verb.replace('_', '-')} {droplet_id} --yes"
        return self._do_act(verb, droplet_id, row, line, {"type": verb}, lambda now: now["status"] != row["status"])

    def _do_rename(self, number: int, rng: random.Random) -> Task:
        droplet_id, row = self._any_private(rng)
        name = f"c{self.me}-do-named-{number}"
        line = f"droplets rename {droplet_id} {name} --yes"
        body = {"type": "rename", "name": name}
        return self._do_act("rename", droplet_id, row, line, body, lambda now: now["name"] == name)

    def _do_act(  # the facts of a command, each by place
        self,
        verb: str,
        droplet_id: int,
        row: dict[str, Any],
        line: str,
        body: dict[str, Any],
        so: Callable[[dict[str, Any]], bool],
    ) -> Task:
        path = f"/v2/droplets/{droplet_id}"
        names = (str(droplet_id), row["name"])
        claim = Claim(f"%do droplets {verb}", "POST", f"{path}/actions", body, names, targets=(path,))

        def holds(_result: Any) -> bool | None:
            now = self.account.read(path)
            return None if now is None else so(now)

        return Task(claim, lambda _: self._done(line), so=holds, droplets=(droplet_id,))

    def _do_many(self, _number: int, rng: random.Random) -> Task | None:
        """One command for several droplets."""
        rows = [self.account.read(f"/v2/droplets/{id_}") for id_ in self.pools.private]
        on = [row for row in rows if row["status"] == "active"]
        if len(on) < 3:
            return None
        chosen = rng.sample(on, rng.randint(2, 3))
        verb = rng.choice(("power-off", "reboot", "resize"))
        size = next(size for size in SIZES if all(row["size_slug"] != size for row in chosen))
        body = {"type": verb.replace("-", "_"), **({"size": size} if verb == "resize" else {})}
        each = {f"/v2/droplets/{row['id']}": (str(row["id"]), row["name"]) for row in chosen}
        ids = "|".join(str(row["id"]) for row in chosen)
        limit_s = rng.choice(LIMITS_S)
        claim = Claim(
            f"%do droplets {verb} (many)",
            "POST",
            f"/v2/droplets/(?:{ids})/actions",
            body,
            steps=("shutdown", "power_off", "power_on") if verb == "resize" else (),
            targets=tuple(each),
            each=each,
            limit_s=limit_s,
        )
        line = f"droplets {verb} {ids.replace('|', ' ')} --yes"
        line += f" --size {size} --restart" if verb == "resize" else ""
        line += "" if limit_s is None else f" --timeout {limit_s:g}"

        def so(result: Any) -> bool | None:
            now = [self.account.read(path) for path in each]
            if result is None or any(row is None for row in now):
                return None
            if verb == "resize":
                return all(row["size_slug"] == size and row["status"] == "active" for row in now)
            return all((row["status"] == "off") == (verb == "power-off") for row in now)

        droplets = tuple(row["id"] for row in chosen)
        return Task(claim, lambda _: self._done(line), so=so, droplets=droplets, was_on=verb == "resize", rows=rows_of)

    def _done(self, line: str) -> Any:
        assert self.do is not None
        return self.do(line)

    # Shapes that several have.
    def _reads(self, path: str, name: str) -> Callable[[Any], bool | None]:
        def so(result: Any) -> bool | None:
            if not the_id(result):
                return None
            row = self.account.read(path.format(the_id(result)[0]))
            return row is not None and row["name"] == name

        return so

    def _renaming(  # the facts of a new name, each by place
        self,
        kind: str,
        path: str,
        verb: str,
        number: int,
        rng: random.Random,
        update: Callable[[Any, str], Any],
        *,
        method: str = "PUT",
    ) -> Task | None:
        known = self.pools.things.get(kind)
        if not known:
            return None
        index = rng.randrange(len(known))
        id_, before = known[index]
        name = f"c{self.me}-{kind}-named-{number}"
        known[index] = (id_, name)
        claim = Claim(verb, method, f"{path}/{id_}", {"name": name}, (id_, name, before))

        def so(_result: Any) -> bool | None:
            row = self.account.read(f"{path}/{id_}")
            return None if row is None else bool(row["name"] == name)

        return Task(claim, lambda _: update(int(id_) if id_.isdecimal() else id_, name), so=so)

    def _deleting(
        self, kind: str, path: str, verb: str, rng: random.Random, delete: Callable[[str], Any]
    ) -> Task | None:
        known = self.pools.things.get(kind)
        if not known:
            return None
        id_, name = known.pop(rng.randrange(len(known)))
        claim = Claim(verb, "DELETE", re.escape(f"{path}/{id_}"), names=(id_, name))
        return Task(claim, lambda _: delete(id_), so=lambda _: self.account.read(f"{path}/{id_}") is None)

    def _public_key(self, number: object) -> str:
        kind = b"ssh-ed25519"
        secret = random.Random(f"{self.seed}/{self.me}/{number}/key").randbytes(32)
        blob = len(kind).to_bytes(4, "big") + kind + len(secret).to_bytes(4, "big") + secret
        return f"ssh-ed25519 {base64.b64encode(blob).decode()} c{self.me}"


def rows_of(frame: Any) -> dict[str, tuple[str, str]]:
    """Return what a table of an acting command says of each thing: its status, and the rest beside its id and name."""
    if frame is None or not {"id", "status"} <= {*getattr(frame, "columns", ())}:
        return {}
    return {
        str(row["id"]): (str(row["status"]), " ".join(str(row[name]) for name in row if name not in {"id", "name"}))
        for row in frame.to_dict("records")
    }


def _ids_of_frame(frame: Any) -> tuple[str, ...]:
    return () if frame is None else tuple(str(id_) for id_ in frame["id"])


@dataclass(frozen=True, slots=True)
class Other:
    """A kind of thing that is reached by operationId."""

    path: str
    create: str
    body: dict[str, Any]
    delete: str = ""
    update: str = ""
    method: str = "PUT"
    key: str = ""


_RULES = [{"protocol": "tcp", "ports": "22", "sources": {"addresses": ["192.0.2.0/24"]}}]
_FORWARDING = [{"entry_protocol": "http", "entry_port": 80, "target_protocol": "http", "target_port": 80}]
OTHERS = {
    "volume": Other(
        "/v2/volumes", "volumes_create", {"size_gigabytes": 3, "region": "nyc3"}, "volumes_delete", key="volume_id"
    ),
    "firewall": Other(
        "/v2/firewalls",
        "firewalls_create",
        {"inbound_rules": _RULES},
        "firewalls_delete",
        "firewalls_update",
        key="firewall_id",
    ),
    "balancer": Other(
        "/v2/load_balancers",
        "loadBalancers_create",
        {"region": "nyc3", "forwarding_rules": _FORWARDING},
        "loadBalancers_delete",
        key="lb_id",
    ),
    "vpc": Other(
        "/v2/vpcs", "vpcs_create", {"region": "fra1"}, "vpcs_delete", "vpcs_patch", method="PATCH", key="vpc_id"
    ),
    "check": Other(
        "/v2/uptime/checks",
        "uptime_create_check",
        {"type": "https", "target": "https://www.tidepool.example", "regions": ["us_east"], "enabled": True},
        "uptime_delete_check",
        "uptime_update_check",
        key="check_id",
    ),
    "project": Other(
        "/v2/projects",
        "projects_create",
        {"purpose": "Service or API"},
        "projects_delete",
        "projects_patch",
        method="PATCH",
        key="project_id",
    ),
}

#: How often each operation comes.
_WEIGHTS = {
    "_create": 12,
    "_delete_droplet": 8,
    "_power": 12,
    "_rename": 4,
    "_snapshot": 6,
    "_resize": 7,
    "_rebuild": 3,
    "_backups": 4,
    "_restore": 1,
    "_create_key": 4,
    "_update_key": 2,
    "_delete_key": 3,
    "_create_tag": 3,
    "_delete_tag": 2,
    "_tag_droplet": 3,
    "_create_domain": 3,
    "_delete_domain": 2,
    "_create_record": 5,
    "_update_record": 3,
    "_delete_record": 3,
    "_update_image": 2,
    "_transfer": 3,
    "_delete_image": 2,
    "_create_other": 10,
    "_update_other": 6,
    "_delete_other": 6,
    "_resize_volume": 3,
    "_read": 10,
    "_do_create": 2,
    "_do_power": 3,
    "_do_rename": 2,
    "_do_many": 6,
}

#: Which pool an accepted creation belongs to, by its path.
POOL_OF = {
    "/v2/account/keys": "key",
    "/v2/tags": "tag",
    "/v2/domains": "domain",
    **{other.path: kind for kind, other in OTHERS.items()},
}
