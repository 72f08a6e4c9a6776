"""The verbs of `%do sizes` and `%do regions` that reckon: the cheapest, those that none beats, who sells what."""

from __future__ import annotations

from poseidon_nb.frames.findings.sizes import AREAS, FAMILIES, GENERATIONS
from poseidon_nb.magics.language.table.parts import PLOT
from poseidon_nb.magics.language.words import Argument, Option, Verb

#: What a region may be called by.
_PLACES = f"slugs, cities as nyc, or {', '.join(AREAS)}"
REGION = Option(
    field="region",
    kind="list",
    aliases=("regions",),
    help=f"sold in any of these: {_PLACES}",
    shows="SLUG,SLUG",
    source="regions",
    default="all regions",
)
FAMILY = Option(
    field="family",
    kind="list",
    aliases=("families",),
    help="only these families of plans, whole or short as cpu",
    shows="NAME,NAME",
    suggests=tuple(dict.fromkeys(FAMILIES.values())),
)
_CLASSES = (
    FAMILY,
    Option(
        field="generation",
        kind="list",
        help="only these processors: premium for both kinds of that, or a graphics model as h100",
        shows="NAME,NAME",
        suggests=GENERATIONS,
    ),
)

SIZE_VERBS = (
    Verb(
        name="cheapest",
        help="find the cheapest sizes that have at least what is wished for",
        operations=("sizes_list", "regions_list"),
        options=(
            Option(field="memory", help="memory: 16 or 16GiB, 512MiB; a bare number is GiB", shows="GIB"),
            Option(field="vcpus", kind="number", help="virtual processors"),
            Option(field="disk", help="local disk: 100 or 100GB, 1.2TB; a bare number is GB", shows="GB"),
            Option(
                field="transfer",
                help="outbound traffic included each month: 2 or 2TB, 500GB; a bare number is TB",
                shows="TB",
            ),
            Option(field="gpus", kind="number", help="graphics processors"),
            Option(
                field="gpu_memory",
                help="memory of all graphics processors together; a bare number is GiB",
                shows="GIB",
                aliases=("vram",),
            ),
            REGION,
            *_CLASSES,
            Option(
                field="limit",
                kind="integer",
                help="only so many, the cheapest",
                default="all; 10 where nothing is wished for",
            ),
            PLOT,
        ),
        table="sizes_on_sale",
        example="%do sizes cheapest --memory 16GiB --transfer 2 --region europe --limit 5",
    ),
    Verb(
        name="frontier",
        help="show the sizes that no other beats: cheaper or as cheap, with as much of all and more of something",
        operations=("sizes_list", "regions_list"),
        options=(REGION, *_CLASSES, PLOT),
        table="sizes_on_sale",
        example="%do sizes frontier --region ams3 --plot",
    ),
)

REGION_VERBS = (
    Verb(
        name="matrix",
        help="show which region sells which size: a row for each region, a column for each size",
        operations=("sizes_list", "regions_list"),
        options=(
            Option(
                field="region",
                kind="list",
                aliases=("regions",),
                help=f"only these: {_PLACES}",
                shows="SLUG,SLUG",
                source="regions",
            ),
            *_CLASSES,
            PLOT,
        ),
        example="%do regions matrix --region europe --family basic",
    ),
    Verb(
        name="with",
        help="show the regions that offer a feature, or all of several",
        operations=("regions_list",),
        arguments=(
            Argument(
                name="features",
                shows="FEATURE",
                help="what the region must offer",
                # Those that some region had in October 2026.
                suggests=(
                    *("backups", "ipv6", "metadata", "install_agent", "storage", "image_transfer"),
                    *("server_id", "management_networking"),
                ),
                many=True,
            ),
        ),
        table="regions",
        example="%do regions with backups storage",
    ),
)
