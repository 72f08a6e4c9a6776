"""The commands `%do sizes`."""

from __future__ import annotations

from poseidon_nb.commands.shared_spec import PLOT, list_verb
from poseidon_nb.frames.tables.pricing import AREAS, FAMILIES, GENERATIONS
from poseidon_nb.language.spec import Group, Option, Verb

#: The number of sizes that `cheapest` shows without a filter.
DEFAULT_LIMIT = 10

#: What a region can be called.
REGION_WORDS = "slugs, cities such as nyc, or areas"
REGION = Option(
    field="region",
    type="list",
    aliases=("regions",),
    help=f"available in any of these: {REGION_WORDS}",
    metavar="SLUG,SLUG",
    source="regions",
    suggests=tuple(AREAS),
    default="all regions",
)
FAMILY = Option(
    field="family",
    type="list",
    aliases=("families",),
    help="only these families, by full or short name, such as cpu",
    metavar="NAME,NAME",
    suggests=tuple(dict.fromkeys(FAMILIES.values())),
)
CLASSES = (
    FAMILY,
    Option(
        field="generation",
        type="list",
        help="only these CPU generations or GPU models, such as h100; premium means premium-amd and premium-intel",
        metavar="NAME,NAME",
        suggests=GENERATIONS,
    ),
)

SIZES = Group(
    name="sizes",
    help="sizes and their prices",
    aliases=("size",),
    prefixes=("sizes",),
    verbs=(
        list_verb("sizes", "sizes_list", example="%do sizes list --columns slug,vcpus,memory,price_monthly"),
        Verb(
            name="cheapest",
            help="find the cheapest sizes with at least the given resources",
            run="sizes.run:find_cheapest",
            reads="dry_run:list_reads",
            operations=("sizes_list", "regions_list"),
            options=(
                Option(field="memory", help="memory: 16 or 16GiB, 512MiB; default unit GiB", metavar="GIB"),
                Option(field="vcpus", type="number", help="vCPUs"),
                Option(field="disk", help="local disk: 100 or 100GB, 1.2TB; default unit GB", metavar="GB"),
                Option(
                    field="transfer",
                    help="included outbound transfer a month: 2 or 2TB, 500GB; default unit TB",
                    metavar="TB",
                ),
                Option(field="gpus", type="number", help="GPUs"),
                Option(
                    field="gpu_memory",
                    help="memory of all GPUs together; default unit GiB",
                    metavar="GIB",
                    aliases=("vram",),
                ),
                REGION,
                *CLASSES,
                Option(
                    field="limit",
                    type="integer",
                    help="number of sizes to show",
                    default=f"all; {DEFAULT_LIMIT} without a filter",
                ),
                PLOT,
            ),
            table="available_sizes",
            example="%do sizes cheapest --memory 16GiB --transfer 2 --region europe --limit 5",
        ),
        Verb(
            name="frontier",
            help="list the sizes on the price frontier: no other size has as much of everything for the same price or less",
            run="sizes.run:show_frontier",
            reads="dry_run:list_reads",
            operations=("sizes_list", "regions_list"),
            options=(REGION, *CLASSES, PLOT),
            table="available_sizes",
            example="%do sizes frontier --region ams3 --plot",
        ),
    ),
)
