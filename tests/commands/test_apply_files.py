"""``%do apply`` with files, tables of commands, and from Python."""

from __future__ import annotations

import importlib.util

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


def test_every_kind_that_can_be_edited_is_saved_as_yaml_and_read_back(desk, tmp_path):
    file = tmp_path / "saved.yaml"
    for line in (
        "droplets list",
        f"records list {DOMAIN}",
        "firewalls list",
        "volumes list",
        "reserved-ips list",
        "tags list",
    ):
        desk.do(f"{line} --save {file}")
        assert desk.do(f"apply {file} --plan").is_empty, line
    desk.do(f"droplets list --tag web --columns name,size,tags --save {file}")
    assert file.read_text().splitlines()[:3] == ["- name: web-1", "  size: s-2vcpu-4gb", "  tags: [web, 'env:prod']"]
    assert "Wrote 4 rows as YAML" in desk.ui.said[-1]
    file.write_text(file.read_text().replace("s-1vcpu-2gb", "s-4vcpu-8gb"))
    steps = desk.do(f"apply {file} --plan --restart").steps
    assert {step.targets[0].name for step in steps} == {"staging-web"}


def test_parquet_is_written_and_read_where_pyarrow_is_installed_and_elsewhere_is_one_clear_line(desk, tmp_path):
    file = tmp_path / "saved.parquet"
    if importlib.util.find_spec("pyarrow") is None:
        with pytest.raises(
            errors.InvalidArgument, match=r"^--save .* needs pyarrow\. Use pip install pyarrow, or a CSV file\.$"
        ):
            desk.do(f"droplets list --save {file}")
        assert not file.exists()
        return
    for line in (
        "droplets list",
        f"records list {DOMAIN}",
        "firewalls list",
        "volumes list",
        "reserved-ips list",
        "tags list",
    ):
        desk.do(f"{line} --save {file}")
        assert desk.do(f"apply {file} --plan").is_empty, line
    fleet = desk.do("droplets list --tag web")
    fleet.loc[fleet["name"] == "staging-web", "size"] = "s-4vcpu-8gb"
    fleet.at[0, "tags"] = ["web"]
    fleet.to_parquet(file)
    plan = desk.do(f"apply {file} --plan --restart --max-changes 50%")
    assert {(step.verb, step.targets[0].name) for step in plan.steps} >= {("resize", "staging-web"), ("untag", "web-1")}
    file.write_text("no parquet")
    with pytest.raises(errors.InvalidArgument, match=r"^Cannot read .*saved\.parquet: "):
        desk.do(f"apply {file} --plan")


def test_a_csv_file_is_read_as_pandas_and_excel_write_it(desk, tmp_path):
    fleet, ips = desk.do("droplets list"), desk.do("reserved-ips list")
    fleet.loc[0, "name"] = "web-x"
    file = tmp_path / "fleet.csv"
    for options in ({}, {"index": False}, {"sep": ";", "decimal": ","}, {"sep": "\t"}, {"lineterminator": "\r\n"}):
        for encoding in ("utf-8", "utf-8-sig"):
            fleet.to_csv(file, encoding=encoding, **options)
            plan = desk.do(f"apply {file} --plan")
            assert [(one.verb, one.targets[0].name) for one in plan.steps] == [("rename", "web-1")], options
            assert not any("Ignored" in note for note in plan.notes), options
    # A column with an empty cell is one of floats.
    ips.assign(droplet_id=ips["droplet_id"].astype("float64")).to_csv(file, index=False)
    assert "521000032.0" in file.read_text()
    assert desk.do(f"apply {file} --plan").is_empty


def test_a_file_that_cannot_be_read_is_one_clear_line(desk, tmp_path, monkeypatch):
    cases = {
        "no.csv": (None, r"No such file or directory\.$"),
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
    with pytest.raises(errors.InvalidArgument, match=r"No such file or directory\. Did you mean short\.csv\?$"):
        desk.do(f"apply {tmp_path}/shrt.csv --plan")
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


def test_two_kernels_that_apply_a_file_at_the_same_moment_create_nothing_twice(desk, tmp_path, monkeypatch):
    file = tmp_path / "fleet.yaml"
    file.write_text(f"droplets:\n- {{name: new-1, size: g-4vcpu-16gb, image: {IMAGE}, region: nyc3}}\n")
    other, refusals = another_session(desk), []

    def answer(question):
        with pytest.raises(
            errors.InvalidArgument, match=r"Another command is applying a frame to this account"
        ) as caught:
            run_line(f"apply {file} --yes", session=other)
        refusals.append(caught.value)
        # To look is always possible.
        assert run_line(f"apply {file} --plan", session=other)
        return True

    monkeypatch.setattr(desk.ui, "ask", answer)
    desk.do(f"apply {file}")
    assert len(refusals) == 1
    assert run_line(f"apply {file} --yes", session=other) is None
    assert list(desk.do("droplets list")["name"]).count("new-1") == 1


def test_without_a_state_directory_a_frame_is_applied_too(desk, tmp_path, monkeypatch, caplog):
    (tmp_path / "file").touch()
    monkeypatch.setenv("POSEIDON_STATE_DIR", str(tmp_path / "file"))
    fleet = desk.do("droplets list").set_index("name", drop=False)
    fleet.loc["train-1", "name"] = "train-2"
    assert list(desk.do("apply {frame} --yes", frame=fleet)["status"]) == ["completed"]
