"""Shared by the tests of the journal: a client, a plan, and a simulated kernel crash."""

from __future__ import annotations

import pytest

from poseidon_nb.client.engine.droplet_steps import resize_step, with_restart
from poseidon_nb.client.engine.steps import Outcome
from poseidon_nb.plans import journal_records
from poseidon_nb.plans.journal import connect
from poseidon_nb.plans.journal_entry import AccountKey, first_line
from poseidon_nb.plans.journal_files import PlanFiles
from poseidon_nb.sandbox import Sandbox

DROPLET = {"id": 521000031, "name": "web-1", "status": "active", "size_slug": "s-1vcpu-1gb"}
CHAIN = with_restart(DROPLET, resize_step(DROPLET, "s-2vcpu-4gb", disk=False))


@pytest.fixture
def client(clock):
    with Sandbox(droplets=2, lag_s=4.0, clock=clock) as sandbox, connect(sandbox, clock=clock) as client:
        yield client


@pytest.fixture(autouse=True)
def _no_running_plans_of_other_tests():
    journal_records._running.clear()


def read(plan_id):
    return PlanFiles().read(plan_id)


def outcomes(step, status, error=None):
    return [Outcome(step, target, status, error=error) for target in step.targets]


def simulate_crash(record):
    """Leave a plan in the state in which a killed kernel leaves it."""
    journal_records._running.pop(record.id)
    record._file.release()


def plan_line(client):
    key = AccountKey("sandbox:x", "y")
    return first_line("abcde", time=client.now(), version="1", title="", account="", key=key, chains=[CHAIN])
