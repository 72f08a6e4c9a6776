"""What `%do droplets freeze`, `thaw`, `frozen` and `lease` do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from poseidon_nb.catalogue import prices
from poseidon_nb.commands.planned import Planned
from poseidon_nb.commands.results import TableResult, outcomes_table, table_of_frame
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.language.time_arguments import parse_duration
from poseidon_nb.plans import frozen_files
from poseidon_nb.plans.freezing import freeze, is_same_freeze
from poseidon_nb.plans.leases import check_ttl, created_at, lease_chains, lease_end
from poseidon_nb.plans.outcomes import failures
from poseidon_nb.plans.thawing import Thaw, find_frozen, read_frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.engine.steps import Chain, Outcome
    from poseidon_nb.commands.context import CommandContext
    from poseidon_nb.commands.do_session import DoSession
    from poseidon_nb.errors import PoseidonError
    from poseidon_nb.language.command import Command
    from poseidon_nb.plans.account import AccountReader
    from poseidon_nb.plans.plan import Plan
    from poseidon_nb.transport.request import Request

    Row = Mapping[str, Any]

#: The ``--ttl`` that removes a lease.
_NO_LEASE = "none"


def lease_ends_at(account: AccountReader, ttl: str | None) -> datetime | None:
    """Return when a lease of ``--ttl`` ends; None without one. Reads the account's tags, and so the server's clock.

    Raises
    ------
    InvalidArgument
        It is no length of time, or too short or too long.
    """
    if ttl is None or ttl.casefold() == _NO_LEASE:
        return None
    seconds = check_ttl(parse_duration(ttl).total_seconds())
    tags = account.tag_names
    return lease_end(account.client.now(), seconds, tags)


def freeze_rows(
    context: CommandContext, account: AccountReader, rows: Sequence[Row], *, only_with_lease: bool = False
) -> tuple[Chain, ...]:
    """Return the chains that freeze droplets.

    Parameters
    ----------
    context : CommandContext
    account : AccountReader
    rows : sequence of mapping
    only_with_lease : bool
        Each step is sent only while the droplet's lease is unchanged, and droplets that cannot be frozen are left out.
    """
    ids = [row["id"] for row in rows if isinstance(row["id"], int)]
    known = {} if account.offline else frozen_files.created_with(ids)
    return freeze(
        account,
        rows,
        keep_going=context.command.keep_going,
        created_with=known,
        only_with_lease=only_with_lease,
        skip=only_with_lease,
    )


def _freeze_steps(context: CommandContext, account: AccountReader) -> Sequence[Chain]:
    rows = account.droplet_rows(context.argument("droplets") or (), context.option("tag_name"))
    return freeze_rows(context, account, rows)


def _frozen(context: CommandContext, plan: Plan, outcomes: list[Outcome]) -> TableResult:
    return frozen_table(context, plan, outcomes)


def frozen_table(context: CommandContext, plan: Plan, outcomes: Sequence[Outcome]) -> TableResult:
    """Return a row for each droplet that was frozen: the last of its steps is called by the command."""
    for note in plan.notes:
        context.ui.say(note)
    errors: dict[int, PoseidonError] = {}
    named = []
    for (chain, _, _, _), outcome in zip(plan.rows(), outcomes, strict=True):
        one = outcome
        if one.error is not None:
            errors.setdefault(chain, one.error)
        if one.step.awaits == "gone" and one.step.snapshot:
            # What kept the droplet from being frozen may be an error of another target, such as a tag.
            error = one.error or (errors.get(chain) if one.status == "skipped" else None)
            one = replace(one, step=replace(one.step, verb="freeze"), error=error)
        named.append(one)
    return outcomes_table(context, plan, named, kind="droplet")


def _thaw_steps(context: CommandContext, account: AccountReader) -> Sequence[Chain]:
    words = context.argument("frozen")
    if account.offline:
        raise InvalidArgument("Thaw needs an account, because the settings of a frozen droplet are in its tags.")
    listed = read_frozen(account)
    context.session.remember("frozen", [one.name for one in listed])
    found = [find_frozen(listed, word) for word in words]
    existing = [droplet.to_dict() for droplet in account.client.droplets.list()]
    thaw = Thaw(
        account,
        existing,
        ends_at=lease_ends_at(account, context.option("ttl")),
        delete_snapshot=bool(context.option("delete_snapshot")),
        keep_going=context.command.keep_going,
    )
    for one in {item.image["id"]: item for item in found}.values():
        thaw.add(one)
    return thaw.chains


def _thawed(context: CommandContext, plan: Plan, outcomes: list[Outcome]) -> TableResult:
    """Return a row for each droplet, and a row for each other thing that failed."""
    for note in plan.notes:
        context.ui.say(note)
    made = [
        (one.target.name, one.target.id)
        for one in outcomes
        if one.step.awaits == "droplets" and one.target.id is not None
    ]
    context.session.remember_names("droplets", made, complete=False)
    named = [
        replace(one, step=replace(one.step, verb="thaw")) if one.step.awaits == "droplets" else one for one in outcomes
    ]
    created = any(one.step.awaits == "droplets" for one in outcomes)
    return outcomes_table(context, plan, named, kind="" if failures(plan, outcomes) or not created else "droplet")


def _lease_steps(context: CommandContext, account: AccountReader) -> Sequence[Chain]:
    rows = account.droplet_rows(context.argument("droplets") or (), context.option("tag_name"))
    return lease_chains(rows, lease_ends_at(account, context.option("ttl")))


def _leased(context: CommandContext, plan: Plan, outcomes: list[Outcome]) -> TableResult:
    named = [
        replace(one, step=replace(one.step, verb="lease")) if one.step.verb in {"tag", "untag"} else one
        for one in outcomes
    ]
    return outcomes_table(context, plan, named, kind="droplet")


def list_frozen(context: CommandContext) -> TableResult:
    """List the frozen droplets of the account."""
    from poseidon_nb.frames.validation import build_derived  # noqa: PLC0415  # loads pandas

    account = context.account
    listed = read_frozen(account)
    alive = {droplet.id for droplet in account.client.droplets.list()} if listed else set()
    context.session.remember("frozen", [one.name for one in listed])
    rows = []
    for one in listed:
        droplet, gb = one.droplet, one.image.get("size_gigabytes")
        price = account.price_of(droplet.size) if droplet is not None else None
        if price is not None and droplet is not None and droplet.backups:
            price += prices.backups_usd(price, droplet.backups)
        snapshot_usd = None if gb is None else float(gb) * prices.SNAPSHOT_GB.usd
        note = (
            "its settings cannot be read"
            if droplet is None
            else "the droplet still exists"
            if droplet.id in alive
            else None
        )
        rows.append(
            {
                "name": one.name or None,
                "frozen_at": created_at(one.image),
                "size": droplet and droplet.size,
                "region": droplet and droplet.region,
                "snapshot_gb": gb,
                "snapshot_usd_month": snapshot_usd,
                "droplet_usd_month": price,
                "saved_usd_month": None if price is None or snapshot_usd is None else price - snapshot_usd,
                "tags": [*droplet.tags] if droplet is not None else [],
                "note": note,
                "snapshot": one.image.get("name"),
                "snapshot_id": one.image["id"],
            }
        )
    names = ("name", "frozen_at", "size", "region", "snapshot_gb", "snapshot_usd_month", "droplet_usd_month")
    columns = (*names, "saved_usd_month", "tags", "note", "snapshot", "snapshot_id")
    found = build_derived("frozen", {name: [row[name] for row in rows] for name in columns})
    return table_of_frame(found, nothing="No droplets are frozen. Freeze one with %do droplets freeze NAME")


def frozen_reads(_command: Command, client: Client, _: DoSession) -> list[Request]:
    """Return the requests of `list_frozen`, for ``--dry-run``."""
    return [client.request("images_list", tag_name="frozen")]


FREEZE = Planned(_freeze_steps, _frozen, same=is_same_freeze)
THAW = Planned(_thaw_steps, _thawed)
LEASE = Planned(_lease_steps, _leased)
