"""`po.do`, `po.plan` and `po.current_client`: the commands as functions. The magics call `run_line`."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from poseidon_nb.commands.context import Settings
from poseidon_nb.commands.do_session import DoSession
from poseidon_nb.commands.registry import parse
from poseidon_nb.commands.runner import check_output, run_command, with_global_options
from poseidon_nb.errors import CommandError, InvalidArgument, PoseidonError
from poseidon_nb.language.grammar import split_commands
from poseidon_nb.magics.ui import current_ui

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from poseidon_nb.client.client import Client
    from poseidon_nb.commands.ui import UserInterface
    from poseidon_nb.language.command import Command
    from poseidon_nb.plans.plan import Plan


@cache
def default_session() -> DoSession:
    """Return the session of this process, which the magics and these functions share."""
    return DoSession()


def do(line: str, *, body: str | None = None, reveal: bool = False, **variables: object) -> Any:
    """Run a ``%do`` command from Python: in loops, scripts, and front ends without magics.

    Parameters
    ----------
    line : str
        The text after ``%do``: ``"droplets get {name}"``.
    body : str, optional
        The body of a ``%%do`` cell.
    reveal : bool
        As ``--reveal`` in the line: show passwords, tokens, private keys and connection strings.
    **variables : object
        The variables that ``{name}`` in the line can refer to.

    Returns
    -------
    pandas.DataFrame or None
        The result of ``%do``: a DataFrame; None and a printed line if there is nothing to return; JSON with ``--raw``.

    Raises
    ------
    GrammarError
        The line is not a valid command. Nothing was sent.
    PoseidonError
        The command failed.

    Examples
    --------
    >>> po.do("droplets get {name}", name="web-1")  # doctest: +SKIP
    """
    return run_line(line, body=body, variables=variables, adjust=lambda one: replace(one, reveal=one.reveal or reveal))


def plan(line: str, *, body: str | None = None, **variables: object) -> Plan:
    """Return the plan of a ``%do`` command. The account is read, and nothing is changed.

    Parameters
    ----------
    line, body, **variables
        As for `do`.

    Raises
    ------
    InvalidArgument
        The command changes nothing.

    Examples
    --------
    >>> po.plan("droplets resize --tag web --size s-2vcpu-4gb --restart").apply()  # doctest: +SKIP
    """
    built: Plan = run_line(line, body=body, variables=variables, adjust=_for_plan)
    return built


def plan_frame(  # the options of %do apply, all by keyword
    *frames: pd.DataFrame | str,
    tag: str | None = None,
    delete: bool = False,
    restart: bool = False,
    as_written: bool = False,
    max_changes: float | str | None = None,
) -> Plan:
    """Return the plan that makes the account like edited DataFrames or files, as ``%do apply {frame} --plan`` does.

    Parameters
    ----------
    *frames : pandas.DataFrame or str
        Frames of droplets, records, firewalls, volumes, reserved IPs or tags, or the names of files.
    tag : str, optional
        The frame is about the resources with this tag.
    delete : bool
        Delete what has the tag and is missing in the frame.
    restart : bool
        Restart running droplets whose size changes.
    as_written : bool
        Also apply cells that the account has changed since they were listed.
    max_changes : float or str, optional
        The percentage of the scope that may change; ``30`` by default.

    Raises
    ------
    InvalidArgument
        A row cannot be applied. Nothing was changed.

    Examples
    --------
    >>> po.plan_frame(fleet, tag="web", restart=True).apply()  # doctest: +SKIP
    """
    if not frames:
        raise InvalidArgument("po.plan_frame needs a DataFrame, or the name of a file.")
    variables: dict[str, object] = {f"frame_{number}": frame for number, frame in enumerate(frames)}
    if tag is not None:
        variables["tag"] = tag
    words = [f"{{{name}}}" for name in variables if name != "tag"]
    words += ["--tag={tag}"] if tag is not None else []
    flags = {"--delete": delete, "--restart": restart, "--as-written": as_written}
    words += [flag for flag, is_given in flags.items() if is_given]
    if max_changes is not None:
        variables["max_changes"] = str(max_changes)
        words.append("--max-changes={max_changes}")
    built: Plan = run_line(f"apply {' '.join(words)}", variables=variables, adjust=_for_plan)
    return built


def current_client(context: str | None = None) -> Client:
    """Return the client that ``%do`` uses: of the sandbox, the login or the context that is its account.

    Parameters
    ----------
    context : str, optional
        Name of another account.

    Raises
    ------
    NoToken
        There is no account, or no token is found.
    """
    return default_session().client(context)


def run_line(
    line: str,
    *,
    body: str | None = None,
    variables: Mapping[str, object] | None = None,
    settings: Settings | None = None,
    session: DoSession | None = None,
    ui: UserInterface | None = None,
    adjust: Callable[[Command], Command] = lambda command: command,
) -> Any:
    """Run a line, or the lines of a bare ``%%do`` cell up to the first one that fails.

    What `adjust` returns for the parsed line is run in its place.
    """
    session, ui = session or default_session(), ui or current_ui()
    settings = settings or Settings()
    known = variables or {}
    if not isinstance(line, str):
        raise InvalidArgument(f"A command must be text, not a {type(line).__name__}.")
    command = adjust(parse(line, known, body=body))
    if command.group or command.body is None or command.help:
        check_output(command)
        return run_command(command, session, ui, settings)
    return _run_cell(command, known, session, ui, settings)


def _run_cell(
    first: Command, variables: Mapping[str, object], session: DoSession, ui: UserInterface, settings: Settings
) -> Any:
    if first.out:
        raise InvalidArgument("--out names the result of one command. Put it on the line of that command.")
    if first.save:
        raise InvalidArgument("--save writes the result of one command. Put it on the line of that command.")
    # All lines are parsed before the first one runs, so that a typing error leaves nothing half done.
    lines = split_commands(first.body or "")
    commands = [_parse_cell_line(number, text, variables, first) for number, text in enumerate(lines, 1)]
    result = None
    for number, command in enumerate(commands, 1):
        if result is not None:
            ui.show(result)
        try:
            result = run_command(command, session, ui, settings)
        except PoseidonError as error:
            error.args = (f"Command {number} of {len(commands)}: {error.args[0]}", *error.args[1:])
            raise
        except KeyboardInterrupt as interrupt:
            interrupt.add_note(f"stopped in command {number} of {len(commands)}; the remaining commands were not run")
            raise
    return result


def _for_plan(command: Command) -> Command:
    if command.dry_run:
        raise InvalidArgument("po.plan returns the plan. Leave out --dry-run.")
    if command.help or not command.group:
        raise InvalidArgument("po.plan takes one command that changes something.")
    return replace(command, plan=True, out=None)


def _parse_cell_line(number: int, text: str, variables: Mapping[str, object], first: Command) -> Command:
    try:
        command = with_global_options(parse(text, variables), first)
        check_output(command)
    except CommandError as error:
        error.args = (f"Command {number} (nothing was run): {error.args[0]}", *error.args[1:])
        raise
    return command
