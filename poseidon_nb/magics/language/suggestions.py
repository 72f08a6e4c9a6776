"""What may come next in a half-typed `%do` line. Pure: from the table and from words already known, never a request.

Read leniently: quotes may be open, a word may be wrong, and nothing here raises or refuses.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from poseidon_nb.magics.language.completeness import standing_in
from poseidon_nb.magics.language.naming import further_groups
from poseidon_nb.magics.language.options import GLOBAL_OPTIONS
from poseidon_nb.magics.language.vocabulary import (
    first_words,
    group_called,
    group_within,
    option_called,
    own_groups,
    phrase_called,
    phrase_words,
    says_nothing,
    verb_called,
)
from poseidon_nb.magics.language.words import LISTS, SIZES_IN, Option, folded
from poseidon_nb.text import quote_argument

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from poseidon_nb.magics.language.words import Argument, Group, Verb

    Known = Mapping[str, Sequence[str]]

#: Values of one kind that are offered at most; IPython reads 500 of everything.
MOST_VALUES = 400

#: Offered while nothing has been fetched: regions and images of the catalogue of October 2026, and its small sizes.
AT_FIRST: Mapping[str, tuple[str, ...]] = {
    "regions": (
        *("nyc1", "nyc2", "nyc3", "sfo2", "sfo3", "ams3", "fra1", "lon1"),
        *("sgp1", "blr1", "tor1", "syd1", "atl1"),
    ),
    "sizes": (
        *("s-1vcpu-512mb-10gb", "s-1vcpu-1gb", "s-1vcpu-2gb", "s-2vcpu-2gb", "s-2vcpu-4gb"),
        *("s-4vcpu-8gb", "s-8vcpu-16gb", "c-2", "c-4", "g-2vcpu-8gb", "m-2vcpu-16gb"),
    ),
    "images": (
        *("ubuntu-24-04-x64", "ubuntu-22-04-x64", "debian-13-x64", "debian-12-x64", "fedora-42-x64"),
        *("almalinux-10-x64", "almalinux-9-x64", "rockylinux-10-x64", "rockylinux-9-x64", "centos-stream-10-x64"),
    ),
}

_CALL = re.compile(r"\s*(?:[^\s=%#][^=%]*=\s*)?%{1,2}(?:do|poseidon)\s+(?P<rest>.*)", re.DOTALL)
#: Words with their quotes; a quote that is never closed goes on to the end.
_WORD = re.compile(r"""(?:[^\s'"]++|'[^']*'|"[^"]*")*+(?:['"].*)?""", re.DOTALL)


class Suggestion(NamedTuple):
    """A word to put in place of the fragment."""

    text: str
    #: ``"keyword"`` for a group or verb, ``"param"`` for an option, ``"value"`` for a value: IPython's types.
    kind: str


class Suggestions(NamedTuple):
    """What may stand at the end of a line.

    Attributes
    ----------
    fragment : str
        The end of the text, which a suggestion replaces.
    words : tuple of Suggestion
        Best first; empty where nothing is known.
    """

    fragment: str
    words: tuple[Suggestion, ...]


def candidates(text: str, known: Known) -> Suggestions | None:
    """Return what may come next in a line of code.

    Parameters
    ----------
    text : str
        The line up to the cursor: ``df = %do droplets li``.
    known : mapping of str to sequence of str
        Words last seen, by kind: ``{"droplets": ["web-1"]}``.

    Returns
    -------
    Suggestions or None
        None where somebody else should speak: no `%do`, a comment, the name of a file.
    """
    call = _CALL.fullmatch(text)
    return command_candidates(call["rest"], known) if call else None


def command_candidates(rest: str, known: Known) -> Suggestions | None:
    """Return what may come next in a command, of which only what stands behind ``%do`` is given."""
    *before, last = _cut(rest)
    if any(word.startswith("#") for word in (*before, last)):
        return None
    return _Line(before).suggestions(last, known)


def is_cell_of_commands(rest: str) -> bool:
    """Check whether a ``%%do`` with this behind it names no command, so that each line of its body is one."""
    line = _Line([word for word in _cut(rest) if word])
    return line.group is None and not line.phrase and not line.lost


def typed_value(word: str, *, quote: str = "", in_list: bool = False) -> str | None:
    """Return a value as it has to be typed to arrive intact; None where it cannot be typed.

    Parameters
    ----------
    word : str
        The value.
    quote : str
        The quote that is open already, if one is.
    in_list : bool
        It stands in a list, where a comma would cut it.
    """
    if not word or not word.isprintable() or (in_list and "," in word):
        return None
    if quote:
        escaped = word.replace("{", "{{").replace("}", "}}")
        return None if quote in escaped else escaped
    return quote_argument(word)


def _cut(rest: str) -> list[str]:
    """Cut into words, quotes kept; the last is the one being typed, empty after a blank."""
    words = [match[0] for match in _WORD.finditer(rest) if match[0]]
    return words if words and rest.endswith(words[-1]) else [*words, ""]


class _Line:
    """The words before the one that is being typed, understood as far as they can be."""

    def __init__(self, words: Sequence[str]) -> None:
        self.phrase = ""
        self.group: Group | None = None
        self.verb: Verb | None = None
        self.pending: Option | Argument | None = None
        self.given: set[str] = set()
        self.named: set[str] = set()
        self.values: list[str] = []
        #: The region or area that the line names, where a size is to be had.
        self.region = ""
        self.ended = False
        #: A word was not understood, so nothing sensible can follow.
        self.lost = False
        for word in words:
            self._read(word)

    def _read(self, word: str) -> None:
        if self.pending is not None:
            self._note_region(self.pending, word)
            self.pending = None
        elif not self.ended and word == "--":
            self.ended = True
        elif not self.ended and word.startswith("-") and not word.lstrip("-")[:1].isdigit():
            self._read_option(word)
        elif self.verb is not None:
            self.values.append(_unquoted(word))
        elif self.group is not None or self.phrase:
            within = group_within(self.group, word) if self.group else None
            if within is not None:
                self.group = within
                return
            name = self.group.name if self.group else self.phrase
            self.group, self.verb = phrase_called(name, word) or (
                self.group,
                verb_called(self.group, word) if self.group else None,
            )
            self.lost = self.verb is None
        else:
            self._read_group(word)

    def _read_group(self, word: str) -> None:
        if says_nothing(word):
            return
        self.group = group_called(word)
        if self.group is not None:
            self.verb = self.group.verbs[0] if self.group.bare else None
        elif phrase_words(word):
            self.phrase = word
        else:
            self.lost = True

    def _read_option(self, word: str) -> None:
        name, equals, value = word.lstrip("-").partition("=")
        sense = option_called(self.verb, name)
        if sense is None:
            return
        if equals:
            self._note_region(sense.option, value)
        if isinstance(sense.option, Option):
            self.given.add(sense.option.field)
        else:
            self.named.add(sense.option.name)
        if sense.option.kind != "flag" and not equals:
            self.pending = sense.option

    def _note_region(self, taker: Option | Argument, word: str) -> None:
        if taker.source == "regions":
            self.region = _unquoted(word)

    def suggestions(self, last: str, known: Known) -> Suggestions | None:
        """Return what may stand in the place of the last word."""
        if self.lost:
            return Suggestions(last, ())
        if self.pending is not None:
            return self._values(self.pending, last, known)
        name, equals, value = last.partition("=")
        if not self.ended and last.startswith("-") and equals:
            sense = option_called(self.verb, name.lstrip("-"))
            return self._values(sense.option, value, known) if sense else Suggestions(value, ())
        if not self.ended and last.startswith("-"):
            return Suggestions(last, tuple(_matching(self._options(last), last, "param")))
        if self.verb is not None:
            return self._arguments(last, known)
        return Suggestions(last, tuple(self._words(last)))

    def _words(self, last: str) -> Iterator[Suggestion]:
        if self.group is not None:
            words = [verb.name for verb in self.group.verbs]
            others = [alias for verb in self.group.verbs for alias in verb.aliases if len(alias) > 1]
        elif self.phrase:
            words, others = [*phrase_words(self.phrase)], []
        else:
            # What people type most comes first; the other groups, and doctl's words, where nothing of that fits.
            words = [group.name for group in own_groups()]
            others = [*further_groups(), *first_words()]
        found = list(_matching(words, last, "keyword"))
        yield from found or _matching(others, last, "keyword")
        if not last and self.group is not None:
            yield Suggestion("--help", "param")

    def _arguments(self, last: str, known: Known) -> Suggestions | None:
        argument = self._next_argument()
        found = self._values(argument, last, known, taken=self.values) if argument else Suggestions(last, ())
        if found is not None and not last and not self.ended:
            return Suggestions(last, (*found.words, *_matching(self._options(last), last, "param")))
        return found

    def _next_argument(self) -> Argument | None:
        if self.verb is None:
            return None
        left = len(self.values)
        for argument in self.verb.arguments:
            if argument.name in self.named or argument.instead in self.given:
                continue
            if argument.many or left == 0:
                return argument
            left -= 1
        return None

    def _values(
        self, taker: Option | Argument, text: str, known: Known, *, taken: Sequence[str] = ()
    ) -> Suggestions | None:
        if taker.source == "files":
            return None
        quote = text[0] if text[:1] in ("'", '"') else ""
        fragment = text[len(quote) :]
        is_list = taker.kind in LISTS
        if is_list:
            *earlier, fragment = fragment.split(",")
            taken = [*taken, *earlier]
        offered = self._known_values(taker, known)
        offers = (typed_value(word, quote=quote, in_list=is_list) for word in offered if word not in taken)
        matching = list(_matching((word for word in offers if word), fragment, "value"))
        return Suggestions(fragment, tuple(matching[:MOST_VALUES]))

    def _known_values(self, taker: Option | Argument, known: Known) -> Iterable[str]:
        if taker.source == "columns":
            return self._columns()
        if taker.source == "sizes" and self.region:
            there = [known[kind] for kind in known if kind.startswith(f"{SIZES_IN}{self.region}")]
            if there:
                return dict.fromkeys(slug for slugs in there for slug in slugs)
        return known.get(taker.source) or taker.suggests or AT_FIRST.get(taker.source, ())

    def _columns(self) -> Iterable[str]:
        if self.verb is None or not self.verb.table:
            return self.verb.columns if self.verb else ()
        from poseidon_nb.frames.schemas import get_table  # noqa: PLC0415  # pure data, needed by few lines

        return [column.name for column in get_table(self.verb.table).columns]

    def _options(self, last: str) -> list[str]:
        own = sorted(self.verb.options, key=lambda option: not option.required) if self.verb else []
        free = [option for option in (*own, *GLOBAL_OPTIONS) if self._may_be_given(option)]
        words = [option.typed for option in free]
        if last.startswith("--no-"):
            words += [f"--no-{option.typed[2:]}" for option in free if option.kind == "flag" and not option.on]
        if not any(folded(word).startswith(folded(last)) for word in words):
            words += [f"--{alias}" for option in free for alias in option.spellings if len(alias) > 1]
        return [*dict.fromkeys(words)]

    def _may_be_given(self, option: Option) -> bool:
        if option.kind in LISTS and option.field in self.given:
            return True
        if option.field in self.given:
            return False
        if self.verb is None:
            return True
        if self.values and any(standing_in(self.verb, argument) is option for argument in self.verb.arguments):
            return False
        rivals = (*self.verb.one_of, *self.verb.at_most_one_of)
        return not any(option.field in fields and self.given & {*fields} for fields in rivals)


def _matching(words: Iterable[str], fragment: str, kind: str) -> Iterator[Suggestion]:
    """Return the words that begin with the fragment, hyphens or underscores as the fragment has them."""
    begun = folded(fragment).casefold()
    for word in words:
        if folded(word).casefold().startswith(begun):
            yield Suggestion(folded(word) if kind == "keyword" and "-" in fragment else word, kind)


def _unquoted(word: str) -> str:
    return word.strip("'\"")
