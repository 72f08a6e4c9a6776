"""Find groups and verbs by the words that people type, doctl's words among them.

One registry serves the grammar, help and completion. The verbs of a group are built when the group is first used, because
some groups have forty that are derived from the API's operations.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from poseidon_nb.language.grammar_errors import grammar_error, quoted, shell_operator_error, shell_syntax_error
from poseidon_nb.language.options import GLOBAL_OPTIONS
from poseidon_nb.language.spec import Group, kebab
from poseidon_nb.text import close_matches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from poseidon_nb.language.spec import OperationAlias, Verb

#: The number of verbs that an error lists.
_MAX_VERBS = 16


@dataclass(frozen=True, slots=True)
class DoctlWords:
    """doctl's words for what has another name here.

    Parameters
    ----------
    prefixes : tuple of str
        Words before a group that change nothing: ``doctl compute droplet list``.
    phrases : mapping
        Groups of doctl's own: the two words typed, and our group and verb.
    elsewhere : mapping
        Verbs that doctl has in one of our groups, and we have in another: likewise.
    nested : mapping
        Groups within groups (``domain records list``): one of our groups and the next word, and the group that is meant.
    replacements : mapping
        Verbs of doctl's for which we have an option or another verb: our group and the word, and the command to use.
        The group is ``""`` for a word that stands where a group is expected.
    """

    prefixes: tuple[str, ...]
    phrases: Mapping[tuple[str, str], tuple[str, str]]
    elsewhere: Mapping[tuple[str, str], tuple[str, str]]
    nested: Mapping[tuple[str, str], str]
    replacements: Mapping[tuple[str, str], str]


class DerivedVerbs(Protocol):
    """The verbs that are derived from the API's operations."""

    def group_names(self) -> list[str]:
        """Return the names of the groups that only have derived verbs, in alphabetical order."""

    def build_group(self, name: str, written: Group | None) -> Group:
        """Build a group with all its verbs, `written` out in a spec or derived."""

    def other_names(self) -> Mapping[str, Mapping[str, tuple[str, str]]]:
        """Return derived names that lead to a verb with another name: group, verb, and the group and verb meant."""

    def is_derived(self, group: str, verb: str) -> bool:
        """Check whether a verb has a derived name."""


