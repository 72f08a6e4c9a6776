"""The balance, what was billed and paid, and what a day costs. Invoices themselves are in `invoices`.

Not settled by any source, chosen here: an invoice is issued in the first second of the next month, and paid a day later by
a card; there are no taxes, credits and overages.
"""

from __future__ import annotations

import re
from calendar import timegm
from collections import Counter
from time import strptime
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import bills, pages
from poseidon_nb.sandbox.records import Record
from poseidon_nb.sandbox.replies import answer, bad_request, not_found
from poseidon_nb.sandbox.services.invoices import invoice_of, preview
from poseidon_nb.sandbox.timestamps import stamp

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.replies import Reply
    from poseidon_nb.sandbox.world import World

_DAY_S = 86_400
_DAYS_MOST = 31
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _history(world: World) -> list[tuple[int, dict[str, Any]]]:
    """Give what was billed and paid, in cents and as the API shows it, newest first."""
    entries: list[tuple[int, dict[str, Any]]] = []
    for month in bills.months(world):
        invoice = invoice_of(world, month)
        if not invoice.charges:
            continue
        paid = invoice.issued + _DAY_S
        if paid <= world.now():
            entries.append((-invoice.cents, _entry("Payment", "Payment (Visa 4242)", -invoice.cents, paid)))
        billed = _entry("Invoice", f"Invoice for {invoice.month_name}", invoice.cents, invoice.issued)
        entries.append((invoice.cents, {**billed, "invoice_id": invoice.id, "invoice_uuid": invoice.uuid}))
    return entries


def _entry(type_: str, description: str, cents: int, at: float) -> dict[str, Any]:
    return {"description": description, "amount": bills.usd(cents), "date": stamp(at), "type": type_}


def get_balance(call: Call) -> Reply:
    """Answer ``balance_get``."""
    owed = sum(cents for cents, _ in _history(call.world))
    used = preview(call.world).cents
    return answer(
        200,
        month_to_date_balance=bills.usd(owed + used),
        account_balance=bills.usd(owed),
        month_to_date_usage=bills.usd(used),
        generated_at=stamp(call.world.now()),
    )


def list_history(call: Call) -> Reply:
    """Answer ``billingHistory_list``, newest first."""
    return call.page("billing_history", "billing", [Record(shown) for _, shown in _history(call.world)])


# --- what a day costs ------------------------------------------------------------------------------------------------
def list_insights(call: Call) -> Reply:
    """Answer ``billingInsights_list``: what each day added to its month's bill, so that the days add up to it."""
    world = call.world
    urn = f"do:team:{world.state.account['team']['uuid']}"
    if call.names["account_urn"] != urn:
        raise not_found()
    first, last = (_day(call, name) for name in ("start_date", "end_date"))
    if last < first:
        raise bad_request("end_date must not be before start_date.")
    if last - first > _DAYS_MOST * _DAY_S:
        raise bad_request(f"end_date must be within {_DAYS_MOST} days of start_date.")
    points = [
        {"usage_team_urn": urn, "start_date": stamp(day)[:10], **point}
        for day in range(first, last + _DAY_S, _DAY_S)
        for point in _points(world, day)
    ]
    number, per_page = pages.window(call)
    return answer(
        200,
        data_points=points[(number - 1) * per_page : number * per_page],
        total_items=len(points),
        total_pages=-(-len(points) // per_page),
        current_page=number,
    )


def _day(call: Call, name: str) -> int:
    text = call.names[name]
    try:
        if _DATE.fullmatch(text):
            return timegm(strptime(text, "%Y-%m-%d"))
    except ValueError:
        pass
    raise bad_request(f"{name} must be a date as YYYY-MM-DD.")


def _points(world: World, day: int) -> list[dict[str, Any]]:
    end = min(day + _DAY_S, world.now())
    if end <= day:
        return []
    start = bills.bounds(bills.month_of(day))[0]
    added: Counter[tuple[str, ...]] = Counter()
    for until, sign in ((end, 1), (day, -1)):
        for one in bills.charges(world, start, until) if until > start else ():
            added[one.region, one.sku, one.description, one.resource_id] += sign * one.cents
    return [
        {
            "total_amount": bills.usd(cents),
            "region": region,
            "sku": sku,
            "description": description,
            "group_description": "",
        }
        for (region, sku, description, _), cents in added.items()
        if cents
    ]


OPERATIONS = {
    "balance_get": get_balance,
    "billingHistory_list": list_history,
    "billingInsights_list": list_insights,
}
