"""`%do` in a real kernel, as a notebook runs it: one kernel for all, cells through nbclient, nobody to answer."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbclient.util import run_sync

from poseidon_nb.widgets.panel import NO_BUTTONS

ANSI = re.compile(r"\x1b\[[0-9;]*m")


class Notebook:
    """A notebook that grows by the cells that it is given."""

    def __init__(self) -> None:
        self.notebook = nbformat.v4.new_notebook()
        self.client = NotebookClient(self.notebook, timeout=60, kernel_name="python3")

    def run(self, *cells: str) -> list[Any]:
        """Run cells, and give the outputs of the last one."""
        for source in cells:
            cell = nbformat.v4.new_code_cell(source)
            self.notebook.cells.append(cell)
            self.client.execute_cell(cell, len(self.notebook.cells) - 1)
        return self.notebook.cells[-1].outputs

    def text(self, *cells: str) -> str:
        """Run cells, and give all text of the last one's outputs."""
        return "".join(texts(self.run(*cells)))

    def error(self, source: str) -> Any:
        """Run a cell that fails, and give its error output."""
        with pytest.raises(CellExecutionError):
            self.run(source)
        found = [output for output in self.notebook.cells[-1].outputs if output.output_type == "error"]
        assert len(found) == 1
        return found[0]


def texts(outputs: list[Any]) -> list[str]:
    return [
        output.get("text") or output.get("data", {}).get("text/plain") or output.get("evalue", "") for output in outputs
    ]


@pytest.fixture(scope="module")
def notebook():
    """A kernel with the extension and a sandbox, for all tests of this file."""
    book = Notebook()
    with book.client.setup_kernel():
        book.run("%load_ext poseidon_nb", "%do sandbox start")
        yield book


def test_a_command_gives_a_frame_also_when_assigned_in_loops_and_in_functions(notebook):
    assert "web-1" in notebook.text("%do droplets list --columns name,status")
    assert notebook.text("df = %do droplets list\nlen(df)") == "13"
    assert (
        notebook.text(
            "names = []\nfor n in ['web-1', 'db-1']:\n    one = %do droplets get {n}\n    names.append(one['name'][0])\nnames"
        )
        == "['web-1', 'db-1']"
    )
    assert (
        notebook.text(
            "def look(name):\n    found = %do droplets get {name}\n    return found['status'][0]\nlook('web-1')"
        )
        == "'active'"
    )
    assert notebook.text("%poseidon droplets get web-1 --columns name").split() == ["name", "web-1"]


def test_each_line_shows_its_result_in_loops_in_functions_and_above_the_last_line(notebook):
    shown = notebook.run("for name in ['web-1', 'db-1']:\n    %do droplets get {name} --columns name")
    assert [text.split()[-1] for text in texts(shown)] == ["web-1", "db-1"]
    assert all("text/html" in output.data for output in shown), "as a table, like the last value of a cell"
    notebook.run("def look(name):\n    if name:\n        %do droplets get {name} --columns name\n    return 1")
    assert [text.split()[-1] for text in texts(notebook.run("look('web-1')"))] == ["web-1", "1"]
    lines = notebook.run("%do droplets get web-1 --columns name\n%poseidon droplets get db-1 --columns name")
    assert [output.output_type for output in lines] == ["display_data", "execute_result"]
    assert [text.split()[-1] for text in texts(lines)] == ["web-1", "db-1"]


def test_a_result_is_not_shown_if_it_is_kept_or_hidden_nor_twice(notebook):
    assert notebook.run("for name in ['web-1']:\n    df = %do droplets get {name}\n    %do droplets list;") == []
    assert notebook.text("for _ in [1]:\n    %do droplets list --out found") == "found: 13 rows\n"
    both = "%do droplets get web-1 --columns name\n%do droplets get db-1 --columns name"
    for shown, count in (("all", 2), ("none", 0), ("last_expr", 2)):
        notebook.run(f"get_ipython().ast_node_interactivity = '{shown}'")
        assert len(notebook.run(both)) == count, shown


def test_a_semicolon_hides_the_result(notebook):
    assert notebook.run("%do droplets list;") == []


