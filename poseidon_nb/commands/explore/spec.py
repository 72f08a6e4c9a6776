"""The commands `%do explore`."""

from __future__ import annotations

from poseidon_nb.commands.sizes.spec import FAMILY, REGION
from poseidon_nb.language.spec import Group, Option, Verb

EXPLORE = Group(
    name="explore",
    help="interactive explorers: filters, a chart and a table",
    aliases=("explorer",),
    verbs=(
        Verb(
            name="sizes",
            help="compare sizes by price and resources, and select some",
            run="explore.run:explore_sizes",
            reads="dry_run:list_reads",
            operations=("sizes_list", "regions_list"),
            options=(
                # The initial filters.
                REGION,
                FAMILY,
                Option(
                    field="image",
                    help="image to use in the generated commands",
                    metavar="IMAGE",
                    source="images",
                    default="ubuntu-24-04-x64, or one with GPU drivers",
                ),
            ),
            aliases=("size",),
            example="%do explore sizes --region ams3,fra1",
        ),
    ),
)
