"""What the modules of the resource types have in common: how a type is recognized, read, compared and changed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from poseidon_nb.errors import InvalidArgument, LookupFailed
from poseidon_nb.frames.schemas import TABLES
from poseidon_nb.plans.frames.cells import words
from poseidon_nb.plans.frames.compare import sentence
from poseidon_nb.plans.frames.matching import Present
from poseidon_nb.plans.frames.rows import FrameRow, read_frame
from poseidon_nb.text import escape_unprintable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from poseidon_nb.plans.frames.compare import Difference, Field
    from poseidon_nb.plans.frames.draft import Draft
    from poseidon_nb.plans.frames.matching import Identity

    Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """A resource that the frame changes.

    Parameters
    ----------
    who : str
        How messages name the row.
    present : Present
    differences : tuple of Difference
    """

    who: str
    present: Present
    differences: tuple[Difference, ...]

    def after(self, name: str) -> Any:
        """Return the new cell of a field, or the present one."""
        found = next((one for one in self.differences if one.field.name == name), None)
        return self.present.cells.get(name) if found is None else found.after

    def changes(self, name: str) -> bool:
        """Return whether a field is changed."""
        return any(one.field.name == name for one in self.differences)


@dataclass(slots=True)
class Work:
    """What a frame asks for: the rows to create and change, and the resources to delete."""

    new: list[FrameRow] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    missing: list[Present] = field(default_factory=list)
    #: The number of resources that the frame as a whole is about.
    scope: int = 0


class Kind:
    """A resource type that frames can edit. Each subclass is one; its instances belong to one plan."""

    #: The name of its table and group: ``"droplets"``.
    name = ""
    noun = ""
    #: Columns that only this type has.
    hallmarks: frozenset[str] = frozenset()
    #: Columns that frames can have beside those of the table.
    extra_columns: tuple[str, ...] = ()
    identity: Identity
    fields: tuple[Field, ...] = ()
    #: Whether resources have tags, so that ``--tag`` selects them.
    has_tags = False
    #: Why ``--delete`` cannot be used; empty if it can.
    not_deleted = ""
    #: Whether a row with an unknown id is new, because the id is a name.
    named_by_id = False

    def columns(self) -> tuple[str, ...]:
        """Return the columns that frames can have."""
        return (*(column.name for column in TABLES[self.name].columns), *self.extra_columns)

    def read(self, draft: Draft, rows: Sequence[FrameRow]) -> list[Present]:
        """Read all resources of the account that rows can be."""
        raise NotImplementedError

    def prepare(self, draft: Draft, row: FrameRow) -> FrameRow:  # noqa: ARG002  # for subclasses
        """Return a row with its cells spelled as the API serves them, or raise `ValueError`."""
        return row

    def in_scope(self, present: Present, tag: str | None, rows: Sequence[FrameRow]) -> bool:  # noqa: ARG002  # for subclasses
        """Return whether a resource belongs to what the frame as a whole is about."""
        return tag is None or tag.casefold() in {one.casefold() for one in words(present.cells.get("tags") or [])}

    def never_deleted(self, present: Present) -> bool:  # noqa: ARG002  # for subclasses
        """Return whether a resource stays even if the frame does not have it."""
        return False

    def remark(self, row: FrameRow, present: Present) -> str:  # noqa: ARG002  # for subclasses
        """Return what a user should know of a resource that the frame cannot change; empty if there is nothing."""
        return ""

    def check_new(self, draft: Draft, row: FrameRow, tag: str | None) -> None:
        """Check a row that is new.

        Raises
        ------
        ValueError
            It cannot be created.
        """
        raise NotImplementedError

    def build(self, draft: Draft, work: Work) -> None:
        """Add the chains that create and change to a draft."""
        raise NotImplementedError

    def build_deletes(self, draft: Draft, missing: Sequence[Present]) -> None:
        """Add the chains that delete to a draft."""
        raise NotImplementedError


def who(row: FrameRow, present: Present | None = None) -> str:
    """Return how messages name a row: ``Row 3 (web-1)``."""
    cells = row.cells if present is None else present.cells
    name = cells.get("name") or cells.get("ip") or cells.get("id")
    return f"{row.label} ({escape_unprintable(str(name))})" if name else row.label


def presents(table: str, raws: Iterable[Row], *, id_column: str = "id") -> list[Present]:
    """Return the API's rows with the cells that a listing of them shows. Values that are not as specified are missing."""
    from poseidon_nb.client.reading import unread_values  # noqa: PLC0415  # loads requests
    from poseidon_nb.frames.builders import frame_from_rows  # noqa: PLC0415  # loads pandas

    listed = [raw for raw in raws if raw.get(id_column) is not None]
    with unread_values(table) as unread:
        # Secrets are compared as they are; a masked cell is never an edit.
        rows = read_frame(frame_from_rows(table, listed, unread=unread, reveal=True)).rows
    by_id = {str(raw[id_column]): raw for raw in listed}
    return [
        Present(row.cells[id_column], row.cells, by_id[str(row.cells[id_column])])
        for row in rows
        if str(row.cells.get(id_column)) in by_id
    ]


def with_cells(present: Present, **cells: Any) -> Present:
    """Return a resource with more cells."""
    return replace(present, cells={**present.cells, **cells})


def tried(draft: Draft, name: str, build: Any) -> Any:
    """Return the result of a function, or None if a value is wrong, which is added to the draft's errors."""
    try:
        return build()
    except (ValueError, InvalidArgument, LookupFailed) as error:
        draft.errors.append(f"{name}: {sentence(str(error.args[0]))}")
        return None
