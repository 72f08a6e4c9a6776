"""The verbs of `%do droplets`."""

from __future__ import annotations

from dataclasses import replace

from poseidon_nb.catalogue.prices import DEFAULT_BACKUP_PLAN
from poseidon_nb.magics.language.table.parts import BY_TAG, SOME_DROPLETS
from poseidon_nb.magics.language.words import (
    BULK_COLUMNS,
    CREATE_WORDS,
    DELETE_WORDS,
    GET_WORDS,
    LIST_WORDS,
    Argument,
    Group,
    Named,
    Option,
    Verb,
)

_DROPLET = Argument(name="droplet", shows="DROPLET", help="its id or name", source="droplets")


def _tag_verb(name: str, help: str, operation: str) -> Verb:  # noqa: A002  # the word of the table
    return Verb(
        name=name,
        help=help,
        operations=(operation,),
        arguments=(SOME_DROPLETS,),
        options=(
            replace(BY_TAG, aliases=()),
            Option(field="name", name="tag-name", help="the tag", shows="TAG", source="tags", required=True),
        ),
        columns=BULK_COLUMNS,
        example=f"%do droplets {name} web-1 web-2 --tag-name blue",
    )


def _change(
    name: str,
    help: str,  # noqa: A002  # the word of the table
    *options: Option,
    example: str = "",
    aliases: tuple[str, ...] = (),
) -> Verb:
    """Make a verb that is one type of droplet action, on one droplet or many."""
    return Verb(
        name=name,
        help=help,
        operations=("dropletActions_post",),
        fixed={"type": name},
        arguments=(SOME_DROPLETS,),
        options=(BY_TAG, *options),
        aliases=aliases,
        columns=BULK_COLUMNS,
        waits=True,
        example=example or f"%do droplets {name} web-1",
    )


def _power_verb(name: str, help: str, *aliases: str) -> Verb:  # noqa: A002  # the word of the table
    return Verb(
        name=name,
        help=help,
        operations=("dropletActions_post", "dropletActions_post_byTag"),
        fixed={"type": name},
        arguments=(SOME_DROPLETS,),
        options=(BY_TAG,),
        aliases=aliases,
        columns=BULK_COLUMNS,
        waits=True,
        example=f"%do droplets {name} web-1",
    )


#: When backups are made.
_POLICY = (
    Option(field="plan", aliases=("backup-policy-plan",), help="how often", suggests=("daily", "weekly"),
           default=DEFAULT_BACKUP_PLAN),
    Option(field="weekday", aliases=("backup-policy-weekday",), help="on which day a weekly one is made",
           suggests=("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")),
    Option(field="hour", aliases=("backup-policy-hour",), help="from which hour on, UTC: 0, 4, ... 20", kind="integer"),
)  # fmt: skip

