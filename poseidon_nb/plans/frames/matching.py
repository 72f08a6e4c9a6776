"""Which resource of the account each row of a frame is. Pure.

A row with an id is the resource with this id. A row without one is the only resource of its scope with its name, or new if
there is none. Whatever could mean two things is refused, so that applying a frame twice never creates anything twice.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from poseidon_nb.plans.frames.compare import sentence
from poseidon_nb.text import escape_unprintable, join_words

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from poseidon_nb.plans.frames.rows import FrameRow

    Cells = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Present:
    """A resource of the account.

    Parameters
    ----------
    id : int or str
    cells : mapping
        Its row, as a listing shows it.
    raw : mapping
        The API's JSON.
    """

    id: int | str
    cells: Cells
    raw: Mapping[str, Any]


R = TypeVar("R", "FrameRow", Present)


@dataclass(slots=True)
class Matches:
    """What the rows of a frame are."""

    pairs: list[tuple[FrameRow, Present]] = field(default_factory=list)
    new: list[FrameRow] = field(default_factory=list)
    #: Rows whose id does not exist.
    gone: list[tuple[FrameRow, int | str]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Identity:
    """How resources of one type are recognized.

    Parameters
    ----------
    noun : str
    id : str
        The column of ids.
    read_id : callable
        Returns the id in a cell, or raises `ValueError`.
    key : callable
        Returns what is unique of a resource without an id, such as its name; None if the row has none.
    prefer : callable, optional
        Returns what tells resources with one key apart, such as the data of a DNS record.
    needed : str
        The columns of the key, for messages; empty if only the id can name a resource.
    """

    noun: str
    id: str
    read_id: Callable[[Any], int | str]
    key: Callable[[Cells], Hashable | None]
    prefer: Callable[[Cells], Hashable] | None = None
    needed: str = "name"


def match_rows(
    rows: Sequence[FrameRow], present: Sequence[Present], scope: Sequence[Present], identity: Identity
) -> Matches:
    """Return which resource each row is.

    Parameters
    ----------
    rows : sequence of FrameRow
    present : sequence of Present
        All resources, for the ids of rows.
    scope : sequence of Present
        Those among which names are looked up.
    identity : Identity
    """
    found = Matches()
    claimed, without = _match_ids(rows, {one.id: one for one in present}, identity, found)
    groups: defaultdict[Hashable, list[FrameRow]] = defaultdict(list)
    for row in without:
        key = identity.key(row.cells)
        if key is None:
            needed = f"neither {identity.id} nor {identity.needed}" if identity.needed else f"no {identity.id}"
            found.errors.append(f"{row.label} has {needed}.")
        else:
            groups[key].append(row)
    by_key = _grouped(scope if groups else (), identity)
    named = _grouped(claimed.values() if groups else (), identity)
    for key, group in groups.items():
        candidates = by_key[key]
        if identity.prefer is None:
            _match_name((*group, *named[key]), candidates, claimed, identity, found)
        else:
            _match_group(group, [one for one in candidates if one.id not in claimed], identity, found)
    return found


def _match_ids(
    rows: Sequence[FrameRow], by_id: Mapping[int | str, Present], identity: Identity, found: Matches
) -> tuple[dict[int | str, FrameRow], list[FrameRow]]:
    """Match the rows with an id; return them by id, and the rows without one."""
    claimed: dict[int | str, FrameRow] = {}
    without: list[FrameRow] = []
    for row in rows:
        cell = row.cells.get(identity.id)
        if cell is None or cell == "":
            without.append(row)
            continue
        try:
            id_ = identity.read_id(cell)
        except ValueError as error:
            found.errors.append(f"{row.label}, column {identity.id}: {sentence(str(error))}")
            continue
        if id_ in claimed:
            found.errors.append(
                f"{claimed[id_].label} and {row.label} both have the {identity.id} {escape_unprintable(str(id_))}."
                f" Keep one, for example with drop_duplicates({identity.id!r})."
            )
            continue
        claimed[id_] = row
        if id_ in by_id:
            found.pairs.append((row, by_id[id_]))
        else:
            found.gone.append((row, id_))
    return claimed, without


def _grouped(members: Iterable[R], identity: Identity) -> defaultdict[Hashable, list[R]]:
    """Return rows or resources by their key."""
    found: defaultdict[Hashable, list[R]] = defaultdict(list)
    for one in members:
        found[identity.key(one.cells)].append(one)
    return found


def _match_name(
    group: Sequence[FrameRow],
    candidates: Sequence[Present],
    claimed: Mapping[int | str, FrameRow],
    identity: Identity,
    found: Matches,
) -> None:
    """Match the rows of one name, of which the first has no id, with the resources of this name."""
    name = _name_of(group[0].cells)
    ids = join_words(str(one.id) for one in candidates)
    if len(group) > 1:
        labels = join_words(row.label for row in group)
        known = f" Its {identity.id} in the account: {ids}." if ids else ""
        found.errors.append(f"{labels} share the name {name}. Give each a name, or its {identity.id}.{known}")
    elif len(candidates) > 1:
        found.errors.append(
            f"{group[0].label}: {len(candidates)} {identity.noun}s are named {name}. Add the {identity.id}: {ids}."
        )
    elif not candidates:
        found.new.append(group[0])
    elif candidates[0].id in claimed:
        other = claimed[candidates[0].id]
        found.errors.append(
            f"{group[0].label} has no {identity.id}, and {identity.noun} {name} ({candidates[0].id}) is {other.label}."
            " Apply its new name first, or use another name."
        )
    else:
        found.pairs.append((group[0], candidates[0]))


def _match_group(group: Sequence[FrameRow], candidates: Sequence[Present], identity: Identity, found: Matches) -> None:
    """Match rows of which several can have one key: equal ones first, then the only one that is left."""
    assert identity.prefer is not None  # noqa: S101  # the caller's
    free, rest = list(candidates), []
    seen: dict[Hashable, FrameRow] = {}
    for row in group:
        value = identity.prefer(row.cells)
        if value in seen:
            found.errors.append(f"{seen[value].label} and {row.label} are the same {identity.noun}. Remove one.")
            continue
        seen[value] = row
        equal = next((one for one in free if identity.prefer(one.cells) == value), None)
        if equal is None:
            rest.append(row)
        else:
            free.remove(equal)
            found.pairs.append((row, equal))
    if not free:
        found.new += rest
    elif len(free) == 1 and len(rest) == 1:
        found.pairs.append((rest[0], free[0]))
    elif rest:
        labels, ids = join_words(row.label for row in rest), join_words(str(one.id) for one in free)
        found.errors.append(f"{labels} could be any of the {identity.noun}s {ids}. Add the column {identity.id}.")


def _name_of(cells: Cells) -> str:
    return escape_unprintable(str(cells.get("name") or cells.get("ip")))
