"""Frozen droplets and leases survive faults and kills; and the judge of the freeze run finds what is planted."""

from __future__ import annotations

import random

from tests.faults.account import Account
from tests.faults.freeze_run import (
    NAME,
    Result,
    Witness,
    furnish,
    judge_leases,
    picture,
    run_cycle,
    run_lease,
)
from tests.faults.kill_child import FIRST_SIZE, IMAGE, REGION
from tests.faults.proxy import sandbox_forward


def test_droplets_come_back_through_faults_and_kills() -> None:
    # Odd cycles are spoiled, even ones killed.
    for number in (1, 2):
        assert run_cycle(number).findings == [], number


def test_kernels_that_are_killed_leave_leases_that_another_reaps() -> None:
    for number in (0, 5):
        assert run_lease(number).findings == [], number


def test_a_droplet_that_is_destroyed_without_a_snapshot_is_found() -> None:
    account, result = Account(3), Result(3, "planted")
    id_ = account.droplet("web", size=FIRST_SIZE, region=REGION, image=IMAGE)
    witness = Witness(account, sandbox_forward(account.sandbox), result)
    headers = {"authorization": f"Bearer {account.token}"}
    assert witness("GET", f"/v2/droplets/{id_}", "", headers, b"").status == 200
    assert witness("DELETE", f"/v2/droplets/{id_}", "", headers, b"").status == 204
    assert [kind for kind, _ in result.findings] == ["unverified"]


def test_a_difference_in_anything_that_refers_to_a_droplet_is_found() -> None:
    account = Account(4)
    id_ = furnish(account, random.Random(4))
    before = picture(account, id_)
    assert before["droplet"]["name"] == NAME
    account.make("/v2/tags", name="more")
    account.ask(
        "POST", "/v2/tags/more/resources", {"resources": [{"resource_id": str(id_), "resource_type": "droplet"}]}
    )
    assert picture(account, id_) != before


def test_leases_that_were_left_and_droplets_that_are_gone_are_found() -> None:
    account, result = Account(5), Result(5, "planted")
    others = []
    account.droplet("job-0", size=FIRST_SIZE, region=REGION, image=IMAGE, tags=["lease:2026-11-23T12:00:00Z"])
    judge_leases(account, ["job-0"], ["fleet-0", "fleet-1"], others, result)
    assert [kind for kind, _ in result.findings] == ["left", "touched"]
