"""Images, snapshots and tags."""

from __future__ import annotations

import pytest

from poseidon_nb.errors import AmbiguousName, NoSuchName, NotFound


def test_an_image_is_found_by_slug_or_id(client):
    image = client.images.get("ubuntu-24-04-x64")
    assert client.images.get(image.id) == image
    assert image.public
    assert image.min_disk_size > 0


def test_a_slug_that_is_wrong_is_reported_with_suggestions(client):
    with pytest.raises(NotFound, match="Did you mean ubuntu-24-04-x64") as missing:
        client.images.get("ubuntu-24-04-x65")
    assert missing.value.status == 404
    with pytest.raises(NotFound) as missing:
        client.images.get(1)
    assert "nearest" not in str(missing.value)


def test_images_are_filtered_by_the_api(client):
    assert {image.public for image in client.images.list(type="distribution")} == {True}
    assert {image.public for image in client.images.list(private=True)} == {False}


def test_a_snapshot_is_found_by_name_or_id_and_deleted(client, droplet):
    droplet.take_snapshot("fresh")
    snapshot = client.snapshots.by_name("fresh")
    assert client.snapshots.get(snapshot.id) == snapshot
    assert client.snapshots.delete(snapshot.id) is None
    with pytest.raises(NoSuchName):
        client.snapshots.by_name("fresh")


def test_a_snapshots_name_that_fits_none_or_two_is_told(client, droplet):
    droplet.take_snapshot("fresh")
    with pytest.raises(NoSuchName, match="Did you mean fresh"):
        client.snapshots.by_name("frsh")
    droplet.take_snapshot("fresh")
    with pytest.raises(AmbiguousName, match="2 snapshots are named 'fresh'") as ambiguous:
        client.snapshots.by_name("fresh")
    assert len(ambiguous.value.ids) == 2


def test_a_snapshot_that_does_not_exist_is_not_found(client):
    with pytest.raises(NotFound):
        client.snapshots.delete(1)


def test_a_tag_is_created_read_and_deleted(client):
    assert client.tags.create("blue").name == "blue"
    assert client.tags.create("blue").name == "blue"
    assert client.tags.get("blue").resources["count"] == 0
    client.tags.delete("blue")
    with pytest.raises(NotFound):
        client.tags.get("blue")


def test_an_action_is_found_by_its_id(client, droplet):
    known = droplet.actions()[0]
    action = client.actions.get(known.id)
    assert action == known
    assert action.done
    assert action.started_at <= action.completed_at
    assert action.label == f"{action.type} {action.resource_id}"
    with pytest.raises(NotFound):
        client.actions.get(1)


def test_waiting_for_what_has_ended_sends_nothing_more(client, droplet, sent):
    actions = [action for action in droplet.actions() if action.completed][:3]
    before = len(sent())
    assert client.actions.wait(actions) == actions
    assert client.actions.wait([]) == []
    assert len(sent()) == before