def test_out_makes_a_variable(notebook):
    assert notebook.text("%do droplets list --out found") == "found: 13 rows\n"
    assert notebook.text("len(found)") == "13"


def test_a_cell_body_is_user_data_and_a_bare_cell_is_commands(notebook):
    plan = notebook.text(
        "%%do droplets create a --size s-1vcpu-1gb --image ubuntu-24-04-x64 --dry-run\n#cloud-config\necho $HOME {x}"
    )
    assert r'"user_data": "#cloud-config\necho $HOME {x}' in plan
    outputs = notebook.run("%%do --columns name\ndroplets get web-1\ndroplets get web-2")
    assert ["web-1" in text or "web-2" in text for text in texts(outputs)] == [True, True]


@pytest.mark.parametrize(
    ("line", "name", "message"),
    [
        ("%do droplets lst", "GrammarError", "Did you mean list"),
        ("%do droplets get web-9", "NoSuchName", "Did you mean web-"),
        ("%do droplets get 12345", "NotFound", "404"),
        ("%do droplets delete web-1", "ConfirmationRequired", "Add --yes"),
        ("%do droplets get {nothing_here}", "GrammarError", "nothing_here"),
        ("%%do api POST /v2/tags\n{not json", "GrammarError", "The body is not valid JSON: line 1"),
    ],
)
def test_an_error_is_one_line_with_its_own_name_and_fails_the_cell(notebook, line, name, message):
    error = notebook.error(line)
    assert error.ename == name
    assert message in error.evalue
    shown = [ANSI.sub("", one) for one in error.traceback]
    assert shown == [f"{name}: {error.evalue}"]
    assert "\n" not in shown[0]


def test_a_notebook_stops_at_an_error_and_its_next_cell_is_not_run():
    book = nbformat.v4.new_notebook()
    sources = ["%load_ext poseidon_nb\n%do sandbox start", "%do droplets get web-9", "print('went on')"]
    book.cells = [nbformat.v4.new_code_cell(source) for source in sources]
    with pytest.raises(CellExecutionError, match="NoSuchName"):
        NotebookClient(book, timeout=60, kernel_name="python3").execute()
    assert book.cells[2].outputs == []
    assert book.cells[2].execution_count is None


def test_full_tracebacks_come_when_asked_for_and_go_again(notebook):
    notebook.run("%config DoMagics.full_tracebacks = True")
    assert len("\n".join(notebook.error("%do droplets get web-9").traceback).splitlines()) > 5
    notebook.run("%config DoMagics.full_tracebacks = False")
    assert len(notebook.error("%do droplets get web-9").traceback) == 1


def test_errors_are_caught_by_their_class_in_a_cell_and_functions_keep_their_traceback(notebook):
    caught = "import poseidon_nb as po\ntry:\n    %do droplets get 12345\nexcept po.NotFound as error:\n    print('caught', error.status)"
    assert notebook.text(caught) == "caught 404\n"
    assert len(notebook.error("po.do('droplets get web-9')").traceback) > 1


def test_the_price_limit_comes_from_config(notebook):
    create = "%do droplets create a --size s-4vcpu-8gb --image ubuntu-24-04-x64 --region nyc3"
    notebook.run("%config DoMagics.price_limit_usd_month = 10")
    assert "$48.00 a month" in notebook.error(create).evalue
    notebook.run("%config DoMagics.price_limit_usd_month = 100")


def test_progress_moves_while_it_waits_and_what_stays_is_text_and_html(notebook):
    outputs = notebook.run("%do droplets reboot web-1 web-2 --yes")
    shown = [output.data for output in outputs if output.output_type == "display_data"]
    assert len(shown) == 1
    done = shown[0]
    assert "application/vnd.jupyter.widget-view+json" not in done
    assert "reboot web-1: ✓ completed in" in done["text/plain"]
    assert "2 actions: 2 completed" in done["text/plain"]


