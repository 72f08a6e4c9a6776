"""Run a parsed command: find what runs it, give it a context, and convert its result to what the cell returns."""

from __future__ import annotations

import builtins
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from poseidon_nb.commands.registry import load, registry
from poseidon_nb.errors import InvalidArgument, ShapeError
from poseidon_nb.masked_data import without_masked_repr
from poseidon_nb.masking import MASK, mask, masked_fields
from poseidon_nb.text import join_words, pluralize, printable_json

if TYPE_CHECKING:
    import pandas as pd

    from poseidon_nb.commands.context import CommandContext, Settings
    from poseidon_nb.commands.do_session import DoSession
    from poseidon_nb.commands.planned import Planned, Read
    from poseidon_nb.commands.results import TableResult
    from poseidon_nb.commands.ui import UserInterface
    from poseidon_nb.language.command import Command

#: What lists the requests of a command, unless its verb names something else.
_READS = "dry_run:operation_reads"
#: The dtypes of columns that may hold masked values.
_TEXT_DTYPES = frozenset({"object", "string", "str"})
#: Names that IPython adds to the user's namespace.
_IPYTHON_NAMES = frozenset({"In", "Out", "display", "exit", "get_ipython", "open", "quit"})


def check_output(command: Command) -> None:
    """Check that a chart or a plan is not combined with options for tables, nor a variable with a file.

    Raises
    ------
    InvalidArgument
        It is.
    """
    if command.save and command.out:
        raise InvalidArgument("--save writes the result to a file, so it cannot be combined with --out.")
    if command.dry_run and command.save:
        raise InvalidArgument("--dry-run prints requests, so it cannot be combined with --save.")
    result = "plot" if command.options.get("plot") else "plan" if command.plan else ""
    if command.help or not result:
        return
    for_tables = {
        "--raw": command.raw,
        "--columns": command.columns,
        "--output json": command.output == "json",
        "--save": command.save and result == "plan",
    }
    given = [name for name, is_given in for_tables.items() if is_given]
    if given:
        what = "chart" if result == "plot" else "Plan"
        raise InvalidArgument(f"--{result} returns a {what}, so it cannot be combined with {join_words(given)}.")


def with_global_options(command: Command, first: Command) -> Command:
    """Return a command of a cell with the global options of the cell's first line."""
    return replace(
        command,
        columns=command.columns or first.columns,
        raw=command.raw or first.raw,
        dry_run=command.dry_run or first.dry_run,
        plan=command.plan or first.plan,
        yes=command.yes or first.yes,
        no_wait=command.no_wait or first.no_wait,
        keep_going=command.keep_going or first.keep_going,
        strict=command.strict or first.strict,
        reveal=command.reveal or first.reveal,
        timeout_s=first.timeout_s if command.timeout_s is None else command.timeout_s,
        context=command.context or first.context,
        output=command.output if first.output == "table" else first.output,
        header=command.header and first.header,
        check=command.check and first.check,
    )


def find_runner(command: Command) -> Read | Planned:
    """Return what runs a command: a function that reads, or a `Planned`. It is imported if needed."""
    from poseidon_nb.commands.planned import Choice  # noqa: PLC0415  # loads requests

    # A single page is the API's own response, even if the verb has another way to list all.
    reference = "generic.run:read" if _is_one_page(command) else command.verb.run
    found: Read | Planned | Choice = load(reference)
    return found.choose(command) if isinstance(found, Choice) else found


def _is_one_page(command: Command) -> bool:
    return bool({"page", "per_page"} & command.options.keys())


def run_command(command: Command, session: DoSession, ui: UserInterface, settings: Settings) -> Any:
    """Run a command, and return what the cell returns: a DataFrame, JSON, a panel, a chart, a plan, or None."""
    if command.help:
        from poseidon_nb.commands.help import help_text  # noqa: PLC0415  # only help needs it

        ui.say(help_text(command.group, command.verb.name, width=ui.line_width))
        return None
    _check_out(command, settings)
    if command.save is not None:
        from poseidon_nb.commands.save import check_chart_path, check_path  # noqa: PLC0415  # loads the plans

        check_path(command.save)
        if any(option.field == "plot" for option in command.verb.options):
            check_chart_path(command.save, is_chart=bool(command.options.get("plot")))
    if command.columns:
        from poseidon_nb.commands.results import check_columns  # noqa: PLC0415  # loads the plans

        # Columns that an option adds are not in the table.
        more = (command.options["with_column"],) if "with_column" in command.options else ()
        check_columns((*registry().columns(command.verb), *more), command.columns)
    from poseidon_nb.commands.planned import Planned  # noqa: PLC0415  # loads requests

    runner = find_runner(command)
    if not isinstance(runner, Planned) and command.plan:
        raise InvalidArgument(f"{command.verb.title} changes nothing, so it has no plan.")
    if not isinstance(runner, Planned) and command.dry_run:
        return _show_reads(command, session, ui)
    try:
        return _present(command, _run(command, runner, session, ui, settings), ui, settings)
    except RecursionError:
        raise ShapeError("The response is nested too deeply.") from None


def _check_out(command: Command, settings: Settings) -> None:
    name = command.out
    if name and settings.assign is None:
        raise InvalidArgument(f"--out needs a notebook. Here, use {name} = po.do(...)")
    if name and (hasattr(builtins, name) or name in _IPYTHON_NAMES or name.startswith("__")):
        raise InvalidArgument(f"--out {name} would hide a name of Python or IPython. Use another name.")


