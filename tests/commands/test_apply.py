"""``%do apply`` with edited frames: each resource type, the errors, and that a plan shows all that is sent."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import poseidon_nb as po
from poseidon_nb import errors
from poseidon_nb.magics.do import run_line

IMAGE = "debian-12-x64"
NEW = {
    "name": "new-1",
    "size": "s-1vcpu-1gb",
    "image": IMAGE,
    "region": "nyc3",
    "tags": ["web"],
    "features": ["backups"],
}


def with_row(frame, **row):
    return pd.concat([frame, pd.DataFrame([row])], ignore_index=True)


def apply(desk, frame, options="", *, sends=None):
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
    desk.do(f"apply {{frame}} {options} --yes", frame=frame)
    sent = [(one.partition(" ")[0], one.partition(" ")[2]) for one in desk.changes()]
    if sends is None:
        # Steps that are only sent if needed are not, and placeholders are the ids of what was created.
        needed = [pair for pair, step in zip(shown, plan.steps, strict=True) if step.when != "if needed"]
        assert len(sent) == len(needed)
        assert sorted(method for method, _ in sent) == sorted(method for method, _ in needed)
        assert {path for _, path in sent if not _is_of_new(path, needed)} == {p for _, p in needed if "<" not in p}
    else:
        assert len(sent) == sends
    again = desk.do(f"apply {{frame}} {options} --plan", frame=frame)
    assert again.is_empty, again
    return plan


def _is_of_new(path, shown):
    return path not in {one for _, one in shown}


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


def test_a_frame_as_listed_is_an_empty_plan_in_any_shape(desk):
    fleet = listed(desk, "droplets list --with project")
    shapes = (
        fleet,
        fleet.set_index("id"),
        fleet[fleet["status"] == "active"],
        fleet[sorted(fleet.columns)],
        fleet[["id", "tags"]],
        fleet.astype({"id": str, "size": "category", "created_at": str, "price_monthly": str}),
        fleet.astype(object).where(fleet["name"] != "web-1"),
        fleet.drop(columns="id"),
    )
    for frame in shapes:
        plan = desk.do("apply {frame} --plan", frame=frame)
        assert plan.is_empty, plan
    assert desk.do("apply {frame}", frame=fleet) is None
    assert desk.ui.said[-1] == "Nothing to change: the account is as the frame says."


def test_droplets_are_renamed_resized_tagged_moved_created_and_get_backups(desk):
    fleet = listed(desk, "droplets list --with project").set_index("name", drop=False)
    web, db, train = "web-1", "db-1", "train-1"
    fleet.loc[web, "size"] = "s-4vcpu-8gb"
    fleet.at[web, "tags"].append("blue")
    fleet.at[web, "tags"].remove("env:prod")
    fleet.at[db, "features"] = ["ipv6"]
    fleet.loc[train, "name"] = "train-2"
    fleet.loc[train, "project"] = "staging"
    fleet = with_row(fleet.reset_index(drop=True), **NEW, project="staging")
    plan = apply(desk, fleet, "--restart")
    assert sorted(names(plan)) == sorted(
        [
            ("create", "new-1"),
            ("move", "new-1"),
            ("shutdown", web),
            ("power_off", web),
            ("resize", web),
            ("power_on", web),
            ("create", "blue"),
            ("tag", web),
            ("untag", web),
            ("disable_backups", db),
            ("enable_ipv6", db),
            ("rename", train),
            ("move", train),
        ]
    )
    row = listed(desk, "droplets list --with project").set_index("name")
    assert (row["size"][web], row["tags"][web], row["project"]["train-2"]) == (
        "s-4vcpu-8gb",
        ["web", "blue"],
        "staging",
    )
    assert "ipv6" in row["features"][db]
    assert "backups" not in row["features"][db]
    assert (row["project"]["new-1"], row["tags"]["new-1"]) == ("staging", ["web"])
    assert "backups" in row["features"]["new-1"]
    # A value that an apply has set counts as seen, so that it can be edited again.
    fleet.loc[fleet["name"] == web, "size"] = "s-8vcpu-16gb"
    assert names(apply(desk, fleet, "--restart"))[2] == ("resize", web)


def test_what_others_have_changed_is_left_or_refused_and_applied_as_written(desk):
    fleet = listed(desk)
    listed(desk, "droplets list --columns id,size")
    client = desk.session.client()
    client.droplets.by_name("web-1").rename("front-1")
    plan = desk.do("apply {fleet} --plan", fleet=fleet)
    assert plan.is_empty
    assert "--as-written applies them): name of Row 0 (front-1)." in plan.notes[0]
    desk.do("apply {fleet}", fleet=fleet)
    assert desk.ui.said[-2] == plan.notes[0]
    assert names(desk.do("apply {fleet} --plan --as-written", fleet=fleet)) == [("rename", "front-1")]
    fleet.loc[0, "name"] = "mine"
    assert "the frame has mine, the last listing showed web-1, and the account has front-1" in refused(desk, fleet)
    listed(desk)
    assert names(apply(desk, fleet)) == [("rename", "front-1")]


def _another_session(desk):
    session = type(desk.session)(desk.session.clock)
    session.use_sandbox(desk.sandbox)
    return session


def test_a_frame_of_another_kernel_is_compared_with_the_account_alone(desk):
    fleet = listed(desk)
    desk.session.client().droplets.by_name("web-1").rename("front-1")
    plan = run_line("apply {fleet} --plan", variables={"fleet": fleet}, ui=desk.ui, session=_another_session(desk))
    assert names(plan) == [("rename", "front-1")]
    assert plan.notes == (
        "Compared with the account alone, because no listing of this kernel showed these rows: each difference is a change.",
    )


def test_with_a_tag_and_delete_the_frame_is_the_whole_of_that_tag(desk):
    fleet = listed(desk, "droplets list --tag web")
    assert "--delete needs --tag TAG" in refused(desk, fleet, "--delete")
    fewer = fleet[fleet["name"] != "web-3"]
    assert desk.do("apply {frame} --plan", frame=fewer).is_empty
    plan = apply(desk, fewer, "--tag web --delete")
    assert names(plan) == [("delete", "web-3")]
    assert plan.usd_month == -24.0
    assert "web-3" not in listed(desk)["name"].tolist()
    many = fewer[fewer["name"] == "web-1"]
    assert refused(desk, many, "--tag web --delete") == (
        "This would delete 2 of 3 droplets with tag web (67%), more than 30%. If that is intended, add --max-changes 67%."
    )
    with pytest.raises(errors.ConfirmationRequired, match="delete 2 droplets"):
        desk.do("apply {frame} --tag web --delete --max-changes 67", frame=many)
    assert "Tag 'wbe' not found" in refused_lookup(desk, fleet, "--tag wbe")
    row = {**NEW, "tags": ["db"]}
    assert "its tags must contain web, because of --tag web" in refused(desk, with_row(fewer, **row), "--tag web")
    # Without tags, a new droplet gets that of the scope.
    apply(desk, with_row(fewer, **{**NEW, "tags": None}), "--tag web")
    assert "new-1" in listed(desk, "droplets list --tag web")["name"].tolist()


def refused_lookup(desk, frame, options):
    with pytest.raises(errors.NoSuchName) as caught:
        desk.do(f"apply {{frame}} {options} --yes", frame=frame)
    return str(caught.value)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (
            {"size": "s-2vcpu-4g"},
            "Row 0 (web-1): unknown size 's-2vcpu-4g'. Did you mean s-2vcpu-4gb or s-2vcpu-4gb-amd?",
        ),
        ({"size": "s-4vcpu-8gb"}, "Row 0 (web-1): its size cannot change while it is active. Add --restart"),
        ({"size": "s-1vcpu-1gb", "restart": 1}, "Row 0 (web-1): Size s-1vcpu-1gb has a disk of 25 GB"),
        ({"region": "ams3"}, "Row 0 (web-1): region cannot be changed from nyc3 to ams3. To move it, take a snapshot"),
        (
            {"image": IMAGE},
            "Row 0 (web-1): image cannot be changed from ubuntu-24-04-x64 to debian-12-x64. Use %do droplets",
        ),
        ({"status": "off"}, "Use %do droplets power_on, shutdown or power_off."),
        ({"memory": 1}, "memory cannot be changed from 4096 to 1. Set its size."),
        ({"name": "no_underscores"}, "'no_underscores' is not a name of a droplet"),
        ({"tags": ["a b"]}, "Row 0 (web-1), column tags: has the tag 'a b'."),
        ({"features": ["bakups"]}, "Row 0 (web-1), column features: has the feature 'bakups'. Did you mean backups?"),
        ({"features": []}, "IPv6 cannot be disabled. Add ipv6 to its features again"),
        ({"id": 521000064}, "Row 0 and Row 1 both have the id 521000064."),
        ({"id": "web"}, "Row 0, column id: must be a whole number, not 'web'."),
        ({"id": None, "name": "db-1"}, "Row 0 and Row 1 share the name db-1."),
        ({"project": "stagin"}, "Row 0 (web-1): project 'stagin' not found. Did you mean staging?"),
    ],
)
def test_a_cell_that_cannot_be_applied_is_named_with_what_is_right(desk, cells, message):
    fleet = listed(desk, "droplets list --with project").astype(object)
    restart = "--restart" if cells.get("restart") else ""
    for column, value in cells.items():
        if column != "restart":
            fleet.at[0, column] = value
    assert message in refused(desk, fleet, restart)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"size": None}, "Row 13 (new-1): a new droplet needs size."),
        ({"size": "s-1vcpu-1g"}, "Did you mean s-1vcpu-1gb or s-1vcpu-1gb-amd?"),
        ({"image": "debian-12-x6"}, "Image 'debian-12-x6' not found. Did you mean debian-12-x64"),
        ({"region": "nyc9"}, "unknown region 'nyc9'. Did you mean"),
        ({"tags": "a,b c"}, "Tags consist of letters"),
        ({"project": "nothing"}, "project 'nothing' not found"),
    ],
)
def test_a_new_row_that_cannot_be_created_is_named(desk, cells, message):
    assert message in refused(desk, with_row(listed(desk), **{**NEW, **cells}))


def test_several_errors_are_told_together_and_the_rest_is_counted(desk):
    fleet = listed(desk)
    fleet["region"] = "ams3"
    message = refused(desk, fleet, "--max-changes 100%")
    assert message.count("region cannot be changed") == 3
    assert message.endswith("10 more errors. Nothing was changed.")


def test_what_no_longer_exists_is_said_and_refused_if_it_was_edited(desk):
    fleet = listed(desk)
    desk.session.client().droplets.by_name("build-1").delete()
    plan = desk.do("apply {fleet} --plan", fleet=fleet)
    assert (plan.is_empty, plan.notes) == (True, ("Left out, because it no longer exists: Row 11 (build-1).",))
    fleet.loc[11, "size"] = "s-1vcpu-1gb"
    assert "Row 11 (build-1): droplet 521000357 no longer exists. Remove the row, or empty its id." in refused(
        desk, fleet
    )
    fleet["id"] = fleet["id"].astype(object)
    fleet.loc[11, "id"] = None
    assert names(apply(desk, fleet)) == [("create", "build-1")]


def test_unknown_columns_and_wrong_options_are_told(desk):
    fleet = listed(desk).rename(columns={"size": "sizes"})
    plan = desk.do("apply {fleet} --plan", fleet=fleet)
    assert plan.notes == ("Column sizes is not one of droplets and is ignored. Did you mean size?",)
    fleet = listed(desk)
    for option, message in (
        ("--max-changes many", "must be a percentage from 0% to 100%, such as 80%, not 'many'"),
        ("--max-changes 101%", "must be a percentage"),
    ):
        assert message in refused(desk, fleet, option)
    assert "--tag cannot be used with records" in refused(desk, listed(desk, RECORDS), "--tag web")
    assert "Two frames hold droplets" in _refused_two(desk, fleet)
    images = listed(desk, "images list --private")
    assert "none of them has the columns" in refused(desk, images)
    # A part of a frame that could be several is known by its ids.
    part = fleet[["id", "name"]]
    assert desk.do("apply {part} --plan", part=part).is_empty
    with pytest.raises(errors.InvalidArgument, match=r"can be about .*droplets.* Keep more of their columns"):
        run_line("apply {part} --plan", variables={"part": part}, ui=desk.ui, session=_another_session(desk))


def _refused_two(desk, fleet):
    with pytest.raises(errors.InvalidArgument) as caught:
        desk.do("apply {fleet} {fleet}", fleet=fleet)
    return str(caught.value)


DOMAIN = "tidepool-maps.example"
RECORDS = f"records list {DOMAIN}"


def test_records_are_changed_created_and_deleted_in_their_domain(desk):
    records = listed(desk, RECORDS)
    records.loc[records["type"] == "SRV", "ttl"] = 600
    records.loc[records["name"] == "assets", "data"] = "cdn.example.net."
    records = with_row(records, type="A", name=f"shop.{DOMAIN}.", data="198.18.0.5", ttl=300)
    records = with_row(records, type="mx", data="mx3.mail.example", priority=30)
    records = with_row(records, type="A", name="front", data="<address of web-1>")
    plan = apply(desk, records)
    assert sorted(names(plan)) == [
        ("create", f"A front.{DOMAIN}"),
        ("create", f"A shop.{DOMAIN}"),
        ("create", f"MX {DOMAIN}"),
        ("update", f"CNAME assets.{DOMAIN}"),
        ("update", f"SRV _xmpp-client._tcp.{DOMAIN}"),
    ]
    now = listed(desk, RECORDS)
    assert now.loc[now["name"] == "front", "data"].tolist() == [listed(desk)["public_ipv4"][0]]
    assert sorted(now.loc[now["type"] == "MX", "priority"]) == [10, 20, 30]
    fewer = now[~now["name"].isin(["shop", "front"]) & (now["type"] != "NS")]
    assert sorted(names(apply(desk, fewer, "--delete"))) == [
        ("delete", f"A front.{DOMAIN}"),
        ("delete", f"A shop.{DOMAIN}"),
    ]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"type": "A", "name": "x"}, "a new record needs data"),
        ({"type": "AA", "name": "x", "data": "198.18.0.5"}, "unknown record type 'AA'. Did you mean A"),
        ({"type": "A", "name": "x", "data": "<address of wbe-1>"}, "droplet 'wbe-1' not found. Did you mean web-1?"),
        (
            {"type": "A", "name": "x", "data": "198.18.0.5", "domain": "tidepool.example"},
            "domain 'tidepool.example' not found",
        ),
        ({"type": "A", "name": "x", "data": "198.18.0.5", "ttl": "soon"}, "must be a whole number, not 'soon'"),
        ({"type": "A", "name": "x.example.org.", "data": "198.18.0.5"}, "is not in tidepool-maps.example"),
    ],
)
def test_a_record_that_cannot_be_created_is_named(desk, row, message):
    assert message in refused(desk, with_row(listed(desk, RECORDS), **row))


def test_a_record_s_type_stays_and_its_domain_must_be_known(desk):
    records = listed(desk, RECORDS)
    records.loc[4, "type"] = "TXT"
    assert "type cannot be changed from A to TXT. Drop the row, and add one" in refused(desk, records)
    row = pd.DataFrame([{"type": "A", "name": "x", "data": "198.18.0.5"}])
    assert "its domain is not known. Add a column domain" in refused(desk, row)
    assert names(apply(desk, row.assign(domain=DOMAIN))) == [("create", f"A x.{DOMAIN}")]
    # A kernel that has not listed them finds them by their ids.
    records = listed(desk, RECORDS)
    records.loc[4, "ttl"] = 777
    plan = run_line(
        "apply {records} --plan", variables={"records": records}, ui=desk.ui, session=_another_session(desk)
    )
    assert [step.change.after for step in plan.steps] == [777]


def test_firewalls_get_rules_tags_and_names_whatever_the_order_of_their_rules(desk):
    firewalls = listed(desk, "firewalls list")
    for column in ("inbound_rules", "outbound_rules"):
        firewalls[column] = [json.loads(json.dumps(rules[::-1])) for rules in firewalls[column]]
    assert desk.do("apply {frame} --plan", frame=firewalls).is_empty
    firewalls.at[0, "inbound_rules"].append(
        {"protocol": "tcp", "ports": 8080, "sources": {"addresses": ["198.18.0.5"]}}
    )
    new = {"name": "shop", "tags": ["shop"], "inbound_rules": [{"protocol": "icmp", "sources": {"tags": ["web"]}}]}
    plan = apply(desk, with_row(firewalls, **new), "--max-changes 50%")
    assert names(plan) == [("create", "shop"), ("create", "shop"), ("update", "web")]
    assert plan.steps[2].change.after == "tcp 8080 from 198.18.0.5"
    rules = listed(desk, "firewalls list")["inbound_rules"][0]
    assert {"protocol": "tcp", "ports": "8080", "sources": {"addresses": ["198.18.0.5"]}} in rules


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"protocol": "tpc", "ports": "80", "sources": {}}, "has the protocol 'tpc'. Did you mean tcp?"),
        ("tcp 80", "has a rule that is not an object"),
        ({"protocol": "tcp", "port": "80"}, "has a rule with 'port'."),
        ({"protocol": "tcp", "ports": "80", "sources": {"address": []}}, "whose sources are not addresses"),
    ],
)
def test_a_rule_that_is_none_is_refused(desk, rule, message):
    firewalls = listed(desk, "firewalls list")
    firewalls.at[0, "inbound_rules"].append(rule)
    assert message in refused(desk, firewalls, "--max-changes 100%")


def test_volumes_grow_and_move_and_are_detached_before_they_are_deleted(desk):
    volumes = listed(desk, "volumes list").set_index("name", drop=False)
    volumes.loc["db-1-data", "size_gigabytes"] = 250
    volumes.at["db-1-data", "droplet_ids"] = ["web-1"]
    volumes.at["old-uploads", "droplet_ids"] = [521000032]
    volumes.at["old-uploads", "tags"] = ["keep"]
    volumes = with_row(volumes, name="fresh", region="nyc3", size_gigabytes=10, droplet_ids=["web-2"])
    plan = apply(desk, volumes, "--max-changes 100%")
    assert sorted(names(plan)) == sorted(
        [
            ("resize", "db-1-data"),
            ("detach", "db-1-data"),
            ("attach", "db-1-data"),
            ("attach", "old-uploads"),
            ("create", "keep"),
            ("tag", "old-uploads"),
            ("create", "fresh"),
            ("attach", "fresh"),
        ]
    )
    assert plan.usd_month == pytest.approx(6.0)
    attached = listed(desk, "volumes list").set_index("name")["droplet_ids"]
    assert (attached["db-1-data"], attached["fresh"]) == ([521000032], [521000100])
    mine = listed(desk, "volumes list")
    mine = mine[mine["name"] != "old-uploads"]
    plan = apply(desk, mine, "--tag keep --delete --max-changes 100%")
    assert names(plan) == [("detach", "old-uploads"), ("delete", "old-uploads")]


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("size_gigabytes", 10, "a volume can only grow, from 200 to 10 GiB"),
        ("droplet_ids", [1], "droplet 1 does not exist"),
        ("droplet_ids", ["web-3"], "droplet 521000186 is in fra1, and the volume is in nyc3"),
        ("droplet_ids", ["web-1", "web-2"], "a volume can be attached to one droplet only"),
        ("name", "other", "Volumes cannot be renamed."),
    ],
)
def test_what_a_volume_cannot_become_is_refused(desk, column, value, message):
    volumes = listed(desk, "volumes list")
    volumes.at[0, column] = value
    assert message in refused(desk, volumes, "--max-changes 100%")


def test_reserved_ips_are_assigned_unassigned_and_swapped(desk):
    ips = listed(desk, "reserved-ips list")
    ips["droplet_id"] = ips["droplet_id"].astype(object)
    ips.loc[1, "droplet_id"] = "web-2"
    assert names(apply(desk, ips, "--max-changes 50%")) == [("assign", ips["ip"][1])]
    ips = listed(desk, "reserved-ips list")
    ips["droplet_id"] = ips["droplet_id"][::-1].to_numpy()
    plan = apply(desk, ips, "--max-changes 100%")
    assert sorted(step.verb for step in plan.steps) == ["assign", "assign", "unassign", "unassign"]
    ips = listed(desk, "reserved-ips list")
    assert ips["droplet_name"].tolist() == ["web-2", "web-1"]
    ips["droplet_id"] = None
    # A listing showed the second one without a droplet before.
    assert len(apply(desk, ips, "--max-changes 100%").steps) == 1
    assert len(apply(desk, ips, "--max-changes 100% --as-written").steps) == 1
    assert listed(desk, "reserved-ips list")["droplet_id"].isna().all()
    ips.loc[0, "droplet_id"] = "web-3"
    assert "is in fra1, and the address is in nyc3" in refused(desk, ips, "--max-changes 100%")
    assert "Reserved IPs are released with %do reserved-ips delete" in refused(desk, ips, "--delete")
    assert "this address is not reserved" in refused(desk, with_row(ips, ip="198.18.9.9"))


def test_tags_are_created_and_deleted_with_the_frame_as_the_whole_account(desk):
    tags = listed(desk, "tags list")
    apply(desk, with_row(tags, name="fresh"))
    tags = listed(desk, "tags list")
    assert names(apply(desk, tags[tags["name"] != "fresh"], "--delete")) == [("delete", "fresh")]
    assert "Tags consist of letters" in refused(desk, with_row(tags, name="not a tag"))


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
    for session in (desk.session, _another_session(desk)):
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
        options = "--restart --max-changes 50%"
        assert {step.targets[0].name for step in desk.do(f"apply {file} --plan {options}").steps} == {name}
        desk.do(f"apply {file} --yes {options}")
        assert desk.do(f"apply {file} --plan").is_empty


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


def test_the_rows_of_a_table_of_commands_are_planned_together(desk):
    rows = pd.DataFrame(
        {
            "kind": ["droplet", "droplet", "volume"],
            "id": ["1", "2", "3"],
            "name": ["web-1", "web-1", "old-uploads"],
            "command": ["droplets power_off web-1", "droplets power_off web-1", "volumes delete old-uploads"],
        }
    )
    plan = desk.do("apply {rows} --plan", rows=rows)
    assert names(plan) == [("power_off", "web-1"), ("delete", "old-uploads")]
    desk.do("apply {rows} --yes", rows=rows)
    assert "old-uploads" not in listed(desk, "volumes list")["name"].tolist()
    for command, message in (
        ("droplets list", "changes nothing that can be planned"),
        ("login", "changes nothing that can be planned"),
        (None, "Row 0 has no command"),
        ("droplets explode", "Row 0 .droplets explode.: droplets has no verb"),
    ):
        with pytest.raises(errors.PoseidonError, match=message):
            desk.do("apply {rows} --plan", rows=rows.head(1).assign(command=command))


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
