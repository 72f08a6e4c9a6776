"""`%do explore`: open an explorer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.commands.results import Live

if TYPE_CHECKING:
    from poseidon_nb.commands.context import CommandContext


def explore_sizes(context: CommandContext) -> Live:
    """Open the size explorer."""
    return Live(
        context.ui.panels.sizes(
            context.client,
            regions=context.option("region") or (),
            families=context.option("family") or (),
            image=context.option("image"),
        )
    )
