"""The account: its keys, tags, actions, projects and money, and what DigitalOcean offers it."""

from __future__ import annotations

from poseidon_nb.magics.language.table.sizes import REGION_VERBS, SIZE_VERBS
from poseidon_nb.magics.language.table.timeline import TIMELINE_VERBS
from poseidon_nb.magics.language.words import (
    BULK_COLUMNS,
    CREATE_WORDS,
    DELETE_WORDS,
    GET_WORDS,
    LIST_WORDS,
    UPDATE_WORDS,
    Argument,
    Group,
    Named,
    Option,
    Verb,
)

_KEY = Argument(name="key", shows="KEY", help="its id, name or fingerprint", source="keys")
_ACTION = Argument(name="action", shows="ACTION", help="its id", kind="integer", source="actions")

KEYS = Group(
    name="keys",
    help="SSH keys that new droplets let in",
    aliases=("key", "ssh-key", "ssh-keys", "k"),
    prefixes=("sshKeys",),
    verbs=(
        Verb(
            name="list",
            help="show the keys",
            operations=("sshKeys_list",),
            stands_for="sshKeys_list",
            aliases=LIST_WORDS,
            table="keys",
            example="%do keys list",
        ),
        Verb(
            name="get",
            help="show one key",
            operations=("sshKeys_get",),
            stands_for="sshKeys_get",
            arguments=(_KEY,),
            aliases=GET_WORDS,
            table="keys",
            example="%do keys get deploy",
        ),
        Verb(
            name="create",
            help="add a public key",
            operations=("sshKeys_create",),
            stands_for="sshKeys_create",
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
            stands_for="sshKeys_update",
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
            stands_for="sshKeys_delete",
            arguments=(
                Argument(name="keys", shows="KEY", help="ids, names or fingerprints", source="keys", many=True),
            ),
            aliases=DELETE_WORDS,
            columns=BULK_COLUMNS,
            example="%do keys delete deploy --yes",
        ),
    ),
)

TAGS = Group(
    name="tags",
    help="names put on droplets and other things, to act on them together",
    aliases=("tag",),
    prefixes=("tags",),
    named=(
        Named("tags_assign_resources", "assign", "give a tag to things", aliases=("assign-resources",)),
        Named("tags_unassign_resources", "unassign", "take a tag off things", aliases=("unassign-resources",)),
    ),
    verbs=(
        Verb(
            name="list",
            help="show the tags",
            operations=("tags_list",),
            stands_for="tags_list",
            aliases=LIST_WORDS,
            table="tags",
            example="%do tags list",
        ),
        Verb(
            name="get",
            help="show one tag",
            operations=("tags_get",),
            stands_for="tags_get",
            arguments=(Argument(name="tag", shows="TAG", help="its name", source="tags"),),
            aliases=GET_WORDS,
            table="tags",
            example="%do tags get web",
        ),
        Verb(
            name="create",
            help="make a tag",
            operations=("tags_create",),
            stands_for="tags_create",
            arguments=(Argument(name="name", shows="NAME", help="letters, digits, and : - _"),),
            aliases=CREATE_WORDS,
            table="tags",
            example="%do tags create blue",
        ),
        Verb(
            name="delete",
            help="remove tags; what has them stays",
            operations=("tags_delete",),
            stands_for="tags_delete",
            arguments=(Argument(name="tags", shows="TAG", help="names", source="tags", many=True),),
            aliases=DELETE_WORDS,
            columns=BULK_COLUMNS,
            example="%do tags delete web --yes",
        ),
    ),
)

