"""App specs: their checks, defaults and prices, and the regions and instance sizes that they name.

The fields of a spec are declared in ``data/apps.json``, from the specification and, for alerts and scheduled jobs, from
godo. The first error is reported, with status 400 and the service's words: ``error validating app spec field
"services.name": ...`` (digitalocean/doctl#1322, digitalocean/godo#415).

From the acceptance tests of Terraform's provider: a service without ports listens on 8080, and without any rule for the
ingress components get some; a service with internal ports alone and an empty ingress is not public; a health check may ask
any port of a service without internal ones; older names of sizes are accepted, and stay as they were sent. From doctl:
values that are ``SECRET`` come back as ``EV[...]``.

Not documented, chosen here: an app needs a component, and each component except databases a source. What a spec names has
to exist: a VPC of the region, a database cluster, a domain of the account (``zone``), and a registry for ``DOCR``. No domain
is named twice. The price counts the lowest number of instances where it is automatic, and no jobs, which are billed by the
second.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import prices
from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.cron import parse_cron
from poseidon_nb.sandbox.data import load_data
from poseidon_nb.sandbox.fields import declared_fields, read_fields
from poseidon_nb.sandbox.responses import HTTPException, bad_request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poseidon_nb.sandbox.fields import Field
    from poseidon_nb.sandbox.world import World

#: The lists of components in a spec, and what messages call one.
KINDS = {
    "services": "service",
    "static_sites": "static site",
    "jobs": "job",
    "workers": "worker",
    "functions": "functions component",
    "databases": "database",
}
_SOURCES = ("git", "github", "gitlab", "bitbucket", "image")
_ROUTED = ("services", "static_sites", "functions")
_SIZED = ("services", "workers", "jobs")
_DEFAULT_SIZE, _DEFAULT_REGION, _DEFAULT_PORT = "apps-s-1vcpu-0.5gb", "nyc", 8080
_MESSAGE = re.compile(r"(?:an item of )?([a-z0-9_.]+) (.*)", re.DOTALL)


def reference() -> dict[str, Any]:
    """Return the regions, the instance sizes and the declared fields of a spec."""
    data: dict[str, Any] = load_data("apps")
    return data


@cache
def _fields() -> tuple[Field, ...]:
    return declared_fields(reference()["objects"], "spec")


@cache
def _monthly_usd() -> dict[str, float]:
    sizes = {size["slug"]: float(size["usd_per_month"]) for size in reference()["sizes"]}
    return {**{slug: price.usd for slug, price in prices.APP_FORMER_SIZES.items()}, **sizes}


def region_object(slug: str) -> dict[str, Any]:
    """Return a region in the format of the API."""
    return next(one for one in reference()["regions"] if one["slug"] == slug)


def components(spec: dict[str, Any], *kinds: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the components of a spec, of some kinds or all, each with its kind."""
    for kind in kinds or KINDS:
        yield from ((kind, one) for one in spec.get(kind) or ())


def is_static(spec: dict[str, Any]) -> bool:
    """Return whether an app is only static sites."""
    return all(kind == "static_sites" for kind, _ in components(spec))


def tier(spec: dict[str, Any]) -> str:
    """Return the slug of the tier that the sizes of a spec need."""
    if is_static(spec):
        return "starter"
    basic = {size["slug"] for size in reference()["sizes"] if size["tier_slug"] == "basic"}
    slugs = [one["instance_size_slug"] for _, one in components(spec, *_SIZED)]
    return "basic" if all(slug in basic or slug.startswith("basic") for slug in slugs) else "professional"


def monthly_usd(spec: dict[str, Any], static_apps: int) -> float:
    """Return the price of an app, next to a number of other apps that are only static sites."""
    total = prices.APP_STATIC_SITE.usd if is_static(spec) and static_apps >= prices.FREE_STATIC_APPS else 0.0
    for _, one in components(spec, "services", "workers"):
        count = (one.get("autoscaling") or {}).get("min_instance_count") or one.get("instance_count") or 1
        total += _monthly_usd()[one["instance_size_slug"]] * count
    total += sum(prices.APP_DATABASE.usd for _, one in components(spec, "databases") if not one.get("production"))
    dedicated = (spec.get("egress") or {}).get("type") == "DEDICATED_IP"
    return total + (prices.APP_DEDICATED_IPS.usd if dedicated else 0.0)


def _wrong(field: str, message: str) -> HTTPException:
    return bad_request(f'error validating app spec field "{field}": {message}')


def read_spec(world: World, sent: dict[str, Any]) -> dict[str, Any]:
    """Return a spec with its defaults, or raise 400."""
    try:
        spec = read_fields(_fields(), sent)
    except HTTPException as error:
        field, message = _MESSAGE.fullmatch(error.message).groups()  # type: ignore[union-attr]  # each begins with a field
        raise _wrong(field, message.rstrip(".")) from None
    _check_components(spec)
    _check_routes(spec)
    region = spec.setdefault("region", _DEFAULT_REGION)
    _check_references(world, spec, region_object(region)["data_centers"])
    _add_ingress(spec)
    _encrypt(world, spec)
    return spec


