"""Settings of a session: its base URL, and the environment variables that are read at each request."""

from __future__ import annotations

import ipaddress
import os
import re
from urllib.parse import urlsplit

from poseidon_nb.catalogue.operations import SERVER
from poseidon_nb.errors import ConfigurationError
from poseidon_nb.text import FALSE_WORDS, TRUE_WORDS

DEFAULT_BASE_URL = SERVER
#: Forbids all changes.
READ_ONLY = "POSEIDON_READ_ONLY"
#: Confirms everything except deletions, for scheduled runs.
ASSUME_YES = "POSEIDON_ASSUME_YES"

#: URL parsers disagree about whitespace, control characters and backslashes.
_UNAMBIGUOUS = re.compile(r"[^\s\\\x00-\x20\x7f]+")


def validate_base_url(base_url: str) -> str:
    """Return the base URL without a trailing slash.

    Raises
    ------
    ConfigurationError
        It is not a valid URL, or the token would be sent unencrypted.
    """
    # The value is not quoted in errors: it may contain a password, or be a token by mistake.
    url = base_url.strip()
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ConfigurationError(f"base_url is not a valid URL. Use for example {DEFAULT_BASE_URL}") from None
    if parts.scheme not in {"http", "https"} or not host or not _UNAMBIGUOUS.fullmatch(url):
        raise ConfigurationError(f"base_url is not a valid URL. Use for example {DEFAULT_BASE_URL}")
    if "@" in parts.netloc:
        raise ConfigurationError("base_url must not contain a user or password. Pass the token as token=.")
    if "?" in url or "#" in url:
        raise ConfigurationError("base_url must not contain a query or a fragment.")
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigurationError(
            f"base_url must use https, not http://{host}. The token would be sent unencrypted otherwise."
        )
    return url.rstrip("/")


def is_loopback(host: str) -> bool:
    """Check whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_read_only() -> bool:
    """Check whether ``POSEIDON_READ_ONLY`` forbids changes.

    Raises
    ------
    ConfigurationError
        Its value is neither true nor false. No change may be sent then.
    """
    return _is_true(READ_ONLY)


def assumes_yes() -> bool:
    """Check whether ``POSEIDON_ASSUME_YES`` confirms questions.

    Raises
    ------
    ConfigurationError
        Its value is neither true nor false.
    """
    return _is_true(ASSUME_YES)


def _is_true(name: str) -> bool:
    value = os.environ.get(name, "")
    word = value.strip().casefold()
    if word in TRUE_WORDS:
        return True
    if word in {*FALSE_WORDS, ""}:
        return False
    raise ConfigurationError(
        f"{name} must be true ({', '.join(TRUE_WORDS)}) or false ({', '.join(FALSE_WORDS)}, or empty), not {value!r}. "
        "Nothing was changed."
    )
