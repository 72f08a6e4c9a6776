"""The company's resources besides its droplets.

Each function looks for the droplets that it needs by name, and does without those that a small account lacks. Without
droplets the account has only what every account has. Invoices and metrics need no seed: they follow from the resources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import objects, rng
from poseidon_nb.sandbox.seeds import company
from poseidon_nb.sandbox.seeds.services import add_services
from poseidon_nb.sandbox.services import load_balancer_settings as settings
from poseidon_nb.sandbox.services.cdn import DEFAULT_TTL_S, endpoint_object
from poseidon_nb.sandbox.services.certificates import LETS_ENCRYPT_LIFETIME_S, certificate_object
from poseidon_nb.sandbox.services.domains import add_domain, add_record
from poseidon_nb.sandbox.services.firewalls import add_firewall
from poseidon_nb.sandbox.services.images import custom_image_object, with_imported_file
from poseidon_nb.sandbox.services.load_balancers import activate, add_load_balancer
from poseidon_nb.sandbox.services.monitoring import add_policy
from poseidon_nb.sandbox.services.projects import add_project
from poseidon_nb.sandbox.services.reserved_ips import add_reserved_ip
from poseidon_nb.sandbox.services.snapshots import add_volume_snapshot
from poseidon_nb.sandbox.services.tags import ensure_tags
from poseidon_nb.sandbox.services.uptime import alert_object, check_object
from poseidon_nb.sandbox.services.volumes import attach_volume, volume_object
from poseidon_nb.sandbox.services.vpcs import ensure_default_vpc
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import DAY_S, format_time, parse_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.world import World

#: The droplet, the size of its volume in GiB, and how many days ago each snapshot of the volume was taken.
_DATA_VOLUMES = (("db-1", 200, (21, 7)), ("db-2", 100, (7,)), ("staging-db", 25, (30,)))
#: A volume whose droplet was deleted.
_UNUSED_VOLUME = ("old-uploads", 50, "nyc3", 140)
_DROPLET_WITH_IP = "web-1"
_PROJECT_AGE_DAYS, _LOAD_BALANCER_AGE_DAYS, _FIREWALL_AGE_DAYS, _STAGING_AGE_DAYS = 212, 150, 205, 95
_ANYWHERE = {"addresses": ["0.0.0.0/0", "::/0"]}
#: The company's office; an address that is never routed (RFC 5737).
_OFFICE = {"addresses": ["203.0.113.0/24"]}
_OUTBOUND_RULES = [
    {"protocol": protocol, "ports": "0", "destinations": _ANYWHERE} for protocol in ("tcp", "udp", "icmp")
]
_WEB, _STAGING = "web", "env:staging"
_LOAD_BALANCER_REGION = "nyc3"
_IMAGE_AGE_DAYS = 33.6
_ADDRESS_AGE_DAYS = 71.2
DOMAIN = company.OWNER.partition("@")[2]
#: The name of each address record, its TTL in seconds, and the droplets that it points to.
_ADDRESSES = (
    ("@", 1800, ("web-1", "web-2")),
    ("eu", 1800, ("web-3",)),
    ("staging", 300, ("staging-web",)),
    ("db", 1800, ("db-1",)),
    ("status", 1800, ("monitor-1",)),
)
_OTHER_RECORDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("CNAME", {"name": "www", "data": "@"}),
    ("CNAME", {"name": "assets", "data": "tidepool-assets.nyc3.cdn.digitaloceanspaces.com."}),
    ("MX", {"name": "@", "data": "mx1.mail.example.", "priority": 10, "ttl": 14_400}),
    ("MX", {"name": "@", "data": "mx2.mail.example.", "priority": 20, "ttl": 14_400}),
    ("TXT", {"name": "@", "data": "v=spf1 include:mail.example -all", "ttl": 3600}),
    ("TXT", {"name": "_dmarc", "data": f"v=DMARC1; p=quarantine; rua=mailto:dmarc@{DOMAIN}", "ttl": 3600}),
    ("CAA", {"name": "@", "data": "letsencrypt.org.", "flags": 0, "tag": "issue"}),
    ("CAA", {"name": "@", "data": f"mailto:{company.OWNER}", "flags": 0, "tag": "iodef"}),
    ("SRV", {"name": "_xmpp-client._tcp", "data": "chat.mail.example.", "priority": 5, "port": 5222, "weight": 0}),
)


def add_storage(world: World, now: float) -> None:
    """Add the databases' volumes, the first web server's reserved IP, and one unused volume and address."""
    droplets = {droplet["name"]: droplet for droplet in world.droplets.all()}
    if not droplets:
        return
    for name, size, snapshot_days in _DATA_VOLUMES:
        droplet = droplets.get(name)
        if droplet is not None:
            tags = [tag for tag in droplet["tags"] if tag.startswith("env:")]
            created = parse_time(droplet["created_at"]) + 600
            volume = _add_volume(world, f"{name}-data", size, droplet["region"]["slug"], created, ["db", *tags])
            attach_volume(world, volume["id"], droplet["id"])
            for days in snapshot_days:
                at = now - days * DAY_S
                add_volume_snapshot(world, volume, f"{name}-data-{format_time(at)[:10]}", at, tags)
    name, size, region, days = _UNUSED_VOLUME
    _add_volume(world, name, size, region, now - days * DAY_S, [])
    project = objects.default_project_id(world)
    web = droplets.get(_DROPLET_WITH_IP)
    if web is not None:
        add_reserved_ip(world, web["region"], project, web["id"])
    add_reserved_ip(world, world.reference_data.regions[region], project)


def _add_volume(world: World, name: str, size: int, region: str, at: float, tags: list[str]) -> StoredObject:
    id_ = rng.uuid(world.seed, "volume", world.next_number("volumes"))
    volume = StoredObject(
        volume_object(
            id_,
            name,
            region=world.reference_data.regions[region],
            size_gigabytes=size,
            created_at=format_time(at),
            filesystem_type="ext4",
            filesystem_label=name.replace("-", "_")[:16],
            tags=ensure_tags(world, tags, "volume", id_),
        ),
        {"written": True},
    )
    world.volumes.put(id_, volume)
    return volume


def add_network(world: World, now: float) -> None:
    """Add the default project and, for an account with droplets, its VPCs, load balancer, firewalls and staging project."""
    project = add_project(
        world,
        now - _PROJECT_AGE_DAYS * DAY_S,
        {
            "name": "tidepool-maps",
            "description": "Tide maps for everybody",
            "purpose": "Web Application",
            "environment": "Production",
        },
        default=True,
    )
    droplets = world.droplets.all()
    if not droplets:
        return
    # Droplets are listed in order of creation, so the first one of a region is its oldest.
    oldest = {droplet["region"]["slug"]: droplet for droplet in reversed(droplets)}
    for region, droplet in sorted(oldest.items(), key=lambda item: item[1]["id"]):
        ensure_default_vpc(world, region, parse_time(droplet["created_at"]) - 60)
    _add_load_balancer(world, now, project["id"])
    _add_firewalls(world, now)
    _add_staging_project(world, now)


def _add_load_balancer(world: World, now: float, project_id: str) -> None:
    """Add a load balancer for the web servers of one region."""
    if not any(
        _WEB in droplet["tags"] and droplet["region"]["slug"] == _LOAD_BALANCER_REGION
        for droplet in world.droplets.all()
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
    body = {"forwarding_rules": rules, "health_check": {"path": "/health"}}
    fields: dict[str, Any] = {
        "name": "web-nyc3",
        **settings.read_settings(world, body, _LOAD_BALANCER_REGION),
        **{name: words[0] for name, words in settings.IMMUTABLE_FIELDS.items()},
        "region": world.reference_data.regions[_LOAD_BALANCER_REGION],
        "vpc_uuid": objects.default_vpc_id(world, _LOAD_BALANCER_REGION),
        "tag": _WEB,
        "droplet_ids": [],
        "project_id": project_id,
    }
    at = now - _LOAD_BALANCER_AGE_DAYS * DAY_S
    activate(world, at, add_load_balancer(world, at, fields)["id"])


def _add_firewalls(world: World, now: float) -> None:
    """Open the web servers to everyone, and the databases to the droplets that use them."""
    at = now - _FIREWALL_AGE_DAYS * DAY_S
    if _WEB in world.tags:
        opened = [_rule("80", _ANYWHERE), _rule("443", _ANYWHERE), _rule("22", _OFFICE)]
        add_firewall(
            world, at, name="web", droplet_ids=[], tags=[_WEB], inbound_rules=opened, outbound_rules=_OUTBOUND_RULES
        )
    if "db" in world.tags:
        users = {"tags": [tag for tag in (_WEB, "worker") if tag in world.tags]}
        opened = [_rule("5432", users), _rule("22", _OFFICE)]
        add_firewall(
            world, at, name="db", droplet_ids=[], tags=["db"], inbound_rules=opened, outbound_rules=_OUTBOUND_RULES
        )


def _rule(ports: str, sources: dict[str, list[str]]) -> dict[str, Any]:
    return {"protocol": "tcp", "ports": ports, "sources": sources}


def _add_staging_project(world: World, now: float) -> None:
    """Add a project for all staging resources."""
    urns = [
        f"do:{word}:{record['id']}"
        for word, collection in (("droplet", world.droplets), ("volume", world.volumes))
        for record in collection.all()
        if _STAGING in record["tags"]
    ]
    if not urns:
        return
    staging = add_project(
        world,
        now - _STAGING_AGE_DAYS * DAY_S,
        {
            "name": "staging",
            "description": "Testing before release",
            "purpose": "Operational / Developer tooling",
            "environment": "Staging",
        },
    )
    assigned_at = format_time(now - _STAGING_AGE_DAYS * DAY_S)
    resources = dict.fromkeys(urns, assigned_at)
    world.projects.put(staging["id"], staging.with_internal(resources=resources))


def add_monitoring(world: World, now: float) -> None:
    """Add an alert policy and a custom image, and date the reserved IPs."""
    if not len(world.droplets):
        return
    add_policy(
        world,
        {
            "type": "v1/insights/droplet/cpu",
            "description": "Database CPU usage",
            "compare": "GreaterThan",
            "value": 80,
            "window": "10m",
            "entities": [],
            "tags": ["db"],
            "alerts": {"email": [company.OWNER], "slack": []},
            "enabled": True,
        },
    )
    id_ = world.next_id("images")
    public = custom_image_object(
        id_,
        "tidepool-router-2.4",
        distribution="Debian",
        created_at=format_time(now - _IMAGE_AGE_DAYS * DAY_S),
        tags=[],
        description="Routing engine with its base map",
    )
    internal = {"url": "https://images.tidepool-maps.example/router-2.4.qcow2", "region": "nyc3", "good": True}
    for address in world.reserved_ips.all():
        world.reserved_ips.put(address["ip"], address.with_internal(since=now - _ADDRESS_AGE_DAYS * DAY_S))
    world.images.put(id_, with_imported_file(world, StoredObject(public, internal)))


def add_domain_and_checks(world: World, now: float) -> None:
    """Add the company's domain with its records, a certificate, a CDN endpoint and uptime checks."""
    if not len(world.droplets):
        return
    _add_company_domain(world)
    certificate = _add_certificate(world, now)
    _add_cdn_endpoint(world, now, certificate)
    _add_uptime_checks(world, now)


