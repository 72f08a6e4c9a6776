"""Container registries: what their subscription costs, and credentials."""

from __future__ import annotations

import base64

import pytest

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.sandbox.invoices import charges
from poseidon_nb.sandbox.services.container_registries import REGISTRIES, store_blobs

HOUR_S = 3600
GIB = 1 << 30


@pytest.fixture
def api(make_api):
    """A client for an account without managed services of its own."""
    return make_api(droplets=5)


def bill(api, start):
    world = api.sandbox._dispatcher.world
    return [one for one in charges(world, start, world.now()) if one.product == "Container Registry"]


def test_the_subscription_is_charged_once_with_the_storage_beyond_its_tier(api):
    world = api.sandbox._dispatcher.world
    start = world.now()
    new = {"name": "a", "subscription_tier_slug": "starter"}
    assert api("POST", "/v2/registries", new)[0] == 201
    api.clock.advance(84 * HOUR_S)
    assert bill(api, start) == []
    assert api("POST", "/v2/registries/subscription", {"tier_slug": "professional"})[0] == 200
    assert api("POST", "/v2/registries", {"name": "b"})[0] == 201
    # An eighth of a month of 672 hours with the tier alone, and one with 50 GiB beyond the included 100.
    api.clock.advance(84 * HOUR_S)
    store_blobs(world, REGISTRIES.store(world)["b"], {"sha256:0": 150 * GIB}, world.now())
    api.clock.advance(84 * HOUR_S)
    assert [one.cents for one in bill(api, start)] == [250, 263]
    for name in ("a", "b"):
        assert api("DELETE", f"/v2/registries/{name}")[0] == 204
    api.clock.advance(84 * HOUR_S)
    assert sum(one.cents for one in bill(api, start)) == 513


def test_credentials_are_an_address_and_a_token_that_no_one_accepts(api):
    api("POST", "/v2/registry", {"name": "a", "subscription_tier_slug": "basic"})
    found = api.get("/v2/registry/docker-credentials")["auths"]["registry.digitalocean.com"]["auth"]
    address, token = base64.b64decode(found).decode().split(":")
    assert address == api.get("/v2/account")["account"]["email"]
    assert api.ask("GET", "/v2/account", authorization=f"Bearer {token}").status == 401
    assert api.get("/v2/registry/docker-credentials?read_write=true") != api.get("/v2/registry/docker-credentials")


def test_an_image_can_be_pushed_by_the_route_of_the_sandbox(api, refused):
    image = {"registry": "a", "repository": "web", "tag": "v1"}
    assert api("POST", "/_sandbox/images", image)[0] == 404
    api("POST", "/v2/registry", {"name": "a", "subscription_tier_slug": "basic"})
    for odd in ({"tag": "no space"}, {"repository": "Web"}, {"repository": ""}):
        assert api("POST", "/_sandbox/images", image | odd)[0] == 422
    assert [api("POST", "/_sandbox/images", image)[0] for _ in range(2)] == [201, 201]
    assert api.sandbox.push_image("a", "api")["tags"] == ["latest"]
    with pytest.raises(InvalidArgument, match=r"^Cannot push to the registry b: The resource .* could not be found\.$"):
        api.sandbox.push_image("b", "web")
    for name in ("c", "d", "e"):
        assert api("POST", "/_sandbox/images", image | {"repository": name})[0] == 201
    sixth = image | {"repository": "f"}
    refused(api("POST", "/_sandbox/images", sixth), 422, "registry contains 5 repositories, limit is 5")
    # The tag moved to the second image.
    assert [one["tags"] for one in api.get("/v2/registry/a/repositories/web/digests")["manifests"]] == [["v1"], []]
    assert api("POST", "/v2/registry/a/garbage-collection")[0] == 201
    refused(api("POST", "/_sandbox/images", image), 409, "The registry is read-only during a garbage collection.")
