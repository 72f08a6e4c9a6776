"""Invoices: one for each past month, and the preview of this one, as JSON, CSV and PDF.

Not settled by any source, chosen here: newest first; a month without any charge has no invoice; the preview's UUID can be
read like an invoice's.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import bills, chance, pages, papers
from poseidon_nb.sandbox.bills import Charge, usd
from poseidon_nb.sandbox.records import Record, render
from poseidon_nb.sandbox.replies import Reply, answer, not_found
from poseidon_nb.sandbox.timestamps import stamp

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.world import World

_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
#: What stands for the UUID of the month that is not over, as the specification says where it introduces billing.
_PREVIEW = "preview"
_ADDRESS = {
    "address_line1": "7 Harbour Steps",
    "address_line2": "",
    "city": "Tidewater",
    "region": "ME",
    "postal_code": "04100",
    "country_iso2_code": "US",
    "created_at": "2026-01-12T09:30:00Z",
    "updated_at": "2026-01-12T09:30:00Z",
}


@dataclass(frozen=True, slots=True)
class Invoice:
    """A month's bill.

    Attributes
    ----------
    uuid, id : str
        What it is known by, and its number.
    month : str
        As ``2026-11``.
    issued : float
        When the month was over; of the preview that is still to come.
    charges : list of Charge
        Its lines.
    """

    uuid: str
    id: str
    month: str
    issued: float
    charges: list[Charge]

    @property
    def cents(self) -> int:
        """The sum of its lines."""
        return sum(charge.cents for charge in self.charges)

    @property
    def month_name(self) -> str:
        """The month in words, as ``November 2026``."""
        year, number = self.month.split("-")
        return f"{_MONTHS[int(number) - 1]} {year}"

    def shown(self) -> dict[str, Any]:
        """Give the invoice as lists have it."""
        return {
            "invoice_uuid": self.uuid,
            "invoice_id": self.id,
            "amount": usd(self.cents),
            "invoice_period": self.month,
        }


def invoice_of(world: World, month: str) -> Invoice:
    """Give the invoice of a month; of the present one it goes until now."""
    start, end = bills.bounds(month)
    return Invoice(
        _uuid(world, month),
        str(chance.between(100_000_000, 999_999_999, world.seed, "invoice number", month)),
        month,
        end,
        bills.charges(world, start, min(end, world.now())),
    )


def _uuid(world: World, month: str) -> str:
    return chance.uuid(world.seed, "invoice", month)


def preview(world: World) -> Invoice:
    """Give the invoice of the month that is not over."""
    return invoice_of(world, bills.month_of(world.now()))


def list_invoices(call: Call) -> Reply:
    """Answer ``invoices_list``."""
    world = call.world
    shown = [
        invoice.shown() for invoice in (invoice_of(world, month) for month in bills.months(world)) if invoice.charges
    ]
    number, per_page = pages.window(call)
    rendered = [render(one) for one in shown[(number - 1) * per_page : number * per_page]]
    last = render({**preview(world).shown(), "updated_at": stamp(world.now())})
    page = pages.cut(rendered, "invoices", call, len(shown))
    return Reply(200, page[:-1] + b',"invoice_preview":%b}' % last)


def _asked_for(call: Call) -> Invoice:
    world, uuid = call.world, call.names["invoice_uuid"]
    this = bills.month_of(world.now())
    known = (month for month in (this, *bills.months(world)) if _uuid(world, month) == uuid)
    month = this if uuid == _PREVIEW else next(known, None)
    invoice = invoice_of(world, month) if month else None
    if invoice is None or not (invoice.charges or month == this):
        raise not_found()
    return invoice


def list_items(call: Call) -> Reply:
    """Answer ``invoices_get_byUUID``."""
    items = [
        Record(
            {
                "product": charge.product,
                "resource_id": charge.resource_id,
                "group_description": "",
                "description": charge.description,
                "amount": usd(charge.cents),
                "duration": str(charge.hours),
                "duration_unit": "Hours",
                "start_time": stamp(charge.start),
                "end_time": stamp(charge.end),
                "project_name": "",
            }
        )
        for charge in _asked_for(call).charges
    ]
    return call.page("invoice_items", "invoice_item", items)


def get_summary(call: Call) -> Reply:
    """Answer ``invoices_get_summaryByUUID``."""
    invoice, account = _asked_for(call), call.world.state.account
    products: dict[str, list[int]] = defaultdict(list)
    for charge in invoice.charges:
        products[charge.product].append(charge.cents)
    items = [{"amount": usd(sum(all_)), "name": name, "count": str(len(all_))} for name, all_ in products.items()]
    return answer(
        200,
        invoice_uuid=invoice.uuid,
        invoice_id=invoice.id,
        billing_period=invoice.month,
        amount=usd(invoice.cents),
        user_name=account["name"],
        user_billing_address=_ADDRESS,
        user_company=account["team"]["name"],
        user_email=account["email"],
        product_charges={"name": "Product usage charges", "amount": usd(invoice.cents), "items": items},
        overages={"name": "Overages", "amount": usd(0)},
        taxes={"name": "Taxes", "amount": usd(0)},
        credits_and_adjustments={"name": "Credits & adjustments", "amount": usd(0)},
    )


def get_csv(call: Call) -> Reply:
    """Answer ``invoices_get_csvByUUID``."""
    invoice = _asked_for(call)
    return _file(invoice, papers.csv_of(invoice.charges), "csv", "text/csv; charset=utf-8")


def get_pdf(call: Call) -> Reply:
    """Answer ``invoices_get_pdfByUUID``."""
    invoice, account = _asked_for(call), call.world.state.account
    head = [
        f"Invoice {invoice.id} for {invoice.month_name}",
        f"{account['team']['name']}, {account['name']} <{account['email']}>",
        "From the sandbox: nothing was sold and nothing is owed.",
        "",
    ]
    lines = [f"{usd(one.cents):>10}  {one.hours:>4} h  {one.product}: {one.description}" for one in invoice.charges]
    body = papers.pdf_of([*head, *lines, "", f"{usd(invoice.cents):>10}  Total in US dollars"])
    return _file(invoice, body, "pdf", "application/pdf")


def _file(invoice: Invoice, body: bytes, ending: str, content_type: str) -> Reply:
    name = f"sandbox-invoice-{invoice.month}-{invoice.id}.{ending}"
    return Reply(200, body, [("content-disposition", f'attachment; filename="{name}"')], content_type=content_type)


OPERATIONS = {
    "invoices_list": list_invoices,
    "invoices_get_byUUID": list_items,
    "invoices_get_summaryByUUID": get_summary,
    "invoices_get_csvByUUID": get_csv,
    "invoices_get_pdfByUUID": get_pdf,
}
