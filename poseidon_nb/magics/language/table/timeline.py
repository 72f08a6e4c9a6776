"""The verbs of `%do actions` that reckon: what happened, and how long it takes."""

from __future__ import annotations

from dataclasses import replace

from poseidon_nb.magics.language.table.parts import DROPLETS_OR_ALL, ONLY_BY_TAG, PLOT, last
from poseidon_nb.magics.language.words import Verb

_LAST = last("7d")

TIMELINE_VERBS = (
    Verb(
        name="timeline",
        help="show what was done to each droplet when, newest first",
        operations=("actions_list", "droplets_list"),
        arguments=(replace(DROPLETS_OR_ALL, help="ids or names; without any, all, also those that are deleted"),),
        options=(
            _LAST,
            ONLY_BY_TAG,
            PLOT,
        ),
        table="spans",
        example="%do actions timeline --last 7d --plot",
    ),
    Verb(
        name="durations",
        help="show how long actions take, by type, and how many fail",
        operations=("actions_list",),
        options=(_LAST, PLOT),
        table="durations",
        example="%do actions durations --last 30d --plot",
    ),
)
