"""`%do droplets`: list, get, create, delete, and what belongs to one droplet."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.magics.answer import Answer, answer_of
from poseidon_nb.magics.handlers.outcomes import delete_each
from poseidon_nb.magics.plan import create_fields
from poseidon_nb.magics.questions import delete_question, price_question
from poseidon_nb.text import hint

if TYPE_CHECKING:
    import pandas as pd

    from poseidon_nb.magics.job import Job

    Row = dict[str, Any]


def list_droplets(job: Job) -> Answer:
    """Show the droplets; region, status and name are picked here, for the API has no such filters."""
    tag, glob = job.option("tag_name"), job.argument("glob")
    filters: dict[str, Any] = {"type": "gpus"} if job.option("gpus") else {"tag_name": tag}
    wanted = {"region": job.option("region"), "status": job.option("status")}

    def fits(name: str, region: str, status: str, tags: list[str]) -> bool:
        return (
            (glob is None or fnmatchcase(name, glob))
            and wanted["region"] in {None, region}
            and wanted["status"] in {None, status}
            and (tag is None or tag in tags)
        )

    def rows() -> list[Row]:
        found = [droplet.to_dict() for droplet in job.client.droplets.list(**filters)]
        return [row for row in found if fits(row["name"], row["region"]["slug"], row["status"], row["tags"])]

    def frame() -> pd.DataFrame:
        every = job.client.droplets.frame(**filters)
        job.learn_droplets(zip(every["name"], every["id"].astype(int), strict=True))
        picked = every
        if any([glob, tag, *wanted.values()]):
            columns = (every["name"], every["region"], every["status"], every["tags"])
            picked = every[[fits(*row) for row in zip(*columns, strict=True)]].reset_index(drop=True)
        if picked.empty:
            _explain_nothing(job, tag, wanted["region"])
        return picked

    return Answer(rows, frame)


def _explain_nothing(job: Job, tag: str | None, region: str | None) -> None:
    """Tell a filter that nothing can match from one that nothing matches now."""
    if tag is not None:
        job.tagged(tag)
    if region is not None:
        slugs = [one.slug for one in job.client.regions.list()]
        if region not in slugs:
            raise InvalidArgument(f"no region {region!r}{hint(region, slugs)}")


def get_droplet(job: Job) -> Answer:
    """Show one droplet."""
    return answer_of("droplets", [job.client.droplets.find(job.argument("droplet")).to_dict()], single=True)


def create_droplets(job: Job) -> Answer:
    """Make droplets; ask first when they cost more than the limit."""
    names = list(job.argument("names"))
    fields = create_fields(job.command)
    if fields.get("ssh_keys"):
        fields["ssh_keys"] = [_key(job, key) for key in fields["ssh_keys"]]
    if not job.command.yes:
        price = job.price_usd_month(fields["size"])
        total = None if price is None else price * len(names)
        # A size that is not sold has no price; the API refuses it, and its message names the nearest.
        if total is not None and total > job.settings.price_limit_usd_month:
            job.confirm(price_question(job.client.label(), names, fields["size"], total))
    made = (
        job.client.droplets.create(names=names, **fields, **job.waiting)
        if len(names) > 1
        else [job.client.droplets.create(name=names[0], **fields, **job.waiting)]
    )
    return answer_of("droplets", [droplet.to_dict() for droplet in made], single=len(names) == 1)


def _key(job: Job, key: int | str) -> int | str:
    # The API takes ids and fingerprints; people remember names.
    return key if isinstance(key, int) or key.count(":") > 1 else job.client.keys.get(key).id


def delete_droplets(job: Job) -> Answer:
    """Destroy droplets, by their ids: by the tag itself DigitalOcean would also delete what got it a moment ago."""
    droplets = job.droplets()
    price = sum(float((droplet.size or {}).get("price_monthly") or 0.0) for droplet in droplets)
    job.confirm(delete_question(job.client.label(), "droplet", [f"{one.name} ({one.id})" for one in droplets], price))
    things = [(droplet.id, droplet.name) for droplet in droplets]
    return delete_each(job, things, job.client.droplets.delete)


def droplet_actions(job: Job) -> Answer:
    """Show what was done to a droplet."""
    return answer_of("actions", [action.to_dict() for action in job.client.droplets.actions(job.argument("droplet"))])


def droplet_snapshots(job: Job) -> Answer:
    """Show the snapshots of a droplet."""
    found = job.client.droplets.snapshots(job.argument("droplet"))
    return answer_of("snapshots", [snapshot.to_dict() for snapshot in found])


HANDLERS = {
    ("droplets", "list"): list_droplets,
    ("droplets", "get"): get_droplet,
    ("droplets", "create"): create_droplets,
    ("droplets", "delete"): delete_droplets,
    ("droplets", "actions"): droplet_actions,
    ("droplets", "snapshots"): droplet_snapshots,
}
