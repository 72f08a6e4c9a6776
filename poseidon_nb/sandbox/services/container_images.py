"""The repositories of container registries with their manifests and tags, and garbage collections.

The sandbox has no Docker registry, so nothing can be pushed with Docker. `push_image`, and its route
``POST /_sandbox/images``, do instead what a push does. From the specification: deleting tags and manifests frees no storage
before a garbage collection, which goes through its states and counts what it freed. A second one is refused while one is
active (digitalocean/doctl#902).

Not documented, chosen here: the seconds in each state, and 409 for that second one. A collection of no given type removes
unreferenced blobs only, as doctl's default does. A repository is gone with its last manifest. A manifest with tags can be
deleted. Digests and sizes are fabricated; images of a repository share their lower layers. No page tokens are given out, so
a token answers 400.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.fields import Field
from poseidon_nb.sandbox.resources import Resource
from poseidon_nb.sandbox.responses import bad_request, conflict, not_found, respond, unprocessable
from poseidon_nb.sandbox.services.container_registries import REGISTRIES, check_repositories, store_blobs
from poseidon_nb.sandbox.states import States, run_effects
from poseidon_nb.sandbox.store import StoredObject
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

_REPOSITORY_NAME = re.compile(r"[a-z0-9]+([._\-/]+[a-z0-9]+)*")
_TAG_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._\-]{0,127}")
#: Layers that the images of a repository share, and those of each image. The largest has so many bytes.
_SHARED_LAYERS, _OWN_LAYERS, _MAX_LAYER_BYTES = 3, 2, 60_000_000
#: How much larger an image is once it is unpacked.
_UNPACKED = 2.4
_UNTAGGED, _UNREFERENCED = "untagged manifests only", "unreferenced blobs only"
_COLLECTION_TYPES = (_UNTAGGED, _UNREFERENCED, "untagged manifests and unreferenced blobs")
_ENDED = ("succeeded", "failed", "cancelled")


def _collection_object(_world: World, id_: str, values: dict[str, Any], at: float) -> StoredObject:
    public = {
        "uuid": id_,
        "registry_name": values["registry_name"],
        "status": "requested",
        "created_at": format_time(at),
        "updated_at": format_time(at),
        "blobs_deleted": 0,
        "freed_bytes": 0,
    }
    return StoredObject(public, {"type": values["type"]})


REPOSITORIES = Resource(
    "registries.repositories",
    parent=REGISTRIES,
    id_field="name",
    build=lambda _world, id_, values, _at: {"registry_name": values["registry_name"], "name": id_},
    label="repository",
)
MANIFESTS = Resource(
    "registries.repositories.manifests",
    parent=REPOSITORIES,
    id_field="digest",
    build=lambda _world, id_, values, _at: {**values, "digest": id_},
)
COLLECTIONS = Resource(
    "registries.garbage_collections",
    parent=REGISTRIES,
    id_field="uuid",
    build=_collection_object,
    states=States(
        first=(
            ("requested", 5.0),
            ("waiting for write JWTs to expire", 60.0),
            ("scanning manifests", 20.0),
            ("deleting unreferenced blobs", 20.0),
        ),
        ready="succeeded",
    ),
    updated_field="updated_at",
    label="garbage collection",
)
_COLLECTION_TYPE = Field("type", choices=_COLLECTION_TYPES, default=_UNREFERENCED)


def push_image(world: World, registry_name: str, name: str, tag: str, at: float) -> StoredObject:
    """Push an image to a registry, as Docker would, and return its manifest; or raise 404, 409 or 422.

    The effects ``registries.pushed.WHAT`` are called afterwards, with the account, the time, the repository and the tag.
    """
    registry = REGISTRIES.store(world).get(registry_name)
    if registry is None:
        raise not_found()
    if not _REPOSITORY_NAME.fullmatch(name) or not _TAG_NAME.fullmatch(tag):
        raise unprocessable(f"{name}:{tag} is not the name of an image with a tag.")
    if _active_collection(world, registry_name) is not None:
        raise conflict("The registry is read-only during a garbage collection.")
    key = f"{registry_name}/{name}"
    if key not in REPOSITORIES.store(world):
        check_repositories(world)
        REPOSITORIES.add(world, {"registry_name": registry_name, "name": name}, at, registry_name)
    number = world.next_number(MANIFESTS.kind)
    draws = [*((key, layer) for layer in range(_SHARED_LAYERS)), *((key, number, own) for own in range(_OWN_LAYERS))]
    layers = {_digest(world, *draw): rng.randint(1_000, _MAX_LAYER_BYTES, world.seed, *draw) for draw in draws}
    _remove_tag(world, key, tag, at)
    manifest = MANIFESTS.add(
        world,
        {
            "digest": _digest(world, "manifest", key, number),
            "registry_name": registry_name,
            "repository": name,
            "compressed_size_bytes": sum(layers.values()),
            "size_bytes": int(sum(layers.values()) * _UNPACKED),
            "updated_at": format_time(at),
            "tags": [tag],
            "blobs": [{"digest": digest, "compressed_size_bytes": size} for digest, size in layers.items()],
        },
        at,
        key,
    )
    store_blobs(world, registry, {**registry.internal["blobs"], **layers}, at)
    run_effects(world, "registries.pushed", at, name, tag)
    return manifest


def _digest(world: World, *parts: object) -> str:
    return f"sha256:{rng.digest(world.seed, *parts)}{rng.digest(world.seed, 'rest', *parts)}"


def _remove_tag(world: World, repository: str, tag: str, at: float) -> bool:
    """Remove a tag from the manifest that has it, and return whether there was one."""
    for manifest in MANIFESTS.all(world, repository):
        if tag in manifest["tags"]:
            left = [one for one in manifest["tags"] if one != tag]
            MANIFESTS.put(world, manifest.with_public(tags=left, updated_at=format_time(at)), at)
            return True
    return False


def _manifests(world: World, repository: StoredObject) -> list[StoredObject]:
    """Return the manifests of a repository, newest first."""
    return MANIFESTS.all(world, REPOSITORIES.key_of(repository))[::-1]


def _tags(world: World, repository: StoredObject) -> list[StoredObject]:
    """Return the tags of a repository, newest first."""
    same = ("registry_name", "repository", "compressed_size_bytes", "size_bytes", "updated_at")
    return [
        StoredObject({"tag": tag, "manifest_digest": one["digest"], **{name: one[name] for name in same}})
        for one in _manifests(world, repository)
        for tag in one["tags"]
    ]


def _list_repositories(call: Call) -> HTTPResponse:
    found = []
    for one in REPOSITORIES.all(call.world, REPOSITORIES.parent_key(call)):
        tags = _tags(call.world, one)
        latest = {"latest_tag": tags[0].public} if tags else {}
        found.append(one.with_public(**latest, tag_count=len(tags)))
    return respond(call, found)


def _list_repositories_v2(call: Call) -> HTTPResponse:
    parent = REPOSITORIES.parent_key(call)
    if call.query.get("page_token"):
        raise bad_request("invalid page token")
    found = []
    for one in REPOSITORIES.all(call.world, parent):
        manifests = _manifests(call.world, one)
        latest = {"latest_manifest": manifests[0].public} if manifests else {}
        counts = {"tag_count": len(_tags(call.world, one)), "manifest_count": len(manifests)}
        found.append(one.with_public(**latest, **counts))
    return respond(call, found)


def _delete_tag(call: Call, repository: StoredObject) -> None:
    key = REPOSITORIES.key_of(repository)
    if not _remove_tag(call.world, key, call.path_params["repository_tag"], call.world.now()):
        raise not_found()


def _delete_manifest(call: Call, manifest: StoredObject) -> None:
    _remove_manifest(call.world, manifest)


def _remove_manifest(world: World, manifest: StoredObject) -> None:
    """Remove a manifest, and its repository if it was the last one."""
    key = manifest.internal["parent"]
    MANIFESTS.remove(world, manifest)
    if not MANIFESTS.all(world, key):
        REPOSITORIES.remove(world, REPOSITORIES.store(world)[key])


def _active_collection(world: World, registry_name: str) -> StoredObject | None:
    found = COLLECTIONS.all(world, registry_name)
    return next((one for one in found if one["status"] not in _ENDED), None)


def _run_collection(call: Call, registry: StoredObject) -> StoredObject:
    kind = _COLLECTION_TYPE.read(call.body.get("type") or _UNREFERENCED, "type")
    name = registry["name"]
    if _active_collection(call.world, name) is not None:
        raise conflict("there is already an active garbage collection")
    return COLLECTIONS.add(call.world, {"registry_name": name, "type": kind}, call.world.now(), name)


def _get_collection(call: Call, registry: StoredObject) -> StoredObject:
    found = _active_collection(call.world, registry["name"])
    if found is None:
        raise not_found()
    return found


def _cancel_collection(call: Call, collection: StoredObject) -> StoredObject:
    if not call.body.get("cancel"):
        raise unprocessable("cancel must be true.")
    if collection["status"] in _ENDED:
        raise unprocessable(f"The garbage collection is {collection['status']} already.")
    if collection["status"] == "cancelling":
        return collection
    return COLLECTIONS.go_through(call.world, collection, [("cancelling", 5.0), ("cancelled", 0.0)])


def _collect(world: World, at: float, key: str) -> None:
    """Remove what a garbage collection is for, when it succeeds."""
    collection = COLLECTIONS.store(world)[key]
    registry = REGISTRIES.store(world)[collection["registry_name"]]
    manifests = [one for one in MANIFESTS.store(world).all() if one["registry_name"] == registry["name"]]
    if collection.internal["type"] != _UNREFERENCED:
        for one in manifests:
            if not one["tags"]:
                _remove_manifest(world, one)
        manifests = [one for one in manifests if one["tags"]]
    blobs: dict[str, int] = registry.internal["blobs"]
    if collection.internal["type"] != _UNTAGGED:
        used = {blob["digest"] for one in manifests for blob in one["blobs"]}
        kept = {digest: size for digest, size in blobs.items() if digest in used}
        freed = sum(blobs.values()) - sum(kept.values())
        COLLECTIONS.put(world, collection.with_public(blobs_deleted=len(blobs) - len(kept), freed_bytes=freed), at)
        store_blobs(world, registry, kept, at)


def _list_collections(call: Call) -> HTTPResponse:
    return respond(call, COLLECTIONS.all(call.world, COLLECTIONS.parent_key(call))[::-1])


#: For both paths.
_SHARED: dict[str, Callable[[Call], HTTPResponse]] = {
    "list_repositoriesV2": _list_repositories_v2,
    "list_repositoryTags": REPOSITORIES.on(lambda call, one: _tags(call.world, one)),
    "delete_repositoryTag": REPOSITORIES.on(_delete_tag),
    "list_repositoryManifests": REPOSITORIES.on(lambda call, one: _manifests(call.world, one)),
    "delete_repositoryManifest": MANIFESTS.on(_delete_manifest),
    "run_garbageCollection": REGISTRIES.on(_run_collection),
    "get_garbageCollection": REGISTRIES.on(_get_collection),
    "list_garbageCollections": _list_collections,
    "update_garbageCollection": COLLECTIONS.on(_cancel_collection),
}
OPERATIONS: dict[str, Callable[[Call], HTTPResponse]] = {
    "registry_list_repositories": _list_repositories,
    "registries_delete_repository": REPOSITORIES.delete(),
    **{f"{path}_{verb}": function for path in ("registries", "registry") for verb, function in _SHARED.items()},
}
EFFECTS: dict[str, Callable[..., None]] = {"registries.garbage_collections.succeeded": _collect}
