"""The nouns that are lists and not much more: regions, sizes, images, account, keys, actions, snapshots, tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.client.kinds import KINDS
from poseidon_nb.client.lookup import is_id
from poseidon_nb.errors import NoSuchName, NotFound
from poseidon_nb.magics.acting import Act
from poseidon_nb.magics.answer import Answer, answer_of
from poseidon_nb.magics.handlers import operations
from poseidon_nb.magics.handlers.outcomes import table_of
from poseidon_nb.magics.requests.fields import key_fields
from poseidon_nb.plans.operations import delete_chains, operation_chains

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from poseidon_nb.client.engine.steps import Chain
    from poseidon_nb.client.resource import Resource, Snapshot
    from poseidon_nb.magics.job import Job
    from poseidon_nb.plans.account import Account


def _lister(noun: str, column: str) -> Callable[[Job], Answer]:
    """Return the handler that lists a noun, and learns the words of one column."""

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
    """Remember the available sizes for completion."""
    from poseidon_nb.analysis.columns import flags, lists  # noqa: PLC0415  # pandas comes at first use

    job.kernel.learn_sizes(zip(sizes["slug"], flags(sizes, "available"), lists(sizes, "regions"), strict=True))


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


def get_key(job: Job) -> Answer:
    """Show one key."""
    return _one("keys", job.client.keys.get(job.argument("key")))


def _new_key(job: Job, account: Account) -> Sequence[Chain]:
    if job.command.body:
        return operations.chains(job, account)
    request = account.client.request("sshKeys_create", body=key_fields(job.command))
    return operation_chains(account, [request], "create")


def _unwanted_keys(job: Job, account: Account) -> Sequence[Chain]:
    rows = _known(account, "keys", job.argument("keys"), account.client.keys.get)
    return delete_chains("sshKeys_delete", "ssh_key_identifier", "key", [(row, "id") for row in rows])


def get_action(job: Job) -> Answer:
    """Show one action."""
    return _one("actions", job.client.actions.get(job.argument("action")))


def wait_actions(job: Job) -> Answer:
    """Wait until actions have ended."""
    waiting = {name: value for name, value in job.waiting.items() if name != "wait"}
    ended = job.client.actions.wait(list(job.argument("actions")), **waiting)
    return answer_of("actions", [action.to_dict() for action in ended])


def get_snapshot(job: Job) -> Answer:
    """Show one snapshot."""
    return _one("snapshots", _snapshot(job, job.argument("snapshot")))


def _unwanted_snapshots(job: Job, account: Account) -> Sequence[Chain]:
    rows = _known(account, "snapshots", job.argument("snapshots"), lambda word: _snapshot(job, word))
    return delete_chains("snapshots_delete", "snapshot_id", "snapshot", [(row, "id") for row in rows])


def _snapshot(job: Job, word: str) -> Snapshot:
    return job.client.snapshots.get(word) if is_id("snapshots", word) else job.client.snapshots.by_name(word)


def get_tag(job: Job) -> Answer:
    """Show one tag."""
    return _one("tags", job.client.tags.get(job.argument("tag")))


def _unwanted_tags(job: Job, account: Account) -> Sequence[Chain]:
    rows = _known(account, "tags", job.argument("tags"), account.client.tags.get)
    return delete_chains("tags_delete", "tag_id", "tag", [(row, "name") for row in rows])


def _known(
    account: Account, kind: str, words: Sequence[str], get: Callable[[str], Resource]
) -> list[Mapping[str, Any]]:
    """Return the things that are to go, each once: all are looked at before one is touched."""
    if account.is_open:
        return [{KINDS[kind].id: account.id_of(kind, word), "name": word} for word in dict.fromkeys(words)]
    things = [get(word) for word in words]
    return list({thing[KINDS[kind].id]: thing.to_dict() for thing in things}.values())


HANDLERS: dict[tuple[str, str], Callable[[Job], Answer]] = {
    ("regions", "list"): _lister("regions", "slug"),
    ("sizes", "list"): _lister("sizes", "slug"),
    ("images", "list"): _lister("images", "slug"),
    ("images", "get"): get_image,
    ("account", "get"): get_account,
    ("keys", "list"): _lister("keys", "name"),
    ("keys", "get"): get_key,
    ("actions", "list"): _lister("actions", "id"),
    ("actions", "get"): get_action,
    ("actions", "wait"): wait_actions,
    ("snapshots", "list"): _lister("snapshots", "name"),
    ("snapshots", "get"): get_snapshot,
    ("tags", "list"): _lister("tags", "name"),
    ("tags", "get"): get_tag,
}

ACTS = {
    ("keys", "create"): Act(_new_key, operations.answer),
    ("keys", "delete"): Act(_unwanted_keys, table_of),
    ("snapshots", "delete"): Act(_unwanted_snapshots, table_of),
    ("tags", "delete"): Act(_unwanted_tags, table_of),
}
