"""Droplets in frames: name, size, tags, backups and IPv6, project; new ones, and those that are missing.

API: ``dropletActions_post``, ``droplets_create``, ``droplets_destroy``, ``tags_assign_resources``,
``tags_unassign_resources``, ``projects_assign_resources``.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation
from poseidon_nb.client.engine.droplet_steps import droplet_target
from poseidon_nb.client.engine.steps import FieldChange, Reference, Step, Target
from poseidon_nb.client.project_members import droplet_projects
from poseidon_nb.plans.builders import (
    action_chains,
    create_droplet_chains,
    delete_droplet_chains,
    tag_chains,
    untag_chains,
)
from poseidon_nb.plans.frames import cells
from poseidon_nb.plans.frames.compare import Field
from poseidon_nb.plans.frames.draft import ID_OF
from poseidon_nb.plans.frames.kind import Kind, presents, tried, with_cells
from poseidon_nb.plans.frames.matching import Identity
from poseidon_nb.text import close_matches, did_you_mean, is_integer
from poseidon_nb.transport.request import build_request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poseidon_nb.plans.frames.draft import Draft
    from poseidon_nb.plans.frames.kind import Change, Work
    from poseidon_nb.plans.frames.matching import Present
    from poseidon_nb.plans.frames.rows import FrameRow

    Row = Mapping[str, Any]

#: Names that the API accepts (droplets_create).
_NAME = re.compile(r"[a-zA-Z0-9]?[a-zA-Z0-9.\-]*[a-zA-Z0-9]")
_MAX_NAME = 255
#: The words in ``features`` that a frame can set.
FEATURES = ("backups", "ipv6", "monitoring")
_PLACE = "To move it, take a snapshot, create a droplet from it under a new name, and destroy this one."


def _feature(word: str, value: Any) -> bool:
    listed = cells.folded(value)
    for one in listed - set(FEATURES):
        # Others, such as droplet_agent, are DigitalOcean's and are ignored.
        if close := close_matches(one, FEATURES):
            raise ValueError(f"has the feature {one!r}. Did you mean {close[0]}?")
    return word in listed


def _regions(present: Row) -> set[str]:
    """Return the ways to write a droplet's region: ``nyc3``, or ``nyc`` for any of New York."""
    slug = str(present.get("region"))
    return {slug, slug.rstrip("0123456789")}


def _images(present: Row) -> set[str]:
    return {str(present.get(name)) for name in ("image", "image_name", "image_id") if present.get(name) is not None}


def _computed(name: str, refusal: str = "") -> Field:
    return Field(name=name, read=cells.loose, computed=True, refusal=refusal)


