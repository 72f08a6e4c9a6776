"""How a person is spoken to: questions, results and progress, on a terminal, in a notebook, and where nobody is."""

from __future__ import annotations

import io
import os
import sys
import threading
from types import SimpleNamespace

import pandas as pd
import pytest

from poseidon_nb.client.actions.progress import Progress
from poseidon_nb.errors import ConfirmationRequired
from poseidon_nb.magics.live_rows import RowsOutput
from poseidon_nb.magics.progress_display import REFRESH_S, NotebookProgress, TextProgress
from poseidon_nb.magics.ui import LINE_WIDTH, NotebookUI, TerminalUI, current_ui
from poseidon_nb.widgets.progress import ONLY_IN_NOTEBOOKS, ProgressModel


class Screen(io.StringIO):
    """A stream that is a terminal, or is not."""

    def __init__(self, text: str = "", *, tty: bool) -> None:
        super().__init__(text)
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty


class StdinNotImplementedError(RuntimeError):
    """As ipykernel's, by its name."""


class Shell:
    """A shell whose kernel answers, or cannot."""

    def __init__(self, answer: str | None) -> None:
        self.kernel = self
        self.answer = answer

    def raw_input(self, prompt: str) -> str:
        if self.answer is None:
            raise StdinNotImplementedError
        return self.answer

    getpass = raw_input


def progress(status: str = "in-progress", *, id: int = 1, elapsed_s: float = 3.0) -> Progress:  # noqa: A002  # as there
    return Progress(id, f"reboot web-{id}", status, elapsed_s)


@pytest.mark.parametrize(("typed", "yes"), [("y", True), (" YES ", True), ("", False), ("n", False), ("yo", False)])
def test_only_a_clear_yes_is_one(monkeypatch, typed, yes):
    monkeypatch.setattr(sys, "stdin", Screen(f"{typed}\n", tty=True))
    assert TerminalUI().ask("Delete?") is yes
    assert NotebookUI(Shell(typed)).ask("Delete?") is yes


def test_a_question_is_wrapped_between_words_on_a_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stdin", Screen("y\n", tty=True))
    monkeypatch.setattr(sys, "stdout", screen := Screen("", tty=True))
    monkeypatch.setenv("COLUMNS", "40")
    assert TerminalUI().ask("Freeze web-1 and web-2? Their snapshots keep all of their settings.")
    lines = screen.getvalue().split("\n")
    assert max(map(len, lines)) <= 40
    assert " ".join(lines) == "Freeze web-1 and web-2? Their snapshots keep all of their settings. [y/N] "


@pytest.mark.parametrize("stdin", [None, Screen("y\n", tty=False), Screen("", tty=True)], ids=["none", "pipe", "end"])
def test_a_terminal_where_nobody_answers_refuses(monkeypatch, stdin):
    monkeypatch.setattr(sys, "stdin", stdin)
    with pytest.raises(ConfirmationRequired, match=r"Delete\? This session cannot ask for confirmation. Add --yes"):
        TerminalUI().ask("Delete?")


def test_a_notebook_that_is_run_without_a_person_refuses():
    front = NotebookUI(Shell(None))
    with pytest.raises(
        ConfirmationRequired, match=r"Delete\? This session cannot ask for confirmation. Add --yes"
    ) as caught:
        front.ask("Delete?")
    assert caught.value.__suppress_context__
    with pytest.raises(ConfirmationRequired, match="DIGITALOCEAN_ACCESS_TOKEN"):
        front.secret("Token: ")


def test_another_failure_of_the_kernel_is_not_taken_for_a_missing_person():
    def broken(prompt):
        raise OSError("the line is dead")

    shell = Shell("y")
    shell.raw_input = broken
    with pytest.raises(OSError, match="the line is dead"):
        NotebookUI(shell).ask("Delete?")


