"""From a line to its result: parse, plan or carry out, show. `do` is the magic as a function."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from poseidon_nb.clock import SYSTEM_CLOCK
from poseidon_nb.errors import CommandError, InvalidArgument, PoseidonError
from poseidon_nb.magics.answer import selected
from poseidon_nb.magics.front import current_front
from poseidon_nb.magics.grammar import commands_in, parse
from poseidon_nb.magics.job import Job, Settings
from poseidon_nb.magics.kernel import THE_KERNEL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.magics.answer import Answer
    from poseidon_nb.magics.command import Command
    from poseidon_nb.magics.front import Front
    from poseidon_nb.magics.kernel import Kernel

__all__ = ["Settings", "do", "run"]


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


def run(
    line: str,
    *,
    body: str | None = None,
    variables: Mapping[str, object] | None = None,
    settings: Settings | None = None,
    kernel: Kernel = THE_KERNEL,
    front: Front | None = None,
) -> Any:
    """Run a line, or the lines of a bare ``%%do`` cell up to the first that fails."""
    front = front or current_front()
    settings = settings or Settings()
    known = variables or {}
    command = parse(line, known, body=body)
    if command.group or command.body is None or command.help:
        return _carried_out(command, kernel, front, settings)
    # All lines are read before the first is run: a typing error further down leaves nothing half done.
    lines = commands_in(command.body)
    parsed = [_numbered(number, text, known) for number, text in enumerate(lines, 1)]
    result = None
    for number, each in enumerate(parsed, 1):
        if result is not None:
            front.show(result)
        try:
            result = _carried_out(each, kernel, front, settings)
        except PoseidonError as error:
            error.args = (f"command {number} of {len(parsed)}: {error.args[0]}", *error.args[1:])
            raise
    return result


def _numbered(number: int, text: str, variables: Mapping[str, object]) -> Command:
    try:
        return parse(text, variables)
    except CommandError as error:
        error.args = (f"command {number}, nothing was run: {error.args[0]}", *error.args[1:])
        raise


def _carried_out(command: Command, kernel: Kernel, front: Front, settings: Settings) -> Any:
    if command.help:
        from poseidon_nb.magics.help import help_for  # noqa: PLC0415  # only who asks for help pays for it

        front.say(help_for(command))
        return None
    if command.out and settings.assign is None:
        raise InvalidArgument(f"--out works in a notebook; here write {command.out} = po.do(...)")
    if command.dry_run:
        return _planned(command, kernel, front)
    from poseidon_nb.magics.handlers import HANDLERS  # noqa: PLC0415  # the client and requests come at first use

    with front.progress(SYSTEM_CLOCK) as view:
        job = Job(command, kernel, front, view, settings)
        try:
            answer = HANDLERS[command.group, command.verb](job)
            result = _result(command, answer) if answer is not None else None
        except KeyboardInterrupt as interrupt:
            for note in getattr(interrupt, "__notes__", ()):
                front.say(note)
            raise
    return _shown(command, result, front, settings)


def _planned(command: Command, kernel: Kernel, front: Front) -> None:
    from poseidon_nb.magics.plan import requests_of  # noqa: PLC0415  # as above

    requests = requests_of(command, kernel.unsent(), kernel)
    front.say("\n\n".join(str(request) for request in requests) or "This sends nothing: it happens in this kernel.")


def _result(command: Command, answer: Answer) -> Any:
    if command.raw or command.output == "json":
        return answer.json(command.columns)
    return selected(answer.frame(), command.columns)


def _shown(command: Command, result: Any, front: Front, settings: Settings) -> Any:
    if result is None:
        return None
    if command.out and settings.assign is not None:
        settings.assign(command.out, result)
        count = f"{len(result):,} rows" if hasattr(result, "columns") else "JSON"
        front.say(f"{command.out}: {count}")
        return None
    if command.output == "json" and not command.raw:
        front.say(json.dumps(result, indent=2, ensure_ascii=False))
        return None
    if not command.header and hasattr(result, "to_string"):
        front.say(result.to_string(header=False, index=False))
        return None
    return result
