"""Which group and which verb a word means: the one door to all commands, for grammar, help, completion and handlers.

Behind it stand the table, which names what people type most, and the rule over the catalogue, which names all the rest.
A group's verbs are only made when somebody asks for that group.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from poseidon_nb.catalogue import operation
from poseidon_nb.magics.language.mistakes import glued_habit, mistake, quoted, shell_habit
from poseidon_nb.magics.language.naming import detours, further_groups, operations_by_group
from poseidon_nb.magics.language.options import GLOBAL_OPTIONS
from poseidon_nb.magics.language.rule import completed, ruled, verb_of
from poseidon_nb.magics.language.table import ELSEWHERE, GROUPS, INSTEAD, PHRASES, PREFIXES, WITHIN
from poseidon_nb.magics.language.words import Group, folded
from poseidon_nb.text import close_matches

if TYPE_CHECKING:
    from collections.abc import Mapping

    from poseidon_nb.magics.language.words import Argument, Named, Option, Verb


#: As many verbs are listed in an error.
_MOST_VERBS = 16


class Sense(NamedTuple):
    """What an option's name means for one verb."""

    option: Option | Argument
    #: It was ``--no-NAME``.
    negated: bool = False


@cache
def _words() -> Mapping[str, str]:
    """Give every word for a group, and the group's name."""
    found = {folded(word): group.name for group in GROUPS for word in (group.name, *group.aliases)}
    further = {folded(name): name for name in further_groups()}
    # Of those too people say one: `certificate list`.
    phrases = {folded(first) for first, _ in PHRASES}
    singular = {word.removesuffix("s"): name for word, name in further.items() if word.removesuffix("s") not in phrases}
    return {"1-click": "one-clicks", **singular, **further, **found}


@cache
def _made(name: str) -> Group:
    """Make a group with all its verbs: those written out, those named in the table, those by the rule."""
    group = next((known for known in GROUPS if known.name == name), None)
    operations = operations_by_group().get(name, {})
    if group is None:
        tag = operation(next(iter(operations.values()))).tag
        group = Group(name=name, help=f"all of the API's {tag}")
    verbs = [completed(verb) for verb in group.verbs]
    verbs += [verb_of(row.operation, name, row) for row in group.named]
    named = {verb.name for verb in verbs}
    verbs += [
        verb_of(operation_id, name, ruled(operation_id, verb))
        for verb, operation_id in operations.items()
        if verb not in named
    ]
    return replace(group, verbs=tuple(verbs))


@cache
def _phrases() -> Mapping[str, Mapping[str, tuple[str, str]]]:
    found: dict[str, dict[str, tuple[str, str]]] = {first: {**seconds} for first, seconds in detours().items()}
    for (first, second), meant in (*PHRASES.items(), *ELSEWHERE.items()):
        found.setdefault(folded(first), {})[folded(second)] = meant
    return found


def own_groups() -> tuple[Group, ...]:
    """Give the groups of the table, in the order in which help shows them; of their verbs only those written out."""
    return GROUPS


def all_groups() -> tuple[Group, ...]:
    """Give all groups with all their verbs: first those of the table, then those by the rule alone."""
    return tuple(_made(name) for name in group_names())


def group_names() -> tuple[str, ...]:
    """Give the names of all groups: first those of the table, then those by the rule alone."""
    return (*(group.name for group in GROUPS), *further_groups())


def group_called(word: str) -> Group | None:
    """Give the group of this name or alias."""
    name = _words().get(folded(word))
    return _made(name) if name is not None else None


def verb_called(group: Group, word: str) -> Verb | None:
    """Give the group's verb of this name or alias."""
    name = folded(word)
    for verb in group.verbs:
        if name == folded(verb.name) or name in map(folded, verb.aliases):
            return verb
    return None


def entry(group: str, verb: str) -> Verb:
    """Give the row of a `Command`: its verb, by the canonical names of both."""
    found = group_called(group)
    row = verb_called(found, verb) if found else None
    if row is None:
        raise mistake(f"there is no command {quoted(f'{group} {verb}')}", word=verb)
    return row


def group_within(group: Group, word: str) -> Group | None:
    """Give the group that one of ours and a word behind it mean in doctl: ``domain records``."""
    name = WITHIN.get((group.name, folded(word)))
    return _made(name) if name is not None else None


def says_nothing(word: str) -> bool:
    """Say whether the word may stand in front of a group and changes nothing."""
    return word in PREFIXES


def phrase_words(word: str) -> tuple[str, ...]:
    """Give the words that may follow one of doctl's own groups (``droplet-action``); empty if it is none."""
    return tuple(_phrases().get(folded(word), ())) if folded(word) not in _words() else ()


def phrase_called(first: str, second: str) -> tuple[Group, Verb] | None:
    """Give the group and verb that two of doctl's words mean."""
    meant = _phrases().get(folded(first), {}).get(folded(second))
    group = group_called(meant[0]) if meant else None
    verb = verb_called(group, meant[1]) if group and meant else None
    return (group, verb) if group and verb else None


def first_words() -> list[str]:
    """Give doctl's words that may begin a command and are no name of ours; those of one letter are left out."""
    aliases = [alias for group in GROUPS for alias in group.aliases]
    return [word for word in (*aliases, *_doctl_groups(), *PREFIXES) if len(word) > 1]


