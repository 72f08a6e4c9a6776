"""The thin skin for IPython: ``%do``, ``%%do``, ``%poseidon``, and how they come and go.

Everything heavy is imported when the first command runs, so ``%load_ext poseidon_nb`` costs next to nothing.
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

#: ``%poseidon`` is the same magic, for who has another ``%do``.
NAMES = ("do", "poseidon")


@magics_class
class DoMagics(Magics):
    """``%do`` and its settings: ``%config DoMagics``."""

    full_tracebacks = Bool(False, help="Show the whole traceback of a failed command.").tag(config=True)  # noqa: FBT003  # traitlets' way
    price_limit_usd_month = Float(
        100.0, help="Ask before a change that adds more than this, in USD a month; 0 asks whenever a change adds cost."
    ).tag(config=True)

    @no_var_expand
    @needs_local_scope
    @output_can_be_silenced
    @line_cell_magic
    def do(self, line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None) -> Any:
        """Manage DigitalOcean: ``%do droplets list``. ``%do`` alone shows what there is."""
        return self._run(line, cell, local_ns)

    @no_var_expand
    @needs_local_scope
    @output_can_be_silenced
    @line_cell_magic
    def poseidon(self, line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None) -> Any:
        """Do the same as ``%do``."""
        return self._run(line, cell, local_ns)

    def _run(self, line: str, cell: str | None, local_ns: Mapping[str, Any] | None) -> Any:
        from poseidon_nb.magics.command_line import Settings, run  # noqa: PLC0415  # the heavy part

        user_ns = self.shell.user_ns if self.shell else {}
        settings = Settings(price_limit_usd_month=self.price_limit_usd_month, assign=user_ns.__setitem__)
        try:
            return run(line, body=cell, variables={**user_ns, **(local_ns or {})}, settings=settings)
        except PoseidonError as error:
            error.shown_as_one_line = not self.full_tracebacks
            # IPython looks for exception groups along the context and would print those raw.
            error.__context__ = None
            raise
        except KeyboardInterrupt as interrupt:
            # IPython asks this of any exception that it draws. The notes say what goes on, and how to wait for it again.
            lines = ["KeyboardInterrupt: stopped", *getattr(interrupt, "__notes__", ())]
            if not self.full_tracebacks:
                interrupt._render_traceback_ = lambda: lines  # type: ignore[attr-defined]  # IPython's protocol
            raise


def load(shell: InteractiveShell) -> None:
    """Register the magics and the completer."""
    from poseidon_nb.magics.completion import do_matcher  # noqa: PLC0415  # reads nothing until it is asked

    unload(shell)  # so that %reload_ext doubles nothing
    shell.register_magics(DoMagics)  # also makes it one of the shell's configurables
    shell.Completer.custom_matchers.append(do_matcher)


def unload(shell: InteractiveShell) -> None:
    """Take away what `load` registered. The account stays chosen, and a sandbox goes on running."""
    matchers = shell.Completer.custom_matchers
    matchers[:] = [one for one in matchers if getattr(one, "matcher_identifier", "") != "poseidon_nb.do"]
    shell.configurables[:] = [one for one in shell.configurables if type(one).__name__ != DoMagics.__name__]
    for kind in ("line", "cell"):
        for name in NAMES:
            shell.magics_manager.magics[kind].pop(name, None)
    shell.magics_manager.registry.pop(DoMagics.__name__, None)
