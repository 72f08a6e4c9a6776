"""Finding droplets: lists, frames, names; and what that costs in requests."""

from __future__ import annotations

from collections import Counter
from urllib.parse import parse_qs

import pytest
import responses

from poseidon_nb.client.client import connect
from poseidon_nb.errors import AmbiguousName, InvalidArgument, NoSuchName, NotFound
from poseidon_nb.sandbox import Sandbox

MADE_OF = {"size": "s-1vcpu-1gb", "region": "sfo3", "image": "ubuntu-24-04-x64"}


@pytest.fixture(scope="module")
def large():
    with Sandbox(droplets=10_000) as running:
        yield running


@pytest.mark.parametrize("how", ["list", "frame"])
def test_ten_thousand_droplets_take_fifty_requests_and_one_for_gpu_droplets(large, how):
    before = len(large.requests)
    found = getattr(connect(large).droplets, how)()
    queries = [parse_qs(request.query) for request in large.requests[before:]]
    assert len(found) == 10_001
    assert Counter(query.get("type", [""])[0] for query in queries) == {"": 50, "gpus": 1}
    assert {query["per_page"][0] for query in queries} == {"200"}
    ids = [one["id"] for one in found] if how == "list" else found["id"].tolist()
    assert len({*ids}) == 10_001


def test_gpu_droplets_are_listed_too(client):
    names = [droplet.name for droplet in client.droplets.list()]
    assert "train-1" in names
    assert client.droplets.frame()["name"].tolist() == names
    assert [droplet.name for droplet in client.droplets.list(type="gpus")] == ["train-1"]
    assert "train-1" not in [droplet.name for droplet in client.droplets.list(type="droplets")]


@pytest.mark.parametrize("letters", [str.lower, str.upper])
def test_a_tag_finds_gpu_droplets_too(client, letters):
    gpu = client.droplets.by_name("train-1")
    tag = gpu.tags[0]
    for name in ("web-1", "web-2"):
        resource = {"resource_id": str(client.droplets.by_name(name).id), "resource_type": "droplet"}
        client.call("tags_assign_resources", tag_id=tag, resources=[resource])
    expected = {"web-1", "web-2", "train-1"}
    assert {droplet.name for droplet in client.droplets.list(tag_name=letters(tag))} >= expected
    assert {*client.droplets.frame(tag_name=letters(tag))["name"]} >= expected


def test_a_tag_that_no_droplet_has_gives_an_empty_frame_with_columns(client):
    client.tags.create("lonely")
    frame = client.droplets.frame(tag_name="lonely")
    assert len(frame) == 0
    assert "public_ipv4" in frame.columns


def test_a_misspelt_filter_is_refused_and_not_answered_with_everything(client, sent):
    for ask in (client.droplets.list, client.droplets.frame, client.images.list, client.regions.frame):
        with pytest.raises(InvalidArgument, match="Unknown query parameter 'tag_nme'"):
            ask(tag_nme="web")
    assert sent() == []


@responses.activate
def test_a_droplet_that_is_on_two_pages_is_there_once():
    def page(number, ids):
        links = {"pages": {"last": "https://x/?page=2", "next": "https://x/?page=2"}} if number == 1 else {}
        rows = [{"id": one, "name": f"d{one}", "tags": []} for one in ids]
        return {"droplets": rows, "links": links, "meta": {"total": 3}}

    address = "https://api.digitalocean.com/v2/droplets"
    matcher = responses.matchers.query_param_matcher
    responses.get(address, json=page(1, [1, 2]), match=[matcher({"page": "1", "per_page": "200"})])
    responses.get(address, json=page(2, [2, 3]), match=[matcher({"page": "2", "per_page": "200"})])
    gpus = {"droplets": page(2, [3])["droplets"], "meta": {"total": 1}}
    responses.get(address, json=gpus, match=[matcher({"page": "1", "per_page": "200", "type": "gpus"})])
    client = connect(token="dop_v1_" + "0" * 64)
    # The total says 3 items on pages of 2: the server's pages are smaller than asked for.
    assert [droplet.id for droplet in client.droplets.list()] == [1, 2, 3]


def test_a_name_finds_its_droplet(client, sent):
    assert client.droplets.by_name("web-2").name == "web-2"
    assert client.droplets.by_name("train-1").name == "train-1"
    assert len(sent()) == 4


def test_letter_case_counts_only_where_it_tells_droplets_apart(client):
    assert client.droplets.by_name("WEB-2").name == "web-2"
    client.droplets.create(name="Web-2", wait=False, **MADE_OF)
    assert client.droplets.by_name("web-2").name == "web-2"
    assert client.droplets.by_name("Web-2").name == "Web-2"


def test_a_name_that_fits_two_is_reported_with_the_ids_and_never_guessed(client):
    made = client.droplets.create(names=["twin", "twin"], wait=False, **MADE_OF)
    ids = tuple(sorted(one.id for one in made))
    listed = ", ".join(f"{id_} ({MADE_OF['region']}, {made[0]['created_at'][:10]})" for id_ in ids)
    with pytest.raises(AmbiguousName) as ambiguous:
        client.droplets.by_name("twin")
    assert str(ambiguous.value) == f"2 droplets are named 'twin'. Use one of their ids: {listed}"
    assert ambiguous.value.ids == ids
    assert ambiguous.value.name == "twin"


def test_a_name_that_fits_none_is_reported_with_suggestions(client):
    with pytest.raises(NoSuchName, match=r"Droplet 'web-11' not found. Did you mean web-1") as missing:
        client.droplets.by_name("web-11")
    assert isinstance(missing.value, KeyError)


def test_an_empty_name_is_no_name(sandbox, clock):
    with Sandbox(droplets=1, clock=clock) as small, pytest.raises(NoSuchName):
        connect(small, clock=clock).droplets.by_name("")


def test_a_droplet_is_found_by_itself_its_id_or_its_name(client, droplet):
    for word in (droplet, droplet.id, str(droplet.id), "web-1"):
        assert client.droplets.find(word) == droplet
    with pytest.raises(NotFound):
        client.droplets.find(1)


def test_a_droplets_actions_and_snapshots_are_found_from_the_noun_too(client, droplet):
    assert client.droplets.actions("web-1") == droplet.actions()
    assert client.droplets.snapshots(droplet.id) == droplet.snapshots()
    ids = [action.id for action in droplet.actions()]
    assert ids == sorted(ids, reverse=True)
    assert {action.resource_id for action in droplet.actions()} == {droplet.id}


@pytest.mark.parametrize("noun", ["regions", "sizes", "images", "keys", "actions", "snapshots", "tags"])
def test_every_noun_has_a_list_and_a_frame_of_the_same_length(client, noun):
    collection = getattr(client, noun)
    assert len(collection.list()) == len(collection.frame()) > 0
