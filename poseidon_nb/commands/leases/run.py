"""What `%do leases` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.commands.dry_run import droplet_lists
from poseidon_nb.commands.results import TableResult, table_of_frame
from poseidon_nb.plans.leases import check_tags_are_readable, cost_so_far_usd, created_at, lease_of
from poseidon_nb.text import escape_unprintable, join_words

if TYPE_CHECKING:
    from poseidon_nb.client.client import Client
    from poseidon_nb.commands.context import CommandContext
    from poseidon_nb.commands.do_session import DoSession
    from poseidon_nb.language.command import Command
    from poseidon_nb.transport.request import Request


def list_leases(context: CommandContext) -> TableResult:
    """List the droplets with a lease, the one that ends first at the top."""
    from poseidon_nb.frames.validation import build_derived  # noqa: PLC0415  # loads pandas

    rows = [droplet.to_dict() for droplet in context.client.droplets.list()]
    check_tags_are_readable(rows)
    now = context.client.now()
    found = [(row, lease) for row in rows if (lease := lease_of(row)) is not None]
    found.sort(key=lambda pair: (pair[1].ends_at is None, pair[1].ends_at or now, pair[0]["id"]))
    unreadable = [escape_unprintable(str(row["name"])) for row, lease in found if lease.ends_at is None]
    if unreadable:
        context.ui.say(f"The lease of {join_words(unreadable)} cannot be read, and is never over.")
    columns = {
        "name": [row.get("name") for row, _ in found],
        "ends_at": [lease.ends_at for _, lease in found],
        "left_hours": [lease.ends_at and (lease.ends_at - now).total_seconds() / 3600 for _, lease in found],
        "over": [lease.is_over(now) for _, lease in found],
        "cost_usd": [cost_so_far_usd(row, now) for row, _ in found],
        "price_usd_month": [(row.get("size") or {}).get("price_monthly") for row, _ in found],
        "status": [row.get("status") for row, _ in found],
        "created_at": [created_at(row) for row, _ in found],
        "tag": [", ".join(lease.tags) for _, lease in found],
        "id": [row["id"] for row, _ in found],
    }
    return table_of_frame(
        build_derived("leases", columns),
        nothing="No droplet has a lease. Give one with %do droplets lease NAME --ttl 6h",
    )


def list_reads(_command: Command, client: Client, _: DoSession) -> list[Request]:
    """Return the requests of `list_leases`, for ``--dry-run``."""
    return droplet_lists(client, {})
