"""What is on disks: images, snapshots, volumes."""

from __future__ import annotations

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

IMAGES = Group(
    name="images",
    help="what a droplet can be made from: distributions, applications, snapshots, backups",
    aliases=("image",),
    prefixes=("images", "imageActions"),
    named=(
        Named(
            "images_create_custom",
            "create_custom",
            "import an image from an address",
            ("name", "url", "region"),
            aliases=("create",),
            example="%do images create_custom golden https://example.com/golden.qcow2 nyc3 --distribution Debian",
        ),
        Named(
            "images_update",
            "update",
            "change an image's name, distribution or description",
            aliases=("u",),
            example="%do images update golden --name golden-2026",
        ),
        Named(
            "images_delete",
            "delete",
            "remove images of your own for good",
            aliases=DELETE_WORDS,
            example="%do images delete golden --yes",
        ),
        Named(
            "imageActions_post",
            "transfer",
            "copy an image to another region too",
            ("region",),
            fixed={"type": "transfer"},
            example="%do images transfer golden fra1",
        ),
        Named(
            "imageActions_post",
            "convert",
            "make a snapshot of a backup, which is then kept",
            fixed={"type": "convert"},
            only=(),
            example="%do images convert 210500123",
        ),
        Named("imageActions_list", "actions", "show what was done to an image"),
        Named("imageActions_get", "get-action", "show one action of an image"),
        Named("imageActions_post", "start-action", "start an action by the name of its type", ("type",)),
    ),
    verbs=(
        Verb(
            name="list",
            help="show the images",
            operations=("images_list",),
            stands_for="images_list",
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
            stands_for="images_get",
            arguments=(Argument(name="image", shows="IMAGE", help="its id, slug or name", source="images"),),
            aliases=GET_WORDS,
            table="images",
            example="%do images get ubuntu-24-04-x64",
        ),
    ),
)

SNAPSHOTS = Group(
    name="snapshots",
    help="saved disks of droplets and volumes",
    aliases=("snapshot", "s"),
    prefixes=("snapshots",),
    verbs=(
        Verb(
            name="list",
            help="show the snapshots",
            operations=("snapshots_list",),
            stands_for="snapshots_list",
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
            stands_for="snapshots_get",
            arguments=(Argument(name="snapshot", shows="SNAPSHOT", help="its id or name", source="snapshots"),),
            aliases=GET_WORDS,
            table="snapshots",
            example="%do snapshots get before-upgrade",
        ),
        Verb(
            name="delete",
            help="remove snapshots for good",
            operations=("snapshots_delete",),
            stands_for="snapshots_delete",
            arguments=(
                Argument(name="snapshots", shows="SNAPSHOT", help="ids or names", source="snapshots", many=True),
            ),
            aliases=DELETE_WORDS,
            columns=BULK_COLUMNS,
            example="%do snapshots delete before-upgrade --yes",
        ),
    ),
)


_VOLUME_ACTION = "volumeActions_post_byId"

VOLUMES = Group(
    name="volumes",
    help="block storage: disks that are attached to droplets",
    aliases=("volume", "vol"),
    prefixes=("volumes", "volumeActions", "volumeSnapshots"),
    named=(
        Named("volumes_list", "list", "show the volumes", aliases=LIST_WORDS, example="%do volumes list --region nyc3"),
        Named("volumes_get", "get", "show one volume", aliases=GET_WORDS, example="%do volumes get db-1-data"),
        Named("volumes_create", "create", "make a volume", ("name",), aliases=CREATE_WORDS,
              example="%do volumes create data-1 --region nyc3 --size-gigabytes 100"),
        Named("volumes_delete", "delete", "remove volumes and what is on them", aliases=DELETE_WORDS,
              example="%do volumes delete data-1 --yes"),
        Named(_VOLUME_ACTION, "attach", "attach a volume to a droplet", ("droplet_id",), fixed={"type": "attach"},
              only=("region", "tags"), example="%do volumes attach data-1 web-1"),
        Named(_VOLUME_ACTION, "detach", "take a volume off a droplet", ("droplet_id",), fixed={"type": "detach"},
              only=("region",), aliases=("detach-by-droplet-id",), example="%do volumes detach data-1 web-1"),
        Named(_VOLUME_ACTION, "resize", "make a volume larger, for good", ("size_gigabytes",), fixed={"type": "resize"},
              only=("region",), example="%do volumes resize data-1 200"),
        Named("volumeSnapshots_create", "snapshot", "save a volume as a snapshot", ("name",),
              example="%do volumes snapshot data-1 before-upgrade"),
        Named("volumeSnapshots_list", "snapshots", "show the snapshots of a volume",
              example="%do volumes snapshots db-1-data"),
        Named("volumeSnapshots_get_byId", "get-snapshot", "show one snapshot of a volume"),
        Named("volumeSnapshots_delete_byId", "delete-snapshot", "remove snapshots of volumes for good"),
        Named("volumeActions_list", "actions", "show what was done to a volume"),
        Named("volumeActions_get", "get-action", "show one action of a volume"),
        Named(_VOLUME_ACTION, "start-action", "start an action by the name of its type", ("type",)),
        Named("volumeActions_post", "start-action-by-name", "start an action on a volume that its name tells", ("type",)),
    ),
)  # fmt: skip