def _add_company_domain(world: World) -> None:
    domain = add_domain(world, DOMAIN)
    # The company's own droplets come first, so thousands of extra droplets need not be searched. Names are not unique.
    droplets: dict[str, StoredObject] = {}
    for droplet in world.droplets.all()[: len(company.DROPLETS)]:
        droplets.setdefault(droplet["name"], droplet)
    for name, ttl, droplet_names in _ADDRESSES:
        for droplet in (droplets[droplet_name] for droplet_name in droplet_names if droplet_name in droplets):
            networks = droplet["networks"]
            public = [network["ip_address"] for network in networks["v4"] if network["type"] == "public"]
            for type_, addresses in (("A", public), ("AAAA", [network["ip_address"] for network in networks["v6"]])):
                for address in addresses:
                    add_record(world, domain, type_, name=name, data=address, ttl=ttl)
    for type_, fields in _OTHER_RECORDS:
        add_record(world, domain, type_, **fields)


def _add_certificate(world: World, now: float) -> str:
    number = world.next_number("certificates")
    id_ = rng.uuid(world.seed, "certificate", number)
    created = now - 38 * DAY_S
    certificate = certificate_object(
        id_,
        "tidepool-wildcard",
        type_="lets_encrypt",
        created=created,
        not_after=format_time(created + LETS_ENCRYPT_LIFETIME_S),
        sha1=rng.digest(world.seed, "sha1", number) + rng.digest(number)[:8],
        dns_names=[f"*.{DOMAIN}", DOMAIN],
        state="verified",
    )
    world.certificates.put(id_, StoredObject(certificate))
    return id_


