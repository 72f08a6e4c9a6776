"""Container registries, their images and their subscription, by both paths."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.contract.walk import Walk


def push(walk: Walk, registry: str, repository: str, tag: str) -> dict[str, Any]:
    """Push an image as Docker would, by the sandbox's own route."""
    body = json.dumps({"registry": registry, "repository": repository, "tag": tag}).encode()
    headers = {"host": "127.0.0.1:8080", "authorization": f"Bearer {walk.token}"}
    reply = walk.sandbox.dispatch("POST", "/_sandbox/images", "", headers, body)
    assert reply.status == 201, reply.body
    return json.loads(reply.body)["manifest"]


def walk_registry(walk: Walk) -> None:
    path = "/v2/registry"
    for one in walk.get("/v2/registries")["registries"]:
        walk.must("DELETE", f"/v2/registries/{one['name']}")
    for refused in ("", "/subscription", "/docker-credentials"):
        walk.refused(404, "GET", f"{path}{refused}")
    walk.refused(404, "DELETE", path)
    new = {"name": "walkers", "subscription_tier_slug": "starter", "region": "fra1"}
    for odd in ({"name": "Walkers"}, {"name": "-w"}, {"region": "mars1"}, {"subscription_tier_slug": "gold"}):
        walk.refused(422, "POST", path, new | odd)
    registry = walk.must("POST", path, new)["registry"]
    assert walk.get(path)["registry"] == registry
    walk.refused(409, "POST", path, new)
    walk.refused(422, "POST", path, new | {"name": "second"})
    walk.refused(409, "POST", f"{path}/validate-name", {"name": "walkers"})
    walk.must("POST", f"{path}/validate-name", {"name": "runners"})
    for query in ({}, {"read_write": "true", "expiry_seconds": 60}):
        walk.get(f"{path}/docker-credentials", **query)
    walk.refused(422, "GET", f"{path}/docker-credentials", expiry_seconds="soon")
    walk_images(walk, f"{path}/walkers")
    assert walk.must("POST", f"{path}/subscription", {"tier_slug": "basic"})["subscription"]["tier"]["slug"] == "basic"
    walk.get(f"{path}/subscription")
    push(walk, "walkers", "one", "v1")
    push(walk, "walkers", "two", "v1")
    for _ in walk.pages(f"{path}/walkers/repositories"):
        pass
    starter = walk.get(f"{path}/options")["options"]["subscription_tiers"][0]
    assert (starter["eligible"], starter["eligibility_reasons"]) == (False, ["OverRepositoryLimit"])
    walk.refused(412, "POST", f"{path}/subscription", {"tier_slug": "starter"})
    walk.must("DELETE", path)
    walk.refused(404, "GET", path)


def walk_registries(walk: Walk) -> None:
    path = "/v2/registries"
    walk.refused(422, "POST", path, {"name": "walk-a"})
    first = walk.must("POST", path, {"name": "walk-a", "subscription_tier_slug": "basic"})["registry"]
    walk.refused(422, "POST", path, {"name": "walk-b"})
    walk.must("POST", f"{path}/subscription", {"tier_slug": "professional"})
    walk.must("POST", path, {"name": "walk-b"})
    assert walk.get(f"{path}/walk-a")["registry"] == first
    assert {one["name"] for one in walk.get(path)["registries"]} == {"walk-a", "walk-b"}
    assert {one["subscription"]["tier"]["slug"] for one in walk.get(path)["registries"]} == {"professional"}
    walk.refused(412, "GET", "/v2/registry")
    walk.refused(412, "DELETE", "/v2/registry")
    walk.refused(412, "POST", f"{path}/subscription", {"tier_slug": "basic"})
    walk.get(f"{path}/subscription")
    walk.get(f"{path}/options")
    walk.get(f"{path}/walk-a/docker-credentials")
    walk.must("POST", f"{path}/validate-name", {"name": "walk-c"})
    walk_images(walk, f"{path}/walk-b")
    push(walk, "walk-b", "deep/er", "v1")
    walk.must("DELETE", f"{path}/walk-b/repositories/deep%2Fer")
    walk.refused(404, "DELETE", f"{path}/walk-b/repositories/deep%2Fer")
    for name in ("walk-a", "walk-b"):
        walk.must("DELETE", f"{path}/{name}")
    walk.refused(404, "GET", f"{path}/walk-a")
    walk.refused(404, "GET", f"{path}/subscription")


def walk_images(walk: Walk, path: str) -> None:
    """Delete a tag and a manifest of images, and collect what is left; `path` names the registry."""
    name = path.rpartition("/")[2]
    manifests = [push(walk, name, "team/web", tag) for tag in ("v1", "v2", "v3")]
    repository = f"{path}/repositories/team%2Fweb"
    for listed in (f"{path}/repositoriesV2", f"{repository}/tags", f"{repository}/digests"):
        for _ in walk.pages(listed):
            pass
    (found,) = walk.get(f"{path}/repositoriesV2")["repositories"]
    assert (found["tag_count"], found["manifest_count"]) == (3, 3)
    assert found["latest_manifest"]["digest"] == manifests[-1]["digest"]
    walk.refused(400, "GET", f"{path}/repositoriesV2", page_token="x")
    walk.must("DELETE", f"{repository}/tags/v1")
    walk.refused(404, "DELETE", f"{repository}/tags/v1")
    walk.must("DELETE", f"{repository}/digests/{manifests[1]['digest']}")
    walk.refused(404, "DELETE", f"{repository}/digests/{manifests[1]['digest']}")
    assert [one["tag"] for one in walk.get(f"{repository}/tags")["tags"]] == ["v3"]
    assert walk.get(f"{repository}/digests")["meta"]["total"] == 2

    walk.refused(404, "GET", f"{path}/garbage-collection")
    collect = f"{path}/garbage-collection"
    first = walk.must("POST", collect)["garbage_collection"]
    walk.refused(409, "POST", collect, {})
    assert walk.get(collect)["garbage_collection"] == first
    walk.refused(422, "PUT", f"{collect}/{first['uuid']}", {"cancel": False})
    cancelled = walk.must("PUT", f"{collect}/{first['uuid']}", {"cancel": True})["garbage_collection"]
    assert cancelled["status"] == "cancelling"
    walk.later()
    walk.refused(422, "PUT", f"{collect}/{first['uuid']}", {"cancel": True})
    walk.refused(422, "POST", collect, {"type": "everything"})
    # The specification describes a body for the older path only.
    both = "/registry/" in path
    walk.must("POST", collect, {"type": "untagged manifests and unreferenced blobs"} if both else None)
    walk.later()
    for _ in walk.pages(f"{path}/garbage-collections"):
        pass
    done, before = walk.get(f"{path}/garbage-collections")["garbage_collections"]
    assert (done["status"], before["status"]) == ("succeeded", "cancelled")
    # The two layers that only a deleted image has; the three that all share are still needed.
    assert done["blobs_deleted"] == (4 if both else 2)
    assert done["freed_bytes"] > 0
    left = walk.get(f"{repository}/digests")["manifests"]
    assert len(left) == (1 if both else 2)
    for manifest in left:
        walk.must("DELETE", f"{repository}/digests/{manifest['digest']}")
    assert walk.get(f"{path}/repositoriesV2")["repositories"] == []


STEPS = (walk_registry, walk_registries)
