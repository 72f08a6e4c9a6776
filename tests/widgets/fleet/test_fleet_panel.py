"""The fleet's panel on a sandbox, without a kernel: its rows, its selection, and what is sent to the page."""

from __future__ import annotations

import threading
from html.parser import HTMLParser

import ipywidgets

from poseidon_nb.client.client import connect
from poseidon_nb.client.monitor.polling import POLL_INTERVAL_S
from poseidon_nb.widgets.click_confirmation import MIN_CONFIRM_DELAY_S
from tests.widgets.fleet.conftest import FleetDesk, active, chosen


def test_all_droplets_are_shown_including_gpu_droplets_and_the_selection_is_a_frame(desk):
    panel = desk.open()
    everything = {one.id for one in desk.client.droplets.list()}
    assert {*map(int, panel._table._data.rows)} == everything
    ids = active(desk, 3)
    panel.select(ids)
    assert {*panel.selected["id"]} == {*ids}
    assert [*panel.selected.columns] == [*desk.client.droplets.frame().columns]


def test_an_empty_selection_is_a_frame_with_the_same_columns(desk):
    frame = desk.open().selected
    assert len(frame) == 0
    assert "public_ipv4" in frame.columns


def test_unchanged_data_sends_nothing(desk, sent):
    desk.open()
    sent.clear()
    desk.run(10 * POLL_INTERVAL_S)
    assert sent == []


def test_a_change_sends_only_the_row_that_changed(desk, sent):
    panel = desk.open()
    (key,) = active(desk, 1)
    with connect(desk.sandbox, clock=desk.clock) as other:
        other.droplets.get(key).rename("fresh")
    sent.clear()
    desk.run(3 * POLL_INTERVAL_S)
    assert {*panel._table._data.changes} == {str(key)}
    assert panel._table._data.changes[str(key)][1] == "fresh"
    assert not any(widget is panel._table._table for widget, _ in sent)


def test_itables_never_gets_data_so_that_page_and_sorting_stay(desk):
    panel = desk.open()
    before = dict(panel._table._table._dt_args)
    with connect(desk.sandbox, clock=desk.clock) as other:
        other.droplets.get(active(desk, 1)[0]).delete()
    desk.run(3 * POLL_INTERVAL_S)
    assert panel._table._table._dt_args == before


def click_rows(panel, ids, number: int, *, on: bool = True) -> None:
    """Send the message of a click on rows."""
    panel._table._data._handle_custom_msg({"ids": ids, "on": on, "sequence": number}, [])


def test_a_selection_made_in_the_page_is_acknowledged_without_rows(desk, sent):
    panel = desk.open()
    ids = active(desk, 2)
    sent.clear()
    click_rows(panel, ids, 1)
    assert panel.selected_ids == {*ids}
    assert not any(widget is panel._table._data and "rows" in (key or ()) for widget, key in sent)
    assert panel._table._data.selection == {"ids": sorted(ids), "sequence": 1}
    click_rows(panel, ids[:1], 2, on=False)
    assert panel.selected_ids == {ids[1]}
    assert panel._table._data.selection == {"ids": ids[1:], "sequence": 2}


def test_a_refresh_while_a_click_is_handled_never_undoes_the_click(desk, monkeypatch):
    panel = desk.open()
    first, second = active(desk, 2)
    click_rows(panel, [first], 1)
    told = []
    panel._table._data.observe(lambda change: told.append(change.new), "selection")
    # As the thread of the watch may do in between.
    select = panel.model.fleet.select
    monkeypatch.setattr(panel.model.fleet, "select", lambda ids: (panel.refresh(), select(ids), panel.refresh()))
    click_rows(panel, [second], 2)
    assert told[-1] == {"ids": sorted([first, second]), "sequence": 2}
    assert all(second in state["ids"] for state in told if state["sequence"] >= 2), told


def test_a_click_that_crosses_a_selection_from_the_kernel_does_not_undo_it(desk):
    panel = desk.open()
    first, second, third = active(desk, 3)
    click_rows(panel, [first], 1)
    # The row is clicked before the page gets this change.
    panel._clear._button.click()
    click_rows(panel, [second], 2)
    assert panel.selected_ids == {second}
    panel.select([third])
    click_rows(panel, [second], 3, on=False)
    assert panel.selected_ids == {third}


def test_a_window_with_lower_sequence_numbers_is_handled_too(desk):
    panel = desk.open()
    first, second = active(desk, 2)
    click_rows(panel, [first], 7)
    click_rows(panel, [second], 3)
    assert panel._table._data.selection == {"ids": sorted([first, second]), "sequence": 7}


def test_a_click_clears_the_selection_on_all_pages(desk):
    panel = desk.open()
    clear = panel._clear
    assert "pnb-hidden" in clear.widget._dom_classes
    click_rows(panel, active(desk, 2), 1)
    assert "pnb-hidden" not in clear.widget._dom_classes
    clear._button.click()
    assert panel.selected_ids == frozenset()
    assert panel._table._data.selection == {"ids": [], "sequence": 1}
    assert "pnb-hidden" in clear.widget._dom_classes


def test_the_row_of_a_single_droplet_has_the_whole_title(desk):
    panel = desk.open()
    (one,) = active(desk, 1)
    panel.select([one])
    submit = chosen(desk, "s-8vcpu-16gb")
    submit._button.click()
    desk.clock.advance(MIN_CONFIRM_DELAY_S)
    submit._button.click()
    (progress,) = panel.model.activity
    assert progress.row(one).title == progress.request.title
    assert progress.request.title.endswith(" to s-8vcpu-16gb")
    assert panel._progress[progress]._summary.value == ""


def test_only_droplets_with_the_tag_are_shown(desk):
    panel = desk.open("web")
    tagged = {one.id for one in desk.client.droplets.list(tag_name="web")}
    assert tagged
    assert {*panel.model.fleet.cells} == tagged


def test_a_read_only_client_disables_all_buttons(desk):
    with connect(desk.sandbox, clock=desk.clock, read_only=True) as client:
        reading = FleetDesk(desk.sandbox, client, desk.clock)
        panel = reading.open()
        panel.select(active(reading, 2))
        assert all(button._button.disabled for button in panel._buttons.values())
        panel.close()


def test_a_second_panel_closes_the_first_and_its_widgets(desk):
    before = {*ipywidgets.widgets.widget._instances}
    first = desk.open()
    second = desk.open()
    assert first.model.closed
    assert not second.model.closed
    second.close()
    assert {*ipywidgets.widgets.widget._instances} - before == set()
    assert desk.monitor.tick() is None


def test_opening_reads_the_account_once(desk):
    desk.client.label()
    desk.sandbox._dispatcher.log.clear()
    desk.open()
    assert len(desk.sandbox.requests) == 3


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_a_hostile_name_stays_text_in_the_saved_output(desk):
    key = desk.client.droplets.list()[0].id
    droplets = desk.sandbox._dispatcher.world.droplets
    droplets.put(key, droplets[key].with_public(name="<img src=x onerror=alert(1)>" + "w" * 200))
    panel = desk.open()
    panel.select([key])
    html = panel.html()
    assert "img" not in {tag for tag, _ in Tags(html).found}
    bundle = panel._repr_mimebundle_()
    assert "dop_v1" not in str(bundle)
    assert "61 droplets" in bundle["text/plain"]


def test_a_panel_may_be_used_from_other_threads(desk):
    panel = desk.open()
    thread = threading.Thread(target=lambda: panel.select(active(desk, 1)))
    thread.start()
    thread.join()
    assert len(panel.selected) == 1
