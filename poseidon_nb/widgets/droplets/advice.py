"""The sizes that droplets should have, by `analysis.rightsizing`, for the resize form. No widgets here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue.rightsizing import WINDOW_DAYS
from poseidon_nb.errors import PoseidonError
from poseidon_nb.text import escape_unprintable, format_usd, pluralize, truncated_list
from poseidon_nb.widgets.models import error_text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from poseidon_nb.client.client import Client

    Row = Mapping[str, Any]

#: Metrics take up to six requests for each droplet.
MAX_DROPLETS = 10
LOADING = f"Advised size: reading the last {WINDOW_DAYS} days of metrics…"


@dataclass(frozen=True, slots=True)
class AdvisedSize:
    """The advice for one droplet.

    Parameters
    ----------
    slug : str
        Empty if there is none.
    saving : float
        USD a month; negative if the advised size costs more.
    confidence, why : str
        As in the table ``rightsizing``.
    """

    slug: str
    saving: float
    confidence: str
    why: str


@dataclass(frozen=True, slots=True)
class Advice:
    """The advice for some droplets.

    Parameters
    ----------
    by_droplet : mapping
        By id.
    note : str
        Why there is none: it is being read, it could not be read, or there are too many droplets.
    """

    by_droplet: Mapping[int, AdvisedSize] = field(default_factory=dict)
    note: str = ""

    def counts(self, rows: Sequence[Row]) -> dict[str, int]:
        """Return for how many of these droplets each size is advised."""
        counts: dict[str, int] = {}
        for row in rows if self.by_droplet else ():
            found = self.by_droplet.get(row["id"])
            if found is not None and found.slug:
                counts[found.slug] = counts.get(found.slug, 0) + 1
        return counts

    def text(self, rows: Sequence[Row]) -> str:
        """Return the advice for these droplets in words."""
        if self.note or not rows:
            return self.note
        known = [(row, self.by_droplet[row["id"]]) for row in rows if row["id"] in self.by_droplet]
        if not known:
            return "Close and reopen this form to see the advised sizes of these droplets."
        if len(rows) == 1:
            return _one_text(rows[0], known[0][1])
        names: dict[str, list[str]] = {}
        for row, found in known:
            names.setdefault(found.slug, []).append(str(row["name"]))
        parts = [f"{escape_unprintable(slug) or 'none'} for {truncated_list(some)}" for slug, some in names.items()]
        missing = len(rows) - len(known)
        unread = f" Not read: {pluralize(missing, 'droplet')} selected since." if missing else ""
        return f"Advised by the last {WINDOW_DAYS} days: {'; '.join(parts)}.{unread}"


def _one_text(row: Row, found: AdvisedSize) -> str:
    if not found.slug:
        return f"No advised size: {found.why}."
    confidence = f" ({found.confidence} confidence)" if found.confidence else ""
    if found.slug == row.get("size_slug"):
        what = f"keep {escape_unprintable(found.slug)}"
    else:
        change = f"saves {format_usd(found.saving)}" if found.saving >= 0 else f"adds {format_usd(-found.saving)}"
        what = f"{escape_unprintable(found.slug)}, which {change} a month"
    return f"Advised by the last {WINDOW_DAYS} days: {what}{confidence}. {found.why}."


def expected_advice(rows: Collection[Row]) -> Advice:
    """Return the advice before it is read."""
    if len(rows) <= MAX_DROPLETS:
        return Advice(note=LOADING)
    return Advice(note=f"Advised sizes are shown for up to {MAX_DROPLETS} droplets. For more, run %do rightsize.")


def load_advice(client: Client, rows: Sequence[Row]) -> Advice:
    """Read the metrics of these droplets and return the advice; a failure is its note. Blocks.

    Sends up to six requests for each droplet, and reads the sizes.
    """
    try:
        return Advice(_read(client, rows))
    except PoseidonError as error:
        return Advice(note=f"No advised size: {error_text(error)}")


def _read(client: Client, rows: Sequence[Row]) -> dict[int, AdvisedSize]:
    # pandas comes with the first advice: the panel of a droplet opens without it.
    from poseidon_nb.analysis import metrics, rightsizing  # noqa: PLC0415
    from poseidon_nb.client.droplet import Droplet  # noqa: PLC0415
    from poseidon_nb.frames.builders import frame_from_rows  # noqa: PLC0415

    droplets = frame_from_rows("droplets", [dict(row) for row in rows])
    judged = [
        Droplet(row, client.droplets)
        for row, wanted in zip(rows, rightsizing.needs_metrics(droplets), strict=True)
        if wanted
    ]
    end = client.now()
    readings = client.metrics.read("use", judged, start=end - timedelta(days=WINDOW_DAYS), end=end)
    use = metrics.use(readings.frame, droplets, failed=readings.failed)
    found = rightsizing.advice(droplets, client.sizes.frame(), use)
    columns = ("droplet_id", "advised_size", "saving_usd_month", "confidence", "why")
    texts = found[[*columns]].astype(object).where(found[[*columns]].notna(), None)
    return {
        int(key): AdvisedSize(slug or "", float(saving or 0.0), confidence or "", str(why or "").rstrip("."))
        for key, slug, saving, confidence, why in texts.itertuples(index=False)
    }
