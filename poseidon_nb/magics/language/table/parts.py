"""Arguments and options that verbs of several groups share: which droplets, how far back, and as a picture."""

from __future__ import annotations

from dataclasses import replace

from poseidon_nb.magics.language.words import Argument, Option

#: One or more, or the option `BY_TAG` instead.
SOME_DROPLETS = Argument(
    name="droplets", shows="DROPLET", help="ids or names", source="droplets", many=True, instead="tag_name"
)
BY_TAG = Option(
    field="tag_name", name="tag", aliases=("tag-name",), help="all droplets with this tag", shows="TAG", source="tags"
)
#: Where without any all are meant.
DROPLETS_OR_ALL = replace(SOME_DROPLETS, help="ids or names; without any, all", required=False)
ONLY_BY_TAG = replace(BY_TAG, help="only droplets with this tag")

PLOT = Option(field="plot", kind="flag", help="draw it: gives a plotly figure instead of the table")


#: DigitalOcean does not say how long it keeps readings.
AS_FAR_AS_KEPT = "; where readings begin later, that is said"


def last(default: str, more: str = "") -> Option:
    """Give the option for how far back to look; the handler keeps to the same default."""
    return Option(field="last", help=f"how far back: 24h, 7d, 2w{more}", shows="TIME", default=default)
