"""`%do actions`: wait for actions, show a timeline, and show how long they take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.commands.actions.spec import LAST
from poseidon_nb.commands.actions.summary import (
    summarize_durations,
    summarize_inconsistent,
    summarize_inconsistent_spans,
    summarize_timeline,
)
from poseidon_nb.commands.dry_run import droplet_lists, operation_reads
from poseidon_nb.commands.reading import fetch_concurrently
from poseidon_nb.commands.results import Live, TableResult, described_chart, described_table, table_of_rows
from poseidon_nb.errors import NotFound
from poseidon_nb.language.time_arguments import subtract_duration
from poseidon_nb.text import truncated_list

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    import pandas as pd

    from poseidon_nb.client.client import Client
    from poseidon_nb.commands.context import CommandContext
    from poseidon_nb.commands.do_session import DoSession
    from poseidon_nb.language.command import Command
    from poseidon_nb.transport.request import Request


def wait_actions(context: CommandContext) -> TableResult:
    """Wait until actions have ended."""
    waiting = {name: value for name, value in context.waiting.items() if name != "wait"}
    ended = context.client.actions.wait(list(context.argument("actions")), **waiting)
    return table_of_rows("actions", [action.to_dict() for action in ended])


def list_actions(context: CommandContext) -> TableResult:
    """List actions with the names of their droplets, which one more list finds."""
    filters = {name: value for name, value in context.command.options.items() if value is not None}
    actions, droplets = context.client.actions, context.client.droplets

    def frame() -> pd.DataFrame:
        if filters.get("resource_type", "droplet") != "droplet":
            found, names = actions.frame(**filters), {}
        else:
            read = fetch_concurrently(context, found=lambda: actions.frame(**filters), droplets=droplets.frame)
            found, names = read["found"], _names(context, read["droplets"])
        context.session.remember("actions", found["id"].dropna())
        # A droplet that was deleted has no name, but its id still finds its actions.
        ids = found["resource_id"].astype("string")
        named = found["resource_id"].map(names).astype("string").fillna(ids)
        return found.assign(name=named.where(found["resource_type"] == "droplet"))

    return TableResult(lambda: [one.to_dict() for one in actions.list(**filters)], frame)


def list_reads(command: Command, client: Client, session: DoSession) -> list[Request]:
    """Return the requests of `list_actions`, for ``--dry-run``."""
    named = command.options.get("resource_type", "droplet") == "droplet" and not command.raw
    return [*operation_reads(command, client, session), *(droplet_lists(client, {}) if named else [])]


def _names(context: CommandContext, droplets: pd.DataFrame) -> dict[int, str]:
    names = dict(zip(droplets["id"].tolist(), droplets["name"].tolist(), strict=True))
    context.session.remember_names("droplets", [(name, key) for key, name in names.items()])
    return names


def show_timeline(context: CommandContext) -> TableResult | Live:
    """Return when each action ran. Reading stops at the first page that is older than the window."""
    since = _since(context)
    chosen, gone = None, dict[int, NotFound]()
    if context.argument("droplets") or context.option("tag_name"):
        # A deleted droplet is only known by its actions.
        names = {int(one.id): one.name for one in context.droplets(gone=gone)}
        chosen = {*names, *gone}
    from poseidon_nb.analysis import timeline  # noqa: PLC0415  # loads pandas

    if chosen is None:
        read = fetch_concurrently(
            context, actions=lambda: context.client.actions.frame(since=since), droplets=context.client.droplets.frame
        )
        actions, names = read["actions"], _names(context, read["droplets"])
    else:
        actions = context.client.actions.frame(since=since)
        actions = actions[actions["resource_id"].isin(chosen)]
    found = timeline.spans(actions, names, now=context.client.now())
    _check_gone(context, gone, {*found["droplet_id"].dropna()})
    whose = "any droplet" if chosen is None else truncated_list([*names.values(), *map(str, gone)])
    is_plot = bool(context.option("plot"))
    # The chart has the numbers in its own words.
    said = (
        summarize_inconsistent_spans(found)
        if is_plot and len(found)
        else summarize_timeline(found, whose, _last(context))
    )
    if is_plot:
        from poseidon_nb import plots  # noqa: PLC0415  # loads plotly

        return described_chart(context, plots.timeline(found), said)
    return described_table(context, found, said)


def show_durations(context: CommandContext) -> TableResult | Live:
    """Return how long actions take, by type."""
    since = _since(context)
    from poseidon_nb.analysis import timeline  # noqa: PLC0415  # loads pandas

    actions = context.client.actions.frame(since=since)
    found = timeline.durations(actions)
    is_plot = bool(context.option("plot"))
    # The chart has the numbers in its own words.
    said = (
        summarize_inconsistent(actions)
        if is_plot and len(found)
        else summarize_durations(actions, found, _last(context))
    )
    if is_plot:
        from poseidon_nb import plots  # noqa: PLC0415  # loads plotly

        return described_chart(context, plots.durations(found), said)
    return described_table(context, found, said)


def _check_gone(context: CommandContext, gone: Mapping[int, NotFound], seen: Collection[int]) -> None:
    """Raise if an id belongs to no droplet and no action."""
    for key, error in gone.items():
        if key not in seen:
            more = f". It has no actions in the last {_last(context)} either. Use --last to look further back."
            error.args = (f"{error.args[0]}{more}", *error.args[1:])
            raise error


def _last(context: CommandContext) -> str:
    return context.option("last") or LAST


def _since(context: CommandContext) -> datetime:
    return subtract_duration(_last(context), context.client.now())
