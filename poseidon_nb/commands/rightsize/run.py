"""`%do rightsize`: read what each droplet used, and find the cheapest size that fits."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.metrics import METRIC_QUERIES
from poseidon_nb.commands.dry_run import EACH_ID, droplet_ids, droplet_lists
from poseidon_nb.commands.metrics.summary import summarize_coverage
from poseidon_nb.commands.reading import check_complete, fetch_concurrently, warn_long_read
from poseidon_nb.commands.results import Live, TableResult, table_of_frame, table_of_rows
from poseidon_nb.commands.rightsize.spec import LAST
from poseidon_nb.commands.rightsize.summary import summarize_advice, summarize_rest
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.language.time_arguments import subtract_duration

if TYPE_CHECKING:
    from poseidon_nb.analysis.rightsizing import Rule
    from poseidon_nb.client.client import Client
    from poseidon_nb.commands.context import CommandContext
    from poseidon_nb.commands.do_session import DoSession
    from poseidon_nb.language.command import Command
    from poseidon_nb.transport.request import Request


def rightsize(context: CommandContext) -> TableResult | Live:
    """Return the size that each droplet should have. It takes up to six requests for each droplet."""
    from poseidon_nb.analysis import metrics, rightsizing  # noqa: PLC0415  # loads pandas

    given = {
        one.name: context.option(one.name) for one in fields(rightsizing.Rule) if context.option(one.name) is not None
    }
    rule, last = _rule(context, given), context.option("last") or LAST
    # An invalid duration is refused before anything is read.
    subtract_duration(last, context.client.now())
    named = context.argument("droplets") or context.option("tag_name")
    read = fetch_concurrently(
        context, droplets=context.droplets if named else context.client.droplets.list, sizes=context.client.sizes.frame
    )
    droplets = read["droplets"]
    context.session.remember_names("droplets", [(one.name, one.id) for one in droplets], complete=not named)
    frame = table_of_rows("droplets", [one.to_dict() for one in droplets]).frame()
    judged = [one for one, wanted in zip(droplets, rightsizing.needs_metrics(frame), strict=True) if wanted]
    warn_long_read(context, len(judged) * len(METRIC_QUERIES["use"]))
    end = context.client.now()
    start = subtract_duration(last, end)
    readings = context.client.metrics.read("use", judged, start=start, end=end)
    use = metrics.use(readings.frame, frame, failed=readings.failed)
    found = rightsizing.advice(frame, read["sizes"], use, rule=rule)
    off = {one.id for one in droplets if one.status == "off"}
    # The chart says what can be saved in its own words.
    summarize = summarize_rest if context.option("plot") else summarize_advice
    said = " ".join(filter(None, (summarize(found, off), summarize_coverage(readings.frame, start, end))))
    if said and (len(found) or context.option("plot")):
        context.ui.say(said)
    check_complete(context, readings, found)
    if context.option("plot"):
        from poseidon_nb import plots  # noqa: PLC0415  # loads plotly

        return Live(plots.savings(found))
    return table_of_frame(found, nothing=said)


def list_reads(command: Command, client: Client, session: DoSession) -> list[Request]:
    """Return the requests of a command, for ``--dry-run``."""
    tag, end = command.options.get("tag_name"), client.now()
    ids = droplet_ids(command, session) or [EACH_ID]
    start = subtract_duration(command.options.get("last") or LAST, end)
    metrics = client.metrics.requests("use", ids, start=start, end=end)
    return [*droplet_lists(client, {"tag_name": tag}), client.request("sizes_list"), *metrics]


def _rule(context: CommandContext, given: dict[str, Any]) -> Rule:
    """Build the rule; an error names the option that is out of bounds."""
    from poseidon_nb.analysis import rightsizing  # noqa: PLC0415  # loads pandas

    try:
        return rightsizing.Rule(**given)
    except InvalidArgument as error:
        # The rule names its field, and the option can have another name.
        name, _, rest = str(error).partition(" ")
        option = next((one for one in context.verb.options if one.field == name), None)
        raise InvalidArgument(f"{option.flag} {rest}" if option is not None else str(error)) from None
