"""The commands `%do droplets`."""

from __future__ import annotations

from dataclasses import replace

from poseidon_nb.catalogue.prices import DEFAULT_BACKUP_PLAN
from poseidon_nb.commands.droplets.lifetime_spec import LIFETIME_VERBS, TTL
from poseidon_nb.commands.shared_spec import BY_TAG, ONLY_BY_TAG, SOME_DROPLETS, several
from poseidon_nb.language.spec import (
    ACTION_COLUMNS,
    BULK_COLUMNS,
    CREATE_ALIASES,
    DELETE_ALIASES,
    GET_ALIASES,
    LIST_ALIASES,
    Argument,
    Group,
    OperationAlias,
    Option,
    Verb,
)

_DROPLET = Argument(name="droplet", metavar="DROPLET", help="id or name", source="droplets")


def _tag_verb(name: str, help: str, operation: str) -> Verb:  # noqa: A002  # the word of the spec
    return Verb(
        name=name,
        help=help,
        run=f"droplets.run:{name.upper()}",
        operations=(operation,),
        arguments=(SOME_DROPLETS,),
        options=(
            replace(BY_TAG, aliases=()),
            Option(field="name", name="tag-name", help="name of the tag", metavar="TAG", source="tags", required=True),
        ),
        columns=BULK_COLUMNS,
        example=f"%do droplets {name} web-1 web-2 --tag-name blue",
    )


def _action_verb(
    name: str,
    help: str,  # noqa: A002  # the word of the spec
    *options: Option,
    example: str = "",
    aliases: tuple[str, ...] = (),
) -> Verb:
    """Return a verb for one type of droplet action, on one droplet or many."""
    return Verb(
        name=name,
        help=help,
        run="droplets.run:ACTION",
        operations=("dropletActions_post",),
        fixed={"type": name},
        arguments=(SOME_DROPLETS,),
        options=(BY_TAG, *options),
        aliases=aliases,
        columns=ACTION_COLUMNS,
        waits=True,
        example=example or f"%do droplets {name} web-1",
    )


def _power_verb(name: str, help: str, *aliases: str) -> Verb:  # noqa: A002  # the word of the spec
    return Verb(
        name=name,
        help=help,
        run="droplets.run:ACTION",
        operations=("dropletActions_post", "dropletActions_post_byTag"),
        fixed={"type": name},
        arguments=(SOME_DROPLETS,),
        options=(BY_TAG,),
        aliases=aliases,
        columns=ACTION_COLUMNS,
        waits=True,
        example=f"%do droplets {name} web-1",
    )


#: When backups are made.
_POLICY = (
    Option(field="plan", aliases=("backup-policy-plan",), help="how often", suggests=("daily", "weekly"),
           default=DEFAULT_BACKUP_PLAN),
    Option(field="weekday", aliases=("backup-policy-weekday",), help="day of weekly backups",
           suggests=("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")),
    Option(field="hour", aliases=("backup-policy-hour",), help="hour when backups start, UTC: 0, 4, ... 20", type="integer"),
)  # fmt: skip

