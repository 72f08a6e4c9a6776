"""Commands that change something: waiting, many at once, and what is told when some fail."""

from __future__ import annotations

import pandas as pd
import pytest

from poseidon_nb import errors
from poseidon_nb.text import format_duration

CREATE = "--size s-1vcpu-1gb --image ubuntu-24-04-x64 --region nyc3"


def test_a_droplet_is_made_waited_for_and_shown(desk):
    frame = desk.do(f"droplets create demo-1 {CREATE} --tags a,b")
    assert (frame["status"][0], frame["region"][0], frame["tags"][0]) == ("active", "nyc3", ["a", "b"])
    assert desk.ui.views[-1].model.text().startswith("create demo-1: ✓ completed in")


def test_several_are_made_with_one_request(desk):
    desk.sent()
    frame = desk.do(f"droplets create demo-1 demo-2 demo-3 {CREATE}")
    assert [*frame["name"]] == ["demo-1", "demo-2", "demo-3"]
    assert desk.changes() == ["POST /v2/droplets"]


def test_no_wait_gives_the_droplet_as_it_is_at_once(desk):
    assert desk.do(f"droplets create demo-1 {CREATE} --no-wait")["status"][0] == "new"
    assert desk.session.clock.sleeps == []


def test_a_body_is_the_user_data_as_it_was_written(desk, monkeypatch):
    seen = []
    dispatch = type(desk.sandbox).dispatch

    def spying(self, method, path, query="", headers=None, body=b""):
        seen.append((method, body))
        return dispatch(self, method, path, query, headers, body)

    desk.session.sandbox._server.stop()
    monkeypatch.setattr(type(desk.sandbox), "dispatch", spying)
    desk.session.sandbox._server = None
    desk.session.use_sandbox(desk.session.sandbox.start())
    desk.do(f"droplets create demo-1 {CREATE}", body="#cloud-config\nruncmd: [echo $HOME {x}]\n")
    body = next(body for method, body in seen if method == "POST")
    assert rb"#cloud-config\nruncmd: [echo $HOME {x}]\n" in body


