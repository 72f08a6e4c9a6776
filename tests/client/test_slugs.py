"""What the hints after a refusal suggest: only sizes that can be had, and had there."""

from __future__ import annotations

import pytest
import responses

from poseidon_nb.client.client import connect
from poseidon_nb.client.slugs import SlugChecker, fitting_sizes
from poseidon_nb.errors import InvalidArgument

API = "https://api.digitalocean.com"
REGIONS = ("nyc1", "nyc3", "ams3")


def size(slug: str, *regions: str, available: bool = True, disk: int = 80, price: float = 24.0) -> dict[str, object]:
    return {"slug": slug, "regions": [*regions], "available": available, "disk": disk, "price_monthly": price}


SIZES = [
    size("s-2vcpu-4gb", "nyc1", "nyc3", "ams3"),
    # Nearest to what is typed below, and not to be had: retired, elsewhere, and in no region.
    size("s-4vcpu-8gx", "nyc1", "nyc3", "ams3", available=False, disk=160),
    size("s-4vcpu-8gy", "ams3", disk=160),
    size("s-4vcpu-8gz", disk=160),
    size("s-4vcpu-8gb-amd", "nyc1", "nyc3", disk=160, price=56.0),
]
DROPLET = {"name": "web-1", "region": {"slug": "nyc3"}, "size_slug": "s-2vcpu-4gb", "disk": 80}


@pytest.fixture
def slugs(clock):
    with responses.RequestsMock(assert_all_requests_are_fired=False) as api:
        api.get(f"{API}/v2/sizes", json={"sizes": SIZES, "links": {}, "meta": {"total": len(SIZES)}})
        regions = [{"slug": slug, "name": slug, "available": True} for slug in REGIONS]
        api.get(f"{API}/v2/regions", json={"regions": regions, "links": {}, "meta": {"total": len(regions)}})
        with connect(token="dop_v1_" + "0" * 64, clock=clock) as client:
            yield SlugChecker(client._connection)


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ("s-4vcpu-8g", "Unknown size 's-4vcpu-8g'. Did you mean s-4vcpu-8gb-amd"),
        ("s-4vcpu-8gx", "Size s-4vcpu-8gx is not available. Did you mean s-4vcpu-8gb-amd"),
        ("s-4vcpu-8gy", "Size s-4vcpu-8gy is not available in nyc3. Did you mean s-4vcpu-8gb-amd"),
        ("s-4vcpu-8gz", "Size s-4vcpu-8gz is not available in nyc3. Did you mean s-4vcpu-8gb-amd"),
    ],
)
def test_a_resize_is_refused_with_sizes_that_the_droplet_can_have(slugs, wanted, told):
    with pytest.raises(InvalidArgument) as refused:
        slugs.check_resize(DROPLET, wanted, disk=False)
    message = str(refused.value)
    assert message.startswith(told)
    suggested = message.partition("Did you mean ")[2].split(", ")
    assert not {"s-4vcpu-8gx", "s-4vcpu-8gy", "s-4vcpu-8gz"} & {*suggested}


def test_a_size_that_is_available_is_not_refused(slugs):
    slugs.check_resize(DROPLET, "s-4vcpu-8gb-amd", disk=False)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"size": "s-4vcpu-8g", "region": "nyc3"}, "Unknown size 's-4vcpu-8g' in nyc3. Did you mean s-4vcpu-8gb-amd"),
        # An area is any region of it.
        ({"size": "s-4vcpu-8g", "region": "nyc"}, "Unknown size 's-4vcpu-8g' in nyc. Did you mean s-4vcpu-8gb-amd"),
        ({"size": "s-4vcpu-8g"}, "Unknown size 's-4vcpu-8g'. Did you mean s-4vcpu-8gy or s-4vcpu-8gb-amd"),
        (
            {"size": "s-4vcpu-8g", "region": "mars1"},
            "Unknown size 's-4vcpu-8g'. Did you mean s-4vcpu-8gy or s-4vcpu-8gb-amd",
        ),
        ({"size": "s-4vcpu-8gx", "region": "nyc3"}, "Size s-4vcpu-8gx is not available. Did you mean s-4vcpu-8gb-amd"),
        ({"size": "s-4vcpu-8gy", "region": "nyc3"}, "Size s-4vcpu-8gy is not available in nyc3, only in ams3."),
        ({"size": "s-4vcpu-8gz", "region": "nyc3"}, "Size s-4vcpu-8gz is not available in nyc3."),
        ({"size": "s-4vcpu-8gb-amd", "region": "nyc3"}, ""),
        ({"size": "s-4vcpu-8gb-amd", "region": "nyc"}, ""),
        ({"size": "s-4vcpu-8gb-amd"}, ""),
    ],
)
def test_a_refused_create_is_explained_with_sizes_that_is_available(slugs, fields, told):
    explained = slugs.explain(fields)
    assert explained.startswith(told) if told else explained == ""
    assert "s-4vcpu-8gx" not in explained.partition("Did you mean ")[2]
    assert "s-4vcpu-8gz" not in explained.partition("Did you mean ")[2]


def test_sizes_that_fit_can_all_be_had():
    assert [row["slug"] for row in fitting_sizes(SIZES, [DROPLET])] == ["s-4vcpu-8gb-amd"]
