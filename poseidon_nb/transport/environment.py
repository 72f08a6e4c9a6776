"""Environment variables that are read at each request: ``POSEIDON_READ_ONLY`` forbids changes, ``POSEIDON_ASSUME_YES`` allows them."""

from __future__ import annotations

import os

from poseidon_nb.errors import ConfigurationError
from poseidon_nb.text import FALSE_WORDS, TRUE_WORDS

READ_ONLY = "POSEIDON_READ_ONLY"
#: Answers every question but those about what deletes: for a scheduled run.
ASSUME_YES = "POSEIDON_ASSUME_YES"


def forbids_changes() -> bool:
    """Check whether the environment forbids changes.

    Raises
    ------
    ConfigurationError
        Its value is neither a yes nor a no; no change may be sent then.
    """
    return _is_yes(READ_ONLY)


def assumes_yes() -> bool:
    """Check whether the environment answers questions with yes.

    Raises
    ------
    ConfigurationError
        Its value is neither a yes nor a no.
    """
    return _is_yes(ASSUME_YES)


def _is_yes(name: str) -> bool:
    value = os.environ.get(name, "")
    said = value.strip().casefold()
    if said in TRUE_WORDS:
        return True
    if said in {*FALSE_WORDS, ""}:
        return False
    yes, no = ", ".join(TRUE_WORDS), ", ".join(FALSE_WORDS)
    raise ConfigurationError(
        f"{name} must be a yes ({yes}) or a no ({no}, or empty), not {value!r}; nothing was changed"
    )
