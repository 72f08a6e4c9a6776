"""What is done to droplets, by the verbs of Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.faults.judge import Claim
from tests.faults.side import IMAGES, LIMITS_S, OWN_SIZES, REGIONS, SIZES, Side, Task, the_id

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence


class DropletOperations(Side):
    """Creates, deletes, actions, and duels over them."""

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
