"""`%do droplets`: list, get, and what belongs to one droplet."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.magics.answer import Answer, answer_of
from poseidon_nb.text import expected_one_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from poseidon_nb.magics.job import Job
    from poseidon_nb.magics.language.command import Command

    Row = dict[str, Any]

#: What a droplet's status can be (``droplets_list``).
STATUSES = ("new", "active", "off", "archive")


def list_droplets(job: Job) -> Answer:
    """Show the droplets; region, status and name are picked here, for the API has no such filters."""
    glob, region, status = job.argument("glob"), job.option("region"), job.option("status")
    tag, filters = job.option("tag_name"), list_filters(job.command)

    def fits(name: str, its_region: str, its_status: str, tags: list[str]) -> bool:
        return (
            (glob is None or fnmatchcase(name, glob))
            and region in {None, its_region}
            and status in {None, its_status}
            and (tag is None or tag.casefold() in map(str.casefold, tags))
        )

    def rows() -> list[Row]:
        found = [droplet.to_dict() for droplet in job.client.droplets.list(**filters)]
        picked = [row for row in found if fits(row["name"], row["region"]["slug"], row["status"], row["tags"])]
        if not picked:
            _refuse_the_impossible(job)
        return picked

    def frame() -> pd.DataFrame:
        every = job.client.droplets.frame(**filters)
        names = zip(every["name"], every["id"].astype(int), strict=True)
        job.kernel.learn_names("droplets", names, whole=not filters)
        picked = every
        if any([glob, region, status, tag]):
            columns = (every["name"], every["region"], every["status"], every["tags"])
            picked = every.loc[[fits(*row) for row in zip(*columns, strict=True)]].reset_index(drop=True)
        if picked.empty:
            _refuse_the_impossible(job)
        return picked

    return Answer(rows, frame)


def list_filters(command: Command) -> Row:
    """Return what the API is asked to filter by, which combines a tag neither with a type nor with a name."""
    options = command.options
    filters = {"type": "gpus" if options.get("gpus") else options.get("type"), "name": options.get("name")}
    filters = filters if any(filters.values()) else {"tag_name": options.get("tag_name")}
    return {name: value for name, value in filters.items() if value}


def _refuse_the_impossible(job: Job) -> None:
    """Refuse a filter that nothing can match; one that nothing matches now is fine."""
    tag, region, status = job.option("tag_name"), job.option("region"), job.option("status")
    if tag is not None:
        job.account.check_tag(tag)
    if region is not None:
        _refuse_unknown("region", region, [one.slug for one in job.client.regions.list()])
    if status is not None:
        _refuse_unknown("status", status, STATUSES)


def _refuse_unknown(noun: str, word: str, known: Sequence[str]) -> None:
    if word not in known:
        raise InvalidArgument(f"no {noun} {word!r}{expected_one_of(word, known)}")


def get_droplet(job: Job) -> Answer:
    """Show one droplet."""
    return answer_of("droplets", [job.client.droplets.find(job.argument("droplet")).to_dict()], single=True)


def droplet_actions(job: Job) -> Answer:
    """Show what was done to a droplet."""
    return answer_of("actions", [action.to_dict() for action in job.client.droplets.actions(job.argument("droplet"))])


def droplet_snapshots(job: Job) -> Answer:
    """Show the snapshots of a droplet."""
    found = job.client.droplets.snapshots(job.argument("droplet"))
    return answer_of("backups", [snapshot.to_dict() for snapshot in found])


HANDLERS = {
    ("droplets", "list"): list_droplets,
    ("droplets", "get"): get_droplet,
    ("droplets", "actions"): droplet_actions,
    ("droplets", "snapshots"): droplet_snapshots,
}
