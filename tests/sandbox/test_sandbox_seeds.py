"""The account that is built from a seed."""

from __future__ import annotations

import json
import statistics
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from poseidon_nb.sandbox import Sandbox
from poseidon_nb.sandbox.actions import DURATIONS_S
from poseidon_nb.sandbox.seeds import company
from tests.conftest import FakeClock
from tests.sandbox.conftest import Api

STATE = ("GET", "/_sandbox/state")


def seconds(action):
    return (
        datetime.fromisoformat(action["completed_at"]) - datetime.fromisoformat(action["started_at"])
    ).total_seconds()


def history(api):
    return api.get("/v2/actions?per_page=200")["actions"] + api.get("/v2/actions?per_page=200&page=2")["actions"]


def test_the_default_account_is_a_believable_small_company(api):
    droplets = api.get("/v2/droplets")["droplets"]
    assert len(droplets) == 12
    assert len({droplet["region"]["slug"] for droplet in droplets}) == 4
    assert [droplet["status"] for droplet in droplets].count("off") == 2
    assert {"web", "db", "env:prod", "env:staging"} <= {tag["name"] for tag in api.get("/v2/tags")["tags"]}
    assert api.get("/v2/account/keys")["meta"]["total"] == 3
    assert api.get("/v2/snapshots?resource_type=droplet")["meta"]["total"] == 5
    assert api.get("/v2/snapshots?resource_type=volume")["meta"]["total"] == 4
    assert api.get("/v2/volumes")["meta"]["total"] == 4
    assert api.get("/v2/reserved_ips")["meta"]["total"] == 2
    for droplet in droplets:
        assert droplet["size_slug"] in droplet["region"]["sizes"]
        assert (droplet["image"]["min_disk_size"] or 0) <= droplet["disk"]


def test_addresses_are_never_routed_and_unique(make_api):
    api = make_api(droplets=2000)
    addresses = []
    for page in range(1, 11):
        for droplet in api.get(f"/v2/droplets?per_page=200&page={page}")["droplets"]:
            addresses += [network["ip_address"] for network in droplet["networks"]["v4"]]
    assert len(addresses) == len(set(addresses)) == 4000
    assert all(address.startswith(("198.18.", "198.19.", "10.")) for address in addresses)


def test_the_history_covers_weeks_and_has_failures(api):
    actions = history(api)
    started = [datetime.fromisoformat(action["started_at"]) for action in actions]
    assert (max(started) - min(started)).days > 40
    assert max(started) < api.clock.now()
    assert {"completed", "errored"} == {action["status"] for action in actions}
    assert len({action["type"] for action in actions}) > 8


@pytest.mark.parametrize("speed", [1, 4])
def test_the_history_is_as_fast_as_new_actions_are(make_api, speed):
    api = make_api(speed=speed)
    past = statistics.median(seconds(action) for action in history(api) if action["type"] == "power_on")
    assert past == pytest.approx(DURATIONS_S["power_on"][0] / speed, rel=0.4)


def test_actions_of_one_type_do_not_all_take_the_same_time(make_api):
    taken = {seconds(action) for action in history(make_api(speed=1)) if action["type"] == "power_on"}
    assert len(taken) > 3


def test_the_same_seed_makes_the_same_account_and_another_one_does_not(make_api):
    first, second, other = (json.loads(make_api(seed=seed).ask(*STATE).body) for seed in (7, 7, 8))
    assert len({state.pop("id") for state in (first, second, other)}) == 3
    assert first == second
    assert first != other


@pytest.mark.parametrize("droplets", [0, 1, 12, 13, 300])
def test_any_number_of_droplets_can_be_created(make_api, droplets):
    api = make_api(droplets=droplets)
    assert api.get("/v2/droplets")["meta"]["total"] == droplets
    assert api.get("/v2/droplets?type=gpus")["meta"]["total"] == (1 if droplets else 0)
    assert api.get("/v2/account")["account"]["droplet_limit"] > droplets
    ids = [droplet["id"] for droplet in api.get("/v2/droplets?per_page=200")["droplets"]]
    assert ids == sorted(set(ids))


def test_every_region_of_the_seed_sells_its_sizes(api):
    reference_data = api.sandbox._dispatcher.world.reference_data
    for _, size, _ in company.EXTRA_DROPLETS:
        for region in company.EXTRA_REGIONS:
            assert region in reference_data.sizes[size]["regions"]
    assert company.GPU_DROPLET.region in reference_data.sizes[company.GPU_DROPLET.size]["regions"]


