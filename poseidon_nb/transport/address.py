"""Which addresses a token may be sent to: https, or this machine itself."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from poseidon_nb.errors import ConfigurationError

PRODUCTION = "https://api.digitalocean.com"
#: Spaces, control characters and backslashes are read differently by different parsers of addresses.
_PLAIN = re.compile(r"[^\s\\\x00-\x20\x7f]+")


def checked_base_url(base_url: str) -> str:
    """Return the address without a slash at its end.

    Raises
    ------
    ConfigurationError
        It is no address, or the token would travel in the clear.
    """
    # What was given is not quoted: it may be a token in the wrong place, or hold a password.
    address = base_url.strip()
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ConfigurationError(f"base_url is not an address such as {PRODUCTION}") from None
    if parts.scheme not in {"http", "https"} or not host or not _PLAIN.fullmatch(address):
        raise ConfigurationError(f"base_url is not an address such as {PRODUCTION}")
    if "@" in parts.netloc:
        raise ConfigurationError("base_url must not hold a user or a password; give the token as token=")
    if "?" in address or "#" in address:
        raise ConfigurationError("base_url must end with its path: no query and no fragment")
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigurationError(f"base_url must be https, not http://{host}: a token would travel in the clear")
    return address.rstrip("/")


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
