"""The command `%do panel`."""

from __future__ import annotations

from dataclasses import replace

from poseidon_nb.commands.shared_spec import BY_TAG
from poseidon_nb.language.spec import Argument, Group, Option, Verb

PANEL = Group(
    name="panel",
    help="buttons and progress bars",
    aliases=("panels",),
    default="panel",
    verbs=(
        Verb(
            name="panel",
            help="open a panel for one droplet, for several or all, for all actions, or for a plan",
            run="panel.run:open_panel",
            operations=("droplets_get",),
            arguments=(
                Argument(
                    name="droplet",
                    metavar="DROPLET",
                    help="id or name; several, or a pattern such as 'web-*', for a table of these; "
                    "or the word actions, or a plan in braces; default: a table of all droplets",
                    source="droplets",
                    suggests=("actions",),
                    many=True,
                    required=False,
                    objects=("Plan",),
                ),
            ),
            options=(
                replace(BY_TAG, help="a table of the droplets with this tag"),
                Option(
                    field="resize",
                    help="open the resize form with this size selected",
                    metavar="SIZE",
                    source="sizes",
                ),
            ),
            example="%do panel web-1",
        ),
    ),
)
