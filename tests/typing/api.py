"""The public types, as a reader's editor sees them. Checked by `mypy --strict tests/typing/api.py`; never run."""

from __future__ import annotations

from datetime import datetime
from typing import Any, assert_type

import pandas as pd

import poseidon_nb as po
from poseidon_nb.client.keys import Key
from poseidon_nb.client.resource import Account, Image, Region, Size, Snapshot, Tag
from poseidon_nb.transport.journal import Change, Journal
from poseidon_nb.transport.rate_limit import RateLimit


class Elsewhere:
    """Anything with an address and a token can be connected to."""

    url = "http://127.0.0.1:8000"
    token = "word"


def connecting() -> None:
    with po.Sandbox(droplets=12, seed=7, speed=20) as sandbox, po.connect(sandbox) as client:
        assert_type(client, po.Client)
        assert_type(sandbox.url, str)
    assert_type(po.connect(Elsewhere()), po.Client)
    assert_type(po.connect(token="t", base_url="https://example.com", timeout_s=5, read_only=True), po.Client)
    assert_type(po.connect(context="team").label(), str)
    po.connect("token")  # type: ignore[arg-type]


def nouns(client: po.Client) -> None:
    assert_type(client.regions.list(), list[Region])
    assert_type(client.sizes.list(), list[Size])
    assert_type(client.images.list(type="distribution"), list[Image])
    assert_type(client.images.get("ubuntu-24-04-x64"), Image)
    assert_type(client.snapshots.by_name("a"), Snapshot)
    assert_type(client.tags.create("a"), Tag)
    assert_type(client.keys.create("a", "ssh-ed25519 AAAA"), Key)
    assert_type(client.keys.list()[0].fingerprint, str)
    assert_type(client.account(), Account)
    assert_type(client.actions.list(), list[po.Action])
    assert_type(client.actions.wait([1, client.actions.get(2)], timeout_s=60), list[po.Action])
    assert_type(client.droplets.list(tag_name="web"), list[po.Droplet])
    assert_type(client.droplets.frame(), pd.DataFrame)
    assert_type(client.sizes.frame(), pd.DataFrame)
    assert_type(client.call("databases_list_clusters"), Any)
    assert_type(client.api("GET", "/v2/account"), Any)


def making(client: po.Client) -> None:
    one = client.droplets.create(name="a", region="sfo3", size="s-1vcpu-1gb", image="ubuntu-24-04-x64", monitoring=True)
    assert_type(one, po.Droplet)
    many = client.droplets.create(names=["a", "b"], size="s-1vcpu-1gb", image=1234, ssh_keys=[1, "aa:bb"], wait=False)
    assert_type(many, list[po.Droplet])
    client.droplets.create(size="s-1vcpu-1gb", image=1234)  # type: ignore[call-overload]
    client.droplets.create(name="a", names=["b"], size="s-1vcpu-1gb", image=1234)  # type: ignore[call-overload]
    client.droplets.delete(one)
    client.droplets.delete("a")


def droplets(droplet: po.Droplet) -> None:
    assert_type(droplet.id, int)
    assert_type(droplet.name, str)
    assert_type(droplet.status, str)
    assert_type(droplet.tags, list[str])
    assert_type(droplet.vpc_uuid, str | None)
    assert_type(droplet.created_at, datetime | None)
    assert_type(droplet.ip_address, str)
    assert_type(droplet.active, bool)
    assert_type(droplet["networking_throughput"], Any)
    assert_type(dict(droplet), dict[str, Any])
    assert_type(droplet.refresh(), po.Droplet)
    assert_type(droplet.wait(60), po.Droplet)
    assert_type(droplet.snapshots(), list[Snapshot])
    _ = droplet.nonsense  # type: ignore[attr-defined]
    droplet.name = "b"  # type: ignore[assignment]


def verbs(droplet: po.Droplet) -> None:
    def on_progress(progress: po.Progress) -> None:
        assert_type(progress.fraction, float | None)
        assert_type(progress.label, str)
        assert_type(progress.done, bool)

    action = droplet.power_off(wait=False)
    assert_type(action, po.Action)
    assert_type(action.wait(timeout_s=60, on_progress=on_progress), po.Action)
    assert_type(action.started_at, datetime | None)
    assert_type(action.done, bool)
    assert_type(droplet.resize("s-2vcpu-4gb", disk=True, restart=True), po.Action)
    assert_type(droplet.take_snapshot("before", on_progress=on_progress), po.Action)
    assert_type(droplet.rename("b"), po.Action)
    droplet.reboot(60)  # type: ignore[call-arg, arg-type]  # options are keywords


def errors(client: po.Client) -> None:
    try:
        client.droplets.by_name("web")
    except po.AmbiguousName as error:
        assert_type(error.ids, tuple[int, ...])
    except po.NotFound as error:
        assert_type(error.request_id, str | None)


def telling(client: po.Client) -> None:
    assert_type(client.journal, Journal)
    assert_type(client.journal.changes(), tuple[Change, ...])
    assert_type(client.rate_limit, RateLimit | None)
