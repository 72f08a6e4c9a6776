"""Operations by name. The file is read at the first question, an operation is made at the first question for it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue.encoding import from_row
from poseidon_nb.errors import NoSuchName
from poseidon_nb.text import close_matches, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.catalogue.operation import Operation

#: Not `importlib.resources`, which would import five modules for the address of a file.
FILE = Path(__file__).with_name("operations.json")

# Threads that ask for one operation at once may each make it, and `setdefault` lets all of them have the same one.
_made: dict[str, Operation] = {}


def operation(operation_id: str) -> Operation:
    """Give the operation with this operationId.

    Raises
    ------
    NoSuchName
        There is none; the error names the nearest.
    """
    made = _made.get(operation_id)
    if made is not None:
        return made
    known = rows()
    if operation_id not in known:
        close = close_matches(operation_id, known)
        message = f'no operation "{operation_id}"{did_you_mean(operation_id, known)}'
        raise NoSuchName(message, name=operation_id, nearest=close)
    return _made.setdefault(operation_id, from_row(known[operation_id]))


def operation_ids() -> tuple[str, ...]:
    """Give the ids of all operations, in the specification's order."""
    return tuple(rows())


@cache
def rows() -> Mapping[str, Mapping[str, Any]]:
    """Give what the file says of every operation, by id."""
    return {row["id"]: row for row in json.loads(FILE.read_bytes())["operations"]}
