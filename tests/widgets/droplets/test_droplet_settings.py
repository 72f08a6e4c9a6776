"""Name, tags, backups and deletion in a droplet's panel, without widgets, on a clock that the test advances."""

from __future__ import annotations

import pytest

from poseidon_nb.client.client import connect
from poseidon_nb.widgets.click_confirmation import MIN_CONFIRM_DELAY_S
from tests.widgets.conftest import User


def enabled(user) -> set[str]:
    return {name for name, button in user.model.setting_buttons().items() if button.enabled}


def changes(user) -> list[tuple[str, str]]:
    return [(one.method, one.path) for one in user.desk.sandbox.requests if one.method != "GET"]


def test_a_rename_is_sent_once_and_the_panel_has_the_new_name(user):
    user.model.press_setting("rename")
    assert (user.model.form, user.model.settings.name) == ("rename", "web-1")
    user.model.settings.name = "web-one"
    user.model.submit()
    user.model.submit()
    assert user.model.form == ""
    assert enabled(user) == set(), "it is in progress"
    user.desk.run(60.0)
    assert user.newest().text().startswith("Rename web-1 to web-one: ✓ completed")
    assert user.model.row["name"] == "web-one"
    assert user.desk.done(user.model.droplet) == ["rename"]


def test_a_name_that_is_missing_or_the_same_sends_nothing_and_says_why(user):
    user.model.press_setting("rename")
    for name, problem in (("web-1", "web-1 already has this name."), ("  ", "Enter a name.")):
        user.model.settings.name = name
        user.model.submit()
        assert user.model.settings.note("rename") == problem
        assert user.model.form == "rename"
    assert user.desk.posts() == 0


def test_tags_are_added_and_removed_without_a_question_and_a_new_one_is_created_first(user):
    user.model.press_setting("tags")
    assert "env:staging" in user.model.settings.suggested_tags
    assert "env:prod" not in user.model.settings.suggested_tags
    for tag, paths in (
        ("env:staging", ["/v2/tags/env:staging/resources"]),
        ("blue", ["/v2/tags", "/v2/tags/blue/resources"]),
    ):
        before = len(changes(user))
        user.model.settings.tag = tag
        user.model.submit()
        user.desk.run(5.0)
        assert [path for _, path in changes(user)[before:]] == paths
        assert tag in user.model.settings.tags
    assert user.model.form == "tags", "for the next one"
    user.model.untag("env:staging")
    user.desk.run(5.0)
    assert changes(user)[-1] == ("DELETE", "/v2/tags/env:staging/resources")
    assert "env:staging" not in user.model.settings.tags
    assert user.titles()[0] == "Remove tag env:staging from web-1"
    user.model.settings.tag = "BLUE"
    user.model.submit()
    assert user.model.settings.note("tags") == "web-1 already has this tag."


def test_what_is_no_tag_is_not_suggested_because_the_page_would_take_it_for_html(user):
    user.model.settings.known_tags = ['"><img src=x onerror=alert(1)>', "a b", "", "x" * 300, "größe:2-a_b"]
    assert user.model.settings.suggested_tags == ["größe:2-a_b"]


def test_tags_cannot_be_added_while_those_of_the_account_are_unknown(user):
    user.desk.sandbox.fault("status", status=422, path="/v2/tags", message="No tags today")
    user.model.press_setting("tags")
    user.model.settings.tag = "blue"
    user.model.submit()
    assert "No tags today" in user.model.submit_button().tooltip
    assert "No tags today" in user.model.settings.note("tags")
    assert user.desk.posts() == 0


def test_backups_are_enabled_with_their_price_and_disabled(user):
    assert user.model.setting_buttons()["backups"].label == "Enable backups (+$7.20 a month)"
    user.model.press_setting("backups")
    user.desk.run(60.0)
    assert user.model.setting_buttons()["backups"].label == "Disable backups"
    user.model.press_setting("backups")
    user.desk.run(60.0)
    assert user.desk.done(user.model.droplet) == ["enable_backups", "disable_backups"]


