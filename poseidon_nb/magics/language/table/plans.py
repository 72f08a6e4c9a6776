"""What was begun and not seen to its end: shown, resumed, ended, forgotten."""

from __future__ import annotations

from poseidon_nb.magics.language.words import LIST_WORDS, Argument, Group, Verb

PLANS = Group(
    name="plans",
    help="changes begun on this machine that are not finished",
    default="list",
    verbs=(
        Verb(
            name="list",
            help="show plans that run or were interrupted, on this machine",
            aliases=LIST_WORDS,
            table="plans",
            example="%do plans",
        ),
        Verb(
            name="resume",
            help="check how far interrupted plans got, show what is left, and do it",
            arguments=(
                Argument(
                    name="plans",
                    shows="ID",
                    help="ids of plans; without one, all interrupted plans of this account",
                    source="plans",
                    many=True,
                    required=False,
                ),
            ),
            columns=("id", "name", "action", "status", "error"),
            waits=True,
            example="%do plans resume",
        ),
        Verb(
            name="stop",
            help="end what runs in the background after its step in progress, and power on what was shut down",
            example="%do plans stop",
        ),
        Verb(
            name="forget",
            help="remove plans from the list; nothing is changed in the account",
            arguments=(Argument(name="plans", shows="ID", help="ids of plans", source="plans", many=True),),
            example="%do plans forget k3x9p",
        ),
    ),
)
