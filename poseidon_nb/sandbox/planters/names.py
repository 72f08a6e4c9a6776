"""The company's names: its domain and records, the certificate for it, a CDN endpoint, and who watches all that.

The records lead to the company's droplets; those that a small account lacks have none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.sandbox import chance, company
from poseidon_nb.sandbox.records import Record
from poseidon_nb.sandbox.services.cdn import TTL_S, endpoint_object
from poseidon_nb.sandbox.services.certificates import LIFE_S, certificate_object
from poseidon_nb.sandbox.services.domain_records import add_record
from poseidon_nb.sandbox.services.domains import add_domain
from poseidon_nb.sandbox.services.uptime import check_object
from poseidon_nb.sandbox.services.uptime_alerts import alert_object
from poseidon_nb.sandbox.timestamps import stamp

if TYPE_CHECKING:
    from typing import Any

    from poseidon_nb.sandbox.world import World

DOMAIN = company.OWNER.partition("@")[2]
_DAY_S = 86_400.0
#: The name of each address, its TTL in seconds, and the droplets that answer there.
_ADDRESSES = (
    ("@", 1800, ("web-1", "web-2")),
    ("eu", 1800, ("web-3",)),
    ("staging", 300, ("staging-web",)),
    ("db", 1800, ("db-1",)),
    ("status", 1800, ("monitor-1",)),
)
_OTHERS: tuple[tuple[str, dict[str, Any]], ...] = (
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


def plant(world: World, now: float) -> None:
    """Give the account its names, if it has droplets."""
    if not len(world.droplets):
        return
    _domain(world)
    certificate = _certificate(world, now)
    _endpoint(world, now, certificate)
    _checks(world, now)


def _domain(world: World) -> None:
    domain = add_domain(world, DOMAIN)
    # Names are not unique, and thousands of droplets need not be gone through: the company's own came first.
    droplets: dict[str, Record] = {}
    for droplet in world.droplets.listed()[: len(company.ROSTER)]:
        droplets.setdefault(droplet["name"], droplet)
    for name, ttl, posts in _ADDRESSES:
        for droplet in (droplets[post] for post in posts if post in droplets):
            networks = droplet["networks"]
            public = [network["ip_address"] for network in networks["v4"] if network["type"] == "public"]
            for type_, addresses in (("A", public), ("AAAA", [network["ip_address"] for network in networks["v6"]])):
                for address in addresses:
                    add_record(world, domain, type_, name=name, data=address, ttl=ttl)
    for type_, fields in _OTHERS:
        add_record(world, domain, type_, **fields)


def _certificate(world: World, now: float) -> str:
    number = world.count("certificates")
    id_ = chance.uuid(world.seed, "certificate", number)
    created = now - 38 * _DAY_S
    certificate = certificate_object(
        id_,
        "tidepool-wildcard",
        type_="lets_encrypt",
        created=created,
        not_after=stamp(created + LIFE_S),
        sha1=chance.digest(world.seed, "sha1", number) + chance.digest(number)[:8],
        dns_names=[f"*.{DOMAIN}", DOMAIN],
        state="verified",
    )
    world.certificates.put(id_, Record(certificate))
    return id_


def _endpoint(world: World, now: float, certificate: str) -> None:
    id_ = chance.uuid(world.seed, "cdn", world.count("cdn_endpoints"))
    origin = "tidepool-assets.nyc3.digitaloceanspaces.com"
    own = {"certificate_id": certificate, "custom_domain": f"assets.{DOMAIN}"}
    world.cdn_endpoints.put(id_, Record(endpoint_object(id_, origin, ttl=TTL_S, created=now - 38 * _DAY_S) | own))


def _checks(world: World, now: float) -> None:
    outage = now - 9.4 * _DAY_S
    for name, target, outages in (
        ("Maps", f"https://{DOMAIN}", [[outage, outage + 372]]),
        ("Staging", f"https://staging.{DOMAIN}/health", []),
    ):
        id_ = chance.uuid(world.seed, "check", world.count("uptime_checks"))
        shown = check_object(id_, name=name, type="https", target=target, regions=["us_east", "eu_west"], enabled=True)
        since = outages[-1][1] if outages else now - 38 * _DAY_S
        # What the staging check finds shows at the first look: a small account may have no such droplet.
        world.uptime_checks.put(
            id_, Record(shown, {"status": "UP", "since": since, "first_due": since, "outages": outages})
        )
        if outages:
            _alert(world, id_)


def _alert(world: World, check: str) -> None:
    id_ = chance.uuid(world.seed, "alert", world.count("uptime_alerts"))
    body = {
        "name": "Maps are down",
        "type": "down_global",
        "notifications": {"email": [company.OWNER], "slack": []},
        "period": "2m",
    }
    world.uptime_alerts.put(id_, Record(alert_object(id_, body), {"check": check}))
