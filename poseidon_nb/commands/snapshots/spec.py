"""The commands `%do snapshots`."""

from __future__ import annotations

from poseidon_nb.commands.shared_spec import BY_TAG, delete_verb, get_verb, list_verb
from poseidon_nb.language.spec import BULK_COLUMNS, Argument, Group, Option, Verb

_RESOURCE_TYPE = Option(
    field="resource_type",
    aliases=("resource",),
    help="only snapshots of droplets, or only of volumes",
    metavar="TYPE",
    suggests=("droplet", "volume"),
    closed=True,
)


def _keep(field: str, help: str) -> Option:  # noqa: A002  # the word of the spec
    return Option(field=field, name=f"keep-{field}", help=help, metavar="NUMBER")


#: The fields of `analysis.retention.Policy`, and what each keeps.
KEEP = (
    _keep("last", "keep the newest ones; unlimited keeps all, here and below"),
    *(
        _keep(field, f"of so many {periods} that have snapshots, keep the newest one of each")
        for field, periods in (
            ("hourly", "hours"), ("daily", "days"), ("weekly", "weeks"), ("monthly", "months"), ("yearly", "years"),
        )
    ),
    Option(field="within", name="keep-within", help="keep all that are at most so much older than the newest: 30d, 6m, 1y",
           metavar="TIME"),
)  # fmt: skip

_PRUNE = Verb(
    name="prune",
    help="delete the snapshots of each droplet and volume that no --keep option keeps, by the rules of restic; the newest, frozen"
    " ones, and sources of droplets stay",
    run="snapshots.run:PRUNE",
    operations=("snapshots_delete", "snapshots_list", "droplets_list", "volumes_list"),
    options=(
        *KEEP,
        Option(field="tag_name", name="tag", aliases=BY_TAG.aliases, help="only snapshots with this tag", metavar="TAG", source="tags"),
        Option(field="name", help="only snapshots whose name matches, such as 'db-*'", metavar="PATTERN"),
        _RESOURCE_TYPE,
        Option(field="include_sources", type="flag", help="delete snapshots too that a droplet was made from"),
    ),
    columns=BULK_COLUMNS,
    example="%do snapshots prune --keep-last 7 --keep-weekly 4 --keep-monthly 6 --dry-run",
)  # fmt: skip

_SNAPSHOT = Argument(name="snapshot", metavar="SNAPSHOT", help="id or name", source="snapshots")

SNAPSHOTS = Group(
    name="snapshots",
    help="snapshots of droplets and volumes",
    aliases=("snapshot", "s"),
    prefixes=("snapshots",),
    verbs=(
        list_verb(
            "snapshots",
            "snapshots_list",
            options=(_RESOURCE_TYPE,),
            example="%do snapshots list --resource-type droplet",
        ),
        get_verb("snapshots", "snapshots_get", _SNAPSHOT, "before-upgrade"),
        delete_verb("snapshots", "snapshots_delete", _SNAPSHOT, "before-upgrade", "delete snapshots"),
        _PRUNE,
    ),
)
