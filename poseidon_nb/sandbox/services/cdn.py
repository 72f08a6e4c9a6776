"""CDN endpoints in front of Spaces.

Spaces are not simulated: any origin that is named like one will do. ``invalid origin`` and ``cdn already enabled`` are
the service's words (terraform-provider-digitalocean#993, community.digitalocean#267); a bucket with a dot in its name is
refused as it is there. An endpoint without a domain of its own has neither ``certificate_id`` nor ``custom_domain``.

Not settled by any source, chosen here: a domain of its own needs a verified certificate for it; an empty string takes
both away; the texts of those refusals. Nothing is cached, so purging checks the paths and does nothing. The limit of
50 purged files in 20 s is not simulated.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import bodies, chance
from poseidon_nb.sandbox.records import Record
from poseidon_nb.sandbox.replies import Refusal, no_content, not_found, unprocessable
from poseidon_nb.sandbox.services.certificates import covers
from poseidon_nb.sandbox.timestamps import stamp

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.replies import Reply
    from poseidon_nb.sandbox.world import World

_TTLS_S = (60, 600, 3600, 86_400, 604_800)
TTL_S = 3600
_ORIGIN = re.compile(r"([a-z0-9][a-z0-9-]{1,61}[a-z0-9])\.([a-z]{3}[0-9])\.digitaloceanspaces\.com")


def endpoint_object(id_: str, origin: str, *, ttl: int, created: float) -> dict[str, Any]:
    """Give an endpoint as the API shows it."""
    return {
        "id": id_,
        "origin": origin,
        "endpoint": origin.replace(".digitaloceanspaces.com", ".cdn.digitaloceanspaces.com"),
        "ttl": ttl,
        "created_at": stamp(created),
    }


def _asked_for(call: Call) -> Record:
    endpoint = call.world.cdn_endpoints.get(call.names["cdn_id"])
    if endpoint is None:
        raise not_found()
    return endpoint


def list_endpoints(call: Call) -> Reply:
    """Answer ``cdn_list_endpoints``."""
    return call.page("endpoints", "endpoint", call.world.cdn_endpoints.listed())


def get_endpoint(call: Call) -> Reply:
    """Answer ``cdn_get_endpoint``."""
    return call.one("endpoint", _asked_for(call))


def create_endpoint(call: Call) -> Reply:
    """Answer ``cdn_create_endpoint``; one for each Space."""
    world = call.world
    origin = call.body["origin"].lower()
    if not _ORIGIN.fullmatch(origin):
        raise unprocessable("invalid origin")
    if any(endpoint["origin"] == origin for endpoint in world.cdn_endpoints.listed()):
        raise Refusal(409, "conflict", "cdn already enabled")
    ttl = _ttl(call.body, TTL_S)
    own = _own_domain(world, call.body, {})
    id_ = chance.uuid(world.seed, "cdn", world.count("cdn_endpoints"))
    endpoint = Record(endpoint_object(id_, origin, ttl=ttl, created=world.now()) | own)
    world.cdn_endpoints.put(id_, endpoint)
    return call.one("endpoint", endpoint, status=201)


def update_endpoint(call: Call) -> Reply:
    """Answer ``cdn_update_endpoints``: the TTL, and the domain of its own with the certificate; the rest stays."""
    endpoint = _asked_for(call)
    ttl = _ttl(call.body, endpoint["ttl"])
    own = _own_domain(call.world, call.body, endpoint.shown, but=endpoint["id"])
    kept = {name: value for name, value in endpoint.shown.items() if name not in {"certificate_id", "custom_domain"}}
    changed = Record({**kept, "ttl": ttl, **own}, endpoint.kept)
    call.world.cdn_endpoints.put(endpoint["id"], changed)
    return call.one("endpoint", changed)


def _ttl(body: dict[str, Any], default: int) -> int:
    ttl: int = default if body.get("ttl") is None else body["ttl"]
    if ttl not in _TTLS_S:
        raise unprocessable(f"ttl must be one of {', '.join(map(str, _TTLS_S))}.")
    return ttl


def _own_domain(world: World, body: dict[str, Any], present: dict[str, Any], *, but: str = "") -> dict[str, str]:
    """Give the endpoint's own domain and the certificate for it, or nothing."""
    asked = {
        name: present.get(name, "") if body.get(name) is None else body[name]
        for name in ("certificate_id", "custom_domain")
    }
    if not any(asked.values()):
        return {}
    if not all(asked.values()):
        raise unprocessable("custom_domain and certificate_id must be given together.")
    certificate = world.certificates.get(asked["certificate_id"])
    if certificate is None or certificate["state"] != "verified":
        raise unprocessable("certificate_id must be the id of a verified certificate.")
    if not covers(certificate, asked["custom_domain"]):
        raise unprocessable("the certificate is not for the custom domain")
    others = (endpoint for endpoint in world.cdn_endpoints.listed() if endpoint["id"] != but)
    if any(other.shown.get("custom_domain") == asked["custom_domain"].lower() for other in others):
        raise Refusal(409, "conflict", "the custom domain is already in use")
    return {"certificate_id": asked["certificate_id"], "custom_domain": asked["custom_domain"].lower()}


def delete_endpoint(call: Call) -> Reply:
    """Answer ``cdn_delete_endpoint``."""
    call.world.cdn_endpoints.remove(_asked_for(call)["id"])
    return no_content()


def purge_cache(call: Call) -> Reply:
    """Answer ``cdn_purge_cache``."""
    _asked_for(call)
    files = bodies.required(call.body, "files", "array")
    if not files or not all(files):
        raise unprocessable("files must name at least one path.")
    return no_content()


OPERATIONS = {
    "cdn_list_endpoints": list_endpoints,
    "cdn_get_endpoint": get_endpoint,
    "cdn_create_endpoint": create_endpoint,
    "cdn_update_endpoints": update_endpoint,
    "cdn_delete_endpoint": delete_endpoint,
    "cdn_purge_cache": purge_cache,
}
