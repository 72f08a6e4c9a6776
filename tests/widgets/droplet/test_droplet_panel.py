"""The skin of a droplet's panel without a browser: that it shows the model, sends little, and leaves nothing behind."""

from __future__ import annotations

import re
import threading
from html.parser import HTMLParser

import ipywidgets
import pytest

from poseidon_nb.client.client import connect
from poseidon_nb.widgets.busy_kernel import CLICKS_WAIT, BusyKernel
from poseidon_nb.widgets.droplet.panel import DropletPanel
from poseidon_nb.widgets.open_panels import THE_OPEN_PANELS

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
    assert "pnb-asking" in power_off._dom_classes
    desk.clock.advance(1.0)
    power_off.click()
    assert power_off.disabled
    desk.run(60.0)
    assert power_off.description == "Power off"
    assert desk.done(panel.droplet) == ["power_off"]
    assert "Off" in button(panel, "head").value


def test_the_way_out_is_a_button_beside_it(panel, desk):
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
    assert "Confirm: power off web-1" in panel._conduct.said
    cancel.click()
    assert power_off.description == "Power off"
    assert not any("Confirm" in one for one in panel._conduct.said)
    assert desk.posts() == 0


def test_the_way_out_is_there_before_the_question_can_be_read(panel):
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


def test_why_a_button_cannot_be_clicked_is_told_by_it_and_below_it(panel):
    assert button(panel, "power-on").disabled
    assert button(panel, "power-on").tooltip == "It is on."
    assert "It is on, so not now: power on." in htmls(panel)


def test_a_resize_is_chosen_confirmed_and_shows_its_steps(panel, desk):
    button(panel, "resize").click()
    sizes, disk, go = button(panel, "sizes"), button(panel, "disk"), button(panel, "go-resize")
    sizes.value = "s-4vcpu-8gb"
    disk.value = True
    assert "with its disk" not in go.description
    go.click()
    assert go.description.startswith("Confirm: resize web-1 to s-4vcpu-8gb with a restart, including the disk (+")
    desk.clock.advance(1.0)
    go.click()
    desk.run(300.0)
    steps = next(html for html in htmls(panel) if "<ol class='pnb-steps'" in html)
    assert steps.count("(done)") == 3
    assert panel.droplet.disk == 160


def test_a_snapshots_name_is_typed(panel, desk):
    button(panel, "snapshot").click()
    button(panel, "snapshot-name").value = "mine"
    button(panel, "go-snapshot").click()
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
    assert len(panel.model.works) == 1
    button(panel, "dismiss").click()
    assert panel.model.works == []


def test_a_retry_is_taken_once(panel, desk):
    desk.sandbox.fault("status", status=422, method="POST", message="Not today")
    button(panel, "reboot").click()
    desk.clock.advance(1.0)
    button(panel, "reboot").click()
    desk.holding = True
    retry = button(panel, "retry")
    retry.click()
    retry.click()
    assert len(desk.client.engine.background) == 1


def test_a_retry_that_makes_no_sense_now_can_be_pressed_later_and_is_then_taken_once(panel, desk):
    desk.sandbox.fault("status", status=422, method="POST", message="Not today")
    button(panel, "reboot").click()
    desk.clock.advance(1.0)
    button(panel, "reboot").click()
    retry = button(panel, "retry")
    button(panel, "snapshot").click()
    button(panel, "go-snapshot").click()
    retry.click()
    assert panel.model.remark == "Not tried again: its snapshot is under way."
    desk.run(900.0)
    retry.click()
    desk.run(60.0)
    retry.click()
    assert desk.done(panel.droplet) == ["snapshot", "reboot"]


def test_a_panel_that_fails_costs_no_other_panel_its_click(desk):
    kernel = BusyKernel()
    clicks = []

    def fail():
        raise KeyError("region")

    kernel.listen(fail)
    kernel.began()
    panel = DropletPanel(desk.droplet())
    panel._kernel = kernel
    panel.clicked(lambda: clicks.append(1))()
    kernel.ended()
    panel.close()
    assert clicks == [1]


