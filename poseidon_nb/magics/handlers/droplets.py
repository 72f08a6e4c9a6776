"""`%do droplets`: list, get, create, delete, and what belongs to one droplet."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.lookup import Lookup
from poseidon_nb.errors import InvalidArgument, NotFound
from poseidon_nb.magics.answer import Answer, answer_of
from poseidon_nb.magics.handlers.outcomes import Outcome, delete_each, table_of
from poseidon_nb.magics.requests.costs import usd_month
from poseidon_nb.magics.requests.fields import create_fields, tagged_resources
from poseidon_nb.magics.requests.questions import delete_question, many_question, price_question
from poseidon_nb.text import hint, joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from poseidon_nb.client.droplets.droplet import Droplet
    from poseidon_nb.magics.job import Job

    Row = dict[str, Any]

#: What a droplet's status can be (``droplets_list``).
STATUSES = ("new", "active", "off", "archive")


def list_droplets(job: Job) -> Answer:
    """Show the droplets; region, status and name are picked here, for the API has no such filters."""
    glob, region, status = job.argument("glob"), job.option("region"), job.option("status")
    tag, gpus = job.option("tag_name"), job.option("gpus")
    kind = "gpus" if gpus else job.option("type")
    # The API combines a tag neither with a type nor with a name.
    filters: dict[str, Any] = {"type": kind, "name": job.option("name")}
    filters |= {} if any(filters.values()) else {"tag_name": tag}

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
        job.kernel.learn_names("droplets", names, whole=not any(filters.values()))
        picked = every
        if any([glob, region, status, tag]):
            columns = (every["name"], every["region"], every["status"], every["tags"])
            picked = every.loc[[fits(*row) for row in zip(*columns, strict=True)]].reset_index(drop=True)
        if picked.empty:
            _refuse_the_impossible(job)
        return picked

    return Answer(rows, frame)


def _refuse_the_impossible(job: Job) -> None:
    """Tell a filter that nothing can match from one that nothing matches now."""
    tag, region, status = job.option("tag_name"), job.option("region"), job.option("status")
    if tag is not None:
        job.check_tag(tag)
    if region is not None:
        _refuse_unknown("region", region, [one.slug for one in job.client.regions.list()])
    if status is not None:
        _refuse_unknown("status", status, STATUSES)


def _refuse_unknown(noun: str, word: str, known: Sequence[str]) -> None:
    if word not in known:
        raise InvalidArgument(f"no {noun} {word!r}{hint(word, known) or f'; there are: {joined(known)}'}")


def get_droplet(job: Job) -> Answer:
    """Show one droplet."""
    return answer_of("droplets", [job.client.droplets.find(job.argument("droplet")).to_dict()], single=True)


def create_droplets(job: Job) -> Answer:
    """Make droplets; ask first when they cost more than the limit."""
    names = list(job.argument("names"))
    fields = create_fields(job.command)
    if fields.get("ssh_keys"):
        fields["ssh_keys"] = [_key(job, key) for key in fields["ssh_keys"]]
    if fields.get("volumes"):
        # The API takes ids only, and says of a wrong one only that it is.
        lookup = Lookup(job.client)
        fields["volumes"] = [lookup.id_of("volumes", word) for word in fields["volumes"]]
    if not job.command.yes:
        total = usd_month("droplets_create", {**fields, "names": names}, job.price_usd_month)
        # A size that is not sold has no price; the API refuses it, and its message names the nearest.
        if total is not None and total > job.settings.price_limit_usd_month:
            job.confirm(price_question(job.client.label(), names, fields["size"], total))
    waiting = {**job.waiting, "wait_for": job.option("wait_for")}
    if len(names) > 1:
        made = job.client.droplets.create(names=names, **fields, **waiting)
    else:
        made = [job.client.droplets.create(name=names[0], **fields, **waiting)]
    job.kernel.learn_names("droplets", [(droplet.name, droplet.id) for droplet in made], whole=False)
    if job.command.no_wait:
        job.view.follow(job.client, creating=[droplet.to_dict() for droplet in made if droplet.status == "new"])
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
    return answer_of("backups", [snapshot.to_dict() for snapshot in found])


def tag_droplets(job: Job) -> Answer:
    """Put a tag on droplets, all in one request; a tag that does not exist is made first."""
    droplets, tag = job.droplets(), job.option("name")
    resources = tagged_resources([droplet.id for droplet in droplets])
    try:
        job.client.call("tags_assign_resources", tag_id=tag, resources=resources)
    except NotFound:
        if any(known.name.casefold() == tag.casefold() for known in job.client.tags.list()):
            raise
        job.client.tags.create(tag)
        job.client.call("tags_assign_resources", tag_id=tag, resources=resources)
    return _tagged(job, droplets)


def untag_droplets(job: Job) -> Answer:
    """Take a tag off droplets, all in one request."""
    droplets, tag = job.droplets(), job.option("name")
    job.confirm(many_question(job.client.label(), f"untag {tag} from", [droplet.name for droplet in droplets]))
    resources = tagged_resources([droplet.id for droplet in droplets])
    job.client.call("tags_unassign_resources", tag_id=tag, resources=resources)
    return _tagged(job, droplets)


def _tagged(job: Job, droplets: Sequence[Droplet]) -> Answer:
    return table_of(job, [Outcome(one.id, one.name, job.command.verb, "completed") for one in droplets], [])


HANDLERS = {
    ("droplets", "list"): list_droplets,
    ("droplets", "get"): get_droplet,
    ("droplets", "create"): create_droplets,
    ("droplets", "delete"): delete_droplets,
    ("droplets", "tag"): tag_droplets,
    ("droplets", "untag"): untag_droplets,
    ("droplets", "actions"): droplet_actions,
    ("droplets", "snapshots"): droplet_snapshots,
}
