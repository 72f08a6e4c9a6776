"""Plans: what was made by ``--plan`` is executed."""

from __future__ import annotations

from poseidon_nb.magics.language.words import Argument, Group, Verb

APPLY = Group(
    name="apply",
    help="execute a plan that --plan returned",
    default="apply",
    verbs=(
        Verb(
            name="apply",
            help="execute a plan: plan = %do ... --plan, then %do apply {plan}",
            arguments=(
                Argument(
                    name="plan", shows="{PLAN}", help="the variable that holds the Plan, in braces", kind="object"
                ),
            ),
            columns=("chain", "step", "id", "name", "action", "status", "error"),
            waits=True,
            example="%do apply {plan}",
        ),
    ),
)