ACTIONS = Group(
    name="actions",
    help="the history of everything done, and what is still running",
    aliases=("action",),
    prefixes=("actions",),
    verbs=(
        Verb(
            name="list",
            help="show the actions, newest first",
            operations=("actions_list",),
            stands_for="actions_list",
            options=(
                Option(
                    field="status",
                    help="only with this status",
                    shows="STATUS",
                    suggests=("in-progress", "completed", "errored"),
                    closed=True,
                ),
                Option(field="type", aliases=("action-type",), help="only of this type: power_off", shows="TYPE"),
                Option(
                    field="resource_type",
                    help="only of this kind of thing",
                    shows="KIND",
                    suggests=("droplet", "image", "volume", "reserved_ip"),
                ),
                Option(field="resource_id", help="only of the thing with this id", kind="integer"),
                Option(
                    field="since",
                    aliases=("after",),
                    help="only started since: 2026-11-23, or 2026-11-23T12:00:00Z",
                    shows="TIME",
                ),
            ),
            aliases=LIST_WORDS,
            table="actions",
            example="%do actions list",
        ),
        Verb(
            name="get",
            help="show one action",
            operations=("actions_get",),
            stands_for="actions_get",
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
        *TIMELINE_VERBS,
    ),
)

REGIONS = Group(
    name="regions",
    help="where droplets can stand",
    aliases=("region",),
    prefixes=("regions",),
    verbs=(
        Verb(
            name="list",
            help="show the regions",
            operations=("regions_list",),
            stands_for="regions_list",
            aliases=LIST_WORDS,
            table="regions",
            example="%do regions list",
        ),
        *REGION_VERBS,
    ),
)

SIZES = Group(
    name="sizes",
    help="plans and their prices",
    aliases=("size",),
    prefixes=("sizes",),
    verbs=(
        Verb(
            name="list",
            help="show the sizes",
            operations=("sizes_list",),
            stands_for="sizes_list",
            aliases=LIST_WORDS,
            table="sizes",
            example="%do sizes list --columns slug,vcpus,memory,price_monthly",
        ),
        *SIZE_VERBS,
    ),
)

ACCOUNT = Group(
    name="account",
    help="whose account this is, and its limits",
    prefixes=("account",),
    default="get",
    verbs=(
        Verb(
            name="get",
            help="show the account",
            operations=("account_get",),
            stands_for="account_get",
            aliases=GET_WORDS,
            table="account",
            example="%do account",
        ),
    ),
)

PROJECTS = Group(
    name="projects",
    help="what belongs together, by purpose",
    aliases=("project",),
    prefixes=("projects",),
    named=(
        Named("projects_list", "list", "show the projects", aliases=LIST_WORDS, example="%do projects list"),
        Named("projects_get", "get", "show one project", aliases=GET_WORDS, example="%do projects get staging"),
        Named("projects_create", "create", "make a project", ("name",), aliases=CREATE_WORDS,
              example="%do projects create lab --purpose 'Trying things'"),
        Named("projects_patch", "update", "change some of a project", aliases=UPDATE_WORDS,
              example="%do projects update lab --environment Staging"),
        Named("projects_update", "replace", "set all fields of a project"),
        Named("projects_delete", "delete", "remove projects, which must be empty", aliases=DELETE_WORDS,
              example="%do projects delete lab --yes"),
        Named("projects_list_resources", "resources", "show what is in a project", example="%do projects resources staging"),
        Named("projects_assign_resources", "assign", "move things into a project", ("resources",),
              example="%do projects assign staging do:droplet:521000032"),
        Named("projects_get_default", "get-default", "show the project that takes what names none"),
        Named("projects_patch_default", "update-default", "change some of the default project"),
        Named("projects_update_default", "replace-default", "set all fields of the default project"),
        Named("projects_list_resources_default", "resources-default", "show what is in the default project"),
        Named("projects_assign_resources_default", "assign-default", "move things into the default project",
              ("resources",)),
    ),
)  # fmt: skip

BALANCE = Group(
    name="balance",
    help="what is owed, and what this month has cost so far",
    default="get",
    prefixes=("balance",),
    named=(Named("balance_get", "get", "show the balance", example="%do balance"),),
)

INVOICES = Group(
    name="invoices",
    help="what was billed, month by month",
    aliases=("invoice",),
    prefixes=("invoices", "billingHistory", "billingInsights"),
    named=(
        Named("invoices_list", "list", "show the invoices", aliases=LIST_WORDS, example="%do invoices list"),
        Named("invoices_get_byUUID", "get", "show what is on an invoice", aliases=(*GET_WORDS, "items"),
              example="%do invoices get 2026-10"),
        Named("invoices_get_summaryByUUID", "summary", "show the sums of an invoice"),
        Named("invoices_get_csvByUUID", "csv", "give an invoice as CSV text"),
        Named("invoices_get_pdfByUUID", "pdf", "give an invoice as the bytes of a PDF"),
        Named("billingHistory_list", "history", "show invoices, payments and credits, newest first",
              example="%do invoices history"),
        Named("billingInsights_list", "insights", "show the cost of each thing, day by day",
              example="%do invoices insights do:team:7fa4d0a2-1b7c-4f3a-a5c9-2d0a5f1b9e11 2026-11-01 2026-11-30"),
    ),
)  # fmt: skip
