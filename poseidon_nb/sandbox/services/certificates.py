"""TLS certificates: own ones, which are there at once, and those of Let's Encrypt, which are verified a little later.

A certificate of Let's Encrypt needs domains of this account. A wildcard name brings its base name along
(terraform-provider-digitalocean#928). The text that refuses to delete a certificate in use is the one that Terraform
waits for, a 403.

Not settled by any source, chosen here: verifying takes about a minute and ends in ``error`` if a domain has been deleted
meanwhile; a name is given once; the texts of the other refusals. Whether a key fits its certificate, and whether a
certificate has expired, is not checked; certificates are not renewed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import bodies, chance, x509
from poseidon_nb.sandbox.records import Record
from poseidon_nb.sandbox.replies import Refusal, no_content, not_found, unprocessable
from poseidon_nb.sandbox.services.domain_records import domain_of
from poseidon_nb.sandbox.timestamps import stamp

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.replies import Reply
    from poseidon_nb.sandbox.world import World

#: How long Let's Encrypt's certificates are valid.
LIFE_S = 90 * 86_400.0
_VERIFYING_S = 60.0
_NAMES_MOST = 100
_NAME = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
IN_USE_TEXT = "Make sure the certificate is not in use before deleting it"


def certificate_object(  # noqa: PLR0913  # the facts of a certificate, all by keyword
    id_: str, name: str, *, type_: str, created: float, not_after: str, sha1: str, dns_names: list[str], state: str
) -> dict[str, Any]:
    """Give a certificate as the API shows it."""
    return {
        "id": id_,
        "name": name,
        "not_after": not_after,
        "sha1_fingerprint": sha1,
        "created_at": stamp(created),
        "dns_names": dns_names,
        "state": state,
        "type": type_,
    }


def covers(certificate: Record, host: str) -> bool:
    """Say whether a certificate is for a host, by its name or one with a star for the first label."""
    wildcard = f"*.{host.lower().partition('.')[2]}"
    return any(name.lower() in {host.lower(), wildcard} for name in certificate["dns_names"])


def used_by(world: World, id_: str) -> bool:
    """Say whether a load balancer or a CDN endpoint has a certificate."""
    if any(endpoint.shown.get("certificate_id") == id_ for endpoint in world.cdn_endpoints.listed()):
        return True
    balancers = (balancer.shown.get("forwarding_rules") or [] for balancer in world.load_balancers.listed())
    return any(rule.get("certificate_id") == id_ for rules in balancers for rule in rules)


def _asked_for(call: Call) -> Record:
    certificate = call.world.certificates.get(call.names["certificate_id"])
    if certificate is None:
        raise not_found()
    return certificate


def list_certificates(call: Call) -> Reply:
    """Answer ``certificates_list``."""
    shown = call.world.certificates.listed()
    if name := call.query.get("name"):
        shown = [certificate for certificate in shown if certificate["name"] == name]
    return call.page("certificates", "certificate", shown)


def get_certificate(call: Call) -> Reply:
    """Answer ``certificates_get``."""
    return call.one("certificate", _asked_for(call))


def create_certificate(call: Call) -> Reply:
    """Answer ``certificates_create``; without a type it is an own one."""
    world, body = call.world, call.body
    name = bodies.required(body, "name", "string")
    type_ = body.get("type") or "custom"
    if type_ not in {"custom", "lets_encrypt"}:
        raise unprocessable("type must be custom or lets_encrypt.")
    if any(certificate["name"] == name for certificate in world.certificates.listed()):
        raise unprocessable("certificate name is already in use")
    now = world.now()
    if type_ == "custom":
        facts, state = _own(body), "verified"
    else:
        facts, state = {"dns_names": _names(world, body), "not_after": stamp(now + LIFE_S)}, "pending"
    number = world.count("certificates")
    id_ = chance.uuid(world.seed, "certificate", number)
    # No certificate is made here: the fingerprint of Let's Encrypt's follows from the seed.
    facts.setdefault("sha1", chance.digest(world.seed, "sha1", number) + chance.digest(number)[:8])
    certificate = Record(certificate_object(id_, name, type_=type_, created=now, state=state, **facts))
    world.certificates.put(id_, certificate)
    if state == "pending":
        world.schedule(now + _VERIFYING_S / world.speed, "certificate.verify", id_)
    return call.one("certificate", certificate, status=201)


def _own(body: dict[str, Any]) -> dict[str, Any]:
    key = bodies.required(body, "private_key", "string")
    leaf = bodies.required(body, "leaf_certificate", "string")
    chain = bodies.optional(body, "certificate_chain", "string")
    if not x509.is_private_key(key):
        raise unprocessable("private_key is invalid: it must be a private key in PEM form.")
    for field, text in (("leaf_certificate", leaf), ("certificate_chain", chain)):
        try:
            facts = x509.read(text) if text else None
        except ValueError:
            raise unprocessable(f"{field} is invalid: it must be a certificate in PEM form.") from None
        if field == "leaf_certificate" and facts is not None:
            own = {"sha1": facts.sha1, "not_after": facts.not_after, "dns_names": facts.dns_names}
    return own


def _names(world: World, body: dict[str, Any]) -> list[str]:
    names: list[str] = bodies.required(body, "dns_names", "array")
    if not names:
        raise unprocessable("dns_names is required.")
    if len(names) > _NAMES_MOST:
        raise unprocessable(f"dns_names can have {_NAMES_MOST} names at most.")
    if not all(_NAME.fullmatch(name.lower()) for name in names):
        raise unprocessable("dns_names must be full domain names.")
    if any(domain_of(world, name.removeprefix("*.")) is None for name in names):
        raise unprocessable("one or more of the domains are not managed by DigitalOcean")
    bases = [name.removeprefix("*.") for name in names if name.startswith("*.")]
    return [*dict.fromkeys(name.lower() for name in [*names, *bases])]


def delete_certificate(call: Call) -> Reply:
    """Answer ``certificates_delete``."""
    id_ = _asked_for(call)["id"]
    if used_by(call.world, id_):
        raise Refusal(403, "forbidden", IN_USE_TEXT)
    call.world.certificates.remove(id_)
    return no_content()


def verify(world: World, _at: float, id_: str) -> None:
    """Let Let's Encrypt decide."""
    certificate = world.certificates.get(id_)
    if certificate is not None:
        there = all(domain_of(world, name.removeprefix("*.")) for name in certificate["dns_names"])
        world.certificates.put(id_, certificate.showing(state="verified" if there else "error"))


OPERATIONS = {
    "certificates_list": list_certificates,
    "certificates_get": get_certificate,
    "certificates_create": create_certificate,
    "certificates_delete": delete_certificate,
}

EFFECTS = {"certificate.verify": verify}
