"""List, get and delete a noun that the client has a collection for: the verbs differ only in their specs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation
from poseidon_nb.client.lookup import RESOURCE_TYPES, is_id
from poseidon_nb.commands.planned import Planned
from poseidon_nb.commands.results import TableResult, outcomes_table
from poseidon_nb.commands.selection import get_table
from poseidon_nb.plans.builders import delete_chains

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.engine.steps import Chain
    from poseidon_nb.client.resource import Resource
    from poseidon_nb.commands.context import CommandContext
    from poseidon_nb.plans.account import AccountReader

#: Columns that identify a row, in the order in which people use them.
_WORD_COLUMNS = ("slug", "name", "id")


def list_noun(context: CommandContext) -> TableResult:
    """List the noun of the command's group."""
    noun = context.verb.group
    collection = getattr(context.client, noun)
    filters = {name: value for name, value in context.command.options.items() if value is not None}

    def frame() -> pd.DataFrame:
        found: pd.DataFrame = collection.frame(**filters)
        _remember(context, noun, found, complete=not filters)
        return found

    return TableResult(lambda: [one.to_dict() for one in collection.list(**filters)], frame)


def _remember(context: CommandContext, noun: str, found: pd.DataFrame, *, complete: bool) -> None:
    """Remember the words of a list for completion."""
    if noun == "sizes":
        remember_sizes(context, found)
        return
    column = next(name for name in _WORD_COLUMNS if name in found)
    if column == "name" and "id" in found:
        names = zip(found["name"], found["id"].astype(object), strict=True)
        context.session.remember_names(noun, names, complete=complete)
    else:
        context.session.remember(noun, found[column].dropna(), complete=complete)


def remember_sizes(context: CommandContext, sizes: pd.DataFrame) -> None:
    """Remember the available sizes for completion."""
    from poseidon_nb.analysis.inputs import flags, lists  # noqa: PLC0415  # loads pandas

    rows = zip(sizes["slug"], flags(sizes, "available"), lists(sizes, "regions"), strict=True)
    context.session.remember_sizes(rows)


def get_noun(context: CommandContext) -> TableResult:
    """Get resources, by id, name or pattern."""
    noun = context.verb.group
    return get_table(context, noun, noun, lambda word: _find(context.client, noun, word).to_dict())


def _find(client: Client, noun: str, word: int | str) -> Resource:
    collection = getattr(client, noun)
    by_name = noun == "snapshots" and not is_id(noun, word)
    found: Resource = collection.by_name(word) if by_name else collection.get(word)
    return found


def _delete_steps(context: CommandContext, account: AccountReader) -> Sequence[Chain]:
    """Return a step for each resource. All of them are read before any is deleted."""
    noun = context.verb.group
    kind = RESOURCE_TYPES[noun]
    (parameter,) = operation(context.verb.operations[0]).path_parameters
    rows = _read(account, noun, context.argument(noun))
    return delete_chains(context.verb.operations[0], parameter.name, kind.noun, [(row, kind.id) for row in rows])


def _read(account: AccountReader, noun: str, words: Sequence[str]) -> list[Mapping[str, Any]]:
    key = RESOURCE_TYPES[noun].id
    if account.offline:
        return [{key: account.id_of(noun, word), "name": word} for word in dict.fromkeys(words)]
    found = [_find(account.client, noun, word) for word in words]
    return list({one[key]: one.to_dict() for one in found}.values())


DELETE = Planned(_delete_steps, outcomes_table)
