"""Steps that put a tag on droplets and take it off, all in one request. Pure: built from the droplets' rows.

API: ``tags_create``, ``tags_assign_resources``, ``tags_unassign_resources``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation
from poseidon_nb.client.engine.droplet_steps import target_of
from poseidon_nb.client.engine.steps import Change, Step, Target
from poseidon_nb.transport.request import build_request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poseidon_nb.client.engine.steps import Chain

    Row = Mapping[str, Any]


def tag_chains(rows: Sequence[Row], tag: str, *, exists: bool) -> tuple[Chain, ...]:
    """Return the chains that put a tag on droplets.

    Parameters
    ----------
    rows : sequence of mapping
        Droplets as the API sends them.
    tag : str
    exists : bool
        Whether the tag exists; else it is created first.
    """
    lacking, having = _parted(rows, tag)
    create = Step(
        verb="create",
        targets=(Target("tag", None, tag),),
        request=build_request(operation("tags_create"), body={"name": tag}),
    )
    found: list[Chain] = []
    if lacking:
        found.append((*(() if exists else (create,)), _step("tag", "tags_assign_resources", lacking, tag)))
    if having:
        found.append((_step("tag", "tags_assign_resources", having, tag, unchanged="has the tag already"),))
    return tuple(found)


def untag_chains(rows: Sequence[Row], tag: str) -> tuple[Chain, ...]:
    """Return the chains that take a tag off droplets."""
    lacking, having = _parted(rows, tag, unknown=True)
    found: list[Chain] = []
    if having:
        found.append((_step("untag", "tags_unassign_resources", having, tag),))
    if lacking:
        found.append((_step("untag", "tags_unassign_resources", lacking, tag, unchanged="does not have the tag"),))
    return tuple(found)


def _parted(rows: Sequence[Row], tag: str, *, unknown: bool = False) -> tuple[list[Row], list[Row]]:
    """Return droplets without a tag and those with it; without a field of tags ``unknown`` decides."""

    def has(row: Row) -> bool:
        tags = row.get("tags")
        return unknown if tags is None else tag.casefold() in (one.casefold() for one in tags)

    return [row for row in rows if not has(row)], [row for row in rows if has(row)]


def _step(verb: str, operation_id: str, rows: Sequence[Row], tag: str, *, unchanged: str = "") -> Step:
    resources = [{"resource_id": str(row["id"]), "resource_type": "droplet"} for row in rows]
    puts = verb == "tag"
    return Step(
        verb=verb,
        targets=tuple(target_of(row) for row in rows),
        request=build_request(operation(operation_id), path={"tag_id": tag}, body={"resources": resources}),
        change=Change("tags", None if puts else tag, tag if puts else None),
        unchanged=unchanged,
    )
