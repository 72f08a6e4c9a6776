"""What is done by commands: `po.do`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.faults.judge import Claim
from tests.faults.side import IMAGES, LIMITS_S, REGIONS, SIZES, Side, Task

if TYPE_CHECKING:
    import random
    from collections.abc import Callable


class CommandOperations(Side):
    """Creates and actions as a person types them, on one droplet and on several."""

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
