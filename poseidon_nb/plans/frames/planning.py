"""From frames to chains: compare each frame with the account, and build what is to be changed.

All errors are found before anything is sent, and are reported together.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.plans.frames import cells
from poseidon_nb.plans.frames.compare import Comparison, compare_cells, sentence
from poseidon_nb.plans.frames.draft import Draft
from poseidon_nb.plans.frames.kind import Change, Work, tried, who
from poseidon_nb.plans.frames.matching import match_rows
from poseidon_nb.plans.frames.recognition import KINDS, plain_id
from poseidon_nb.plans.frames.records import Records
from poseidon_nb.plans.frames.shown import ShownValues
from poseidon_nb.text import did_you_mean, escape_unprintable, format_percent, join_words, pluralize, truncated_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from poseidon_nb.client.engine.steps import Chain
    from poseidon_nb.plans.account import AccountReader
    from poseidon_nb.plans.frames.kind import Kind
    from poseidon_nb.plans.frames.matching import Matches
    from poseidon_nb.plans.frames.rows import FrameRow, FrameRows

#: Volumes are detached before their droplets are destroyed, and firewalls protect until the end.
_DELETE_ORDER = ("records", "volumes", "droplets", "firewalls", "tags")
#: The part of a scope that a frame may change without ``--max-changes``, in percent.
MAX_CHANGES_PERCENT = 30.0
#: Errors that are written out; the others are counted.
_MAX_ERRORS = 3
_TWO_WAY = (
    "Compared with the account alone, because no listing of this kernel showed these rows: each difference is a change."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyOptions:
    """How frames are applied.

    Parameters
    ----------
    tag : str, optional
        The scope: resources with this tag.
    delete : bool
        Delete what is in the scope and missing in the frame.
    restart : bool
        Restart running droplets for a new size.
    as_written : bool
        Apply cells that are equal to an older listed value too.
    max_changes_percent : float
        The part of the scope that may change.
    """

    tag: str | None = None
    delete: bool = False
    restart: bool = False
    as_written: bool = False
    max_changes_percent: float = MAX_CHANGES_PERCENT


class _Shown:
    """What the kernel showed of one account."""

    def __init__(self, values: ShownValues, account: str) -> None:
        self.values = values
        self.account = account

    def cells(self, kind: str, id_: int | str) -> Mapping[str, Sequence[object]]:
        return self.values.cells(self.account, kind, id_)


_NOTHING = _Shown(ShownValues(), "")


@dataclass(frozen=True, slots=True)
class FrameEdit:
    """A cell that a plan applies."""

    kind: str
    id: int | str
    column: str
    value: object


def frame_chains(
    account: AccountReader,
    frames: Sequence[tuple[str, FrameRows]],
    shown: ShownValues,
    account_key: str,
    options: ApplyOptions,
) -> tuple[tuple[Chain, ...], tuple[FrameEdit, ...]]:
    """Build the chains that make the account equal to frames, and return them with the cells that they apply.

    Parameters
    ----------
    account : AccountReader
        Notes for the user are added to it.
    frames : sequence of tuple
        Each frame with its resource type.
    shown : ShownValues
    account_key : str
        The account in ``shown``.
    options : ApplyOptions

    Raises
    ------
    InvalidArgument
        A row or cell cannot be applied. Nothing was sent.
    """
    names = [name for name, _ in frames]
    if repeated := [name for name in KINDS if names.count(name) > 1]:
        raise InvalidArgument(f"Two frames hold {repeated[0]}. Put their rows into one.")
    if account.offline:
        raise InvalidArgument("A frame is compared with the account, which cannot be read.")
    draft = Draft(account, restart=options.restart)
    works: dict[str, tuple[Kind, Work]] = {}
    # Rows of other types can name droplets that are new.
    for name, frame in sorted(frames, key=lambda one: one[0] != "droplets"):
        works[name] = _compare(draft, name, frame, _Shown(shown, account_key), options)
    _raise_errors(draft.errors)
    for kind, work in works.values():
        _check_amount(kind, work, options)
    for name in KINDS:
        if name in works:
            kind, work = works[name]
            kind.build(draft, work)
    for name in _DELETE_ORDER:
        if name in works and works[name][1].missing:
            kind, work = works[name]
            kind.build_deletes(draft, work.missing)
    _raise_errors(draft.errors)
    edits = tuple(
        FrameEdit(name, change.present.id, one.field.place, one.after)
        for name, (_, work) in works.items()
        for change in work.changes
        for one in change.differences
    )
    return tuple(draft.chains), edits


def _compare(draft: Draft, name: str, frame: FrameRows, shown: _Shown, options: ApplyOptions) -> tuple[Kind, Work]:
    """Compare one frame with the account."""
    kind = _kind(name, frame, shown)
    _check_options(kind, options)
    _note_columns(draft, kind, frame)
    # Spreadsheets end in empty rows.
    given = [row for row in frame.rows if any(cell is not None for cell in row.cells.values())]
    present = kind.read(draft, given)
    if options.tag is not None and not any(_has_tag(row, options.tag) for row in given):
        # A new fleet may bring its tag.
        draft.account.check_tag(options.tag)
    prepared = [tried(draft, who(row), partial(kind.prepare, draft, row)) for row in given]
    rows = [row for row in prepared if row is not None]
    scope = [one for one in present if kind.in_scope(one, options.tag, rows)]
    matches = match_rows(rows, present, scope, kind.identity)
    draft.errors += matches.errors
    work, found = Work(), Comparison()
    for row, one in matches.pairs:
        has_id = row.cells.get(kind.identity.id) is not None
        differences = compare_cells(
            who(row, one),
            row.cells,
            one.cells,
            # A new row may be a copy of another one, with what followed from its values.
            kind.fields if has_id else [field for field in kind.fields if not field.computed],
            {} if frame.from_file else shown.cells(name, one.id),
            found,
            as_written=options.as_written,
        )
        if has_id and (remark := kind.remark(row, one)):
            found.leave(remark, who(row, one))
        if differences:
            work.changes.append(Change(who(row, one), one, tuple(differences)))
    _match_gone(draft, kind, matches, _NOTHING if frame.from_file else shown)
    for row in matches.new:
        if errors := _cell_errors(kind, row):
            draft.errors += errors
            continue
        tried(draft, who(row), partial(kind.check_new, draft, row, options.tag))
    work.new = matches.new
    if options.delete:
        kept = {one.id for _, one in matches.pairs}
        work.missing = [one for one in scope if one.id not in kept and not kind.never_deleted(one)]
    draft.errors += found.errors
    draft.account.notes += found.notes
    if found.two_way and work.changes and _TWO_WAY not in draft.account.notes:
        draft.account.notes.append(_TWO_WAY)
    work.scope = len(scope)
    return kind, work


def _cell_errors(kind: Kind, row: FrameRow) -> list[str]:
    """Return the errors of the cells of a new row that cannot be read."""
    errors = []
    for one in kind.fields:
        cell = row.cells.get(one.place)
        if cell is None or cells.is_masked(cell):
            continue
        try:
            one.read(cell)
        except ValueError as error:
            errors.append(f"{who(row)}, column {one.place}: {sentence(str(error))}")
    return errors


def _has_tag(row: FrameRow, tag: str) -> bool:
    try:
        return tag.casefold() in cells.folded(row.cells.get("tags") or [])
    except ValueError:
        return False


def _kind(name: str, frame: FrameRows, shown: _Shown) -> Kind:
    if name != "records":
        return KINDS[name]()
    ids = [plain_id(row.cells["id"]) for row in frame.rows if row.cells.get("id") is not None]
    domains = {id_: shown.cells(name, id_).get("domain", ()) for id_ in ids if isinstance(id_, int)}
    return Records({id_: str(listed[-1]) for id_, listed in domains.items() if listed})


def _check_options(kind: Kind, options: ApplyOptions) -> None:
    if options.tag is not None and not kind.has_tags:
        raise InvalidArgument(f"--tag cannot be used with {kind.noun}s, which have no tags.")
    if options.delete and kind.not_deleted:
        raise InvalidArgument(f"--delete cannot be used with {kind.noun}s. {kind.not_deleted}")
    if options.delete and kind.has_tags and options.tag is None:
        raise InvalidArgument(
            f"--delete needs --tag TAG: the frame is then the whole of that tag, and {kind.noun}s that it misses are deleted."
        )


def _note_columns(draft: Draft, kind: Kind, frame: FrameRows) -> None:
    known = kind.columns()
    unknown = {column: did_you_mean(column, known) for column in frame.columns if column not in known}
    notes = [f"Column {escape_unprintable(one)} is ignored{close}" for one, close in unknown.items() if close]
    others = [one for one, close in unknown.items() if not close]
    if others:
        notes.append(f"Ignored columns: {truncated_list(others)}.")
    draft.account.notes += notes


def _match_gone(draft: Draft, kind: Kind, matches: Matches, shown: _Shown) -> None:
    """Handle rows whose id does not exist: new, if the id is a name; left out, or refused if they were edited."""
    left = []
    for row, id_ in matches.gone:
        listed = shown.cells(kind.name, id_)
        if kind.named_by_id and not listed:
            matches.new.append(row)
            continue
        if kind.identity.id == "ip" and not listed:
            draft.errors.append(f"{who(row)}: this address is not reserved. Use %do reserved-ips create.")
            continue
        if listed and _is_edited(kind, row, listed):
            draft.errors.append(
                f"{who(row)}: {kind.noun} {escape_unprintable(str(id_))} no longer exists. Remove the row, or empty its id."
            )
            continue
        left.append(f"{who(row)}")
    if left:
        what = "it no longer exists" if len(left) == 1 else "they no longer exist"
        draft.account.notes.append(f"Left out, because {what}: {join_words(left[:4])}{_more(left)}.")


def _more(listed: Sequence[str]) -> str:
    most = 4
    return f" and {len(listed) - most:,} more" if len(listed) > most else ""


def _is_edited(kind: Kind, row: FrameRow, listed: Mapping[str, Sequence[object]]) -> bool:
    for one in kind.fields:
        cell, values = row.cells.get(one.place), listed.get(one.place, ())
        if one.computed or one.refusal or cell is None or not values:
            continue
        try:
            if one.read(cell) not in [one.empty if value is None else one.read(value) for value in values]:
                return True
        except ValueError:
            continue
    return False


def _check_amount(kind: Kind, work: Work, options: ApplyOptions) -> None:
    """Check that a frame does not change more of its scope than is allowed. New resources change nothing that exists."""
    number = len(work.changes) + len(work.missing)
    if not number:
        return
    percent = 100.0 * number / max(work.scope, 1)
    if percent > options.max_changes_percent:
        of = f"{pluralize(work.scope, kind.noun)}{f' with tag {options.tag}' if options.tag else ''}"
        parts = [f"change {len(work.changes):,}"] if work.changes else []
        parts += [f"delete {len(work.missing):,}"] if work.missing else []
        needed = int(-(-percent // 1))
        raise InvalidArgument(
            f"This would {' and '.join(parts)} of {of} ({format_percent(percent)}), more than {format_percent(options.max_changes_percent)}."
            f" If that is intended, add --max-changes {needed}%."
        )


def _raise_errors(errors: Iterable[str]) -> None:
    listed = [*dict.fromkeys(errors)]
    if not listed:
        return
    rest = len(listed) - _MAX_ERRORS
    shown = " ".join(listed[:_MAX_ERRORS])
    more = f" {pluralize(rest, 'more error')}." if rest > 0 else ""
    raise InvalidArgument(f"{shown}{more} Nothing was changed.")
