"""The company's networks, firewalls, load balancer and projects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import objects
from poseidon_nb.sandbox.services import load_balancer_settings
from poseidon_nb.sandbox.services.firewalls import make_firewall
from poseidon_nb.sandbox.services.load_balancers import become_active, make_load_balancer
from poseidon_nb.sandbox.services.projects import make_project
from poseidon_nb.sandbox.services.vpcs import ensure_default
from poseidon_nb.sandbox.timestamps import stamp, unstamp

if TYPE_CHECKING:
    from poseidon_nb.sandbox.world import World

_DAY_S = 86_400.0
_AGE_DAYS, _BALANCER_DAYS, _FIREWALL_DAYS, _STAGING_DAYS = 212, 150, 205, 95
_ANYWHERE = {"addresses": ["0.0.0.0/0", "::/0"]}
#: Where the company's people work; an address that is never routed (RFC 5737).
_OFFICE = {"addresses": ["203.0.113.0/24"]}
_OUT = [{"protocol": protocol, "ports": "0", "destinations": _ANYWHERE} for protocol in ("tcp", "udp", "icmp")]
_WEB, _STAGING = "web", "env:staging"
_BALANCED = "nyc3"


def plant(world: World, now: float) -> None:
    """Give every account its project, and one with droplets its networks and what is in them."""
    project = make_project(
        world,
        now - _AGE_DAYS * _DAY_S,
        {
            "name": "tidepool-maps",
            "description": "Tide maps for everybody",
            "purpose": "Web Application",
            "environment": "Production",
        },
        default=True,
    )
    droplets = world.droplets.listed()
    if not droplets:
        return
    # The first of a region is its oldest, for they are listed as they were made.
    oldest = {droplet["region"]["slug"]: droplet for droplet in reversed(droplets)}
    for region, droplet in sorted(oldest.items(), key=lambda item: item[1]["id"]):
        ensure_default(world, region, unstamp(droplet["created_at"]) - 60)
    _balance(world, now, project["id"])
    _protect(world, now)
    _stage(world, now)


def _balance(world: World, now: float, project_id: str) -> None:
    """Put a load balancer before the web servers of one region."""
    if not any(
        _WEB in droplet["tags"] and droplet["region"]["slug"] == _BALANCED for droplet in world.droplets.listed()
    ):
        return
    rules = [
        {"entry_protocol": "http", "entry_port": 80, "target_protocol": "http", "target_port": 80},
        {
            "entry_protocol": "https",
            "entry_port": 443,
            "target_protocol": "https",
            "target_port": 443,
            "tls_passthrough": True,
        },
    ]
    asked = {"forwarding_rules": rules, "health_check": {"path": "/health"}}
    fields: dict[str, Any] = {
        "name": "web-nyc3",
        **load_balancer_settings.read_settings(world, asked, _BALANCED),
        **{name: words[0] for name, words in load_balancer_settings.LASTING.items()},
        "region": world.figures.regions[_BALANCED],
        "vpc_uuid": objects.default_vpc(world, _BALANCED),
        "tag": _WEB,
        "droplet_ids": [],
        "project_id": project_id,
    }
    at = now - _BALANCER_DAYS * _DAY_S
    become_active(world, at, make_load_balancer(world, at, fields)["id"])


def _protect(world: World, now: float) -> None:
    """Open the web servers to the world, and the databases to those that need them."""
    at = now - _FIREWALL_DAYS * _DAY_S
    if _WEB in world.tags:
        opened = [_rule("80", _ANYWHERE), _rule("443", _ANYWHERE), _rule("22", _OFFICE)]
        make_firewall(world, at, name="web", droplet_ids=[], tags=[_WEB], inbound_rules=opened, outbound_rules=_OUT)
    if "db" in world.tags:
        users = {"tags": [tag for tag in (_WEB, "worker") if tag in world.tags]}
        opened = [_rule("5432", users), _rule("22", _OFFICE)]
        make_firewall(world, at, name="db", droplet_ids=[], tags=["db"], inbound_rules=opened, outbound_rules=_OUT)


def _rule(ports: str, sources: dict[str, list[str]]) -> dict[str, Any]:
    return {"protocol": "tcp", "ports": ports, "sources": sources}


def _stage(world: World, now: float) -> None:
    """Give what is for staging a project of its own."""
    urns = [
        f"do:{word}:{record['id']}"
        for word, collection in (("droplet", world.droplets), ("volume", world.volumes))
        for record in collection.listed()
        if _STAGING in record["tags"]
    ]
    if not urns:
        return
    staging = make_project(
        world,
        now - _STAGING_DAYS * _DAY_S,
        {
            "name": "staging",
            "description": "What is tried before it goes out",
            "purpose": "Operational / Developer tooling",
            "environment": "Staging",
        },
    )
    assigned_at = stamp(now - _STAGING_DAYS * _DAY_S)
    resources = dict.fromkeys(urns, assigned_at)
    world.projects.put(staging["id"], staging.keeping(resources=resources))
