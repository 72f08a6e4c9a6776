"""What each operation of the API is called in `%do`: one name, unique. Pure, from the table and the operationIds.

The rule: what stands before the first underscore of the operationId is the group, the rest is the verb, both in
kebab-case (``databases_list_clusters`` is ``databases list-clusters``). A group of our own takes in all operations with
its prefixes, and a row of the table may call one of them otherwise; the name by the rule then leads there too, unless
it is the name of something else.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from poseidon_nb.catalogue.operations import SERVER, rows
from poseidon_nb.magics.language.table import GROUPS
from poseidon_nb.magics.language.words import folded

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Before a capital that begins a word: ``get_DropletCpu``, ``CPUPercentage``, but not within ``byUUID`` or ``floatingIPs``.
_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")
#: Files of the specification that left their ending in a name.
_ENDING = re.compile(r"\.yml$")


class Name(NamedTuple):
    """The words of a command."""

    group: str
    verb: str


def kebab(words: str) -> str:
    """Give a part of an operationId in kebab-case."""
    return _BOUNDARY.sub("-", _ENDING.sub("", words)).replace("_", "-").lower()


@cache
def by_rule(operation_id: str) -> Name:
    """Give the name that the rule makes of an operationId."""
    group, _, verb = operation_id.partition("_")
    return Name(kebab(group), kebab(verb))


@cache
def names() -> Mapping[str, Name]:
    """Give the one name of each operation of ``api.digitalocean.com``, by operationId."""
    own = {verb.stands_for: Name(group.name, verb.name) for group in GROUPS for verb in group.verbs if verb.stands_for}
    own |= {row.operation: Name(group.name, row.name) for group in GROUPS for row in group.named if row.whole}
    homes = {prefix: group.name for group in GROUPS for prefix in group.prefixes}
    found = {}
    for operation_id in account_operations():
        ruled = by_rule(operation_id)
        home = homes.get(operation_id.partition("_")[0], ruled.group)
        found[operation_id] = own.get(operation_id, Name(home, ruled.verb))
    return found


@cache
def account_operations() -> tuple[str, ...]:
    """Give the ids of the operations of the account's own server, in the specification's order."""
    return tuple(id_ for id_, row in rows().items() if row.get("server", SERVER) == SERVER)


@cache
def operations_by_group() -> Mapping[str, Mapping[str, str]]:
    """Give, for each group, its verbs and the operations that these are the names of."""
    found: dict[str, dict[str, str]] = {}
    for operation_id, name in names().items():
        found.setdefault(name.group, {})[name.verb] = operation_id
    return found


@cache
def detours() -> Mapping[str, Mapping[str, Name]]:
    """Give the names by the rule that are not an operation's own, and where they lead: group, verb, name."""
    taken = {*names().values(), *_own()}
    found: dict[str, dict[str, Name]] = {}
    for operation_id, name in names().items():
        ruled = by_rule(operation_id)
        for group in dict.fromkeys((ruled.group, name.group)):
            if Name(group, ruled.verb) not in taken:
                found.setdefault(folded(group), {}).setdefault(folded(ruled.verb), name)
    return found


def further_groups() -> list[str]:
    """Give the names of the groups that the table does not have, in the order of the alphabet."""
    return sorted({name.group for name in names().values()} - {group.name for group in GROUPS})


@cache
def _own() -> frozenset[Name]:
    written = [Name(group.name, verb.name) for group in GROUPS for verb in group.verbs]
    return frozenset((*written, *(Name(group.name, row.name) for group in GROUPS for row in group.named)))


def by_rule_alone(group: str, verb: str) -> bool:
    """Say whether a command has its name from the rule, and not from the table."""
    return Name(group, verb) not in _own()