def _run(command: Command, runner: Read | Planned, session: DoSession, ui: UserInterface, settings: Settings) -> Any:
    from poseidon_nb.client.reading import ReadOptions, use_read_options  # noqa: PLC0415  # loads requests
    from poseidon_nb.commands import planned, save  # noqa: PLC0415  # loads requests
    from poseidon_nb.commands.context import CommandContext  # noqa: PLC0415  # loads requests
    from poseidon_nb.commands.results import Live  # noqa: PLC0415  # loads the plans

    options = ReadOptions(
        strict=command.strict,
        keep_going=command.keep_going,
        # A file that was asked for by name holds the real values.
        reveal=command.reveal or command.save is not None,
        warn=lambda text: ui.say(f"Warning: {text}"),
        hint=" Use --keep-going to get it as it is.",
    )
    with (
        use_read_options(options),
        ui.progress(session.clock) as progress,
        closing(CommandContext(command, session, ui, progress, settings)) as context,
    ):
        if not isinstance(runner, planned.Planned):
            result = runner(context)
        elif command.dry_run:
            planned.show_requests(context, runner)
            return None
        elif command.plan:
            result = Live(planned.build_plan(context, runner))
        else:
            result = planned.execute(context, runner)
        if result is None:
            return None
        if command.save is not None:
            ui.say(save.save(result, command.save, command.columns))
            return None
        return _value(context, result)


def _show_reads(command: Command, session: DoSession, ui: UserInterface) -> None:
    from poseidon_nb.plans.summary import request_text  # noqa: PLC0415  # loads requests

    list_requests = load(_READS if _is_one_page(command) else command.verb.reads or _READS)
    requests = list_requests(command, session.offline_client(), session)
    shown = "\n\n".join(map(request_text, requests))
    ui.say(shown or "This sends no requests.")
    words = [word for value in command.arguments.values() for word in (value if isinstance(value, tuple) else (value,))]
    ids = {word: session.id_of(command.group, word) for word in words if isinstance(word, str)}
    seen = [word for word, id_ in ids.items() if id_ is not None and str(id_) in shown]
    if seen:
        ui.say(f"(The ids of {join_words(seen)} are from earlier commands.)")


def _value(context: CommandContext, result: TableResult | Any) -> Any:
    """Return what a result is to the cell: a DataFrame, JSON, or the object itself; masked unless ``--reveal``."""
    from poseidon_nb.commands.results import Live, Plain, Text, select  # noqa: PLC0415  # loads the plans

    command, ui = context.command, context.ui
    if isinstance(result, Live):
        return result.value
    if isinstance(result, Plain):
        masked = result.value if command.reveal else mask(result.value)
        _say_masked(ui, masked)
        return Text(masked) if isinstance(masked, str) else masked
    if command.raw or command.output == "json":
        found = result.json(command.columns)
        found = without_masked_repr(found) if command.reveal else mask(found)
        _say_masked(ui, found)
        return found
    from poseidon_nb.commands.view import command_view  # noqa: PLC0415  # loads pandas
    from poseidon_nb.frames.display import displayed  # noqa: PLC0415  # loads pandas

    frame = select(result.frame(), command.columns)
    if not command.reveal:
        columns = {str(name): frame[name].tolist() for name in frame.columns if str(frame[name].dtype) in _TEXT_DTYPES}
        # Thousands of cells are quicker to search as one text.
        _say_masked(ui, {name: values for name, values in columns.items() if MASK in repr(values)})
    _remember_shown(context, frame)
    return displayed(frame, command_view(command, frame, single=result.single, nothing=result.nothing))


def _remember_shown(context: CommandContext, frame: pd.DataFrame) -> None:
    """Remember what a table of resources shows, so that edits of it can be recognized."""
    from poseidon_nb.plans.frames.recognition import KINDS  # noqa: PLC0415  # loads the plans
    from poseidon_nb.plans.frames.shown import account_of  # noqa: PLC0415  # likewise

    kind = KINDS.get(context.verb.table)
    if kind is not None:
        domain = context.argument("domain_name")
        context.session.shown.remember(
            account_of(context.client),
            kind.name,
            frame,
            id_column=kind.identity.id,
            # The records of a domain do not show it.
            fixed={} if domain is None else {"domain": str(domain).removesuffix(".").casefold()},
        )


def _say_masked(ui: UserInterface, value: Any) -> None:
    if fields := masked_fields(value):
        verb, them = ("is", "it") if len(fields) == 1 else ("are", "them")
        ui.say(f"{pluralize(len(fields), 'secret field')} {verb} masked; use --reveal to show {them}")


def _present(command: Command, value: Any, ui: UserInterface, settings: Settings) -> Any:
    """Assign or print the value if the command says so; else return it."""
    if value is None:
        return None
    if command.out and settings.assign is not None:
        settings.assign(command.out, value)
        ui.say(f"{command.out}: {pluralize(len(value), 'row') if hasattr(value, 'columns') else _what(value)}")
        return None
    if command.output == "json" and not command.raw and isinstance(value, dict | list | str):
        ui.say(printable_json(value))
        return None
    if not command.header and hasattr(value, "to_string"):
        from poseidon_nb.frames.text_table import text_rows  # noqa: PLC0415  # loads pandas

        ui.say(text_rows(value))
        return None
    return value


def _what(value: object) -> str:
    """Return what a value other than a table is."""
    if hasattr(value, "widget"):
        return "a panel"
    if hasattr(value, "chains"):
        return "a plan"
    if isinstance(value, str | bytes):
        return "text" if isinstance(value, str) else f"{len(value):,} bytes"
    return "a chart" if hasattr(value, "to_plotly_json") else "JSON"
