"""What the environment says at each request: ``POSEIDON_READ_ONLY`` forbids changes."""

from __future__ import annotations

import os

from poseidon_nb.errors import ConfigurationError

READ_ONLY = "POSEIDON_READ_ONLY"
_YES = ("1", "true", "yes", "on", "y", "t")
_NO = ("0", "false", "no", "off", "n", "f", "")


def forbids_changes() -> bool:
    """Check whether the environment forbids changes.

    Raises
    ------
    ConfigurationError
        It says neither yes nor no: then a change must not go out.
    """
    said = os.environ.get(READ_ONLY, "").strip().casefold()
    if said in _YES:
        return True
    if said in _NO:
        return False
    yes, no = ", ".join(_YES), ", ".join(filter(None, _NO))
    raise ConfigurationError(
        f"{READ_ONLY} is neither a yes ({yes}) nor a no ({no}, or empty), so nothing is changed: set it to one of these"
    )
