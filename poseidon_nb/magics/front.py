"""How a person is spoken to: in a notebook, in a terminal, or not at all (a script, a scheduled notebook)."""

from __future__ import annotations

import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Any, Protocol

from poseidon_nb.errors import ConfirmationRequired
from poseidon_nb.magics.progress_views import NotebookProgress, TextProgress

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.clock import Clock
    from poseidon_nb.magics.progress_views import ProgressView

#: Rows of a table that is shown as text in the middle of a command, as pandas shows them.
MOST_ROWS = 60
#: Characters of a printed line that fit JupyterLab in a window of 1280 pixels with its file browser open.
LINE = 100


class Front(Protocol):
    """Somebody who may be watching."""

    def say(self, text: str) -> None:
        """Show a line."""

    def show(self, result: object) -> None:
        """Show a result in the middle of a command."""

    def ask(self, question: str) -> bool:
        """Ask a yes-or-no question.

        Raises
        ------
        ConfirmationRequired
            Nobody can answer.
        """

    def secret(self, prompt: str) -> str:
        """Ask for something that must not be seen.

        Raises
        ------
        ConfirmationRequired
            Nobody can answer.
        """

    def progress(self, clock: Clock) -> ProgressView:
        """Give a view to tell progress to; it shows nothing before it is told something."""


class TextFront:
    """A terminal, or nobody."""

    def say(self, text: str) -> None:
        """Show a line."""
        print(text)  # noqa: T201  # a command speaks to its user

    def show(self, result: object) -> None:
        """Show a result as text, all columns of it."""
        if hasattr(result, "to_string"):
            result = result.to_string(line_width=shutil.get_terminal_size().columns, max_rows=MOST_ROWS)
        print(result)  # noqa: T201  # as above

    def ask(self, question: str) -> bool:
        """Ask on the terminal; refuse where there is none."""
        return _is_yes(_typed(lambda: input(f"{question} [y/N] "), _unanswered(question)))

    def secret(self, prompt: str) -> str:
        """Ask on the terminal without showing what is typed."""
        import getpass  # noqa: PLC0415  # only a login needs it

        return _typed(lambda: getpass.getpass(prompt), _NOBODY_TYPES)

    def progress(self, clock: Clock) -> ProgressView:
        """Give one line of text."""
        return TextProgress(clock)


class NotebookFront:
    """A notebook's cell.

    Parameters
    ----------
    shell : InteractiveShell
        The running one, which has a kernel.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell

    def say(self, text: str) -> None:
        """Show a line, broken between words: JupyterLab itself breaks what is printed anywhere."""
        print("\n".join(map(_broken, text.split("\n"))))  # noqa: T201  # a command speaks to its user

    def show(self, result: object) -> None:
        """Show a result as the cell would show its last one."""
        from IPython.display import display  # noqa: PLC0415  # there is a notebook, so this is loaded already

        display(result)  # type: ignore[no-untyped-call]  # IPython's is untyped

    def ask(self, question: str) -> bool:
        """Ask under the cell; refuse where the notebook is run without a person, as nbclient and papermill do."""
        return _is_yes(_answered(lambda: self._shell.kernel.raw_input(f"{question} [y/N] "), _unanswered(question)))

    def secret(self, prompt: str) -> str:
        """Ask under the cell without showing what is typed; nothing of it is saved."""
        return _answered(lambda: self._shell.kernel.getpass(prompt), _NOBODY_TYPES)

    def progress(self, clock: Clock) -> ProgressView:
        """Give rows of widgets."""
        from IPython.display import display  # noqa: PLC0415  # there is a notebook, so this is loaded already

        return NotebookProgress(clock, display)


def _broken(line: str) -> str:
    """Break a sentence; what is laid out in columns, or is data, stays as it is."""
    if len(line) <= LINE or "  " in line or not line[0].isalnum():
        return line
    return textwrap.fill(line, LINE, break_long_words=False, break_on_hyphens=False)


def current_front() -> Front:
    """Give the front for where this runs."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return NotebookFront(shell) if getattr(shell, "kernel", None) is not None else TextFront()


_NOBODY_TYPES = "nobody can type a token here: set DIGITALOCEAN_ACCESS_TOKEN instead"


def _unanswered(question: str) -> str:
    return f"{question} Nobody can answer here: add --yes to allow it"


def _typed(ask: Callable[[], str], refusal: str) -> str:
    """Ask on the terminal; refuse where there is none, or where it ends."""
    if not sys.stdin or not sys.stdin.isatty():
        raise ConfirmationRequired(refusal)
    try:
        return ask()
    except EOFError:
        raise ConfirmationRequired(refusal) from None


def _answered(ask: Callable[[], object], refusal: str) -> str:
    """Ask through the kernel; refuse where its front end cannot answer, as nbclient and papermill cannot."""
    try:
        return str(ask())
    except Exception as exc:
        # By its name, because ipykernel is not imported here.
        if type(exc).__name__ == "StdinNotImplementedError":
            raise ConfirmationRequired(refusal) from None
        raise


def _is_yes(answer: str) -> bool:
    return answer.strip().lower() in {"y", "yes"}