def test_a_size_that_is_chosen_while_the_form_is_shown_anew_is_taken(panel, monkeypatch):
    button(panel, "resize").click()
    sizes = panel._forms[1]._sizes
    chosen = [*sizes.options][-1][1]
    said, taken = panel.model.form_words, threading.Event()
    monkeypatch.setattr(
        panel.model, "choose_size", lambda slug: (taken.set(), panel.model.resizing.__setattr__("wanted", slug))
    )

    def words():
        if not taken.is_set() and not started:
            started.append(threading.Thread(target=setattr, args=(sizes, "value", chosen)))
            started[0].start()
            started[0].join(5.0)
        return said()

    started: list[threading.Thread] = []
    monkeypatch.setattr(panel.model, "form_words", words)
    panel.refresh()
    assert taken.is_set()
    assert panel.model.resizing.choice.slug == chosen


def test_the_bar_can_be_read_by_assistive_technology_and_the_end_is_announced(panel, desk):
    button(panel, "reboot").click()
    desk.clock.advance(1.0)
    button(panel, "reboot").click()
    desk.run(1.0)
    bar = next(html for html in htmls(panel) if "progressbar" in html)
    assert re.search(r"role='progressbar' aria-label='Reboot web-1'.*aria-valuenow='\d+'", bar)
    desk.run(60.0)
    assert "Reboot web-1: completed" in panel._conduct.said


def test_unchanged_data_sends_nothing(panel, desk, monkeypatch):
    sent = []
    monkeypatch.setattr(ipywidgets.Widget, "send_state", lambda self, key=None: sent.append((self, key)))
    panel.refresh()
    desk.run(59.0)
    assert sent == []


def test_another_panel_of_the_same_droplet_closes_the_first(desk):
    first = DropletPanel(desk.droplet())
    second = DropletPanel(desk.droplet())
    other = DropletPanel(desk.droplet("db-1"))
    assert first.model.closed
    assert not second.model.closed
    assert len(desk.watch._subscriptions) == 2
    for panel in (first, second, other):
        panel.close()
    assert not {first, second, other}.intersection(THE_OPEN_PANELS._panels.values())
    assert desk.watch._subscriptions == []


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


def test_what_a_notebook_keeps_is_text_and_a_table_and_no_token(panel, desk):
    bundle = panel._repr_mimebundle_()
    assert {*bundle} == {"text/plain", "text/html", "application/vnd.jupyter.widget-view+json"}
    assert bundle["text/plain"] == repr(panel) == panel.text()
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


def test_a_running_cell_is_told_of_while_it_runs_and_only_when_it_takes_long():
    timers = Timers()
    kernel = BusyKernel(timers)
    told = []
    kernel.listen(lambda: told.append(kernel.notice))
    kernel.began()
    assert kernel.notice == ""
    kernel.ended()
    assert told == []
    kernel.began()
    timers.fire()
    kernel.ended()
    assert told == [CLICKS_WAIT, ""]


def test_a_kernel_that_takes_clicks_meanwhile_is_not_said_to_let_them_wait():
    timers = Timers()
    kernel = BusyKernel(timers)
    kernel.listen(lambda: None)
    kernel.began()
    timers.fire()
    kernel.clicked()
    assert kernel.notice == ""
    kernel.ended()
    kernel.began()
    timers.fire()
    assert kernel.notice == ""


def test_the_panel_shows_that_clicks_wait(desk):
    panel = DropletPanel(desk.droplet())
    timers = Timers()
    panel._kernel._start_timer = timers
    try:
        panel._kernel.began()
        timers.fire()
        assert any(CLICKS_WAIT in html for html in htmls(panel))
        panel._kernel.ended()
        assert not any(CLICKS_WAIT in html for html in htmls(panel))
    finally:
        panel.close()
        panel._kernel.ended()


def test_many_threads_may_show_at_once(desk):
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
        client.watch._drive = lambda watch: None
        first = DropletPanel(desk.droplet())
        second = DropletPanel(client.droplets.by_name("web-1"))
        assert not first.model.closed
        first.close()
        second.close()