def test_progress_reaches_the_front_end_while_the_command_waits(notebook):
    values = []
    original = notebook.client.process_message

    def spying(msg, cell, index):
        if msg["msg_type"] in {"display_data", "update_display_data"}:
            values.append(msg["content"]["data"].get("text/html", ""))
        return original(msg, cell, index)

    notebook.client.process_message = spying
    try:
        notebook.run("%do droplets reboot web-3 --yes")
    finally:
        notebook.client.process_message = original
    bars = [value for value in values if "role='progressbar'" in value]
    assert len(bars) >= 3, "the bar moved"
    assert "completed" not in bars[0]


def test_a_front_end_without_widgets_reads_text_and_where_the_buttons_are(notebook):
    """As ``jupyter console``, which prints the text of what is displayed, and no update of it."""
    printed = []
    original = notebook.client.process_message

    def reading(msg, cell, index):
        if msg["msg_type"] in {"display_data", "execute_result"}:
            printed.append(msg["content"]["data"]["text/plain"])
        return original(msg, cell, index)

    notebook.client.process_message = reading
    try:
        notebook.run("%do droplets reboot web-3 --yes", "%do droplets reboot web-3 --no-wait --yes")
        notebook.run("%do panel web-1", "%do panel", "%do panel actions", "%do explore sizes", "%do rightsize --plot")
    finally:
        notebook.client.process_message = original
    waited, first, followed, second, *panels, chart = printed
    for rows in (waited, followed):
        assert rows.startswith("reboot web-3: 0 s")
        assert rows.endswith("\nOnly notebooks show further progress.")
    assert "completed" in first
    # No status, which would be outdated soon.
    assert second.split()[:4] == ["name", "action", "action_id", "id"]
    assert len(panels) == 8
    for facts, place in zip(panels[::2], panels[1::2], strict=True):
        assert len(facts.splitlines()) >= 2
        assert place == f"{NO_BUTTONS} Run the cell there to show them."
    assert "can be smaller" in chart
    assert not [text for text in printed if "children=" in text]


def interrupt_once_rows_show(notebook, number):
    for _ in range(600):
        time.sleep(0.05)
        if len(notebook.notebook.cells) > number and notebook.notebook.cells[number].outputs:
            break
    os.kill(notebook.client.km.provisioner.pid, signal.SIGINT)


def test_ctrl_c_stops_the_waiting_says_how_to_take_it_up_and_the_next_command_works(notebook):
    thread = threading.Thread(target=interrupt_once_rows_show, args=[notebook, len(notebook.notebook.cells)])
    thread.start()
    error = notebook.error("%do droplets take_snapshot db-1 --name long")
    thread.join()
    assert error.ename == "KeyboardInterrupt"
    shown = [ANSI.sub("", one) for one in error.traceback]
    assert shown[0] == "KeyboardInterrupt: stopped"
    match = re.fullmatch(r"snapshot db-1 continues. Wait for it with %do actions wait (\d+)", shown[1])
    assert match, shown
    assert len(shown) == 2
    assert "completed" in notebook.text(f"%do actions wait {match[1]} --columns status")


def test_ctrl_c_in_a_restart_strands_no_droplet_and_its_rows_go_on(notebook):
    thread = threading.Thread(target=interrupt_once_rows_show, args=[notebook, len(notebook.notebook.cells)])
    thread.start()
    error = notebook.error("%do droplets resize web-2 --size s-4vcpu-8gb --restart --yes")
    thread.join()
    assert error.ename == "KeyboardInterrupt"
    told = "\n".join(error.traceback)
    assert "web-2: resize and power_on continue in the background while this kernel runs" in told
    assert "%do plans resume" in told
    cell = notebook.notebook.cells[-1]
    assert any("continuing in the background" in text for text in texts(cell.outputs))
    wait = "import time\nfor _ in range(300):\n    time.sleep(0.1)\n    if not po.current_client().engine.background: break"
    notebook.run("import poseidon_nb as po", wait)
    assert "active" in notebook.text("%do droplets get web-2 --columns status,size")
    assert "s-4vcpu-8gb" in notebook.text("%do droplets get web-2 --columns status,size")
    assert any("finished in the background" in text for text in texts(cell.outputs))


