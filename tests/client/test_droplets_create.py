"""Making droplets and taking them away."""

from __future__ import annotations

import json

import pytest
import responses

from poseidon_nb.client.client import connect
from poseidon_nb.errors import ActionFailed, ActionTimedOut, InvalidArgument, NotFound, ServerError, Unprocessable
from poseidon_nb.transport.workers import WorkerPool

MADE_OF = {"size": "s-1vcpu-1gb", "region": "sfo3", "image": "ubuntu-24-04-x64"}


def test_one_is_created_waited_for_and_read_again(client, sent):
    droplet = client.droplets.create(name="new-1", tags=["web", "fresh"], **MADE_OF)
    assert droplet.active
    assert droplet.ip_address
    assert droplet.tags == ["web", "fresh"]
    assert client.tags.get("fresh").name == "fresh"
    assert len(sent("POST")) == 1


def test_names_give_a_list_in_their_order(client):
    droplets = client.droplets.create(names=("b-1", "a-1"), **MADE_OF)
    assert [(one.name, one.status) for one in droplets] == [("b-1", "active"), ("a-1", "active")]


def test_names_give_a_list_also_for_one(client):
    [droplet] = client.droplets.create(names=["b-1"], **MADE_OF)
    assert droplet.active


def test_more_than_ten_are_created_ten_at_a_time(client, sent, sandbox):
    names = [f"n-{number}" for number in range(1, 24)]
    droplets = client.droplets.create(names=names, **MADE_OF)
    assert [one.name for one in droplets] == names
    assert {one.status for one in droplets} == {"active"}
    assert len(sent("POST")) == 3
    # Read by pages, not one by one: alone are read only those, however often, that are the last to show what they are.
    assert len({one for one in sent("GET") if one.startswith("GET /v2/droplets/")}) <= 1


def test_without_wait_they_are_new(client, sent):
    droplet = client.droplets.create(name="new-1", wait=False, **MADE_OF)
    assert droplet.status == "new"
    assert sent("GET") == []
    assert droplet.wait().active


def test_what_is_sent_is_what_was_requested(client):
    with responses.RequestsMock() as mock:
        answer = {
            "droplet": {"id": 1, "name": "new-1", "status": "new"},
            "links": {"actions": [{"id": 5, "rel": "create"}]},
        }
        mock.post("https://api.digitalocean.com/v2/droplets", json=answer, status=202)
        other = connect(token="dop_v1_" + "0" * 64)
        other.droplets.create(name="new-1", wait=False, ssh_keys=(1, "aa:bb"), user_data="#!", ipv6=True, **MADE_OF)
        assert json.loads(mock.calls[0].request.body) == {
            "name": "new-1",
            **MADE_OF,
            "ssh_keys": [1, "aa:bb"],
            "user_data": "#!",
            "ipv6": True,
        }


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"size": "s-1vcpu-1g"}, "Unknown size 's-1vcpu-1g' in sfo3. Did you mean s-1vcpu-1gb"),
        ({"size": "gpu-h100x1-80gb"}, "gpu-h100x1-80gb is not available in sfo3, only in "),
        ({"region": "sfo33"}, "Unknown region 'sfo33'. Did you mean sfo3"),
        ({"image": "ubuntu-24-04-x65"}, "Unknown image 'ubuntu-24-04-x65'. Did you mean ubuntu-24-04-x64"),
    ],
)
def test_a_refused_slug_is_reported_with_suggestions(client, wrong, told):
    with pytest.raises(Unprocessable, match=told):
        client.droplets.create(name="new-1", **{**MADE_OF, **wrong})


def test_a_refusal_for_another_reason_keeps_to_the_apis_words(client):
    with pytest.raises(Unprocessable, match="Only valid hostname characters") as refused:
        client.droplets.create(name="new_1", **MADE_OF)
    assert "no image" not in str(refused.value)
    assert "no size" not in str(refused.value)


def test_an_area_is_no_wrong_region(client):
    with pytest.raises(Unprocessable) as refused:
        client.droplets.create(name="new_1", **{**MADE_OF, "region": "nyc"})
    assert "not sold" not in str(refused.value)
    assert client.droplets.create(name="new-1", wait=False, **{**MADE_OF, "region": "nyc"})


