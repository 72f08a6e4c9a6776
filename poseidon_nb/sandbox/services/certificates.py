"""TLS certificates: custom ones, valid at once, and those of Let's Encrypt, verified a little later.

A Let's Encrypt certificate needs domains of this account. A wildcard name adds its base name
(terraform-provider-digitalocean#928). The 403 for a certificate in use has the message that Terraform waits for.

Not documented, chosen here: verification takes about a minute, and ends in ``error`` if a domain was deleted meanwhile.
Names are unique. The other messages are chosen too. Whether a key matches its certificate and whether a certificate has
expired is not checked, and certificates are not renewed.

The standard library can read certificates only from live connections. So the needed fields are parsed here from the PEM
text (RFC 5280, DER), without checking any signature.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.call import optional_field, required_field
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import forbidden, unprocessable
from poseidon_nb.sandbox.services.domains import find_domain_of_host
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import format_time, parse_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

_PEM = re.compile(r"\s*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")
_PRIVATE_KEY = re.compile(r"\s*-----BEGIN ([A-Z]+ )?PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END \1?PRIVATE KEY-----\s*")
_ALTERNATIVE_NAMES = bytes.fromhex("551d11")
_UTC_TIME, _DNS_NAME, _VERSION, _EXTENSIONS, _OCTETS = 0x17, 0x82, 0xA0, 0xA3, 0x04
_LONG_LENGTH = 0x80
_CENTURY_TURN = 50
#: The validity of Let's Encrypt's certificates.
LETS_ENCRYPT_LIFETIME_S = 90 * 86_400.0
_VERIFYING_S = 60.0
_MAX_DNS_NAMES = 100
_DNS_NAME_PATTERN = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
IN_USE_TEXT = "Make sure the certificate is not in use before deleting it"


@dataclass(frozen=True, slots=True)
class CertificateInfo:
    """Fields of an X.509 certificate.

    Attributes
    ----------
    sha1 : str
        The fingerprint as 40 hex digits.
    not_after : str
        The end of its validity, in the format of the API.
    dns_names : list of str
        The host names that it covers.
    """

    sha1: str
    not_after: str
    dns_names: list[str]


_CERTIFICATES = Resource("certificates")


def is_private_key(pem: str) -> bool:
    """Return whether a text looks like a private key in PEM format."""
    return _PRIVATE_KEY.fullmatch(pem) is not None


def read_certificate(pem: str) -> CertificateInfo:
    """Read the first certificate of a PEM text.

    Raises
    ------
    ValueError
        There is no certificate, or it is damaged.
    """
    import hashlib  # noqa: PLC0415  # loads OpenSSL, which a start does not need

    found = _PEM.match(pem)
    if found is None:
        raise ValueError("No certificate found.")
    try:
        der = base64.b64decode("".join(found[1].split()), validate=True)
        ((_, certificate),) = _der_elements(der)
        signed = next(_der_elements(certificate))[1]
        fields = [part for part in _der_elements(signed) if part[0] != _VERSION]
        _, (kind, text) = _der_elements(fields[3][1])
        return CertificateInfo(
            hashlib.sha1(der, usedforsecurity=False).hexdigest(), _parse_der_time(kind, text), [*_dns_names(fields)]
        )
    except (binascii.Error, IndexError, StopIteration, UnicodeDecodeError) as error:
        raise ValueError("The certificate is damaged.") from error


def _der_elements(der: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the tag and the content of each element of a DER sequence."""
    at = 0
    while at < len(der):
        tag, length, at = der[at], der[at + 1], at + 2
        if length >= _LONG_LENGTH:
            digits = length - _LONG_LENGTH
            length, at = int.from_bytes(der[at : at + digits], "big"), at + digits
        if at + length > len(der):
            raise ValueError("The certificate is damaged.")
        yield tag, der[at : at + length]
        at += length


def _parse_der_time(kind: int, text: bytes) -> str:
    digits = text.decode("ascii")
    if kind == _UTC_TIME:
        digits = ("20" if int(digits[:2]) < _CENTURY_TURN else "19") + digits
    if not re.fullmatch(r"[0-9]{14}Z", digits):
        raise ValueError("The certificate is damaged.")
    return format_time(parse_time(f"{digits[:8]}T{digits[8:]}"))


def _dns_names(fields: list[tuple[int, bytes]]) -> Iterator[str]:
    for tag, content in fields:
        for _, extensions in _der_elements(content) if tag == _EXTENSIONS else ():
            for _, extension in _der_elements(extensions):
                (_, name), *rest = _der_elements(extension)
                octets = [value for kind, value in rest if kind == _OCTETS]
                if name == _ALTERNATIVE_NAMES and octets:
                    ((_, names),) = _der_elements(octets[0])
                    yield from (value.decode("ascii") for kind, value in _der_elements(names) if kind == _DNS_NAME)


def certificate_object(  # noqa: PLR0913  # the fields of a certificate, all by keyword
    id_: str, name: str, *, type_: str, created: float, not_after: str, sha1: str, dns_names: list[str], state: str
) -> dict[str, Any]:
    """Return a certificate in the format of the API."""
    return {
        "id": id_,
        "name": name,
        "not_after": not_after,
        "sha1_fingerprint": sha1,
        "created_at": format_time(created),
        "dns_names": dns_names,
        "state": state,
        "type": type_,
    }