DROPLETS = Group(
    name="droplets",
    help="virtual machines",
    aliases=("droplet", "d"),
    prefixes=("droplets",),
    operation_aliases=(
        OperationAlias(
            "droplets_list_backups", "backups", "list the backups of a droplet", example="%do droplets backups db-1"
        ),
        OperationAlias(
            "droplets_list_kernels",
            "kernels",
            "list the kernels available to a droplet created before March 2017",
            example="%do droplets kernels web-1",
        ),
        OperationAlias(
            "droplets_list_neighbors",
            "neighbors",
            "list the droplets on the same physical server",
            example="%do droplets neighbors web-1",
        ),
        OperationAlias(
            "droplets_list_firewalls",
            "firewalls",
            "list the firewalls of a droplet",
            example="%do droplets firewalls web-1",
        ),
        OperationAlias(
            "droplets_get_backup_policy",
            "backup-policy",
            "show the backup policy of a droplet",
            example="%do droplets backup-policy db-1",
        ),
        OperationAlias(
            "droplets_list_backup_policies",
            "backup-policies",
            "list the backup policies of all droplets",
            example="%do droplets backup-policies",
        ),
        OperationAlias(
            "droplets_destroy_byTag",
            "delete-by-tag",
            "destroy all droplets with a tag in one request",
            ("tag_name",),
            example="%do droplets delete-by-tag staging --yes",
        ),
    ),
    verbs=(
        Verb(
            name="list",
            help="list droplets, including GPU droplets",
            run="droplets.run:list_droplets",
            reads="droplets.run:list_reads",
            operations=("droplets_list",),
            alias_of="droplets_list",
            arguments=(
                Argument(
                    name="glob",
                    metavar="GLOB",
                    help="only names that match, for example 'web-*'",
                    source="droplets",
                    required=False,
                ),
            ),
            options=(
                Option(field="region", help="only this region", metavar="SLUG", source="regions"),
                Option(
                    field="tag_name",
                    name="tag",
                    aliases=("tag-name",),
                    help="only droplets with this tag",
                    metavar="TAG",
                    source="tags",
                ),
                Option(
                    field="status",
                    help="only this status",
                    metavar="STATUS",
                    suggests=("active", "off", "new", "archive"),
                ),
                Option(field="gpus", help="only GPU droplets", type="flag"),
                Option(
                    field="with_column",
                    name="with",
                    help="add this column; a request for each project",
                    metavar="COLUMN",
                    suggests=("project",),
                    closed=True,
                ),
            ),
            aliases=LIST_ALIASES,
            table="droplets",
            example="%do droplets list --region nyc3",
        ),
        Verb(
            name="get",
            help="show one or more droplets",
            run="droplets.run:get_droplet",
            operations=("droplets_get",),
            alias_of="droplets_get",
            arguments=(several(_DROPLET),),
            aliases=GET_ALIASES,
            table="droplets",
            example="%do droplets get web-1",
        ),
        Verb(
            name="create",
            help="create droplets, and wait until they are active",
            run="droplets.run:CREATE",
            operations=("droplets_create",),
            alias_of="droplets_create",
            arguments=(Argument(name="names", metavar="NAME", help="names, one for each droplet", many=True),),
            options=(
                Option(
                    field="region",
                    help="region; a prefix such as nyc means any region there",
                    metavar="SLUG",
                    source="regions",
                    default="any",
                ),
                Option(field="size", help="size", metavar="SLUG", source="sizes", required=True),
                Option(field="image", help="slug or id of the image", metavar="IMAGE", source="images", required=True),
                Option(
                    field="ssh_keys",
                    aliases=("ssh-key",),
                    help="SSH keys: ids, names or fingerprints",
                    type="list",
                    metavar="KEY,KEY",
                    source="keys",
                ),
                Option(
                    field="tags",
                    aliases=("tag", "tag-name", "tag-names"),
                    help="tags, which are created if needed",
                    type="list",
                    metavar="TAG,TAG",
                    source="tags",
                ),
                Option(field="user_data", help="cloud-init user data; or use the body of a %%do cell"),
                Option(field="user_data_file", help="file with the user data", metavar="FILE", source="files"),
                Option(field="vpc_uuid", help="VPC", metavar="UUID", default="the default VPC of the region"),
                Option(field="volumes", help="volumes to attach", type="list", metavar="UUID,UUID"),
                Option(field="backups", aliases=("enable-backups",), help="enable backups, at extra cost", type="flag"),
                Option(field="ipv6", aliases=("enable-ipv6",), help="enable IPv6", type="flag"),
                Option(
                    field="monitoring", aliases=("enable-monitoring",), help="install the metrics agent", type="flag"
                ),
                Option(
                    field="wait_for",
                    help="also wait until port 22 of the public address accepts connections",
                    metavar="WHAT",
                    suggests=("ssh",),
                    closed=True,
                ),
                TTL,
            ),
            aliases=CREATE_ALIASES,
            body="user_data",
            table="droplets",
            at_most_one_of=(("user_data", "user_data_file", "body"),),
            waits=True,
            example="%do droplets create demo-1 --region nyc3 --size s-1vcpu-1gb --image ubuntu-24-04-x64",
        ),
        Verb(
            name="delete",
            help="destroy droplets and their data",
            run="droplets.run:DELETE",
            operations=("droplets_destroy", "droplets_destroy_byTag"),
            alias_of="droplets_destroy",
            arguments=(SOME_DROPLETS,),
            options=(BY_TAG,),
            aliases=DELETE_ALIASES,
            columns=BULK_COLUMNS,
            example="%do droplets delete build-1 --yes",
        ),
        _power_verb("power_on", "power on"),
        _power_verb("power_off", "power off without a clean shutdown"),
        _power_verb("shutdown", "shut down cleanly"),
        _power_verb("reboot", "restart cleanly"),
        _power_verb("power_cycle", "power off and on again"),
        Verb(
            name="rename",
            help="rename a droplet",
            run="droplets.run:ACTION",
            operations=("dropletActions_post",),
            fixed={"type": "rename"},
            arguments=(
                _DROPLET,
                Argument(name="name", metavar="NAME", help="new name", option_names=("name", "droplet-name")),
            ),
            columns=ACTION_COLUMNS,
            waits=True,
            example="%do droplets rename web-1 front-1",
        ),
        Verb(
            name="take_snapshot",
            help="create a snapshot",
            run="droplets.run:ACTION",
            operations=("dropletActions_post", "dropletActions_post_byTag"),
            fixed={"type": "snapshot"},
            arguments=(SOME_DROPLETS,),
            options=(
                BY_TAG,
                Option(
                    field="name", aliases=("snapshot-name",), help="name of the snapshot", metavar="NAME", required=True
                ),
                Option(
                    field="restart", help="shut down first for a consistent snapshot, then power on again", type="flag"
                ),
            ),
            aliases=("snapshot",),
            columns=ACTION_COLUMNS,
            waits=True,
            example="%do droplets take_snapshot web-1 --name before-upgrade",
        ),
        Verb(
            name="resize",
            help="change the size; an active droplet requires --restart",
            run="droplets.run:ACTION",
            operations=("dropletActions_post",),
            arguments=(SOME_DROPLETS,),
            options=(
                BY_TAG,
                Option(field="size", help="new size", metavar="SLUG", source="sizes", required=True),
                Option(
                    field="disk",
                    aliases=("resize-disk",),
                    help="grow the disk too; it cannot shrink again",
                    type="flag",
                ),
                Option(field="restart", help="shut down first, then power on again", type="flag"),
            ),
            columns=ACTION_COLUMNS,
            waits=True,
            example="%do droplets resize web-1 --size s-4vcpu-8gb --restart",
        ),
        _action_verb(
            "rebuild",
            "reinstall from an image; all data is lost",
            Option(
                field="image",
                aliases=("image-id",),
                help="id, slug or name of the image",
                type="any",
                metavar="IMAGE",
                source="images",
                required=True,
            ),
            example="%do droplets rebuild build-1 --image debian-12-x64",
        ),
        _action_verb(
            "restore",
            "restore a backup; all newer data is lost",
            Option(field="image", aliases=("image-id",), help="id of the backup", type="integer", required=True),
            example="%do droplets restore db-1 --image 210500123",
        ),
        _action_verb(
            "enable_backups",
            "enable backups",
            *_POLICY,
            example="%do droplets enable_backups web-1 --plan weekly --weekday SUN --hour 4",
        ),
        _action_verb(
            "change_backup_policy",
            "change the backup schedule",
            *_POLICY,
            example="%do droplets change_backup_policy db-1 --plan daily --hour 4",
        ),
        _action_verb(
            "disable_backups",
            "disable backups; existing ones remain",
            example="%do droplets disable_backups db-1",
        ),
        _action_verb("password_reset", "reset the root password, which is sent by email", aliases=("reset-password",)),
        _action_verb("enable_ipv6", "enable IPv6; it cannot be disabled", example="%do droplets enable_ipv6 build-1"),
        _action_verb("enable_private_networking", "retired: every droplet is in a VPC"),
        _action_verb(
            "change_kernel",
            "retired: droplets have managed their own kernel since 2017",
            Option(field="kernel", aliases=("kernel-id",), help="id of the kernel", type="integer", required=True),
            example="%do droplets change_kernel web-1 --kernel 12534",
        ),
        *LIFETIME_VERBS,
        _tag_verb("tag", "add a tag to droplets; it is created if needed", "tags_assign_resources"),
        _tag_verb("untag", "remove a tag from droplets", "tags_unassign_resources"),
        Verb(
            name="actions",
            help="list the actions of a droplet, newest first",
            run="droplets.run:list_actions",
            operations=("dropletActions_list",),
            alias_of="dropletActions_list",
            arguments=(_DROPLET,),
            aliases=("a",),
            table="actions",
            example="%do droplets actions web-1",
        ),
        Verb(
            name="snapshots",
            help="list the snapshots of a droplet",
            run="droplets.run:list_snapshots",
            operations=("droplets_list_snapshots",),
            alias_of="droplets_list_snapshots",
            arguments=(_DROPLET,),
            aliases=("s",),
            table="backups",
            example="%do droplets snapshots web-1",
        ),
        Verb(
            name="ssh-config",
            help="print host entries for ~/.ssh/config, or write them to a file",
            run="droplets.ssh_config:show_ssh_config",
            reads="droplets.run:list_reads",
            operations=("droplets_list",),
            options=(
                ONLY_BY_TAG,
                Option(field="user", help="user to log in as", metavar="NAME", default="root"),
                Option(field="identity_file", help="private key to log in with", metavar="FILE", source="files"),
                Option(field="private", help="use private addresses instead of public ones", type="flag"),
                Option(field="out_file", help="write the entries to this file", metavar="FILE", source="files"),
            ),
            example="%do droplets ssh-config --tag web",
        ),
    ),
)
