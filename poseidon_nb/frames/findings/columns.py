"""How a table of findings is written down: like one of the API's, without a path into any object."""

from __future__ import annotations

from poseidon_nb.frames.columns import Column, Table


def finding(name: str, dtype: str, meaning: str, unit: str = "") -> Column:
    """Give one column: its name, what it holds, what that means, and its unit."""
    return Column(name, dtype, "", unit, meaning)


def findings(name: str, *columns: Column) -> Table:
    """Give the table of that name, most wanted column first."""
    return Table(name, "", "", columns, distinct=False)
