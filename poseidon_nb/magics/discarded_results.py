"""Show the results of ``%do`` lines that Python discards: in a loop, in a function, or before the last line of a cell.

IPython shows only the value of a cell's last expression. An AST transformer, which is IPython's documented way to change cells,
finds the other ``%do`` lines that are statements, and shows their results. ``df = %do ...`` is an assignment, and shows nothing.
The cell that loads the extension is already compiled, so the lines of that cell are not changed.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

    from IPython.core.interactiveshell import InteractiveShell

#: What shows a result, as an expression that needs no name of the user's cell.
_SHOW = f"__import__('sys').modules[{__name__!r}].show"


def show(result: Any) -> None:
    """Show a result as a cell shows its last value."""
    from IPython.display import display  # noqa: PLC0415  # most cells have nothing to show

    if result is not None:
        display(result)  # type: ignore[no-untyped-call]  # IPython's is untyped


class DiscardedResults(ast.NodeTransformer):
    """Lets a cell show the result of each ``%do`` line whose value Python discards.

    Parameters
    ----------
    shell : InteractiveShell
        Its ``ast_node_interactivity`` says which values IPython shows itself.
    names : collection of str
        The names of the magic.
    """

    def __init__(self, shell: InteractiveShell, names: Collection[str]) -> None:
        self._shell = shell
        self._names = names

    def visit_Module(self, cell: ast.Module) -> ast.Module:  # the protocol of ast
        """Return the cell; what IPython shows itself is not shown twice."""
        shown: Any = self._shell.ast_node_interactivity
        if shown != "none":
            by_ipython = cell.body if shown == "all" else cell.body[-1:]
            for statement in cell.body:
                if not (isinstance(statement, ast.Expr) and statement in by_ipython):
                    self.visit(statement)
        return cell

    def visit_Expr(self, statement: ast.Expr) -> ast.Expr:  # the protocol of ast
        """Return a statement that shows its value, if it is a ``%do`` line."""
        if self._is_magic(statement.value):
            function = ast.parse(_SHOW, mode="eval").body
            for node in (*ast.walk(function), call := ast.Call(function, [statement.value], [])):
                ast.copy_location(node, statement)
            statement.value = call
        return statement

    def _is_magic(self, value: ast.expr) -> bool:
        """Return whether an expression is what IPython makes of ``%do``: ``get_ipython().run_line_magic('do', '...')``."""
        match value:
            case ast.Call(
                func=ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython")), attr="run_line_magic"),
                args=[ast.Constant(value=name), *_],
            ):
                return name in self._names
        return False
