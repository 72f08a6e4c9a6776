"""Answers that are spoiled on their way: what was accepted is named, nothing is made up, and no droplet stays off."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from email.utils import format_datetime

import pytest

import poseidon_nb as po
from poseidon_nb.client.client import connect
from tests.faults.proxy import Answer, FaultPlan, Proxy, sandbox_forward

BIGGER = "s-4vcpu-8gb"
SIGN_IN = b"<!DOCTYPE html><html><body>Sign in</body></html>"


class Between:
    """Stands between a client and the sandbox, and spoils answers as it is told."""

    def __init__(self, sandbox) -> None:
        self._forward = sandbox_forward(sandbox)
        self._rules = []
        self.log = []

    def spoil(self, method, path, how, *, skip=0, times=None, body="", before=False):
        """Change the answers to matching requests; with ``before`` the service never sees these."""
        self._rules.append([method, re.compile(path), body, how, skip, times, before])

    def forget(self):
        """Spoil nothing any more."""
        self._rules.clear()

    def __call__(self, method, path, query, headers, body):
        rule = self._rule(method, path, body.decode())
        if rule is not None and rule[6]:
            self.log.append((method, path, body.decode(), 0))
            return rule[3](Answer(503, [], b""))
        answer = self._forward(method, path, query, headers, body)
        self.log.append((method, path, body.decode(), answer.status))
        return answer if rule is None else rule[3](answer)

    def _rule(self, method, path, body):
        for rule in self._rules:
            if rule[0] != method or not rule[1].fullmatch(path) or rule[2] not in body:
                continue
            if rule[4]:
                rule[4] -= 1
            elif rule[5] is None or rule[5] > 0:
                rule[5] = None if rule[5] is None else rule[5] - 1
                return rule
        return None

    def accepted(self, method="POST"):
        """Return the types of the actions that were accepted, or the paths of what else was changed."""
        return [
            json.loads(body).get("type", path) if body else path
            for made, path, body, status in self.log
            if made == method and 200 <= status < 300
        ]


def page(body=SIGN_IN, status=200):
    """Return what puts a web page, or other bytes, in the place of an answer."""
    return lambda _: Answer(status, [("content-type", "text/html" if body[:1] == b"<" else "application/json")], body)


def changed(change):
    """Return what changes the JSON of an answer in place."""

    def how(answer):
        row = json.loads(answer.body)
        change(row)
        return answer._replace(body=json.dumps(row).encode())

    return how


@pytest.fixture
def between(sandbox):
    return Between(sandbox)


@pytest.fixture
def spoiled(between, sandbox, clock):
    """Return a client whose answers pass through `between`."""
    with (
        Proxy(between, FaultPlan(1, rate=0.0, bursts=0.0), clients=1, limit_s=60) as proxy,
        connect(base_url=proxy.urls[0], token=sandbox.token, clock=clock) as client,
    ):
        client.engine.drive = lambda engine: None
        yield client


@pytest.fixture
def web(spoiled):
    return spoiled.droplets.by_name("web-1")


# A chain.
def test_a_droplet_that_cannot_be_read_before_its_power_on_is_read_later(between, web):
    between.spoil("GET", f"/v2/droplets/{web.id}", page(), skip=1, times=12)
    assert web.resize(BIGGER, restart=True).completed
    assert between.accepted() == ["shutdown", "resize", "power_on"]
    assert web.refresh().active


@pytest.mark.parametrize("how", [page(), page(b'{"id": "forbidden", "message": "No."}', 403), page(b"", 503)])
def test_a_droplet_that_can_never_be_read_is_powered_on_anyway(between, client, clock, web, how):
    between.spoil("GET", f"/v2/droplets(/{web.id})?", how)
    assert web.resize(BIGGER, restart=True).completed
    assert between.accepted() == ["shutdown", "resize", "power_on"]
    clock.advance(30)
    assert client.droplets.get(web.id).active


def test_a_shutdown_whose_answer_was_an_error_and_which_does_not_show_yet_strands_no_droplet(between, client, web):
    between.spoil("POST", ".*/actions", page(b"{}", 500), body="shutdown", times=1)
    between.spoil("GET", f"/v2/droplets/{web.id}/actions", page(), skip=1, times=15)
    with pytest.raises(po.ServerError, match=f"droplets actions {web.id}"):
        web.resize(BIGGER, restart=True)
    assert between.accepted() == ["shutdown", "power_on"]
    assert client.droplets.get(web.id).active


def test_a_look_that_fails_once_is_followed_by_another(between, client, web):
    between.spoil("POST", ".*/actions", page(), times=1)
    between.spoil("GET", f"/v2/droplets/{web.id}/actions", page(), times=5)
    assert web.power_off().completed
    assert between.accepted() == ["power_off"]


def test_an_error_of_a_later_step_names_what_was_done_before(between, web):
    between.spoil("POST", ".*/actions", page(b"{}", 502), body="power_on", before=True)
    with pytest.raises(po.ServerError) as failed:
        web.resize(BIGGER, restart=True)
    resize = next(action for action in web.actions() if action.type == "resize")
    assert failed.value.action.id == resize.id
    assert (failed.value.step.verb, failed.value.droplet.id) == ("power_on", web.id)
    for word in (str(resize.id), str(web.id), web.name, f"%do droplets actions {web.id}", "was sent 5 times"):
        assert word in str(failed.value)


def test_a_power_on_that_is_lost_is_sent_again_while_the_droplet_is_off(between, web):
    between.spoil("POST", ".*/actions", page(b"{}", 502), body="power_on", before=True, times=2)
    between.spoil("POST", ".*/actions", page(), body="power_on", before=True, times=1)
    # After one reading before all, and three searches, the one that finds nothing running is repeated too.
    between.spoil("GET", f"/v2/droplets/{web.id}/actions", page(b"null"), skip=4, times=1)
    assert web.resize(BIGGER, restart=True).completed
    assert between.accepted() == ["shutdown", "resize", "power_on"]
    assert web.refresh().active


def test_a_power_on_that_was_carried_out_is_not_sent_again_although_it_cannot_be_found(between, client, clock, web):
    between.spoil("POST", ".*/actions", page(b"{}", 502), body="power_on")
    # The search is refused, and the next reading shows that it runs.
    refused = page(b'{"id": "forbidden", "message": "No."}', 403)
    between.spoil("GET", f"/v2/droplets/{web.id}/actions", refused, skip=1, times=1)
    with pytest.raises(po.ServerError, match="was sent once"):
        web.resize(BIGGER, restart=True)
    assert between.accepted() == ["shutdown", "resize", "power_on"]
    clock.advance(30)
    assert client.droplets.get(web.id).active


def test_a_power_on_that_restores_nothing_is_sent_once(between, web):
    web.power_off()
    between.spoil("POST", ".*/actions", page(b"{}", 502), body="power_on", before=True, times=1)
    with pytest.raises(po.ServerError, match="was sent once"):
        web.power_on()
    assert between.accepted() == ["power_off"]


def test_a_busy_droplet_whose_actions_cannot_be_read_is_tried_again(between, client, web):
    client.droplets.get(web.id).reboot(wait=False)
    between.spoil("GET", f"/v2/droplets/{web.id}/actions", page(), times=5)
    assert web.power_off().completed


def test_what_was_found_and_cannot_be_checked_is_unknown(between, web):
    between.spoil("POST", ".*/actions", page(), times=1)
    between.spoil("GET", f"/v2/droplets/{web.id}/snapshots", page())
    with pytest.raises(po.OutcomeUnknown, match=r"'take_snapshot web-1' was lost.*cannot be read") as unknown:
        web.take_snapshot("kept")
    assert str(unknown.value.action.id) in str(unknown.value)


# Polling.
@pytest.mark.parametrize("how", [page(), page(b""), page(b'{"action'), page(b"", 503)])
def test_garbled_polls_are_repeated(between, web, how):
    between.spoil("GET", r"/v2/actions(/\d+)?", how, times=7)
    assert web.take_snapshot("kept", restart=True).completed
    assert between.accepted() == ["shutdown", "snapshot", "power_on"]


def test_polls_that_are_never_answered_end_with_an_error_that_names_all(between, web, spoiled):
    between.spoil("GET", r"/v2/.*actions(/\d+)?", page())
    with pytest.raises(po.ShapeError) as failed:
        web.power_off()
    assert failed.value.action.type == "power_off"
    for word in (web.name, str(web.id), f"%do actions wait {failed.value.action.id}"):
        assert word in str(failed.value)
    with pytest.raises(po.PoseidonError) as failed:
        spoiled.droplets.create(name="new-1", size="s-1vcpu-1gb", image="ubuntu-24-04-x64", region="sfo3")
    for word in ("new-1", str(failed.value.droplet.id), f"%do actions wait {failed.value.action.id}"):
        assert word in str(failed.value)


def test_a_deleted_droplet_that_is_still_there_is_not_called_gone(between, web):
    there = []

    def again(answer):
        there[:] = there or [answer]
        return there[0]

    between.spoil("GET", f"/v2/droplets/{web.id}", again)
    web.refresh()
    with pytest.raises(
        po.ActionTimedOut,
        match=f"still exists 30 s after its deletion was accepted. Check it with %do droplets get {web.id}",
    ) as late:
        web.delete()
    assert late.value.droplet.id == web.id


# Other shapes than were documented.
def test_ids_as_text_are_ids(between, web):
    between.spoil("POST", ".*/actions", changed(lambda row: row["action"].update(id=str(row["action"]["id"]))))
    assert web.power_off().completed
    assert isinstance(web.take_snapshot("kept").id, int)


def test_an_action_of_which_only_the_id_is_told_is_waited_for(between, web):
    def bare(row):
        row["action"] = {"id": row["action"]["id"]}

    between.spoil("POST", ".*/actions", changed(bare))
    action = web.power_off()
    assert (action.completed, action.type) == (True, "power_off")
    assert web.resize(BIGGER).completed


def test_a_droplet_of_which_only_the_id_is_told_is_waited_for(between, spoiled):
    def bare(row):
        row["droplet"] = {"id": str(row["droplet"]["id"])}
        del row["links"]

    between.spoil("POST", "/v2/droplets", changed(bare))
    made = spoiled.droplets.create(name="new-1", size="s-1vcpu-1gb", image="ubuntu-24-04-x64", region="sfo3")
    assert (made.name, made.active) == ("new-1", True)


def test_another_2xx_than_was_documented_is_an_answer(between, web, spoiled):
    between.spoil("POST", ".*", lambda answer: answer._replace(status=204 if not answer.body else 200))
    assert web.power_off().completed
    assert spoiled.tags.create("blue").name == "blue"


@pytest.mark.parametrize("body", [b"", b"{}", b"null", SIGN_IN])
def test_a_delete_that_is_answered_by_something_else_is_checked_against_the_account(between, spoiled, client, body):
    client.tags.create("blue")
    between.spoil("DELETE", ".*", page(body), before=True, times=1)
    with pytest.raises(po.OutcomeUnknown, match="tags list"):
        spoiled.tags.delete("blue")
    between.spoil("DELETE", ".*", page(body))
    spoiled.tags.delete("blue")
    assert "blue" not in {tag.name for tag in client.tags.list()}
    for droplet in [one for one in client.droplets.list() if one.active][:1]:
        spoiled.droplets.delete(droplet.id)
        assert droplet.id not in {one.id for one in client.droplets.list()}


@pytest.mark.parametrize("body", [b"", b"{}", b"null", SIGN_IN])
def test_a_change_without_a_response_that_is_answered_by_something_else_is_unknown(between, spoiled, client, web, body):
    client.tags.create("blue")
    between.spoil("POST", "/v2/tags/blue/resources", page(body), before=True)
    resources = [{"resource_id": str(web.id), "resource_type": "droplet"}]
    with pytest.raises(po.OutcomeUnknown, match="tags list"):
        spoiled.call("tags_assign_resources", tag_id="blue", resources=resources)
    assert "blue" not in client.droplets.get(web.id).tags


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b'{"vpc": null}', SIGN_IN])
def test_a_change_that_is_answered_by_nothing_of_it_is_checked_against_the_account(between, spoiled, body):
    vpc = spoiled.call("vpcs_create", name="net", region="nyc3")["vpc"]
    between.spoil("PATCH", ".*", page(body), before=True, times=1)
    with pytest.raises(po.OutcomeUnknown, match=f"GET /v2/vpcs/{vpc['id']}"):
        spoiled.call("vpcs_patch", vpc_id=vpc["id"], name="net-2")
    between.spoil("PATCH", ".*", page(body))
    assert spoiled.call("vpcs_patch", vpc_id=vpc["id"], name="net-3")["vpc"]["name"] == "net-3"


def test_a_lost_change_of_something_that_does_not_show_is_unknown(between, spoiled):
    vpc = spoiled.call("vpcs_create", name="net", region="nyc3")["vpc"]
    between.spoil("GET", "/v2/vpcs/.*", changed(lambda row: row["vpc"].pop("description")))
    between.spoil("PATCH", ".*", page(b"{}"))
    with pytest.raises(po.OutcomeUnknown):
        spoiled.call("vpcs_patch", vpc_id=vpc["id"], name="net", description="of mine")


# Anything else.
def test_an_action_on_a_volume_is_searched_for(between, spoiled):
    volume = spoiled.call("volumes_create", name="data", size_gigabytes=5, region="nyc3")["volume"]
    wanted = {"volume_id": volume["id"], "type": "resize", "size_gigabytes": 9, "region": "nyc3"}
    between.spoil("POST", ".*/actions", page(b"{}"), before=True, times=1)
    with pytest.raises(po.OutcomeUnknown):
        spoiled.call("volumeActions_post_byId", **wanted)
    between.spoil("POST", ".*/actions", page(b"{}"), times=1)
    assert spoiled.call("volumeActions_post_byId", **wanted)["action"]["type"] == "resize_volume"
    # What somebody else does at that moment leaves another size.
    between.spoil("POST", ".*/actions", page(b"{}"), before=True)
    spoiled.clock.advance(60)
    with pytest.raises(po.OutcomeUnknown):
        spoiled.call("volumeActions_post_byId", **{**wanted, "size_gigabytes": 12})


def test_a_resource_without_a_name_is_searched_for_too(between, spoiled):
    between.spoil("POST", "/v2/reserved_ips", page(b"{}"), before=True)
    with pytest.raises(po.OutcomeUnknown):
        spoiled.call("reservedIPs_create", region="nyc3")


def test_a_droplet_that_was_called_for_is_found_in_the_shape_that_was_requested(between, spoiled):
    between.spoil("POST", "/v2/droplets", page())
    made = {"size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", "region": "sfo3"}
    assert spoiled.call("droplets_create", name="new-1", **made)["droplet"]["name"] == "new-1"
    assert [row["name"] for row in spoiled.call("droplets_create", names=["new-2"], **made)["droplets"]] == ["new-2"]


# Clocks.
@pytest.mark.parametrize("hours", [-1, 1])
@pytest.mark.parametrize("whose", ["ours", "the server's"])
def test_a_clock_that_is_set_between_request_and_look_leaves_the_outcome_unknown(
    between, spoiled, web, clock, hours, whose
):
    def set_ours(answer):
        clock.start += timedelta(hours=hours)
        return page()(answer)

    def set_theirs(answer):
        moved = format_datetime(clock.now() + timedelta(hours=hours), usegmt=True)
        headers = [(name, value) for name, value in answer.headers if name.lower() != "date"]
        return answer._replace(headers=[*headers, ("date", moved)])

    made = {"size": "s-1vcpu-1gb", "image": "ubuntu-24-04-x64", "region": "sfo3"}
    if whose == "ours":
        between.spoil("POST", ".*", set_ours)
    else:
        between.spoil("POST", ".*", page())
        between.spoil("GET", f"/v2/droplets(/{web.id}/actions)?", set_theirs)
    with pytest.raises(po.OutcomeUnknown):
        spoiled.droplets.create(name="new-1", **made)
    # Somebody reads the right time again.
    spoiled.regions.list()
    with pytest.raises(po.OutcomeUnknown):
        web.reboot()
    assert between.accepted() == ["/v2/droplets", "reboot"]
