"""Waiting until droplets answer on the SSH port: no test needs a network, for the probe is handed in."""

from __future__ import annotations

import socket

import pytest
import responses

import poseidon_nb as po
from poseidon_nb.catalogue.wait_limits import wait_limit_s
from poseidon_nb.client.ssh import is_listening
from poseidon_nb.errors import ActionTimedOut, InvalidArgument, LookupFailed

HOST = "https://api.digitalocean.com"
MADE_OF = {"size": "s-1vcpu-1gb", "region": "sfo3", "image": "ubuntu-24-04-x64"}


def test_a_droplet_is_given_once_its_port_answers_in_the_sandbox(client, clock, sent):
    told = []
    droplet = client.droplets.create(name="new-1", wait_for="ssh", on_progress=told.append, **MADE_OF)
    assert droplet.active
    last = [one for one in told if one.label == "ssh new-1"]
    assert [one.status for one in last][-1] == "completed"
    assert "in-progress" in {one.status for one in last}
    assert last[-1].id == droplet.id
    # The sandbox's own control is no request of the account's.
    assert not any("_sandbox" in one for one in sent())


def test_several_are_waited_for_together(client):
    droplets = client.droplets.create(names=["new-1", "new-2"], wait_for="ssh", **MADE_OF)
    assert [droplet.name for droplet in droplets] == ["new-1", "new-2"]
    assert client.droplets.wait_for_ssh(["new-1", droplets[1].id]) == droplets


def test_one_that_has_run_for_long_answers_at_once(droplet, clock):
    before_s = clock.monotonic()
    assert droplet.wait_for_ssh() is droplet
    assert clock.monotonic() == before_s


def test_one_that_is_off_does_not_answer_and_is_named(client, clock):
    droplet = client.droplets.by_name("staging-db")
    before_s, told = clock.monotonic(), []
    with pytest.raises(
        ActionTimedOut,
        match=rf"Created and active, but port 22 did not accept connections within 180 s: staging-db \({droplet.ip_address}\)\.",
    ) as late:
        droplet.wait_for_ssh(on_progress=told.append)
    assert late.value.action is None
    assert wait_limit_s("ssh") == 180 <= clock.monotonic() - before_s <= 182
    assert told[-1].status == "errored"


def test_a_droplet_that_boots_again_answers_a_while_later(droplet, clock):
    droplet.reboot()
    before_s = clock.monotonic()
    droplet.wait_for_ssh()
    assert clock.monotonic() > before_s


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"wait_for": "shh"}, "not 'shh'. Did you mean ssh"),
        ({"wait_for": "ssh", "wait": False}, "cannot be combined with wait=False"),
        ({"wait_for": "ssh", "public_networking": False}, "needs a public address"),
    ],
)
def test_an_invalid_condition_is_refused_before_anything_is_created(client, sent, fields, told):
    with pytest.raises(InvalidArgument, match=told):
        client.droplets.create(name="new-1", **MADE_OF, **fields)
    assert sent() == []


@pytest.fixture
def real(clock):
    """A client of the service itself, with one droplet."""
    v4 = [{"ip_address": "203.0.113.5", "type": "public"}]
    droplet = {"id": 7, "name": "web-1", "status": "active", "networks": {"v4": v4, "v6": []}}
    with responses.RequestsMock() as wire:
        wire.get(f"{HOST}/v2/droplets/7", json={"droplet": droplet})
        yield po.connect(token="dop_v1_test", clock=clock)


def test_at_the_real_service_the_port_itself_is_tried(real, clock):
    tries = []

    def probe(address, port):
        tries.append((address, port))
        return len(tries) == 3

    real.droplets.probe = probe
    real.droplets.wait_for_ssh(7)
    assert tries == [("203.0.113.5", 22)] * 3
    assert clock.monotonic() == 2.0


def test_ctrl_c_says_what_had_not_answered(real):
    real.droplets.probe = lambda *_: False

    def pressed(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        real.droplets.wait_for_ssh(7, on_progress=pressed)
    assert caught.value.__notes__ == ["Port 22 does not accept connections yet: web-1."]


def test_one_without_an_address_cannot_answer(clock):
    with responses.RequestsMock() as wire:
        wire.get(f"{HOST}/v2/droplets/7", json={"droplet": {"id": 7, "name": "web-1", "status": "active"}})
        with pytest.raises(LookupFailed, match="no public IPv4"):
            po.connect(token="dop_v1_test", clock=clock).droplets.wait_for_ssh(7)


def test_a_proxy_on_this_machine_is_no_sandbox_and_the_port_is_tried(clock):
    v4 = [{"ip_address": "203.0.113.5", "type": "public"}]
    with responses.RequestsMock() as wire:
        wire.get(
            "http://127.0.0.1:9999/v2/droplets/7",
            json={"droplet": {"id": 7, "name": "web-1", "networks": {"v4": v4}}},
        )
        wire.get("http://127.0.0.1:9999/_sandbox/ports", status=404, json={"id": "not_found", "message": "No."})
        client = po.connect(token="t", base_url="http://127.0.0.1:9999", clock=clock)
        client.droplets.probe = lambda *_: True
        assert client.droplets.wait_for_ssh(7)[0].id == 7


def test_a_port_that_listens_is_distinguished_from_one_that_does_not():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        assert not is_listening("127.0.0.1", port)
        server.listen()
        assert is_listening("127.0.0.1", port)
