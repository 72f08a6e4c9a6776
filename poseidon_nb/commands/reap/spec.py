"""The command `%do reap`."""

from __future__ import annotations

from poseidon_nb.language.spec import BULK_COLUMNS, Group, Option, Verb

#: Seconds between two looks of ``--watch``.
EVERY_S = 60

REAP = Group(
    name="reap",
    help="destroy droplets whose lease is over",
    default="reap",
    verbs=(
        Verb(
            name="reap",
            help="destroy the droplets whose lease is over, never others; or freeze them",
            run="reap.run:REAP",
            operations=("droplets_destroy", "tags_delete"),
            options=(
                Option(field="freeze", help="freeze them instead: keep a snapshot with their settings", type="flag"),
                Option(
                    field="watch",
                    help="keep doing it while this kernel lives; needs --yes",
                    type="flag",
                ),
                Option(
                    field="every",
                    help="how often --watch looks",
                    type="seconds",
                    metavar="SECONDS",
                    default="60",
                ),
                Option(field="stop", help="end a --watch, and say what it has done", type="flag"),
            ),
            columns=BULK_COLUMNS,
            waits=True,
            example="%do reap --dry-run",
        ),
    ),
)
