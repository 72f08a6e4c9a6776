"""Edited frames end as they say under faults and kills; and the judge of the frame run finds what is planted."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

from tests.faults.account import Account
from tests.faults.frame_edits import Editor
from tests.faults.frame_run import Run, _judge, _pattern

RUN = Path(__file__).with_name("frame_run.py")


def test_edits_of_frames_are_applied_under_faults_and_kills() -> None:
    done = subprocess.run(
        [sys.executable, str(RUN), "--edits", "36", "--droplets", "20", "--seed", "3"],
        capture_output=True,
        text=True,
        check=False,
        timeout=115,
    )
    assert done.stdout.splitlines()[-1].startswith("left 0 wrong 0 twice 0 unshown 0 raw 0 ("), (
        done.stdout + done.stderr
    )
    assert done.returncode == 0


def test_the_judge_finds_what_is_planted() -> None:
    editor = Editor(account := Account(5), random.Random(5))
    editor.prepare()
    before = editor.truth()
    records = account.read(f"/v2/domains/{editor.domain}/records?per_page=200")
    first, second = [row for row in records if row["name"].startswith("host-")][:2]
    account.ask("PATCH", f"/v2/domains/{editor.domain}/records/{second['id']}", {"type": "A", "ttl": 99})
    for name in ("made-1", "made-1"):
        account.make("/v2/domains/frames.example/records", type="A", name=name, data="198.18.0.9")
    result = Run(5, 3, 0.0)
    _judge(result, "here", editor, before, {("records", str(first["id"]), "ttl"): 60})
    kinds = [kind for kind, _ in result.findings]
    assert kinds.count("twice") == 1
    told = " ".join(what for _, what in result.findings)
    assert f"('records', '{first['id']}', 'ttl') is 1800, not 60" in told
    assert f"('records', '{second['id']}', 'ttl') was 1800 and is 99" in told


def test_a_placeholder_stands_for_an_id_and_for_nothing_else() -> None:
    assert _pattern("/v2/volumes/<id of volume a>/actions").fullmatch("/v2/volumes/1-2/actions")
    assert not _pattern("/v2/volumes/<id of volume a>/actions").fullmatch("/v2/volumes/1-2/actions/x")
    body = '{"droplet_id": "<id of web-4>", "type": "attach"}'
    assert _pattern(body).fullmatch('{"droplet_id": 5, "type": "attach"}')
    assert not _pattern(body).fullmatch('{"droplet_id": 5, "type": "detach"}')
    assert not _pattern('{"a": 1}').fullmatch('{"a": 2}')
