"""Apps as objects of the account: their fields, domains, addresses and prices.

Three apps that are only static sites are free. Not documented, chosen here: these are the oldest ones that are deployed.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.pricing import Price
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import conflict
from poseidon_nb.sandbox.services.apps.spec import is_static, monthly_usd, region_object, tier
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import DAY_S, format_time

if TYPE_CHECKING:
    from poseidon_nb.sandbox.world import World

_CERTIFICATE_S = 90 * DAY_S
_DEDICATED_IPS = 2


def _new_app(world: World, id_: str, values: dict[str, Any], at: float) -> StoredObject:
    spec = values["spec"]
    # Five characters at DigitalOcean. With eight, the host cannot be that of a real app.
    host = f"{spec['name']}-{rng.digest(world.seed, 'ingress', id_)[:8]}.ondigitalocean.app"
    app = StoredObject(
        {
            "id": id_,
            "owner_uuid": world.state.account["team"]["uuid"],
            "spec": spec,
            "default_ingress": f"https://{host}",
            "created_at": format_time(at),
            "updated_at": format_time(at),
            "project_id": values["project_id"],
        },
        {"active": "", "pinned": "", "replaced": None, "canceled": {}},
    )
    return with_spec(world, app, spec, at)


def with_spec(world: World, app: StoredObject, spec: dict[str, Any], at: float) -> StoredObject:
    """Return an app with a new spec, and what follows from it. Domains that stay keep their state."""
    known = {domain["spec"]["domain"]: domain for domain in app.public.get("domains", ())}
    domains = [
        {**known.get(one["domain"], _new_domain(world, app["id"], one["domain"])), "spec": one}
        for one in spec.get("domains") or ()
    ]
    public = {name: value for name, value in app.public.items() if name not in {"domains", "dedicated_ips", "vpc"}}
    public |= {"spec": spec, "region": region_object(spec["region"]), "tier_slug": tier(spec)}
    public["updated_at"] = format_time(at)
    if domains:
        public["domains"] = domains
    if (spec.get("egress") or {}).get("type") == "DEDICATED_IP":
        fresh = [_new_address(world, app["id"], number) for number in range(_DEDICATED_IPS)]
        public["dedicated_ips"] = app.public.get("dedicated_ips") or fresh
    if spec.get("vpc"):
        public["vpc"] = spec["vpc"]
    return StoredObject(public, app.internal)


def _new_domain(world: World, app_id: str, domain: str) -> dict[str, Any]:
    return {
        "id": rng.uuid(world.seed, "app domain", app_id, domain),
        "phase": "CONFIGURING",
        "progress": {"steps": []},
        "validations": [
            {"txt_name": f"_acme-challenge.{domain}", "txt_value": rng.digest(world.seed, "acme", app_id, domain)}
        ],
        "rotate_validation_records": False,
    }


def _new_address(world: World, app_id: str, number: int) -> dict[str, Any]:
    third, fourth = (rng.randint(*limits, world.seed, "egress", app_id, number) for limits in ((200, 249), (4, 250)))
    id_ = rng.uuid(world.seed, "app address", app_id, number)
    return {"ip": f"198.19.{third}.{fourth}", "id": id_, "status": "ASSIGNING"}


def with_live_domains(app: StoredObject, at: float) -> StoredObject:
    """Return an app as it is when a deployment has become active: at its domains, with its addresses."""
    expires_at = format_time(at + _CERTIFICATE_S)
    changes: dict[str, Any] = {}
    domains = [
        {"certificate_expires_at": expires_at, **one, "phase": "ACTIVE"} for one in app.public.get("domains", ())
    ]
    if domains:
        changes["domains"] = domains
    if "dedicated_ips" in app.public:
        changes["dedicated_ips"] = [{**one, "status": "ASSIGNED"} for one in app["dedicated_ips"]]
    names = [one["spec"]["domain"] for one in domains if one["spec"].get("type") == "PRIMARY"]
    url = f"https://{names[0]}" if names else app["default_ingress"]
    return app.with_public(**changes, live_url=url, live_url_base=url, live_domain=url.removeprefix("https://"))


def active_spec(app: StoredObject) -> dict[str, Any]:
    """Return the spec of an app's active deployment; empty without one."""
    active = app.public.get("active_deployment")
    return active["spec"] if active else {}


def static_apps(world: World, own_id: str = "") -> int:
    """Return the number of other apps that are only static sites."""
    return sum(app["id"] != own_id and is_static(app["spec"]) for app in APPS.all(world))


def _serves_static_sites(app: StoredObject) -> bool:
    """Return whether an app is deployed and only static sites."""
    return "active_deployment" in app.public and is_static(active_spec(app))


def _price(world: World, public: dict[str, Any]) -> Price | None:
    active = public.get("active_deployment")
    if active is None:
        return None
    older = itertools.takewhile(lambda app: app["id"] != public["id"], APPS.all(world))
    usd = monthly_usd(active["spec"], sum(map(_serves_static_sites, older)))
    return Price("App Platform", "1-DO-APP", usd, f"{active['spec']['name']} (app)") if usd else None


def update_prices(world: World, at: float) -> None:
    """Update the prices of static apps after an app has changed or is gone: another one may be free then."""
    for app in APPS.all(world):
        if _serves_static_sites(app):
            APPS.put(world, app, at)


APPS = Resource("apps", build=_new_app, price=_price)


def check_name(world: World, name: str, own_id: str = "") -> None:
    """Raise 409 if another app has a name."""
    if any(app["spec"]["name"] == name and app["id"] != own_id for app in APPS.all(world)):
        raise conflict("App name already exists")
