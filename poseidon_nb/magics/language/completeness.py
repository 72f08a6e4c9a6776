"""Whether a verb was given all that it needs, and nothing that it cannot use."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from poseidon_nb.magics.language.mistakes import mistake, quoted
from poseidon_nb.magics.language.options import converted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from poseidon_nb.magics.language.words import Argument, Option, Verb


def assigned(
    verb: Verb, where: str, words: Sequence[str], named: Mapping[str, Any], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Give each word to the argument that it stands for.

    Parameters
    ----------
    verb : Verb
    where : str
        The command, for messages: ``droplets list``.
    words : sequence of str
        What was typed behind the verb, options taken out.
    named : mapping
        Arguments that were given as options.
    options : mapping
        The verb's options that were given.

    Raises
    ------
    GrammarError
        There are too few words or too many, or one is not what its argument takes.
    """
    left = deque(words)
    found: dict[str, Any] = {}
    for argument in verb.arguments:
        if argument.name in named:
            found[argument.name] = named[argument.name]
        elif argument.many and left:
            found[argument.name] = tuple(converted(word, argument, argument.shows) for word in left)
            left.clear()
        elif left:
            found[argument.name] = converted(left.popleft(), argument, argument.shows)
        _check_argument(verb, where, argument, options, given=argument.name in found)
    if left:
        shape = " ".join(argument.shows for argument in verb.arguments) or "no arguments"
        raise mistake(f"{where} takes {shape}, and {quoted(str(left[0]))} is one too many", word=str(left[0]))
    return found


def _check_argument(verb: Verb, where: str, argument: Argument, options: Mapping[str, Any], *, given: bool) -> None:
    other = standing_in(verb, argument)
    instead = other is not None and other.field in options
    if given and instead and other:
        raise mistake(f"{where} takes either {argument.shows} or {other.typed}, not both", word=other.typed)
    if argument.required and not given and not instead:
        shape = f"{argument.shows} or {other.typed}" if other else argument.shows
        meaning = f" ({argument.help})" if argument.help else ""
        raise mistake(f"{where} needs {shape}{meaning}, for example: {verb.example}", word=argument.shows)


def standing_in(verb: Verb, argument: Argument) -> Option | None:
    """Give the option that names the same things in another way: ``--tag`` for droplets."""
    return next((option for option in verb.options if option.field == argument.instead), None)


def check_options(verb: Verb, where: str, options: Mapping[str, Any], *, body: bool, check: bool = True) -> None:
    """Check that the options which must be given are, and those which exclude each other are not.

    Parameters
    ----------
    verb, where, options
        As in `assigned`.
    body : bool
        Whether the cell has a body. Where it is the request's own, what is required may be in it.
    check : bool
        Whether what is missing is a mistake.

    Raises
    ------
    GrammarError
        They do not fit.
    """
    missing = [option.typed for option in verb.options if option.required and option.field not in options]
    if missing and check and not (body and verb.body == "body"):
        raise mistake(f"{where} needs {' and '.join(missing)}, for example: {verb.example}", word=missing[0])
    if body and not verb.body:
        raise mistake(f"{where} takes no body: write it with one percent sign, on a line of its own")
    given = {*options, "body"} if body else {*options}
    typed = {option.field: option.typed for option in verb.options} | {"body": "the cell's body"}
    for fields in (*verb.one_of, *verb.at_most_one_of):
        both = [typed[field] for field in fields if field in given]
        if len(both) > 1:
            raise mistake(f"{where} takes only one of {' and '.join(both)}", word=both[1])
        if not both and fields in verb.one_of:
            choice = " or ".join(typed[field] for field in fields)
            raise mistake(f"{where} needs {choice}, for example: {verb.example}", word=typed[fields[0]])
