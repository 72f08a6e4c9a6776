"""Regions: the figures, the same for every account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.sandbox.records import Record

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.replies import Reply


def list_regions(call: Call) -> Reply:
    """Answer ``regions_list``, closed regions included."""
    return call.page("regions", "region", [Record(region) for region in call.world.figures.regions.values()])


OPERATIONS = {"regions_list": list_regions}
