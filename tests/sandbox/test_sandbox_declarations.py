"""The engine behind declared resources: fields, children, states and prices, with a kind made for these tests."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from poseidon_nb.sandbox.call import Call
from poseidon_nb.sandbox.fields import Field, read_fields
from poseidon_nb.sandbox.invoices import charges
from poseidon_nb.sandbox.pricing import Price
from poseidon_nb.sandbox.resources import Resource, check_reference
from poseidon_nb.sandbox.responses import HTTPException
from poseidon_nb.sandbox.states import States, run_effects
from poseidon_nb.sandbox.timestamps import format_time

if TYPE_CHECKING:
    from poseidon_nb.sandbox.world import World

SHIP = (
    Field("name", unique=True, pattern=re.compile("[a-z-]+"), rule="may contain lowercase letters and dashes"),
    Field("masts", type="integer", default=3, minimum=1, maximum=5),
    Field(
        "sails", type="array", default=[], fields=(Field("cloth", type="string", required=True, choices=("linen",)),)
    ),
    Field("port", fixed=True),
)


def ship_price(_world: World, public: dict[str, Any]) -> Price | None:
    if public["status"] == "building":
        return None
    return Price("Ships", "1-DO-SHIP", 672.0 * public["masts"], f"{public['name']} ({public['masts']} masts)")


SHIPS = Resource(
    "ships",
    fields=SHIP,
    states=States(first=(("building", 100.0), ("rigging", 100.0)), ready="afloat", deleting=("sinking", 50.0)),
    price=ship_price,
)
SAILORS = Resource("ships.sailors", fields=(Field("name", unique=True),), parent=SHIPS, id_field="name")


def refusal(fields: tuple[Field, ...], body: dict[str, Any]) -> str:
    with pytest.raises(HTTPException) as refused:
        read_fields(fields, body)
    return refused.value.message


def test_fields_have_defaults_and_one_line_refusals():
    first = read_fields(SHIP, {"name": "argo"})
    assert first == {"name": "argo", "masts": 3, "sails": []}
    first["sails"].append("linen")
    assert read_fields(SHIP, {"name": "argo"})["sails"] == []
    assert refusal(SHIP, {"name": "Argo"}) == "name may contain lowercase letters and dashes."
    assert refusal(SHIP, {"masts": 6}) == "masts must be at most 5."
    assert refusal(SHIP, {"masts": "many"}) == "masts must be an integer."
    assert refusal(SHIP, {"sails": [{}]}) == "sails.cloth is required."
    assert refusal(SHIP, {"sails": [{"cloth": "silk"}]}) == "sails.cloth must be one of linen."
    assert refusal(SHIP, {"sails": ["linen"]}) == "an item of sails must be an object."
    sail = {"cloth": "linen", "age": 2}
    assert read_fields(SHIP, {"sails": [{**sail, "color": None}]})["sails"] == [sail]
    closed = Field("sail", fields=(Field("cloth"),), closed=True)
    assert closed.read(sail, "sail") == {"cloth": "linen"}
    assert refusal((Field("crew", type="array", items="string"),), {"crew": ["iason", 2]}) == (
        "an item of crew must be a string."
    )


def test_states_follow_each_other_in_time_and_the_last_one_removes_with_children(api):
    world = api.sandbox._dispatcher.world
    world.speed = 1.0
    ship = SHIPS.add(world, {"name": "argo", "masts": 3}, world.now())
    SAILORS.add(world, {"name": "orpheus"}, world.now(), SHIPS.key_of(ship))
    seen = []
    for after_s in (0, 70, 60, 130):
        api.clock.advance(after_s)
        world.advance()
        seen.append(SHIPS.all(world)[0]["status"])
    assert seen == ["building", "building", "rigging", "afloat"]
    SHIPS.begin_deletion(world, SHIPS.all(world)[0])
    SHIPS.begin_deletion(world, SHIPS.all(world)[0])
    assert (SHIPS.all(world)[0]["status"], len(SAILORS.store(world))) == ("sinking", 1)
    api.clock.advance(70)
    world.advance()
    assert (SHIPS.all(world), len(SAILORS.store(world))) == ([], 0)


def test_a_long_move_of_the_clock_leaves_each_change_its_own_time(api):
    boats = Resource("boats", states=States(first=(("building", 60.0),), ready="afloat"), updated_field="updated_at")
    world = api.sandbox._dispatcher.world
    world.speed = 1.0
    start = world.now()
    boat = boats.add(world, {}, start)
    seen = []
    world.effects = {**world.effects, "boats.afloat": lambda world, at, _key: seen.append((world.now(), at))}
    api.clock.advance(3600)
    world.advance()
    ((now, at),) = seen
    assert now == at
    assert start + 45 <= at <= start + 75
    assert boats.store(world)[boat["id"]]["updated_at"] == format_time(at)
    assert world.now() == start + 3600


def test_an_object_that_was_moved_meanwhile_is_not_moved_again(api):
    world = api.sandbox._dispatcher.world
    ship = SHIPS.add(world, {"name": "argo", "masts": 3}, world.now())
    SHIPS.change(world, ship, status="lost")
    api.clock.advance(1000)
    world.advance()
    assert SHIPS.all(world)[0]["status"] == "lost"


def test_prices_are_charged_for_the_time_that_they_held(api):
    world = api.sandbox._dispatcher.world
    start = world.now()
    ship = SHIPS.add(world, {"name": "argo", "masts": 3}, start, settled=True)
    SAILORS.add(world, {"name": "orpheus"}, start, SHIPS.key_of(ship))
    api.clock.advance(10 * 3600)
    ship = SHIPS.change(world, ship, masts=5)
    api.clock.advance(10 * 3600)
    SHIPS.remove(world, ship)
    api.clock.advance(10 * 3600)
    found = [one for one in charges(world, start, world.now()) if one.product == "Ships"]
    # The price of a month is one of 672 hours, so an hour of a mast costs a dollar.
    assert [(one.description, one.cents) for one in found] == [("argo (3 masts)", 3000), ("argo (5 masts)", 5000)]


def test_references_are_looked_up(api):
    world = api.sandbox._dispatcher.world
    ship = SHIPS.add(world, {"name": "argo", "masts": 3}, world.now())
    for known in ("", [], ship["id"], [ship["id"], ""]):
        check_reference(world, "ships", known, "ship")
    with pytest.raises(HTTPException, match=r"ships hydra does not exist\."):
        check_reference(world, "ships", [ship["id"], "hydra"], "ships")


def test_objects_are_found_by_their_fields_and_by_a_lookup(api):
    world = api.sandbox._dispatcher.world
    boats = Resource(
        "boats", id_field="number", new_id=lambda _world, _kind, number: number, updated_field="changed_at"
    )
    first, second = (boats.add(world, {"name": name}, 0.0) for name in ("argo", "swan"))
    assert first.public == {"number": 1, "created_at": format_time(0), "changed_at": format_time(0), "name": "argo"}
    assert boats.all(world, name="swan") == [second]
    assert boats.all(world, name="swan", number=1) == []
    assert first.without("name", "changed_at").public == {"number": 1, "created_at": format_time(0)}
    named = replace(boats, lookup=lambda call: next(iter(boats.all(call.world, name=call.path_params["name"])), None))
    call = Call(world, "", "", "", {"name": "swan"}, {})
    assert named.find(call) is second
    boats.remove(world, second)
    with pytest.raises(HTTPException, match="could not be found"):
        named.find(call)


def test_watchers_are_called_with_what_happened(api):
    world = api.sandbox._dispatcher.world
    seen: list[tuple[Any, ...]] = []
    names = ("ships.pushed", "ships.pushed.crew", "ships.pushedx")
    world.effects = {name: lambda *what, name=name: seen.append((name, *what[1:])) for name in names}
    run_effects(world, "ships.pushed", 1.0, "argo", "north")
    assert seen == [(name, 1.0, "argo", "north") for name in names[:2]]


def test_children_are_named_after_their_parents():
    with pytest.raises(ValueError, match="must begin with ships and a dot"):
        Resource("sailors", parent=SHIPS)


def test_a_saved_account_has_declared_resources(api):
    key = {"name": "reader", "grants": []}
    status, made = api("POST", "/v2/spaces/keys", key)
    assert status == 201
    saved = api.ask("GET", "/_sandbox/state").body
    api.sandbox.reset()
    assert api.get("/v2/spaces/keys")["keys"] == []
    assert api.ask("PUT", "/_sandbox/state", saved).status == 204
    assert [one["access_key"] for one in api.get("/v2/spaces/keys")["keys"]] == [made["key"]["access_key"]]


def test_responses_show_what_follows_from_other_objects(api):
    world = api.sandbox._dispatcher.world
    crewed = replace(SHIPS, show=lambda call, ship: ship.with_public(crew=len(SAILORS.all(call.world, ship["id"]))))
    ship = crewed.add(world, {"name": "argo", "masts": 3}, world.now())
    SAILORS.add(world, {"name": "orpheus"}, world.now(), crewed.key_of(ship))
    call = Call(world, "vpcs_get", "", "", {"id": ship["id"]}, {})
    assert (json.loads(crewed.get()(call).body)["vpc"]["crew"], "crew" in ship.public) == (1, False)
    assert json.loads(crewed.list()(replace(call, operation="vpcs_list")).body)["vpcs"][0]["crew"] == 1


def test_items_of_an_array_have_a_type():
    ports = (Field("ports", type="array", items="integer"),)
    assert read_fields(ports, {"ports": [80, "443"]}) == {"ports": [80, 443]}
    assert refusal(ports, {"ports": [80, "https"]}) == "an item of ports must be an integer."
    assert refusal(ports, {"ports": 80}) == "ports must be an array."


def test_services_that_refer_to_an_object_learn_that_it_is_removed(api):
    world = api.sandbox._dispatcher.world
    ship = SHIPS.add(world, {"name": "argo", "masts": 3}, world.now(), settled=True)
    seen: list[str] = []
    names = ("ships.removed", "ships.removed.ports", "ships.removedly", "ships.sailors.removed")
    world.effects = {**world.effects, **{name: lambda *_, name=name: seen.append(name) for name in names}}
    SHIPS.remove(world, ship)
    assert seen == ["ships.removed", "ships.removed.ports"]


def test_a_resource_without_a_price_is_not_on_the_bill(make_api):
    api = make_api(droplets=0)
    before = api.get("/v2/customers/my/invoices/preview")
    assert api("POST", "/v2/spaces/keys", {"name": "reader", "grants": []})[0] == 201
    api.clock.advance(60 * 86_400)
    assert api.get("/v2/customers/my/invoices/preview")["invoice_items"] == before["invoice_items"] == []
    assert api.get("/v2/customers/my/invoices")["invoices"] == []


def test_keys_without_a_name_are_listed_beside_those_with_one(api):
    for body in ({"grants": []}, {"name": "reader", "grants": []}):
        assert api("POST", "/v2/spaces/keys", body)[0] == 201
    assert [one["name"] for one in api.get("/v2/spaces/keys?name=reader")["keys"]] == ["reader"]


def test_only_the_object_itself_is_shown_by_its_own_declaration(api):
    hulls = Resource("hulls", show=lambda _call, hull: hull.with_public(shown=True))
    world = api.sandbox._dispatcher.world
    hull, other = (hulls.add(world, {}, 0.0) for _ in range(2))
    call = Call(world, "droplets_get", "", "", {"id": hull["id"]}, {})
    for found, shown in ((hull, True), (hull.with_public(name="argo"), True), (other, False)):
        reply = hulls.on(lambda _call, _hull, found=found: found)(call)
        assert ("shown" in json.loads(reply.body)["droplet"]) == shown


def test_a_unique_field_may_be_missing_until_a_change(api):
    rafts = Resource("rafts", fields=(Field("name", type="string", unique=True),))
    world = api.sandbox._dispatcher.world
    raft = rafts.add(world, {}, 0.0)
    call = Call(world, "droplets_get", "", "", {"id": raft["id"]}, {}, {"name": "argo"})
    assert rafts.change_from(call, raft)["name"] == "argo"
