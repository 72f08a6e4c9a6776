"""Tags and the resources that have them.

Tags that differ only in case are the same, in the spelling of the first one. Not documented, chosen here: creating an
existing tag answers 201 with it. Tagging an unknown resource answers 404 and tags nothing. As specified, a name with
invalid characters answers 400. The id of a resource must be text: a number answers 400 with the message of the
service's JSON parser (pachadotdev/analogsea#220).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox.call import check_type, optional_field, parse_id, required_field
from poseidon_nb.sandbox.responses import bad_request, no_content, not_found, unprocessable
from poseidon_nb.sandbox.states import run_effects
from poseidon_nb.sandbox.store import StoredObject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

_NUMBER_TEXT = "json: cannot unmarshal number into Go struct field Resource.resources.resource_id of type string"
_NAME = re.compile(r"[a-zA-Z0-9_\-:]{1,255}")


@dataclass(frozen=True, slots=True)
class TaggableType:
    """A type of resource that can be tagged.

    Attributes
    ----------
    kind : str
        Its store in `World`, which is also the key of its count.
    scope : str
        The prefix of its scopes.
    path : str
        Its path behind ``/v2/``.
    key : callable
        Converts an id from a request to a key of the store; None matches nothing.
    """

    kind: str
    scope: str
    path: str
    key: Callable[[str], int | str | None]


#: By their resource type in requests.
_TAGGABLE_TYPES = {
    "droplet": TaggableType("droplets", "droplet", "droplets", parse_id),
    "image": TaggableType("images", "image", "images", parse_id),
    "volume": TaggableType("volumes", "block_storage", "volumes", str),
    "database": TaggableType("databases", "database", "databases", str),
    "volume_snapshot": TaggableType("volume_snapshots", "block_storage_snapshot", "snapshots", str),
}


def validate_tag(name: str) -> str:
    """Return the name, or raise 422 if the specification's pattern forbids it."""
    if not _NAME.fullmatch(name):
        raise unprocessable("Tags may contain letters, numbers, colons, dashes, and underscores.")
    return name


def ensure_tag(world: World, name: str) -> str:
    """Return the tag's name in the account's spelling, and create the tag if necessary."""
    known = world.tags.get(name.lower())
    if known is None:
        world.tags.put(name.lower(), StoredObject({"name": name}))
        return name
    return str(known["name"])


def requested_tags(call: Call) -> list[str]:
    """Return the unique tags of a body. A token that may not create tags may not use any."""
    tags: list[str] = optional_field(call.body, "tags", "array") or []
    if tags:
        call.require_scopes("tag:create")
    for tag in tags:
        check_type("a tag", tag, "string")
    return [*dict.fromkeys(validate_tag(tag) for tag in tags)]


def ensure_tags(world: World, names: Iterable[str], type_: str, id_: int | str) -> list[str]:
    """Return tags in the account's spelling for a resource that gets them, and create missing tags."""
    tags = [*dict.fromkeys(ensure_tag(world, name) for name in names)]
    for name in tags:
        world.tags.put(
            name.lower(), world.tags[name.lower()].with_internal(last=f"{_TAGGABLE_TYPES[type_].path}/{id_}")
        )
    return tags


def _tagged_objects(world: World, kind: str, folded: str) -> list[StoredObject]:
    store = world.store(kind)
    return [record for record in store.all() if any(tag.lower() == folded for tag in record.public["tags"])]


def _objects_by_tag(world: World, kind: str) -> dict[str, list[StoredObject]]:
    """Return the objects with each tag, by the tag in lower case, in one pass over the store."""
    store = world.store(kind)
    tagged: dict[str, list[StoredObject]] = {}
    for record in store.all():
        for folded in {tag.lower() for tag in record.public["tags"]}:
            tagged.setdefault(folded, []).append(record)
    return tagged


def _visible_types(call: Call) -> list[TaggableType]:
    return [
        taggable
        for taggable in _TAGGABLE_TYPES.values()
        if call.scopes is None or f"{taggable.scope}:read" in call.scopes
    ]


def _tag_object(call: Call, tag: StoredObject) -> StoredObject:
    folded = tag["name"].lower()
    return _tag_with_counts(
        call, tag, [(taggable, _tagged_objects(call.world, taggable.kind, folded)) for taggable in _visible_types(call)]
    )


