"""The result of a command: a table that can be returned as JSON or as a DataFrame, text, or a panel or chart."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.reading import current_read_options, unread_values
from poseidon_nb.errors import BulkFailed
from poseidon_nb.plans.outcomes import failure_summary, target_outcomes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from poseidon_nb.client.engine.steps import Outcome
    from poseidon_nb.commands.context import CommandContext
    from poseidon_nb.plans.plan import Plan

    Row = dict[str, Any]

_EMPTY_ROW: Row = {"id": None, "name": "", "action": "", "status": "", "error": None}
_DTYPES = {**dict.fromkeys(("name", "action", "status", "error"), "string"), "action_id": "Int64"}


class Text(str):
    """Text that a cell shows line by line, and that is a plain `str` otherwise."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class Data(bytes):
    """Bytes that a cell shows as a size, and that are plain `bytes` otherwise."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self):,} bytes; save them with pathlib.Path(...).write_bytes(_)>"


@dataclass(frozen=True, slots=True)
class Plain:
    """A result that is text or bytes."""

    value: Text | Data


@dataclass(frozen=True, slots=True)
class Live:
    """A result that is an object to use, such as a panel, a chart or a plan."""

    value: object


@dataclass(frozen=True, slots=True)
class TableResult:
    """A result with rows.

    Parameters
    ----------
    rows : callable
        Returns the API's JSON.
    frame : callable
        Returns the DataFrame.
    single : bool
        It is one object, so its JSON is not a list.
    nothing : str
        What is displayed if there are no rows; by default a sentence made of the command.
    """

    rows: Callable[[], list[Row]]
    frame: Callable[[], pd.DataFrame]
    single: bool = False
    nothing: str = ""

    def json(self, columns: Sequence[str] = ()) -> Any:
        """Return the JSON; if columns are given, the values of the DataFrame in these columns."""
        rows = self.rows()
        if columns:
            picked = select(self.frame(), columns)
            rows = json.loads(picked.to_json(orient="records", date_format="iso", date_unit="s"))
        return rows[0] if self.single and len(rows) == 1 else rows


Result = TableResult | Plain | Live | None


def plain(value: str | bytes) -> Plain:
    """Return a result for text or bytes."""
    return Plain(Text(value) if isinstance(value, str) else Data(value))


def table_of_rows(resource: str, rows: Sequence[Row], *, single: bool = False) -> TableResult:
    """Return a table of rows of a resource."""
    listed = list(rows)

    def frame() -> pd.DataFrame:
        from poseidon_nb.frames.builders import frame_from_rows  # noqa: PLC0415  # loads pandas

        with unread_values(resource) as unread:
            return frame_from_rows(resource, listed, unread=unread, reveal=current_read_options().reveal)

    return TableResult(lambda: listed, frame, single)


def table_of_frame(frame: pd.DataFrame, *, nothing: str = "") -> TableResult:
    """Return a table of a DataFrame that is not the response of one request, such as an analysis.

    Parameters
    ----------
    frame : pandas.DataFrame
    nothing : str
        What is displayed if there are no rows; by default a sentence made of the command.
    """
    return TableResult(
        lambda: json.loads(frame.to_json(orient="records", date_format="iso", date_unit="s")),
        lambda: frame,
        nothing=nothing,
    )


def described_table(context: CommandContext, frame: pd.DataFrame, description: str) -> TableResult:
    """Return a table of a DataFrame, and say a sentence about it; without rows the sentence is displayed in its place."""
    if description and len(frame):
        context.ui.say(description)
    return table_of_frame(frame, nothing=description)


def described_chart(context: CommandContext, chart: object, description: str) -> Live:
    """Return a chart, and say what it does not say itself, if there is anything."""
    if description:
        context.ui.say(description)
    return Live(chart)


def check_columns(columns: Sequence[str], names: Sequence[str]) -> None:
    """Check that the DataFrame of a verb will have some columns, before anything is done.

    Raises
    ------
    InvalidArgument
        One is unknown; the closest column is suggested.
    """
    if columns:
        import pandas as pd  # noqa: PLC0415  # slow to import

        select(pd.DataFrame(columns=[*columns]), names)


def select(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Return some columns of a DataFrame, in the given order; all if none are named."""
    from poseidon_nb.frames.selection import select_columns  # noqa: PLC0415  # loads pandas

    return select_columns(frame, columns) if columns else frame


def outcomes_table(context: CommandContext, plan: Plan, outcomes: Sequence[Outcome], *, kind: str = "") -> TableResult:
    """Return a table of what a plan did: one row for each resource.

    Parameters
    ----------
    context : CommandContext
    plan : Plan
    outcomes : sequence of Outcome
    kind : str
        Only resources of this type have rows.

    Raises
    ------
    PoseidonError
        The only resource failed: its own error.
    BulkFailed
        Some of several failed, and ``--keep-going`` was not given. The table was shown; it is the error's ``frame``.
    """
    found = target_outcomes(plan, outcomes, kind=kind)
    with_actions = "action_id" in context.verb.columns
    table = _outcomes(
        [
            {
                "id": one.id,
                "name": one.name,
                "action": one.action,
                "status": one.status,
                "error": None if one.error is None else str(one.error),
                **({"action_id": one.action_id} if with_actions else {}),
            }
            for one in found
        ]
    )
    follow(context, outcomes)
    failed = [one.error for one in found if one.error is not None]
    if not failed or context.command.keep_going:
        return table
    if len(found) == 1:
        raise failed[0]
    frame = table.frame()
    context.ui.show(frame)
    raise BulkFailed(failure_summary(found, failed), frame=frame)


def follow(context: CommandContext, outcomes: Sequence[Outcome]) -> None:
    """Show progress rows for the actions that the command did not wait for."""
    if not context.command.no_wait:
        return
    running = [one for one in outcomes if one.error is None and one.status == "in-progress"]
    created = [one.answer for one in running if one.step.awaits == "droplets" and one.answer]
    actions = [one.action for one in running if one.step.awaits != "droplets" and one.action is not None]
    context.progress.follow(context.client, actions, creating=created)


def _outcomes(rows: list[Row]) -> TableResult:
    def frame() -> pd.DataFrame:
        from poseidon_nb.frames.builders import frame_from_rows  # noqa: PLC0415  # loads pandas

        # A column that is empty throughout would have no type.
        found = frame_from_rows("outcomes", rows) if rows else frame_from_rows("outcomes", [_EMPTY_ROW]).iloc[:0]
        return found.astype({name: dtype for name, dtype in _DTYPES.items() if name in found})

    return TableResult(lambda: rows, frame)
