"""Which addresses a token may be sent to: https, or this machine itself."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from poseidon_nb.errors import ConfigurationError

PRODUCTION = "https://api.digitalocean.com"


def checked_base_url(base_url: str) -> str:
    """Give the address without a slash at its end.

    Raises
    ------
    ConfigurationError
        It is no address, or the token would travel in the clear.
    """
    try:
        parts = urlsplit(base_url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ConfigurationError(f"base_url {base_url!r} is not an address") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise ConfigurationError(f"base_url {base_url!r} is not an address such as {PRODUCTION}")
    if parts.username or parts.password:
        raise ConfigurationError("base_url must not hold a user or a password; give the token as token=")
    if parts.query or parts.fragment:
        raise ConfigurationError(f"base_url {base_url!r} must end with its path")
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigurationError(f"base_url {base_url!r} must be https: a token would travel in the clear")
    return base_url.strip().rstrip("/")


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
