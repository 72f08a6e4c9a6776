"""SSH keys, named by id, fingerprint or name."""

from __future__ import annotations

import pytest

from poseidon_nb.errors import AmbiguousName, InvalidArgument, NoSuchName, NotFound, Unprocessable

BLOB = "AAAAC3NzaC1lZDI1NTE5AAAAIGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE"
KEY = f"ssh-ed25519 {BLOB} ada@example.com"


@pytest.fixture
def key(client):
    return client.keys.create("ada", f"\n{KEY}\n")


def test_a_key_is_created(client, key):
    assert (key.name, key.public_key) == ("ada", KEY)
    assert key in client.keys.list()


@pytest.mark.parametrize("by", ["id", "fingerprint", "name", "itself"])
def test_a_key_is_found_by_id_name_or_object(client, key, by):
    assert client.keys.get(key if by == "itself" else key[by]) == key
    assert client.keys.get(str(key.id)) == key


@pytest.mark.parametrize("by", ["id", "fingerprint", "name", "itself"])
def test_a_key_is_renamed_and_deleted_by_id_name_or_object(client, key, by):
    word = key if by == "itself" else key[by]
    assert client.keys.update(word, "ada-2").name == "ada-2"
    client.keys.delete(key if by == "itself" else "ada-2" if by == "name" else word)
    assert key not in client.keys.list()


def test_a_key_renames_itself_in_place_and_deletes_itself(client, key):
    assert key.update("ada-2") is key
    assert key.name == client.keys.get(key.id).name == "ada-2"
    key.delete()
    with pytest.raises(NotFound):
        client.keys.get(key.id)


def test_a_private_key_is_refused_before_it_is_sent(client, sent):
    private = "-----BEGIN OPENSSH PRIVATE KEY-----\nsecret\n-----END OPENSSH PRIVATE KEY-----"
    with pytest.raises(InvalidArgument, match=r"private key.*\.pub") as refused:
        client.keys.create("ada", private)
    assert "secret" not in str(refused.value)
    assert sent() == []


def test_the_same_key_twice_is_refused_by_the_api(client, key):
    with pytest.raises(Unprocessable, match="already in use"):
        client.keys.create("again", KEY)


def test_a_name_that_fits_none_is_reported_with_suggestions(client, key):
    with pytest.raises(NoSuchName, match=r"Key 'adda' not found. Did you mean ada"):
        client.keys.get("adda")


def test_a_name_that_fits_two_is_reported_with_the_ids(client, key):
    other = client.keys.list()[0]
    other.update("ada")
    with pytest.raises(AmbiguousName) as ambiguous:
        client.keys.delete("ada")
    assert {*ambiguous.value.ids} == {key.id, other.id}


def test_an_id_that_does_not_exist_is_not_found(client):
    with pytest.raises(NotFound):
        client.keys.get(1)
    with pytest.raises(NotFound):
        client.keys.delete(1)
