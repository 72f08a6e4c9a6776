"""What a frame is about: the resource types that frames can edit, and which of them the columns of a frame are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.schemas import DERIVED_TABLES, TABLES
from poseidon_nb.plans.frames.droplets import Droplets
from poseidon_nb.plans.frames.firewalls import Firewalls
from poseidon_nb.plans.frames.records import Records
from poseidon_nb.plans.frames.reserved_ips import ReservedIPs
from poseidon_nb.plans.frames.tags import Tags
from poseidon_nb.plans.frames.volumes import Volumes
from poseidon_nb.text import join_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.plans.frames.kind import Kind
    from poseidon_nb.plans.frames.rows import FrameRows
    from poseidon_nb.plans.frames.shown import ShownValues

#: The resource types in the order in which they are built: firewalls before the droplets that need them, and records
#: after the addresses are known.
KINDS: Mapping[str, type[Kind]] = {
    kind.name: kind for kind in (Tags, Firewalls, Droplets, Volumes, ReservedIPs, Records)
}
_RECOGNIZED = "droplets, records, firewalls, volumes, reserved IPs or tags"


def recognize(frame: FrameRows, shown: ShownValues, account: str) -> str:
    """Return the resource type of a frame: that of the table with most of its columns.

    If several tables have as many, the listings of this kernel that showed the ids decide.

    Raises
    ------
    InvalidArgument
        It fits none, several, or a type that frames cannot edit, or holds rows of several types.
    """
    columns = {*frame.columns}
    _check_one_type(frame, shown, account)
    known = {name: {column.name for column in table.columns} for name, table in {**TABLES, **DERIVED_TABLES}.items()}
    known |= {name: {*kind().columns()} for name, kind in KINDS.items()}
    scores = {name: len(columns & names) for name, names in known.items()}
    best = max(scores.values())
    fits = [name for name in KINDS if scores[name] == best and columns & known[name]]
    exact = [name for name in fits if columns & KINDS[name].hallmarks]
    if len(exact) == 1:
        return exact[0]
    ids = [plain_id(row.cells.get(name)) for row in frame.rows for name in ("id", "ip", "name")]
    listed = {kind for kinds in shown.kinds_of(account, ids).values() for kind in kinds}
    from_listing = [name for name in (exact or fits) if name in listed]
    if len(from_listing) == 1:
        return from_listing[0]
    words = join_words(frame.columns[:8])
    if not words:
        raise InvalidArgument(f"The frame has no columns. Frames can edit {_RECOGNIZED}.")
    if fits:
        names = join_words((KINDS[name].noun + "s" for name in fits), conjunction="or")
        raise InvalidArgument(f"A frame with only {words} can be about {names}. Keep more of their columns.")
    other = next((name for name, score in scores.items() if score == best and best), "")
    like = f" It looks like {other.replace('_', ' ')}." if other else ""
    raise InvalidArgument(f"Frames can edit {_RECOGNIZED}, and none of them has the columns {words}.{like}")


def _check_one_type(frame: FrameRows, shown: ShownValues, account: str) -> None:
    """Check that listings of this kernel did not show the rows as of several types, as after a concat of two listings."""
    ids = [plain_id(row.cells.get(name)) for row in frame.rows for name in ("id", "ip")]
    editable = [kinds & KINDS.keys() for kinds in shown.kinds_of(account, ids).values()]
    # An id that several types have tells nothing.
    nouns = sorted({f"{KINDS[kind].noun}s" for kinds in editable if len(kinds) == 1 for kind in kinds})
    if len(nouns) > 1:
        frames = " ".join(f"{{{noun.replace(' ', '_')}}}" for noun in nouns)
        raise InvalidArgument(
            f"The frame holds {join_words(nouns)}. Apply a frame for each type: %do apply {frames.lower()}"
        )


def plain_id(value: object) -> object:
    """Return an id as an integer, although a column with empty cells has floats."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
