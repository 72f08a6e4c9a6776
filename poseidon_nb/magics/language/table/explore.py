"""The explorers: what is filtered and clicked instead of typed."""

from __future__ import annotations

from poseidon_nb.magics.language.table.sizes import FAMILY, REGION
from poseidon_nb.magics.language.words import Group, Option, Verb

EXPLORE = Group(
    name="explore",
    help="filters, a picture and a table that belong together",
    aliases=("explorer",),
    verbs=(
        Verb(
            name="sizes",
            help="compare sizes by price and by what they have, and choose some",
            operations=("sizes_list", "regions_list"),
            options=(
                # What it shows at first.
                REGION,
                FAMILY,
                Option(
                    field="image",
                    help="what the droplets of the lines to copy are made from",
                    shows="IMAGE",
                    source="images",
                    default="ubuntu-24-04-x64, or one with drivers",
                ),
            ),
            aliases=("size",),
            example="%do explore sizes --region ams3,fra1",
        ),
    ),
)
