"""``%do apply`` with files, tables of commands, and from Python."""

from __future__ import annotations

import pandas as pd
import pytest

import poseidon_nb as po
from poseidon_nb import errors
from poseidon_nb.magics.do import run_line
from tests.commands.applying import (
    DOMAIN,
    IMAGE,
    RECORDS,
    another_session,
    listed,
    names,
)

FLEET = f"""
firewalls:
- name: shop
  tags: [shop]
  inbound_rules:
  - {{protocol: tcp, ports: 443, sources: {{addresses: [0.0.0.0/0]}}}}
droplets:
- {{name: shop-1, size: s-1vcpu-1gb, image: {IMAGE}, region: nyc3, tags: [shop], features: [monitoring]}}
- {{name: shop-2, size: s-1vcpu-1gb, image: {IMAGE}, region: nyc3, tags: [shop]}}
volumes:
- {{name: shop-data, region: nyc3, size_gigabytes: 10, droplet_ids: [shop-1]}}
reserved_ips:
- {{ip: 198.18.250.5, droplet_id: shop-2}}
records:
- {{domain: {DOMAIN}, type: A, name: shop, data: <address of shop-1>, ttl: 300}}
- {{domain: {DOMAIN}, type: A, name: shop, data: <address of shop-2>, ttl: 300}}
"""


def test_a_yaml_file_is_a_whole_fleet_in_the_right_order(desk, tmp_path):
    file = tmp_path / "fleet.yaml"
    file.write_text(FLEET)
    plan = desk.do(f"apply {file} --plan --max-changes 50%")
    kinds = [step.targets[0].kind for step in plan.steps]
    assert kinds == ["tag", "firewall", "droplet", "droplet", "volume", "volume", "reserved IP", "record", "record"]
    desk.sent()
    desk.do(f"apply {file} --yes --max-changes 50%")
    sent = [line.split("?")[0] for line in desk.changes()]
    assert sent.index("POST /v2/firewalls") < sent.index("POST /v2/droplets")
    assert sent[-1] == f"POST /v2/domains/{DOMAIN}/records" or "actions" in sent[-1]
    assert len(sent) == 9
    fleet = listed(desk).set_index("name")
    records = listed(desk, RECORDS)
    assert sorted(records.loc[records["name"] == "shop", "data"]) == sorted(fleet["public_ipv4"][["shop-1", "shop-2"]])
    for session in (desk.session, another_session(desk)):
        assert run_line(f"apply {file} --plan", ui=desk.ui, session=session).is_empty
    # What the file says is what counts, whatever this kernel has listed.
    desk.session.client().droplets.by_name("shop-1").rename("shop-9")
    plan = desk.do(f"apply {file} --plan")
    assert ("create", "shop-1") in names(plan)


def test_a_listing_that_was_saved_can_be_edited_and_applied(desk, tmp_path):
    for line, old, new, name in (
        ("droplets list --tag web", "s-1vcpu-2gb", "s-4vcpu-8gb", "staging-web"),
        ("firewalls list", "'5432'", "'5433'", "db"),
        ("volumes list", ",25,", ",26,", "staging-db-data"),
    ):
        file = tmp_path / f"{name}.csv"
        desk.do(f"{line} --save {file}")
        assert desk.do(f"apply {file} --plan").is_empty
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))
        options = "--restart --max-changes 100%"
        assert {step.targets[0].name for step in desk.do(f"apply {file} --plan {options}").steps} == {name}
        written = file.read_text()
        desk.do(f"apply {file} --yes {options}")
        assert desk.do(f"apply {file} --plan").is_empty
        if name != "staging-db-data":
            # What a listing showed before is an edit in a file, in which nothing is stale.
            desk.do(line)
            file.write_text(written.replace(new, old))
            assert not desk.do(f"apply {file} --plan {options}").is_empty


def test_a_file_that_cannot_be_read_is_one_clear_line(desk, tmp_path, monkeypatch):
    cases = {
        "no.csv": (None, "No such file"),
        "empty.csv": ("", "is empty. Its first line must name the columns."),
        "short.csv": ("id,name\n1\n", "Row 1 of .* has 1 value for 2 columns"),
        "twice.csv": ("id,id\n1,2\n", "has two columns named 'id'"),
        "text.yaml": ("hello", "is not a list of rows"),
        "kind.yaml": ("droplet: []", "has the key 'droplet'. Did you mean droplets?"),
        "rows.yaml": ("droplets: [1]", "is not a list of rows"),
        "bad.yaml": ("a: [", r"bad\.yaml is neither JSON nor YAML"),
        "fleet.parquet": ("x", "needs pyarrow. Use pip install pyarrow, or a CSV file"),
    }
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for name, (text, message) in cases.items():
        file = tmp_path / name
        if text is not None:
            file.write_text(text)
        with pytest.raises(errors.InvalidArgument, match=message):
            desk.do(f"apply {file} --plan")
    with pytest.raises(errors.InvalidArgument, match=r"not 'fleet\.xlsx'"):
        desk.do("apply fleet.xlsx")


def test_without_an_account_nothing_is_planned(empty_desk, monkeypatch):
    frame = pd.DataFrame({"id": [1], "name": ["a"], "size": ["b"]})
    with pytest.raises(errors.PoseidonError):
        empty_desk.do("apply {frame} --dry-run", frame=frame)


def test_from_python_a_frame_is_a_plan_too(desk, monkeypatch):
    monkeypatch.setattr("poseidon_nb.magics.do.default_session", lambda: desk.session)
    fleet = po.do("droplets list --tag web")
    assert po.plan_frame(fleet).is_empty
    fleet.loc[0, "size"] = "s-4vcpu-8gb"
    plan = po.plan_frame(fleet, tag="web", restart=True)
    assert [step.verb for step in plan.steps] == ["shutdown", "power_off", "resize", "power_on"]
    assert po.plan_frame(fleet.drop(index=1), tag="web", delete=True, restart=True, max_changes=50).usd_month == 0.0
    assert set(plan.apply()["status"]) == {"completed", "unchanged"}
    assert po.plan_frame(fleet, as_written=True, max_changes="10%").is_empty
    with pytest.raises(errors.InvalidArgument, match=r"po\.plan_frame needs a DataFrame"):
        po.plan_frame()
    with pytest.raises(errors.GrammarError, match="must be the name of a tag, not empty"):
        po.plan_frame(fleet, tag="")
    with pytest.raises(errors.InvalidArgument, match="takes a DataFrame or a Plan"):
        po.plan_frame("fleet")
