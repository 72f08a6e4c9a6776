"""`%do cost`: add up the prices of the account's resources with `analysis.cost`, and compare them with what was billed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from poseidon_nb.commands.cost.account_lines import Found, read_lines
from poseidon_nb.commands.cost.forecasts import month_start
from poseidon_nb.commands.cost.invoices import items_since, preview_items, read_invoices
from poseidon_nb.commands.cost.spec import ALLOCATION_LAST, CHANGES_LAST, DEFAULT_KEY
from poseidon_nb.commands.cost.summary import (
    summarize_allocation,
    summarize_allocation_key,
    summarize_changes,
    summarize_cost,
    summarize_history,
    summarize_reconciliation,
    summarize_transfer,
)
from poseidon_nb.commands.dry_run import EACH_ID, droplet_lists
from poseidon_nb.commands.reading import check_complete, read_all, warn_long_read
from poseidon_nb.commands.results import (
    Live,
    TableResult,
    described_chart,
    described_table,
    table_of_frame,
    table_of_rows,
)
from poseidon_nb.language.time_arguments import subtract_duration

if TYPE_CHECKING:
    from datetime import datetime

    from poseidon_nb.client.client import Client
    from poseidon_nb.commands.context import CommandContext
    from poseidon_nb.commands.do_session import DoSession
    from poseidon_nb.language.command import Command
    from poseidon_nb.transport.request import Request

#: Metrics are not read in the first minutes of a month, when there are none.
_FIRST_READING = timedelta(minutes=5)


def show_sums(context: CommandContext) -> TableResult | Live:
    """Add up what everything costs."""
    key = context.option("by") or DEFAULT_KEY
    lines, _ = read_lines(context)
    from poseidon_nb.analysis import cost  # noqa: PLC0415  # loads pandas

    sums = cost.by(lines, key)
    context.ui.say(summarize_cost(lines, cost.total(lines), key))
    if context.option("plot"):
        from poseidon_nb import plots  # noqa: PLC0415  # loads plotly

        return Live(plots.cost_by(sums, by=key))
    return table_of_frame(sums)


def show_allocation(context: CommandContext) -> TableResult | Live:
    """Return what each group cost over time."""
    key, start = context.option("by") or DEFAULT_KEY, _start_of_window(context, ALLOCATION_LAST)
    lines, found = read_lines(context, optional={"items": lambda client: items_since(client, start)})
    from poseidon_nb.analysis import cost  # noqa: PLC0415  # loads pandas

    table = cost.allocation(lines, found.get("items"), by=key, start=start, now=context.client.now())
    is_plot = bool(context.option("plot"))
    # The chart says what was billed in its own words.
    said = summarize_allocation_key(key) if is_plot else summarize_allocation(table, key)
    if is_plot:
        from poseidon_nb import plots  # noqa: PLC0415  # loads plotly

        return described_chart(context, plots.cost_allocation(table, by=key), said)
    return described_table(context, table, said)


def show_lines(context: CommandContext) -> TableResult:
    """Return one line for each resource that costs money."""
    lines, _ = read_lines(context)
    return table_of_frame(lines)


def reconcile(context: CommandContext) -> TableResult:
    """Compare the lines with the balance and the preview of this month's invoice."""
    lines, found = read_lines(context, {"balance": read_all("balance_get"), "preview": preview_items})
    from poseidon_nb.analysis import cost  # noqa: PLC0415  # loads pandas

    bill = cost.reconcile(lines, found["balance"], found["preview"], now=context.client.now())
    context.ui.say(summarize_reconciliation(bill))
    return table_of_frame(bill)


def show_history(context: CommandContext) -> TableResult | Live:
    """Return what each month cost, the current month included."""
    rows, preview = read_invoices(context.client)
    from poseidon_nb.analysis import cost  # noqa: PLC0415  # loads pandas

    preview_rows = [] if preview is None else [preview]
    months = cost.history(
        table_of_rows("invoices", rows).frame(), preview=table_of_rows("invoices", preview_rows).frame()
    )
    if context.option("plot"):
        from poseidon_nb import plots  # noqa: PLC0415  # loads plotly

        return Live(plots.cost_history(months))
    context.ui.say(summarize_history(months))
    return table_of_frame(months)


def show_changes(context: CommandContext) -> TableResult:
    """Return what came, went, grew and shrank."""
    start = _start_of_window(context, CHANGES_LAST)
    lines, found = read_lines(
        context,
        optional={"items": lambda client: items_since(client, start), "actions": lambda client: client.actions.frame()},
    )
    from poseidon_nb.analysis import cost  # noqa: PLC0415  # loads pandas

    table = cost.changes(
        lines, found.get("items"), found.get("actions"), sizes=found.get("sizes"), start=start, now=context.client.now()
    )
    return described_table(context, table, summarize_changes(table))


def show_transfer(context: CommandContext) -> TableResult:
    """Return what each droplet may send and has sent this month, and the overage of the account."""
    reads = {"droplets": lambda client: client.droplets.list(), "sizes": lambda client: client.sizes.frame()}
    found = Found()
    found.read(context, {**reads, "items": preview_items}, required=reads)
    droplets = found.answers["droplets"]
    warn_long_read(context, len(droplets))
    now = context.client.now()
    if "items" in found.unread:
        context.ui.say(f"Could not read the invoice preview, so deleted droplets are missing: {found.unread['items']}")
    from poseidon_nb.analysis import cost  # noqa: PLC0415  # loads pandas
    from poseidon_nb.frames.builders import frame_from_rows  # noqa: PLC0415  # loads pandas

    measured = droplets if now - month_start(now) >= _FIRST_READING else []
    readings = context.client.metrics.read("outbound", measured, **_measured_time(now))
    table = cost.transfer(
        frame_from_rows("droplets", [one.to_dict() for one in droplets]),
        found.answers["sizes"],
        readings.frame,
        items=found.answers.get("items"),
        failed=readings.failed,
        now=now,
    )
    context.ui.say(summarize_transfer(table))
    check_complete(context, readings, table)
    return table_of_frame(table)


def list_transfer_reads(_command: Command, client: Client, _session: DoSession) -> list[Request]:
    """Return the requests of `show_transfer`, for ``--dry-run``."""
    lists = [client.request(one) for one in ("sizes_list", "invoices_list")]
    items = client.request("invoices_get_byUUID", path={"invoice_uuid": EACH_ID})
    readings = client.metrics.requests("outbound", [EACH_ID], **_measured_time(client.now()))
    return [*droplet_lists(client, {}), *lists, items, *readings]


def _measured_time(now: datetime) -> dict[str, datetime]:
    """Return the month until now, as arguments for metrics, which need a start before their end."""
    return {"start": min(month_start(now), now - _FIRST_READING), "end": now}


def _start_of_window(context: CommandContext, default: str) -> datetime:
    """Return the start of ``--last``, by the server's clock."""
    return subtract_duration(context.option("last") or default, context.client.now())
