"""The nouns that are lists and not much more: regions, sizes, images, account, keys, actions, snapshots, tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from poseidon_nb.client.lookup import Lookup, is_id
from poseidon_nb.errors import NoSuchName, NotFound
from poseidon_nb.magics.answer import Answer, answer_of
from poseidon_nb.magics.handlers.outcomes import delete_each
from poseidon_nb.magics.language.vocabulary import entry
from poseidon_nb.magics.requests.fields import key_fields
from poseidon_nb.magics.requests.filling import requests_of_operation
from poseidon_nb.magics.requests.questions import delete_question

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from poseidon_nb.client.resource import Resource, Snapshot
    from poseidon_nb.magics.job import Job

R = TypeVar("R", bound="Resource")


def _lister(noun: str, column: str) -> Callable[[Job], Answer]:
    """Give the handler that lists a noun, and learns the words of one column."""

    def listed(job: Job) -> Answer:
        collection = getattr(job.client, noun)
        filters = {name: value for name, value in job.command.options.items() if value is not None}

        def frame() -> pd.DataFrame:
            found: pd.DataFrame = collection.frame(**filters)
            if noun == "sizes":
                learn_sizes(job, found)
            elif column == "name" and "id" in found:
                job.kernel.learn_names(noun, zip(found["name"], found["id"].astype(object), strict=True))
            else:
                job.kernel.learn(noun, found[column].dropna(), whole=not filters)
            return found

        return Answer(lambda: [one.to_dict() for one in collection.list(**filters)], frame)

    return listed


def learn_sizes(job: Job, sizes: pd.DataFrame) -> None:
    """Have completion know the sizes that can be had."""
    from poseidon_nb.analysis.columns import flags, lists  # noqa: PLC0415  # pandas comes at first use

    job.kernel.learn_sizes(zip(sizes["slug"], flags(sizes, "available"), lists(sizes, "regions"), strict=True))


def _each_once(things: Sequence[R], key: str) -> list[R]:
    """Give things without repeating those that were named twice, by a name and by an id."""
    return list({thing[key]: thing for thing in things}.values())


def _one(resource: str, thing: Resource) -> Answer:
    return answer_of(resource, [thing.to_dict()], single=True)


def get_account(job: Job) -> Answer:
    """Show the account."""
    return _one("account", job.client.account())


def get_image(job: Job) -> Answer:
    """Show one image: by its id or slug, or one of one's own by its name."""
    word = job.argument("image")
    try:
        return _one("images", job.client.images.get(word))
    except NotFound as error:
        if word.isdecimal():
            raise
        unknown = error
    try:
        return _one("images", job.client.images.by_name(word))
    except NoSuchName as error:
        # Where no name of one's own is near, the slugs that are near say more.
        raise (error if error.nearest else unknown) from None


def import_image(job: Job) -> Answer:
    """Have an image fetched from an address, and wait until droplets can be made from it."""
    verb = entry(job.command.group, job.command.verb)
    (request,) = requests_of_operation(job.command, verb, job.client, Lookup(job.client).id_of)
    return _one("images", job.client.images.create_custom(**request.body, **job.waiting))


# --- keys -------------------------------------------------------------------------------------------------------------
def get_key(job: Job) -> Answer:
    """Show one key."""
    return _one("keys", job.client.keys.get(job.argument("key")))


def create_key(job: Job) -> Answer:
    """Add a public key."""
    return _one("keys", job.client.keys.create(**key_fields(job.command)))


def update_key(job: Job) -> Answer:
    """Give a key another name."""
    return _one("keys", job.client.keys.update(job.argument("key"), job.argument("name")))


def delete_keys(job: Job) -> Answer:
    """Remove keys."""
    keys = _each_once([job.client.keys.get(word) for word in job.argument("keys")], "id")
    job.confirm(delete_question(job.client.label(), "key", [key.name for key in keys]))
    return delete_each(job, [(key.id, key.name) for key in keys], job.client.keys.delete)


# --- actions ----------------------------------------------------------------------------------------------------------
def get_action(job: Job) -> Answer:
    """Show one action."""
    return _one("actions", job.client.actions.get(job.argument("action")))


def wait_actions(job: Job) -> Answer:
    """Wait until actions have ended."""
    waiting = {name: value for name, value in job.waiting.items() if name != "wait"}
    ended = job.client.actions.wait(list(job.argument("actions")), **waiting)
    return answer_of("actions", [action.to_dict() for action in ended])


# --- snapshots --------------------------------------------------------------------------------------------------------
def get_snapshot(job: Job) -> Answer:
    """Show one snapshot."""
    return _one("snapshots", _snapshot(job, job.argument("snapshot")))


def delete_snapshots(job: Job) -> Answer:
    """Remove snapshots for good."""
    found = _each_once([_snapshot(job, word) for word in job.argument("snapshots")], "id")
    job.confirm(delete_question(job.client.label(), "snapshot", [f"{one.name} ({one.id})" for one in found]))
    return delete_each(job, [(str(one.id), one.name) for one in found], job.client.snapshots.delete)


def _snapshot(job: Job, word: str) -> Snapshot:
    return job.client.snapshots.get(word) if is_id("snapshots", word) else job.client.snapshots.by_name(word)


# --- tags -------------------------------------------------------------------------------------------------------------
def get_tag(job: Job) -> Answer:
    """Show one tag."""
    return _one("tags", job.client.tags.get(job.argument("tag")))


def create_tag(job: Job) -> Answer:
    """Make a tag."""
    return _one("tags", job.client.tags.create(job.argument("name")))


def delete_tags(job: Job) -> Answer:
    """Remove tags."""
    tags = _each_once([job.client.tags.get(name) for name in job.argument("tags")], "name")
    job.confirm(delete_question(job.client.label(), "tag", [tag.name for tag in tags]))
    return delete_each(job, [(tag.name, tag.name) for tag in tags], job.client.tags.delete)


HANDLERS: dict[tuple[str, str], Callable[[Job], Answer | None]] = {
    ("regions", "list"): _lister("regions", "slug"),
    ("sizes", "list"): _lister("sizes", "slug"),
    ("images", "list"): _lister("images", "slug"),
    ("images", "get"): get_image,
    ("images", "create_custom"): import_image,
    ("account", "get"): get_account,
    ("keys", "list"): _lister("keys", "name"),
    ("keys", "get"): get_key,
    ("keys", "create"): create_key,
    ("keys", "update"): update_key,
    ("keys", "delete"): delete_keys,
    ("actions", "list"): _lister("actions", "id"),
    ("actions", "get"): get_action,
    ("actions", "wait"): wait_actions,
    ("snapshots", "list"): _lister("snapshots", "name"),
    ("snapshots", "get"): get_snapshot,
    ("snapshots", "delete"): delete_snapshots,
    ("tags", "list"): _lister("tags", "name"),
    ("tags", "get"): get_tag,
    ("tags", "create"): create_tag,
    ("tags", "delete"): delete_tags,
}