def test_a_secret_is_typed_hidden_or_refused(monkeypatch):
    monkeypatch.setattr(sys, "stdin", Screen("", tty=True))
    monkeypatch.setattr("getpass.getpass", lambda prompt: "s3cret")
    assert TerminalUI().secret("Token: ") == "s3cret"
    assert NotebookUI(Shell("s3cret")).secret("Token: ") == "s3cret"
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(ConfirmationRequired, match="DIGITALOCEAN_ACCESS_TOKEN"):
        TerminalUI().secret("Token: ")


def test_without_a_kernel_the_front_is_text():
    assert isinstance(current_ui(), TerminalUI)


def test_a_table_is_shown_with_all_its_columns_and_words(capsys):
    long = "422: Droplet is already powered off " * 4
    TerminalUI().show(pd.DataFrame({"id": [1], "name": ["web-1"], "status": ["failed"], "error": [long]}))
    shown = capsys.readouterr().out
    assert long.strip() in shown
    assert all(name in shown for name in ("id", "name", "status", "error"))


def test_text_is_as_wide_as_the_terminal_and_the_same_in_every_notebook(monkeypatch, clock):
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.setattr(os, "get_terminal_size", lambda _=0: os.terminal_size((132, 40)))
    # Pytest's own has no file descriptor.
    monkeypatch.setattr(sys, "stdout", sys.__stdout__)
    shell = Shell(None)
    assert TerminalUI().line_width == 132
    # A kernel of another kind, one in which nobody can type, and that of `jupyter console`.
    assert NotebookUI(shell).line_width == LINE_WIDTH
    shell.get_parent = lambda: {"content": {"allow_stdin": False}}
    assert NotebookUI(shell).line_width == LINE_WIDTH
    shell.get_parent = lambda: {"content": {"allow_stdin": True}}
    assert NotebookUI(shell).line_width == 132
    assert isinstance(NotebookUI(shell).progress(clock), TextProgress), "it shows no updates of rows"
    monkeypatch.setenv("JPY_SESSION_NAME", "first.ipynb")
    assert NotebookUI(shell).line_width == LINE_WIDTH
    assert isinstance(NotebookUI(shell).progress(clock), NotebookProgress)
    monkeypatch.delenv("JPY_SESSION_NAME")
    monkeypatch.setattr(os, "get_terminal_size", _no_terminal)
    assert NotebookUI(shell).line_width == LINE_WIDTH
    monkeypatch.setenv("COLUMNS", "77")
    assert TerminalUI().line_width == 77


def _no_terminal(_: int = 0) -> os.terminal_size:
    raise OSError


def test_anything_else_is_shown_as_it_prints(capsys):
    front = TerminalUI()
    front.show({"a": 1})
    front.say("done")
    assert capsys.readouterr().out == "{'a': 1}\ndone\n"


def test_a_sentence_is_wrapped_between_words_on_a_terminal_and_stays_a_line_in_a_pipe(monkeypatch):
    sentence = " ".join(["droplets"] * 12)
    for is_terminal in (True, False):
        screen = Screen(tty=is_terminal)
        monkeypatch.setattr(sys, "stdout", screen)
        monkeypatch.setenv("COLUMNS", "40")
        TerminalUI().say(sentence)
        lines = screen.getvalue().splitlines()
        assert " ".join(lines) == sentence
        assert (max(map(len, lines)) <= 40) is is_terminal


def written_to(monkeypatch, *, tty: bool) -> Screen:
    """Make a screen that takes what is written; within the test, for pytest takes standard error between the phases."""
    screen = Screen(tty=tty)
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("COLUMNS", "60")
    return screen


def test_on_a_terminal_one_line_overwrites_itself_and_the_last_state_stays(clock, monkeypatch):
    terminal = written_to(monkeypatch, tty=True)
    with TextProgress(clock) as view:
        view.tell(progress())
        clock.advance(1)
        view.tell(progress(elapsed_s=4.0))
        view.tell(progress("completed", elapsed_s=5.0))
    lines = terminal.getvalue().split("\r")
    assert [line.rstrip() for line in lines[1:4]] == [
        "reboot web-1: 3 s",
        "reboot web-1: 4 s",
        "reboot web-1: ✓ completed in 5 s",
    ]
    assert {len(line) for line in lines[1:4]} == {59}
    assert lines[-1] == "reboot web-1: ✓ completed in 5 s\n"