def _add_cdn_endpoint(world: World, now: float, certificate: str) -> None:
    id_ = rng.uuid(world.seed, "cdn", world.next_number("cdn_endpoints"))
    origin = "tidepool-assets.nyc3.digitaloceanspaces.com"
    custom = {"certificate_id": certificate, "custom_domain": f"assets.{DOMAIN}"}
    world.cdn_endpoints.put(
        id_, StoredObject(endpoint_object(id_, origin, ttl=DEFAULT_TTL_S, created=now - 38 * DAY_S) | custom)
    )


def _add_uptime_checks(world: World, now: float) -> None:
    outage = now - 9.4 * DAY_S
    for name, target, outages in (
        ("Maps", f"https://{DOMAIN}", [[outage, outage + 372]]),
        ("Staging", f"https://staging.{DOMAIN}/health", []),
    ):
        id_ = rng.uuid(world.seed, "check", world.next_number("uptime_checks"))
        public = check_object(id_, name=name, type="https", target=target, regions=["us_east", "eu_west"], enabled=True)
        since = outages[-1][1] if outages else now - 38 * DAY_S
        # The staging check gets its status at its first run: a small account may have no such droplet.
        world.uptime_checks.put(
            id_, StoredObject(public, {"status": "UP", "since": since, "first_due": since, "outages": outages})
        )
        if outages:
            _add_uptime_alert(world, id_)


def _add_uptime_alert(world: World, check: str) -> None:
    id_ = rng.uuid(world.seed, "alert", world.next_number("uptime_alerts"))
    body = {
        "name": "Maps are down",
        "type": "down_global",
        "notifications": {"email": [company.OWNER], "slack": []},
        "period": "2m",
    }
    world.uptime_alerts.put(id_, StoredObject(alert_object(id_, body), {"check": check}))


#: Called in this order with the world and the present in Unix seconds. Random values depend on the order.
ADD_RESOURCES: tuple[Callable[[World, float], None], ...] = (
    add_storage,
    add_network,
    add_monitoring,
    add_domain_and_checks,
    add_services,
)
