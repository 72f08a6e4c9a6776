"""Backups, rebuild and restore, IPv6, and what DigitalOcean has retired."""

from __future__ import annotations

import pytest
import responses

import poseidon_nb as po
from poseidon_nb.errors import APIError, InvalidArgument, OutcomeUnknown, ServerError, Unprocessable

HOST = "https://api.digitalocean.com"


@pytest.fixture
def backed_up(client):
    return client.droplets.by_name("db-1")


def test_backups_are_enabled_with_a_policy_changed_and_disabled(droplet):
    assert droplet.enable_backups(plan="weekly", weekday="TUE", hour=8).completed
    assert "backups" in droplet.features
    assert droplet.backup_policy() == {
        "plan": "weekly",
        "weekday": "TUE",
        "hour": 8,
        "window_length_hours": 4,
        "retention_period_days": 28,
    }
    assert droplet.change_backup_policy(plan="daily", hour=16).type == "change_backup_policy"
    assert droplet.backup_policy()["hour"] == 16
    assert droplet.disable_backups().completed
    assert "backups" not in droplet.features
    assert droplet.backup_policy() == {}


def test_the_policy_is_the_services_to_choose_when_nothing_is_said(droplet, sandbox):
    droplet.enable_backups()
    assert droplet.backup_policy()["plan"] == "daily"


def test_a_policy_that_changes_nothing_is_refused_before_it_is_sent(droplet, sent):
    with pytest.raises(InvalidArgument, match="plan=, weekday= or hour="):
        droplet.change_backup_policy()
    assert sent("POST") == []


def test_a_droplet_is_restored_from_its_own_backup(backed_up):
    backup = backed_up.backups()[0]
    assert backed_up.restore(backup.id).completed
    assert backed_up.active
    # Also by the thing itself, and by an id as a snapshot has it.
    assert backed_up.restore(backup).completed
    assert backed_up.restore(str(backup.id)).completed


def test_a_restore_takes_no_slug(backed_up, sent):
    with pytest.raises(
        InvalidArgument, match=r"'debian-12-x64' is not the id of a backup of .*. See droplet.backups\(\)"
    ):
        backed_up.restore("debian-12-x64")
    assert sent("POST") == []


@pytest.mark.parametrize("by", ["slug", "id", "itself"])
def test_a_droplet_is_rebuilt_from_an_image_by_id_name_or_object(client, droplet, by):
    image = client.images.get("debian-12-x64")
    assert droplet.rebuild({"slug": "debian-12-x64", "id": image.id, "itself": image}[by]).completed
    assert droplet.image["slug"] == "debian-12-x64"
    assert droplet.active


def test_a_rebuild_from_an_unknown_image_is_explained(droplet):
    with pytest.raises(Unprocessable, match="Did you mean debian-12-x64"):
        droplet.rebuild("debian-12-x46")


def test_a_rebuild_whose_response_was_lost_is_found_by_its_image(droplet, sandbox, sent):
    sandbox.fault("lost_after", operation="dropletActions_post")
    assert droplet.rebuild("debian-12-x64").completed
    assert len(sent("POST")) == 1


def test_somebody_elses_rebuild_is_not_mistaken_for_ours(client, droplet, sandbox):
    client.droplets.get(droplet.id).rebuild("debian-12-x64", wait=False)
    stranger = po.connect(sandbox, clock=client._connection.session.clock).droplets.get(droplet.id)
    sandbox.fault("lost_before", operation="dropletActions_post")
    with pytest.raises(OutcomeUnknown, match="may have been started elsewhere"):
        stranger.rebuild("ubuntu-24-04-x64")


def test_a_password_is_reset(droplet):
    assert droplet.password_reset().type == "password_reset"


def test_ipv6_is_enabled(client):
    droplet = next(one for one in client.droplets.list() if "ipv6" not in one.features)
    droplet.enable_ipv6()
    assert "ipv6" in droplet.features
    assert droplet.networks["v6"]


def test_the_neighbours_of_a_droplet_are_droplets(client):
    web = client.droplets.by_name("web-1")
    (other,) = web.neighbors()
    assert other == client.droplets.by_name("web-2")
    assert client.droplets.neighbors("web-2") == [web]


@responses.activate
def test_no_neighbours_may_be_null(clock):
    responses.get(f"{HOST}/v2/droplets/7", json={"droplet": {"id": 7, "name": "a"}})
    responses.get(f"{HOST}/v2/droplets/7/neighbors", json={"droplets": None})
    assert po.connect(token="dop_v1_test", clock=clock).droplets.neighbors(7) == []


def test_the_lists_of_a_droplet_are_found_by_its_name_too(client, backed_up):
    assert client.droplets.backups("db-1") == backed_up.backups()
    assert client.droplets.backup_policy(backed_up.id) == backed_up.backup_policy()
    assert client.droplets.kernels("db-1") == backed_up.kernels() == []


@pytest.mark.parametrize(
    ("verb", "told"),
    [
        (lambda droplet: droplet.change_kernel(12534), "managed inside the Droplet.*since March 2017.*package manager"),
        (
            lambda droplet: droplet.enable_private_networking(),
            "VPC.*VPC networking replaced private networking and is always on",
        ),
    ],
)
def test_what_is_retired_is_sent_and_the_refusal_says_what_replaced_it(droplet, sent, verb, told):
    with pytest.raises(Unprocessable, match=told) as refused:
        verb(droplet)
    assert refused.value.status == 422
    assert len(sent("POST")) == 1


@pytest.mark.parametrize("status", [400, 404, 422])
def test_whichever_way_the_service_refuses_it(droplet, sandbox, status):
    sandbox.fault("status", status=status, message="No.", operation="dropletActions_post")
    with pytest.raises(APIError, match=r": No .*VPC networking replaced private networking"):
        droplet.enable_private_networking()


def test_a_failure_of_the_service_is_not_explained_away(droplet, sandbox):
    sandbox.fault("status", status=500, operation="dropletActions_post")
    with pytest.raises(ServerError) as failed:
        droplet.enable_private_networking()
    assert "replaced" not in str(failed.value)


@responses.activate
def test_a_droplet_from_before_has_kernels_and_takes_one(clock):
    old = {"id": 7, "name": "old", "status": "active", "kernel": {"id": 1}}
    kernel = {"id": 12534, "name": "Debian 3.2", "version": "3.2.0"}
    done = {
        "id": 9,
        "type": "change_kernel",
        "status": "completed",
        "started_at": "2026-11-23T12:00:00Z",
        "completed_at": None,
        "resource_id": 7,
        "resource_type": "droplet",
    }
    responses.get(f"{HOST}/v2/droplets/7", json={"droplet": old})
    responses.get(f"{HOST}/v2/droplets/7/kernels", json={"kernels": [kernel], "links": {}, "meta": {"total": 1}})
    posted = responses.post(f"{HOST}/v2/droplets/7/actions", json={"action": done}, status=201)
    droplet = po.connect(token="dop_v1_test", clock=clock).droplets.get(7)
    (found,) = droplet.kernels()
    assert (found.version, repr(found)) == ("3.2.0", "<Kernel 12534 Debian 3.2 3.2.0>")
    assert droplet.change_kernel(found).completed
    assert posted.calls[0].request.body == b'{"type":"change_kernel","kernel":12534}'
