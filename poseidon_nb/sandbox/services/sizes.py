"""Sizes: the figures, the same for every account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.sandbox.records import Record

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.replies import Reply


def list_sizes(call: Call) -> Reply:
    """Answer ``sizes_list``, GPU sizes included, cheapest first."""
    return call.page("sizes", "size", [Record(size) for size in call.world.figures.sizes.values()])


OPERATIONS = {"sizes_list": list_sizes}
