"""Add-ons of the sandbox: what their plans cost."""

from __future__ import annotations

from poseidon_nb.sandbox.invoices import charges


def test_an_addon_is_charged_by_its_plan_once_it_is_provisioned(make_api):
    api = make_api(droplets=0, speed=1)
    world = api.sandbox._dispatcher.world
    start = world.now()
    new = {"name": "logs", "app_slug": "lantern-mail", "plan_slug": "lantern-starter"}
    metadata = [{"name": "newsletter", "value": False}]
    path = f"/v2/add-ons/saas/{api('POST', '/v2/add-ons/saas', {**new, 'metadata': metadata})[1]['resource']['uuid']}"
    assert [one for one in charges(world, start, start + 60) if one.product == "Add-Ons"] == []
    api.clock.advance(3600)
    assert api.get(path)["resource"]["message"] == "Resource is provisioned successfully."
    api.clock.advance(335 * 3600)
    assert api("PATCH", f"{path}/plan", {"plan_slug": "lantern-business"})[0] == 200
    api.clock.advance(336 * 3600)
    assert api("DELETE", path)[0] == 200
    api.clock.advance(3600)
    found = [one for one in charges(world, start, world.now()) if one.product == "Add-Ons"]
    # Half of a month of 672 hours each, at 10 and 60 dollars.
    assert [(one.description, one.cents) for one in found] == [
        ("logs (Lantern Mail, Starter)", 500),
        ("logs (Lantern Mail, Business)", 3000),
    ]
