"""The sentence above the table of ``%do regions with``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.text import join_words, pluralize

if TYPE_CHECKING:
    from collections.abc import Sequence


def summarize_features(rows: Sequence[dict[str, Any]], total: int, features: Sequence[str]) -> str:
    """Return which regions offer some features, and which of these are unavailable."""
    what = join_words(dict.fromkeys(feature.casefold().replace("-", "_") for feature in features))
    if not rows:
        return f"None of {pluralize(total, 'region')} offers {what}."
    slugs = [str(row["slug"]) for row in rows]
    unavailable = [str(row["slug"]) for row in rows if row.get("available") is False]
    verb = "offers" if len(slugs) == 1 else "offer"
    note = f"; unavailable: {join_words(unavailable)}" if unavailable else ""
    return f"{len(slugs):,} of {pluralize(total, 'region')} {verb} {what}: {join_words(slugs)}{note}."
