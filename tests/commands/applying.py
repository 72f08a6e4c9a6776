"""Apply a frame as a user does, and check what every application must hold: shared by the tests of ``%do apply``."""

from __future__ import annotations

import warnings

import pandas as pd
import pytest

from poseidon_nb import errors

IMAGE = "debian-12-x64"
DOMAIN = "tidepool-maps.example"
RECORDS = f"records list {DOMAIN}"
NEW = {
    "name": "new-1",
    "size": "s-1vcpu-1gb",
    "image": IMAGE,
    "region": "nyc3",
    "tags": ["web"],
    "features": ["backups"],
}


def with_row(frame, **row):
    with warnings.catch_warnings():
        # pandas 2.2 warns of columns without a value.
        warnings.simplefilter("ignore", FutureWarning)
        return pd.concat([frame, pd.DataFrame([row])], ignore_index=True)


def apply(desk, frame, options=""):
    """Plan and apply a frame, check that what is sent is what the plan shows, and that nothing is left; returns the plan."""
    desk.sent()
    plan = desk.do(f"apply {{frame}} {options} --plan", frame=frame)
    assert desk.changes() == []
    shown = [(one.method, one.path) for one in plan.requests()]
    desk.do(f"apply {{frame}} {options} --dry-run", frame=frame)
    assert [
        line for line in desk.ui.said[-1].splitlines() if line.split(" ")[0] in {"POST", "PUT", "PATCH", "DELETE"}
    ] == [
        f"{step.request.method} {step.request.target}{'  (if needed)' if step.when == 'if needed' else ''}"
        for step in plan.steps
    ]
    desk.sent()
    outcomes = desk.do(f"apply {{frame}} {options} --yes", frame=frame)
    # A firewall is only accepted (202); nothing waits until its droplets have its rules.
    accepted = {"in-progress"} if any(step.targets[0].kind == "firewall" for step in plan.steps) else set()
    assert {*outcomes["status"]} <= {"completed", "unchanged", *accepted}
    sent = [(one.partition(" ")[0], one.partition(" ")[2]) for one in desk.changes()]
    # Steps that are only sent if needed are not, and placeholders are the ids of what was created.
    needed = [pair for pair, step in zip(shown, plan.steps, strict=True) if step.when != "if needed"]
    paths = {path for _, path in needed}
    assert sorted(method for method, _ in sent) == sorted(method for method, _ in needed)
    assert {path for _, path in sent if path in paths} == {path for path in paths if "<" not in path}
    again = desk.do(f"apply {{frame}} {options} --plan", frame=frame)
    assert again.is_empty, again
    return plan


def listed(desk, line="droplets list"):
    return desk.do(line)


def names(plan):
    return [(step.verb, step.targets[0].name) for step in plan.steps]


def refused(desk, frame, options=""):
    desk.sent()
    with pytest.raises(errors.InvalidArgument) as caught:
        desk.do(f"apply {{frame}} {options} --yes", frame=frame)
    assert desk.changes() == []
    assert "\n" not in str(caught.value)
    return str(caught.value)


def another_session(desk):
    session = type(desk.session)(desk.session.clock)
    session.use_sandbox(desk.sandbox)
    return session
