"""Prices of declared resources, and how an object keeps those that it had, for past invoices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from poseidon_nb.sandbox.store import StoredObject


@dataclass(frozen=True, slots=True)
class Price:
    """What an object costs at present.

    Attributes
    ----------
    product, sku : str
        As on the invoice.
    monthly_usd : float
        The price of a full month.
    description : str
        As on the invoice.
    """

    product: str
    sku: str
    monthly_usd: float
    description: str


def with_price(record: StoredObject, price: Price | None, at: float) -> StoredObject:
    """Return an object whose internal data records a new price. Without a price, it costs nothing from then on."""
    past: list[list[Any]] = record.internal.get("sold", [])
    present = [] if price is None else [price.product, price.sku, price.monthly_usd, price.description]
    if present == (past[-1][1:] if past else []):
        return record
    return record.with_internal(sold=[*past, [at, *present]])
