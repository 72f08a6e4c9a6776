"""Names that a droplet may have."""

from __future__ import annotations

import re

from poseidon_nb.sandbox.replies import unprocessable

_NAME = re.compile(r"[a-zA-Z0-9]?[a-z0-9A-Z.\-]*[a-z0-9A-Z]")
_LENGTH_MOST = 255


def checked_name(name: str) -> str:
    """Give the name back; refuse what the specification's pattern refuses. Names need not be unique."""
    if len(name) > _LENGTH_MOST:
        raise unprocessable(f"Name is too long (maximum is {_LENGTH_MOST} characters)")
    if not _NAME.fullmatch(name):
        raise unprocessable("Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)")
    return name
