"""Certificates and private keys of simulated services. They are valid, and belong to no real server.

They are Ed25519 (RFC 8032) in X.509 (RFC 5280), made with the standard library, which has neither. Keys are fabricated from
the account's seed, so they protect nothing.
"""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass

_PRIME = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_TWICE_D = -121665 * pow(121666, -1, _PRIME) * 2 % _PRIME
_BASE = (
    15112221349535400772501151409588531511454012693041857206046113283949847762202,
    46316835694926478169428394003475163141307993866256225615783033603165251855960,
)
_ALGORITHM = bytes.fromhex("300506032b6570")
_KEY_HEAD = bytes.fromhex("302e020100300506032b657004220420")
_COMMON_NAME, _ORGANIZATION = bytes.fromhex("0603550403"), bytes.fromhex("060355040a")
#: The extension that makes a certificate one of an authority.
_AUTHORITY = bytes.fromhex("300f0603551d130101ff040530030101ff")
_SEQUENCE, _SET, _INTEGER, _BITS, _TEXT = 0x30, 0x31, 0x02, 0x03, 0x0C
#: Times with two digits of the year, which mean 1950 to 2049, and with four.
_SHORT_TIME, _LONG_TIME, _LAST_SHORT_YEAR = 0x17, 0x18, 2049
_VERSION, _EXTENSIONS = 0xA0, 0xA3
_SHORT_LENGTH = 0x80
_VALID_S = 10 * 365 * 86_400
_Point = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate with its key.

    Attributes
    ----------
    name : bytes
        Its subject, as it is in certificates.
    secret : bytes
        The private key.
    certificate, key : str
        Both as PEM text.
    """

    name: bytes
    secret: bytes
    certificate: str
    key: str

    @property
    def encoded_certificate(self) -> str:
        """The certificate in base64 once more, as most responses have it."""
        return base64.b64encode(self.certificate.encode()).decode()


def make_identity(
    common_name: str, at: float, *seed: object, issuer: Identity | None = None, organization: str = ""
) -> Identity:
    """Make a certificate that is valid for ten years, with its key.

    Parameters
    ----------
    common_name : str
        The name in it.
    at : float
        When it becomes valid, in Unix seconds.
    *seed
        What the key follows from.
    issuer : Identity, optional
        The authority that signs it; without one, it is an authority itself.
    organization : str
        The organization in it; may be empty.
    """
    secret = _digest("sha256", "/".join(map(str, seed)).encode("utf-8", "surrogatepass"))
    parts = [(_ORGANIZATION, organization)] * bool(organization) + [(_COMMON_NAME, common_name)]
    name = _der(
        _SEQUENCE,
        *(_der(_SET, _der(_SEQUENCE, kind, _der(_TEXT, text.encode("utf-8", "replace")))) for kind, text in parts),
    )
    serial = _digest("sha256", secret)[:8]
    body = _der(
        _SEQUENCE,
        _der(_VERSION, _der(_INTEGER, b"\x02")),
        _der(_INTEGER, b"\x01" + serial),
        _ALGORITHM,
        name if issuer is None else issuer.name,
        _der(_SEQUENCE, *map(_der_time, (at, at + _VALID_S))),
        name,
        _der(_SEQUENCE, _ALGORITHM, _der(_BITS, b"\x00" + public_key(secret))),
        *([_der(_EXTENSIONS, _der(_SEQUENCE, _AUTHORITY))] if issuer is None else []),
    )
    signature = sign(secret if issuer is None else issuer.secret, body)
    certificate = _der(_SEQUENCE, body, _ALGORITHM, _der(_BITS, b"\x00" + signature))
    return Identity(name, secret, _pem("CERTIFICATE", certificate), _pem("PRIVATE KEY", _KEY_HEAD + secret))


def public_key(secret: bytes) -> bytes:
    """Return the public key of a private one."""
    return _compress(_multiply(_expand(secret)[0]))


def sign(secret: bytes, message: bytes) -> bytes:
    """Return the signature of a message."""
    scalar, prefix = _expand(secret)
    once = _hash(prefix, message)
    first = _compress(_multiply(once))
    second = (once + _hash(first, public_key(secret), message) * scalar) % _ORDER
    return first + second.to_bytes(32, "little")


def _expand(secret: bytes) -> tuple[int, bytes]:
    digest = _digest("sha512", secret)
    scalar = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | (1 << 254)
    return scalar, digest[32:]


def _digest(kind: str, data: bytes) -> bytes:
    import hashlib  # noqa: PLC0415  # loads OpenSSL, which a start does not need

    return hashlib.new(kind, data).digest()


def _hash(*parts: bytes) -> int:
    return int.from_bytes(_digest("sha512", b"".join(parts)), "little") % _ORDER


def _add(one: _Point, other: _Point) -> _Point:
    a = (one[1] - one[0]) * (other[1] - other[0])
    b = (one[1] + one[0]) * (other[1] + other[0])
    c, d = one[3] * _TWICE_D * other[3], 2 * one[2] * other[2]
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _PRIME, g * h % _PRIME, f * g % _PRIME, e * h % _PRIME


def _multiply(scalar: int) -> _Point:
    found: _Point = (0, 1, 1, 0)
    power: _Point = (*_BASE, 1, _BASE[0] * _BASE[1] % _PRIME)
    while scalar:
        if scalar & 1:
            found = _add(found, power)
        power = _add(power, power)
        scalar >>= 1
    return found


def _compress(point: _Point) -> bytes:
    inverse = pow(point[2], -1, _PRIME)
    x, y = point[0] * inverse % _PRIME, point[1] * inverse % _PRIME
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _der(kind: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    if size < _SHORT_LENGTH:
        return bytes((kind, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((kind, _SHORT_LENGTH | len(length))) + length + content


def _der_time(at: float) -> bytes:
    moment = time.gmtime(at)
    short = moment.tm_year <= _LAST_SHORT_YEAR
    text = time.strftime("%y%m%d%H%M%SZ" if short else "%Y%m%d%H%M%SZ", moment)
    return _der(_SHORT_TIME if short else _LONG_TIME, text.encode())


def _pem(label: str, der: bytes) -> str:
    text = base64.encodebytes(der).decode().replace("\n", "")
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])
