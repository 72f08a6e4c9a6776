"""Whatever breaks, a change is sent once; what it left behind is found, and nothing else is taken for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from poseidon_nb.client.client import connect
from poseidon_nb.client.engine import recovery
from poseidon_nb.errors import ConnectionFailed, NotFound, OutcomeUnknown, ServerError
from poseidon_nb.sandbox import Sandbox

MADE_OF = {"size": "s-1vcpu-1gb", "region": "sfo3", "image": "ubuntu-24-04-x64"}
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE ada@example.com"


class Skewed:
    """A clock whose time of day is wrong."""

    def __init__(self, clock, wrong: timedelta) -> None:
        self._clock, self._wrong = clock, wrong
        self.monotonic, self.sleep, self.wait = clock.monotonic, clock.sleep, clock.wait

    def now(self) -> datetime:
        return self._clock.now() + self._wrong


def test_an_action_whose_response_was_lost_is_found_and_waited_for(droplet, sandbox, sent):
    sandbox.fault("lost_after", operation="dropletActions_post")
    action = droplet.power_off()
    assert action.completed
    assert droplet.status == "off"
    assert len(sent("POST")) == 1


def test_an_action_that_never_reached_the_server_is_not_sent_again(droplet, sandbox, sent):
    sandbox.fault("lost_before", operation="dropletActions_post")
    with pytest.raises(OutcomeUnknown, match=f"check %do droplets actions {droplet.id}") as unknown:
        droplet.power_off()
    assert (unknown.value.method, unknown.value.path) == ("POST", f"/v2/droplets/{droplet.id}/actions")
    assert isinstance(unknown.value.__cause__, ConnectionFailed)
    assert len(sent("POST")) == 1
    assert droplet.refresh().active


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_on_an_action_is_not_sent_again_and_says_what_to_look_at(droplet, sandbox, sent, status):
    sandbox.fault("status", status=status, operation="dropletActions_post")
    with pytest.raises(ServerError, match=f"Before repeating it, check %do droplets actions {droplet.id}") as failed:
        droplet.power_off()
    assert failed.value.status == status
    assert failed.value.request_id
    assert len(sent("POST")) == 1


def test_what_is_not_simulated_says_so_at_once(client, sandbox, clock, monkeypatch):
    monkeypatch.delitem(sandbox._dispatcher.operations, "nfs_create")
    with pytest.raises(ServerError, match="does not simulate") as failed:
        client.call("nfs_create", name="v", size_gib=50, region="nyc3", vpc_ids=["x"])
    assert "repeat" not in str(failed.value)
    assert clock.sleeps == []


def test_a_429_is_waited_out_and_sent_again(droplet, sandbox, sent, clock):
    sandbox.fault("status", status=429, retry_after_s=7, operation="dropletActions_post")
    assert droplet.power_off().completed
    assert len(sent("POST")) == 2
    assert clock.monotonic() >= 7


def test_an_older_action_of_that_type_is_not_mistaken_for_the_lost_one(client, droplet, sandbox, clock):
    client.droplets.get(droplet.id).reboot()
    clock.advance(60)
    stranger = connect(sandbox, clock=clock)
    sandbox.fault("lost_before", operation="dropletActions_post")
    with pytest.raises(OutcomeUnknown):
        stranger.droplets.get(droplet.id).reboot()


def test_an_action_that_this_client_made_a_moment_ago_is_not_mistaken_for_the_lost_one(droplet, sandbox):
    first = droplet.reboot(wait=False)
    sandbox.finish(first.id)
    sandbox.fault("lost_before", operation="dropletActions_post")
    with pytest.raises(OutcomeUnknown):
        droplet.reboot(wait=False)


def test_what_was_found_once_is_not_found_again(droplet, sandbox):
    sandbox.fault("lost_after", operation="dropletActions_post")
    first = droplet.reboot(wait=False)
    sandbox.finish(first.id)
    sandbox.fault("lost_before", operation="dropletActions_post")
    with pytest.raises(OutcomeUnknown):
        droplet.reboot(wait=False)


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_wrong_clock_breaks_no_look(sandbox, clock, hours):
    skewed = connect(sandbox, clock=Skewed(clock, timedelta(hours=hours)))
    # Lost as the very first request: no answer has told the server's time yet.
    sandbox.fault("lost_after", operation="droplets_create")
    made = skewed.droplets.create(name="new-1", **MADE_OF)
    assert made.name == "new-1"
    droplet = skewed.droplets.by_name("web-1")
    skewed.droplets.get(droplet.id).reboot()
    clock.advance(120)
    sandbox.fault("lost_after", operation="dropletActions_post")
    assert droplet.power_off().completed


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_wrong_clock_makes_nothing_old_look_new(sandbox, clock, hours):
    connect(sandbox, clock=clock).droplets.create(name="new-1", **MADE_OF)
    clock.advance(600)
    skewed = connect(sandbox, clock=Skewed(clock, timedelta(hours=hours)))
    sandbox.fault("lost_before", operation="droplets_create")
    with pytest.raises(OutcomeUnknown):
        skewed.droplets.create(name="new-1", **MADE_OF)


def test_when_nothing_can_be_looked_at_the_outcome_is_unknown(droplet, sandbox):
    sandbox.fault("lost_after", operation="dropletActions_post")
    sandbox.fault("lost_before", operation="dropletActions_list", times=None)
    with pytest.raises(OutcomeUnknown):
        droplet.power_off()


def test_what_shows_a_moment_later_is_found_too(droplet, sandbox, clock, monkeypatch):
    searches = droplet.client.engine.sender.searches
    newest, asked = searches.newest_actions, []

    def late(*path):
        asked.append(path)
        return newest(*path) if len(asked) == 3 else []

    monkeypatch.setattr(searches, "newest_actions", late)
    sandbox.fault("lost_after", operation="dropletActions_post")
    assert droplet.power_off(wait=False).type == "power_off"
    assert clock.sleeps == [1.0, 2.0]


def test_a_droplet_whose_response_was_lost_is_found_and_waited_for(client, sandbox, sent):
    sandbox.fault("lost_after", operation="droplets_create")
    droplet = client.droplets.create(name="new-1", **MADE_OF)
    assert droplet.active
    assert droplet.ip_address
    assert len(sent("POST")) == 1
    assert len(client.droplets.list(name="new-1")) == 1


def test_droplets_whose_response_was_lost_are_all_found(client, sandbox, sent):
    sandbox.fault("lost_after", operation="droplets_create")
    droplets = client.droplets.create(names=["new-2", "new-1"], **MADE_OF)
    assert [(one.name, one.status) for one in droplets] == [("new-2", "active"), ("new-1", "active")]
    assert len(sent("POST")) == 1


@pytest.mark.parametrize("names", [{"name": "new-1"}, {"names": ["new-1", "new-2"]}])
def test_a_create_that_never_reached_the_server_is_not_sent_again(client, sandbox, sent, names):
    sandbox.fault("lost_before", operation="droplets_create")
    with pytest.raises(OutcomeUnknown, match=r"check the droplets named new-1.* with %do droplets list"):
        client.droplets.create(**names, **MADE_OF)
    assert len(sent("POST")) == 1


def test_a_server_error_on_a_create_is_not_sent_again(client, sandbox, sent):
    sandbox.fault("status", status=502, operation="droplets_create")
    with pytest.raises(ServerError, match=r"502.*Before repeating it, check .*droplets list"):
        client.droplets.create(name="new-1", **MADE_OF)
    assert len(sent("POST")) == 1


def test_an_older_droplet_of_that_make_is_not_mistaken_for_the_lost_one(client, sandbox, clock):
    connect(sandbox, clock=clock).droplets.create(name="new-1", **MADE_OF)
    clock.advance(10)
    sandbox.fault("lost_before", operation="droplets_create")
    with pytest.raises(OutcomeUnknown):
        client.droplets.create(name="new-1", **MADE_OF)


def test_a_droplet_that_this_client_made_a_moment_ago_is_not_mistaken_for_the_lost_one(client, sandbox):
    client.droplets.create(name="new-1", wait=False, **MADE_OF)
    sandbox.fault("lost_before", operation="droplets_create")
    with pytest.raises(OutcomeUnknown):
        client.droplets.create(name="new-1", wait=False, **MADE_OF)


@pytest.mark.parametrize("other", [{"size": "s-1vcpu-2gb"}, {"region": "fra1"}, {"image": "debian-12-x64"}])
def test_a_droplet_of_another_make_is_not_mistaken_for_the_lost_one(client, sandbox, clock, other):
    sandbox.fault("lost_before", operation="droplets_create", skip=1)
    with connect(sandbox, clock=clock) as stranger:
        stranger.droplets.create(name="new-1", wait=False, **{**MADE_OF, **other})
    with pytest.raises(OutcomeUnknown):
        client.droplets.create(name="new-1", **MADE_OF)


def test_two_of_one_name_are_found_as_two(client, sandbox, sent):
    sandbox.fault("lost_after", operation="droplets_create")
    twins = client.droplets.create(names=["twin", "twin"], **MADE_OF)
    assert len({droplet.id for droplet in twins}) == 2
    assert len(sent("POST")) == 1


def test_of_two_that_fit_none_is_taken(client, sandbox, clock):
    with connect(sandbox, clock=clock) as stranger:
        client.droplets.list()
        stranger.droplets.create(name="twin", wait=False, **MADE_OF)
    sandbox.fault("lost_after", operation="droplets_create")
    with pytest.raises(OutcomeUnknown):
        client.droplets.create(name="twin", **MADE_OF)


def test_a_lost_create_by_image_id_and_without_a_region_is_found(client, sandbox):
    image = client.images.get("ubuntu-24-04-x64")
    sandbox.fault("lost_after", operation="droplets_create")
    assert client.droplets.create(name="new-1", size="s-1vcpu-1gb", image=image.id).active


def test_a_delete_whose_response_was_lost_is_seen_to_have_worked(client, droplet, sandbox, sent, clock):
    sandbox.fault("lost_after", operation="droplets_destroy")
    assert client.droplets.delete(droplet.id) is None
    assert len(sent("DELETE")) == 1
    clock.advance(60)
    with pytest.raises(NotFound):
        client.droplets.get(droplet.id)


def test_a_delete_after_which_the_droplet_is_gone_at_once_has_worked(client, droplet, sandbox, sent, clock):
    droplet.delete()
    clock.advance(60)
    sandbox.fault("lost_before", operation="droplets_destroy")
    droplet.delete()
    assert len(sent("DELETE")) == 2


def test_a_delete_that_never_reached_the_server_is_not_sent_again(client, droplet, sandbox, sent):
    sandbox.fault("lost_before", operation="droplets_destroy")
    with pytest.raises(OutcomeUnknown, match=f"droplets get {droplet.id}"):
        droplet.delete()
    assert len(sent("DELETE")) == 1
    assert client.droplets.get(droplet.id) == droplet


def test_a_generic_delete_is_searched_for_by_its_path(client, sandbox, sent):
    client.tags.create("old")
    sandbox.fault("lost_after", operation="tags_delete")
    assert client.api("DELETE", "/v2/tags/old") is None
    client.tags.create("old")
    sandbox.fault("lost_before", operation="tags_delete")
    with pytest.raises(OutcomeUnknown, match="check %do tags list"):
        client.call("tags_delete", tag_id="old")
    assert len(sent("DELETE")) == 2


def test_a_generic_post_is_never_repeated(client, sandbox, sent):
    droplet_id = str(client.droplets.list()[0].id)
    sandbox.fault("lost_after", operation="tags_assign_resources")
    with pytest.raises(OutcomeUnknown, match="Before repeating it, check"):
        client.call(
            "tags_assign_resources",
            tag_id="web",
            resources=[{"resource_id": droplet_id, "resource_type": "droplet"}],
        )
    assert len(sent("POST")) == 1


def test_a_key_whose_response_was_lost_is_found(client, sandbox, sent):
    sandbox.fault("lost_after", operation="sshKeys_create")
    key = client.keys.create("ada", KEY)
    assert (key.name, key.public_key) == ("ada", KEY)
    assert len(sent("POST")) == 1


def test_a_key_that_never_reached_the_server_is_not_sent_again(client, sandbox, sent):
    sandbox.fault("lost_before", operation="sshKeys_create")
    with pytest.raises(OutcomeUnknown, match="keys list"):
        client.keys.create("ada", KEY)
    assert len(sent("POST")) == 1


def test_a_key_whose_deletion_was_lost_is_seen_to_be_gone(client, sandbox, sent):
    key = client.keys.create("ada", KEY)
    sandbox.fault("lost_after", operation="sshKeys_delete")
    key.delete()
    assert len(sent("DELETE")) == 1
    assert "ada" not in {one.name for one in client.keys.list()}


def test_a_key_whose_deletion_never_reached_the_server_is_unknown(client, sandbox, sent):
    key = client.keys.create("ada", KEY)
    sandbox.fault("lost_before", operation="sshKeys_delete")
    with pytest.raises(OutcomeUnknown):
        key.delete()
    assert len(sent("DELETE")) == 1


def test_a_rename_of_a_key_may_be_repeated_because_it_only_overwrites(client, sandbox, sent):
    key = client.keys.create("ada", KEY)
    sandbox.fault("lost_after", operation="sshKeys_update")
    assert key.update("ada-2").name == "ada-2"
    assert len(sent("PUT")) == 2


@pytest.mark.parametrize("kind", ["lost_after", "lost_before"])
def test_tags_are_created_and_deleted_once(client, sandbox, sent, kind):
    sandbox.fault(kind, operation="tags_create")
    if kind == "lost_after":
        assert client.tags.create("blue").name == "blue"
    else:
        with pytest.raises(OutcomeUnknown, match="tags list"):
            client.tags.create("blue")
        client.tags.create("blue")
    posts = len(sent("POST"))
    sandbox.fault(kind, operation="tags_delete")
    if kind == "lost_after":
        client.tags.delete("blue")
    else:
        with pytest.raises(OutcomeUnknown, match="tags list"):
            client.tags.delete("blue")
    assert posts == (1 if kind == "lost_after" else 2)
    assert len(sent("DELETE")) == 1


def test_a_server_that_does_not_exist_was_sent_nothing_and_nothing_is_searched_for(sandbox, clock):
    gone = Sandbox(clock=clock).start()
    client = connect(gone, clock=clock)
    gone.stop()
    with pytest.raises(ConnectionFailed, match="Could not connect to"):
        client.tags.create("blue")


NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def action(**fields):
    return {"id": 1, "type": "reboot", "started_at": "2026-11-23T12:00:00Z", **fields}


def test_an_action_started_in_the_same_second_counts_because_the_apis_times_are_whole_seconds():
    assert recovery.find_started([action()], "reboot", NOW) is not None


@pytest.mark.parametrize(
    "row",
    [
        {"type": "power_off"},
        {"started_at": "2026-11-23T11:59:50Z"},
    ],
)
def test_an_action_of_another_type_or_time_does_not_count(row):
    assert recovery.find_started([action(**row)], "reboot", NOW) is None


def test_two_actions_that_fit_are_none():
    assert recovery.find_started([action(), action(id=2)], "reboot", NOW) is None


def test_a_droplet_whose_image_the_token_may_not_see_counts_by_the_rest():
    row = {
        "id": 1,
        "name": "a",
        "size_slug": "s-1vcpu-1gb",
        "region": {"slug": "nyc3"},
        "created_at": "2026-11-23T12:00:00Z",
    }
    wanted = {"size": "s-1vcpu-1gb", "image": "debian-12-x64", "region": "nyc"}
    wanted["name"] = "a"
    assert recovery.find_created([row], wanted, NOW) == [row]
    assert recovery.find_created([row], {**wanted, "region": "fra"}, NOW) is None
    assert recovery.find_created([row], {**wanted, "tags": ["web"]}, NOW) == [row]
    assert recovery.find_created([{**row, "tags": []}], {**wanted, "tags": ["web"]}, NOW) is None
    assert recovery.find_created([row, {**row, "id": 2}], wanted, NOW) is None


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (lambda droplet: droplet.rename("theirs", wait=False), lambda droplet: droplet.rename("mine")),
        (lambda droplet: droplet.resize("s-8vcpu-16gb", wait=False), lambda droplet: droplet.resize("s-4vcpu-8gb")),
    ],
)
def test_what_somebody_else_started_is_not_reported_as_done_for_us(client, sandbox, clock, droplet, theirs, ours):
    droplet.power_off()
    with connect(sandbox, clock=clock) as other:
        theirs(other.droplets.get(droplet.id))
    sandbox.fault("lost_before", operation="dropletActions_post")
    with pytest.raises(OutcomeUnknown, match="may have been started elsewhere"):
        ours(droplet)
