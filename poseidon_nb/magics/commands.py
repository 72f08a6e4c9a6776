"""Our own names: the table of groups and verbs that `%do` knows, each with what it takes and what it rests on.

A row here is a promise that a handler keeps. What the table leaves out is not a command; whoever widens it (by a rule
over the catalogue, say) does it in `vocabulary`, through which grammar, help and completion read all of it.

doctl's words come from its command tree (git 168188d): as aliases of ours where they mean the same thing, as `PHRASES`
where doctl has a group of its own for what is a verb of ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.magics.droplet_commands import DROPLETS
from poseidon_nb.magics.words import (
    BULK_COLUMNS,
    CREATE_WORDS,
    DELETE_WORDS,
    GET_WORDS,
    LIST_WORDS,
    UPDATE_WORDS,
    Argument,
    Group,
    Option,
    Verb,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEY = Argument(name="key", shows="KEY", help="its id, name or fingerprint", source="keys")
_ACTION = Argument(name="action", shows="ACTION", help="its id", kind="integer", source="actions")


_KEY_GROUP = Group(
    name="keys",
    help="SSH keys that new droplets let in",
    aliases=("key", "ssh-key", "ssh-keys", "k"),
    verbs=(
        Verb(
            name="list",
            help="show the keys",
            operations=("sshKeys_list",),
            aliases=LIST_WORDS,
            table="keys",
            example="%do keys list",
        ),
        Verb(
            name="get",
            help="show one key",
            operations=("sshKeys_get",),
            arguments=(_KEY,),
            aliases=GET_WORDS,
            table="keys",
            example="%do keys get deploy",
        ),
        Verb(
            name="create",
            help="add a public key",
            operations=("sshKeys_create",),
            arguments=(Argument(name="name", shows="NAME", help="what to call it"),),
            options=(
                Option(field="public_key", help="the key's text", shows="TEXT"),
                Option(field="public_key_file", help="file that holds it", shows="FILE", source="files"),
            ),
            aliases=(*CREATE_WORDS, "import", "i"),
            table="keys",
            one_of=(("public_key", "public_key_file"),),
            example="%do keys create ci --public-key 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdDnUQm0vl1W0GdYcmlaM7Pb1xqqlcVEGxwXJyaHuRC ci'",
        ),
        Verb(
            name="update",
            help="give a key another name",
            operations=("sshKeys_update",),
            arguments=(
                _KEY,
                Argument(name="name", shows="NAME", help="the new name", spelled=("name", "key-name")),
            ),
            aliases=(*UPDATE_WORDS, "rename"),
            table="keys",
            example="%do keys update deploy --name deploy-2026",
        ),
        Verb(
            name="delete",
            help="remove keys; droplets that have them keep them",
            operations=("sshKeys_delete",),
            arguments=(
                Argument(name="keys", shows="KEY", help="ids, names or fingerprints", source="keys", many=True),
            ),
            aliases=DELETE_WORDS,
            asks=("delete",),
            columns=BULK_COLUMNS,
            example="%do keys delete deploy --yes",
        ),
    ),
)

_IMAGE_GROUP = Group(
    name="images",
    help="what a droplet can be made from: distributions, applications, snapshots, backups",
    aliases=("image",),
    verbs=(
        Verb(
            name="list",
            help="show the images",
            operations=("images_list",),
            options=(
                Option(field="type", help="only this kind", shows="KIND", suggests=("distribution", "application")),
                Option(field="private", help="only your own: snapshots, backups, custom images", kind="flag"),
                Option(
                    field="tag_name",
                    name="tag",
                    aliases=("tag-name",),
                    help="only with this tag",
                    shows="TAG",
                    source="tags",
                ),
            ),
            aliases=LIST_WORDS,
            table="images",
            example="%do images list --type distribution",
        ),
        Verb(
            name="get",
            help="show one image",
            operations=("images_get",),
            arguments=(Argument(name="image", shows="IMAGE", help="its id or slug", source="images"),),
            aliases=GET_WORDS,
            table="images",
            example="%do images get ubuntu-24-04-x64",
        ),
    ),
)

_SNAPSHOT_GROUP = Group(
    name="snapshots",
    help="saved disks of droplets and volumes",
    aliases=("snapshot", "s"),
    verbs=(
        Verb(
            name="list",
            help="show the snapshots",
            operations=("snapshots_list",),
            options=(
                Option(
                    field="resource_type",
                    aliases=("resource",),
                    help="only of droplets, or only of volumes",
                    shows="TYPE",
                    suggests=("droplet", "volume"),
                ),
            ),
            aliases=LIST_WORDS,
            table="snapshots",
            example="%do snapshots list --resource-type droplet",
        ),
        Verb(
            name="get",
            help="show one snapshot",
            operations=("snapshots_get",),
            arguments=(Argument(name="snapshot", shows="SNAPSHOT", help="its id or name", source="snapshots"),),
            aliases=GET_WORDS,
            table="snapshots",
            example="%do snapshots get before-upgrade",
        ),
        Verb(
            name="delete",
            help="remove snapshots for good",
            operations=("snapshots_delete",),
            arguments=(
                Argument(name="snapshots", shows="SNAPSHOT", help="ids or names", source="snapshots", many=True),
            ),
            aliases=DELETE_WORDS,
            asks=("delete",),
            columns=BULK_COLUMNS,
            example="%do snapshots delete before-upgrade --yes",
        ),
    ),
)

_ACTION_GROUP = Group(
    name="actions",
    help="the history of everything done, and what is still running",
    aliases=("action",),
    verbs=(
        Verb(
            name="list",
            help="show the actions, newest first",
            operations=("actions_list",),
            aliases=LIST_WORDS,
            table="actions",
            example="%do actions list",
        ),
        Verb(
            name="get",
            help="show one action",
            operations=("actions_get",),
            arguments=(_ACTION,),
            aliases=GET_WORDS,
            table="actions",
            example="%do actions get 1001",
        ),
        Verb(
            name="wait",
            help="wait until actions have ended",
            operations=("actions_get", "actions_list"),
            arguments=(
                Argument(name="actions", shows="ACTION", help="ids", kind="integer", source="actions", many=True),
            ),
            aliases=("w",),
            table="actions",
            waits=True,
            example="%do actions wait 1001 --timeout 10m",
        ),
    ),
)

_TAG_GROUP = Group(
    name="tags",
    help="names put on droplets and other things, to act on them together",
    aliases=("tag",),
    verbs=(
        Verb(
            name="list",
            help="show the tags",
            operations=("tags_list",),
            aliases=LIST_WORDS,
            table="tags",
            example="%do tags list",
        ),
        Verb(
            name="get",
            help="show one tag",
            operations=("tags_get",),
            arguments=(Argument(name="tag", shows="TAG", help="its name", source="tags"),),
            aliases=GET_WORDS,
            table="tags",
            example="%do tags get web",
        ),
        Verb(
            name="create",
            help="make a tag",
            operations=("tags_create",),
            arguments=(Argument(name="name", shows="NAME", help="letters, digits, and : - _"),),
            aliases=CREATE_WORDS,
            table="tags",
            example="%do tags create blue",
        ),
        Verb(
            name="delete",
            help="remove tags; what has them stays",
            operations=("tags_delete",),
            arguments=(Argument(name="tags", shows="TAG", help="names", source="tags", many=True),),
            aliases=DELETE_WORDS,
            asks=("delete",),
            columns=BULK_COLUMNS,
            example="%do tags delete web --yes",
        ),
    ),
)

_SANDBOX_GROUP = Group(
    name="sandbox",
    help="a simulated account inside this kernel: no token, no cost",
    verbs=(
        Verb(
            name="start",
            help="start it, and make it the account of %do",
            options=(
                Option(field="droplets", help="how large the account is", kind="integer", default="12"),
                Option(field="seed", help="another number, another account", kind="integer", default="7"),
                Option(
                    field="speed",
                    help="how many times faster than the real one actions run",
                    kind="number",
                    default="20",
                ),
                Option(
                    field="rate_limit",
                    help="refuse requests as the real one does",
                    shows="off|real",
                    suggests=("off", "real"),
                    closed=True,
                    default="off",
                ),
                Option(field="port", help="TCP port on 127.0.0.1", kind="integer", default="any free one"),
                Option(field="state", help="file to take the account up from", shows="FILE", source="files"),
            ),
            example="%do sandbox start --droplets 12 --seed 7",
        ),
        Verb(name="status", help="show whether it runs, and where", example="%do sandbox status"),
        Verb(name="reset", help="put the account back as it began", example="%do sandbox reset"),
        Verb(name="stop", help="stop it; %do then has no account until you choose one", example="%do sandbox stop"),
    ),
)

GROUPS = (
    DROPLETS,
    _IMAGE_GROUP,
    _SNAPSHOT_GROUP,
    _KEY_GROUP,
    _TAG_GROUP,
    _ACTION_GROUP,
    Group(
        name="regions",
        help="where droplets can stand",
        aliases=("region",),
        verbs=(
            Verb(
                name="list",
                help="show the regions",
                operations=("regions_list",),
                aliases=LIST_WORDS,
                table="regions",
                example="%do regions list",
            ),
        ),
    ),
    Group(
        name="sizes",
        help="plans and their prices",
        aliases=("size",),
        verbs=(
            Verb(
                name="list",
                help="show the sizes",
                operations=("sizes_list",),
                aliases=LIST_WORDS,
                table="sizes",
                example="%do sizes list --columns slug,vcpus,memory,price_monthly",
            ),
        ),
    ),
    Group(
        name="account",
        help="whose account this is, and its limits",
        default="get",
        verbs=(
            Verb(
                name="get",
                help="show the account",
                operations=("account_get",),
                aliases=GET_WORDS,
                table="account",
                example="%do account",
            ),
        ),
    ),
    _SANDBOX_GROUP,
    Group(
        name="login",
        help="ask for a token, without showing it",
        default="login",
        verbs=(
            Verb(
                name="login",
                help="ask for a token, without showing it, and keep it in the keyring or for this kernel",
                example="%do login",
            ),
        ),
    ),
    Group(
        name="context",
        help="the accounts that doctl's file, the keyring and a login here know",
        aliases=("contexts",),
        verbs=(
            Verb(name="list", help="show them", aliases=LIST_WORDS, example="%do context list"),
            Verb(
                name="use",
                help="make one the account of %do in this kernel",
                arguments=(
                    Argument(
                        name="name",
                        shows="NAME",
                        help="its name; without one, what the environment or doctl has",
                        source="contexts",
                        required=False,
                        spelled=("context",),
                    ),
                ),
                aliases=("switch",),
                example="%do context use default",
            ),
        ),
    ),
    Group(
        name="api",
        help="any request at all",
        default="api",
        verbs=(
            Verb(
                name="api",
                help="send a request; the body of a %%do cell is its body, JSON or YAML",
                arguments=(
                    Argument(
                        name="method",
                        shows="METHOD",
                        help="GET, POST, PUT, PATCH or DELETE",
                        suggests=("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"),
                        closed=True,
                    ),
                    Argument(name="path", shows="PATH", help="from /v2 on, with its query"),
                ),
                asks=("change",),
                body="body",
                example="%do api GET /v2/account",
            ),
        ),
    ),
)

#: The groups whose verbs doctl keeps in a group apart, or calls differently: words typed, words meant.
PHRASES: Mapping[tuple[str, str], tuple[str, str]] = {
    **{
        (group, verb.name): ("droplets", verb.name)
        for group in ("droplet-action", "droplet-actions", "da")
        for verb in DROPLETS.verbs
        if verb.waits and verb.name != "create"
    },
    **{(group, "snapshot"): ("droplets", "take_snapshot") for group in ("droplet-action", "droplet-actions", "da")},
    ("auth", "init"): ("login", "login"),
    ("auth", "list"): ("context", "list"),
    ("auth", "ls"): ("context", "list"),
    ("auth", "switch"): ("context", "use"),
}

#: Words in front of a group that say nothing: ``doctl compute droplet list``.
PREFIXES = ("doctl", "compute")
