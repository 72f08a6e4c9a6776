"""`po.temporary`: the droplet is gone after the block, after an error and after the end of Python, or has its lease."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

import poseidon_nb as po
from poseidon_nb.plans.leases import lease_of
from poseidon_nb.sandbox import Sandbox

FIELDS = {"size": "s-1vcpu-1gb", "image": "debian-12-x64", "region": "nyc3"}


@pytest.fixture
def sandbox(clock):
    with Sandbox(clock=clock) as running:
        yield running


@pytest.fixture
def client(sandbox, clock):
    with po.connect(sandbox, clock=clock) as connected:
        yield connected


def state(client):
    return [one.to_dict() for one in client.droplets.list()], [one.name for one in client.tags.list()]


def test_a_temporary_droplet_has_a_lease_and_is_gone_afterwards(client):
    before = state(client)
    with po.temporary(client=client, tags=["mine"], **FIELDS) as droplet:
        assert droplet.status == "active"
        lease = lease_of(droplet.to_dict())
        assert 3_500 < (lease.ends_at - client.now()).total_seconds() < 3_700
        assert droplet.tags == ["mine", *lease.tags]
        assert droplet.name.startswith("temporary-")
    assert (state(client)[0], sorted(state(client)[1])) == (before[0], sorted([*before[1], "mine"]))


def test_several_temporary_droplets_are_a_list(client):
    before = state(client)
    with po.temporary(client=client, names=["a", "b"], ttl="2d", **FIELDS) as droplets:
        assert [one.name for one in droplets] == ["a", "b"]
    assert state(client) == before


def test_after_an_error_it_is_gone_too_and_the_error_is_the_blocks(client):
    before = state(client)
    with pytest.raises(ZeroDivisionError), po.temporary(client=client, **FIELDS):
        raise ZeroDivisionError
    assert state(client) == before


def test_what_was_deleted_or_leased_anew_within_the_block_is_no_error(client):
    before = state(client)
    with po.temporary(client=client, **FIELDS) as droplet:
        droplet.delete()
    assert state(client) == before


def test_a_failed_creation_leaves_nothing(client, sandbox):
    before = state(client)
    with pytest.raises(po.Unprocessable), po.temporary(client=client, size="nonsense", image="debian-12-x64"):
        pass
    sandbox.fault("action_errored", action="create")
    with pytest.raises(po.PoseidonError), po.temporary(client=client, **FIELDS):
        pass
    assert state(client) == before


def test_an_interrupt_while_it_is_created_leaves_nothing(client, monkeypatch):
    before = state(client)
    create = client.droplets.create

    def interrupted(**fields):
        create(**fields)
        raise KeyboardInterrupt

    monkeypatch.setattr(client.droplets, "create", interrupted)
    with pytest.raises(KeyboardInterrupt), po.temporary(client=client, **FIELDS):
        pass
    assert state(client) == before


def test_if_it_cannot_be_destroyed_its_lease_remains_and_the_error_says_so(client, sandbox):
    def use(name, error=None):
        with po.temporary(client=client, name=name, **FIELDS):
            sandbox.fault("status", status=403, message="No.", operation="droplets_destroy")
            if error is not None:
                raise error

    with pytest.raises(po.BulkFailed, match=r"could not be destroyed: .*Its lease lease:\S+ remains: %do reap"):
        use("stays")
    assert lease_of(client.droplets.by_name("stays").to_dict()) is not None
    with pytest.raises(ValueError, match="mine") as caught:
        use("stays-too", ValueError("mine"))
    assert "could not be destroyed" in caught.value.__notes__[0]
    assert lease_of(client.droplets.by_name("stays-too").to_dict()) is not None


def test_lengths_and_tags_are_checked_before_anything_is_sent(client, sandbox):
    for wrong in ({"ttl": "soon"}, {"ttl": "1s"}, {"tags": "web"}):
        with pytest.raises(po.InvalidArgument):
            po.temporary(client=client, **{**FIELDS, **wrong})
    assert list(sandbox.requests) == []


def test_at_the_end_of_python_it_is_destroyed():
    code = """
        import poseidon_nb as po, sys
        client = po.connect(base_url=sys.argv[1], token=sys.argv[2])
        block = po.temporary(client=client, name="exits", size="s-1vcpu-1gb", image="debian-12-x64", region="nyc3")
        block.__enter__()
        print([one.name for one in client.droplets.list() if one.name == "exits"])
    """
    with Sandbox(speed=1_000) as sandbox:
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code), sandbox.url, sandbox.token],
            capture_output=True, text=True, check=False, timeout=60, env={**os.environ},
        )  # fmt: skip
        assert (done.stdout, done.returncode) == ("['exits']\n", 0), done.stderr
        assert "exits" not in [one.name for one in po.connect(sandbox).droplets.list()], done.stderr
        assert not [one.name for one in po.connect(sandbox).tags.list() if one.name.startswith("lease:")]
