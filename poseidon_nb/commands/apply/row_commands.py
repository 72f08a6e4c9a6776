"""Tables whose rows hold commands, such as that of `%do idle`: the plan of each row's command, joined to one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.commands.context import CommandContext
from poseidon_nb.commands.registry import parse
from poseidon_nb.errors import InvalidArgument, PoseidonError
from poseidon_nb.plans.combine import combined
from poseidon_nb.text import escape_unprintable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poseidon_nb.client.engine.steps import Chain
    from poseidon_nb.plans.frames.rows import FrameRows

#: The columns that such a table has.
COMMAND_COLUMNS = frozenset({"kind", "id", "command"})


def command_chains(context: CommandContext, frame: FrameRows) -> tuple[Chain, ...]:
    """Build the plans of the commands in a frame's rows. Equal commands are planned once.

    Raises
    ------
    InvalidArgument
        A row has no command, or one that changes nothing or cannot be planned.
    """
    plans: dict[str, Sequence[Chain]] = {}
    for row in frame.rows:
        line = row.cells.get("command")
        if not isinstance(line, str) or not line.strip():
            raise InvalidArgument(f"{row.label} has no command. Drop the row, or fill in its command.")
        if line in plans:
            continue
        try:
            plans[line] = _chains(context, line)
        except PoseidonError as error:
            error.args = (f"{row.label} ({escape_unprintable(line)}): {error.args[0]}", *error.args[1:])
            raise
    return combined(plans.values())


def _chains(context: CommandContext, line: str) -> Sequence[Chain]:
    from poseidon_nb.commands.planned import Planned  # noqa: PLC0415  # the runner imports this package's run module
    from poseidon_nb.commands.runner import find_runner  # noqa: PLC0415  # likewise

    command = parse(line)
    runner = find_runner(command) if not command.help and command.group else None
    if not isinstance(runner, Planned) or runner.plan is not None or command.plan or command.dry_run:
        raise InvalidArgument("this command changes nothing that can be planned.")
    own = CommandContext(command, context.session, context.ui, context.progress, context.settings)
    return runner.steps(own, context.account)
