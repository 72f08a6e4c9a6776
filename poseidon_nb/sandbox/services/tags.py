"""Tags, and what has them.

Two tags that differ only in case are one, in the spelling of the first. Not settled by any source, chosen here: creating
a tag that exists answers 201 with the one there is (a name with other characters 400, as specified); tagging something unknown answers 404 and tags nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import bodies
from poseidon_nb.sandbox.records import Record
from poseidon_nb.sandbox.replies import bad_request, no_content, not_found, unprocessable

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.records import Collection
    from poseidon_nb.sandbox.replies import Reply
    from poseidon_nb.sandbox.world import World

_NAME = re.compile(r"[a-zA-Z0-9_\-:]{1,255}")
#: The word for each taggable thing in a request, and the collection that it is in.
_TAGGABLE = {"droplet": "droplets", "image": "images"}
_COUNTED_ELSEWHERE = ("volumes", "volume_snapshots", "databases")


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


def _holders(world: World, kind: str, folded: str) -> list[Record]:
    collection: Collection = getattr(world, kind)
    return [record for record in collection.listed() if any(tag.lower() == folded for tag in record.shown["tags"])]


def _shown(call: Call, tag: Record) -> Record:
    counts: dict[str, dict[str, Any]] = {}
    last = tag.kept.get("last", "")
    for word, kind in _TAGGABLE.items():
        if call.scopes is not None and f"{word}:read" not in call.scopes:
            continue
        held = _holders(call.world, kind, tag["name"].lower())
        counts[kind] = {"count": len(held)}
        if held:
            ids = [f"{kind}/{record['id']}" for record in held]
            newest = last if last in ids else ids[-1]
            counts[kind]["last_tagged_uri"] = f"{call.base_url}/v2/{newest}"
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
    return call.page("tags", "tag", [_shown(call, tag) for tag in call.world.tags.listed()])


def get_tag(call: Call) -> Reply:
    """Answer ``tags_get``."""
    return call.one("tag", _shown(call, _asked_for(call)))


def create_tag(call: Call) -> Reply:
    """Answer ``tags_create``."""
    asked = bodies.required(call.body, "name", "string")
    if not _NAME.fullmatch(asked):
        raise bad_request(f'Error validating resource tag: "tag-name {asked} contains invalid characters"')
    name = ensure_tag(call.world, asked)
    return call.one("tag", _shown(call, call.world.tags[name.lower()]), status=201)


def delete_tag(call: Call) -> Reply:
    """Answer ``tags_delete``: everything that has the tag loses it."""
    folded = _asked_for(call)["name"].lower()
    for kind in _TAGGABLE.values():
        for record in _holders(call.world, kind, folded):
            _put(call.world, kind, record, [tag for tag in record["tags"] if tag.lower() != folded])
    call.world.tags.remove(folded)
    return no_content()


def tag_resources(call: Call) -> Reply:
    """Answer ``tags_assign_resources``."""
    tag = _asked_for(call)
    folded = tag["name"].lower()
    last = ""
    for kind, record in _resources(call):
        last = f"{kind}/{record['id']}"
        if not any(other.lower() == folded for other in record["tags"]):
            _put(call.world, kind, record, [*record["tags"], tag["name"]])
    if last:
        call.world.tags.put(folded, tag.keeping(last=last))
    return no_content()


def untag_resources(call: Call) -> Reply:
    """Answer ``tags_unassign_resources``."""
    folded = _asked_for(call)["name"].lower()
    for kind, record in _resources(call):
        _put(call.world, kind, record, [tag for tag in record["tags"] if tag.lower() != folded])
    return no_content()


def _put(world: World, kind: str, record: Record, tags: list[str]) -> None:
    collection: Collection = getattr(world, kind)
    collection.put(record["id"], record.showing(tags=tags))


def _resources(call: Call) -> list[tuple[str, Record]]:
    found: dict[tuple[str, str], Record] = {}
    for resource in bodies.required(call.body, "resources", "array"):
        bodies.typed("a resource", resource, "object")
        word = bodies.required(resource, "resource_type", "string")
        id_ = bodies.required(resource, "resource_id", "string")
        if word not in _TAGGABLE:
            raise unprocessable(f"{word} is not a resource type that the sandbox can tag.")
        call.need(f"{word}:update")
        kind = _TAGGABLE[word]
        collection: Collection = getattr(call.world, kind)
        record = collection.get(int(id_)) if id_.isascii() and id_.isdigit() and len(id_) < len("1" * 19) else None
        if record is None:
            raise not_found()
        found[kind, id_] = record
    return [(kind, record) for (kind, _), record in found.items()]


OPERATIONS = {
    "tags_list": list_tags,
    "tags_get": get_tag,
    "tags_create": create_tag,
    "tags_delete": delete_tag,
    "tags_assign_resources": tag_resources,
    "tags_unassign_resources": untag_resources,
}
