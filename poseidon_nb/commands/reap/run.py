"""What `%do reap` does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from poseidon_nb.commands.context import CommandContext
from poseidon_nb.commands.droplets.lifetime import freeze_rows, frozen_table
from poseidon_nb.commands.planned import Choice, Planned
from poseidon_nb.commands.reap.spec import EVERY_S
from poseidon_nb.commands.reap.watch import LeaseWatch
from poseidon_nb.errors import ConfirmationRequired, Forbidden, InvalidArgument, ReadOnly
from poseidon_nb.plans.account import AccountReader
from poseidon_nb.plans.leases import check_tags_are_readable, lease_of, over, reap_chains, unused_tag_chains
from poseidon_nb.plans.plan import Plan
from poseidon_nb.text import escape_unprintable, format_duration, join_words, pluralize, truncated_list

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from poseidon_nb.client.engine.steps import Chain, Outcome
    from poseidon_nb.commands.planned import Read
    from poseidon_nb.commands.results import TableResult
    from poseidon_nb.language.command import Command

#: Names listed when a watch starts.
_MAX_NAMES = 20
_NOTHING = "No lease is over."


def _steps(context: CommandContext, account: AccountReader) -> Sequence[Chain]:
    if account.offline:
        raise InvalidArgument("Reap needs an account: leases are in the tags of its droplets.")
    rows = [droplet.to_dict() for droplet in account.client.droplets.list()]
    check_tags_are_readable(rows)
    now = account.client.now()
    due = over(rows, now)
    unreadable = [str(row["name"]) for row in rows if (lease := lease_of(row)) is not None and lease.ends_at is None]
    if unreadable:
        account.notes.append(f"The lease of {join_words(unreadable)} cannot be read, and is never over.")
    if not due:
        account.notes.append(_NOTHING)
    chains = freeze_rows(context, account, due, only_with_lease=True) if context.option("freeze") else reap_chains(due)
    try:
        tags = [tag.to_dict() for tag in account.client.tags.list()]
    except Forbidden:
        tags = []
    return [*chains, *unused_tag_chains(tags, now)]


def _reaped(context: CommandContext, plan: Plan, outcomes: list[Outcome]) -> TableResult:
    return frozen_table(context, plan, outcomes)


def _watch(context: CommandContext) -> None:
    """Start a thread that reaps while the kernel lives, and say what it may destroy."""
    if not context.command.yes:
        raise ConfirmationRequired("--watch destroys droplets without asking again. Add --yes to start it.")
    if context.session.lease_watch is not None and context.session.lease_watch.running:
        raise InvalidArgument("A watch is running already. End it with %do reap --stop")
    client, command = context.client, context.command
    if client.read_only:
        raise ReadOnly("The client is read-only, so nothing can be destroyed.")
    every_s = float(context.option("every") or EVERY_S)
    rows = [droplet.to_dict() for droplet in client.droplets.list()]
    check_tags_are_readable(rows)
    leased = sorted(
        (lease.ends_at, str(row["name"]), row["id"])
        for row in rows
        if (lease := lease_of(row)) is not None and lease.ends_at is not None
    )
    listed = [f"{name} ({id_}) after {end:%Y-%m-%d %H:%M:%S} UTC" for end, name, id_ in leased]
    verb = "freeze" if context.option("freeze") else "destroy"
    names = truncated_list(map(escape_unprintable, listed), max_words=_MAX_NAMES) if listed else "none now"
    context.ui.say(
        f"{client.label()}: every {format_duration(every_s)}, this kernel will {verb} droplets whose lease is over: {names}; "
        "and droplets that get a lease later. It never touches others. End it with %do reap --stop"
    )
    build = _plan_builder(
        context, replace(command, options={k: v for k, v in command.options.items() if k == "freeze"})
    )
    watch = LeaseWatch(build, every_s, client.clock)
    context.session.lease_watch = watch
    watch.start()


def _plan_builder(context: CommandContext, command: Command) -> Callable[[], Plan]:
    """Return a function that builds the plan of a reap, without the command's progress, which ends with its cell."""
    client, session, ui, progress = context.client, context.session, context.ui, context.progress

    def build() -> Plan:
        account = AccountReader(client)
        inner = CommandContext(command, session, ui, progress)
        chains = tuple(_steps(inner, account))
        notes, files = tuple(account.notes), tuple(account.files)
        return Plan(command.line, account.label, chains, notes, client, client.identity(), files)

    return build


def _stop(context: CommandContext) -> None:
    watch = context.session.lease_watch
    if watch is None:
        context.ui.say("No watch is running.")
        return
    watch.stop()
    context.session.lease_watch = None
    done = [name for name, status in watch.done if status == "completed"]
    what = (
        f"It has ended {pluralize(len(done), 'droplet')}: {truncated_list(done, max_words=_MAX_NAMES)}."
        if done
        else "It has ended no droplets."
    )
    error = f" Its last error: {watch.last_error}" if watch.last_error else ""
    context.ui.say(f"The watch was stopped. {what}{error}")


_REAP = Planned(_steps, _reaped)


def _choose(command: Command) -> Read | Planned:
    options = command.options
    if options.get("stop"):
        if any(options.get(name) for name in ("watch", "freeze", "every")):
            raise InvalidArgument("--stop ends a watch, so it cannot be combined with other options.")
        return _stop
    if options.get("every") and not options.get("watch"):
        raise InvalidArgument("--every says how often --watch looks. Add --watch.")
    return _watch if options.get("watch") and not (command.dry_run or command.plan) else _REAP


REAP = Choice(_choose)