def _check_components(spec: dict[str, Any]) -> None:
    seen: dict[str, str] = {}
    for kind, one in components(spec):
        name, word = one["name"], KINDS[kind]
        if name in seen:
            raise _wrong(f"{kind}.name", f'{word} "{name}" name conflicts with {seen[name]} "{name}"')
        seen[name] = word
        if kind != "databases" and not any(one.get(source) for source in _SOURCES):
            raise _wrong(kind, f'{word} "{name}" needs a source: {", ".join(_SOURCES)}')
        if kind in _SIZED:
            one.setdefault("instance_size_slug", _DEFAULT_SIZE)
            if not one.get("autoscaling"):
                one.setdefault("instance_count", 1)
        limits = one.get("autoscaling") or {}
        if limits.get("min_instance_count", 1) > limits.get("max_instance_count", 250):
            raise _wrong(f"{kind}.autoscaling.min_instance_count", "must be at most max_instance_count")
        cron = (one.get("schedule") or {}).get("cron")
        if one.get("kind") == "SCHEDULED" and parse_cron(cron or "") is None:
            raise _wrong("jobs.schedule.cron", f'invalid cron expression "{cron or ""}"')
    if not seen:
        raise bad_request("error validating app spec: an app needs at least one component")


def _check_routes(spec: dict[str, Any]) -> None:
    paths: dict[str, str] = {}
    for kind, one in components(spec, *_ROUTED):
        owner = f'{KINDS[kind]} "{one["name"]}"'
        for route in one.get("routes") or ():
            path = route.setdefault("path", "/")
            if path in paths:
                raise _wrong(
                    f"{kind}.route.paths", f'route path "{path}" already in use; seen in {paths[path]} and {owner}'
                )
            paths[path] = owner
        inner = one.get("internal_ports") or ()
        checked = (one.get("health_check") or {}).get("port")
        if kind == "services" and inner and checked not in {None, one.get("http_port"), *inner}:
            raise _wrong("services.health_check.port", f'health check port "{checked}" not found in internal_ports')
        if kind == "services" and not inner:
            one.setdefault("http_port", _DEFAULT_PORT)
    names = {one["name"] for _, one in components(spec)}
    for rule in (spec.get("ingress") or {}).get("rules") or ():
        name = (rule.get("component") or {}).get("name")
        if name is not None and name not in names:
            raise _wrong("ingress.rules.component.name", f'component "{name}" not found')


def _check_references(world: World, spec: dict[str, Any], centers: list[str]) -> None:
    vpc_id = (spec.get("vpc") or {}).get("id")
    vpc = world.vpcs.get(vpc_id) if vpc_id else None
    if vpc_id and (vpc is None or vpc["region"] not in centers):
        raise _wrong("vpc.id", f'there is no VPC "{vpc_id}" in {", ".join(centers)}')
    domains = spec.get("domains") or ()
    names = [domain["domain"].lower() for domain in domains]
    for name in names:
        if names.count(name) > 1:
            raise _wrong("domains.domain", f'domain "{name}" is specified more than once')
    for domain in domains:
        if domain.get("zone") and domain["zone"] not in world.domains:
            raise _wrong("domains.zone", f'domain "{domain["zone"]}" not found')
    clusters = {cluster["name"] for cluster in world.store("databases").all()}
    for kind, one in components(spec):
        cluster = one.get("cluster_name")
        if kind == "databases" and cluster and cluster not in clusters:
            raise _wrong("databases.cluster_name", f'database cluster "{cluster}" not found')
        image = one.get("image") or {}
        if image.get("registry_type") == "DOCR" and not len(world.store("registries")):
            raise _wrong(f"{kind}.image.registry_type", "the account has no container registry")
        if image.get("registry_type") == "DOCR" and not image.get("repository"):
            raise _wrong(f"{kind}.image.repository", "repository is required")


def _add_ingress(spec: dict[str, Any]) -> None:
    routed = [one for _, one in components(spec, *_ROUTED)]
    if not routed or "ingress" in spec or any(one.get("routes") for one in routed):
        return
    paths = ["/", *(f"/{one['name']}" for one in routed[1:])]
    spec["ingress"] = {
        "rules": [
            {"match": {"path": {"prefix": path}}, "component": {"name": one["name"]}}
            for path, one in zip(paths, routed, strict=True)
        ]
    }


def _encrypt(world: World, spec: dict[str, Any]) -> None:
    for one in (spec, *(one for _, one in components(spec))):
        for variable in one.get("envs") or ():
            if variable.get("type") == "SECRET":
                _encrypt_field(world, variable, "value")
        if one.get("image"):
            _encrypt_field(world, one["image"], "registry_credentials")


def _encrypt_field(world: World, owner: dict[str, Any], name: str) -> None:
    value = owner.get(name)
    if value and not value.startswith("EV["):
        owner[name] = f"EV[1:{rng.digest(world.seed, 'nonce', value)}:{rng.digest(world.seed, 'encrypted', value)}]"
