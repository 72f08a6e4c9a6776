"""A resize with its restart, in all its branches: what was running must run again, and nothing is shut down in vain."""

from __future__ import annotations

import pytest

from poseidon_nb.errors import ActionFailed, ActionTimedOut, InvalidArgument, Unprocessable

BIGGER = "s-4vcpu-8gb"


@pytest.fixture
def types(client):
    """Return the types of the actions that a droplet had since the test began, oldest first."""
    before = max(action.id for action in client.actions.list())

    def of(droplet) -> list[str]:
        return [action.type for action in reversed(droplet.actions()) if action.id > before]

    return of


@pytest.fixture
def web(client):
    return client.droplets.by_name("web-1")


def test_a_running_droplet_is_shut_down_resized_and_started_again(web, types):
    action = web.resize(BIGGER, restart=True)
    assert action.type == "resize"
    assert action.completed
    assert types(web) == ["shutdown", "resize", "power_on"]
    assert (web.status, web.size_slug) == ("active", BIGGER)


def test_one_that_is_off_stays_off(client, types):
    droplet = client.droplets.by_name("staging-db")
    droplet.resize(BIGGER, restart=True)
    assert types(droplet) == ["resize"]
    assert (droplet.status, droplet.size_slug) == ("off", BIGGER)


def test_the_disk_grows_only_when_asked_to(web):
    disk = web.disk
    web.resize(BIGGER, restart=True)
    assert web.disk == disk
    web.resize(BIGGER, disk=True, restart=True)
    assert web.disk > disk


def test_a_shutdown_that_is_ignored_is_followed_by_cutting_the_power(web, sandbox, types):
    sandbox.fault("shutdown_ignored")
    web.resize(BIGGER, restart=True)
    assert types(web) == ["shutdown", "power_off", "resize", "power_on"]
    assert web.active


def test_a_shutdown_that_errors_is_followed_by_cutting_the_power(web, sandbox, types):
    sandbox.fault("action_errored", action="shutdown")
    web.resize(BIGGER, restart=True)
    assert types(web) == ["shutdown", "power_off", "resize", "power_on"]
    assert web.active


def test_a_shutdown_that_takes_too_long_is_outlasted(web, types, monkeypatch):
    monkeypatch.setattr("poseidon_nb.client.engine.droplet_steps.SHUTDOWN_TIMEOUT_S", 3.0)
    web.resize(BIGGER, restart=True)
    assert types(web) == ["shutdown", "resize", "power_on"]
    assert web.active


def test_a_refused_resize_leaves_the_droplet_running(web, sandbox, types):
    sandbox.fault("no_capacity")
    with pytest.raises(Unprocessable, match="too large to fit"):
        web.resize(BIGGER, restart=True)
    assert types(web) == ["shutdown", "power_on"]
    assert web.active


def test_an_errored_resize_leaves_the_droplet_running(web, sandbox, types):
    sandbox.fault("action_errored", action="resize")
    with pytest.raises(ActionFailed, match=r"^Action \d+ \(resize web-1\) failed"):
        web.resize(BIGGER, restart=True)
    assert types(web) == ["shutdown", "resize", "power_on"]
    assert web.active


def test_when_it_cannot_be_powered_on_again_the_first_error_says_so(web, sandbox):
    sandbox.fault("action_errored", action="resize")
    sandbox.fault("action_errored", action="power_on")
    with pytest.raises(
        ActionFailed, match=r"^Action \d+ \(resize web-1\) failed.*web-1 is still off, because power_on failed too"
    ):
        web.resize(BIGGER, restart=True)


def test_a_resize_that_outlives_its_time_continues_in_the_background(web, finish, types):
    with pytest.raises(
        ActionTimedOut,
        match=r"^Action \d+ \(resize web-1, droplet \d+\) is still in progress after 26 s.*in the background",
    ) as late:
        web.resize(BIGGER, restart=True, timeout_s=26)
    assert late.value.action.type == "resize"
    assert late.value.step.verb == "resize"
    finish()
    assert types(web) == ["shutdown", "resize", "power_on"]
    assert web.refresh().active


@pytest.mark.parametrize("moment", ["shutdown", "resize", "power_on"])
def test_after_ctrl_c_the_chain_continues_in_the_background(web, moment, types, finish):
    pressed = []

    def on_progress(progress):
        if progress.label.startswith(moment) and not pressed:
            pressed.append(progress)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        web.resize(BIGGER, restart=True, on_progress=on_progress)
    assert types(web)[-1] == moment
    if moment != "power_on":
        assert any("web-1: resize and power_on continue in the background" in note for note in caught.value.__notes__)
    finish()
    assert types(web) == ["shutdown", "resize", "power_on"]
    web.wait()
    assert (web.status, web.size_slug) == ("active", BIGGER)


@pytest.mark.parametrize(
    ("size", "told"),
    [
        ("s-4vcpu-8g", "Unknown size 's-4vcpu-8g'. Did you mean s-4vcpu-8gb"),
        ("s-2vcpu-4gb", "Droplet web-1 already has size s-2vcpu-4gb"),
        ("s-1vcpu-1gb", "Size s-1vcpu-1gb has a disk of 25 GB, but droplet web-1 has 80 GB"),
        ("gpu-h100x1-80gb", "gpu-h100x1-80gb is not available in nyc3"),
    ],
)
def test_an_impossible_resize_is_refused_before_anything_is_shut_down(web, sent, size, told):
    with pytest.raises(InvalidArgument, match=told):
        web.resize(size, restart=True)
    assert sent("POST") == []
    assert web.active


def test_a_restart_needs_to_wait(web, sent):
    before = len(sent())
    with pytest.raises(InvalidArgument, match="cannot be combined with wait=False"):
        web.resize(BIGGER, restart=True, wait=False)
    assert len(sent()) == before


def test_without_a_restart_a_running_droplet_is_refused_by_the_api(web, sent):
    with pytest.raises(Unprocessable, match="currently on"):
        web.resize(BIGGER)
    assert len(sent("POST")) == 1


def test_without_a_restart_a_wrong_slug_is_explained(client):
    droplet = client.droplets.by_name("staging-db")
    with pytest.raises(Unprocessable, match="Did you mean s-4vcpu-8gb"):
        droplet.resize("s-4vcpu-8g")


def test_one_that_is_being_powered_off_is_waited_for_and_then_stays_off(client, web, types):
    web.power_off(wait=False)
    web.resize(BIGGER, restart=True)
    assert types(web) == ["power_off", "resize"]
    assert web.status == "off"