def covers(certificate: StoredObject, host: str) -> bool:
    """Return whether a certificate covers a host, by name or by a wildcard."""
    wildcard = f"*.{host.lower().partition('.')[2]}"
    return any(name.lower() in {host.lower(), wildcard} for name in certificate["dns_names"])


def is_in_use(world: World, id_: str) -> bool:
    """Return whether a load balancer or a CDN endpoint uses a certificate."""
    if any(endpoint.public.get("certificate_id") == id_ for endpoint in world.cdn_endpoints.all()):
        return True
    balancers = [balancer.public for balancer in world.load_balancers.all()]
    users = [one for balancer in balancers for one in (*balancer["forwarding_rules"], *balancer.get("domains", ()))]
    return any(one.get("certificate_id") == id_ for one in users)


def list_certificates(call: Call) -> HTTPResponse:
    """Handle ``certificates_list``."""
    matches = call.world.certificates.all()
    if name := call.query.get("name"):
        matches = [certificate for certificate in matches if certificate["name"] == name]
    return call.respond_page("certificates", "certificate", matches)


def create_certificate(call: Call) -> HTTPResponse:
    """Handle ``certificates_create``. The default type is ``custom``."""
    world, body = call.world, call.body
    name = required_field(body, "name", "string")
    type_ = body.get("type") or "custom"
    if type_ not in {"custom", "lets_encrypt"}:
        raise unprocessable("type must be custom or lets_encrypt.")
    if any(certificate["name"] == name for certificate in world.certificates.all()):
        raise unprocessable("certificate name is already in use")
    now = world.now()
    if type_ == "custom":
        fields, state = _read_custom(body), "verified"
    else:
        fields, state = (
            {"dns_names": _requested_dns_names(world, body), "not_after": format_time(now + LETS_ENCRYPT_LIFETIME_S)},
            "pending",
        )
    number = world.next_number("certificates")
    id_ = rng.uuid(world.seed, "certificate", number)
    # No real certificate is issued, so its fingerprint follows from the seed.
    fields.setdefault("sha1", rng.digest(world.seed, "sha1", number) + rng.digest(number)[:8])
    certificate = StoredObject(certificate_object(id_, name, type_=type_, created=now, state=state, **fields))
    world.certificates.put(id_, certificate)
    if state == "pending":
        world.schedule(now + _VERIFYING_S / world.speed, "certificate.verify", id_)
    return call.respond("certificate", certificate, status=201)


def _read_custom(body: dict[str, Any]) -> dict[str, Any]:
    key = required_field(body, "private_key", "string")
    leaf = required_field(body, "leaf_certificate", "string")
    chain = optional_field(body, "certificate_chain", "string")
    if not is_private_key(key):
        raise unprocessable("private_key is invalid: it must be a private key in PEM form.")
    for field, text in (("leaf_certificate", leaf), ("certificate_chain", chain)):
        try:
            fields = read_certificate(text) if text else None
        except ValueError:
            raise unprocessable(f"{field} is invalid: it must be a certificate in PEM form.") from None
        if field == "leaf_certificate" and fields is not None:
            own = {"sha1": fields.sha1, "not_after": fields.not_after, "dns_names": fields.dns_names}
    return own


def _requested_dns_names(world: World, body: dict[str, Any]) -> list[str]:
    names: list[str] = required_field(body, "dns_names", "array")
    if not names:
        raise unprocessable("dns_names is required.")
    if len(names) > _MAX_DNS_NAMES:
        raise unprocessable(f"dns_names can have at most {_MAX_DNS_NAMES} names.")
    if not all(_DNS_NAME_PATTERN.fullmatch(name.lower()) for name in names):
        raise unprocessable("dns_names must be full domain names.")
    if any(find_domain_of_host(world, name.removeprefix("*.")) is None for name in names):
        raise unprocessable("one or more of the domains are not managed by DigitalOcean")
    bases = [name.removeprefix("*.") for name in names if name.startswith("*.")]
    return [*dict.fromkeys(name.lower() for name in [*names, *bases])]


def _delete(call: Call, certificate: StoredObject) -> None:
    if is_in_use(call.world, certificate["id"]):
        raise forbidden(IN_USE_TEXT)
    _CERTIFICATES.remove(call.world, certificate)


def _finish_verification(world: World, _at: float, id_: str) -> None:
    """Set the result of the verification."""
    certificate = world.certificates.get(id_)
    if certificate is not None:
        managed = all(find_domain_of_host(world, name.removeprefix("*.")) for name in certificate["dns_names"])
        world.certificates.put(id_, certificate.with_public(state="verified" if managed else "error"))


OPERATIONS: dict[str, Callable[[Call], HTTPResponse]] = {
    "certificates_list": list_certificates,
    "certificates_get": _CERTIFICATES.get(),
    "certificates_create": create_certificate,
    "certificates_delete": _CERTIFICATES.on(_delete),
}


EFFECTS: dict[str, Callable[..., None]] = {
    "certificate.verify": _finish_verification,
}
