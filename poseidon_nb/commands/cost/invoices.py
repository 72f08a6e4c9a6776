"""Read invoices and their items, the preview of this month's invoice included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

    from poseidon_nb.client.client import Client

INVOICES_PATH = "/v2/customers/my/invoices?page=1&per_page=200"

Row = dict[str, Any]


def read_invoices(client: Client) -> tuple[list[Row], Row | None]:
    """Return all invoices as served, and the preview of this month's invoice."""
    answer = client.api("GET", INVOICES_PATH)
    answer = answer if isinstance(answer, dict) else {}
    rows, meta, preview = answer.get("invoices"), answer.get("meta"), answer.get("invoice_preview")
    total = meta.get("total") if isinstance(meta, dict) else None
    if not isinstance(rows, list) or not isinstance(total, int) or total > len(rows):
        rows = client.call("invoices_list")
    return rows, preview if isinstance(preview, dict) else None


def preview_items(client: Client) -> pd.DataFrame:
    """Return the items of the preview."""
    _, preview = read_invoices(client)
    return _items(client, preview or {})


def items_since(client: Client, start: datetime) -> pd.DataFrame:
    """Return the items of the preview and of all invoices since the month of a time, with ``invoice_period``."""
    import pandas as pd  # noqa: PLC0415  # loads pandas

    rows, preview = read_invoices(client)
    first = f"{start:%Y-%m}"
    recent = [row for row in rows if isinstance(row, dict) and str(row.get("invoice_period") or "") >= first]
    frames = [
        _items(client, row).assign(invoice_period=row.get("invoice_period"))
        for row in [*recent, *([preview] if preview else [])]
    ]
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else _items(client, {}).assign(invoice_period=None)


def _items(client: Client, invoice: Row) -> pd.DataFrame:
    uuid = invoice.get("invoice_uuid")
    if not isinstance(uuid, str):
        from poseidon_nb.frames.builders import frame_from_rows  # noqa: PLC0415  # loads pandas

        return frame_from_rows("invoice_items", [])
    items: pd.DataFrame = client.call("invoices_get_byUUID", invoice_uuid=uuid, frame=True)
    return items