DROPLETS = Group(
    name="droplets",
    help="virtual machines: make them, look at them, switch them",
    aliases=("droplet", "d"),
    prefixes=("droplets",),
    named=(
        Named("droplets_list_backups", "backups", "show the backups of a droplet", example="%do droplets backups db-1"),
        Named(
            "droplets_list_kernels",
            "kernels",
            "show the kernels that a droplet from before 2017 can have",
            example="%do droplets kernels web-1",
        ),
        Named(
            "droplets_list_neighbors",
            "neighbors",
            "show the droplets on the same physical server",
            example="%do droplets neighbors web-1",
        ),
        Named(
            "droplets_list_firewalls",
            "firewalls",
            "show the firewalls of a droplet",
            example="%do droplets firewalls web-1",
        ),
        Named(
            "droplets_get_backup_policy",
            "backup-policy",
            "show when backups of a droplet are made",
            example="%do droplets backup-policy db-1",
        ),
        Named(
            "droplets_list_backup_policies",
            "backup-policies",
            "show when backups of all droplets are made",
            example="%do droplets backup-policies",
        ),
        Named(
            "droplets_destroy_byTag",
            "delete-by-tag",
            "destroy all droplets with a tag, in one request",
            ("tag_name",),
            example="%do droplets delete-by-tag staging --yes",
        ),
    ),
    verbs=(
        Verb(
            name="list",
            help="show the droplets, GPU droplets too",
            operations=("droplets_list",),
            stands_for="droplets_list",
            arguments=(
                Argument(
                    name="glob", shows="GLOB", help="only names like this: 'web-*'", source="droplets", required=False
                ),
            ),
            options=(
                Option(field="region", help="only in this region", shows="SLUG", source="regions"),
                Option(
                    field="tag_name",
                    name="tag",
                    aliases=("tag-name",),
                    help="only with this tag",
                    shows="TAG",
                    source="tags",
                ),
                Option(
                    field="status",
                    help="only with this status",
                    shows="STATUS",
                    suggests=("active", "off", "new", "archive"),
                ),
                Option(field="gpus", help="only GPU droplets", kind="flag"),
            ),
            aliases=LIST_WORDS,
            table="droplets",
            example="%do droplets list --region nyc3",
        ),
        Verb(
            name="get",
            help="show one droplet",
            operations=("droplets_get",),
            stands_for="droplets_get",
            arguments=(_DROPLET,),
            aliases=GET_WORDS,
            table="droplets",
            example="%do droplets get web-1",
        ),
        Verb(
            name="create",
            help="make droplets, and wait until they run",
            operations=("droplets_create",),
            stands_for="droplets_create",
            arguments=(Argument(name="names", shows="NAME", help="host names, one droplet each", many=True),),
            options=(
                Option(
                    field="region",
                    help="where; a prefix such as nyc is any of that area",
                    shows="SLUG",
                    source="regions",
                    default="any",
                ),
                Option(field="size", help="plan", shows="SLUG", source="sizes", required=True),
                Option(field="image", help="slug or id of the image", shows="IMAGE", source="images", required=True),
                Option(
                    field="ssh_keys",
                    aliases=("ssh-key",),
                    help="keys that may log in: ids, names or fingerprints",
                    kind="list",
                    shows="KEY,KEY",
                    source="keys",
                ),
                Option(
                    field="tags",
                    aliases=("tag", "tag-name", "tag-names"),
                    help="tags; new ones are made",
                    kind="list",
                    shows="TAG,TAG",
                    source="tags",
                ),
                Option(field="user_data", help="cloud-init text; or write it as the body of a %%do cell"),
                Option(field="user_data_file", help="file with the cloud-init text", shows="FILE", source="files"),
                Option(field="vpc_uuid", help="VPC to join", shows="UUID", default="the region's own"),
                Option(field="volumes", help="ids of volumes to attach", kind="list", shows="UUID,UUID"),
                Option(field="backups", aliases=("enable-backups",), help="back up, for a surcharge", kind="flag"),
                Option(field="ipv6", aliases=("enable-ipv6",), help="an IPv6 address too", kind="flag"),
                Option(
                    field="monitoring", aliases=("enable-monitoring",), help="install the metrics agent", kind="flag"
                ),
                Option(
                    field="wait_for",
                    help="wait until this works too: ssh is port 22 of its public address",
                    shows="WHAT",
                    suggests=("ssh",),
                    closed=True,
                ),
            ),
            aliases=CREATE_WORDS,
            body="user_data",
            table="droplets",
            at_most_one_of=(("user_data", "user_data_file", "body"),),
            waits=True,
            example="%do droplets create demo-1 --region nyc3 --size s-1vcpu-1gb --image ubuntu-24-04-x64",
        ),
        Verb(
            name="delete",
            help="destroy droplets and what is on them",
            operations=("droplets_destroy", "droplets_destroy_byTag"),
            stands_for="droplets_destroy",
            arguments=(SOME_DROPLETS,),
            options=(BY_TAG,),
            aliases=DELETE_WORDS,
            columns=BULK_COLUMNS,
            example="%do droplets delete build-1 --yes",
        ),
        _power_verb("power_on", "switch on"),
        _power_verb("power_off", "switch off hard, as by pulling the plug"),
        _power_verb("shutdown", "ask the system to shut itself down"),
        _power_verb("reboot", "ask the system to restart itself"),
        _power_verb("power_cycle", "restart hard: off, then on"),
        Verb(
            name="rename",
            help="give another name",
            operations=("dropletActions_post",),
            fixed={"type": "rename"},
            arguments=(
                _DROPLET,
                Argument(name="name", shows="NAME", help="the new name", spelled=("name", "droplet-name")),
            ),
            columns=BULK_COLUMNS,
            waits=True,
            example="%do droplets rename web-1 front-1",
        ),
        Verb(
            name="take_snapshot",
            help="save the disk as an image",
            operations=("dropletActions_post", "dropletActions_post_byTag"),
            fixed={"type": "snapshot"},
            arguments=(SOME_DROPLETS,),
            options=(
                BY_TAG,
                Option(
                    field="name", aliases=("snapshot-name",), help="name of the snapshot", shows="NAME", required=True
                ),
                Option(
                    field="restart", help="shut down first, for a clean copy, and start again afterwards", kind="flag"
                ),
            ),
            aliases=("snapshot",),
            columns=BULK_COLUMNS,
            waits=True,
            example="%do droplets take_snapshot web-1 --name before-upgrade",
        ),
        Verb(
            name="resize",
            help="give another size; refused while the droplet is on, unless --restart",
            operations=("dropletActions_post",),
            arguments=(SOME_DROPLETS,),
            options=(
                BY_TAG,
                Option(field="size", help="the new plan", shows="SLUG", source="sizes", required=True),
                Option(field="disk", aliases=("resize-disk",), help="grow the disk too, for good", kind="flag"),
                Option(field="restart", help="shut down first, and start again afterwards", kind="flag"),
            ),
            columns=BULK_COLUMNS,
            waits=True,
            example="%do droplets resize web-1 --size s-4vcpu-8gb --restart",
        ),
        _change(
            "rebuild",
            "make the disk anew from an image; what was on it is lost",
            Option(
                field="image",
                aliases=("image-id",),
                help="slug, id or name of the image",
                kind="any",
                shows="IMAGE",
                source="images",
                required=True,
            ),
            example="%do droplets rebuild build-1 --image debian-12-x64",
        ),
        _change(
            "restore",
            "put the disk back to one of its own backups; what came since is lost",
            Option(field="image", aliases=("image-id",), help="id of the backup", kind="integer", required=True),
            example="%do droplets restore db-1 --image 210500123",
        ),
        _change(
            "enable_backups",
            "have backups made",
            *_POLICY,
            example="%do droplets enable_backups web-1 --plan weekly --weekday SUN --hour 4",
        ),
        _change(
            "change_backup_policy",
            "have backups made at another time",
            *_POLICY,
            example="%do droplets change_backup_policy db-1 --plan daily --hour 4",
        ),
        _change(
            "disable_backups",
            "have no more backups made; those that there are stay",
            example="%do droplets disable_backups db-1",
        ),
        _change("password_reset", "have a new password sent by e-mail", aliases=("reset-password",)),
        _change("enable_ipv6", "give a public IPv6 address, for good", example="%do droplets enable_ipv6 build-1"),
        _change("enable_private_networking", "retired: every droplet is in a VPC"),
        _change(
            "change_kernel",
            "retired: since 2017 a droplet's system brings its own kernel",
            Option(field="kernel", aliases=("kernel-id",), help="id of the kernel", kind="integer", required=True),
            example="%do droplets change_kernel web-1 --kernel 12534",
        ),
        _tag_verb("tag", "put a tag on droplets; one that does not exist is made", "tags_assign_resources"),
        _tag_verb("untag", "take a tag off droplets", "tags_unassign_resources"),
        Verb(
            name="actions",
            help="show what was done to a droplet, newest first",
            operations=("dropletActions_list",),
            stands_for="dropletActions_list",
            arguments=(_DROPLET,),
            aliases=("a",),
            table="actions",
            example="%do droplets actions web-1",
        ),
        Verb(
            name="snapshots",
            help="show the snapshots of a droplet",
            operations=("droplets_list_snapshots",),
            stands_for="droplets_list_snapshots",
            arguments=(_DROPLET,),
            aliases=("s",),
            table="backups",
            example="%do droplets snapshots web-1",
        ),
    ),
)
