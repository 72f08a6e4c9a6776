"""Get one or several resources by ids, names and patterns such as ``web-*``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.client.lookup import RESOURCE_TYPES, is_pattern
from poseidon_nb.commands.results import TableResult, table_of_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from poseidon_nb.commands.context import CommandContext

    Row = Mapping[str, Any]


def is_one(words: Sequence[int | str]) -> bool:
    """Return whether the words name a single resource."""
    return len(words) == 1 and not is_pattern(words[0])


def select_rows(
    context: CommandContext, kind: str, words: Sequence[int | str], get_one: Callable[[Any], Row]
) -> list[Row]:
    """Return the resources that words name, each once, in the order of the words.

    Several words need one list of the account instead of a request for each.

    Parameters
    ----------
    context : CommandContext
    kind : str
        A key of `RESOURCE_TYPES`; resources of any other type have only ids.
    words : sequence of int or str
    get_one : callable
        Returns the resource that one word names, or raises the usual error.
    """
    listed = kind in RESOURCE_TYPES and not is_one(words)
    found: dict[object, Row] = {}
    for word in dict.fromkeys(words):
        rows = (context.account.matching(kind, word) if listed else []) or [get_one(word)]
        found |= {str(row.get(RESOURCE_TYPES[kind].id) if kind in RESOURCE_TYPES else word): row for row in rows}
    return [*found.values()]


def get_table(context: CommandContext, table: str, kind: str, get_one: Callable[[Any], Row]) -> TableResult:
    """Return the table of a verb ``get``, whose first argument takes several words."""
    words = context.argument(context.verb.arguments[0].name)
    rows = [dict(row) for row in select_rows(context, kind, words, get_one)]
    return table_of_rows(table, rows, single=is_one(words))