def test_other_output_does_not_continue_the_line_of_progress(clock, monkeypatch):
    terminal, front = written_to(monkeypatch, tty=True), TerminalUI()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setattr(sys, "stdin", Screen("y\n", tty=True))
    monkeypatch.setattr("builtins.input", lambda question: terminal.write(f"{question}y\n") and "y")
    for write, text in ((front.say, "Freezing web-1."), (front.show, "a table"), (front.ask, "Delete?")):
        with front.progress(clock) as view:
            view.tell(progress())
            write(text)
            lines = [line.split("\r")[-1] for line in terminal.getvalue().split("\n")]
            assert lines[-2].startswith(text)
            before = terminal.getvalue()
            front.say("more")
            assert terminal.getvalue() == f"{before}more\n", "nothing is left to remove"
            clock.advance(1)
            view.tell(progress(elapsed_s=4.0))
            assert terminal.getvalue().split("\r")[-1].rstrip() == "reboot web-1: 4 s"


def test_where_there_is_no_terminal_only_the_last_state_is_written(clock, monkeypatch):
    pipe = written_to(monkeypatch, tty=False)
    with TextProgress(clock) as view:
        view.tell(progress())
        view.tell(progress("completed"))
    assert pipe.getvalue() == "reboot web-1: ✓ completed in 3 s\n"


def test_nothing_told_shows_nothing(clock, monkeypatch):
    pipe = written_to(monkeypatch, tty=False)
    with TextProgress(clock):
        pass
    assert pipe.getvalue() == ""


def test_a_pause_is_told_at_once_also_from_a_worker_and_to_a_script(clock, monkeypatch):
    pipe = written_to(monkeypatch, tty=False)
    with TextProgress(clock) as view:
        worker = threading.Thread(target=view.wait, args=(12.0, "rate limit"))
        worker.start()
        worker.join()
        assert pipe.getvalue() == "waiting 12 s: rate limit\n"
    assert pipe.getvalue() == "waiting 12 s: rate limit\n"


def test_a_pause_counts_down_on_a_terminal_and_is_gone_when_it_is_over(clock, monkeypatch):
    terminal = written_to(monkeypatch, tty=True)
    with TextProgress(clock) as view:
        view.wait(12.0, "rate limit")
        clock.advance(5)
        view.look()
        clock.advance(8)
        view.look()
    lines = [line.strip() for line in terminal.getvalue().split("\r")]
    assert lines[1:3] == ["waiting 12 s: rate limit", "waiting 7 s: rate limit"]
    assert set(lines[3:]) == {""}


class Display:
    """IPython's display, which remembers."""

    def __init__(self) -> None:
        self.shown: list[object] = []
        self.updates: list[dict[str, str]] = []

    def __call__(self, bundle, *, raw, display_id):
        assert bundle["text/plain"].endswith(ONLY_IN_NOTEBOOKS)
        self.shown.append(bundle)
        return self

    def update(self, bundle, *, raw):
        self.updates.append(bundle)


def in_a_thread(action, *args):
    thread = threading.Thread(target=action, args=args)
    thread.start()
    thread.join()


def test_rows_are_displayed_once_and_replaced_whenever_they_have_changed(clock):
    display = Display()
    with NotebookProgress(clock, display) as view:
        assert display.shown == []
        for elapsed_s in (3.0, 3.0, 4.0):
            clock.advance(1)
            view.tell(progress(elapsed_s=elapsed_s))
        view.tell(progress("completed", elapsed_s=5.0))
    assert len(display.shown) == 1
    assert "role='progressbar'" in display.shown[0]["text/html"]
    running, ended, final = display.updates
    assert "4 s" in running["text/html"]
    assert "✓ completed" in ended["text/html"]
    assert final == {"text/plain": view.model.text(), "text/html": view.model.html()}
    assert final["text/plain"] == "reboot web-1: ✓ completed in 5 s"


