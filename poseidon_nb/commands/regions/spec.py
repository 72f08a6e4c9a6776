"""The commands `%do regions`."""

from __future__ import annotations

from dataclasses import replace

from poseidon_nb.commands.shared_spec import PLOT, list_verb
from poseidon_nb.commands.sizes.spec import CLASSES, REGION, REGION_WORDS
from poseidon_nb.language.spec import Argument, Group, Verb

REGIONS = Group(
    name="regions",
    help="regions for droplets",
    aliases=("region",),
    prefixes=("regions",),
    verbs=(
        list_verb("regions", "regions_list"),
        Verb(
            name="matrix",
            help="show which sizes are available in which region: a row for each region, a column for each size",
            run="regions.run:show_matrix",
            reads="dry_run:list_reads",
            operations=("sizes_list", "regions_list"),
            options=(replace(REGION, help=f"only these regions: {REGION_WORDS}", default=""), *CLASSES, PLOT),
            example="%do regions matrix --region europe --family basic",
        ),
        Verb(
            name="with",
            help="list the regions that offer all of the given features",
            run="regions.run:show_with",
            reads="dry_run:list_reads",
            operations=("regions_list",),
            arguments=(
                Argument(
                    name="features",
                    metavar="FEATURE",
                    help="features that the region must offer",
                    # The features of October 2026 (``regions_list``).
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
    ),
)
