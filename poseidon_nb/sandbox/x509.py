"""The few facts of an X.509 certificate that the API shows, read from its PEM text.

The standard library reads certificates from live connections only. This reads the structure (RFC 5280, DER), and
checks no signature: whom a certificate belongs to is not the sandbox's business.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PEM = re.compile(r"\s*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")
_KEY = re.compile(r"\s*-----BEGIN ([A-Z]+ )?PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END \1?PRIVATE KEY-----\s*")
_ALTERNATIVE_NAMES = bytes.fromhex("551d11")
_UTC_TIME, _DNS_NAME, _VERSION, _EXTENSIONS, _OCTETS = 0x17, 0x82, 0xA0, 0xA3, 0x04
_LONG_LENGTH = 0x80
_CENTURY_TURN = 50


@dataclass(frozen=True, slots=True)
class Facts:
    """What a certificate says.

    Attributes
    ----------
    sha1 : str
        The fingerprint, 40 hex digits.
    not_after : str
        The end of its validity, as the API writes times.
    dns_names : list of str
        The names that it is for.
    """

    sha1: str
    not_after: str
    dns_names: list[str]


def is_private_key(pem: str) -> bool:
    """Say whether a text has the form of a private key."""
    return _KEY.fullmatch(pem) is not None


def read(pem: str) -> Facts:
    """Read the first certificate of a text.

    Raises
    ------
    ValueError
        There is none, or it is damaged.
    """
    found = _PEM.match(pem)
    if found is None:
        raise ValueError("no certificate")
    try:
        der = base64.b64decode("".join(found[1].split()), validate=True)
        ((_, certificate),) = _parts(der)
        signed = next(_parts(certificate))[1]
        fields = [part for part in _parts(signed) if part[0] != _VERSION]
        _, (kind, text) = _parts(fields[3][1])
        return Facts(hashlib.sha1(der, usedforsecurity=False).hexdigest(), _time(kind, text), [*_names(fields)])
    except (binascii.Error, IndexError, StopIteration, UnicodeDecodeError) as error:
        raise ValueError("a damaged certificate") from error


def _parts(der: bytes) -> Iterator[tuple[int, bytes]]:
    """Give the elements of a DER sequence: tag and content."""
    at = 0
    while at < len(der):
        tag, length, at = der[at], der[at + 1], at + 2
        if length >= _LONG_LENGTH:
            digits = length - _LONG_LENGTH
            length, at = int.from_bytes(der[at : at + digits], "big"), at + digits
        if at + length > len(der):
            raise ValueError("a damaged certificate")
        yield tag, der[at : at + length]
        at += length


def _time(kind: int, text: bytes) -> str:
    digits = text.decode("ascii")
    if kind == _UTC_TIME:
        digits = ("20" if int(digits[:2]) < _CENTURY_TURN else "19") + digits
    if not re.fullmatch(r"[0-9]{14}Z", digits):
        raise ValueError("a damaged certificate")
    day, clock = digits[:8], digits[8:]
    return f"{day[:4]}-{day[4:6]}-{day[6:]}T{clock[:2]}:{clock[2:4]}:{clock[4:6]}Z"


def _names(fields: list[tuple[int, bytes]]) -> Iterator[str]:
    for tag, content in fields:
        for _, extensions in _parts(content) if tag == _EXTENSIONS else ():
            for _, extension in _parts(extensions):
                (_, name), *rest = _parts(extension)
                octets = [value for kind, value in rest if kind == _OCTETS]
                if name == _ALTERNATIVE_NAMES and octets:
                    ((_, names),) = _parts(octets[0])
                    yield from (value.decode("ascii") for kind, value in _parts(names) if kind == _DNS_NAME)