def test_news_is_shown_ten_times_a_second_at_most_and_an_end_at_once(clock, monkeypatch):
    with NotebookProgress(clock, Display()) as view:
        shows = []
        show = view._show
        monkeypatch.setattr(view, "_show", lambda: shows.append(1) or show())
        for _ in range(50):
            clock.advance(REFRESH_S / 10)
            view.tell(progress())
        assert 5 <= len(shows) <= 6
        view.tell(progress("completed"))
        assert len(shows) <= 7


def test_what_a_worker_tells_first_is_displayed_by_the_blocked_command_when_it_looks(clock):
    display = Display()
    with NotebookProgress(clock, display) as view:
        in_a_thread(view.wait, 12.0, "rate limit")
        assert display.shown == [], "a worker never displays"
        view.look()
        assert "waiting 12 s: rate limit" in display.shown[0]["text/html"]
        clock.advance(4)
        in_a_thread(view.wait, 8.0, "rate limit")
        assert "waiting 8 s: rate limit" in display.updates[0]["text/html"], "but it may replace what is displayed"
    assert display.updates[1]["text/plain"] == "waited 12 s: rate limit"


def test_a_command_that_nobody_holds_up_displays_nothing_when_it_looks(clock):
    display = Display()
    with NotebookProgress(clock, display) as view:
        view.look()
    assert (display.shown, display.updates) == ([], [])


def test_a_failure_leaves_the_last_state_behind_too(clock):
    display = Display()
    view = NotebookProgress(clock, display)

    def failing():
        with view:
            view.tell(progress())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert display.updates[0]["text/plain"] == "reboot web-1: 3 s"


def test_a_long_sentence_is_broken_between_words_in_a_notebook(capsys):
    words = " ".join(["droplet"] * 20)
    NotebookUI(Shell(None)).say(words)
    lines = capsys.readouterr().out.splitlines()
    # What JupyterLab shows in a line of a page of 700 px.
    assert max(map(len, lines)) <= 72
    assert " ".join(lines) == words


@pytest.mark.parametrize("text", [f"{'--option':<60}{'meaning ' * 8}", f"{{{'x' * 120}}}", "x" * 200, ""])
def test_what_is_laid_out_or_is_data_stays_as_it_is(capsys, text):
    NotebookUI(Shell(None)).say(text)
    assert capsys.readouterr().out == f"{text}\n"


def test_a_terminal_shows_panels_and_charts_in_lines_that_fit(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "72")
    TerminalUI().show(SimpleNamespace(text=lambda width: f"fits {width}"))
    assert capsys.readouterr().out == "fits 72\n"


class Timers:
    """Timers that a test lets ring."""

    def __init__(self) -> None:
        self.waiting: list[object] = []

    def __call__(self, seconds, function):
        timer = SimpleNamespace(ring=function, cancel=lambda: self.waiting.remove(timer))
        self.waiting.append(timer)
        return timer

    def ring(self):
        self.waiting.pop().ring()


def test_rows_of_a_command_that_did_not_wait_follow_a_burst_of_news_with_one_update():
    model, display, timers = ProgressModel(), Display(), Timers()
    output = RowsOutput(model, display, timers)
    for number in range(30):
        model.update(progress(id=number))
        output.refresh()
    assert (len(timers.waiting), display.updates) == (1, [])
    timers.ring()
    assert ["30 actions: 30 in progress" in one["text/html"] for one in display.updates] == [True]
    output.refresh()
    model.update(progress("completed"))
    output.finish()
    assert timers.waiting == []
    output.refresh()
    assert timers.waiting == [], "an end is final"
    assert display.updates[1:] == [model.final_bundle()]
