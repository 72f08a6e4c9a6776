"""The commands `%do leases`."""

from __future__ import annotations

from poseidon_nb.language.spec import LIST_ALIASES, Group, Verb

LEASES = Group(
    name="leases",
    help="droplets with an end: set it with --ttl at create, or with droplets lease",
    aliases=("lease",),
    default="list",
    verbs=(
        Verb(
            name="list",
            help="list leases: when each ends, and what the droplet has cost so far",
            run="leases.run:list_leases",
            reads="leases.run:list_reads",
            operations=("droplets_list",),
            aliases=LIST_ALIASES,
            table="leases",
            example="%do leases",
        ),
    ),
)
