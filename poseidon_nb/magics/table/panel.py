"""The panels: what is clicked instead of typed."""

from __future__ import annotations

from poseidon_nb.magics.words import Argument, Group, Verb

PANEL = Group(
    name="panel",
    help="buttons and progress bars",
    aliases=("panels",),
    default="panel",
    verbs=(
        Verb(
            name="panel",
            help="show buttons for a droplet, with a bar for each action that runs on it",
            operations=("droplets_get",),
            arguments=(Argument(name="droplet", shows="DROPLET", help="its id or name", source="droplets"),),
            example="%do panel web-1",
        ),
    ),
)
