"""Images: listed by kind, changed, copied, kept, and imported from an address."""

from __future__ import annotations

import pytest

from poseidon_nb.client.images import OWN_TYPES
from poseidon_nb.errors import (
    ActionFailed,
    ActionTimedOut,
    InvalidArgument,
    NoSuchName,
    NotFound,
    OutcomeUnknown,
    Unprocessable,
)

FROM = {"name": "mine", "url": "https://example.com/mine.qcow2", "region": "nyc3"}


@pytest.fixture
def snapshot(client):
    return client.images.list(type="snapshot")[0]


@pytest.fixture
def backup(client):
    return client.images.list(type="backup")[0]


@pytest.mark.parametrize("kind", OWN_TYPES)
def test_ones_own_images_are_listed_by_what_they_are(client, kind):
    client.images.create_custom(**FROM)
    images = client.images.list(type=kind)
    assert images
    assert {image.type for image in images} == {kind}
    assert [*client.images.frame(type=kind)["id"]] == [image.id for image in images]


def test_distributions_are_requested_from_the_api(client, sandbox):
    assert {image.public for image in client.images.list(type="distribution")} == {True}
    assert "type=distribution" in str(sandbox.requests[-1])
    assert client.images.list(type="application") == []


def test_an_unknown_kind_is_refused_because_the_api_would_answer_with_all(client, sent):
    with pytest.raises(InvalidArgument, match=r"Unknown image type 'snapshots'. Did you mean snapshot"):
        client.images.list(type="snapshots")
    with pytest.raises(InvalidArgument, match="Did you mean backup"):
        client.images.frame(type="backups")
    assert sent() == []


def test_an_image_is_found_by_id_name_or_object(client, snapshot):
    assert client.images.find(snapshot) is snapshot
    assert client.images.find(snapshot.id) == client.images.find(str(snapshot.id)) == snapshot
    assert client.images.find("debian-12-x64").slug == "debian-12-x64"
    snapshot.rename("only-one")
    assert client.images.find("only-one") == client.images.by_name("only-one") == snapshot
    with pytest.raises(NoSuchName, match="Did you mean only-one"):
        client.images.find("only-on")
    with pytest.raises(NotFound):
        client.images.find(1)


def test_an_image_is_renamed_and_described_in_place(client, snapshot):
    assert snapshot.rename("before-upgrade") is snapshot
    assert snapshot.name == "before-upgrade"
    snapshot.update(description="as it was", distribution="Debian")
    again = client.images.get(snapshot.id)
    assert (again.name, again.description, again.distribution) == ("before-upgrade", "as it was", "Debian")
    assert client.images.update(snapshot.id, name="later").name == "later"
    assert snapshot.refresh().name == "later"


def test_an_update_of_nothing_is_refused_before_it_is_sent(snapshot, sent):
    with pytest.raises(InvalidArgument, match="name=, description= or distribution="):
        snapshot.update()
    assert sent("PUT") == []


def test_an_image_is_deleted(client, snapshot):
    snapshot.delete()
    with pytest.raises(NotFound):
        client.images.get(snapshot.id)


def test_a_snapshot_is_copied_to_another_region(snapshot):
    action = snapshot.transfer("sfo3")
    assert (action.type, action.completed, action.resource_type) == ("transfer", True, "image")
    assert "sfo3" in snapshot.regions
    assert snapshot.actions()[0] == action
    assert repr(snapshot.actions()[0]).startswith(f"<Action {action.id} transfer {snapshot.name} completed")


def test_a_backup_is_kept_as_a_snapshot(backup):
    assert backup.convert().completed
    assert backup.type == "snapshot"


def test_without_waiting_the_action_is_in_progress_and_the_image_follows_when_it_is_waited_for(snapshot):
    action = snapshot.transfer("sfo3", wait=False)
    assert not action.done
    assert "sfo3" not in snapshot.regions
    assert action.wait().completed
    assert "sfo3" in snapshot.regions


def test_what_the_service_refuses_is_passed_on(snapshot):
    with pytest.raises(Unprocessable, match="Only a backup"):
        snapshot.convert()
    with pytest.raises(Unprocessable, match="already available"):
        snapshot.transfer(snapshot.regions[0])


def test_an_action_whose_response_was_lost_is_found(snapshot, sandbox, sent):
    sandbox.fault("lost_after", operation="imageActions_post")
    assert snapshot.transfer("sfo3").completed
    assert len(sent("POST")) == 1
    sandbox.fault("lost_before", operation="imageActions_post")
    with pytest.raises(OutcomeUnknown, match="%do actions list"):
        snapshot.transfer("fra1")


def test_a_transfer_to_elsewhere_is_not_mistaken_for_the_lost_one(client, snapshot, sandbox):
    client.images.get(snapshot.id).transfer("sfo3", wait=False)
    client.engine.sender.searches._known.clear()
    sandbox.fault("lost_before", operation="imageActions_post")
    with pytest.raises(OutcomeUnknown, match="may have been started elsewhere"):
        snapshot.transfer("fra1")


def test_a_custom_image_is_given_once_droplets_can_be_created_from_it(client):
    told = []
    image = client.images.create_custom(**FROM, description="d", tags=["t"], on_progress=told.append)
    assert (image.status, image.available, image.type, image.tags) == ("available", True, "custom", ["t"])
    assert image.regions == ["nyc3"]
    assert {one.label for one in told} == {"import mine"}
    assert [told[0].status, told[-1].status] == ["in-progress", "completed"]
    client.droplets.create(name="new-1", size="s-1vcpu-1gb", region="nyc3", image=image.id)


def test_without_waiting_it_is_given_as_it_was_answered(client, clock):
    assert client.images.create_custom(**FROM, wait=False).status == "NEW"
    assert clock.sleeps == []


def test_an_import_that_fails_gives_the_services_reason(client):
    told = []
    with pytest.raises(
        ActionFailed, match=r"'mine' \(\d+\) could not be imported: The file at the URL is not an image"
    ):
        client.images.create_custom(**FROM | {"url": "https://example.com/mine.html"}, on_progress=told.append)
    assert told[-1].status == "errored"


def test_an_import_that_takes_too_long_continues(client, clock):
    with pytest.raises(
        ActionTimedOut,
        match=r"The create of mine \(\d+\) was accepted and is still in progress. Check it with %do images get",
    ):
        client.images.create_custom(**FROM, timeout_s=30)
    assert 30 <= clock.monotonic() <= 34


def test_ctrl_c_says_that_the_import_continues(client):
    def pressed(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        client.images.create_custom(**FROM, on_progress=pressed)
    assert "continues. Check it with %do images get" in caught.value.__notes__[0]


def test_an_import_whose_response_was_lost_is_found_and_never_sent_again(client, sandbox, sent):
    sandbox.fault("lost_after", operation="images_create_custom")
    image = client.images.create_custom(**FROM)
    assert image.available
    sandbox.fault("lost_before", operation="images_create_custom")
    with pytest.raises(OutcomeUnknown, match="images named mine"):
        client.images.create_custom(**FROM)
    assert len(sent("POST")) == 2
    assert [one for one in client.images.list(type="custom") if one.name == "mine"] == [image]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [({"tags": "web"}, "tags must be a list"), ({"timeout_s": 0}, "a positive number of seconds, not 0")],
)
def test_invalid_arguments_are_refused_before_anything_is_sent(client, sent, wrong, told):
    with pytest.raises(InvalidArgument, match=told):
        client.images.create_custom(**FROM, **wrong)
    assert sent() == []
