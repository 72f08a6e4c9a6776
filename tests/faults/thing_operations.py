"""What is done to keys, tags, domains, records and images, and what is only read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.faults.judge import Claim
from tests.faults.side import LIMITS_S, REGIONS, SHARED_DOMAIN, Side, Task, the_id

if TYPE_CHECKING:
    import random
    from collections.abc import Callable


class ThingOperations(Side):
    """Everything with a noun of its own, but droplets."""

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
