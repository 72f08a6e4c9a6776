"""The IPython magics ``%do``, ``%%do`` and ``%poseidon``, and how they are registered.

The commands are imported when the first one runs, so ``%load_ext poseidon_nb`` is fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.magic import (
    Magics,
    line_cell_magic,
    magics_class,
    needs_local_scope,
    no_var_expand,
    output_can_be_silenced,
)
from traitlets import Bool, Float

from poseidon_nb.errors import PoseidonError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from IPython.core.interactiveshell import InteractiveShell

#: ``%poseidon`` is the same magic, for users who have another ``%do``.
NAMES = ("do", "poseidon")


#: Types whose text IPython displays without control characters while the extension is loaded. By name, to load no pandas.
_DISPLAYED = (
    *("pandas.DataFrame", "pandas.Series"),
    # Before pandas 3.
    *("pandas.core.frame.DataFrame", "pandas.core.series.Series"),
)
#: The class of charts, by name, to load no plotly.
_CHART = "poseidon_nb.plots.picture.Picture"


@magics_class
class DoMagics(Magics):
    """The magics and their settings: ``%config DoMagics``."""

    full_tracebacks = Bool(False, help="Show the full traceback of a failed command.").tag(config=True)  # noqa: FBT003  # traitlets' way
    price_limit_usd_month = Float(
        100.0,
        help="Ask before a command that adds more than this to the monthly cost, in USD. With 0, ask if it adds any cost.",
    ).tag(config=True)

    @no_var_expand
    @needs_local_scope
    @output_can_be_silenced
    @line_cell_magic
    def do(self, line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None) -> Any:
        """Manage DigitalOcean: ``%do droplets list``. ``%do`` shows the groups of commands."""
        return self._run(line, cell, local_ns)

    @no_var_expand
    @needs_local_scope
    @output_can_be_silenced
    @line_cell_magic
    def poseidon(self, line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None) -> Any:
        """Run a command, like ``%do``."""
        return self._run(line, cell, local_ns)

    def _run(self, line: str, cell: str | None, local_ns: Mapping[str, Any] | None) -> Any:
        from poseidon_nb.commands.context import Settings  # noqa: PLC0415  # loads requests
        from poseidon_nb.magics.do import default_session, run_line  # noqa: PLC0415  # loads the commands

        user_ns = self.shell.user_ns if self.shell else {}
        settings = Settings(price_limit_usd_month=self.price_limit_usd_month, assign=user_ns.__setitem__)
        try:
            return run_line(
                line,
                body=cell,
                variables={**user_ns, **(local_ns or {})},
                settings=settings,
                session=default_session(),
            )
        except PoseidonError as error:
            error.shown_as_one_line = not self.full_tracebacks
            # IPython searches the context for exception groups and prints those with a traceback.
            error.__context__ = None
            raise
        except KeyboardInterrupt as interrupt:
            # IPython calls this for any exception. The notes say what continues, and how to wait for it.
            lines = ["KeyboardInterrupt: stopped", *getattr(interrupt, "__notes__", ())]
            if not self.full_tracebacks:
                interrupt._render_traceback_ = lambda: lines  # type: ignore[attr-defined]  # IPython's protocol
            raise


def _first_page() -> str:
    """Return what IPython shows for ``%do?``."""
    from poseidon_nb.commands.help import help_text  # noqa: PLC0415  # loads the specs
    from poseidon_nb.magics.ui import current_ui  # noqa: PLC0415  # loads the progress display

    return help_text(width=current_ui().line_width)


# IPython asks a function for `getdoc` before it reads its docstring.
_MAGICS: tuple[Any, ...] = (DoMagics.do, DoMagics.poseidon)
for _magic in _MAGICS:
    _magic.getdoc = _first_page


def load(shell: InteractiveShell) -> None:
    """Register the magics and the completer."""
    from poseidon_nb.magics.completion import do_matcher  # noqa: PLC0415  # reads nothing until it is asked
    from poseidon_nb.magics.discarded_results import DiscardedResults  # noqa: PLC0415  # as above

    unload(shell)  # so that %reload_ext does not register twice
    shell.register_magics(DoMagics)  # also adds it to the shell's configurables
    shell.Completer.custom_matchers.append(do_matcher)
    shell.ast_transformers.append(DiscardedResults(shell, NAMES))
    text: Any = shell.display_formatter
    for type_ in _DISPLAYED:
        text.formatters["text/plain"].for_type(type_, _print_safely)
        text.formatters["text/html"].for_type(type_, _html_safely)
    text.formatters["text/plain"].for_type(_CHART, _print_chart)


def unload(shell: InteractiveShell) -> None:
    """Remove what `load` registered. The account stays selected, and a sandbox keeps running."""
    from poseidon_nb.magics.completion import IDENTIFIER  # noqa: PLC0415  # as in `load`
    from poseidon_nb.magics.discarded_results import DiscardedResults  # noqa: PLC0415  # as in `load`

    matchers = shell.Completer.custom_matchers
    matchers[:] = [one for one in matchers if getattr(one, "matcher_identifier", "") != IDENTIFIER]
    # By name, because %reload_ext loads the classes again.
    transformers = shell.ast_transformers
    transformers[:] = [one for one in transformers if type(one).__name__ != DiscardedResults.__name__]
    shell.configurables[:] = [one for one in shell.configurables if type(one).__name__ != DoMagics.__name__]
    for kind in ("line", "cell"):
        for name in NAMES:
            shell.magics_manager.magics[kind].pop(name, None)
    shell.magics_manager.registry.pop(DoMagics.__name__, None)
    text: Any = shell.display_formatter
    for type_ in _DISPLAYED:
        for kind in ("text/plain", "text/html"):
            text.formatters[kind].pop(type_, None)
    text.formatters["text/plain"].pop(_CHART, None)


def _html_safely(frame: Any) -> str | None:
    """Return the HTML of a DataFrame as pandas writes it, but with control characters escaped; None for a Series."""
    from poseidon_nb.frames.printable import printable  # noqa: PLC0415  # loads pandas

    # A table of %do has its own.
    own = vars(frame).get("_repr_html_")
    shown = frame if own is not None else printable(frame)
    found: str | None = shown._repr_html_() if hasattr(shown, "_repr_html_") else None
    return found


def _print_chart(chart: Any, printer: Any, _cycle: bool) -> None:  # noqa: FBT001  # IPython's protocol
    """Print the summary and the table of a chart so that they fit."""
    from poseidon_nb.magics.ui import current_ui  # noqa: PLC0415  # loads the progress display

    printer.text(chart.text(current_ui().line_width))


def _print_safely(frame: Any, printer: Any, _cycle: bool) -> None:  # noqa: FBT001  # IPython's protocol
    """Print the table of a command so that it fits, and any other DataFrame or Series as pandas does.

    Control characters are escaped in both.
    """
    from poseidon_nb.frames.display import to_text, view_of  # noqa: PLC0415  # loads pandas
    from poseidon_nb.frames.printable import printable  # noqa: PLC0415  # loads pandas
    from poseidon_nb.magics.ui import current_ui  # noqa: PLC0415  # loads the progress display

    view = view_of(frame)
    printer.text(repr(printable(frame)) if view is None else to_text(frame, view, width=current_ui().line_width))
