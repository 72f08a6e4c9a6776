"""Every command that shows something: what comes back, and the options that change its shape."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from poseidon_nb import errors
from poseidon_nb.commands.registry import registry
from poseidon_nb.frames.html_table import html_card, html_table
from poseidon_nb.frames.layout import View
from poseidon_nb.frames.schemas import TABLES
from poseidon_nb.widgets.plan_panel import PlanPanel

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdDnUQm0vl1W0GdYcmlaM7Pb1xqqlcVEGxwXJyaHuRC ci"


def dtypes_of(table: str) -> dict[str, str]:
    return {column.name: "object" if column.dtype == "list" else column.dtype for column in TABLES[table].columns}


LISTS = [
    ("regions list", "regions", 15),
    ("sizes list", "sizes", 147),
    ("images list --type distribution", "images", 18),
    ("keys list", "keys", 3),
    ("tags list", "tags", 11),
    ("snapshots list", "snapshots", 9),
    ("droplets list", "droplets", 13),
    ("droplets list 'web-*'", "droplets", 3),
    ("droplets list --tag web", "droplets", 4),
    ("droplets list --tag WEB", "droplets", 4),
    ("droplets list --tag web --region fra1", "droplets", 1),
    ("droplets list --status off", "droplets", 2),
    ("droplets list --gpus", "droplets", 1),
    ("droplets list --status archive", "droplets", 0),
]


@pytest.mark.parametrize(("line", "table", "rows"), LISTS)
def test_a_list_is_a_frame_with_the_columns_and_types_of_its_table_also_when_empty(desk, line, table, rows):
    frame = desk.do(line)
    assert len(frame) == rows
    if table in TABLES:
        assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == dtypes_of(table)
    assert isinstance(frame.index, pd.RangeIndex)
    assert not frame.attrs


@pytest.mark.parametrize(
    ("line", "column", "value"),
    [
        ("droplets get web-1", "name", "web-1"),
        ("droplets get 521000032", "name", "web-1"),
        ("images get ubuntu-24-04-x64", "slug", "ubuntu-24-04-x64"),
        ("account", "email", "ada@tidepool-maps.example"),
        ("keys get {key}", "id", None),
        ("tags get web", "name", "web"),
        ("tags create blue", "name", "blue"),
        (f"keys create ci --public-key '{KEY}'", "name", "ci"),
        ("keys update {key} renamed", "name", "renamed"),
        ("snapshots get {snapshot}", "resource_type", "droplet"),
        ("sandbox status", "running", True),
        ("api GET /v2/account", "email", "ada@tidepool-maps.example"),
    ],
)
def test_one_object_is_one_row(desk, line, column, value):
    key, snapshot = desk.do("keys list")["name"][0], desk.do("snapshots list")["name"][0]
    frame = desk.do(line, key=key, snapshot=snapshot)
    assert len(frame) == 1
    if value is not None:
        assert frame[column][0] == value


def test_the_actions_and_snapshots_of_a_droplet_are_frames(desk):
    actions = desk.do("droplets actions db-1")
    assert set(actions["resource_id"]) == {desk.do("droplets get db-1")["id"][0]}
    assert len(desk.do("droplets snapshots db-1")) == 3
    assert desk.do("actions get {id}", id=actions["id"][0])["id"][0] == actions["id"][0]


def test_metrics_are_a_row_for_each_point_and_raw_as_the_service_sends_them(clock, desk):
    now = int(clock.now().timestamp())
    line = f"monitoring droplet-load-1 web-1 --start {now - 3600} --end {now}"
    frame, raw = desk.do(line), desk.do(f"{line} --raw")
    assert [*frame.columns] == ["time", "host_id", "value"]
    assert len(frame) == len(raw["data"]["result"][0]["values"]) > 1
    assert desk.do(f"monitoring droplet-load-1 web-1 --start {now} --end {now}").columns.tolist()[:1] == ["time"]


def test_columns_are_picked_in_the_order_asked_for_and_doctls_names_are_known(desk):
    assert [*desk.do("droplets list --columns status,name")] == ["status", "name"]
    assert [*desk.do("droplets list --format ID,Name,PublicIPv4")] == ["id", "name", "public_ipv4"]


def test_a_wrong_column_is_refused_with_the_nearest_before_anything_is_done(desk):
    desk.sent()
    with pytest.raises(errors.InvalidArgument, match=r"Unknown column 'nam'.*name"):
        desk.do("droplets power_off web-1 --columns nam")
    with pytest.raises(errors.InvalidArgument, match=r"Unknown column 'regio'.*region"):
        desk.do("droplets create x --size s-1vcpu-1gb --image ubuntu-24-04-x64 --columns regio")
    assert desk.sent() == []


def test_raw_is_the_json_a_list_for_many_and_an_object_for_one(desk):
    many, one = desk.do("droplets list --raw"), desk.do("droplets get web-1 --raw")
    assert [row["name"] for row in many][:2] == ["web-1", "db-1"]
    assert one["networks"]["v4"]
    assert desk.do("droplets list web-1 --raw --columns name,region") == [{"name": "web-1", "region": "nyc3"}]
    assert desk.do("api GET /v2/account --raw")["account"]["email"]


def test_output_json_is_printed_and_gives_nothing_back(desk):
    assert desk.do("droplets get web-1 -o json --columns id,name") is None
    assert json.loads(desk.ui.said[-1]) == {"id": 521000032, "name": "web-1"}


def test_no_header_prints_rows_alone(desk):
    assert desk.do("droplets list 'web-*' --no-header --columns id,name") is None
    assert [line.split() for line in desk.ui.said[-1].splitlines()] == [
        ["521000032", "web-1"],
        ["521000100", "web-2"],
        ["521000186", "web-3"],
    ]


def test_out_assigns_and_says_how_much(desk):
    from poseidon_nb.commands.context import Settings

    taken = {}
    desk.settings = Settings(assign=taken.__setitem__)
    assert desk.do("droplets list --out found") is None
    assert len(taken["found"]) == 13
    assert desk.ui.said == ["found: 13 rows"]
    desk.do("droplets get web-1 --raw --out one")
    assert taken["one"]["name"] == "web-1"


def test_out_outside_a_shell_says_what_to_write_and_sends_nothing(desk):
    desk.sent()
    with pytest.raises(errors.InvalidArgument, match=r"found = po\.do"):
        desk.do("droplets list --out found")
    assert desk.sent() == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("droplets list --region nyc33", "Unknown region 'nyc33'. Did you mean nyc3"),
        ("droplets list --tag wev", "Tag 'wev' not found. Did you mean web"),
        ("droplets list --status of", "Unknown status 'of'. Did you mean off"),
        ("droplets list --status zzz", "Expected one of new, active, off and archive"),
    ],
)
@pytest.mark.parametrize("raw", ["", " --raw"])
def test_a_filter_that_nothing_can_match_is_told_from_one_that_matches_nothing_now(desk, line, message, raw):
    with pytest.raises(errors.PoseidonError, match=message):
        desk.do(line + raw)


def test_a_tag_that_exists_and_that_no_droplet_has_lists_nothing(desk):
    desk.do("tags create lonely")
    assert len(desk.do("droplets list --tag lonely")) == 0


def test_a_filter_on_an_account_without_droplets_keeps_the_columns(clock, desk):
    desk.do("droplets delete {all} --yes", all=[int(one) for one in desk.do("droplets list")["id"]])
    clock.advance(5)
    empty = desk.do("droplets list --region nyc3")
    assert len(empty) == 0
    assert "public_ipv4" in empty


def test_an_empty_answer_says_so(desk):
    assert desk.do("api DELETE /v2/tags/web --yes") is None
    assert desk.ui.said == ["Done. The response is empty."]


def test_lists_teach_completion_and_a_filtered_list_takes_nothing_away(desk):
    desk.do("droplets list")
    desk.do("droplets list --tag web")
    assert {"web-1", "db-1"} <= set(desk.session.words["droplets"])
    desk.do("images list --type distribution")
    desk.do("images list --private")
    assert "ubuntu-24-04-x64" in desk.session.words["images"]


def test_the_lists_of_sizes_teach_completion_those_that_can_be_had(desk, monkeypatch):
    sizes_of = desk.session.client().sizes
    frame = sizes_of.frame
    first, second = frame()["slug"][:2]

    def with_one_retired():
        sizes = frame()
        sizes.loc[sizes["slug"] == first, "available"] = False
        return sizes

    monkeypatch.setattr(sizes_of, "frame", with_one_retired)
    for line in ("sizes list", "sizes cheapest --vcpus 1"):
        desk.session.words.clear()
        desk.do(line)
        assert first not in desk.session.words["sizes"], line
        assert second in desk.session.words["sizes"], line
        assert "s-1vcpu-1gb" in desk.session.words["sizes in nyc3"], line


def test_what_was_made_can_be_completed_at_once(desk):
    desk.do("droplets create fresh --size s-1vcpu-1gb --image ubuntu-24-04-x64 --region nyc3")
    assert "fresh" in desk.session.words["droplets"]


def test_the_table_of_a_verb_that_acts_has_the_columns_that_the_help_promises(desk):
    for line in ("droplets power_off web-1 --yes", "droplets rename web-2 front", "tags delete web --yes"):
        group, verb = line.split()[:2]
        frame = desk.do(line)
        assert tuple(frame) == registry().verb(group, verb).columns
        assert {name: str(frame[name].dtype) for name in ("name", "action", "status", "error")} == dict.fromkeys(
            ("name", "action", "status", "error"), "string"
        )


def test_columns_that_are_named_are_all_shown_and_money_in_cents(desk):
    frame = desk.do(
        "droplets list --columns name,price_monthly,image_name,created_at,vpc_uuid,features,tags,volume_ids"
    )
    shown = frame._repr_html_()
    assert ">24.00<" in shown
    assert all(f">{name}<" in shown for name in frame.columns)
    assert len(frame.columns) == 8


def test_two_amounts_in_a_sentence_are_no_formula_on_a_page_with_mathjax(desk):
    plan = desk.do("droplets freeze staging-web --plan")
    assert sum(note.count("$") for note in plan.notes) > 1
    shown = {
        "plan": plan._repr_html_(),
        "table": html_table(desk.do("droplets list"), View()),
        "card": html_card(desk.do("droplets get web-1"), View(card=True)),
        "panel": PlanPanel(plan, plan.client).saved_output()["text/html"],
    }
    for name, html in shown.items():
        head, _, _ = html.partition(">") if name != "table" else html.partition("<thead")
        assert "tex2jax_ignore mathjax_ignore" in head, name