def test_loading_again_and_unloading_leave_one_of_each_and_keep_the_account(notebook):
    count = (
        "ip = get_ipython()\n"
        "[sum(getattr(m, 'matcher_identifier', '') == 'poseidon_nb.do' for m in ip.Completer.custom_matchers),"
        " sum(type(c).__name__ == 'DoMagics' for c in ip.configurables),"
        " sum(type(t).__name__ == 'DiscardedResults' for t in ip.ast_transformers),"
        " sorted(n for n in ip.magics_manager.magics['line'] if n in ('do', 'poseidon')),"
        " sorted(n for n in ip.magics_manager.magics['cell'] if n in ('do', 'poseidon'))]"
    )
    one = "[1, 1, 1, ['do', 'poseidon'], ['do', 'poseidon']]"
    assert notebook.text("%load_ext poseidon_nb", count) == one
    assert notebook.text("%reload_ext poseidon_nb", count) == one
    assert notebook.text("%unload_ext poseidon_nb", count) == "[0, 0, 0, [], []]"
    assert notebook.text("%load_ext poseidon_nb", count) == one
    assert notebook.text("status = %do sandbox status\nbool(status['selected'][0])") == "True"


def complete(notebook, code: str) -> list[str]:
    async def asked():
        return await notebook.client.kc.complete(code, len(code), reply=True, timeout=10)

    return run_sync(asked)()["content"]["matches"]


def test_completion_works_through_the_kernel(notebook):
    assert complete(notebook, "%do droplets power_of") == ["power_off"]
    assert complete(notebook, "df = %do droplets list --region ny") == ["nyc1", "nyc2", "nyc3"]
    assert complete(notebook, "%do cost --by re") == ["resource_type", "region"]
    assert complete(notebook, "%do sizes cheapest --region eu") == ["europe"]
    assert complete(notebook, "%do panel ac") == ["actions"]
    assert "web-2" in complete(notebook, "%do droplets get {df['first name'][0]} web-1 web-")


def test_braces_read_parts_of_variables_and_errors_suggest_the_right_word_or_none(notebook):
    notebook.run(
        "import poseidon_nb as po, dataclasses\n"
        "df = %do droplets list\n"
        "row = df[df['name'] == 'db-1'].iloc[0]\n"
        "fleet = po.current_client().droplets.list()\n"
        "@dataclasses.dataclass\nclass Wish:\n    name: str\n    @property\n    def id(self): raise SystemExit('ran')\n"
        "wish = Wish('web-2')"
    )
    for braces, name in [
        ("{df['id'][0]}", notebook.text("df['name'][0]")[1:-1]),
        ("{row.name}", "db-1"),
        ("{ row['name'] }", "db-1"),
        ('{fleet[0]["id"]}', notebook.text("fleet[0].name")[1:-1]),
        ("{wish.name}", "web-2"),
    ]:
        assert notebook.text(f"%do droplets get {braces} --columns name").split()[-1] == name, braces
    several = notebook.text("%do droplets get 'web-*' {row.name} --columns name")
    assert all(name in several for name in ("web-1", "web-2", "db-1"))
    notebook.run("client = po.current_client()")
    for line, message in [
        ("%do droplets get {client.token}", "client is a Client. Braces read items"),
        ("%do droplets get {wish.id}", "wish has no field 'id'."),
        ("%do droplets get {row.index}", "row has no item 'index'."),
        ("%do droplets get {nope}", "Unknown variable 'nope'."),
        ("%do droplets get {fleat[0]}", "Unknown variable 'fleat'. Did you mean fleet?"),
        ("%do droplets list --count 3", "droplets list has no option '--count'. See %do droplets list --help"),
        ("%do droplets reboot 'web-*'", "'web-*' is a pattern, which only list, get and panel take."),
    ]:
        error = notebook.error(line)
        assert message in error.evalue
        assert ("Did you mean" in error.evalue) == ("fleet" in message)
        assert len(error.traceback) == 1
    image = notebook.error("%do droplets create a --region nyc3 --size s-1vcpu-1gb --image ubunto --yes").evalue
    assert re.search(r"Did you mean ubuntu-[\w-]+.*\? Request id: [\w-]{36}$", image)