def test_user_data_comes_from_a_file_too(desk, tmp_path):
    (tmp_path / "init.yaml").write_text("#cloud-config")
    desk.do("droplets create demo-1 --dry-run --user-data-file {file} " + CREATE, file=str(tmp_path / "init.yaml"))
    assert '"user_data": "#cloud-config"' in desk.ui.said[-1]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "Cannot read .*No such file"),
        (lambda path: path.write_bytes(b"\xff\xfe\x00"), "is not a text file"),
        (lambda path: path.write_bytes(b"x" * 1_000_001), "is too large: 1,000,001 bytes"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_before_anything_is_sent(desk, tmp_path, make, message):
    make(tmp_path / "file")
    desk.sent()
    with pytest.raises(errors.InvalidArgument, match=message):
        desk.do("droplets create demo-1 --user-data-file {file} " + CREATE, file=str(tmp_path / "file"))
    assert desk.changes() == []


def test_ssh_keys_are_taken_by_name(desk):
    name, key_id = (desk.do("keys list")[column][0] for column in ("name", "id"))
    desk.sent()
    desk.do("droplets create demo-1 --ssh-keys {key} " + CREATE, key=name)
    with pytest.raises(errors.NoSuchName, match=r"^Key '.*' not found"):
        desk.do("droplets create demo-2 --ssh-keys nobodys " + CREATE)
    assert len([line for line in desk.sent() if line == "POST /v2/droplets"]) == 1
    assert int(key_id)


@pytest.mark.parametrize("verb", ["power_off", "shutdown", "reboot", "power_cycle"])
def test_a_power_verb_gives_one_row_and_the_droplet_agrees(desk, verb):
    frame = desk.do(f"droplets {verb} web-1 --yes")
    assert [*frame.iloc[0][["name", "action", "status"]]] == ["web-1", verb, "completed"]
    assert desk.do("droplets get web-1")["status"][0] == ("off" if verb in {"power_off", "shutdown"} else "active")


def test_power_on_and_doctls_words_for_it(desk):
    assert desk.do("compute droplet-action power-on legacy-reports --wait")["status"][0] == "completed"


def test_a_snapshot_is_taken_and_a_droplet_renamed(desk):
    desk.do("droplets take_snapshot web-1 --name before")
    assert "before" in [*desk.do("snapshots list")["name"]]
    assert desk.do("droplets rename web-1 front-1")["status"][0] == "completed"
    assert desk.do("droplets get front-1")["id"][0] == 521000032


def test_resize_with_restart_of_several_is_three_actions_on_each(desk):
    # That they go on side by side is tested with threads that meet: tests/client/test_concurrency.py.
    frame = desk.do("droplets resize web-1 web-2 --size s-4vcpu-8gb --restart --yes")
    assert [*frame["name"]] == ["web-1", "web-2"]
    assert [*frame["status"]] == ["completed", "completed"]
    done = desk.do("actions list").head(6)[::-1]
    for _, of_one in done.groupby("resource_id"):
        assert [*of_one["type"]] == ["shutdown", "resize", "power_on"]


def test_deletes_go_on_side_by_side_and_a_failure_stays_with_its_row(desk):
    names = [*desk.do("snapshots list")["id"]][:3]
    desk.sandbox.fault("status", status=409, operation="snapshots_delete", path=f"/v2/snapshots/{names[1]}")
    frame = desk.do(f"snapshots delete {' '.join(names)} --yes --keep-going")
    assert [*frame["status"]] == ["completed", "failed", "completed"]
    assert "conflict" in frame["error"][1]


def test_resize_with_restart_leaves_the_droplet_running_with_its_new_size(desk):
    frame = desk.do("droplets resize web-1 --size s-4vcpu-8gb --restart --yes")
    assert [*frame["status"]] == ["completed"]
    droplet = desk.do("droplets get web-1").iloc[0]
    assert (droplet["status"], droplet["size"]) == ("active", "s-4vcpu-8gb")


def test_resize_of_a_running_droplet_is_refused_and_of_one_that_is_off_done(desk):
    with pytest.raises(errors.Unprocessable, match="422"):
        desk.do("droplets resize web-1 --size s-4vcpu-8gb")
    assert desk.do("droplets resize legacy-reports --size s-4vcpu-8gb")["status"][0] == "completed"


def test_deleting_gives_a_row_for_each(clock, desk):
    frame = desk.do("droplets delete web-1 web-2 --yes")
    clock.advance(5)
    assert [*frame["status"]] == ["completed", "completed"]
    assert "web-1" not in [*desk.do("droplets list")["name"]]


def test_the_only_one_that_fails_raises_its_own_error(desk):
    with pytest.raises(errors.Unprocessable, match="currently on"):
        desk.do("droplets resize web-1 --size s-4vcpu-8gb")
    assert desk.ui.shown == []


def test_one_failure_of_several_is_shown_once_and_stops_nobody(desk):
    with pytest.raises(errors.BulkFailed, match=r"1 of 2 failed\. First error: 422: Droplet is currently on") as caught:
        desk.do("droplets resize web-1 legacy-reports --size s-4vcpu-8gb")
    assert [*caught.value.frame["status"]] == ["failed", "completed"]
    assert len(desk.ui.shown) == 1
    assert desk.ui.shown[0] is caught.value.frame


def test_keep_going_gives_the_same_table_without_an_error(desk):
    frame = desk.do("droplets resize web-1 legacy-reports --size s-4vcpu-8gb --keep-going")
    assert [*frame["status"]] == ["failed", "completed"]
    assert frame["error"][0].startswith("422: Droplet is currently on")
    assert desk.ui.shown == []
    assert [*desk.do("droplets resize web-1 --size s-4vcpu-8gb --keep-going")["status"]] == ["failed"]


@pytest.mark.parametrize(("verb", "turned"), [("power_on", "power_off"), ("power_off", "power_on")])
def test_those_that_are_so_already_are_unchanged_and_nothing_is_sent_to_them(desk, verb, turned):
    desk.do(f"droplets {turned} --tag web --yes")
    desk.do(f"droplets {verb} web-1 web-3 --yes")
    desk.sent()
    frame = desk.do(f"droplets {verb} --tag web --yes")
    assert [*frame["status"]] == ["unchanged", "completed", "unchanged", "completed"]
    assert frame["error"].isna().all()
    assert len(desk.changes()) == 2
    assert [*desk.do(f"droplets {verb} web-1")["status"]] == ["unchanged"]


def test_another_refusal_of_one_with_a_tag_is_still_a_failure(desk):
    desk.do("droplets power_off --tag web --yes")
    desk.sandbox.fault("status", operation="dropletActions_post", status=403, times=1)
    with pytest.raises(errors.BulkFailed, match="1 of 4 failed"):
        desk.do("droplets power_on --tag web --yes")


def test_a_volume_may_be_named_for_a_new_droplet_and_a_wrong_name_has_a_nearest(desk):
    with pytest.raises(errors.NoSuchName, match=r"Volume 'old-upload' not found. Did you mean old-uploads"):
        desk.do(f"droplets create made-1 {CREATE} --volumes old-upload")
    made = desk.do(f"droplets create made-1 {CREATE} --volumes old-uploads")
    volume = desk.do("volumes get old-uploads").iloc[0]
    assert [*volume["droplet_ids"]] == [made["id"].iloc[0]]


def test_an_invoice_is_named_by_its_month(desk):
    invoices = desk.do("invoices list").set_index("invoice_period")
    by_month = desk.do("invoices get 2026-10")
    by_id = desk.do(f"invoices get {invoices.loc['2026-10', 'invoice_uuid']}")
    pd.testing.assert_frame_equal(by_month, by_id)
    with pytest.raises(errors.NoSuchName, match=r"Invoice '2026-13' not found. Did you mean 2026-10"):
        desk.do("invoices get 2026-13")


def test_an_id_or_an_address_that_nothing_has_is_said_to_be_one(desk):
    right = desk.do("volumes list").set_index("name").loc["old-uploads", "id"]
    wrong = right[:-1] + ("0" if right[-1] != "0" else "1")
    with pytest.raises(errors.NotFound, match=rf"Volume '{wrong}' not found. Did you mean {right}"):
        desk.do(f"volumes get {wrong}")
    address = desk.do("reserved-ips list")["ip"].iloc[0]
    with pytest.raises(errors.NotFound, match=rf"Reserved IP '{address}9' not found. Did you mean {address}"):
        desk.do(f"reserved-ips get {address}9")


def test_an_action_that_errors_is_in_the_table(desk):
    desk.sandbox.fault("action_errored", action="reboot", resource_id=521000032)
    with pytest.raises(errors.BulkFailed) as caught:
        desk.do("droplets reboot web-1 web-2 --yes")
    assert [*caught.value.frame["status"]] == ["failed", "completed"]


def test_a_delete_that_fails_does_not_stop_the_next(desk):
    desk.sandbox.fault("status", status=409, method="DELETE", path="/v2/droplets/521000032")
    with pytest.raises(errors.BulkFailed) as caught:
        desk.do("droplets delete web-1 web-2 --yes")
    assert [*caught.value.frame["status"]] == ["failed", "completed"]


def test_a_busy_droplet_is_waited_for_and_then_acted_upon(desk):
    desk.do("droplets take_snapshot web-1 --name a --no-wait")
    frame = desk.do("droplets reboot web-1 web-2 --yes")
    assert [*frame["status"]] == ["completed", "completed"]
    assert [*desk.do("droplets actions web-1")["type"]][:2] == ["reboot", "snapshot"]


def test_a_busy_droplet_is_an_error_for_who_does_not_wait_and_names_what_runs(desk):
    desk.do("droplets take_snapshot web-1 --name a --no-wait")
    with pytest.raises(errors.DropletBusy, match=r"web-1 is busy: snapshot is in progress \(action \d+\)"):
        desk.do("droplets reboot web-1 --no-wait --yes")


def test_a_droplet_named_twice_by_id_name_and_tag_is_acted_upon_once(desk):
    desk.sent()
    frame = desk.do("droplets reboot web-1 521000032 web-1 --yes")
    assert len(frame) == 1
    assert desk.changes() == ["POST /v2/droplets/521000032/actions"]


def test_a_tag_means_all_that_have_it(desk):
    frame = desk.do("droplets reboot --tag web --yes")
    assert [*frame["name"]] == ["web-1", "web-2", "web-3", "staging-web"]


def test_a_tag_and_names_are_not_mixed(desk):
    with pytest.raises(errors.GrammarError, match="either DROPLET or --tag, not both"):
        desk.do("droplets reboot web-1 --tag web")


@pytest.mark.parametrize(
    ("tag", "message"),
    [("wev", "Tag 'wev' not found. Did you mean web"), ("lonely", "No droplet has the tag 'lonely'")],
)
def test_a_tag_without_droplets_is_an_error_for_a_verb(desk, tag, message):
    desk.do("tags create lonely")
    with pytest.raises(errors.NoSuchName, match=message):
        desk.do(f"droplets delete --tag {tag} --yes")


@pytest.mark.parametrize("words", ["twin", "twin web-1"])
def test_an_ambiguous_name_lists_the_ids_and_nothing_is_done(desk, words):
    desk.do(f"droplets create twin {CREATE}")
    desk.do(f"droplets create twin {CREATE}")
    ids = [int(one) for one in desk.do("droplets list twin")["id"]]
    desk.sent()
    with pytest.raises(
        errors.AmbiguousName, match=f"2 droplets are named 'twin'.*{ids[0]} .nyc3, .*{ids[1]} .nyc3, "
    ) as caught:
        desk.do(f"droplets delete {words} --yes")
    assert [*caught.value.ids] == ids
    assert desk.changes() == []


def test_one_unknown_name_among_several_means_that_none_is_touched(desk):
    desk.sent()
    with pytest.raises(errors.NoSuchName, match=r"Droplet 'web-9' not found. Did you mean web-"):
        desk.do("droplets delete web-1 web-9 --yes")
    assert desk.changes() == []


def test_a_timeout_says_that_the_action_goes_on_and_how_to_wait_again(desk):
    with pytest.raises(
        errors.ActionTimedOut, match=r"still in progress after 0.5 s and continues.*actions wait (\d+)"
    ) as caught:
        desk.do("droplets take_snapshot web-1 --name a --timeout 0.5")
    frame = desk.do("actions wait {id}", id=caught.value.action.id)
    assert [*frame["status"]] == ["completed"]


def test_a_restart_that_is_not_waited_for_is_in_progress_and_goes_on(desk):
    # What goes on in the background would move the clock.
    desk.session.client().engine.drive = lambda engine: None
    with pytest.raises(errors.BulkFailed, match="0 of 2 failed, 2 still in progress") as caught:
        desk.do("droplets resize web-3 staging-web --size s-4vcpu-8gb --restart --yes --timeout 0.5")
    assert caught.value.frame["status"].tolist() == ["in-progress", "in-progress"]
    frame = desk.do("droplets resize web-1 legacy-reports --size s-4vcpu-8gb --restart --no-wait --yes")
    assert frame["status"].tolist() == ["in-progress", "in-progress"]
    assert frame["action"].tolist() == ["resize", "resize"]
    steps = desk.do("droplets resize web-2 --size s-4vcpu-8gb --restart --plan").apply(wait=False)
    assert steps["status"].tolist() == ["in-progress"] * 4


def test_droplets_are_destroyed_by_their_tag_in_one_request_also_while_one_is_busy(desk):
    desk.sent()
    frame = desk.do("droplets delete-by-tag web --yes")
    assert frame["name"].tolist() == ["web"]
    assert desk.changes() == ["DELETE /v2/droplets?tag_name=web"]
    desk.do("droplets take_snapshot db-1 --name long --no-wait")
    with pytest.raises(errors.Unprocessable, match="pending event"):
        desk.do("droplets delete-by-tag db --yes")


def test_a_time_limit_bounds_also_what_is_read_before_anything_is_sent(clock, desk):
    desk.sandbox.fault("status", status=429, operation="droplets_list", retry_after_s=120, times=None)
    began_s = clock.monotonic()
    with pytest.raises(errors.PoseidonError):
        desk.do("droplets reboot web-1 web-2 --yes --timeout 3")
    assert clock.monotonic() - began_s < 5
    assert desk.changes() == []


def test_what_a_person_takes_to_answer_is_no_part_of_the_time_limit(clock, desk, monkeypatch):
    def ask(question):
        clock.advance(1_000)
        return True

    monkeypatch.setattr(desk.ui, "ask", ask)
    assert desk.do("droplets reboot web-1 --timeout 60")["status"][0] == "completed"


def test_waiting_for_several_actions_by_id(desk):
    for name in ("web-1", "web-2"):
        desk.do(f"droplets reboot {name} --no-wait --yes")
    running = desk.do("actions list").query("status == 'in-progress'")["id"]
    frame = desk.do("actions wait {ids}", ids=[int(one) for one in running])
    assert [*frame["status"]] == ["completed", "completed"]


def test_an_account_that_cannot_be_asked_any_more_does_not_hide_what_was_started(desk):
    # The history is read before the poller asks.
    for operation in ("actions_list", "actions_get", "dropletActions_list", "dropletActions_get"):
        desk.sandbox.fault("status", status=403, operation=operation, times=None)
    with pytest.raises(errors.BulkFailed, match=r"0 of 2 failed, 2 still in progress\. First error: 403") as caught:
        desk.do("droplets reboot web-1 web-2 --yes")
    assert [*caught.value.frame["status"]] == ["in-progress", "in-progress"]


def test_keys_tags_and_snapshots_are_deleted_by_name(desk):
    key, snapshot = desk.do("keys list")["name"][0], desk.do("snapshots list")["name"][0]
    for line in (f"keys delete '{key}'", "tags delete ci ml", f"snapshots delete {snapshot}"):
        assert set(desk.do(f"{line} --yes")["status"]) == {"completed"}
    assert key not in [*desk.do("keys list")["name"]]
    assert not {"ci", "ml"} & {*desk.do("tags list")["name"]}
    assert snapshot not in [*desk.do("snapshots list")["name"]]


def test_api_sends_a_body_in_yaml_or_json(desk):
    assert desk.do("api POST /v2/tags --yes", body="name: on")["name"][0] == "on"
    assert desk.do("api POST /v2/tags --yes", body='{"name": "json"}')["name"][0] == "json"


def test_api_shows_the_rows_of_a_page_and_the_whole_of_anything_else(desk):
    assert len(desk.do("api GET /v2/droplets?per_page=3")) == 3
    assert {"links", "meta"} <= set(desk.do("api GET /v2/droplets?per_page=3 --raw"))


def test_a_cell_runs_its_lines_shows_each_result_and_gives_the_last(desk):
    frame = desk.do("", body="droplets get web-1\n\n# a remark\n%do droplets get web-2\n")
    assert frame["name"][0] == "web-2"
    assert [shown["name"][0] for shown in desk.ui.shown] == ["web-1"]


def test_a_cell_stops_at_the_first_line_that_fails_and_says_which(desk):
    with pytest.raises(errors.NoSuchName, match="Command 2 of 3: Droplet 'web-9' not found"):
        desk.do("", body="tags create one\ndroplets get web-9\ntags create two")
    assert {"one"} == {"one", "two"} & {*desk.do("tags list")["name"]}


def test_a_typing_error_further_down_runs_nothing(desk):
    desk.sent()
    with pytest.raises(errors.GrammarError, match=r"Command 2 \(nothing was run\): Unknown group"):
        desk.do("", body="tags create one\nfrobnicate it")
    assert desk.sent() == []


def test_what_the_first_line_says_holds_for_every_command_of_the_cell(desk):
    desk.sent()
    desk.do("--dry-run", body="droplets delete web-1 --yes\ntags delete web --yes")
    assert desk.changes() == []
    assert "DELETE /v2/droplets/" in desk.ui.said[0]
    assert desk.ui.said[1] == "DELETE /v2/tags/web"
    frame = desk.do("--yes --columns name", body="tags delete web\ntags delete db")
    assert [*frame] == ["name"]
    with pytest.raises(errors.InvalidArgument, match="--out names the result of one command"):
        desk.do("--out x", body="tags list")


def test_an_interrupted_cell_says_where_it_stopped(desk, monkeypatch):
    def interrupted(self, *args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("poseidon_nb.plans.plan.Plan.run", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        desk.do("", body="tags list\ntags create x\ntags list")
    assert caught.value.__notes__ == ["stopped in command 2 of 3; the remaining commands were not run"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_api_asks_before_anything_but_a_get(desk, method):
    desk.ui.answer = False
    desk.sent()
    with pytest.raises(errors.ConfirmationRequired):
        desk.do(f"api {method} /v2/tags/web", body='{"name": "x"}')
    assert desk.changes() == []


def test_droplets_get_a_tag_and_lose_it_in_one_request_each(desk):
    desk.sent()
    frame = desk.do("droplets tag web-1 db-1 --tag-name blue")
    assert frame["status"].tolist() == ["completed", "completed"]
    assert desk.changes() == [
        "POST /v2/tags",  # there is no such tag yet
        "POST /v2/tags/blue/resources",
    ]
    assert desk.do("droplets list --tag blue")["name"].tolist() == ["web-1", "db-1"]
    desk.sent()
    desk.do("droplets untag --tag blue --tag-name blue --yes")
    assert desk.changes() == ["DELETE /v2/tags/blue/resources"]
    assert "blue" not in desk.do("droplets get web-1 --raw")["tags"]


def test_a_resize_of_a_running_droplet_is_refused_with_the_way_on(desk):
    with pytest.raises(errors.Unprocessable, match=r"currently on.*--restart"):
        desk.do("droplets resize web-1 --size s-4vcpu-8gb")


def test_an_action_that_ended_long_ago_is_told_with_its_own_duration(desk):
    action = next(one for one in desk.session.client().actions.list() if one.completed)
    took_s = (action.completed_at - action.started_at).total_seconds()
    desk.do(f"actions wait {action.id}")
    (text,) = {text for view in desk.ui.views for text in [view.model.text()] if text}
    assert f"completed in {format_duration(took_s)}" in text
