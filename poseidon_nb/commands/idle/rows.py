"""Rows of the table of ``%do idle`` as the chains of one plan.

The table is data that a user or a file may have changed. A row is accepted only if its command is the one that `%do idle`
writes for its resource, and it is planned only if the resource is still idle.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from poseidon_nb.catalogue import idle
from poseidon_nb.commands.idle.recheck import still_idle
from poseidon_nb.commands.idle.summary import NOUNS
from poseidon_nb.commands.planned import Planned
from poseidon_nb.commands.registry import parse
from poseidon_nb.commands.runner import find_runner
from poseidon_nb.errors import GrammarError, InvalidArgument, LookupFailed, NotFound
from poseidon_nb.plans.combine import combined
from poseidon_nb.text import escape_unprintable, expected_one_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any, TypeAlias

    from poseidon_nb.client.engine.steps import Chain, Step, Target
    from poseidon_nb.commands.context import CommandContext
    from poseidon_nb.language.command import Command
    from poseidon_nb.plans.account import AccountReader

    #: How messages name a row, and its values by column.
    LabeledRow: TypeAlias = tuple[str, Mapping[str, Any]]

#: The columns by which the table is known.
COLUMNS = frozenset({"kind", "id", "command"})
#: The columns that are read; the name only if it is there.
_READ = ("kind", "id", "name", "command")


@dataclass(frozen=True, slots=True)
class IdleRow:
    """A row of the table.

    Attributes
    ----------
    kind, id, name : str
    command : Command
        The command that ends the cost, with the id.
    """

    kind: str
    id: str
    name: str
    command: Command

    @property
    def label(self) -> str:
        """The resource in messages: ``volume data-1 (3d80...)``."""
        known = f" ({self.id})" if self.name and self.name != self.id else ""
        return escape_unprintable(f"{NOUNS[self.kind]} {self.name or self.id}{known}")


def idle_chains(context: CommandContext, account: AccountReader, given: Sequence[LabeledRow]) -> tuple[Chain, ...]:
    """Build the chains that end the cost of the resources in some rows.

    A row whose resource is gone or no longer idle only becomes a note of the account reader.

    Parameters
    ----------
    context : CommandContext
        Of the command that was given the rows.
    account : AccountReader
    given : sequence of tuple
        How messages name each row, and its values by column.

    Raises
    ------
    InvalidArgument
        A row has another command than `%do idle` writes for it. Nothing is planned then.
    """
    rows = read_rows(given)
    usd = still_idle(context, account, [(row.kind, row.id) for row in rows])
    for row in rows:
        if (row.kind, row.id) not in usd:
            account.notes.append(f"The {row.label} is no longer idle, so it was left out.")
    return combined(_chains(context, account, row, usd[row.kind, row.id]) for row in rows if (row.kind, row.id) in usd)


def _chains(context: CommandContext, account: AccountReader, row: IdleRow, usd_month: float) -> Sequence[Chain]:
    runner = find_runner(row.command)
    if not isinstance(runner, Planned):
        raise InvalidArgument(f"{row.command.verb.title} changes nothing, so it has no plan.")
    try:
        chains = runner.steps(context.for_command(row.command, account), account)
    except (NotFound, LookupFailed) as error:
        account.notes.append(f"The {row.label} was left out: {error}")
        return ()
    return [tuple(_completed(step, row, usd_month) for step in chain) for chain in chains]


def _completed(step: Step, row: IdleRow, usd_month: float) -> Step:
    """Return a step with the name of its resource and with what it saves, if the command knew only the id."""

    def named(target: Target) -> Target:
        known_by_id = str(target.id) == row.id and target.name == row.id
        return replace(target, name=row.name) if known_by_id and row.name else target

    ends_it = step.request.method == "DELETE" and any(str(target.id) == row.id for target in step.targets)
    is_unpriced = ends_it and not step.usd_month and usd_month > 0
    return replace(
        step,
        targets=tuple(named(target) for target in step.targets),
        usd_month=-usd_month if is_unpriced else step.usd_month,
    )


def read_rows(given: Iterable[LabeledRow]) -> list[IdleRow]:
    """Read and check rows, each resource once.

    Raises
    ------
    InvalidArgument
        A row has an unknown kind, no id, or another command than `%do idle` writes for it.
    """
    rows: dict[tuple[str, str], IdleRow] = {}
    for label, row in given:
        kind, id_, name, command = ("" if row.get(column) is None else str(row[column]) for column in _READ)
        if kind not in idle.COMMANDS:
            raise InvalidArgument(f"{label}: unknown kind {kind!r}{expected_one_of(kind, idle.COMMANDS)}")
        if not id_:
            raise InvalidArgument(f"{label}: the id is missing.")
        rows[kind, id_] = IdleRow(kind, id_, name, _command(label, kind, id_, name, command))
    return [*rows.values()]


def _command(label: str, kind: str, id_: str, name: str, text: str) -> Command:
    """Return the command of a row with the id instead of the name."""
    written = f"{idle.COMMANDS[kind]} {id_}"
    error = InvalidArgument(
        f"{label}: the command {text!r} is not the one of this {NOUNS[kind]}. Expected {written!r}."
    )
    try:
        expected, given = parse(written), parse(text)
    except GrammarError:
        raise error from None
    same = replace(given, arguments=expected.arguments) == expected
    words = [
        str(word) for value in given.arguments.values() for word in (value if isinstance(value, tuple) else [value])
    ]
    if not same or len(words) != 1 or words[0] not in {id_, name} - {""}:
        raise error
    return replace(expected, line=written)
