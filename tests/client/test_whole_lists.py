"""Lists against the totals that their pages state: read again, warned of, or refused, and never silently short."""

from __future__ import annotations

import json
import warnings

import pytest
import responses

import poseidon_nb as po
from poseidon_nb.client.client import connect
from poseidon_nb.client.reading import ReadOptions, use_read_options

URL = "https://api.digitalocean.com/v2"
KEY = {"id": 1, "name": "me", "fingerprint": "aa", "public_key": "ssh-ed25519 AAAA"}


@pytest.fixture
def account(clock):
    """A client and a function that writes what each read of a list gets: pairs of rows and stated total."""
    with responses.RequestsMock() as service, connect(token="t", clock=clock) as client:  # no real one

        def serve(path, key, *reads):
            for count, total in reads:
                rows = [KEY | {"id": number, "name": f"key-{number}"} for number in range(count)]
                service.get(f"{URL}/{path}", json={key: rows, "links": {}, "meta": {"total": total}})

        yield client, serve, service


@pytest.mark.parametrize("read", ["list", "frame"])
@pytest.mark.parametrize("first", [2, 4], ids=["shorter", "longer"])
def test_a_list_that_differs_from_its_total_is_read_again_once(account, first, read):
    client, serve, service = account
    serve("account/keys", "ssh_keys", (first, 3), (3, 3))
    assert len(getattr(client.keys, read)()) == 3
    assert len(service.calls) == 2


@pytest.mark.parametrize("read", ["list", "frame"])
def test_a_total_that_stands_and_rows_that_are_missing_is_an_error_with_both_numbers(account, read):
    client, serve, service = account
    serve("account/keys", "ssh_keys", (2, 3), (2, 3))
    with pytest.raises(po.ShapeError, match=r"^The API states 3 keys but returned 2, also when read again\.$"):
        getattr(client.keys, read)()
    assert len(service.calls) == 2


def test_with_keep_going_it_is_a_warning(account):
    client, serve, _ = account
    serve("account/keys", "ssh_keys", (2, 3), (2, 3))
    told = []
    with use_read_options(ReadOptions(keep_going=True, warn=told.append)):
        assert len(client.keys.frame()) == 2
    assert told == ["The API states 3 keys but returned 2, also when read again."]


def test_any_operation_is_checked(account):
    client, serve, _ = account
    serve("volumes", "volumes", (1, 2), (1, 2))
    with pytest.raises(po.ShapeError, match=r"^The API states 2 volumes but returned 1, also when read again\.$"):
        client.call("volumes_list")


def test_a_list_without_a_total_is_taken_as_it_is(account):
    client, _, service = account
    service.get(f"{URL}/account/keys", json={"ssh_keys": [KEY]})
    assert len(client.keys.list()) == 1


def paged(service, *pages):
    for number, (ids, total) in enumerate(pages, 1):
        links = {"pages": {"last": f"{URL}/account/keys?page={len(pages)}"}} if number < len(pages) else {}
        service.get(
            f"{URL}/account/keys",
            json={"ssh_keys": [KEY | {"id": id_} for id_ in ids], "links": links, "meta": {"total": total}},
        )


@pytest.mark.parametrize("read", ["list", "frame"])
def test_pages_whose_totals_differ_tell_of_an_account_that_changes(account, read):
    client, _, service = account
    paged(service, (range(200), 201), (range(200, 202), 202))
    with pytest.warns(
        po.ResponseWarning, match=r"^The list of \w+ changed while it was read, so some may be missing\.$"
    ):
        assert len(getattr(client.keys, read)()) == 202


def test_a_row_that_moved_to_the_next_page_counts_once(account):
    client, _, service = account
    paged(service, (range(200), 201), ([199], 201))
    paged(service, (range(200), 201), ([200], 201))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(client.keys.list()) == 201
    assert len(service.calls) == 4


def test_droplets_and_gpu_droplets_are_counted_together(sandbox, clock):
    with connect(sandbox, clock=clock) as client:
        everything = client.droplets.list()
        assert len(client.droplets.frame()) == len(everything)
        tagged = client.droplets.frame(tag_name="web")
        assert 0 < len(tagged) < len(everything)


def test_a_strict_client_refuses_what_another_one_warns_of(account, clock):
    client, _, service = account
    row = KEY | {"name": ["me"]}
    service.get(f"{URL}/account/keys", body=json.dumps({"ssh_keys": [row], "meta": {"total": 1}}))
    with pytest.warns(po.ResponseWarning, match=r"^keys: 1 value of 'name' could not be read, for example \[\"me\"\]"):
        assert client.keys.frame()["name"].isna().all()
    with (
        connect(token="t", clock=clock, strict=True) as strict,
        pytest.raises(po.ShapeError, match="Unexpected type of field 'name'"),
    ):  # no real one
        strict.keys.frame()