def test_when_the_lists_cannot_be_read_the_apis_words_have_to_do(client, sandbox):
    sandbox.fault("status", status=403, operation="sizes_list", times=None)
    with pytest.raises(Unprocessable, match="invalid size"):
        client.droplets.create(name="new-1", **{**MADE_OF, "size": "s-1vcpu-1g"})


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"name": "a", "sise": "x"}, "Unknown field 'sise' of droplets_create. Did you mean size"),
        ({}, "either name= or names="),
        ({"name": "a", "names": ["b"]}, "either name= or names="),
        ({"names": []}, "either name= or names="),
        ({"name": ""}, "either name= or names="),
        ({"names": "web-1"}, "names must be a list"),
        ({"name": "a", "tags": "web"}, "tags must be a list"),
        ({"name": "a", "ssh_keys": "aa:bb"}, "ssh_keys must be a list"),
    ],
)
def test_invalid_arguments_are_refused_before_anything_is_sent(client, sent, fields, told):
    with pytest.raises(InvalidArgument, match=told):
        client.droplets.create(**fields, **MADE_OF)
    assert sent() == []


def test_a_create_that_errors_is_reported_with_its_action(client, sandbox):
    sandbox.fault("action_errored", action="create")
    with pytest.raises(ActionFailed, match=r"\(create new-1\) failed") as failed:
        client.droplets.create(name="new-1", **MADE_OF)
    assert failed.value.action.type == "create"


def test_of_many_the_ones_that_came_up_are_named(client, sandbox):
    sandbox.fault("action_errored", action="create", skip=1)
    with pytest.raises(ActionFailed, match=r"create b-1\) failed.*Already created: a-1 \(\d+\) and c-1 \(\d+\)"):
        client.droplets.create(names=["a-1", "b-1", "c-1"], **MADE_OF)
    assert client.droplets.by_name("c-1").active


def test_a_failure_in_the_second_batch_tells_what_was_made_before(client, sandbox, sent):
    sandbox.fault("status", status=500, operation="droplets_create", skip=1)
    # One sender keeps their order.
    client.engine._workers = WorkerPool(1, "one")
    names = [f"n-{number}" for number in range(1, 13)]
    with pytest.raises(ServerError, match=r"Already created: n-1 \(\d+\), .* and n-10 \(\d+\)"):
        client.droplets.create(names=names, **MADE_OF)
    assert len(client.droplets.list(name="n-10")) == 1
    assert client.droplets.list(name="n-11") == []
    assert len(sent("POST")) == 2


def test_ctrl_c_names_what_was_created(client):
    def pressed(progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        client.droplets.create(names=["n-1", "n-2"], on_progress=pressed, **MADE_OF)
    assert [note.partition(" continues")[0] for note in caught.value.__notes__] == ["create n-1", "create n-2"]


def test_a_create_that_takes_too_long_is_reported_and_continues(client):
    with pytest.raises(ActionTimedOut, match=r"create new-1, droplet \d+\) is still in progress") as late:
        client.droplets.create(name="new-1", timeout_s=5, **MADE_OF)
    late.value.action.wait()
    assert client.droplets.by_name("new-1").wait().active


def test_a_droplet_without_a_visible_action_is_waited_for_anyway(client, sandbox, monkeypatch):
    sandbox.fault("lost_after", operation="droplets_create")
    monkeypatch.setattr(client.engine.sender.searches, "newest_actions", lambda *_: [])
    monkeypatch.setattr("poseidon_nb.client.engine.consistency.ACTIVE_TIMEOUT_S", 300.0)
    assert client.droplets.create(name="new-1", **MADE_OF).active


@pytest.mark.parametrize("how", ["object", "id", "digits", "name", "itself"])
def test_a_droplet_is_deleted_by_id_name_or_object(client, droplet, clock, how):
    if how == "itself":
        assert droplet.delete() is None
    else:
        word = {"object": droplet, "id": droplet.id, "digits": str(droplet.id), "name": droplet.name}[how]
        assert client.droplets.delete(word) is None
    clock.advance(60)
    with pytest.raises(NotFound):
        client.droplets.get(droplet.id)


def test_deleting_by_id_asks_for_nothing_before_and_waits_until_it_is_gone(client, sent):
    droplet_id = client.droplets.by_name("web-1").id
    before = len(sent())
    client.droplets.delete(droplet_id)
    then = sent()[before:]
    assert then[0] == f"DELETE /v2/droplets/{droplet_id}"
    assert {*then[1:]} == {f"GET /v2/droplets/{droplet_id}"}
    assert droplet_id not in [droplet.id for droplet in client.droplets.list()]


def test_creates_that_ran_out_of_time_are_named_so_that_nobody_repeats_them(client):
    with pytest.raises(ActionTimedOut, match=r"Still being created: b \(\d+\)"):
        client.droplets.create(names=["a", "b"], timeout_s=0.5, **MADE_OF)


def test_a_busy_droplet_is_deleted_when_it_is_idle(client, droplet, sent):
    rebooting = droplet.reboot(wait=False)
    droplet.delete()
    assert rebooting.refresh().completed
    assert len(sent("DELETE")) == 2


def test_deleting_what_does_not_exist_is_an_error(client):
    with pytest.raises(NotFound):
        client.droplets.delete(1)
