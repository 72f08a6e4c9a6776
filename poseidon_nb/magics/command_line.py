"""From a line to its result: parse, plan or carry out, show. `do` is the magic as a function."""

from __future__ import annotations

import builtins
import json
import math
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from poseidon_nb.errors import CommandError, InvalidArgument, PoseidonError
from poseidon_nb.magics.answer import Live, Plain, check_columns, selected
from poseidon_nb.magics.front import current_front
from poseidon_nb.magics.job import Job, Settings
from poseidon_nb.magics.kernel import THE_KERNEL
from poseidon_nb.magics.language.grammar import commands_in, parse
from poseidon_nb.magics.language.vocabulary import entry
from poseidon_nb.text import join_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.client.client import Client
    from poseidon_nb.magics.answer import Answer
    from poseidon_nb.magics.front import Front
    from poseidon_nb.magics.kernel import Kernel
    from poseidon_nb.magics.language.command import Command
    from poseidon_nb.plans.plan import Plan

__all__ = ["Settings", "current_client", "do", "plan", "run"]

#: Names that IPython puts among the user's.
_TAKEN = frozenset({"In", "Out", "display", "exit", "get_ipython", "open", "quit"})


def do(line: str, *, body: str | None = None, **variables: object) -> Any:
    """Run a ``%do`` command from Python: in loops, scripts, and front ends without magics.

    Parameters
    ----------
    line : str
        What stands behind ``%do``: ``"droplets get {name}"``.
    body : str, optional
        What the body of a ``%%do`` cell would be.
    **variables : object
        What ``{name}`` stands for in the line.

    Returns
    -------
    pandas.DataFrame or None
        What ``%do`` gives: a DataFrame; None and a printed line where there is nothing to show; with ``--raw`` JSON.

    Raises
    ------
    GrammarError
        The line is not a command. Nothing was sent.
    PoseidonError
        It failed.

    Examples
    --------
    >>> po.do("droplets get {name}", name="web-1")  # doctest: +SKIP
    """
    return run(line, body=body, variables=variables)


def plan(line: str, *, body: str | None = None, **variables: object) -> Plan:
    """Return what a ``%do`` command would change, and change nothing; the account is read.

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
    made: Plan = run(line, body=body, variables=variables, plan=True)
    return made


def current_client(context: str | None = None) -> Client:
    """Return the client that ``%do`` uses: of the sandbox, the login or the context that it acts upon now.

    Parameters
    ----------
    context : str, optional
        Another account, by its name.

    Raises
    ------
    NoToken
        No account is chosen, or no token is found.
    """
    return THE_KERNEL.client(context)


def run(
    line: str,
    *,
    body: str | None = None,
    variables: Mapping[str, object] | None = None,
    settings: Settings | None = None,
    kernel: Kernel = THE_KERNEL,
    front: Front | None = None,
    plan: bool = False,
) -> Any:
    """Run a line, or the lines of a bare ``%%do`` cell up to the first that fails."""
    front = front or current_front()
    settings = settings or Settings()
    known = variables or {}
    if not isinstance(line, str):
        raise InvalidArgument(f"a command is text, not a {type(line).__name__}")
    command = parse(line, known, body=body)
    command = _for_plan(command) if plan else command
    if command.group or command.body is None or command.help:
        _check_picture(command)
        return _carried_out(command, kernel, front, settings)
    # All lines are read before the first is run: a typing error further down leaves nothing half done.
    if command.out:
        raise InvalidArgument("--out names the result of one command: put it on that command's line")
    lines = commands_in(command.body)
    parsed = [_numbered(number, text, known, command) for number, text in enumerate(lines, 1)]
    result = None
    for number, each in enumerate(parsed, 1):
        if result is not None:
            front.show(result)
        try:
            result = _carried_out(each, kernel, front, settings)
        except PoseidonError as error:
            error.args = (f"command {number} of {len(parsed)}: {error.args[0]}", *error.args[1:])
            raise
        except KeyboardInterrupt as interrupt:
            interrupt.add_note(f"stopped in command {number} of {len(parsed)}; what follows was not run")
            raise
    return result


def _for_plan(command: Command) -> Command:
    """Return a command of `plan`, which returns what it would change."""
    if command.dry_run:
        raise InvalidArgument("po.plan returns the plan: leave out --dry-run")
    if command.help or not command.group:
        raise InvalidArgument("po.plan takes one command that changes something")
    return replace(command, plan=True, out=None)


def _numbered(number: int, text: str, variables: Mapping[str, object], head: Command) -> Command:
    try:
        command = _under(head, parse(text, variables))
        _check_picture(command)
    except CommandError as error:
        error.args = (f"command {number}, nothing was run: {error.args[0]}", *error.args[1:])
        raise
    return command


def _check_picture(command: Command) -> None:
    """Refuse what a picture or a plan cannot have; it would be dropped without a word."""
    taken = "plot" if command.options.get("plot") else "plan" if command.plan else ""
    if command.help or not taken:
        return
    tables = {"--raw": command.raw, "--columns": command.columns, "--output json": command.output == "json"}
    given = [name for name, there in tables.items() if there]
    if given:
        what = "picture" if taken == "plot" else "Plan"
        raise InvalidArgument(
            f"--{taken} gives a {what}, and {join_words(given)} only a table has: leave one of them out"
        )


def _under(head: Command, command: Command) -> Command:
    """Return a command of a cell with what the cell's first line says for all of them."""
    return replace(
        command,
        columns=command.columns or head.columns,
        raw=command.raw or head.raw,
        dry_run=command.dry_run or head.dry_run,
        plan=command.plan or head.plan,
        yes=command.yes or head.yes,
        no_wait=command.no_wait or head.no_wait,
        keep_going=command.keep_going or head.keep_going,
        timeout_s=head.timeout_s if command.timeout_s is None else command.timeout_s,
        context=command.context or head.context,
        output=command.output if head.output == "table" else head.output,
        header=command.header and head.header,
        check=command.check and head.check,
    )


