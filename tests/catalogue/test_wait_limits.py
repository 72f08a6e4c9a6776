"""The one table of wait limits: what the client waits, and what help says of it."""

from __future__ import annotations

from poseidon_nb.catalogue import wait_limits
from poseidon_nb.catalogue.wait_limits import LIMITS_S, OTHER_LIMIT_S, limit_s, limits_text
from poseidon_nb.magics.language.help import help_text


def test_each_kind_of_work_has_the_limit_of_the_table_and_all_others_five_minutes():
    hour = dict.fromkeys(["snapshot", "resize", "rebuild", "restore", "transfer", "import"], 3600)
    assert {"ssh": 180, "create": 600, **hour} == {**LIMITS_S}
    for work in ("power_off", "reboot", "enable_backups", ""):
        assert limit_s(work) == OTHER_LIMIT_S == 300


def test_help_has_the_whole_table(monkeypatch):
    text = "5 minutes; ssh 3; create 10; snapshot, resize, rebuild, restore, transfer and import 60"
    assert limits_text() == text
    assert f"(else {text})" in " ".join(help_text().split())
    monkeypatch.setattr(wait_limits, "LIMITS_S", {"create": 90.0, "resize": 7200.0})
    assert limits_text() == "5 minutes; create 1.5; resize 120"
