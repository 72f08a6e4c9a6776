"""Answers to changes that cannot be read are as good as lost: they are looked for, and never sent again."""

from __future__ import annotations

import pytest
import responses

import poseidon_nb as po
from poseidon_nb.transport.pagination import ListTotals

HOST = "https://api.digitalocean.com"
MAKE = {"name": "web-9", "size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", "region": "nyc3"}


@pytest.mark.parametrize("body", ["<html>", "", "null", "{}", "[]", '{"droplet": null}', '{"droplet": '])
@responses.activate
def test_an_answer_to_a_create_that_says_nothing_is_not_mistaken_for_success(body, clock):
    responses.post(f"{HOST}/v2/droplets", body=body, status=202)
    responses.get(f"{HOST}/v2/droplets", json={"droplets": [], "links": {}, "meta": {"total": 0}})
    client = po.connect(token="dop_v1_test", clock=clock)
    with pytest.raises(po.OutcomeUnknown, match=r"Before repeating it, check .*droplets list"):
        client.droplets.create(**MAKE)
    assert [call.request.method for call in responses.calls].count("POST") == 1


@pytest.mark.parametrize("droplet", [None, "x", 7, []])
@responses.activate
def test_anything_but_an_object_is_a_shape_error(droplet, clock):
    responses.get(f"{HOST}/v2/droplets/7", json={"droplet": droplet})
    with pytest.raises(po.ShapeError):
        po.connect(token="dop_v1_test", clock=clock).droplets.get(7)


def test_a_token_without_actions_read_can_resize_with_a_restart(client, sandbox, droplet):
    for operation in ("actions_get", "actions_list"):
        sandbox.fault("status", status=403, operation=operation, times=None)
    assert droplet.resize("s-4vcpu-8gb", restart=True).completed
    assert (droplet.status, droplet.size_slug) == ("active", "s-4vcpu-8gb")


@pytest.mark.parametrize("restart", [False, True])
def test_where_no_action_can_be_read_the_error_names_what_was_accepted(client, sandbox, droplet, restart):
    for operation in ("actions_get", "actions_list", "dropletActions_get"):
        sandbox.fault("status", status=403, operation=operation, times=None)
    with pytest.raises(po.Forbidden) as failed:
        droplet.take_snapshot("x", restart=restart)
    assert failed.value.step.verb == ("shutdown" if restart else "take_snapshot")
    assert failed.value.droplet.id == droplet.id
    for name in (droplet.name, str(droplet.id), str(failed.value.action.id)):
        assert name in str(failed.value)


def test_ctrl_c_in_a_list_does_not_wait_for_the_gpu_droplets(client, sandbox):
    sandbox.fault("delay", seconds=30, operation="droplets_list", skip=1, times=1)
    bodies = client.droplets._bodies({})(ListTotals())
    next(bodies)
    bodies.close()  # what an interrupt does to the generator; the test's time limit is the proof


def test_no_frame_of_the_wire_hangs_on_an_error(clock):
    client = po.connect(token="dop_v1_secret", base_url="http://127.0.0.1:1", clock=clock)
    with pytest.raises(po.ConnectionFailed) as caught:
        client.account()
    error: BaseException | None = caught.value
    below = []
    while error := error.__cause__ or error.__context__:
        below.append(error)
    assert below
    assert all(one.__traceback__ is None for one in below)
