"""CDN endpoints in front of Spaces.

Spaces are not simulated: any origin with the name of one is accepted. ``invalid origin`` and ``cdn already enabled``
are the service's messages (terraform-provider-digitalocean#993, community.digitalocean#267). As there, a bucket with a
dot in its name is refused. An endpoint without a custom domain has neither ``certificate_id`` nor ``custom_domain``.

Not documented, chosen here: a custom domain needs a verified certificate that covers it, and an empty string removes
both. The messages of these errors are chosen too. Nothing is cached, so purging only checks the paths. The limit of 50
purged files in 20 s is not simulated.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.call import required_field
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import conflict, unprocessable
from poseidon_nb.sandbox.services.certificates import covers
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

_TTLS_S = (60, 600, 3600, 86_400, 604_800)
DEFAULT_TTL_S = 3600
_ORIGIN = re.compile(r"([a-z0-9][a-z0-9-]{1,61}[a-z0-9])\.([a-z]{3}[0-9])\.digitaloceanspaces\.com")


_ENDPOINTS = Resource("cdn_endpoints")


def endpoint_object(id_: str, origin: str, *, ttl: int, created: float) -> dict[str, Any]:
    """Return an endpoint in the format of the API."""
    return {
        "id": id_,
        "origin": origin,
        "endpoint": origin.replace(".digitaloceanspaces.com", ".cdn.digitaloceanspaces.com"),
        "ttl": ttl,
        "created_at": format_time(created),
    }


def create_endpoint(call: Call) -> HTTPResponse:
    """Handle ``cdn_create_endpoint``; each Space has at most one."""
    world = call.world
    origin = call.body["origin"].lower()
    if not _ORIGIN.fullmatch(origin):
        raise unprocessable("invalid origin")
    if any(endpoint["origin"] == origin for endpoint in world.cdn_endpoints.all()):
        raise conflict("cdn already enabled")
    ttl = _ttl(call.body, DEFAULT_TTL_S)
    custom = _custom_domain(world, call.body, {})
    id_ = rng.uuid(world.seed, "cdn", world.next_number("cdn_endpoints"))
    endpoint = StoredObject(endpoint_object(id_, origin, ttl=ttl, created=world.now()) | custom)
    world.cdn_endpoints.put(id_, endpoint)
    return call.respond("endpoint", endpoint, status=201)


def _update(call: Call, endpoint: StoredObject) -> StoredObject:
    """Change the TTL and the custom domain with its certificate. Missing fields stay."""
    ttl = _ttl(call.body, endpoint["ttl"])
    custom = _custom_domain(call.world, call.body, endpoint.public, exclude=endpoint["id"])
    changed = endpoint.without("certificate_id", "custom_domain").with_public(ttl=ttl, **custom)
    return _ENDPOINTS.put(call.world, changed)


def _ttl(body: dict[str, Any], default: int) -> int:
    ttl: int = default if body.get("ttl") is None else body["ttl"]
    if ttl not in _TTLS_S:
        raise unprocessable(f"ttl must be one of {', '.join(map(str, _TTLS_S))}.")
    return ttl


def _custom_domain(world: World, body: dict[str, Any], present: dict[str, Any], *, exclude: str = "") -> dict[str, str]:
    """Return the custom domain and its certificate after checking them, or an empty dict."""
    requested = {
        name: present.get(name, "") if body.get(name) is None else body[name]
        for name in ("certificate_id", "custom_domain")
    }
    if not any(requested.values()):
        return {}
    if not all(requested.values()):
        raise unprocessable("custom_domain and certificate_id must be given together.")
    certificate = world.certificates.get(requested["certificate_id"])
    if certificate is None or certificate["state"] != "verified":
        raise unprocessable("certificate_id must be the id of a verified certificate.")
    if not covers(certificate, requested["custom_domain"]):
        raise unprocessable("the certificate does not cover the custom domain")
    others = (endpoint for endpoint in world.cdn_endpoints.all() if endpoint["id"] != exclude)
    if any(other.public.get("custom_domain") == requested["custom_domain"].lower() for other in others):
        raise conflict("the custom domain is already in use")
    return {"certificate_id": requested["certificate_id"], "custom_domain": requested["custom_domain"].lower()}


def _purge(call: Call, _endpoint: StoredObject) -> None:
    files = required_field(call.body, "files", "array")
    if not files or not all(files):
        raise unprocessable("files must contain at least one path.")


OPERATIONS = {
    "cdn_list_endpoints": _ENDPOINTS.list(),
    "cdn_get_endpoint": _ENDPOINTS.get(),
    "cdn_create_endpoint": create_endpoint,
    "cdn_update_endpoints": _ENDPOINTS.on(_update),
    "cdn_delete_endpoint": _ENDPOINTS.delete(),
    "cdn_purge_cache": _ENDPOINTS.on(_purge),
}
