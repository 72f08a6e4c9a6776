"""The user interfaces: a notebook, or a terminal. Scripts and scheduled notebooks have nobody who can answer."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

from poseidon_nb.errors import ConfirmationRequired
from poseidon_nb.magics.progress_display import NotebookProgress, TextProgress
from poseidon_nb.text import LINE_WIDTH, wrap_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.droplet import Droplet
    from poseidon_nb.clock import Clock
    from poseidon_nb.commands.ui import ProgressView
    from poseidon_nb.plans.plan import Plan


class WidgetPanels:
    """Opens panels; see `commands.ui.WidgetPanels`."""

    def droplet(self, droplet: Droplet, *, size: str | None) -> object:
        """Return the panel of a droplet."""
        from poseidon_nb.magics.panels import DropletPanel  # noqa: PLC0415  # loads ipywidgets

        return DropletPanel(droplet, size=size)

    def fleet(self, client: Client, *, tag: str | None = None, ids: Iterable[int] | None = None) -> object:
        """Return the panel of several droplets."""
        from poseidon_nb.magics.fleet_panel import FleetPanel  # noqa: PLC0415  # loads pandas and itables

        return FleetPanel(client, tag=tag, ids=ids)

    def actions(self, client: Client) -> object:
        """Return the panel of the account's actions."""
        from poseidon_nb.magics.panels import ActionsPanel  # noqa: PLC0415  # loads ipywidgets

        return ActionsPanel(client)

    def plan(self, plan: Plan, client: Client) -> object:
        """Return the panel of a plan."""
        from poseidon_nb.magics.panels import PlanPanel  # noqa: PLC0415  # loads ipywidgets

        return PlanPanel(plan, client=client)

    def sizes(self, client: Client, *, regions: Iterable[str], families: Iterable[str], image: str | None) -> object:
        """Return the size explorer."""
        from poseidon_nb.magics.size_explorer import SizeExplorer  # noqa: PLC0415  # loads pandas and plotly

        return SizeExplorer(client, regions=regions, families=families, image=image)


class TerminalUI:
    """A terminal, or a script that nobody watches."""

    panels = WidgetPanels()

    def __init__(self) -> None:
        #: The line of progress of the running command, which other output must not continue.
        self._progress: TextProgress | None = None

    @property
    def line_width(self) -> int:
        """The characters in a line of text."""
        return shutil.get_terminal_size((LINE_WIDTH, 24)).columns

    def say(self, text: str) -> None:
        """Print a line, wrapped between words on a terminal, which wraps anywhere."""
        self._clear_progress()
        if sys.stdout.isatty():
            text = "\n".join(wrap_line(line, self.line_width) for line in text.split("\n"))
        print(text)  # noqa: T201  # output for the user

    def show(self, result: object) -> None:
        """Print a result."""
        self._clear_progress()
        if hasattr(result, "to_string"):
            from poseidon_nb.frames.display import to_text, view_of  # noqa: PLC0415  # pandas is loaded
            from poseidon_nb.frames.layout import View  # noqa: PLC0415  # pandas is loaded

            frame: Any = result
            result = to_text(frame, view_of(frame) or View(), width=self.line_width)
        # Charts and panels.
        fitted = getattr(result, "text", None)
        if callable(fitted):
            result = fitted(self.line_width)
        print(result)  # noqa: T201  # output for the user

    def ask(self, question: str) -> bool:
        """Ask in the terminal. Raise if nobody can answer."""
        self._clear_progress()
        prompt = f"{question} [y/N]"
        if sys.stdout.isatty():
            # Room for the answer.
            prompt = wrap_line(prompt, self.line_width - 2)
        return _is_yes(_typed(lambda: input(f"{prompt} "), _unanswered(question)))

    def secret(self, prompt: str) -> str:
        """Ask in the terminal without showing what is typed."""
        import getpass  # noqa: PLC0415  # only a login needs it

        self._clear_progress()
        return _typed(lambda: getpass.getpass(prompt), _NO_INPUT)

    def progress(self, clock: Clock) -> ProgressView:
        """Return a view that is one line of text."""
        self._progress = TextProgress(clock)
        return self._progress

    def _clear_progress(self) -> None:
        if self._progress is not None:
            self._progress.clear()


