"""`%do apply`: edited frames and files become plans, and plans are executed.

What a frame is about is recognized by its columns. Those of resources are known to `plans.frames`; the table of `%do idle`
holds a command in each row, and `COMMANDS` is what is planned for it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from poseidon_nb.commands.bodies import parse_body
from poseidon_nb.commands.idle.rows import COLUMNS as IDLE_COLUMNS
from poseidon_nb.commands.idle.rows import idle_chains
from poseidon_nb.commands.planned import Choice, Planned, bound_plan
from poseidon_nb.commands.results import TableResult, table_of_frame
from poseidon_nb.errors import BulkFailed, InvalidArgument
from poseidon_nb.plans.combine import combined
from poseidon_nb.plans.frames.files import SUFFIXES, is_file_name, read_file
from poseidon_nb.plans.frames.planning import MAX_CHANGES_PERCENT, ApplyOptions, FrameEdit, frame_chains
from poseidon_nb.plans.frames.recognition import recognize
from poseidon_nb.plans.frames.rows import FrameRows, read_frame
from poseidon_nb.plans.frames.shown import account_of
from poseidon_nb.plans.outcomes import failure_summary, failures
from poseidon_nb.plans.plan import Plan
from poseidon_nb.text import escape_unprintable, join_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poseidon_nb.client.engine.steps import Chain, Outcome
    from poseidon_nb.commands.context import CommandContext
    from poseidon_nb.language.command import Command
    from poseidon_nb.plans.account import AccountReader

_TAKES = "%do apply takes a DataFrame or a Plan in braces, as in %do apply {fleet}, or a file"
#: Options that only frames have.
_FRAME_OPTIONS = {"tag_name": "--tag", "delete": "--delete", "restart": "--restart", "as_written": "--as-written",
                  "max_changes": "--max-changes"}  # fmt: skip
_MAX_PERCENT = 100.0
#: Columns of the table of a plan.
_PLAN_COLUMNS = frozenset({"chain", "step", "change"})


class FrameApply:
    """One run of ``%do apply`` with frames: its steps, and what it learns from their outcomes."""

    def __init__(self) -> None:
        self._edits: tuple[FrameEdit, ...] = ()

    def steps(self, context: CommandContext, account: AccountReader) -> Sequence[Chain]:
        """Return the steps that make the account like the frames."""
        options, shown = _options(context), context.session.shown
        if account.offline:
            raise InvalidArgument("A frame is compared with the account, which cannot be read.")
        key = account_of(account.client)
        frames: list[tuple[str, FrameRows]] = []
        commands: list[Sequence[Chain]] = []
        for name, rows in _given_frames(context):
            if name is None and {*rows.columns} >= IDLE_COLUMNS:
                commands.append(idle_chains(context, account, [(row.label, row.cells) for row in rows.rows]))
            else:
                frames.append((name or recognize(rows, shown, key), rows))
        if commands and (given := [flag for field, flag in _FRAME_OPTIONS.items() if context.option(field)]):
            raise InvalidArgument(f"A table of commands is planned as it is, without {join_words(given)}.")
        chains: Sequence[Chain] = ()
        if frames:
            chains, self._edits = frame_chains(account, frames, shown, key, options)
        if not context.command.plan and not context.command.dry_run:
            for note in account.notes:
                context.ui.say(note)
        return combined([chains, *commands])

    def result(self, context: CommandContext, plan: Plan, outcomes: list[Outcome]) -> TableResult | None:
        """Return the outcomes, and remember the values that were set as if a listing had shown them."""
        if plan.is_empty:
            context.ui.say("Nothing to change: the account is as the frame says.")
            return None
        key = account_of(context.client)
        complete: dict[str, bool] = {}
        for one in outcomes:
            ended = one.status in {"completed", "unchanged"}
            complete[str(one.target.id)] = complete.get(str(one.target.id), True) and ended
        for edit in self._edits:
            if complete.get(str(edit.id)):
                context.session.shown.learn(key, edit.kind, edit.id, edit.column, edit.value)
        return applied(context, plan, outcomes)


def _options(context: CommandContext) -> ApplyOptions:
    return ApplyOptions(
        tag=context.option("tag_name"),
        delete=bool(context.option("delete")),
        restart=bool(context.option("restart")),
        as_written=bool(context.option("as_written")),
        max_changes_percent=_percent(context.option("max_changes")),
    )


def _percent(word: str | None) -> float:
    """Return ``80%`` or ``80`` as a number."""
    if word is None:
        return MAX_CHANGES_PERCENT
    try:
        percent = float(str(word).strip().removesuffix("%"))
    except ValueError:
        percent = math.nan
    if not 0 <= percent <= _MAX_PERCENT:
        shown = escape_unprintable(str(word))
        raise InvalidArgument(f"--max-changes must be a percentage from 0% to 100%, such as 80%, not {shown!r}.")
    return percent


def _given_frames(context: CommandContext) -> list[tuple[str | None, FrameRows]]:
    """Return the frames of the command, each with its resource type if a file names it."""
    found: list[tuple[str | None, FrameRows]] = []
    for given in context.argument("frames"):
        if isinstance(given, str):
            if not is_file_name(given):
                name = escape_unprintable(given)
                variable = f" If {name} is a variable, write {{{name}}}." if given.isidentifier() else ""
                raise InvalidArgument(f"{_TAKES} {join_words(SUFFIXES, conjunction='or')}, not {name!r}.{variable}")
            found += read_file(given, parse_body)
        elif isinstance(given, Plan):
            raise InvalidArgument("A Plan is applied alone. Apply the frames by themselves.")
        elif hasattr(given, "columns") and hasattr(given, "iloc"):
            if {*given.columns} >= _PLAN_COLUMNS:
                raise InvalidArgument("This is the table of a plan. Execute the plan itself: %do apply {plan}")
            found.append((None, read_frame(given)))
        else:
            raise InvalidArgument(
                f"{_TAKES} {join_words(SUFFIXES, conjunction='or')}, not a value of type {type(given).__name__}."
            )
    return found


def _given_plan(context: CommandContext) -> Plan:
    if given := [flag for field, flag in _FRAME_OPTIONS.items() if context.option(field)]:
        raise InvalidArgument(f"A Plan is executed as it is. Give {join_words(given)} where it is built.")
    plan: Plan = context.argument("frames")[0]
    return bound_plan(context, plan)


def applied(context: CommandContext, plan: Plan, outcomes: list[Outcome]) -> TableResult:
    """Return the outcomes of a plan as a table.

    Raises
    ------
    BulkFailed
        A step failed, and ``--keep-going`` was not given. The table was shown; it is the error's ``frame``.
    """
    from poseidon_nb.plans.outcomes import outcomes_frame  # noqa: PLC0415  # loads pandas

    frame, failed = outcomes_frame(plan, outcomes), failures(plan, outcomes)
    if failed and not context.command.keep_going:
        context.ui.show(frame)
        raise BulkFailed(failure_summary(outcomes, failed), frame=frame)
    return table_of_frame(frame)


def _choose(command: Command) -> Planned:
    given: Any = command.arguments.get("frames") or ()
    if len(given) == 1 and isinstance(given[0], Plan):
        return Planned(lambda _context, _account: (), applied, _given_plan)
    one = FrameApply()
    return Planned(one.steps, one.result, alone=True)


APPLY = Choice(_choose)
