"""The commands `%do plans`."""

from __future__ import annotations

from poseidon_nb.language.spec import BULK_COLUMNS, LIST_ALIASES, Argument, Group, Option, Verb

PLANS = Group(
    name="plans",
    help="unfinished changes on this machine",
    default="list",
    verbs=(
        Verb(
            name="list",
            help="list plans that are running or were interrupted on this machine",
            run="plans.run:list_plans",
            options=(Option(field="all", help="include plans of other sandboxes", type="flag"),),
            aliases=LIST_ALIASES,
            table="plans",
            example="%do plans",
        ),
        Verb(
            name="resume",
            help="continue interrupted plans: check the account, show the remaining steps, and execute them",
            run="plans.run:RESUME",
            arguments=(
                Argument(
                    name="plans",
                    metavar="ID",
                    help="ids of plans; default: all interrupted plans of this account",
                    source="plans",
                    many=True,
                    required=False,
                ),
            ),
            columns=BULK_COLUMNS,
            waits=True,
            example="%do plans resume",
        ),
        Verb(
            name="stop",
            help="stop background plans after their current step, and power on droplets that were shut down",
            run="plans.run:stop",
            example="%do plans stop",
        ),
        Verb(
            name="forget",
            help="remove plans from the list; the account does not change",
            run="plans.run:forget",
            arguments=(Argument(name="plans", metavar="ID", help="ids of plans", source="plans", many=True),),
            example="%do plans forget k3x9p",
        ),
    ),
)
