"""The widgets of a droplet's panel, without a browser: they show the model, send only changes and are closed completely."""

from __future__ import annotations

import re
import threading
from html.parser import HTMLParser

import ipywidgets
import pytest

from poseidon_nb.client.client import connect
from poseidon_nb.widgets.droplets.panel import DropletPanel
from poseidon_nb.widgets.kernel import CLICKS_QUEUED, KernelMonitor
from poseidon_nb.widgets.panel import NO_BUTTONS, PanelHost

HOSTILE = "<img src=x onerror=alert(1)>'\"&\u202e"


@pytest.fixture
def panel(desk):
    panel = DropletPanel(desk.droplet())
    desk.run(0.1)
    yield panel
    panel.close()


def widgets_in(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from widgets_in(child)


def button(panel, name: str):
    return next(one for one in widgets_in(panel.widget) if f"pnb-{name}" in one._dom_classes)


def htmls(panel) -> list[str]:
    return [one.value for one in widgets_in(panel.widget) if isinstance(one, ipywidgets.HTML)]


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_a_click_asks_in_place_and_a_second_one_acts(panel, desk):
    power_off = button(panel, "power-off")
    power_off.click()
    assert power_off.description == "Confirm: power off web-1"
    assert "pnb-confirming" in power_off._dom_classes
    desk.clock.advance(1.0)
    power_off.click()
    assert power_off.disabled
    desk.run(60.0)
    assert power_off.description == "Power off"
    assert desk.done(panel.droplet) == ["power_off"]
    assert ">off<" in button(panel, "head").value


def test_a_cancel_button_is_beside_the_question(panel, desk):
    power_off = button(panel, "power-off")
    cancel = next(
        two
        for one in widgets_in(panel.widget)
        if power_off in getattr(one, "children", ())
        for two in one.children
        if two is not power_off
    )
    assert "pnb-hidden" in cancel._dom_classes
    power_off.click()
    assert "pnb-hidden" not in cancel._dom_classes
    assert "Confirm: power off web-1" in panel._accessibility.announcements
    cancel.click()
    assert power_off.description == "Power off"
    assert not any("Confirm" in one for one in panel._accessibility.announcements)
    assert desk.posts() == 0


def test_the_cancel_button_is_visible_before_the_question(panel):
    power_off = button(panel, "power-off")
    cancel = next(
        box.children[1]
        for box in widgets_in(panel.widget)
        if isinstance(box, ipywidgets.Box) and box.children[:1] == (power_off,)
    )
    could_cancel = []
    power_off.observe(lambda _: could_cancel.append("pnb-hidden" not in cancel._dom_classes), "description")
    power_off.click()
    assert could_cancel == [True]


def test_the_reason_for_a_disabled_button_is_its_tooltip_and_below_the_buttons(panel):
    assert button(panel, "power-on").disabled
    assert button(panel, "power-on").tooltip == "It is active."
    assert "It is active. Not available: power on." in htmls(panel)


def test_a_resize_is_chosen_confirmed_and_shows_its_steps(panel, desk):
    button(panel, "resize").click()
    sizes, disk, submit = button(panel, "sizes"), button(panel, "disk"), button(panel, "submit-resize")
    sizes._handle_custom_msg({"slug": "s-4vcpu-8gb", "sequence": 1}, [])
    disk.value = True
    assert "with its disk" not in submit.description
    submit.click()
    assert submit.description == "Confirm"
    asked = button(panel, "question").value
    assert asked.startswith("SANDBOX: resize droplet web-1 to s-4vcpu-8gb with a restart, including the disk (+")
    desk.clock.advance(1.0)
    submit.click()
    desk.run(300.0)
    steps = next(html for html in htmls(panel) if "<ol class='pnb-steps'" in html)
    assert steps.count("(done)") == 3
    assert panel.droplet.disk == 160


def test_the_name_of_a_snapshot_can_be_typed(panel, desk):
    button(panel, "snapshot").click()
    button(panel, "snapshot-name").value = "mine"
    button(panel, "submit-snapshot").click()
    desk.run(600.0)
    assert [one.name for one in panel.droplet.snapshots()][-1] == "mine"


def test_an_error_has_retry_and_dismiss(panel, desk):
    desk.sandbox.fault("status", status=422, method="POST", message="Not today")
    button(panel, "reboot").click()
    desk.clock.advance(1.0)
    button(panel, "reboot").click()
    assert any("pnb-error" in html and "Not today" in html for html in htmls(panel))
    button(panel, "retry").click()
    desk.run(60.0)
    assert desk.done(panel.droplet) == ["reboot"]
    assert len(panel.model.activity) == 1
    button(panel, "dismiss").click()
    assert panel.model.activity == []


def test_a_double_click_on_retry_retries_once(panel, desk):
    desk.sandbox.fault("status", status=422, method="POST", message="Not today")
    button(panel, "reboot").click()
    desk.clock.advance(1.0)
    button(panel, "reboot").click()
    desk.held_back = True
    retry = button(panel, "retry")
    retry.click()
    retry.click()
    assert len(desk.client.engine.background) == 1


def test_a_retry_that_is_impossible_now_can_be_pressed_later_and_then_retries_once(panel, desk):
    desk.sandbox.fault("status", status=422, method="POST", message="Not today")
    button(panel, "reboot").click()
    desk.clock.advance(1.0)
    button(panel, "reboot").click()
    retry = button(panel, "retry")
    button(panel, "snapshot").click()
    button(panel, "submit-snapshot").click()
    retry.click()
    assert panel.model.retry_notice == "Not retried: its snapshot action is in progress."
    desk.run(900.0)
    retry.click()
    desk.run(60.0)
    retry.click()
    assert desk.done(panel.droplet) == ["snapshot", "reboot"]


def test_a_panel_that_fails_costs_no_other_panel_its_click(desk):
    kernel = KernelMonitor()
    clicks = []

    def fail():
        raise KeyError("region")

    kernel.subscribe(fail)
    kernel.cell_started()
    panel = DropletPanel(desk.droplet())
    panel._kernel = kernel
    panel.on_click(lambda: clicks.append(1))()
    kernel.cell_finished()
    panel.close()
    assert clicks == [1]


def test_a_size_chosen_while_the_form_is_refreshed_is_not_lost(panel, monkeypatch):
    button(panel, "resize").click()
    sizes = panel._forms[1]._sizes
    chosen = [row["slug"] for row in sizes.rows if row["enabled"]][-1]
    said, taken = panel.model.form_notes, threading.Event()
    monkeypatch.setattr(
        sizes, "_choose", lambda slug: (taken.set(), panel.model.resize_options.__setattr__("chosen_slug", slug))
    )

    def words():
        if not taken.is_set() and not started:
            click = ({"slug": chosen, "sequence": 1}, [])
            started.append(threading.Thread(target=sizes._handle_custom_msg, args=click))
            started[0].start()
            started[0].join(5.0)
        return said()

    started: list[threading.Thread] = []
    monkeypatch.setattr(panel.model, "form_notes", words)
    panel.refresh()
    assert taken.is_set()
    assert panel.model.resize_options.choice.slug == chosen
    assert sizes.chosen == {"slug": chosen, "sequence": 1}


def test_the_bar_can_be_read_by_assistive_technology_and_the_end_is_announced(panel, desk):
    button(panel, "reboot").click()
    desk.clock.advance(1.0)
    button(panel, "reboot").click()
    desk.run(1.0)
    bar = next(html for html in htmls(panel) if "progressbar" in html)
    assert re.search(r"role='progressbar' aria-label='Reboot web-1'.*aria-valuenow='\d+'", bar)
    desk.run(60.0)
    assert "Reboot web-1: completed" in panel._accessibility.announcements


def test_unchanged_data_sends_nothing(panel, desk, monkeypatch):
    sent = []
    monkeypatch.setattr(ipywidgets.Widget, "send_state", lambda self, key=None: sent.append((self, key)))
    panel.refresh()
    desk.run(59.0)
    assert sent == []


def test_another_panel_of_the_same_droplet_closes_the_first(desk):
    host = PanelHost()
    first, second, other = (DropletPanel(desk.droplet(name), host=host) for name in ("web-1", "web-1", "db-1"))
    assert first.model.closed
    assert not second.model.closed
    assert len(desk.monitor._subscriptions) == 2
    for panel in (first, second, other):
        panel.close()
    assert not host._panels
    assert desk.monitor._subscriptions == []


def test_closing_leaves_no_widget_behind(desk):
    before = {*ipywidgets.widgets.widget._instances}
    panel = DropletPanel(desk.droplet())
    button(panel, "resize").click()
    button(panel, "reboot").click()
    desk.clock.advance(1.0)
    button(panel, "reboot").click()
    desk.run(2.0)
    panel.close()
    panel.close()
    panel.refresh()
    assert {*ipywidgets.widgets.widget._instances} - before == set()
    assert "widget-view" not in str(panel._repr_mimebundle_())


def test_the_saved_output_is_text_and_a_table_without_a_token(panel, desk):
    bundle = panel._repr_mimebundle_()
    assert {*bundle} == {"text/plain", "text/html", "application/vnd.jupyter.widget-view+json"}
    assert bundle["text/plain"] == f"{panel.text()}\n{NO_BUTTONS}"
    assert repr(panel) == panel.text()
    assert bundle["text/html"].endswith(f"<p>{NO_BUTTONS}</p></div>")
    assert "<table" in bundle["text/html"]
    assert desk.sandbox.token not in str(bundle) + str([one.get_state() for one in widgets_in(panel.widget)])


def test_hostile_names_and_tags_stay_text_everywhere(desk):
    droplet = desk.droplet()
    row = droplet.to_dict() | {"name": HOSTILE, "tags": [HOSTILE, "x" * 200], "status": "active"}
    row["image"] = row["image"] | {"name": HOSTILE}
    droplet.assign(row)
    panel = DropletPanel(droplet)
    button(panel, "snapshot").click()
    desk.sandbox.fault("status", status=422, method="POST", message=HOSTILE)
    button(panel, "reboot").click()
    desk.clock.advance(1.0)
    button(panel, "reboot").click()
    shown = [*htmls(panel), panel.html()]
    assert any("&lt;img" in html for html in shown)
    for html in shown:
        for tag, attributes in Tags(html).found:
            assert tag not in {"img", "script"}
            assert not any(name.startswith("on") for name in attributes)
        assert "\u202e" not in html
    assert "\u202e" not in panel.text()
    panel.close()


class Timers:
    def __init__(self):
        self.waiting = []

    def __call__(self, seconds, do):
        self.waiting.append(do)
        return self

    def cancel(self):
        self.waiting.clear()

    def fire(self):
        for do in [*self.waiting]:
            do()


def test_the_notice_appears_only_while_a_long_cell_runs():
    timers = Timers()
    kernel = KernelMonitor(timers)
    told = []
    kernel.subscribe(lambda: told.append(kernel.notice))
    kernel.cell_started()
    assert kernel.notice == ""
    kernel.cell_finished()
    assert told == []
    kernel.cell_started()
    timers.fire()
    kernel.cell_finished()
    assert told == [CLICKS_QUEUED, ""]


def test_there_is_no_notice_if_clicks_are_handled_while_a_cell_runs():
    timers = Timers()
    kernel = KernelMonitor(timers)
    kernel.subscribe(lambda: None)
    kernel.cell_started()
    timers.fire()
    kernel.click_received()
    assert kernel.notice == ""
    kernel.cell_finished()
    kernel.cell_started()
    timers.fire()
    assert kernel.notice == ""


def test_the_panel_shows_that_clicks_are_queued(desk):
    panel = DropletPanel(desk.droplet())
    timers = Timers()
    panel._kernel._start_timer = timers
    try:
        panel._kernel.cell_started()
        timers.fire()
        assert any(CLICKS_QUEUED in html for html in htmls(panel))
        panel._kernel.cell_finished()
        assert not any(CLICKS_QUEUED in html for html in htmls(panel))
    finally:
        panel.close()
        panel._kernel.cell_finished()


def test_many_threads_may_refresh_at_once(desk):
    panel = DropletPanel(desk.droplet())
    gate, done = threading.Barrier(4), []

    def refresh():
        gate.wait(5)
        panel.refresh()
        done.append(threading.current_thread().name)

    threads = [threading.Thread(target=refresh) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert len(done) == 4
    panel.close()


def test_panels_of_two_accounts_do_not_close_each_other(desk):
    from poseidon_nb.sandbox import Sandbox

    with Sandbox(clock=desk.clock) as sandbox, connect(sandbox, clock=desk.clock) as client:
        client.monitor._drive = lambda watch: None
        first = DropletPanel(desk.droplet())
        second = DropletPanel(client.droplets.by_name("web-1"))
        assert not first.model.closed
        first.close()
        second.close()
