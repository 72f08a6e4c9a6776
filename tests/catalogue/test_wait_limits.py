"""The default timeouts and their line in the help."""

from __future__ import annotations

from poseidon_nb.catalogue import wait_limits
from poseidon_nb.catalogue.wait_limits import DEFAULT_WAIT_LIMIT_S, WAIT_LIMITS_S, format_wait_limits, wait_limit_s
from poseidon_nb.commands.help import aliases_text


def test_actions_have_their_own_limit_or_five_minutes():
    hour = dict.fromkeys(["snapshot", "resize", "rebuild", "restore", "transfer", "import", "service"], 3600)
    assert {"ssh": 180, "create": 600, **hour} == {**WAIT_LIMITS_S}
    for work in ("power_off", "reboot", "enable_backups", ""):
        assert wait_limit_s(work) == DEFAULT_WAIT_LIMIT_S == 300


def test_the_help_lists_all_limits(monkeypatch):
    text = "5 minutes; ssh: 3 minutes; create: 10 minutes; snapshot, resize, rebuild, restore, transfer, import and service: 60 minutes"
    assert format_wait_limits() == text
    assert f"(default: {text})" in " ".join(aliases_text().split())
    monkeypatch.setattr(wait_limits, "WAIT_LIMITS_S", {"create": 90.0, "resize": 7200.0})
    assert format_wait_limits() == "5 minutes; create: 1.5 minutes; resize: 120 minutes"
