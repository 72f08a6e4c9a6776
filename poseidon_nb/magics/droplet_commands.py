"""The verbs of `%do droplets`; the table that they are part of is in `commands`."""

from __future__ import annotations

from poseidon_nb.magics.words import (
    BULK_COLUMNS,
    CREATE_WORDS,
    DELETE_WORDS,
    GET_WORDS,
    LIST_WORDS,
    Argument,
    Group,
    Option,
    Verb,
)

_DROPLET = Argument(name="droplet", shows="DROPLET", help="its id or name", source="droplets")
_DROPLETS = Argument(
    name="droplets", shows="DROPLET", help="ids or names", source="droplets", many=True, instead="tag_name"
)
_BY_TAG = Option(
    field="tag_name", name="tag", aliases=("tag-name",), help="all droplets with this tag", shows="TAG", source="tags"
)


def _power_verb(name: str, help: str, *aliases: str) -> Verb:  # noqa: A002  # the word of the table
    return Verb(
        name=name,
        help=help,
        operations=("dropletActions_post", "dropletActions_post_byTag"),
        arguments=(_DROPLETS,),
        options=(_BY_TAG,),
        aliases=aliases,
        asks=("many",),
        columns=BULK_COLUMNS,
        waits=True,
        example=f"%do droplets {name} web-1",
    )


DROPLETS = Group(
    name="droplets",
    help="virtual machines: make them, look at them, switch them",
    aliases=("droplet", "d"),
    verbs=(
        Verb(
            name="list",
            help="show the droplets, GPU droplets too",
            operations=("droplets_list",),
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
            arguments=(_DROPLET,),
            aliases=GET_WORDS,
            table="droplets",
            example="%do droplets get web-1",
        ),
        Verb(
            name="create",
            help="make droplets, and wait until they run",
            operations=("droplets_create",),
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
            ),
            aliases=CREATE_WORDS,
            asks=("price",),
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
            arguments=(_DROPLETS,),
            options=(_BY_TAG,),
            aliases=DELETE_WORDS,
            asks=("delete",),
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
            arguments=(_DROPLETS,),
            options=(
                _BY_TAG,
                Option(
                    field="name", aliases=("snapshot-name",), help="name of the snapshot", shows="NAME", required=True
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
            arguments=(_DROPLETS,),
            options=(
                _BY_TAG,
                Option(field="size", help="the new plan", shows="SLUG", source="sizes", required=True),
                Option(field="disk", aliases=("resize-disk",), help="grow the disk too, for good", kind="flag"),
                Option(field="restart", help="shut down first, and start again afterwards", kind="flag"),
            ),
            asks=("disk", "many"),
            columns=BULK_COLUMNS,
            waits=True,
            example="%do droplets resize web-1 --size s-4vcpu-8gb --restart",
        ),
        Verb(
            name="actions",
            help="show what was done to a droplet",
            operations=("dropletActions_list",),
            arguments=(_DROPLET,),
            aliases=("a",),
            table="actions",
            example="%do droplets actions web-1",
        ),
        Verb(
            name="snapshots",
            help="show the snapshots of a droplet",
            operations=("droplets_list_snapshots",),
            arguments=(_DROPLET,),
            aliases=("s",),
            table="snapshots",
            example="%do droplets snapshots web-1",
        ),
    ),
)
