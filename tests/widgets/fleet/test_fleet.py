"""The rows, selection and buttons of a fleet: always the right droplets, whatever is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poseidon_nb.client.monitor.subscription import AccountState
from poseidon_nb.widgets.click_confirmation import MIN_CONFIRM_DELAY_S
from poseidon_nb.widgets.droplets.facts import HEADS, LEASE, cells_text, droplet_facts, table_cells, with_defaults
from poseidon_nb.widgets.droplets.fleet import Fleet
from poseidon_nb.widgets.droplets.requests import PANEL_VERBS

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
HOSTILE = "<img src=x onerror=alert(1)>'\"&\u202e"


def row(key: int, status: str = "active", *, name: str = "", tags: tuple[str, ...] = ("web",)) -> dict:
    return {
        "id": key,
        "name": name or f"web-{key}",
        "status": status,
        "region": {"slug": "nyc3"},
        "size_slug": "s-1vcpu-1gb",
        "size": {"price_monthly": 6.0},
        "networks": {
            "v4": [{"type": "private", "ip_address": "10.0.0.2"}, {"type": "public", "ip_address": "192.0.2.7"}]
        },
        "tags": list(tags),
        "created_at": "2026-11-01T10:00:00Z",
    }


def state_of(*rows: dict, complete: bool = True, gone: tuple[int, ...] = (), running: dict[int, str] | None = None):
    actions = tuple(
        {"id": 900 + key, "resource_id": key, "resource_type": "droplet", "status": "in-progress", "type": kind}
        for key, kind in (running or {}).items()
    )
    return AccountState({one["id"]: one for one in rows}, actions, complete, frozenset(gone))


@pytest.fixture
def fleet(clock) -> Fleet:
    fleet = Fleet(clock)
    fleet.update(state_of(row(1), row(2), row(3, "off"), row(4)))
    return fleet


def button(fleet: Fleet, verb: str):
    return fleet.buttons()[verb]


def asks(fleet: Fleet) -> bool:
    return any(one.confirming for one in fleet.buttons().values())


def test_a_row_has_a_cell_under_each_head():
    cells = table_cells(row(7, "off"), "power_on", now=NOW)
    assert dict(zip(HEADS, cells, strict=True)) == {
        "": 7,
        "Name": "web-7",
        "Status": "off · power_on",
        "Region": "nyc3",
        "Size": "s-1vcpu-1gb",
        "Public IPv4": "192.0.2.7",
        "Tags": "web",
        "Lease ends (UTC)": "",
        "$/month": 6.0,
        "Created": "2026-11-01",
        "ID": 7,
    }


@pytest.mark.parametrize(
    ("tag", "text"),
    [("lease:2026-12-01T12:00:00Z", "2026-12-01 12:00"), ("LEASE:2026-12-01t12:00:00z", "2026-12-01 12:00"), ("lease:soon", "unreadable")],
)  # fmt: skip
def test_a_lease_has_a_column_of_its_own_and_is_no_tag_there(tag, text):
    cells = table_cells(row(7, tags=("web", tag)), now=NOW)
    assert (cells[HEADS.index("Tags")], cells[LEASE]) == ("web", text)


def test_a_lease_that_is_over_is_marked_also_if_nothing_but_the_time_has_changed(clock):
    now = [NOW]
    fleet = Fleet(clock, now=lambda: now[0])
    end = NOW + timedelta(hours=1)
    state = state_of(row(1, tags=(f"lease:{end:%Y-%m-%dT%H:%M:%SZ}",)), row(2))
    fleet.update(state)
    assert [cells[LEASE] for cells in fleet.cells.values()] == ["2026-11-30 13:00", ""]
    now[0] = end
    assert [*fleet.update(state).updated] == [1]
    assert [cells[LEASE] for cells in fleet.cells.values()] == ["2026-11-30 13:00 · over", ""]
    facts = dict(droplet_facts({**with_defaults(row(1, tags=state.droplets[1]["tags"])), "image": {}}, "SANDBOX", end))
    assert facts["Lease ended"] == "2026-11-30 13:00 UTC. %do reap may destroy the droplet."
    assert "Lease ends" not in facts


def test_the_column_of_leases_is_in_a_text_only_if_a_droplet_has_one():
    leased = table_cells(row(8, tags=("lease:2026-12-01T12:00:00Z",)), now=NOW)
    without = table_cells(row(7), now=NOW)
    assert "Lease" not in cells_text([without], 200)
    head, first, second = cells_text([without, leased], 200).splitlines()
    assert second.index("2026-12-01 12:00") == head.index("Lease ends (UTC)")
    assert first.index("6.00") + len("6.00") == head.index("$/month") + len("$/month"), "money is aligned"


def test_a_droplet_with_missing_fields_has_a_row():
    assert table_cells({"id": 7}, now=NOW)[0] == 7


def test_a_name_cannot_change_the_text_direction():
    assert "\u202e" not in table_cells(row(1, name=HOSTILE), now=NOW)[1]


def test_the_same_rows_in_any_order_change_nothing(fleet):
    cells = fleet.cells
    assert not fleet.update(state_of(row(4), row(3, "off"), row(2), row(1)))
    assert fleet.cells is cells


def test_a_diff_has_only_changed_rows(fleet):
    change = fleet.update(state_of(row(1), row(2, "off"), row(4), row(5)))
    assert ({*change.updated}, change.removed) == ({2, 5}, {3})


def test_the_running_action_of_a_droplet_is_in_its_row(fleet):
    change = fleet.update(state_of(row(1), row(2), row(3, "off"), row(4), running={2: "reboot"}))
    assert change.updated[2][2] == "active · reboot"


def test_an_incomplete_list_removes_only_deleted_droplets(fleet):
    change = fleet.update(state_of(row(1), complete=False, gone=(4,)))
    assert change.removed == {4}
    assert {*fleet.cells} == {1, 2, 3}


def test_a_tag_excludes_other_droplets_ignoring_case(clock):
    fleet = Fleet(clock, "WEB")
    fleet.update(state_of(row(1), row(2, tags=("db",))))
    assert {*fleet.cells} == {1}


_READINGS = st.lists(
    st.tuples(
        st.lists(st.integers(1, 12), unique=True),
        st.booleans(),
        st.sampled_from(["active", "off", "new"]),
    ),
    max_size=8,
)


@given(shown=st.sets(st.integers(1, 12)), chosen=st.sets(st.integers(1, 14)), readings=_READINGS)
def test_the_same_ids_stay_selected_through_any_updates_except_deleted_ones(shown, chosen, readings):
    from tests.conftest import FakeClock

    fleet = Fleet(FakeClock())
    fleet.update(state_of(*map(row, sorted(shown))))
    fleet.select(chosen)
    expected, known = shown & chosen, {*shown}
    assert fleet.selected_ids == expected
    for ids, complete, status in readings:
        fleet.update(state_of(*(row(key, status) for key in ids), complete=complete))
        known = {*ids} if complete else known | {*ids}
        expected &= known
        assert {*fleet.cells} == known
        assert fleet.selected_ids == expected
        assert {one["id"] for one in fleet.selected_rows} == expected
        for verb in PANEL_VERBS:
            order = fleet.press(verb)
            assert order is None or {one["id"] for one in order.droplets} <= expected


def test_deleted_droplets_are_deselected_with_a_notice(fleet):
    fleet.select([2, 4])
    fleet.update(state_of(row(1), row(2), gone=(4,)))
    assert fleet.selected_ids == {2}
    assert "web-4" in fleet.notice


def test_hidden_droplets_cannot_be_selected(fleet):
    fleet.select([2, 99])
    assert fleet.selected_ids == {2}
    fleet.set_selected([1, 99], on=True)
    assert fleet.selected_ids == {1, 2}


def test_rows_are_selected_one_by_one_and_a_question_about_others_is_closed(fleet):
    fleet.select([1])
    fleet.press("power_off")
    assert asks(fleet)
    fleet.set_selected([2], on=True)
    assert fleet.selected_ids == {1, 2}
    assert not asks(fleet)
    fleet.set_selected([1, 4], on=False)
    assert fleet.selected_ids == {2}


def test_only_possible_verbs_are_enabled_and_the_reason_is_shown(fleet):
    assert not any(one.enabled for one in fleet.buttons().values())
    fleet.select([3])
    enabled = {verb for verb, one in fleet.buttons().items() if one.enabled}
    assert enabled == {"power_on", "snapshot", "resize", "freeze", "lease"}
    assert fleet.hint() == "It is off. Not available: shut down, reboot, power off and power cycle."


def test_a_button_asks_with_count_and_names_and_acts_at_the_second_press(fleet, clock):
    fleet.select([1, 2, 3])
    assert fleet.press("power_off") is None
    asked = button(fleet, "power_off")
    assert asked.label == "Confirm: power off 2 droplets: web-1 and web-2 (1 other selected droplet not affected)"
    assert asked.confirming
    clock.advance(MIN_CONFIRM_DELAY_S)
    order = fleet.press("power_off")
    assert [one["id"] for one in order.droplets] == [1, 2]


def test_two_presses_too_close_together_confirm_nothing(fleet, clock):
    fleet.select([1, 2])
    assert fleet.press("power_off") is None
    clock.advance(MIN_CONFIRM_DELAY_S / 2)
    assert fleet.press("power_off") is None
    assert asks(fleet)


@pytest.mark.parametrize("ids", [[1, 2, 4], [1], [2, 4]])
def test_another_selection_is_never_confirmed_by_a_second_press(fleet, clock, ids):
    fleet.select([1, 2])
    fleet.press("power_off")
    fleet.select(ids)
    clock.advance(MIN_CONFIRM_DELAY_S)
    assert not asks(fleet)
    assert fleet.press("power_off") is None


def test_a_question_about_changed_droplets_is_asked_again(fleet, clock):
    fleet.select([1, 2])
    fleet.press("power_off")
    fleet.update(state_of(row(1), row(2, "off"), row(3, "off"), row(4)))
    clock.advance(MIN_CONFIRM_DELAY_S)
    assert fleet.press("power_off") is None
    assert button(fleet, "power_off").label == "Confirm: power off web-1 (1 other selected droplet not affected)"


def test_a_question_about_a_deleted_droplet_is_closed(fleet, clock):
    fleet.select([1, 2])
    fleet.press("power_off")
    fleet.update(state_of(row(1), row(3, "off"), row(4)))
    assert not asks(fleet)


def test_a_harmless_verb_is_executed_at_once_and_only_once(fleet):
    fleet.select([3])
    assert [one["id"] for one in fleet.press("power_on").droplets] == [3]
    assert fleet.press("power_on") is None
    assert fleet.hint() == "Its power on action is in progress."
    fleet.release(3)
    assert fleet.press("power_on") is not None


def test_the_plan_decides_whether_a_confirmation_is_needed(fleet, clock):
    fleet.update(state_of(*(row(key, "off") for key in range(1, 40))))
    fleet.select([1, 2, 3])
    assert [one["id"] for one in fleet.press("power_on").droplets] == [1, 2, 3], "power on is harmless"
    fleet.select(range(4, 26))
    assert fleet.press("power_on") is None, "more than 20 things"
    assert button(fleet, "power_on").label.startswith("Confirm: power on 22 droplets: web-4, ")
    clock.advance(MIN_CONFIRM_DELAY_S)
    assert len(fleet.press("power_on").droplets) == 22


def test_while_a_button_asks_the_hint_is_the_question_of_the_command(fleet):
    fleet.account = "SANDBOX"
    fleet.select([1])
    fleet.press("power_off")
    assert fleet.hint() == (
        "SANDBOX: power off droplet web-1? The power is cut. Data not written to disk is lost. "
        "A droplet that is powered off is still billed."
    )


def test_a_droplet_with_an_external_action_is_waited_for_and_the_question_says_so(fleet, clock):
    fleet.update(state_of(row(1), row(2), row(3, "off"), row(4), running={2: "snapshot"}))
    fleet.select([1, 2, 3])
    assert fleet.press("reboot") is None
    assert button(fleet, "reboot").label == (
        "Confirm: reboot 2 droplets: web-1 and web-2 "
        "(web-2 after its current action has finished; 1 other selected droplet not affected)"
    )
    clock.advance(MIN_CONFIRM_DELAY_S)
    assert [one["id"] for one in fleet.press("reboot").droplets] == [1, 2]


def test_a_busy_droplet_that_is_off_is_not_called_on(fleet):
    fleet.select([3])
    fleet.press("power_on")
    fleet.select([1, 3])
    assert fleet.hint() == "No droplet without an action in progress is off. Not available: power on."


def test_the_same_reason_is_given_once(fleet):
    fleet.select([1])
    assert fleet.hint() == "It is active. Not available: power on."
    fleet.select([1, 2, 4])
    assert fleet.hint() == "None of them is off. Not available: power on."
    fleet.select([1, 3])
    assert fleet.hint() == ""
    fleet.update(state_of(row(1, "new"), row(2), row(3, "off"), row(4)))
    fleet.select([1])
    assert fleet.hint() == "It is still being created."


def test_a_question_can_be_cancelled(fleet, clock):
    fleet.select([1])
    fleet.press("reboot")
    fleet.cancel()
    clock.advance(MIN_CONFIRM_DELAY_S)
    assert fleet.press("reboot") is None


def test_many_names_are_truncated(fleet):
    fleet.update(state_of(*map(row, range(1, 51))))
    fleet.select(range(1, 51))
    fleet.press("power_off")
    assert button(fleet, "power_off").label == (
        "Confirm: power off 50 droplets: web-1, web-2, web-3, web-4, web-5, web-6, web-7, web-8 and 42 more"
    )
    assert fleet.count_text() == "50 droplets, $300.00 a month"


def test_what_is_selected_and_possible_follows_each_change_and_is_not_computed_again_before(fleet):
    """A list that is returned again is the same one: refreshes of thousands of droplets rely on it."""

    def reboots() -> list[int]:
        return [one["id"] for one in fleet.eligible("reboot")]

    fleet.select({1, 2, 3})
    assert reboots() == [1, 2]
    assert fleet.eligible("reboot") is fleet.eligible("reboot")
    assert fleet.selected_rows is fleet.selected_rows
    fleet.set_selected({4}, on=True)
    assert reboots() == [1, 2, 4]
    fleet.claim([2], "reboot")
    assert reboots() == [1, 4]
    fleet.release(2)
    assert reboots() == [1, 2, 4]
    fleet.update(state_of(row(1, "off"), row(2), row(3, "off"), row(4), row(5)))
    assert reboots() == [2, 4]
    assert fleet.count_text() == "5 droplets, $30.00 a month"
    fleet.update(state_of(row(2), row(3, "off"), row(5), gone=(1, 4)))
    assert reboots() == [2]
    assert [one["id"] for one in fleet.selected_rows] == [2, 3]


def test_the_cells_of_a_row_follow_its_action_and_its_changes(fleet):
    kept = row(2)
    fleet.update(state_of(row(1), kept, running={1: "reboot"}))
    known = fleet.cells[2]
    fleet.update(state_of(row(1, name="other"), kept, running={2: "reboot"}))
    assert fleet.cells[1][1:3] == ("other", "active")
    assert fleet.cells[2][2] == "active · reboot"
    fleet.update(state_of(row(1), kept))
    assert fleet.cells[2] == known


def test_a_text_of_the_table_leaves_out_the_least_wanted_columns_where_they_do_not_fit():
    cells = table_cells(row(521000032, name="web-1", tags=("a-tag",) * 9), now=NOW)
    shown = {width: cells_text([cells], width) for width in (200, 80, 24)}
    assert all(len(line) <= width for width, text in shown.items() for line in text.splitlines()[:2])
    assert "2026-11-01  521000032" in shown[200]
    assert "a-tag, a-tag" in shown[80], "half a list is of use"
    assert shown[80].splitlines()[-1] == "No room for Created and ID"
    assert shown[24].splitlines()[1].split() == ["web-1", "6.00"]
