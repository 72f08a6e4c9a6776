"""The files of the journal: permissions, locks, damage, and directories that cannot be written."""

from __future__ import annotations

import json
import logging
import os
import stat
import time
from pathlib import Path

import pytest

from poseidon_nb.errors import NoSuchName
from poseidon_nb.plans import journal_files, journal_records, user_state
from poseidon_nb.plans.journal import unfinished_plans
from poseidon_nb.plans.journal_entry import parse_entry
from poseidon_nb.plans.journal_files import PlanFiles, PlanIsRunning
from poseidon_nb.plans.user_state import account_key, state_dir
from tests.plans.conftest import CHAIN, DROPLET, outcomes, read


def test_a_locked_plan_cannot_be_acquired_or_forgotten(client):
    record = client.engine.recorder.begin([CHAIN], "t")
    files = PlanFiles()
    assert files.is_running(record.id)
    journal_records._running.pop(record.id)
    assert [one.state for one in unfinished_plans(account_key(client))] == ["running in another kernel"]
    for held in (files.acquire, files.forget):
        with pytest.raises(PlanIsRunning, match=f"Plan {record.id} is running"):
            held(record.id)
    record._file.release()
    taken, entry = files.acquire(record.id)
    assert entry.chains == (CHAIN,)
    with pytest.raises(PlanIsRunning):
        files.acquire(record.id)
    taken.release()
    files.forget(record.id)
    assert files.ids() == []
    with pytest.raises(NoSuchName, match=f"Plan '{record.id}' not found"):
        files.acquire(record.id)


