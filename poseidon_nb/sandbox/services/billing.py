"""The balance, the billing history, invoices as JSON, CSV and PDF, and the costs of each day.

Not documented, chosen here: invoices are listed newest first, and a month without charges has none. The preview can
also be read by its UUID. An invoice is issued in the first second of the next month and paid by card a day later.
There are no taxes, credits or overages. The billing address, the card and the numbers of invoices are fabricated.
"""

from __future__ import annotations

import re
from calendar import timegm
from collections import Counter, defaultdict
from dataclasses import dataclass
from time import strptime
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.invoices import (
    Charge,
    charges,
    format_usd,
    month_bounds,
    month_of,
    past_months,
    render_csv,
    render_pdf,
)
from poseidon_nb.sandbox.responses import (
    HTTPResponse,
    bad_request,
    json_response,
    not_found,
    page_body,
    page_of,
    page_window,
)
from poseidon_nb.sandbox.store import StoredObject, to_json
from poseidon_nb.sandbox.timestamps import DAY_S, format_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.world import World

_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
#: Stands for the UUID of the month in progress, according to the specification's introduction to billing.
_PREVIEW = "preview"
_ADDRESS = {
    "address_line1": "7 Harbor Street",
    "address_line2": "",
    "city": "Tidewater",
    "region": "ME",
    "postal_code": "04100",
    "country_iso2_code": "US",
    "created_at": "2026-01-12T09:30:00Z",
    "updated_at": "2026-01-12T09:30:00Z",
}
_MAX_DAYS = 31
_DATE_PATTERN = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Invoice:
    """The invoice of one month.

    Attributes
    ----------
    uuid, id : str
        Its identifiers.
    month : str
        As ``2026-11``.
    issued : float
        When the month ends; in the future for the preview.
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
        """The total."""
        return sum(charge.cents for charge in self.charges)

    @property
    def month_name(self) -> str:
        """The month as text, for example ``November 2026``."""
        year, number = self.month.split("-")
        return f"{_MONTHS[int(number) - 1]} {year}"

    def summary(self) -> dict[str, Any]:
        """Return the invoice as lists show it."""
        return {
            "invoice_uuid": self.uuid,
            "invoice_id": self.id,
            "amount": format_usd(self.cents),
            "invoice_period": self.month,
        }


def build_invoice(world: World, month: str) -> Invoice:
    """Return the invoice of a month, which ends now for the month in progress."""
    start, end = month_bounds(month)
    return Invoice(
        _invoice_uuid(world, month),
        str(rng.randint(100_000_000, 999_999_999, world.seed, "invoice number", month)),
        month,
        end,
        charges(world, start, min(end, world.now())),
    )


def _invoice_uuid(world: World, month: str) -> str:
    return rng.uuid(world.seed, "invoice", month)


def build_preview(world: World) -> Invoice:
    """Return the invoice of the month in progress."""
    return build_invoice(world, month_of(world.now()))


def list_invoices(call: Call) -> HTTPResponse:
    """Handle ``invoices_list``."""
    world = call.world
    invoices = [
        invoice.summary()
        for invoice in (build_invoice(world, month) for month in past_months(world))
        if invoice.charges
    ]
    rendered = [to_json(one) for one in page_of(call, invoices)]
    last = to_json({**build_preview(world).summary(), "updated_at": format_time(world.now())})
    page = page_body(rendered, "invoices", call, len(invoices))
    return HTTPResponse(200, page[:-1] + b',"invoice_preview":%b}' % last)


def _requested_invoice(call: Call) -> Invoice:
    world, uuid = call.world, call.path_params["invoice_uuid"]
    this = month_of(world.now())
    known = (month for month in (this, *past_months(world)) if _invoice_uuid(world, month) == uuid)
    month = this if uuid == _PREVIEW else next(known, None)
    invoice = build_invoice(world, month) if month else None
    if invoice is None or not (invoice.charges or month == this):
        raise not_found()
    return invoice


def list_items(call: Call) -> HTTPResponse:
    """Handle ``invoices_get_byUUID``."""
    items = [
        StoredObject(
            {
                "product": charge.product,
                "resource_id": charge.resource_id,
                "group_description": "",
                "description": charge.description,
                "amount": format_usd(charge.cents),
                "duration": str(charge.hours),
                "duration_unit": "Hours",
                "start_time": format_time(charge.start),
                "end_time": format_time(charge.end),
                "project_name": "",
            }
        )
        for charge in _requested_invoice(call).charges
    ]
    return call.respond_page("invoice_items", "invoice_item", items)


def get_summary(call: Call) -> HTTPResponse:
    """Handle ``invoices_get_summaryByUUID``."""
    invoice, account = _requested_invoice(call), call.world.state.account
    products: dict[str, list[int]] = defaultdict(list)
    for charge in invoice.charges:
        products[charge.product].append(charge.cents)
    items = [
        {"amount": format_usd(sum(all_)), "name": name, "count": str(len(all_))} for name, all_ in products.items()
    ]
    return json_response(
        200,
        invoice_uuid=invoice.uuid,
        invoice_id=invoice.id,
        billing_period=invoice.month,
        amount=format_usd(invoice.cents),
        user_name=account["name"],
        user_billing_address=_ADDRESS,
        user_company=account["team"]["name"],
        user_email=account["email"],
        product_charges={"name": "Product usage charges", "amount": format_usd(invoice.cents), "items": items},
        overages={"name": "Overages", "amount": format_usd(0)},
        taxes={"name": "Taxes", "amount": format_usd(0)},
        credits_and_adjustments={"name": "Credits & adjustments", "amount": format_usd(0)},
    )


def get_csv(call: Call) -> HTTPResponse:
    """Handle ``invoices_get_csvByUUID``."""
    invoice = _requested_invoice(call)
    return _file_response(invoice, render_csv(invoice.charges), "csv", "text/csv; charset=utf-8")


def get_pdf(call: Call) -> HTTPResponse:
    """Handle ``invoices_get_pdfByUUID``."""
    invoice, account = _requested_invoice(call), call.world.state.account
    head = [
        f"Invoice {invoice.id} for {invoice.month_name}",
        f"{account['team']['name']}, {account['name']} <{account['email']}>",
        "Simulated by the sandbox. No payment is due.",
        "",
    ]
    lines = [
        f"{format_usd(one.cents):>10}  {one.hours:>4} h  {one.product}: {one.description}" for one in invoice.charges
    ]
    body = render_pdf([*head, *lines, "", f"{format_usd(invoice.cents):>10}  Total in US dollars"])
    return _file_response(invoice, body, "pdf", "application/pdf")


def _file_response(invoice: Invoice, body: bytes, ending: str, content_type: str) -> HTTPResponse:
    name = f"sandbox-invoice-{invoice.month}-{invoice.id}.{ending}"
    return HTTPResponse(
        200, body, [("content-disposition", f'attachment; filename="{name}"')], content_type=content_type
    )


def _history(world: World) -> list[tuple[int, dict[str, Any]]]:
    """Return invoices and payments, as cents and in the format of the API, newest first."""
    entries: list[tuple[int, dict[str, Any]]] = []
    for month in past_months(world):
        invoice = build_invoice(world, month)
        if not invoice.charges:
            continue
        paid = invoice.issued + DAY_S
        if paid <= world.now():
            entries.append((-invoice.cents, _entry("Payment", "Payment (Visa 4242)", -invoice.cents, paid)))
        billed = _entry("Invoice", f"Invoice for {invoice.month_name}", invoice.cents, invoice.issued)
        entries.append((invoice.cents, {**billed, "invoice_id": invoice.id, "invoice_uuid": invoice.uuid}))
    return entries


def _entry(type_: str, description: str, cents: int, at: float) -> dict[str, Any]:
    return {"description": description, "amount": format_usd(cents), "date": format_time(at), "type": type_}


def get_balance(call: Call) -> HTTPResponse:
    """Handle ``balance_get``."""
    owed = sum(cents for cents, _ in _history(call.world))
    used = build_preview(call.world).cents
    return json_response(
        200,
        month_to_date_balance=format_usd(owed + used),
        account_balance=format_usd(owed),
        month_to_date_usage=format_usd(used),
        generated_at=format_time(call.world.now()),
    )


def list_history(call: Call) -> HTTPResponse:
    """Handle ``billingHistory_list``, newest first."""
    return call.respond_page("billing_history", "billing", [StoredObject(entry) for _, entry in _history(call.world)])


def list_insights(call: Call) -> HTTPResponse:
    """Handle ``billingInsights_list``: each day's addition to the month's invoice, so that the days add up to it."""
    world = call.world
    urn = f"do:team:{world.state.account['team']['uuid']}"
    if call.path_params["account_urn"] != urn:
        raise not_found()
    first, last = (_path_date(call, name) for name in ("start_date", "end_date"))
    if last < first:
        raise bad_request("end_date must not be before start_date.")
    if last - first > _MAX_DAYS * DAY_S:
        raise bad_request(f"end_date must be within {_MAX_DAYS} days of start_date.")
    points = [
        {"usage_team_urn": urn, "start_date": format_time(day)[:10], **point}
        for day in range(first, last + DAY_S, DAY_S)
        for point in _data_points(world, day)
    ]
    number, per_page = page_window(call)
    return json_response(
        200,
        data_points=page_of(call, points),
        total_items=len(points),
        total_pages=-(-len(points) // per_page),
        current_page=number,
    )


def _path_date(call: Call, name: str) -> int:
    text = call.path_params[name]
    try:
        if _DATE_PATTERN.fullmatch(text):
            return timegm(strptime(text, "%Y-%m-%d"))
    except ValueError:
        pass
    raise bad_request(f"{name} must be a date in the format YYYY-MM-DD.")


def _data_points(world: World, day: int) -> list[dict[str, Any]]:
    end = min(day + DAY_S, world.now())
    if end <= day:
        return []
    start = month_bounds(month_of(day))[0]
    added: Counter[tuple[str, ...]] = Counter()
    for until, sign in ((end, 1), (day, -1)):
        for one in charges(world, start, until) if until > start else ():
            added[one.region, one.sku, one.description, one.resource_id] += sign * one.cents
    return [
        {
            "total_amount": format_usd(cents),
            "region": region,
            "sku": sku,
            "description": description,
            "group_description": "",
        }
        for (region, sku, description, _), cents in added.items()
        if cents
    ]


OPERATIONS: dict[str, Callable[[Call], HTTPResponse]] = {
    "invoices_list": list_invoices,
    "invoices_get_byUUID": list_items,
    "invoices_get_summaryByUUID": get_summary,
    "invoices_get_csvByUUID": get_csv,
    "invoices_get_pdfByUUID": get_pdf,
    "balance_get": get_balance,
    "billingHistory_list": list_history,
    "billingInsights_list": list_insights,
}
