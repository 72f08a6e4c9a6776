"""List what can be typed next in a partial line of `%do`, from the registry and from the words that are known.

Parsing is lenient: quotes can be open and words can be wrong, and nothing here raises.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from poseidon_nb.language.options import GLOBAL_OPTIONS, find_option
from poseidon_nb.language.registry import find_verb
from poseidon_nb.language.spec import LIST_TYPES, SIZES_IN, Argument, Option, kebab, source_within
from poseidon_nb.language.tokens import IN_BRACES
from poseidon_nb.text import quote_argument

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from poseidon_nb.language.registry import Registry
    from poseidon_nb.language.spec import Group, Verb

    Known = Mapping[str, Sequence[str]]

#: The number of values offered; IPython reads 500 completions in all.
MAX_VALUES = 400

#: Offered until something was fetched: regions, images and small sizes of October 2026.
INITIAL_VALUES: Mapping[str, tuple[str, ...]] = {
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
_REGIONS = INITIAL_VALUES["regions"]
#: Likewise for services.
INITIAL_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "database regions": _REGIONS,
    "database sizes": (
        *("db-s-1vcpu-1gb", "db-s-1vcpu-2gb", "db-s-2vcpu-4gb", "db-s-4vcpu-8gb", "db-s-6vcpu-16gb", "db-s-8vcpu-32gb"),
        *("gd-2vcpu-8gb", "gd-4vcpu-16gb", "gd-8vcpu-32gb"),
    ),
    "database nodes": ("1", "2", "3"),
    "database versions of pg": ("18", "17", "16", "15", "14"),
    "database versions of mysql": ("8",),
    "kubernetes regions": _REGIONS,
    "kubernetes versions": ("latest",),
    "kubernetes sizes": (
        "s-1vcpu-2gb",
        "s-2vcpu-2gb",
        "s-2vcpu-4gb",
        "s-4vcpu-8gb",
        "s-8vcpu-16gb",
        "c-2",
        "c-4",
        "g-2vcpu-8gb",
    ),
}

_CALL = re.compile(r"\s*(?:[^\s=%#][^=%]*=\s*)?%{1,2}(?:do|poseidon)\s+(?P<rest>.*)", re.DOTALL)
#: Words with their quotes. An open quote continues to the end.
_WORD = re.compile(rf"""(?:{IN_BRACES}|[^\s'"{{]++|\{{|'[^']*'|"[^"]*")*+(?:['"].*)?""", re.DOTALL)


class Completion(NamedTuple):
    """A word that replaces the fragment."""

    text: str
    #: ``"keyword"`` for a group or verb, ``"param"`` for an option, ``"value"`` for a value: IPython's types.
    type: str


class Completions(NamedTuple):
    """What can replace the end of a line.

    Attributes
    ----------
    fragment : str
        The end of the text, which a completion replaces.
    words : tuple of Completion
        Best first; empty if nothing is known.
    """

    fragment: str
    words: tuple[Completion, ...]


def complete_line(text: str, registry: Registry, known: Known) -> Completions | None:
    """Return what can come next in a line of code.

    Parameters
    ----------
    text : str
        The line up to the cursor: ``df = %do droplets li``.
    registry : Registry
    known : mapping of str to sequence of str
        Words last seen, by source: ``{"droplets": ["web-1"]}``.

    Returns
    -------
    Completions or None
        None if another completer should answer: no `%do`, a comment, the name of a file.
    """
    call = _CALL.fullmatch(text)
    return complete_command(call["rest"], registry, known) if call else None


def complete_command(rest: str, registry: Registry, known: Known) -> Completions | None:
    """Return what can come next in a command, given the text after ``%do``."""
    *before, last = _split(rest)
    if any(word.startswith("#") for word in (*before, last)):
        return None
    return _Line(before, registry).completions(last, known)


def is_cell_of_commands(rest: str, registry: Registry) -> bool:
    """Check whether a ``%%do`` followed by this text names no command, so that each line of its body is one."""
    line = _Line([word for word in _split(rest) if word], registry)
    return line.group is None and not line.phrase and not line.lost


def typed_value(word: str, *, quote: str = "", in_list: bool = False) -> str | None:
    """Return how a value must be typed to arrive intact; None if it cannot be typed.

    Parameters
    ----------
    word : str
        The value.
    quote : str
        The quote that is already open, if any.
    in_list : bool
        It is in a list, where a comma would split it.
    """
    if not word or not word.isprintable() or (in_list and "," in word):
        return None
    if quote:
        escaped = word.replace("{", "{{").replace("}", "}}")
        return None if quote in escaped else escaped
    return quote_argument(word)


def _split(rest: str) -> list[str]:
    """Split into words with their quotes. The last one is being typed; it is empty after a space."""
    words = [match[0] for match in _WORD.finditer(rest) if match[0]]
    return words if words and rest.endswith(words[-1]) else [*words, ""]


class _Line:
    """The words before the one that is being typed, parsed as far as possible."""

    def __init__(self, words: Sequence[str], registry: Registry) -> None:
        self.registry = registry
        self.phrase = ""
        self.group: Group | None = None
        self.verb: Verb | None = None
        self.pending: Option | Argument | None = None
        self.given: set[str] = set()
        self.named: set[str] = set()
        self.values: list[str] = []
        #: The region or area that the line names, which limits the sizes.
        self.region = ""
        #: The values of its options.
        self.chosen: list[str] = []
        self.ended = False
        #: A word is unknown, so nothing can be completed.
        self.lost = False
        for word in words:
            self._read(word)

    def _read(self, word: str) -> None:
        if self.pending is not None:
            self._note_value(self.pending, word)
            self.pending = None
        elif not self.ended and word == "--":
            self.ended = True
        elif not self.ended and word.startswith("-") and not word.lstrip("-")[:1].isdigit():
            self._read_option(word)
        elif self.verb is not None:
            self.values.append(_unquoted(word))
        elif self.group is not None or self.phrase:
            nested = self.registry.find_nested_group(self.group, word) if self.group else None
            if nested is not None:
                self.group = nested
                return
            name = self.group.name if self.group else self.phrase
            self.group, self.verb = self.registry.find_phrase(name, word) or (
                self.group,
                find_verb(self.group, word) if self.group else None,
            )
            self.lost = self.verb is None
        else:
            self._read_group(word)

    def _read_group(self, word: str) -> None:
        if self.registry.is_noise_word(word) or word == "help":
            return
        self.group = self.registry.find_group(word)
        if self.group is not None:
            self.verb = self.group.verbs[0] if self.group.is_command else None
        elif self.registry.phrase_verbs(word):
            self.phrase = word
        else:
            self.lost = True

    def _read_option(self, word: str) -> None:
        name, equals, value = word.lstrip("-").partition("=")
        if self.verb is None and find_option(None, name) is None and find_option(self._default_verb(), name):
            # As in the grammar, an option of the default verb selects it.
            self.verb = self._default_verb()
        match = find_option(self.verb, name)
        if match is None:
            return
        if equals:
            self._note_value(match.option, value)
        if isinstance(match.option, Option):
            self.given.add(match.option.field)
        else:
            self.named.add(match.option.name)
        if match.option.type != "flag" and not equals:
            self.pending = match.option

    def _default_verb(self) -> Verb | None:
        return find_verb(self.group, self.group.default) if self.group is not None and self.group.default else None

    def _note_value(self, taker: Option | Argument, word: str) -> None:
        self.chosen.append(_unquoted(word))
        if taker.source == "regions":
            self.region = _unquoted(word)

    def completions(self, last: str, known: Known) -> Completions | None:
        """Return what can replace the last word."""
        if self.lost:
            return Completions(last, ())
        if self.pending is not None:
            return self._values(self.pending, last, known)
        name, equals, value = last.partition("=")
        if not self.ended and last.startswith("-") and equals:
            match = find_option(self.verb or self._default_verb(), name.lstrip("-"))
            return self._values(match.option, value, known) if match else Completions(value, ())
        if not self.ended and last.startswith("-"):
            return Completions(last, tuple(_matching(self._options(last), last, "param")))
        if self.verb is not None:
            return self._arguments(last, known)
        return Completions(last, tuple(self._words(last)))

    def _words(self, last: str) -> Iterator[Completion]:
        if self.group is not None:
            words = [verb.name for verb in self.group.verbs]
            others = [alias for verb in self.group.verbs for alias in verb.aliases if len(alias) > 1]
        elif self.phrase:
            words, others = [*self.registry.phrase_verbs(self.phrase)], []
        else:
            # The other groups and doctl's words are only offered if none of these match.
            words = [group.name for group in self.registry.groups]
            others = [*self.registry.further_groups, *self.registry.completable_words()]
        found = list(_matching(words, last, "keyword"))
        yield from found or _matching(others, last, "keyword")
        if not last and self.group is not None:
            yield Completion("--help", "param")

    def _arguments(self, last: str, known: Known) -> Completions | None:
        argument = self._next_argument()
        found = self._values(argument, last, known, taken=self.values) if argument else Completions(last, ())
        if found is not None and not last and not self.ended:
            return Completions(last, (*found.words, *_matching(self._options(last), last, "param")))
        return found

    def _next_argument(self) -> Argument | None:
        if self.verb is None:
            return None
        left = len(self.values)
        for argument in self.verb.arguments:
            if argument.name in self.named or argument.alternative in self.given:
                continue
            if argument.many or left == 0:
                return argument
            left -= 1
        return None

    def _values(
        self, taker: Option | Argument, text: str, known: Known, *, taken: Sequence[str] = ()
    ) -> Completions | None:
        if taker.source == "files":
            return None
        if taker.source == "frames":
            # Variables, in their braces; anything else is the name of a file.
            frames = tuple(_matching(known.get("frames", ()), text, "value"))
            return Completions(text, frames) if frames else None
        quote = text[0] if text[:1] in ("'", '"') else ""
        fragment = text[len(quote) :]
        is_list = taker.type in LIST_TYPES
        if is_list:
            *earlier, fragment = fragment.split(",")
            taken = [*taken, *earlier]
        offered = self._known_values(taker, known)
        offers = (typed_value(word, quote=quote, in_list=is_list) for word in offered if word not in taken)
        matching = list(_matching((word for word in offers if word), fragment, "value"))
        return Completions(fragment, tuple(matching[:MAX_VALUES]))

    def _known_values(self, taker: Option | Argument, known: Known) -> Iterable[str]:
        if taker.source == "columns":
            return self._columns()
        if taker.source == "sizes" and self.region:
            in_region = [known[source] for source in known if source.startswith(f"{SIZES_IN}{self.region}")]
            if in_region:
                return dict.fromkeys(slug for slugs in in_region for slug in slugs)
        for source in self._sources(taker):
            words = known.get(source) or INITIAL_VALUES.get(source) or INITIAL_OPTIONS.get(source)
            if words:
                return dict.fromkeys((*words, *taker.suggests))
        return taker.suggests

    def _sources(self, taker: Option | Argument) -> list[str]:
        """Return where the values may come from, best first; of what is inside of something, once that is named."""
        if not isinstance(taker, Argument) or not taker.within or self.verb is None:
            # Of the engine that the line names, if it does.
            return [*(f"{taker.source} of {value}" for value in self.chosen), taker.source]
        names = [argument.name for argument in self.verb.arguments if argument.name not in self.named]
        given = dict(zip(names, self.values, strict=False))
        parents = [given[name] for name in taker.within if name in given]
        return [source_within(taker.source, parents)] if len(parents) == len(taker.within) else []

    def _columns(self) -> Iterable[str]:
        return self.registry.columns(self.verb) if self.verb else ()

    def _options(self, last: str) -> list[str]:
        verb = self.verb or self._default_verb()
        own = sorted(verb.options, key=lambda option: not option.required) if verb else []
        free = [option for option in (*own, *GLOBAL_OPTIONS) if self._may_be_given(option)]
        words = [option.flag for option in free]
        if last.startswith("--no-"):
            words += [f"--no-{option.flag[2:]}" for option in free if option.type == "flag" and not option.negated]
        if not any(kebab(word).startswith(kebab(last)) for word in words):
            words += [f"--{alias}" for option in free for alias in option.spellings if len(alias) > 1]
        return [*dict.fromkeys(words)]

    def _may_be_given(self, option: Option) -> bool:
        if option.type in LIST_TYPES and option.field in self.given:
            return True
        if option.field in self.given:
            return False
        if self.verb is None:
            return True
        if self.values and any(self.verb.alternative_to(argument) is option for argument in self.verb.arguments):
            return False
        exclusive = (*self.verb.one_of, *self.verb.at_most_one_of)
        return not any(option.field in fields and self.given & {*fields} for fields in exclusive)


def _matching(words: Iterable[str], fragment: str, type_: str) -> Iterator[Completion]:
    """Return the words that start with the fragment, with hyphens or underscores as in the fragment."""
    start = kebab(fragment).casefold()
    for word in words:
        if kebab(word).casefold().startswith(start):
            yield Completion(kebab(word) if type_ == "keyword" and "-" in fragment else word, type_)


def _unquoted(word: str) -> str:
    return word.strip("'\"")
