"""What is done to things that have no noun: by operationId."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.faults.judge import Claim
from tests.faults.side import Side, Task, the_id

if TYPE_CHECKING:
    import random


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


class OtherOperations(Side):
    """Volumes, firewalls, load balancers, networks, checks and projects."""

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
