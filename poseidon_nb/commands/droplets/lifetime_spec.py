"""The verbs of `%do droplets` about how long droplets exist: freeze, thaw and leases."""

from __future__ import annotations

from poseidon_nb.commands.shared_spec import BY_TAG, SOME_DROPLETS
from poseidon_nb.language.spec import BULK_COLUMNS, Argument, Option, Verb

#: For verbs that create droplets.
TTL = Option(field="ttl", help="give a lease of this length: %do reap destroys what is over", metavar="TIME")

LIFETIME_VERBS = (
    Verb(
        name="freeze",
        help="keep only a snapshot with all settings in its tags, and destroy the droplet, which stops its cost",
        run="droplets.lifetime:FREEZE",
        operations=("droplets_destroy", "dropletActions_post", "tags_assign_resources"),
        arguments=(SOME_DROPLETS,),
        options=(BY_TAG,),
        columns=BULK_COLUMNS,
        waits=True,
        example="%do droplets freeze legacy-reports --dry-run",
    ),
    Verb(
        name="thaw",
        help="create frozen droplets again, with their volumes, reserved IPs, firewalls, project and records",
        run="droplets.lifetime:THAW",
        operations=("droplets_create", "tags_unassign_resources"),
        arguments=(
            Argument(
                name="frozen", metavar="NAME", help="names of frozen droplets, or ids of their snapshots", source="frozen", many=True
            ),
        ),
        options=(
            TTL,
            Option(field="delete_snapshot", help="delete the snapshot once the droplet is back", type="flag"),
        ),
        columns=BULK_COLUMNS,
        waits=True,
        example="%do droplets thaw legacy-reports",
    ),
    Verb(
        name="frozen",
        help="list frozen droplets, with what they cost and save",
        run="droplets.lifetime:list_frozen",
        reads="droplets.lifetime:frozen_reads",
        operations=("images_list",),
        table="frozen",
        example="%do droplets frozen",
    ),
    Verb(
        name="lease",
        help="set when droplets may be destroyed by %do reap; --ttl none removes the lease",
        run="droplets.lifetime:LEASE",
        operations=("tags_create", "tags_assign_resources", "tags_unassign_resources"),
        arguments=(SOME_DROPLETS,),
        options=(
            BY_TAG,
            Option(field="ttl", help="length of the lease from now, such as 6h or 2d; none removes it", metavar="TIME",
                   suggests=("6h", "2d", "none"), required=True),
        ),
        columns=BULK_COLUMNS,
        example="%do droplets lease web-1 --ttl 2d",
    ),
)  # fmt: skip
