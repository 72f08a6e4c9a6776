"""`%do idle`: read the account's lists, metrics and states, and find what nothing uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.client.metrics import METRIC_QUERIES
from poseidon_nb.commands import dry_run
from poseidon_nb.commands.idle.account_frames import LISTS, AccountFrames
from poseidon_nb.commands.idle.spec import LAST, OLDER_THAN
from poseidon_nb.commands.idle.summary import summarize_idle
from poseidon_nb.commands.reading import warn_long_read
from poseidon_nb.commands.results import TableResult, described_table
from poseidon_nb.language.time_arguments import subtract_duration

if TYPE_CHECKING:
    from poseidon_nb.client.client import Client
    from poseidon_nb.commands.context import CommandContext
    from poseidon_nb.commands.do_session import DoSession
    from poseidon_nb.language.command import Command
    from poseidon_nb.transport.request import Request

_DAY_S = 86_400.0


def idle(context: CommandContext) -> TableResult:
    """List what the account pays for and nothing uses."""
    from poseidon_nb.analysis import idle as analysis  # noqa: PLC0415  # loads pandas
    from poseidon_nb.analysis import rightsizing  # noqa: PLC0415  # loads pandas

    # Invalid durations are refused before anything is read.
    last, older_than = context.option("last") or LAST, context.option("older_than") or OLDER_THAN
    now = context.client.now()
    subtract_duration(last, now)
    old_days = (now - subtract_duration(older_than, now)).total_seconds() / _DAY_S
    account = AccountFrames()
    account.read(context, LISTS)
    account.read_actions(context)
    account.read_states(context)
    account.read_repositories(context)
    now = context.client.now()
    if account.droplets and "sizes" in account.frames and context.option("metrics") is not False:
        wanted = rightsizing.needs_metrics(account.frames["droplets"])
        judged = [one for one, is_wanted in zip(account.droplets, wanted, strict=True) if is_wanted]
        warn_long_read(context, len(judged) * len(METRIC_QUERIES["use"]), hint="Use --no-metrics to make it faster.")
        account.read_use(context, judged, subtract_duration(last, now), now)
    found = analysis.find(**account.frames, now=now, rule=analysis.Rule(old_days=old_days))
    for what, why in account.unread.items():
        context.ui.say(f"Could not read {what}: {why}")
    return described_table(context, found, summarize_idle(found))


def list_reads(command: Command, client: Client, session: DoSession) -> list[Request]:
    """Return the requests of a command, for ``--dry-run``."""
    end = client.now()
    start = subtract_duration(command.options.get("last") or LAST, end)
    subtract_duration(command.options.get("older_than") or OLDER_THAN, end)
    reads = dry_run.list_reads(command, client, session)
    reads += [
        client.request("dropletActions_list", path={"droplet_id": dry_run.EACH_ID}),
        client.request("uptime_get_checkState", path={"check_id": dry_run.EACH_ID}),
        client.request("registries_list_repositoriesV2", path={"registry_name": dry_run.EACH_ID}),
    ]
    if command.options.get("metrics") is False:
        return reads
    return [*reads, *client.metrics.requests("use", [dry_run.EACH_ID], start=start, end=end)]
