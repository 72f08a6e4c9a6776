"""Short frames to compute costs from."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from poseidon_nb.frames.builders import frame_from_rows

if TYPE_CHECKING:
    import pandas as pd

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def a_droplet(number: int = 1, **fields: object) -> dict[str, object]:
    size = {"price_monthly": 24.0, "price_hourly": 0.03571}
    row = {
        "id": number,
        "name": f"web-{number}",
        "region": {"slug": "nyc3"},
        "size_slug": "s-2vcpu-4gb",
        "size": size,
        "tags": ["web"],
        "features": ["monitoring"],
        "status": "active",
        "created_at": "2026-06-01T00:00:00Z",
    }
    return row | fields


def droplets(*rows: dict[str, object]) -> pd.DataFrame:
    return frame_from_rows("droplets", rows)


def sizes() -> pd.DataFrame:
    rows = [{"slug": "s-2vcpu-4gb", "price_monthly": 24.0, "transfer": 4.0}]
    return frame_from_rows("sizes", rows)


def a_balance(usd: float) -> pd.DataFrame:
    return frame_from_rows("balance", [{"month_to_date_usage": f"{usd:.2f}"}])


def some_items(*rows: tuple[str, str, str]) -> pd.DataFrame:
    return frame_from_rows(
        "invoice_items", [{"product": product, "resource_id": id_, "amount": amount} for product, id_, amount in rows]
    )


def an_item(
    product: str, id_: str, amount: float | None, start: str, end: str, description: str = ""
) -> dict[str, object]:
    """Return an item as served; the times are days and hours of November 2026, such as ``01T00``, or whole times."""
    times = [one if len(one) > 5 else f"2026-11-{one}:00:00Z" for one in (start, end)]
    return {
        "product": product,
        "resource_id": id_,
        "description": description or f"thing-{id_}",
        "amount": None if amount is None else f"{amount:.2f}",
        "start_time": times[0],
        "end_time": times[1],
    }


def items(*rows: dict[str, object]) -> pd.DataFrame:
    return frame_from_rows("invoice_items", rows)