def _carried_out(command: Command, kernel: Kernel, front: Front, settings: Settings) -> Any:
    if command.help:
        from poseidon_nb.magics.language.help import help_text  # noqa: PLC0415  # only who asks for help pays for it

        front.say(help_text(command.group, command.verb))
        return None
    if command.out and settings.assign is None:
        raise InvalidArgument(f"--out works in a notebook; here write {command.out} = po.do(...)")
    if command.out and (hasattr(builtins, command.out) or command.out in _TAKEN or command.out.startswith("__")):
        raise InvalidArgument(f"--out {command.out} would hide what Python or IPython calls so; take another name")
    if command.columns:
        check_columns(entry(command.group, command.verb), command.columns)
    from poseidon_nb.magics.handlers import act_of, handler_of  # noqa: PLC0415  # the client and requests come at first use

    act = act_of(command)
    if act is None and command.plan:
        raise InvalidArgument(f"--plan: {_called(command)} changes nothing, so it has no plan")
    if act is None and command.dry_run:
        return _show_reads(command, kernel, front)
    with front.progress(kernel.clock) as view, closing(Job(command, kernel, front, view, settings)) as job:
        if act is None:
            answer = handler_of(command)(job)
        else:
            from poseidon_nb.magics import acting  # noqa: PLC0415  # as above

            if command.dry_run:
                return acting.show_requests(job, act)
            answer = Live(acting.plan_of(job, act)) if command.plan else acting.carry_out(job, act)
        result = _result(command, answer) if answer is not None else None
    return _shown(command, result, front, settings)


def _called(command: Command) -> str:
    return " ".join(dict.fromkeys((command.group, command.verb)))


def _show_reads(command: Command, kernel: Kernel, front: Front) -> None:
    from poseidon_nb.magics.reads import requests_of  # noqa: PLC0415  # as above
    from poseidon_nb.plans.texts import request_text  # noqa: PLC0415  # as above

    requests = requests_of(command, kernel.unsent(), kernel)
    front.say("\n\n".join(map(request_text, requests)) or "This sends nothing: it happens in this kernel.")
    words = [word for value in command.arguments.values() for word in (value if isinstance(value, tuple) else (value,))]
    seen = [word for word in words if isinstance(word, str) and kernel.id_of(command.group, word) is not None]
    if requests and seen:
        front.say(f"(ids as last seen: {join_words(seen)})")


def _result(command: Command, answer: Answer | Plain | Live) -> Any:
    if isinstance(answer, (Plain, Live)):
        return answer.value
    if command.raw or command.output == "json":
        return answer.json(command.columns)
    from poseidon_nb.frames.display import WIDTH, truncated  # noqa: PLC0415  # pandas comes at first use

    # Who names columns sees all of them.
    return truncated(selected(answer.frame(), command.columns), width=math.inf if command.columns else WIDTH)


def _kind(result: object) -> str:
    """Return what a result is that is not a table."""
    if hasattr(result, "widget"):
        return "a panel"
    if hasattr(result, "chains"):
        return "a plan"
    return "a picture" if hasattr(result, "to_plotly_json") else "JSON"


def _shown(command: Command, result: Any, front: Front, settings: Settings) -> Any:
    if result is None:
        return None
    if command.out and settings.assign is not None:
        settings.assign(command.out, result)
        count = f"{len(result):,} rows" if hasattr(result, "columns") else _kind(result)
        front.say(f"{command.out}: {count}")
        return None
    if command.output == "json" and not command.raw and _kind(result) == "JSON":
        front.say(json.dumps(result, indent=2, ensure_ascii=False))
        return None
    if not command.header and hasattr(result, "to_string"):
        front.say(result.to_string(header=False, index=False))
        return None
    return result
