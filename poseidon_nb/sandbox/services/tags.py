"""Tags, and what has them.

Two tags that differ only in case are one, in the spelling of the first. Not settled by any source, chosen here: creating
a tag that exists answers 201 with the one there is (a name with other characters 400, as specified); tagging something unknown answers 404 and tags nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import bodies
from poseidon_nb.sandbox.records import Record
from poseidon_nb.sandbox.replies import bad_request, no_content, not_found, unprocessable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.records import Collection
    from poseidon_nb.sandbox.replies import Reply
    from poseidon_nb.sandbox.world import World

_NAME = re.compile(r"[a-zA-Z0-9_\-:]{1,255}")
_ID_DIGITS_MOST = 18


@dataclass(frozen=True, slots=True)
class Taggable:
    """A kind of thing that can be tagged.

    Attributes
    ----------
    kind : str
        The collection that it is in, which is also the key of its count.
    scope : str
        What its scopes are of.
    path : str
        What its address begins with, behind ``/v2/``.
    key : callable
        Makes the collection's key of an id that comes as text; None is an id that nothing has.
    """

    kind: str
    scope: str
    path: str
    key: Callable[[str], int | str | None]


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS_MOST else None


#: By the word for it in a request.
_TAGGABLE = {
    "droplet": Taggable("droplets", "droplet", "droplets", _number),
    "image": Taggable("images", "image", "images", _number),
    "volume": Taggable("volumes", "block_storage", "volumes", str),
    "volume_snapshot": Taggable("volume_snapshots", "block_storage_snapshot", "snapshots", str),
}
#: Things that the sandbox does not simulate, and counts all the same.
_COUNTED_ELSEWHERE = ("databases",)


def checked_tag(name: str) -> str:
    """Give a tag's name back; refuse what the specification's pattern refuses."""
    if not _NAME.fullmatch(name):
        raise unprocessable("Tags may contain letters, numbers, colons, dashes, and underscores.")
    return name


def ensure_tag(world: World, name: str) -> str:
    """Give the tag's name as the account spells it; make the tag if there is none."""
    known = world.tags.get(name.lower())
    if known is None:
        world.tags.put(name.lower(), Record({"name": name}))
        return name
    return str(known["name"])


def checked_tags(call: Call) -> list[str]:
    """Give the tags that a body asks for, each once; who may not make tags may name none."""
    tags: list[str] = bodies.optional(call.body, "tags", "array") or []
    if tags:
        call.need("tag:create")
    for tag in tags:
        bodies.typed("a tag", tag, "string")
    return [*dict.fromkeys(checked_tag(tag) for tag in tags)]


def ensure_tags(world: World, names: Iterable[str], word: str, id_: int | str) -> list[str]:
    """Give tags as the account spells them for a thing that gets them now; make those that there are not."""
    spelt = [*dict.fromkeys(ensure_tag(world, name) for name in names)]
    for name in spelt:
        world.tags.put(name.lower(), world.tags[name.lower()].keeping(last=f"{_TAGGABLE[word].path}/{id_}"))
    return spelt


def _holders(world: World, kind: str, folded: str) -> list[Record]:
    collection: Collection = getattr(world, kind)
    return [record for record in collection.listed() if any(tag.lower() == folded for tag in record.shown["tags"])]


def _all_held(world: World, kind: str) -> dict[str, list[Record]]:
    """Give the holders of every tag, by its folded name, in one walk over the collection."""
    collection: Collection = getattr(world, kind)
    held: dict[str, list[Record]] = {}
    for record in collection.listed():
        for folded in {tag.lower() for tag in record.shown["tags"]}:
            held.setdefault(folded, []).append(record)
    return held


def _seen(call: Call) -> list[Taggable]:
    return [thing for thing in _TAGGABLE.values() if call.scopes is None or f"{thing.scope}:read" in call.scopes]


def _one_shown(call: Call, tag: Record) -> Record:
    folded = tag["name"].lower()
    return _shown(call, tag, [(thing, _holders(call.world, thing.kind, folded)) for thing in _seen(call)])


