"""The panels: what is clicked instead of typed."""

from __future__ import annotations

from poseidon_nb.magics.language.words import Argument, Group, Option, Verb

PANEL = Group(
    name="panel",
    help="buttons and progress bars",
    aliases=("panels",),
    default="panel",
    verbs=(
        Verb(
            name="panel",
            help="show buttons for a droplet, or a table with buttons for all, with a bar for each action that runs",
            operations=("droplets_get",),
            arguments=(
                Argument(
                    name="droplet",
                    shows="DROPLET",
                    help="its id or name; actions for what the account does; without it, a table of all droplets",
                    source="droplets",
                    suggests=("actions",),
                    required=False,
                ),
            ),
            options=(
                Option(
                    field="tag_name",
                    name="tag",
                    aliases=("tag-name",),
                    help="a table of the droplets with this tag",
                    shows="TAG",
                    source="tags",
                ),
                Option(
                    field="resize",
                    help="open the form to resize a droplet, with this size chosen",
                    shows="SIZE",
                    source="sizes",
                ),
            ),
            example="%do panel web-1",
        ),
    ),
)
