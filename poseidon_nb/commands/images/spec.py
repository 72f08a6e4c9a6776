"""The commands `%do images`."""

from __future__ import annotations

from dataclasses import replace

from poseidon_nb.commands.shared_spec import BY_TAG, get_verb, list_verb
from poseidon_nb.language.spec import DELETE_ALIASES, Argument, Group, OperationAlias, Option

IMAGES = Group(
    name="images",
    help="images for droplets: distributions, applications, snapshots, backups",
    aliases=("image",),
    prefixes=("images", "imageActions"),
    operation_aliases=(
        OperationAlias(
            "images_create_custom",
            "create_custom",
            "import an image from a URL",
            ("name", "url", "region"),
            aliases=("create",),
            example="%do images create_custom golden https://example.com/golden.qcow2 nyc3 --distribution Debian",
        ),
        OperationAlias(
            "images_update",
            "update",
            "change the name, distribution or description of an image",
            aliases=("u",),
            example="%do images update golden --name golden-2026",
        ),
        OperationAlias(
            "images_delete",
            "delete",
            "delete the account's own images",
            aliases=DELETE_ALIASES,
            example="%do images delete golden --yes",
        ),
        OperationAlias(
            "imageActions_post",
            "transfer",
            "copy an image to another region",
            ("region",),
            fixed={"type": "transfer"},
            example="%do images transfer golden fra1",
        ),
        OperationAlias(
            "imageActions_post",
            "convert",
            "convert a backup to a snapshot, to keep it permanently",
            fixed={"type": "convert"},
            only=(),
            example="%do images convert 210500123",
        ),
        OperationAlias("imageActions_list", "actions", "list the actions of an image"),
        OperationAlias("imageActions_get", "get-action", "show one action of an image"),
        OperationAlias("imageActions_post", "start-action", "start an action, given its type", ("type",)),
    ),
    verbs=(
        list_verb(
            "images",
            "images_list",
            options=(
                Option(field="type", help="only this type", metavar="TYPE", suggests=("distribution", "application")),
                Option(field="private", help="only the account's own: snapshots, backups, custom images", type="flag"),
                replace(BY_TAG, help="only images with this tag"),
            ),
            example="%do images list --type distribution",
        ),
        get_verb(
            "images",
            "images_get",
            Argument(name="image", metavar="IMAGE", help="id, slug or name", source="images"),
            "ubuntu-24-04-x64",
            run="images.run:get_image",
        ),
    ),
)