def synonyms() -> list[tuple[str, list[str]]]:
    """Give what can be typed another way, and the other ways: groups, then verbs, then options."""
    found: dict[str, list[str]] = {}
    verbs = [verb for group in GROUPS for verb in group.verbs]
    options = [*GLOBAL_OPTIONS, *(option for verb in verbs for option in verb.options)]
    pairs = [("(nothing)", word) for word in PREFIXES]
    pairs += [(group.name, alias) for group in GROUPS for alias in group.aliases]
    pairs += [(f"{meant[0]} VERB", f"{first} VERB") for (first, _), meant in PHRASES.items() if meant[0] == "droplets"]
    pairs += [(" ".join(dict.fromkeys(meant)), " ".join(said)) for said, meant in PHRASES.items() if said[0] == "auth"]
    rows: list[Verb | Named] = [*verbs, *(row for group in GROUPS for row in group.named)]
    pairs += [(row.name, alias) for row in rows for alias in row.aliases]
    pairs += [(option.typed, f"-{alias}") for option in options for alias in option.aliases if len(alias) == 1]
    pairs += [(option.typed, f"--{alias}") for option in options for alias in option.aliases if len(alias) > 1]
    arguments = [argument for verb in verbs for argument in verb.arguments]
    pairs += [(argument.shows, f"--{spelled}") for argument in arguments for spelled in argument.spelled]
    for meant, said in pairs:
        words = found.setdefault(meant, [])
        if said not in words:
            words.append(said)
    return list(found.items())


def phrase_group(word: str) -> str:
    """Give the name of our group that one of doctl's own groups is mostly about; ``""`` if it is none."""
    meant = _phrases().get(folded(word))
    return next(iter(meant.values()))[0] if meant else ""


def _has_verb(group: Group, word: str) -> bool:
    rows: list[Verb | Named] = [*group.verbs, *group.named]
    return any(folded(word) == folded(name) for row in rows for name in (row.name, *row.aliases))


def _doctl_groups() -> list[str]:
    """Give doctl's groups that are none of ours."""
    return [folded(first) for first in dict.fromkeys(first for first, _ in PHRASES) if folded(first) not in _words()]


def group_meant(word: str) -> Group:
    """Give the group of this name.

    Raises
    ------
    GrammarError
        There is none.
    """
    group = group_called(word)
    if group is not None:
        return group
    habit = glued_habit(word) or shell_habit(word)
    if habit:
        raise habit
    owners = [group.name for group in GROUPS if len(word) > 1 and not group.bare and _has_verb(group, word)]
    if owners:
        lines = " or ".join(f"%do {owner} {word}" for owner in owners[:3])
        raise mistake(f"{quoted(word)} is a verb, and its group comes first: {lines}", word=word)
    names = [*group_names(), *_words(), *_doctl_groups()]
    raise mistake(
        f"there is no group {quoted(word)}; %do alone shows them all, and %do api reaches the rest",
        word=word,
        among=names,
    )


def verb_meant(group: Group, word: str) -> Verb:
    """Give the group's verb of this name.

    Raises
    ------
    GrammarError
        There is none.
    """
    verb = verb_called(group, word)
    if verb is not None:
        return verb
    habit = glued_habit(word) or shell_habit(word)
    if habit:
        raise habit
    other_way = INSTEAD.get((group.name, folded(word)))
    if other_way is not None:
        raise mistake(f"{group.name} has no verb {quoted(word)}: {other_way} does it")
    names = [verb.name for verb in group.verbs]
    aliases = [alias for verb in group.verbs for alias in verb.aliases if len(alias) > 1]
    error = mistake(f"{group.name} has no verb {quoted(word)}", word=word, among=[*names, *aliases])
    if error.nearest:
        raise error
    # The first ones are our own, which people use most; some groups have forty.
    listed = ", ".join(names[:_MOST_VERBS]) + (f" and more: %do {group.name} --help" if names[_MOST_VERBS:] else "")
    raise mistake(f"{error}; it has {listed}", word=word)


def phrase_meant(first: str, second: str) -> tuple[Group, Verb]:
    """Give the group and verb that two of doctl's words mean.

    Raises
    ------
    GrammarError
        They mean nothing here.
    """
    found = phrase_called(first, second)
    if found is None:
        words = phrase_words(first)
        raise mistake(f"{first} has no verb {quoted(second)}; it has {', '.join(words)}", word=second, among=words)
    return found


# --- options ----------------------------------------------------------------------------------------------------------
def option_called(verb: Verb | None, name: str) -> Sense | None:
    """Give what ``--name`` (or ``-n``) means behind a verb, or in front of any.

    A verb's own names come before the global ones; ``--field.NAME`` reaches the verb's only.
    """
    name = folded(name)
    if verb is None:
        return _among(GLOBAL_OPTIONS, name)
    if name.startswith("field."):
        field = name.removeprefix("field.")
        found = [option for option in verb.options if field in (folded(option.field), *option.spellings)]
        return Sense(found[0]) if found else None
    return _own(verb, name) or _among(GLOBAL_OPTIONS, name)


def _own(verb: Verb, name: str) -> Sense | None:
    sense = _among(verb.options, name)
    if sense is None:
        for argument in verb.arguments:
            if name in map(folded, argument.spelled):
                return Sense(argument)
    return sense


def _among(options: tuple[Option, ...], name: str) -> Sense | None:
    for option in options:
        if name in option.spellings:
            return Sense(option)
    positive = name.removeprefix("no-")
    if positive != name:
        for option in options:
            if option.kind == "flag" and positive in option.spellings:
                return Sense(option, negated=True)
    return None


def near_options(verb: Verb | None, name: str) -> list[str]:
    """Give the options most like a name that is none, dashes included."""
    options = (*(verb.options if verb else ()), *GLOBAL_OPTIONS)
    spelled = [name for argument in verb.arguments for name in argument.spelled] if verb else []
    names = {option.typed.removeprefix("--") for option in options}
    names |= {spelling for option in options for spelling in option.spellings if len(spelling) > 1}
    return [f"--{close}" for close in close_matches(name, sorted(names | set(map(folded, spelled))))]
