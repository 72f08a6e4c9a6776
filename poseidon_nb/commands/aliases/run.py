"""`%do aliases`: show what the first page of the help has no room for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.commands.help import aliases_text

if TYPE_CHECKING:
    from poseidon_nb.commands.context import CommandContext


def show_aliases(context: CommandContext) -> None:
    """Print all groups, the global options and the aliases."""
    context.ui.say(aliases_text(width=context.ui.line_width))