class Registry:
    """All commands.

    Parameters
    ----------
    groups : tuple of Group
        The groups with a spec, in the order of the help.
    derived : DerivedVerbs
    doctl : DoctlWords
    columns : callable
        Returns the column names of a verb's DataFrame, as far as they are known in advance.
    """

    def __init__(
        self,
        groups: tuple[Group, ...],
        derived: DerivedVerbs,
        doctl: DoctlWords,
        columns: Callable[[Verb], Sequence[str]],
    ) -> None:
        #: Of their verbs these have only those that are written out.
        self.groups = groups
        self._derived = derived
        self._doctl = doctl
        self.columns = columns
        self._built: dict[str, Group] = {}

    @cached_property
    def further_groups(self) -> list[str]:
        """The names of the groups that only have derived verbs, in alphabetical order."""
        return self._derived.group_names()

    @property
    def group_names(self) -> tuple[str, ...]:
        """The names of all groups: those with a spec first."""
        return (*(group.name for group in self.groups), *self.further_groups)

    def all_groups(self) -> tuple[Group, ...]:
        """Return all groups with all their verbs, in the order of `group_names`."""
        return tuple(map(self._build, self.group_names))

    def is_derived(self, verb: Verb) -> bool:
        """Check whether a verb has a derived name."""
        return self._derived.is_derived(verb.group, verb.name)

    def _build(self, name: str) -> Group:
        if name not in self._built:
            written = next((group for group in self.groups if group.name == name), None)
            group = self._derived.build_group(name, written)
            self._built[name] = replace(group, verbs=tuple(replace(verb, group=name) for verb in group.verbs))
        return self._built[name]

    @cached_property
    def _names(self) -> Mapping[str, str]:
        """Every word for a group, and the group's name."""
        written = {kebab(word): group.name for group in self.groups for word in (group.name, *group.aliases)}
        further = {kebab(name): name for name in self.further_groups}
        # People use the singular of these too: `certificate list`.
        phrases = {kebab(first) for first, _ in self._doctl.phrases}
        singular = {
            word.removesuffix("s"): name for word, name in further.items() if word.removesuffix("s") not in phrases
        }
        return {"1-click": "one-clicks", **singular, **further, **written}

    @cached_property
    def _phrases(self) -> Mapping[str, Mapping[str, tuple[str, str]]]:
        found = {first: {**seconds} for first, seconds in self._derived.other_names().items()}
        for (first, second), names in (*self._doctl.phrases.items(), *self._doctl.elsewhere.items()):
            found.setdefault(kebab(first), {})[kebab(second)] = names
        return found

    @cached_property
    def _doctl_groups(self) -> list[str]:
        """Doctl's groups that are not ours."""
        words = dict.fromkeys(first for first, _ in self._doctl.phrases)
        return [kebab(word) for word in words if kebab(word) not in self._names]

    def find_group(self, word: str) -> Group | None:
        """Find the group with a name or alias."""
        name = self._names.get(kebab(word))
        return self._build(name) if name is not None else None

    def find_nested_group(self, group: Group, word: str) -> Group | None:
        """Find the group that a group and the next word mean in doctl: ``domain records``."""
        name = self._doctl.nested.get((group.name, kebab(word)))
        return self._build(name) if name is not None else None

    def is_noise_word(self, word: str) -> bool:
        """Check whether a word before a group changes nothing."""
        return word in self._doctl.prefixes

    def phrase_verbs(self, word: str) -> tuple[str, ...]:
        """Return the words that can follow a group of doctl's own (``droplet-action``); empty if it is not one."""
        return tuple(self._phrases.get(kebab(word), ())) if kebab(word) not in self._names else ()

    def phrase_group(self, word: str) -> str:
        """Return the name of our group that a group of doctl's own is mostly about; ``""`` if there is none."""
        names = self._phrases.get(kebab(word))
        return next(iter(names.values()))[0] if names else ""

    def find_phrase(self, first: str, second: str) -> tuple[Group, Verb] | None:
        """Find the group and verb that two of doctl's words mean."""
        names = self._phrases.get(kebab(first), {}).get(kebab(second))
        group = self.find_group(names[0]) if names else None
        verb = find_verb(group, names[1]) if group and names else None
        return (group, verb) if group and verb else None

    def require_group(self, word: str) -> Group:
        """Find the group with a name or alias.

        Raises
        ------
        GrammarError
            There is none.
        """
        group = self.find_group(word)
        if group is not None:
            return group
        shell = shell_operator_error(word) or shell_syntax_error(word)
        if shell:
            raise shell
        replacement = self._doctl.replacements.get(("", kebab(word)))
        if replacement is not None:
            raise grammar_error(f"Unknown group {quoted(word)}. Use {replacement}", word=word)
        owners = [group.name for group in self.groups if len(word) > 1 and not group.is_command and _has(group, word)]
        if owners:
            lines = " or ".join(f"%do {owner} {word}" for owner in owners[:3])
            raise grammar_error(f"{quoted(word)} is a verb. Write its group first: {lines}", word=word)
        names = {name: name for name in (*self.group_names, *self._doctl_groups)}
        raise grammar_error(
            f"Unknown group {quoted(word)}. %do lists the groups, and %do api sends any request.",
            word=word,
            close=_close_names(word, {**names, **self._names}),
        )

    def require_verb(self, group: Group, word: str) -> Verb:
        """Find a group's verb by its name or alias.

        Raises
        ------
        GrammarError
            There is none.
        """
        verb = find_verb(group, word)
        if verb is not None:
            return verb
        shell = shell_operator_error(word) or shell_syntax_error(word)
        if shell:
            raise shell
        replacement = self._doctl.replacements.get((group.name, kebab(word)))
        message = f"{group.name} has no verb {quoted(word)}."
        if replacement is not None:
            raise grammar_error(f"{message} Use {replacement}")
        names = [verb.name for verb in group.verbs]
        aliases = {alias: verb.name for verb in group.verbs for alias in verb.aliases if len(alias) > 1}
        close = _close_names(word, {name: name for name in names} | aliases)
        if close:
            raise grammar_error(message, word=word, close=close)
        # The first ones are those with a name of our own, which people use most; some groups have forty.
        listed = ", ".join(names[:_MAX_VERBS])
        more = f" and more, see %do {group.name} --help" if names[_MAX_VERBS:] else ""
        raise grammar_error(f"{message} Its verbs: {listed}{more}", word=word)

    def verb(self, group: str, name: str) -> Verb:
        """Return a verb by the names of its group and itself.

        Raises
        ------
        GrammarError
            There is none.
        """
        return self.require_verb(self.require_group(group), name)

    def require_phrase(self, first: str, second: str) -> tuple[Group, Verb]:
        """Find the group and verb that two of doctl's words mean.

        Raises
        ------
        GrammarError
            They mean nothing here.
        """
        found = self.find_phrase(first, second)
        if found is None:
            words = self.phrase_verbs(first)
            message = f"{first} has no verb {quoted(second)}. Its verbs: {', '.join(words)}"
            raise grammar_error(message, word=second, choices=words)
        return found

    def completable_words(self) -> list[str]:
        """Return doctl's words that can start a command and are not names of ours, without those of one letter."""
        aliases = [alias for group in self.groups for alias in group.aliases]
        return [word for word in (*aliases, *self._doctl_groups, *self._doctl.prefixes) if len(word) > 1]

    def synonyms(self) -> list[tuple[str, list[str]]]:
        """Return what can be typed in other ways, and those ways: groups, then verbs, then options."""
        groups, phrases = self.groups, self._doctl.phrases
        verbs = [verb for group in groups for verb in group.verbs]
        options = [*GLOBAL_OPTIONS, *(option for verb in verbs for option in verb.options)]
        arguments = [argument for verb in verbs for argument in verb.arguments]
        named: list[Verb | OperationAlias] = [*verbs, *(row for group in groups for row in group.operation_aliases)]
        pairs = [
            *(("(nothing)", word) for word in self._doctl.prefixes),
            *((group.name, alias) for group in groups for alias in group.aliases),
            *((f"{ours[0]} VERB", f"{first} VERB") for (first, _), ours in phrases.items() if ours[0] == "droplets"),
            *(
                (" ".join(dict.fromkeys(ours)), " ".join(typed))
                for typed, ours in phrases.items()
                if typed[0] == "auth"
            ),
            *((one.name, alias) for one in named for alias in one.aliases),
            *((option.flag, f"-{alias}") for option in options for alias in option.aliases if len(alias) == 1),
            *((option.flag, f"--{alias}") for option in options for alias in option.aliases if len(alias) > 1),
            *((argument.metavar, f"--{name}") for argument in arguments for name in argument.option_names),
        ]
        return _grouped(pairs)


def find_verb(group: Group, word: str) -> Verb | None:
    """Find a group's verb by its name or alias."""
    name = kebab(word)
    for verb in group.verbs:
        if name == kebab(verb.name) or name in map(kebab, verb.aliases):
            return verb
    return None


def _has(group: Group, word: str) -> bool:
    named: list[Verb | OperationAlias] = [*group.verbs, *group.operation_aliases]
    return any(kebab(word) == kebab(name) for one in named for name in (one.name, *one.aliases))


def _close_names(word: str, names: Mapping[str, str]) -> list[str]:
    """Return the names that were probably meant, given the name that each possible word stands for."""
    return [*dict.fromkeys(names[close] for close in close_matches(word, names))]


def _grouped(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for name, other in pairs:
        others = found.setdefault(name, [])
        if other not in others:
            others.append(other)
    return list(found.items())
