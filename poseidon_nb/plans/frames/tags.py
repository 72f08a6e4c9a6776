"""Tags in frames: rows with new names create tags, and ``--delete`` deletes those that are missing. API: ``tags_*``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.catalogue import operation
from poseidon_nb.client.engine.steps import Step, Target
from poseidon_nb.plans.frames import cells
from poseidon_nb.plans.frames.compare import Field
from poseidon_nb.plans.frames.kind import Kind, presents
from poseidon_nb.plans.frames.matching import Identity
from poseidon_nb.transport.request import build_request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poseidon_nb.plans.frames.draft import Draft
    from poseidon_nb.plans.frames.kind import Work
    from poseidon_nb.plans.frames.matching import Present
    from poseidon_nb.plans.frames.rows import FrameRow

_COUNTS = ("resources_count", "droplets_count", "images_count", "volumes_count", "volume_snapshots_count")


class Tags(Kind):
    """Tags."""

    name = "tags"
    noun = "tag"
    hallmarks = frozenset({*_COUNTS, "databases_count", "last_tagged_uri"})
    identity = Identity("tag", "name", cells.text, lambda _: None, needed="")
    named_by_id = True
    fields = tuple(
        Field(name=name, read=cells.loose, computed=True, refusal="Add or remove the tag in a frame of the resources.")
        for name in _COUNTS
    )

    def read(self, draft: Draft, rows: Sequence[FrameRow]) -> list[Present]:  # noqa: ARG002  # all of them
        """Read all tags."""
        return presents("tags", draft.account.client.call("tags_list"), id_column="name")

    def check_new(self, draft: Draft, row: FrameRow, tag: str | None) -> None:  # noqa: ARG002  # the same for all types
        """Check the name of a new tag."""
        cells.tags([row.cells["name"]])

    def build(self, draft: Draft, work: Work) -> None:
        """Add the chains: one for each new tag. There is nothing else to change."""
        for row in work.new:
            draft.create_tag(cells.text(row.cells["name"]))

    def build_deletes(self, draft: Draft, missing: Sequence[Present]) -> None:
        """Delete tags, which removes them from all resources."""
        for one in missing:
            target = Target("tag", one.id, str(one.id))
            request = build_request(operation("tags_delete"), path={"tag_id": one.id})
            draft.add(Step(verb="delete", targets=(target,), request=request, reversible=False))
