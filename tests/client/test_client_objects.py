"""Objects of the API as Python sees them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from poseidon_nb.client.droplet import Droplet
from poseidon_nb.client.images import Image
from poseidon_nb.client.resource import Account, Region, Resource, Size
from poseidon_nb.client.snapshots import Snapshot
from poseidon_nb.client.tags import Tag
from poseidon_nb.errors import LookupFailed, ResponseWarning


def addressed(*v4, status="active") -> Droplet:
    networks = [{"ip_address": address, "type": kind} for address, kind in v4]
    return Droplet({"id": 1, "name": "web-1", "status": status, "networks": {"v4": networks, "v6": []}}, None)  # type: ignore[arg-type]


def test_known_fields_are_attributes_and_every_field_is_an_item(droplet):
    assert droplet.name == droplet["name"] == "web-1"
    assert droplet.size["networking_throughput"] == 2000 or "networking_throughput" in droplet.size
    assert {*droplet} == {*droplet.keys()} == {*dict(droplet)} == {*droplet.to_dict()}
    assert "name" in droplet
    assert "nonsense" not in droplet
    assert droplet.get("nonsense", 5) == 5
    with pytest.raises(KeyError):
        droplet["nonsense"]


def test_fields_that_nobody_knows_yet_are_kept():
    region = Region({"slug": "xyz1", "name": "Nowhere", "available": True, "moons": 2})
    assert region["moons"] == 2
    assert "moons" in region._ipython_key_completions_()


def test_an_absent_field_is_none_and_no_repr_minds():
    for kind in (Region, Size, Snapshot, Tag, Account, Resource):
        empty = kind({})
        assert repr(empty) == f"<{kind.__name__} >"
        assert empty == kind({})
        assert len({empty, kind({})}) == 1
    assert Image({}, None).min_disk_size is None
    assert Image({}, None).created_at is None


def test_reprs_say_what_a_person_asks_for(client, droplet):
    assert repr(droplet) == f"<Droplet {droplet.id} web-1 active nyc3 s-2vcpu-4gb {droplet.ip_address}>"
    assert repr(client.droplets.list()[0].actions()[0]).startswith("<Action ")
    assert repr(next(one for one in client.sizes.list() if one.slug == "s-1vcpu-1gb")) == (
        "<Size s-1vcpu-1gb 1 vCPU 1024 MiB 25 GB $6.00 a month>"
    )
    assert (
        repr(Region({"slug": "nyc2", "name": "New York 2", "available": False})) == "<Region nyc2 New York 2 (closed)>"
    )
    assert repr(client.account()).startswith("<Account ")
    assert "active up to 50 droplets>" in repr(client.account())
    assert repr(client.tags.list()[0]).startswith("<Tag ")
    assert " GB>" in repr(client.snapshots.list()[0])
    assert repr(client.keys.list()[0]).startswith("<Key ")


def test_resources_are_equal_by_type_and_id_alone(client, droplet):
    again = client.droplets.get(droplet.id)
    again.assign({**again.to_dict(), "name": "other"})
    assert droplet == again
    assert len({droplet, again}) == 1
    assert Region({"slug": "a"}) != Size({"slug": "a"})
    assert droplet != droplet.id


def test_what_is_done_to_a_dict_of_it_is_not_done_to_it(droplet):
    droplet.to_dict()["name"] = "other"
    dict(droplet)["name"] = "other"
    assert droplet.name == "web-1"


@pytest.mark.parametrize(
    "text", ["2026-11-23T12:00:00Z", "2026-11-23T14:00:00+02:00", "2026-11-23T12:00:00.000000000Z"]
)
def test_times_are_aware_and_in_utc(text):
    created_at = Image({"created_at": text}, None).created_at
    assert created_at == datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert created_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize("turn", [1, -1])
def test_addresses_are_distinguished_by_type_whatever_their_order(turn):
    droplet = addressed(*[("203.0.113.5", "public"), ("10.0.0.5", "private")][::turn])
    assert droplet.ip_address == "203.0.113.5"
    assert droplet.private_ip == "10.0.0.5"


def test_a_missing_address_is_an_error_and_not_none():
    with pytest.raises(LookupFailed, match=r"^Droplet web-1 has no public IPv4 address\.$"):
        _ = addressed(("10.0.0.5", "private")).ip_address
    with pytest.raises(LookupFailed, match="no private IPv4 address yet"):
        _ = addressed(status="new").private_ip
    with pytest.raises(LookupFailed):
        _ = Droplet({"id": 1, "name": "web-1"}, None).ip_address  # type: ignore[arg-type]


def test_a_new_droplet_has_its_addresses_once_it_runs(client):
    droplet = client.droplets.create(
        name="new-1", size="s-1vcpu-1gb", image="ubuntu-24-04-x64", region="sfo3", wait=False
    )
    assert droplet.status == "new"
    assert droplet.vpc_uuid is None
    with pytest.raises(LookupFailed, match="yet"):
        _ = droplet.ip_address
    assert droplet.wait().active
    assert droplet.ip_address
    assert droplet.private_ip
    assert droplet.vpc_uuid


def test_a_field_of_the_class_is_itself():
    assert Droplet.name is Droplet.__dict__["name"]


def test_a_field_cannot_be_set_because_that_would_change_nothing(droplet):
    with pytest.raises(AttributeError, match="rename"):
        droplet.name = "other"
    assert droplet.name == "web-1"


@pytest.mark.parametrize("sent", ["2018-09-28T19:26:37", "yesterday", 5, ["x"]])
def test_a_time_that_cannot_be_read_is_none_with_a_warning(sent):
    snapshot = Snapshot({"id": "1", "created_at": sent})
    with pytest.warns(ResponseWarning, match=r"^Field created_at of Snapshot is not a time with a zone: "):
        assert snapshot.created_at is None
