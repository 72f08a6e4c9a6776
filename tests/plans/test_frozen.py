"""The tags of frozen droplets hold everything that fits into them, and nothing that a tag must not."""

from __future__ import annotations

import random
import re
import string
import uuid
from dataclasses import replace
from datetime import UTC, datetime

from poseidon_nb.plans.frozen import FrozenDroplet, format_tags, is_frozen, name_in, own_tags, parse_tags, snapshot_name

TAG = re.compile(r"[a-zA-Z0-9_\-:]{1,255}")
FULL = FrozenDroplet(
    id=521000032,
    name="web-1.example.com",
    size="s-2vcpu-4gb",
    region="nyc3",
    disk=80,
    vpc="12bdec33-32c4-4bd5-ab4b-646a46e02ffa",
    project="1e29bbb2-0f44-411b-add4-8c597a604d41",
    off=True,
    ipv6=True,
    monitoring=True,
    no_agent=True,
    no_public=True,
    backups="weekly",
    weekday="SUN",
    hour=0,
    address="198.18.0.5",
    address6="2001:db8:6a::1001",
    reserved_ip="198.18.250.4",
    reserved_ip6="2604:a880::1",
    firewalls=("564b4f59-897d-42b4-adb8-5c9b803a8735", "9f1b8f2a-0000-42b4-adb8-5c9b803a8735"),
    balancers=("4de7ac8b-495b-4884-9a69-1050c6793cd6",),
    volumes=tuple(f"{number:08x}-4de7-495b-4884-9a691050c679" for number in range(15)),
    keys=("48000061", "3b:16:e4:bf:8b:00:8b:b8:59:8c:a9:d3:f0:19:fa:45"),
    tags=("web", "env:prod", "tag", "frozen", "a:tag:b"),
)


def test_everything_comes_back_as_it_was():
    tags, lost = format_tags(FULL)
    assert lost == []
    assert all(TAG.fullmatch(tag) for tag in tags)
    assert tags[-1] == "frozen"
    assert is_frozen(tags)
    assert parse_tags(tags) == FULL
    # In another order, beside tags of others, only the order within lists differs.
    mixed = ["prod", *tags[::-1], "thawing:20261130T120000Z-1"]
    found = parse_tags(mixed)
    assert found == replace(FULL, volumes=found.volumes, keys=found.keys, tags=FULL.tags[::-1])
    assert ({*found.volumes}, {*found.keys}) == ({*FULL.volumes}, {*FULL.keys})
    assert sorted(own_tags(mixed)) == sorted(tags)


def test_random_droplets_come_back_and_no_tag_is_longer_than_it_may_be():
    chance = random.Random(5)
    letters = string.ascii_letters + string.digits

    def word(extra="", most=40):
        return "".join(chance.choice(letters + extra) for _ in range(chance.randint(1, most)))

    for _ in range(1_000):
        droplet = FrozenDroplet(
            id=chance.randrange(1, 2**40),
            name=word("-.", 80),
            size=word("-"),
            region=word("", 5),
            disk=chance.choice([None, chance.randrange(10_000)]),
            ipv6=chance.random() < 0.5,
            hour=chance.choice([None, 0, 4]),
            firewalls=tuple({str(uuid.UUID(int=chance.getrandbits(128))) for _ in range(chance.randrange(20))}),
            tags=tuple(dict.fromkeys(word("-_:", 230) for _ in range(chance.randrange(6)))),
        )
        tags, lost = format_tags(droplet)
        assert lost == []
        assert all(TAG.fullmatch(tag) for tag in tags)
        assert parse_tags(tags) == droplet


def test_what_does_not_fit_is_named_and_left_out():
    droplet = replace(FULL, name="a" * 250, vpc="<script>", region="nyc_3.x", tags=("web", "t" * 255))
    tags, lost = format_tags(droplet)
    assert lost == ["name", "region", "vpc", f"tag {'t' * 255}"]
    assert all(TAG.fullmatch(tag) for tag in tags)
    assert parse_tags(tags) == replace(droplet, name="", vpc="", region="", tags=("web",))
    # The name is in the snapshot's name too.
    assert parse_tags(tags, "web-9-frozen-20261130T130000Z").name == "web-9"


def test_hostile_tags_are_read_as_nothing():
    for tags in (
        None,
        [],
        ["frozen"],
        ["frozen:"],
        ["frozen:tag:web"],
        ["frozen:x:name:web"],
        [7, None, "frozen:\uff11:name:a"],
    ):
        assert parse_tags(tags) is None, tags
    found = parse_tags(["frozen:5:name", "frozen:5:nonsense:1:id:9:disk:many:hour:", "frozen:6:name:other"], "x")
    assert found == FrozenDroplet(id=5)
    assert not is_frozen(["frozen:5:name:a", "unfrozen"])
    assert is_frozen(["FROZEN"])


def test_the_name_of_a_snapshot_holds_the_droplets_and_the_time():
    now = datetime(2026, 11, 30, 13, 0, tzinfo=UTC)
    assert snapshot_name("web-1", now) == "web-1-frozen-20261130T130000Z"
    assert name_in("a-frozen-20261130T130000Z-frozen-20261201T130000Z") == "a-frozen-20261130T130000Z"
    assert name_in("web-1") == name_in("web-frozen-now") == ""
    assert len(snapshot_name("a" * 255, now)) <= 255
