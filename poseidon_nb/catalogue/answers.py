"""Where in an answer stands what was asked for. Used by `build.py` only.

Most answers hold one object or one array under one key, beside ``links`` and ``meta``. The rules for all others, in order:

- an answer that comes in pages, or one with a single array of objects below a ``list`` in the operation's name: that array;
- of several fields the object that is named like the path's last literal segment (``access_point`` below
  ``/access_points``), as it is with creations that tell something else besides;
- of several shapes the first: creating droplets answers ``droplet`` for one and ``droplets`` for many;
- anything else is bare: the whole answer is what was asked for.

A single key that holds a text or a number is bare too: there is nothing in it to unwrap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.catalogue.schema import Fields, Schema, Schemas

#: What stands beside the thing asked for and describes it.
COMPANIONS = frozenset({"links", "meta"})


class Answer(NamedTuple):
    """What `Operation` says of an answer."""

    key: str = ""
    is_list: bool = False
    paginated: bool = False


def answer_of(
    schemas: Schemas, operation_id: str, path: str, content: Mapping[str, Any], *, pages_asked: bool
) -> Answer:
    """Say where in the answer of success stands what was asked for.

    Parameters
    ----------
    content : mapping
        What the specification has under ``content`` of the answer; empty for an answer without a body.
    pages_asked : bool
        Whether the operation takes ``page`` and ``per_page``.
    """
    if "application/json" not in content:
        return Answer()
    found = _first_shape(schemas, content["application/json"]["schema"])
    paginated = pages_asked and bool(COMPANIONS & found.schemas.keys())
    candidates = {
        name: schemas.parameter(name, *described, required=False)
        for name, described in found.schemas.items()
        if name not in COMPANIONS
    }
    if len(candidates) == 1:
        (only,) = candidates.values()
        if only.type not in {"object", "array"}:
            return Answer()
        return Answer(only.name, is_list=only.type == "array", paginated=paginated)
    if paginated or "_list" in operation_id:
        arrays = [one.name for one in candidates.values() if one.type == "array" and one.items == "object"]
        if len(arrays) == 1:
            return Answer(arrays[0], is_list=True, paginated=paginated)
    name = _singular(path)
    if name in candidates and candidates[name].type == "object":
        return Answer(name)
    return Answer()


def _first_shape(schemas: Schemas, schema: Schema) -> Fields:
    schema = schemas.resolved(schema)
    for word in ("oneOf", "anyOf"):
        if word in schema:
            return _first_shape(schemas, schema[word][0])
    return schemas.fields(schema)


def _singular(path: str) -> str:
    """Give the path's last literal segment as a field would be named for one of its things."""
    last = [segment for segment in path.split("/") if not segment.startswith("{")][-1]
    return last.replace("-", "_").removesuffix("s")