def _shown(call: Call, tag: Record, holders: list[tuple[Taggable, list[Record]]]) -> Record:
    counts: dict[str, dict[str, Any]] = {}
    last = tag.kept.get("last", "")
    for thing, held in holders:
        counts[thing.kind] = {"count": len(held)}
        if held:
            paths = [f"{thing.path}/{record['id']}" for record in held]
            newest = last if last in paths else paths[-1]
            counts[thing.kind]["last_tagged_uri"] = f"{call.base_url}/v2/{newest}"
    total: dict[str, Any] = {"count": sum(count["count"] for count in counts.values())}
    uris = {count["last_tagged_uri"] for count in counts.values() if "last_tagged_uri" in count}
    if uris:
        last_uri = f"{call.base_url}/v2/{last}"
        total["last_tagged_uri"] = last_uri if last_uri in uris else min(uris)
    return Record(
        {"name": tag["name"], "resources": {**total, **counts, **{k: {"count": 0} for k in _COUNTED_ELSEWHERE}}}
    )


def _asked_for(call: Call) -> Record:
    tag = call.world.tags.get(call.names["tag_id"].lower())
    if tag is None:
        raise not_found()
    return tag


def list_tags(call: Call) -> Reply:
    """Answer ``tags_list``, oldest first."""
    held = [(thing, _all_held(call.world, thing.kind)) for thing in _seen(call)]
    shown = []
    for tag in call.world.tags.listed():
        folded = tag["name"].lower()
        shown.append(_shown(call, tag, [(thing, records.get(folded, [])) for thing, records in held]))
    return call.page("tags", "tag", shown)


def get_tag(call: Call) -> Reply:
    """Answer ``tags_get``."""
    return call.one("tag", _one_shown(call, _asked_for(call)))


def create_tag(call: Call) -> Reply:
    """Answer ``tags_create``."""
    asked = bodies.required(call.body, "name", "string")
    if not _NAME.fullmatch(asked):
        raise bad_request(f'Error validating resource tag: "tag-name {asked} contains invalid characters"')
    name = ensure_tag(call.world, asked)
    return call.one("tag", _one_shown(call, call.world.tags[name.lower()]), status=201)


def delete_tag(call: Call) -> Reply:
    """Answer ``tags_delete``: everything that has the tag loses it."""
    folded = _asked_for(call)["name"].lower()
    for thing in _TAGGABLE.values():
        for record in _holders(call.world, thing.kind, folded):
            _put(call.world, thing, record, [tag for tag in record["tags"] if tag.lower() != folded])
    call.world.tags.remove(folded)
    # Services whose things reach others by a tag have an effect of this kind each.
    for name, effect in call.world.effects.items():
        if name.startswith("tag.gone."):
            effect(call.world, call.world.now(), folded)
    return no_content()


def tag_resources(call: Call) -> Reply:
    """Answer ``tags_assign_resources``."""
    tag = _asked_for(call)
    folded = tag["name"].lower()
    last = ""
    for thing, record in _resources(call):
        last = f"{thing.path}/{record['id']}"
        if not any(other.lower() == folded for other in record["tags"]):
            _put(call.world, thing, record, [*record["tags"], tag["name"]])
    if last:
        call.world.tags.put(folded, tag.keeping(last=last))
    return no_content()


def untag_resources(call: Call) -> Reply:
    """Answer ``tags_unassign_resources``."""
    folded = _asked_for(call)["name"].lower()
    for thing, record in _resources(call):
        _put(call.world, thing, record, [tag for tag in record["tags"] if tag.lower() != folded])
    return no_content()


def _put(world: World, thing: Taggable, record: Record, tags: list[str]) -> None:
    collection: Collection = getattr(world, thing.kind)
    collection.put(record["id"], record.showing(tags=tags))


def _resources(call: Call) -> list[tuple[Taggable, Record]]:
    found: dict[tuple[str, str], tuple[Taggable, Record]] = {}
    for resource in bodies.required(call.body, "resources", "array"):
        bodies.typed("a resource", resource, "object")
        word = bodies.required(resource, "resource_type", "string")
        id_ = bodies.required(resource, "resource_id", "string")
        thing = _TAGGABLE.get(word)
        if thing is None:
            raise unprocessable(f"{word} is not a resource type that the sandbox can tag.")
        call.need(f"{thing.scope}:update")
        collection: Collection = getattr(call.world, thing.kind)
        record = collection.get(thing.key(id_))
        if record is None:
            raise not_found()
        found[word, id_] = (thing, record)
    return [*found.values()]


OPERATIONS = {
    "tags_list": list_tags,
    "tags_get": get_tag,
    "tags_create": create_tag,
    "tags_delete": delete_tag,
    "tags_assign_resources": tag_resources,
    "tags_unassign_resources": untag_resources,
}