class NotebookUI:
    """The output of a notebook cell.

    Parameters
    ----------
    shell : InteractiveShell
        The running shell, which has a kernel.
    """

    panels = WidgetPanels()

    def __init__(self, shell: Any) -> None:
        self._shell = shell

    @property
    def line_width(self) -> int:
        """The characters in a line of text, which is displayed where there is no HTML, as in ``jupyter console``."""
        return self._terminal_width or LINE_WIDTH

    @property
    def _terminal_width(self) -> int | None:
        """The width of the terminal of ``jupyter console``; None in a notebook."""
        get_parent: Callable[[], dict[str, Any]] = getattr(self._shell.kernel, "get_parent", dict)
        content = get_parent().get("content", {})
        # A notebook has the same text whatever terminal its server was started in. A kernel of a server has a name, and
        # in nbclient and papermill nobody can type.
        if "JPY_SESSION_NAME" in os.environ or not content.get("allow_stdin"):
            return None
        try:
            return os.get_terminal_size(sys.stdout.fileno()).columns
        except OSError:
            return None

    def say(self, text: str) -> None:
        """Print a line, wrapped between words, because JupyterLab wraps anywhere: on a page of 700 px too."""
        width = self._terminal_width or _PAGE_LINE
        print("\n".join(wrap_line(line, width) for line in text.split("\n")))  # noqa: T201  # output for the user

    def show(self, result: object) -> None:
        """Display a result as the cell displays its last value."""
        from IPython.display import display  # noqa: PLC0415  # already loaded in a notebook

        if hasattr(result, "to_string"):
            from poseidon_nb.frames.display import displayed, view_of  # noqa: PLC0415  # pandas is loaded

            frame: Any = result
            result = frame if view_of(frame) else displayed(frame)
        display(result)  # type: ignore[no-untyped-call]  # IPython's is untyped

    def ask(self, question: str) -> bool:
        """Ask below the cell. Raise if the notebook runs without a user, as with nbclient and papermill."""
        return _is_yes(_answered(lambda: self._shell.kernel.raw_input(f"{question} [y/N] "), _unanswered(question)))

    def secret(self, prompt: str) -> str:
        """Ask below the cell without showing or saving what is typed."""
        return _answered(lambda: self._shell.kernel.getpass(prompt), _NO_INPUT)

    def progress(self, clock: Clock) -> ProgressView:
        """Return a view that is rows of widgets, or one line of text in ``jupyter console``, which shows no updates of rows."""
        if self._terminal_width:
            return TextProgress(clock, live=True)
        from IPython.display import display  # noqa: PLC0415  # already loaded in a notebook

        return NotebookProgress(clock, display)


def current_shell() -> Any:
    """Return IPython's shell, or None outside of IPython, which is not imported here."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def current_ui() -> TerminalUI | NotebookUI:
    """Return the user interface of this process."""
    shell = current_shell()
    return NotebookUI(shell) if getattr(shell, "kernel", None) is not None else TerminalUI()


#: The characters of a sentence's line in a notebook.
_PAGE_LINE = 72
_NO_INPUT = "A token cannot be typed here. Set DIGITALOCEAN_ACCESS_TOKEN instead."


def _unanswered(question: str) -> str:
    from poseidon_nb.plans.confirmation import UNATTENDED  # noqa: PLC0415  # only needed for this error

    return f"{question} {UNATTENDED}."


def _typed(ask: Callable[[], str], refusal: str) -> str:
    """Ask in the terminal. Raise if there is none, or at the end of the input."""
    if not sys.stdin or not sys.stdin.isatty():
        raise ConfirmationRequired(refusal)
    try:
        return ask()
    except EOFError:
        raise ConfirmationRequired(refusal) from None


def _answered(ask: Callable[[], object], refusal: str) -> str:
    """Ask through the kernel. Raise if its front end cannot answer, like nbclient and papermill."""
    try:
        return str(ask())
    except Exception as exc:
        # Compared by name, because ipykernel is not imported here.
        if type(exc).__name__ == "StdinNotImplementedError":
            raise ConfirmationRequired(refusal) from None
        raise


def _is_yes(answer: str) -> bool:
    return answer.strip().lower() in {"y", "yes"}