def test_only_the_user_can_access_the_files(client):
    old = os.umask(0)
    try:
        record = client.engine.recorder.begin([CHAIN], "t")
    finally:
        os.umask(old)
    folder = PlanFiles().directory
    for path in [state_dir(), *state_dir().rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path
    assert (folder / f"{record.id}.jsonl").exists()


def test_the_last_line_of_a_killed_kernel_may_be_unfinished(client):
    record = client.engine.recorder.begin([CHAIN], "t")
    record.accepted(0, 0, target_ids=[1], actions=[2])
    whole = PlanFiles().path(record.id).read_text()
    assert parse_entry(whole[:-5]).accepted == {}
    assert parse_entry(whole).accepted != {}


def test_damaged_and_foreign_files_are_reported_in_one_line_and_affect_nothing_else(client):
    record = client.engine.recorder.begin([CHAIN], "t")
    folder = PlanFiles().directory
    first, *_ = (folder / f"{record.id}.jsonl").read_text().split("\n")
    other = json.dumps({**json.loads(first), "format": "poseidon_nb plan 99"})
    damage = [
        "",
        "\0\0\n",
        "[]\n",
        "1\n",
        "{}\n",
        f"{other}\n",
        f"{first}\n[]\n",
        f'{first}\n{{"event":"x"}}\n',
        "[" * 99999 + "\n",
    ]
    for number, text in enumerate(damage):
        (folder / f"bad{number}.jsonl").write_text(text)
    (folder / "badx.jsonl").write_bytes(b"\xff\xfe\n")
    (folder / "note.txt").write_text("mine")
    listed = unfinished_plans(account_key(client))
    assert listed[0].id == record.id
    assert [one.state for one in listed[1:]] == ["damaged"] * 10
    assert all(one.note and "\n" not in one.note for one in listed[1:])
    PlanFiles().forget("bad1")
    assert not (folder / "bad1.jsonl").exists()


def test_where_nothing_can_be_written_plans_are_in_memory_with_one_warning(client, monkeypatch, caplog, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("POSEIDON_STATE_DIR", str(tmp_path / "file"))
    monkeypatch.setattr(user_state, "_warned", False)
    with caplog.at_level(logging.WARNING, "poseidon_nb"):
        one = client.engine.recorder.begin([CHAIN], "one")
        two = client.engine.recorder.begin([CHAIN], "two")
        one.accepted(0, 0, target_ids=[1], actions=[2])
    assert len(caplog.records) == 1
    assert "Cannot write plans" in caplog.text
    assert [
        (x.id, x.entry.title, len(x.entry.accepted))
        for x in sorted(unfinished_plans(account_key(client)), key=lambda x: x.entry.title)
    ] == [
        (one.id, "one", 1),
        (two.id, "two", 0),
    ]
    one.close()
    two.close()
    assert unfinished_plans(None) == []


def test_a_full_disk_stops_no_plan(client, monkeypatch, caplog):
    monkeypatch.setattr(user_state, "_warned", False)
    record = client.engine.recorder.begin([CHAIN], "t")

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        record.accepted(0, 0, target_ids=[1], actions=[2])
    assert "No space left" in caplog.text
    assert unfinished_plans(None)[0].entry.accepted
    record.close()
    assert PlanFiles().ids() == []


def test_only_ended_plans_are_pruned_by_age_and_number(client, monkeypatch):
    open_ = client.engine.recorder.begin([CHAIN], "open")
    files = PlanFiles()
    old = time.time() - 31 * 86_400
    os.utime(files.path(open_.id), (old, old))
    for number in range(8):
        path = files.ended_directory / f"e{number}.jsonl"
        path.write_text("x")
        os.utime(path, (old, old) if number < 2 else (old + 90_000 + number, old + 90_000 + number))
    monkeypatch.setattr(journal_files, "MAX_ENDED", 4)
    files.prune()
    assert sorted(path.stem for path in files.ended_directory.iterdir()) == ["e4", "e5", "e6", "e7"]
    assert files.ids() == [open_.id]


def test_a_small_plan_syncs_once(client, monkeypatch):
    waited = []

    monkeypatch.setattr(os, "fsync", waited.append)
    step = (CHAIN[2],)
    record = client.engine.recorder.begin([step], "t")
    record.accepted(0, 0, target_ids=[1], actions=[2])
    record.ended(0, 0, outcomes(step[0], "completed"))
    assert len(waited) == 1


def test_a_plan_syncs_once_however_many_targets_it_has(client, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", synced.append)
    record = client.engine.recorder.begin([CHAIN] * 500, "t")
    for number in range(500):
        record.accepted(number, 0, target_ids=[1], actions=[number])
    assert len(synced) == 1
    assert len(read(record.id).accepted) == 500


def test_a_salt_is_created_on_a_file_system_without_links(client, monkeypatch):
    def refused(*_):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    first = account_key(client)
    assert (state_dir() / "salt").stat().st_size == 16
    assert account_key(client) == first
    assert [path.name for path in state_dir().iterdir()] == ["salt"]


def test_without_the_variable_the_state_directory_is_the_systems(monkeypatch):
    monkeypatch.delenv("POSEIDON_STATE_DIR")
    assert state_dir().name == "poseidon_nb"
    monkeypatch.setenv("POSEIDON_STATE_DIR", "~/x")
    assert state_dir() == Path("~/x").expanduser()


def test_half_a_line_on_a_full_disk_does_not_damage_later_lines(client, monkeypatch):
    record = client.engine.recorder.begin([CHAIN], "")
    write = os.write
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda handle, text: write(handle, text[:20]))
        record.sending(0, 0)
    record.accepted(0, 0, target_ids=[DROPLET["id"]], actions=[77])
    assert read(record.id).accepted[0, 0].actions == (77,)


def test_an_unfinished_line_is_removed_before_more_is_written(client):
    record = client.engine.recorder.begin([CHAIN], "")
    record.detach()
    path = PlanFiles().path(record.id)
    with path.open("a") as half:
        half.write('{"event":"sendi')
    file, _ = PlanFiles().acquire(record.id)
    file.write({"event": "sending", "time": client.now().isoformat(), "chain": 0, "step": 0})
    file.release()
    assert (0, 0) in read(record.id).sending


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_pipe_in_place_of_a_file_does_not_block(client, clock):
    client.droplets.list()[0].reboot()
    (day,) = (state_dir() / "changes").iterdir()
    for path in (day, state_dir() / "salt"):
        path.unlink()
        os.mkfifo(path)
    os.mkfifo(PlanFiles().path("piped"))
    client.droplets.list()[0].reboot()
    assert [(one.id, one.state) for one in unfinished_plans(account_key(client))] == [("piped", "damaged")]


def test_a_state_directory_of_an_unknown_user_stops_no_change(client, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POSEIDON_STATE_DIR", "~nobody-of-this-name/state")
    assert client.droplets.list()[0].reboot().status == "completed"
