"""How a person is spoken to: in a notebook, in a terminal, or not at all (a script, a scheduled notebook)."""

from __future__ import annotations

import shutil
import sys
import threading
from typing import TYPE_CHECKING, Any, Protocol

from poseidon_nb.errors import ConfirmationRequired
from poseidon_nb.widgets.progress import ProgressModel

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from poseidon_nb.client.progress import Progress
    from poseidon_nb.clock import Clock

#: Bars move ten times a second at most, in seconds.
REFRESH_S = 0.1


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
        """Ask for something that must not be seen."""

    def progress(self, clock: Clock) -> ProgressView:
        """Give a view to tell progress to; it shows nothing before it is told something."""


class ProgressView:
    """Shows a `ProgressModel` while a command waits; a context, because it leaves a last line behind.

    Parameters
    ----------
    clock : Clock
    """

    def __init__(self, clock: Clock) -> None:
        self.model = ProgressModel()
        self._clock = clock
        self._thread = threading.get_ident()
        self._shown_s: float | None = None

    def tell(self, progress: Progress) -> None:
        """Take in news of one action, and show it unless something was shown a moment ago."""
        self.model.tell(progress)
        self._tick(at_once=progress.done)

    def wait(self, seconds: float, reason: str) -> None:
        """Tell that nothing happens for a while, and why. May be called from any thread."""
        self.model.note = f"waiting {seconds:.0f} s: {reason}"
        self._tick(at_once=True)
        self.model.note = ""

    def _tick(self, *, at_once: bool) -> None:
        if threading.get_ident() != self._thread:
            # A worker thread never prints or displays (ipykernel shows that under whichever cell ran last).
            return
        now_s = self._clock.monotonic()
        if at_once or self._shown_s is None or now_s - self._shown_s >= REFRESH_S:
            self._shown_s = now_s
            self._show()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown_s is not None:
            self._finish()

    def _show(self) -> None:
        """Show the model as it is now."""

    def _finish(self) -> None:
        """Leave the last state behind, as something that needs nothing more."""


class TextProgress(ProgressView):
    """One line that overwrites itself; where the output is no terminal, only the last state is written."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._live = sys.stderr.isatty()

    def _show(self) -> None:
        if self._live:
            width = shutil.get_terminal_size().columns - 1
            line = self.model.summary() or self.model.note
            sys.stderr.write("\r" + line[:width].ljust(width))
            sys.stderr.flush()

    def _finish(self) -> None:
        if self._live:
            sys.stderr.write("\r" + " " * (shutil.get_terminal_size().columns - 1) + "\r")
        text = self.model.text()
        if text:
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()


class NotebookProgress(ProgressView):
    """Rows of widgets under the cell; when all is over they become plain text and HTML, which a saved notebook keeps.

    Parameters
    ----------
    clock : Clock
    display : callable
        IPython's ``display``.
    """

    def __init__(self, clock: Clock, display: Callable[..., Any]) -> None:
        super().__init__(clock)
        self._display = display
        self._rows: Any = None
        self._handle: Any = None

    def _show(self) -> None:
        if self._rows is None:
            from poseidon_nb.widgets.progress import ProgressRows  # noqa: PLC0415  # ipywidgets comes at first use

            self._rows = ProgressRows(self.model)
            self._rows.refresh()
            self._handle = self._display(self._rows.widget, display_id=True)
        else:
            self._rows.refresh()

    def _finish(self) -> None:
        if self._handle is not None:
            bundle = {"text/plain": self.model.text(), "text/html": self.model.html()}
            self._handle.update(bundle, raw=True)
            self._rows.close()


class TextFront:
    """A terminal, or nobody."""

    def say(self, text: str) -> None:
        """Show a line."""
        print(text)  # noqa: T201  # a command speaks to its user

    def show(self, result: object) -> None:
        """Show a result as text."""
        print(result)  # noqa: T201  # as above

    def ask(self, question: str) -> bool:
        """Ask on the terminal; refuse where there is none."""
        if not sys.stdin or not sys.stdin.isatty():
            raise ConfirmationRequired(f"{question} Nobody can answer here: add --yes to allow it")
        return _is_yes(input(f"{question} [y/N] "))

    def secret(self, prompt: str) -> str:
        """Ask on the terminal without showing what is typed."""
        import getpass  # noqa: PLC0415  # only a login needs it

        if not sys.stdin or not sys.stdin.isatty():
            raise ConfirmationRequired("nobody can type a token here: set DIGITALOCEAN_ACCESS_TOKEN instead")
        return getpass.getpass(prompt)

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
        """Show a line."""
        print(text)  # noqa: T201  # a command speaks to its user

    def show(self, result: object) -> None:
        """Show a result as the cell would show its last one."""
        from IPython.display import display  # noqa: PLC0415  # there is a notebook, so this is loaded already

        display(result)  # type: ignore[no-untyped-call]  # IPython's is untyped

    def ask(self, question: str) -> bool:
        """Ask under the cell; refuse where the notebook is run without a person, as nbclient and papermill do."""
        try:
            return _is_yes(self._shell.kernel.raw_input(f"{question} [y/N] "))
        except Exception as exc:
            if type(exc).__name__ == "StdinNotImplementedError":
                raise ConfirmationRequired(f"{question} Nobody can answer here: add --yes to allow it") from None
            raise

    def secret(self, prompt: str) -> str:
        """Ask under the cell without showing what is typed; nothing of it is saved."""
        try:
            return str(self._shell.kernel.getpass(prompt))
        except Exception as exc:
            if type(exc).__name__ == "StdinNotImplementedError":
                raise ConfirmationRequired(
                    "nobody can type a token here: set DIGITALOCEAN_ACCESS_TOKEN instead"
                ) from None
            raise

    def progress(self, clock: Clock) -> ProgressView:
        """Give rows of widgets."""
        from IPython.display import display  # noqa: PLC0415  # there is a notebook, so this is loaded already

        return NotebookProgress(clock, display)


def current_front() -> Front:
    """Give the front for where this runs."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return NotebookFront(shell) if getattr(shell, "kernel", None) is not None else TextFront()


def _is_yes(answer: str) -> bool:
    return answer.strip().lower() in {"y", "yes"}
