"""Volumes in frames: size (they can only grow), the droplet that they are attached to, and tags.

API: ``volumes_create``, ``volumes_delete``, ``volumeActions_post_byId``, ``tags_assign_resources``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation
from poseidon_nb.catalogue.prices import VOLUME_GIB
from poseidon_nb.client.engine.steps import FieldChange, Reference, Step, Target
from poseidon_nb.plans.frames import cells
from poseidon_nb.plans.frames.compare import Field
from poseidon_nb.plans.frames.kind import Kind, presents, tried
from poseidon_nb.plans.frames.matching import Identity
from poseidon_nb.text import did_you_mean
from poseidon_nb.transport.request import build_request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poseidon_nb.plans.frames.draft import Draft
    from poseidon_nb.plans.frames.kind import Change, Work
    from poseidon_nb.plans.frames.matching import Present
    from poseidon_nb.plans.frames.rows import FrameRow

    Row = Mapping[str, Any]

#: Names that the API accepts (volumes_create).
_NAME = re.compile(r"[a-z][a-z0-9\-]{0,63}")
#: The largest volume (volumes_create, "16 TiB").
MAX_GIB = 16_384
_NEW = "Take a snapshot of it, and create a volume from that."


def _key(row: Row) -> tuple[str, str] | None:
    # Names are unique within a region.
    if row.get("name") is None or row.get("region") is None:
        return None
    return (cells.text(row["name"]), cells.text(row["region"]))


class Volumes(Kind):
    """Volumes."""

    name = "volumes"
    noun = "volume"
    hallmarks = frozenset({"filesystem_type", "filesystem_label", "droplet_ids", "size_gigabytes"})
    identity = Identity("volume", "id", cells.text, _key, needed="name and region")
    has_tags = True
    fields = (
        Field(name="size_gigabytes", read=cells.integer),
        Field(name="droplet_ids", read=lambda value: frozenset(cells.words(value)), empty=frozenset()),
        Field(name="tags", read=cells.tags, empty=frozenset()),
        Field(name="name", read=cells.text, refusal=f"Volumes cannot be renamed. {_NEW}"),
        Field(name="region", read=cells.text, refusal=f"Volumes stay in their region. {_NEW}"),
        Field(name="filesystem_type", read=cells.text, refusal="Format it on its droplet."),
        Field(name="filesystem_label", read=cells.loose, computed=True),
        Field(name="created_at", read=cells.loose, computed=True),
        Field(name="description", read=cells.loose, computed=True),
    )

    def read(self, draft: Draft, rows: Sequence[FrameRow]) -> list[Present]:  # noqa: ARG002  # all of them
        """Read all volumes."""
        return presents("volumes", draft.account.client.call("volumes_list"))

    def prepare(self, draft: Draft, row: FrameRow) -> FrameRow:
        """Return a row with the id of the droplet that it names."""
        if row.cells.get("droplet_ids") is None:
            return row
        words = cells.words(row.cells["droplet_ids"])
        ids = [int(word) if word.isdecimal() else draft.droplet(word) for word in words]
        if len(ids) > 1:
            raise ValueError("a volume can be attached to one droplet only")
        return replace(row, cells={**row.cells, "droplet_ids": ids})

    def check_new(self, draft: Draft, row: FrameRow, tag: str | None) -> None:
        """Check a new volume."""
        if row.cells.get("size_gigabytes") is None:
            raise ValueError("a new volume needs size_gigabytes")
        if not 1 <= cells.integer(row.cells["size_gigabytes"]) <= MAX_GIB:
            raise ValueError(f"its size must be from 1 to {MAX_GIB:,} GiB")
        if not _NAME.fullmatch(name := cells.text(row.cells["name"])):
            raise ValueError(
                f"{name!r} is not a name of a volume: a lowercase letter, then lowercase letters, digits and dashes"
            )
        region = cells.text(row.cells["region"])
        if region not in draft.regions:
            raise ValueError(f"unknown region {region!r}{did_you_mean(region, draft.regions)}")
        if tag is not None and tag.casefold() not in cells.tags(row.cells.get("tags") or []):
            raise ValueError(f"its tags must contain {tag}, because of --tag {tag}")
        cells.tags(row.cells.get("tags") or [])
        self._droplet(draft, row.cells, row.cells.get("region"))

    @staticmethod
    def _droplet(draft: Draft, row: Row, region: Any) -> int | str | None:
        """Return the droplet that a volume is to be attached to, which must be in its region."""
        ids = cells.items(row.get("droplet_ids") or [])
        if not ids:
            return None
        id_ = draft.droplet(ids[0])
        place = (draft.droplets_by_id[id_].get("region") or {}).get("slug") if isinstance(id_, int) else region
        if place != region:
            raise ValueError(f"droplet {ids[0]} is in {place}, and the volume is in {region}")
        return id_

    def build(self, draft: Draft, work: Work) -> None:
        """Add the chains. A volume is detached before it is attached to another droplet."""
        for row in work.new:
            self._build_new(draft, row)
        for change in work.changes:
            tried(draft, change.who, partial(self._build_change, draft, change))

    def _build_new(self, draft: Draft, row: FrameRow) -> None:
        name, size = cells.text(row.cells["name"]), cells.integer(row.cells["size_gigabytes"])
        region = cells.text(row.cells["region"])
        body: dict[str, Any] = {"name": name, "size_gigabytes": size, "region": region}
        for field in ("filesystem_type", "filesystem_label", "description"):
            if row.cells.get(field):
                body[field] = cells.text(row.cells[field])
        if row.cells.get("tags"):
            body["tags"] = cells.words(row.cells["tags"])
        create = Step(
            verb="create",
            targets=(Target("volume", None, name),),
            request=build_request(operation("volumes_create"), body=body),
            usd_month=size * VOLUME_GIB.usd,
        )
        droplet = self._droplet(draft, row.cells, region)
        if droplet is None:
            draft.add(create)
            return
        placeholder = f"<id of volume {name}>"
        attach = _action(Target("volume", placeholder, name), "attach", region, droplet_id=droplet)
        # The path must hold the placeholder as it is.
        path = attach.request.path.replace(attach.request.path.split("/")[3], placeholder)
        own = Reference(placeholder, len(draft.chains))
        attach = replace(
            attach,
            request=replace(attach.request, path=path),
            references=(own, *draft.references(droplet)),
            change=FieldChange("droplet_ids", [], [droplet]),
        )
        draft.act(create, attach, on=[droplet])

    def _build_change(self, draft: Draft, change: Change) -> None:
        present = change.present
        target = Target("volume", present.id, str(present.cells.get("name") or present.id))
        region = present.cells.get("region")
        steps: list[Step] = []
        droplets: list[int | str] = [int(one) for one in present.cells.get("droplet_ids") or []]
        if change.changes("size_gigabytes"):
            size, now = cells.integer(change.after("size_gigabytes")), int(present.cells["size_gigabytes"])
            if size > MAX_GIB:
                raise ValueError(f"its size must be from 1 to {MAX_GIB:,} GiB")
            if size < now:
                raise ValueError(f"a volume can only grow, from {now} to {size} GiB is not possible")
            resize = _action(target, "resize", region, size_gigabytes=size)
            steps.append(
                replace(
                    resize,
                    change=FieldChange("size_gigabytes", now, size),
                    usd_month=(size - now) * VOLUME_GIB.usd,
                    reversible=False,
                )
            )
        if change.changes("droplet_ids"):
            attached = present.cells.get("droplet_ids") or []
            for droplet in attached:
                detach = _action(target, "detach", region, droplet_id=int(droplet))
                steps.append(replace(detach, change=FieldChange("droplet_ids", attached, [])))
            new = self._droplet(draft, {"droplet_ids": change.after("droplet_ids")}, region)
            if new is not None:
                attach = _action(target, "attach", region, droplet_id=new)
                steps.append(
                    replace(attach, change=FieldChange("droplet_ids", [], [new]), references=draft.references(new))
                )
                droplets.append(new)
        if steps:
            draft.act(*steps, on=droplets if change.changes("droplet_ids") else [])
        if change.changes("tags"):
            self._build_tags(draft, change, target)

    @staticmethod
    def _build_tags(draft: Draft, change: Change, target: Target) -> None:
        now, after = (cells.words(value or []) for value in (change.present.cells.get("tags"), change.after("tags")))
        for tags, others, verb in ((after, now, "assign"), (now, after, "unassign")):
            for tag in tags:
                if tag.casefold() in cells.folded(others):
                    continue
                adds = verb == "assign"
                body = {"resources": [{"resource_id": str(target.id), "resource_type": "volume"}]}
                step = Step(
                    verb="tag" if adds else "untag",
                    targets=(target,),
                    request=build_request(operation(f"tags_{verb}_resources"), path={"tag_id": tag}, body=body),
                    change=FieldChange("tags", None if adds else tag, tag if adds else None),
                )
                draft.add(step, after=draft.create_tag(tag) if adds else ())

    def build_deletes(self, draft: Draft, missing: Sequence[Present]) -> None:
        """Delete volumes, each detached before."""
        for one in missing:
            target = Target("volume", one.id, str(one.cells.get("name") or one.id))
            droplets = [int(id_) for id_ in one.cells.get("droplet_ids") or []]
            detach = [
                replace(
                    _action(target, "detach", one.cells.get("region"), droplet_id=id_),
                    change=FieldChange("droplet_ids", [id_], []),
                )
                for id_ in droplets
            ]
            delete = Step(
                verb="delete",
                targets=(target,),
                request=build_request(operation("volumes_delete"), path={"volume_id": one.id}),
                usd_month=-float(one.cells.get("size_gigabytes") or 0) * VOLUME_GIB.usd,
                reversible=False,
            )
            draft.act(*detach, delete, on=droplets)


def _action(target: Target, type_: str, region: Any, **fields: Any) -> Step:
    """Return the step that starts an action on a volume."""
    return Step(
        verb=type_,
        targets=(target,),
        request=build_request(
            operation("volumeActions_post_byId"),
            path={"volume_id": target.id if not str(target.id).startswith("<") else "NEW"},
            body={"type": type_, **({"region": region} if region else {}), **fields},
        ),
        awaits="action",
    )
