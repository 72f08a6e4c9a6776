"""Settings of a session: its address, and the environment variables that are read at each request."""

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

#: Replaces the address of the API.
API_URL = "DIGITALOCEAN_API_URL"

#: URL parsers disagree about whitespace, control characters and backslashes, and letters of other scripts look alike.
_UNAMBIGUOUS = re.compile(r"[!-\[\]-~]+")
_DEFAULT_PORTS = {"http": 80, "https": 443}
#: Begins the path of each operation. The address of the API is often written with it.
_VERSION = "/v2"


def find_base_url(doctl_url: str = "") -> str:
    """Return the address of the API: ``DIGITALOCEAN_API_URL``, else doctl's, else DigitalOcean's.

    Parameters
    ----------
    doctl_url : str
        The ``api-url`` that doctl uses with the same token; empty if there is none.

    Raises
    ------
    ConfigurationError
        The address that applies cannot be used.
    """
    named = os.environ.get(API_URL, "").strip()
    if named:
        return validate_base_url(named, name=API_URL)
    return validate_base_url(doctl_url, name="api-url of doctl's configuration") if doctl_url else DEFAULT_BASE_URL


def validate_base_url(base_url: str, *, name: str = "base_url") -> str:
    """Return the address in its one normal form: in lower case up to the path, without a final slash or ``/v2``.

    Parameters
    ----------
    base_url : str
    name : str
        What the user calls it, for errors.

    Raises
    ------
    ConfigurationError
        It is not a valid URL, or the token would be sent unencrypted.
    """
    # The value is not quoted in errors: it may contain a password, or be a token by mistake.
    url = base_url.strip()
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ConfigurationError(f"{name} is not a valid URL. Use for example {DEFAULT_BASE_URL}") from None
    if parts.scheme not in _DEFAULT_PORTS or not host or not _UNAMBIGUOUS.fullmatch(url):
        raise ConfigurationError(f"{name} is not a valid URL. Use for example {DEFAULT_BASE_URL}")
    if "@" in parts.netloc:
        raise ConfigurationError(f"{name} must not contain a user or password. Pass the token as token=.")
    if "?" in url or "#" in url:
        raise ConfigurationError(f"{name} must not contain a query or a fragment.")
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigurationError(
            f"{name} must use https, not http://{host}. The token would be sent unencrypted otherwise."
        )
    where = f"[{host}]" if ":" in host else host
    if port is not None and port != _DEFAULT_PORTS[parts.scheme]:
        where += f":{port}"
    return f"{parts.scheme}://{where}{parts.path.rstrip('/').removesuffix(_VERSION).rstrip('/')}"


def at_address(name: str, base_url: str) -> str:
    """Return the name of an account, with its address if that is not DigitalOcean's."""
    return name if base_url == DEFAULT_BASE_URL else f"{name} at {base_url}"


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