def test_backups_that_cost_more_than_the_limit_ask_first(user):
    user.model.fleet.price_limit_usd_month = lambda: 5.0
    user.model.press_setting("backups")
    button = user.model.setting_buttons()["backups"]
    assert button.label == "Confirm: enable backups web-1 (+$7.20 a month)"
    assert user.model.hint() == "SANDBOX: enable backups droplet web-1 (+$7.20 a month)?"
    assert user.model.announcements()[0] == button.label
    user.desk.clock.advance(MIN_CONFIRM_DELAY_S + 0.1)
    user.model.press_setting("backups")
    user.desk.run(60.0)
    assert user.desk.done(user.model.droplet) == ["enable_backups"]


def test_a_deletion_needs_the_name_and_happens_once(user):
    user.model.press_setting("delete")
    assert user.model.settings.note("delete") == (
        "SANDBOX: delete droplet web-1 (521000032) (saves $24.00 a month)? This cannot be undone."
    )
    assert user.model.settings.delete_label() == "Type web-1 to confirm"
    for typed in ("", "web-", "WEB-1", "web-10"):
        user.model.type_name(typed)
        user.model.submit()
        assert not user.model.submit_button().enabled
    assert user.desk.posts() == 0
    user.model.type_name("web-1")
    assert user.model.submit_button().enabled
    user.model.submit()
    user.model.submit()
    user.desk.run(60.0)
    assert changes(user) == [("DELETE", "/v2/droplets/521000032")]
    assert user.titles() == ["Delete web-1"], "and no second row for the action that the account lists"
    assert user.newest().state == "completed"
    assert user.model.notices() == ["web-1 was deleted."]
    assert enabled(user) == set()


def test_a_typed_name_does_not_stay_for_the_next_time(user):
    user.model.press_setting("delete")
    user.model.type_name("web-1")
    user.model.close_form()
    user.model.press_setting("delete")
    assert not user.model.submit_button().enabled


def test_one_form_is_open_and_hiding_the_buttons_closes_theirs_only(user):
    user.model.toggle_settings()
    user.model.press_setting("rename")
    user.model.press("snapshot")
    assert user.model.form == "snapshot"
    user.model.toggle_settings()
    assert (user.model.settings.visible, user.model.form) == (False, "snapshot")
    user.model.toggle_settings()
    user.model.press_setting("tags")
    user.model.toggle_settings()
    assert (user.model.settings.visible, user.model.form) == (False, "")


@pytest.mark.parametrize("verb", ["rename", "delete"])
def test_a_lost_reply_is_recovered_and_never_sent_twice(user, verb):
    user.desk.sandbox.fault("lost_after", method="POST" if verb == "rename" else "DELETE")
    user.model.press_setting(verb)
    user.model.settings.name = "web-one"
    user.model.type_name("web-1")
    user.model.submit()
    user.desk.run(60.0)
    assert user.newest().state == "completed"
    assert len(changes(user)) == 1


def test_a_refusal_is_shown_and_can_be_retried(user):
    user.desk.sandbox.fault("status", status=422, method="POST", message="Not today")
    user.model.press_setting("rename")
    user.model.settings.name = "web-one"
    user.model.submit()
    user.desk.run(1.0)
    assert "Not today" in user.newest().text()
    user.retry()
    user.desk.run(60.0)
    assert user.model.row["name"] == "web-one"


def test_a_client_that_may_only_read_has_no_settings(desk):
    with connect(desk.sandbox, clock=desk.clock, read_only=True) as reader:
        reader.monitor = desk.monitor
        user = User(desk, reader.droplets.by_name("web-1"))
        assert enabled(user) == set()
        assert user.model.setting_buttons()["delete"].tooltip == "This client is read-only."
        user.model.close()


def test_every_change_is_in_the_journal(user):
    recorded = []
    begin = user.desk.client.engine.recorder.begin
    user.desk.client.engine.recorder = type(
        "Recorder",
        (),
        {"begin": lambda self, chains, title, *notes: recorded.append(title) or begin(chains, title, *notes)},
    )()
    user.model.press_setting("backups")
    user.desk.run(60.0)
    user.model.press_setting("tags")
    user.model.untag("env:prod")
    user.desk.run(5.0)
    assert recorded == ["Enable backups web-1", "Remove tag env:prod from web-1"]
