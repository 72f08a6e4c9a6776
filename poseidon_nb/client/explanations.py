"""Which word of a refused request was wrong, where the API says only that something was. Read after the refusal only.

The nouns explain their own refusals; this is for an operation that is called by its operationId.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from poseidon_nb.catalogue import operation
from poseidon_nb.client.kinds import KINDS, kind_meant
from poseidon_nb.client.lookup import within
from poseidon_nb.client.slugs import Slugs
from poseidon_nb.errors import PoseidonError
from poseidon_nb.text import did_you_mean

if TYPE_CHECKING:
    from poseidon_nb.client.connection import Connection
    from poseidon_nb.transport.request import Request

#: Fields that hold a slug, by the kind that they mean.
_SLUGS = {"regions": "region", "sizes": "size", "images": "image"}
#: Kinds that are named by their id, and whose names are short enough to be misspelled.
_NAMED = frozenset({"domains", "tags", "registries"})
#: Kinds of which there may be thousands, too many to read for the sake of a hint.
_MANY = frozenset({"droplets", "images", "snapshots"})


def explanation(connection: Connection, request: Request, *, missing: bool = False) -> str:
    """Give a sentence on the first word of a refused request that nothing is called, or ``""``.

    Parameters
    ----------
    connection : Connection
    request : Request
    missing : bool
        The refusal was a 404, so that also an id may be one that nothing has.
    """
    if not request.operation_id:
        return ""
    try:
        return _of_path(connection, request, missing=missing) or _of_body(connection, request)
    except PoseidonError:
        # The refusal itself is what has to be told.
        return ""


def _of_path(connection: Connection, request: Request, *, missing: bool) -> str:
    wanted = operation(request.operation_id)
    for part, word in zip(wanted.path.split("/"), request.path.split("/"), strict=False):
        kind = kind_meant(wanted.id, part[1:-1]) if part.startswith("{") else ""
        if kind not in (KINDS if missing and kind not in _MANY else _NAMED):
            continue
        known = KINDS[kind]
        names = [str(within(row, known.id)) for row in connection.rows(known.operation)]
        if unquote(word).casefold() not in map(str.casefold, names):
            return f"no {known.noun} {unquote(word)!r}{did_you_mean(unquote(word), names)}"
    return ""


def _of_body(connection: Connection, request: Request) -> str:
    body = request.body if isinstance(request.body, dict) else {}
    fields = {
        slug: body[name]
        for name in body
        if (slug := _SLUGS.get(kind_meant(request.operation_id, name))) and isinstance(body[name], str)
    }
    return Slugs(connection).explain(fields) if fields else ""