@pytest.mark.parametrize(("seed", "droplets"), [(7, 12), (3, 12), (7, 40)])
def test_some_droplets_were_resized_and_kept_their_disks(make_api, seed, droplets):
    api = make_api(seed=seed, droplets=droplets)
    tied = {
        droplet["name"]: (droplet["size_slug"], droplet["disk"], droplet["disk_info"][0]["size"]["amount"])
        for droplet in api.get("/v2/droplets?per_page=200")["droplets"]
        if droplet["disk"] < droplet["size"]["disk"]
    }
    assert tied == {"staging-web": ("s-1vcpu-2gb", 25, 25), "build-1": ("s-4vcpu-8gb", 80, 80)}
    for name in tied:
        droplet = api.droplet(name)
        actions = api.get(f"/v2/droplets/{droplet['id']}/actions?per_page=200")["actions"]
        (resize,) = [action for action in actions if action["type"] == "resize"]
        assert resize["status"] == "completed"
        done = datetime.fromisoformat(resize["completed_at"])
        assert datetime.fromisoformat(droplet["created_at"]) < done
        # What is billed now, and the two weeks that the advice looks at, know one size.
        assert (api.clock.now() - done).days > 31
        turns = [action for action in reversed(actions) if action["type"] in {"power_on", "power_off", "shutdown"}]
        before = [turn for turn in turns if turn["completed_at"] <= resize["started_at"]]
        assert not before or before[-1]["type"] != "power_on", "it was off while it got its size"


@pytest.mark.parametrize("name", ["staging-web", "build-1"])
def test_metrics_of_a_resized_droplet_reflect_both_sizes_and_one_disk(api, name):
    droplet = api.droplet(name)
    spec = next(spec for spec in company.DROPLETS if spec.name == name)
    original_size = api.sandbox._dispatcher.world.reference_data.sizes[spec.original_size]
    resize = next(
        action
        for action in api.get(f"/v2/droplets/{droplet['id']}/actions?per_page=200")["actions"]
        if action["type"] == "resize"
    )
    at = int(datetime.fromisoformat(resize["completed_at"]).timestamp())
    born, now = int(datetime.fromisoformat(droplet["created_at"]).timestamp()), int(api.clock.now().timestamp())

    def read(kind, start, end):
        query = f"host_id={droplet['id']}&start={start}&end={end}"
        (series,) = api.get(f"/v2/monitoring/metrics/droplet/{kind}?{query}")["data"]["result"]
        return {value for _, value in series["values"]}

    (before,), (after,) = read("memory_total", born, at - 1), read("memory_total", at, now)
    assert int(after) / int(before) == pytest.approx(droplet["memory"] / original_size["memory"], rel=1e-4)
    assert len(read("filesystem_size", born, now)) == 1


@pytest.mark.parametrize("hour", [0, 3, 6.9, 7.1, 9, 14, 16, 18.9, 19.1, 23.9])
def test_a_running_nightly_droplet_was_powered_on_at_any_time_of_day(hour):
    clock = FakeClock(FakeClock().start.replace(hour=0) + timedelta(hours=hour))
    api = Api(Sandbox(clock=clock), clock)
    id_, now = api.droplet("staging-web")["id"], int(clock.now().timestamp())
    turns = [
        action["type"]
        for action in api.get(f"/v2/droplets/{id_}/actions?per_page=200")["actions"]
        if action["type"] in {"power_on", "power_off", "shutdown"}
    ]
    assert turns[0] == "power_on"
    query = f"host_id={id_}&start={now - 14 * 86_400}&end={now}"
    (series,) = api.get(f"/v2/monitoring/metrics/droplet/load_1?{query}")["data"]["result"]
    times = [at for at, _ in series["values"]]
    assert times[-1] > now - 3600
    # A week of readings in two weeks, so that advice is as sure in the evening as in the morning.
    step = min(later - sooner for sooner, later in pairwise(times))
    assert len(times) * step > 0.95 * 7 * 86_400


def test_a_reset_copies_no_record(clock):
    sandbox = Sandbox(droplets=50, clock=clock)
    before = sandbox._dispatcher.world.droplets.all()
    sandbox.reset()
    after = sandbox._dispatcher.world.droplets.all()
    assert before is not after
    assert all(one is other for one, other in zip(before, after, strict=True))
