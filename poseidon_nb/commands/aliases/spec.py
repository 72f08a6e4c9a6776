"""The command `%do aliases`."""

from __future__ import annotations

from poseidon_nb.language.spec import Group, Verb

ALIASES = Group(
    name="aliases",
    help="all groups, global options, and aliases, doctl's among them",
    default="aliases",
    verbs=(
        Verb(
            name="aliases",
            help="show all groups, the global options, and the other words that work, doctl's among them",
            run="aliases.run:show_aliases",
            example="%do aliases",
        ),
    ),
)