def test_help_is_one_screen_also_for_the_magic_itself(notebook):
    page = notebook.text("%do")
    assert len(page.splitlines()) <= 24
    assert max(map(len, page.splitlines())) <= 80

    async def asked():
        return await notebook.client.kc.execute("%do?", reply=True, timeout=10)

    (payload,) = run_sync(asked)()["content"]["payload"]
    assert page.splitlines()[2] in ANSI.sub("", payload["data"]["text/plain"])
    assert notebook.text("%do droplets help") == notebook.text("%do droplets --help")
    assert "--droplet-name" in notebook.text("%do aliases")


def test_python_completion_shows_resources_and_verbs_and_no_internals(notebook):
    notebook.run("import poseidon_nb as po\nclient = po.current_client()")
    assert complete(notebook, "client.vol") == ["volumes"]
    assert {"attach", "create", "resize"} <= {*complete(notebook, "client.volumes.")}
    assert not {"engine", "monitor"} & {*complete(notebook, "client.")}
    assert not {"act", "client", "engine", "read"} & {*complete(notebook, "client.droplets.")}


def test_a_second_notebook_joins_the_sandbox_and_the_firsts_panel_shows_what_it_changes(notebook):
    state = f"import os, time\nos.environ['POSEIDON_STATE_DIR'] = {os.environ['POSEIDON_STATE_DIR']!r}"
    shared = notebook.text(state, "%do sandbox start --share")
    notebook.run("panel = %do panel")
    second = Notebook()
    with second.client.setup_kernel():
        second.run("%load_ext poseidon_nb", shared.rpartition("with")[2].strip())
        assert "web-3" in second.text("%do droplets list --columns name")
        began = float(notebook.text("time.time()"))
        second.run("%do droplets rename web-3 renamed --no-wait")
        second.run("%do sandbox stop")
    look = (
        "while not any(row['name'] == 'renamed' for row in panel.model.fleet.rows)"
        f" and time.time() < {began + 15}:\n    time.sleep(0.05)\ntime.time() - {began}"
    )
    assert float(notebook.text(look)) < 15
    assert "renamed" in notebook.text("panel.close()\n%do droplets list --columns name")


def test_nothing_that_was_shown_in_the_whole_session_holds_the_token(notebook):
    secret = notebook.text(
        "from poseidon_nb.magics.do import default_session\nprint(default_session().sandbox.token)"
    ).strip()
    notebook.notebook.cells.pop()
    assert secret.startswith("dop_v1_sandbox_")
    notebook.run(
        "%do sandbox status",
        "default_session().__dict__",
        "default_session().client(), default_session().sandbox",
        "%history",
        "%do droplets create a --size s-1vcpu-1gb --image 1 --dry-run",
    )
    error = notebook.error(f"%do login {secret}")
    assert "token" in error.evalue
    notebook.notebook.cells.pop()
    assert secret not in str(error)
    assert secret not in nbformat.writes(notebook.notebook)


def test_an_edited_frame_is_planned_and_applied_and_its_name_is_completed(notebook):
    notebook.run("fleet = %do droplets list", "fleet.loc[fleet['name'] == 'build-1', 'name'] = 'build-2'")
    assert "rename droplet build-1 to build-2" in notebook.text("%do apply {fleet} --plan")
    assert "completed" in notebook.text("%do apply {fleet}")
    assert "nothing to change" in notebook.text("%do apply {fleet} --plan")
    assert "Nothing to change" in notebook.text("%do apply {fleet}")
    error = notebook.error("fleet.loc[fleet['name'] == 'db-1', 'size'] = 'g-2vcpu-8g'\n%do apply {fleet} --yes")
    assert "Did you mean g-2vcpu-8gb" in error.evalue
    assert len(error.traceback) == 1
    complete = "get_ipython().complete('', {0!r}, len({0!r}))[1]"
    assert notebook.text(complete.format("%do apply {fle")) == "['{fleet}']"
    assert "--max-changes" in notebook.text(complete.format("%do apply {fleet} --max"))
    notebook.run("%do droplets rename build-2 build-1")
