"""The error for an option that a command has not: which of its own is meant, as far as that can be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.magics.language.mistakes import FIELD_WORDS, LENGTHS, mistake, quoted
from poseidon_nb.magics.language.options import is_number
from poseidon_nb.magics.language.vocabulary import near_options, option_called, verb_meant
from poseidon_nb.text import join_words

if TYPE_CHECKING:
    from poseidon_nb.errors import GrammarError
    from poseidon_nb.magics.language.words import Group, Verb


def unknown_option(group: Group | None, verb: Verb | None, typed: str, following: str = "") -> GrammarError:
    """Make the error.

    Parameters
    ----------
    group : Group, optional
        What was typed before it; None where it stands in front of all.
    verb : Verb, optional
        Likewise.
    typed : str
        The option with its dashes: ``--since``.
    following : str
        The value that was given to it, or the word behind it.
    """
    dashes = "--" if typed.startswith("--") else "-"
    name = typed[len(dashes) :]
    if "{" in name:
        return mistake(f"a variable may stand in an option's value, not in its name: {quoted(typed)}", word=typed)
    if dashes == "-" and option_called(verb, name):
        return mistake(f"{typed} takes two hyphens: -{typed}", word=typed)
    if verb is None and group is not None and group.default:
        verb = verb_meant(group, group.default)
    if group is None or verb is None:
        return _before_the_verb(group, typed, name)
    where = group.name if group.bare else f"{group.name} {verb.name}"
    for option in verb.options:
        if option.closed and name in option.suggests:
            # The name of a value: `cost --tag` is `cost --by tag`.
            meaning = option.help.partition(";")[0]
            message = f"{where} has no option {quoted(typed)}; {option.typed} is {meaning}"
            return mistake(message, word=typed, close=[f"{option.typed} {name}"])
    close = _of_the_field(verb, name, following) or near_options(verb, name)
    message = f"{where} has no option {quoted(typed)}"
    return mistake(message if close else f"{message}; %do {where} --help shows them", word=typed, close=close)


def _before_the_verb(group: Group | None, typed: str, name: str) -> GrammarError:
    having = [verb.name for verb in group.verbs if option_called(verb, name)] if group else []
    # Of many it would be a list of all that the group does.
    if group and having and len(having) == len(group.verbs):
        verbs = join_words(having, conjunction="or")
        return mistake(f"a verb of {group.name} comes before {quoted(typed)}: {verbs}", word=typed)
    return mistake(
        f"{quoted(typed)} is no option of every command; a command's own options come after it: %do GROUP VERB --option",
        word=typed,
    )


def _of_the_field(verb: Verb, name: str, following: str) -> list[str]:
    """Give the option that a word of the field means, if the verb has it."""
    letter = LENGTHS.get(name)
    if letter and option_called(verb, "last"):
        number = following if is_number(following) and float(following).is_integer() else ""
        return [f"--last {number}{letter}" if number else "--last"]
    return [f"--{meant}" for meant in FIELD_WORDS.get(name, ()) if option_called(verb, meant)][:1]