class Droplets(Kind):
    """Droplets."""

    name = "droplets"
    noun = "droplet"
    hallmarks = frozenset({"size", "image", "vcpus", "public_ipv4", "features", "vpc_uuid", "image_id", "volume_ids"})
    extra_columns = ("project", "ssh_keys", "user_data")
    identity = Identity("droplet", "id", cells.integer, lambda row: row.get("name") and cells.text(row["name"]))
    has_tags = True
    fields = (
        Field(name="name", read=cells.text),
        Field(name="size", read=cells.text),
        Field(name="tags", read=cells.tags, empty=frozenset()),
        Field(name="backups", column="features", read=partial(_feature, "backups"), empty=False),
        Field(name="ipv6", column="features", read=partial(_feature, "ipv6"), empty=False),
        Field(
            name="monitoring",
            column="features",
            read=partial(_feature, "monitoring"),
            empty=False,
            refusal="Install the metrics agent on it, or add a row with a new name.",
            # A frame that does not name it does not ask to remove it.
            also=lambda _: (False,),
        ),
        Field(name="project", read=cells.text),
        Field(name="region", read=cells.text, refusal=_PLACE, also=_regions),
        Field(
            name="image",
            read=cells.text,
            refusal="Use %do droplets rebuild, which erases it, or add a row with a new name.",
            also=_images,
        ),
        Field(name="vpc_uuid", read=cells.text, refusal=_PLACE),
        _computed("status", "Use %do droplets power_on, shutdown or power_off."),
        _computed("memory", "Set its size."),
        _computed("vcpus", "Set its size."),
        _computed("disk", "Use %do droplets resize --disk."),
        _computed("volume_ids", "Set droplet_ids in a frame of %do volumes list."),
        _computed("public_ipv4", "Use a reserved IP: %do reserved-ips assign."),
        *map(_computed, ("private_ipv4", "public_ipv6", "price_monthly", "price_hourly", "created_at", "image_id")),
        *map(_computed, ("image_name", "distribution", "backup_ids", "snapshot_ids", "locked", "gpu_model")),
    )

    def __init__(self) -> None:
        self._tag: str | None = None

    def read(self, draft: Draft, rows: Sequence[FrameRow]) -> list[Present]:
        """Read all droplets, and their projects if the frame has that column."""
        found = presents("droplets", draft.droplets)
        if any("project" in row.cells for row in rows):
            projects = droplet_projects(draft.account.client)
            found = [with_cells(one, project=projects.get(int(one.id))) for one in found]
        return found

    def remark(self, row: FrameRow, present: Present) -> str:
        """Return that a droplet is off that the frame shows as active, as after a restart that was interrupted."""
        is_off = row.cells.get("status") == "active" and present.cells.get("status") == "off"
        return "Off now, and active in the frame (%do droplets power_on starts them)" if is_off else ""

    def check_new(self, draft: Draft, row: FrameRow, tag: str | None) -> None:
        """Check a new droplet, and note its name for rows of other frames."""
        cell = row.cells.get
        missing = [name for name in ("name", "size", "image") if cell(name) is None]
        if missing:
            raise ValueError(f"a new droplet needs {' and '.join(missing)}")
        _check_name(cells.text(cell("name")))
        self._check_tag(row, tag)
        self._tag = tag
        _check_size(draft, cells.text(cell("size")))
        if cell("project") is not None:
            _check_project(draft, cells.text(cell("project")))
        self._fields(draft, row)
        draft.new_droplets[cells.text(cell("name"))] = None

    @staticmethod
    def _check_tag(row: FrameRow, tag: str | None) -> None:
        if tag is not None and row.cells.get("tags") is not None:
            listed = cells.tags(row.cells["tags"])
            if tag.casefold() not in listed:
                raise ValueError(f"its tags must contain {tag}, because of --tag {tag}")

    def _fields(self, draft: Draft, row: FrameRow) -> dict[str, Any]:
        """Return the body that creates a droplet, without its name."""
        cell = row.cells.get
        fields: dict[str, Any] = {"size": cells.text(cell("size")), "image": self._image(draft, cell("image"))}
        for name in ("region", "vpc_uuid", "user_data"):
            if cell(name) is not None:
                fields[name] = cells.text(cell(name)) if name != "user_data" else str(cell(name))
        if "region" in fields and not any(slug.startswith(fields["region"]) for slug in draft.regions):
            raise ValueError(f"unknown region {fields['region']!r}{did_you_mean(fields['region'], draft.regions)}")
        tags = cells.words(cell("tags") or [])
        cells.tags(tags)
        if self._tag is not None and self._tag.casefold() not in {one.casefold() for one in tags}:
            tags.append(self._tag)
        if tags:
            fields["tags"] = tags
        if cell("ssh_keys") is not None:
            fields["ssh_keys"] = [draft.account.id_of("keys", word) for word in cells.words(cell("ssh_keys"))]
        if cell("features") is not None:
            fields |= {word: True for word in FEATURES if _feature(word, cell("features"))}
        return fields

    @staticmethod
    def _image(draft: Draft, value: Any) -> int | str:
        word = cells.text(value)
        if is_integer(word):
            return int(word)
        # The id of a private image; a public one is sent by its slug, which is unique.
        id_ = draft.account.id_of("images", word)
        (row,) = draft.account.matching("images", id_) or [{}]
        return word if row.get("slug") == word else id_

    def build(self, draft: Draft, work: Work) -> None:
        """Add the chains: new droplets, actions, and tags, each tag in one request for all its droplets."""
        for row in work.new:
            self._build_new(draft, row)
        tagged: defaultdict[str, list[Row]] = defaultdict(list)
        untagged: defaultdict[str, list[Row]] = defaultdict(list)
        for change in work.changes:
            now, after = cells.words(change.present.cells["tags"] or []), cells.words(change.after("tags") or [])
            for tag in _without(after, now):
                tagged[tag].append(change.present.raw)
            for tag in _without(now, after):
                untagged[tag].append(change.present.raw)
            tried(draft, change.who, partial(self._build_change, draft, change))
        for tag, rows in tagged.items():
            waits = (*draft.create_tag(tag), *draft.firewalls.get(tag.casefold(), ()))
            draft.add(*tag_chains(rows, tag, exists=True)[0], after=waits)
        for tag, rows in untagged.items():
            draft.add(*untag_chains(rows, tag)[0])

    def _build_new(self, draft: Draft, row: FrameRow) -> None:
        name = cells.text(row.cells["name"])
        fields = self._fields(draft, row)
        ((step,),) = create_droplet_chains([name], fields, sizes=draft.account.sizes)
        after = [number for tag in fields.get("tags", ()) for number in draft.firewalls.get(tag.casefold(), ())]
        steps = [step]
        project = row.cells.get("project")
        if project is not None:
            placeholder = f"{ID_OF}{name}>"
            target = Target("droplet", placeholder, name)
            # Its own chain provides the id.
            own = Reference(placeholder, len(draft.chains))
            steps.append(replace(_project_step(draft, target, None, cells.text(project)), references=(own,)))
        draft.new_droplets[name] = draft.act(*steps, on=[f"{ID_OF}{name}>"], after=after)

    def _build_change(self, draft: Draft, change: Change) -> None:
        row, steps = change.present.raw, []
        if change.changes("size"):
            size = cells.text(change.after("size"))
            _check_size(draft, size)
            if row.get("status") == "active" and not draft.restart:
                raise ValueError("its size cannot change while it is active. Add --restart to shut it down first")
            ((*steps,),) = action_chains(
                [row], "resize", {"size": size, "disk": False}, restart=draft.restart, sizes=draft.account.sizes
            )
            # Later prices follow from the new size.
            row = {**row, "size": draft.account.sizes.get(size), "size_slug": size}
        for difference in change.differences:
            if difference.field.name in {"backups", "ipv6"}:
                on = difference.field.name in cells.folded(difference.after)
                if difference.field.name == "ipv6" and not on:
                    raise ValueError("IPv6 cannot be disabled. Add ipv6 to its features again")
                ((step,),) = action_chains([row], f"{'enable' if on else 'disable'}_{difference.field.name}")
                steps.append(step)
        if change.changes("name"):
            name = cells.text(change.after("name"))
            _check_name(name)
            ((step,),) = action_chains([change.present.raw], "rename", {"name": name})
            steps.append(step)
        if change.changes("project"):
            now, project = change.present.cells.get("project"), cells.text(change.after("project"))
            steps.append(_project_step(draft, droplet_target(change.present.raw), now, project))
        if steps:
            draft.act(*steps, on=[int(change.present.id)])

    def build_deletes(self, draft: Draft, missing: Sequence[Present]) -> None:
        """Destroy droplets after what else acts on them, such as the detaching of a volume."""
        for one, chain in zip(missing, delete_droplet_chains([one.raw for one in missing]), strict=True):
            draft.act(*chain, on=[int(one.id)])


def _without(tags: Sequence[str], others: Sequence[str]) -> list[str]:
    """Return the tags that others do not contain, ignoring case."""
    return [tag for tag in tags if tag.casefold() not in cells.folded(list(others))]


def _check_name(name: str) -> None:
    if len(name) > _MAX_NAME or not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a name of a droplet: letters, digits, periods and dashes")


def _check_size(draft: Draft, size: str) -> None:
    sizes = draft.account.sizes
    if sizes and size not in sizes:
        known = [slug for slug, row in sizes.items() if row.get("available")]
        raise ValueError(f"unknown size {size!r}{did_you_mean(size, known)}")


def _check_project(draft: Draft, name: str) -> None:
    if name not in draft.projects:
        raise ValueError(f"project {name!r} not found{did_you_mean(name, draft.projects)}")


def _project_step(draft: Draft, target: Target, before: Any, name: str) -> Step:
    _check_project(draft, name)
    return Step(
        verb="move",
        targets=(target,),
        request=build_request(
            operation("projects_assign_resources"),
            path={"project_id": draft.projects[name]},
            body={"resources": [f"do:droplet:{target.id}"]},
        ),
        change=FieldChange("project", before, name),
    )
