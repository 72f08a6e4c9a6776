"""The page's half of a table's selection, on a page with nothing else: what the kernel says and what is clicked cross on the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from poseidon_nb.widgets import id_table

#: As much of a widget's model and of DataTables as the script asks for.
STAGE = """
const heard = {}, sent = [];
const model = {
    key: "key", selection: { ids: [], sequence: 0 },
    get(name) { return this[name]; },
    on(name, listen) { heard[name] = listen; },
    send(message) { sent.push(message); },
};
function say(ids, number) { model.selection = { ids, sequence: number }; heard["change:selection"](); }
document.body.innerHTML = `<div><table data-pnb-key="key"><thead><tr><th></th></tr></thead><tbody>
    <tr><td>one</td></tr><tr><td>two</td></tr><tr><td>three</td></tr></tbody></table></div>`;
const node = document.querySelector("table"), rows = [...node.querySelectorAll("tbody tr")];
const list = (items) => ({ toArray: () => items });
node.pnbApi = {
    table: () => ({ node: () => node, container: () => node.parentNode, header: () => node.tHead }),
    rows: () => ({ nodes: () => list(rows), data: () => list(rows.map((_, place) => [place + 1])) }),
    row: (row) => ({ data: () => [rows.indexOf(row) + 1] }),
    on() {},
};
const moved = [];
const act = () => moved.push("rows");
const selection = createSelection(model);
selection.connect({ selectAllLabel: "all", onAttach() {} });
const chosen = () => rows.flatMap((row, place) => (row.classList.contains("pnb-row-selected") ? [place + 1] : []));
"""


@pytest.fixture
def page(chromium):
    page = chromium.new_page()
    page.add_script_tag(content=Path(id_table.__file__).with_suffix(".js").read_text("utf-8") + STAGE)
    yield page
    page.close()


def test_a_click_is_told_as_what_it_changes(page):
    page.get_by_text("one").click()
    page.get_by_text("two").click()
    page.get_by_text("one").click()
    assert page.evaluate("sent") == [
        {"ids": [1], "on": True, "sequence": 1},
        {"ids": [2], "on": True, "sequence": 2},
        {"ids": [1], "on": False, "sequence": 3},
    ]
    assert page.evaluate("chosen()") == [2]


def test_what_the_kernel_said_before_it_heard_of_a_click_undoes_no_click(page):
    page.get_by_text("one").click()
    page.get_by_text("two").click()
    page.evaluate("say([1], 1)")
    assert page.evaluate("chosen()") == [1, 2]
    # And is taken in all the same: Python has selected another one meanwhile.
    page.evaluate("say([3], 1)")
    assert page.evaluate("chosen()") == [2, 3]
    page.evaluate("say([3], 2)")
    assert page.evaluate("chosen()") == [3], "the droplet that was clicked is no more"
    page.get_by_text("three").click()
    assert page.evaluate("sent.at(-1)") == {"ids": [3], "on": False, "sequence": 3}


def test_a_page_counts_on_from_what_another_window_has_told(page):
    page.evaluate("say([2], 9)")
    page.get_by_text("one").click()
    assert page.evaluate("sent") == [{"ids": [1], "on": True, "sequence": 10}]


def test_rows_move_only_once_the_mouse_is_let_go_and_its_click_is_taken(page):
    page.evaluate("node.addEventListener('click', () => moved.push('click'))")
    act = "selection.whenPointerUp(act)"
    page.evaluate(act)
    assert page.evaluate("moved") == ["rows"]
    page.get_by_text("two").hover()
    page.mouse.down()
    page.evaluate(f"{act}; {act}")
    assert page.evaluate("moved") == ["rows"]
    page.mouse.up()
    page.wait_for_function("moved.length > 2")
    assert page.evaluate("moved") == ["rows", "click", "rows"]


def test_a_mouse_that_was_let_go_out_of_sight_holds_no_rows(page):
    page.evaluate("rows[0].dispatchEvent(new PointerEvent('pointerdown', { button: 0, bubbles: true }))")
    page.evaluate("selection.whenPointerUp(act)")
    assert page.evaluate("moved") == []
    page.get_by_text("two").hover()
    page.wait_for_function("moved.length === 1")