def _tag_with_counts(
    call: Call, tag: StoredObject, holders: list[tuple[TaggableType, list[StoredObject]]]
) -> StoredObject:
    counts: dict[str, dict[str, Any]] = {}
    last = tag.internal.get("last", "")
    for taggable, tagged in holders:
        counts[taggable.kind] = {"count": len(tagged)}
        if tagged:
            paths = [f"{taggable.path}/{record['id']}" for record in tagged]
            newest = last if last in paths else paths[-1]
            counts[taggable.kind]["last_tagged_uri"] = f"{call.base_url}/v2/{newest}"
    total: dict[str, Any] = {"count": sum(count["count"] for count in counts.values())}
    uris = {count["last_tagged_uri"] for count in counts.values() if "last_tagged_uri" in count}
    if uris:
        last_uri = f"{call.base_url}/v2/{last}"
        total["last_tagged_uri"] = last_uri if last_uri in uris else min(uris)
    return StoredObject({"name": tag["name"], "resources": {**total, **counts}})


def _requested_tag(call: Call) -> StoredObject:
    tag = call.world.tags.get(call.path_params["tag_id"].lower())
    if tag is None:
        raise not_found()
    return tag


def list_tags(call: Call) -> HTTPResponse:
    """Handle ``tags_list``, oldest first."""
    tagged = [(taggable, _objects_by_tag(call.world, taggable.kind)) for taggable in _visible_types(call)]
    rows = []
    for tag in call.world.tags.all():
        folded = tag["name"].lower()
        rows.append(_tag_with_counts(call, tag, [(taggable, records.get(folded, [])) for taggable, records in tagged]))
    return call.respond_page("tags", "tag", rows)


def get_tag(call: Call) -> HTTPResponse:
    """Handle ``tags_get``."""
    return call.respond("tag", _tag_object(call, _requested_tag(call)))


def create_tag(call: Call) -> HTTPResponse:
    """Handle ``tags_create``."""
    requested = required_field(call.body, "name", "string")
    if not _NAME.fullmatch(requested):
        raise bad_request(f'Error validating resource tag: "tag-name {requested} contains invalid characters"')
    name = ensure_tag(call.world, requested)
    return call.respond("tag", _tag_object(call, call.world.tags[name.lower()]), status=201)


def delete_tag(call: Call) -> HTTPResponse:
    """Handle ``tags_delete``, which also removes the tag from all resources."""
    folded = _requested_tag(call)["name"].lower()
    for taggable in _TAGGABLE_TYPES.values():
        for record in _tagged_objects(call.world, taggable.kind, folded):
            _set_tags(call.world, taggable, record, [tag for tag in record["tags"] if tag.lower() != folded])
    call.world.tags.remove(folded)
    run_effects(call.world, "tag.deleted", call.world.now(), folded)
    return no_content()


def tag_resources(call: Call) -> HTTPResponse:
    """Handle ``tags_assign_resources``."""
    tag = _requested_tag(call)
    folded = tag["name"].lower()
    last = ""
    for taggable, record in _requested_resources(call):
        last = f"{taggable.path}/{record['id']}"
        if not any(other.lower() == folded for other in record["tags"]):
            _set_tags(call.world, taggable, record, [*record["tags"], tag["name"]])
    if last:
        call.world.tags.put(folded, tag.with_internal(last=last))
    return no_content()


def untag_resources(call: Call) -> HTTPResponse:
    """Handle ``tags_unassign_resources``."""
    folded = _requested_tag(call)["name"].lower()
    for taggable, record in _requested_resources(call):
        _set_tags(call.world, taggable, record, [tag for tag in record["tags"] if tag.lower() != folded])
    return no_content()


def _set_tags(world: World, taggable: TaggableType, record: StoredObject, tags: list[str]) -> None:
    store = world.store(taggable.kind)
    store.put(record["id"], record.with_public(tags=tags))


def _requested_resources(call: Call) -> list[tuple[TaggableType, StoredObject]]:
    found: dict[tuple[str, str], tuple[TaggableType, StoredObject]] = {}
    for resource in required_field(call.body, "resources", "array"):
        check_type("a resource", resource, "object")
        type_ = required_field(resource, "resource_type", "string")
        if isinstance(resource.get("resource_id"), int | float) and not isinstance(resource["resource_id"], bool):
            raise bad_request(_NUMBER_TEXT)
        id_ = required_field(resource, "resource_id", "string")
        taggable = _TAGGABLE_TYPES.get(type_)
        if taggable is None:
            raise unprocessable(f"{type_} is not a resource type that the sandbox can tag.")
        call.require_scopes(f"{taggable.scope}:update")
        store = call.world.store(taggable.kind)
        record = store.get(taggable.key(id_))
        if record is None:
            raise not_found()
        found[type_, id_] = (taggable, record)
    return [*found.values()]


OPERATIONS = {
    "tags_list": list_tags,
    "tags_get": get_tag,
    "tags_create": create_tag,
    "tags_delete": delete_tag,
    "tags_assign_resources": tag_resources,
    "tags_unassign_resources": untag_resources,
}
