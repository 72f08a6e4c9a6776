"""Reads what builders of plans need of an account: droplets by their names, ids, sizes. Only GETs are sent.

`Account` reads; `OfflineAccount` stands in for it where there is no token, or the service cannot be reached: names then stay
words, and what depends on how a thing is now is not known.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.lookup import Lookup, is_id, sent_as
from poseidon_nb.errors import NoSuchName, NotFound, PoseidonError
from poseidon_nb.plans.costs import price_in
from poseidon_nb.plans.texts import UNKNOWN_ID
from poseidon_nb.text import close_matches, did_you_mean, is_integer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.droplets.droplet import Droplet
    from poseidon_nb.transport.request import Request

    Row = Mapping[str, Any]
    Learn = Callable[[str, list[tuple[str, int]]], None]


class Account:
    """Reads an account for a plan.

    Parameters
    ----------
    client : Client
    learn : callable, optional
        Called with a kind and the names and ids of all its things, when they were listed.
    """

    #: Whether nothing can be read, so that names stay open.
    is_open = False

    def __init__(self, client: Client, learn: Learn | None = None) -> None:
        self.client = client
        #: Notes for a person beside the steps; builders add to them.
        self.notes: list[str] = []
        self._learn = learn

    @property
    def label(self) -> str:
        """The account's name for a question."""
        return self.client.label()

    def droplet_rows(self, words: Sequence[str], tag: str | None = None) -> Sequence[Row]:
        """Return droplets by id, name or tag as the API sends them; the rest is as in `droplets`."""
        return [droplet.to_dict() for droplet in self.droplets(words, tag)]

    def droplets(
        self, words: Sequence[str], tag: str | None = None, *, gone: dict[int, NotFound] | None = None
    ) -> list[Droplet]:
        """Return the droplets that are named by id, name or tag, each once.

        Parameters
        ----------
        words : sequence of str
            Ids and names.
        tag : str, optional
            All that have this tag.
        gone : dict, optional
            Takes the ids that no droplet has, each with its error, which is then not raised.

        Raises
        ------
        NoSuchName, AmbiguousName, NotFound
            One of them is unknown or ambiguous.
        """
        found = self.tagged(tag) if tag else []
        if len(words) == 1:
            found += self._one(words[0], gone)
        elif words:
            found += self._found(words, gone)
        return list({droplet.id: droplet for droplet in found}.values())

    def tagged(self, tag: str) -> list[Droplet]:
        """Return the droplets with a tag, at least one."""
        droplets = self.client.droplets.list(tag_name=tag)
        if not droplets:
            self.check_tag(tag)
            raise NoSuchName(f"no droplet has the tag {tag!r}", name=tag)
        return droplets

    def check_tag(self, tag: str) -> None:
        """Refuse a tag that does not exist; DigitalOcean would answer as if nothing had it."""
        if not self.has_tag(tag):
            raise NoSuchName(
                f"no tag {tag!r}{did_you_mean(tag, self._tags)}", name=tag, nearest=close_matches(tag, self._tags)
            )

    def has_tag(self, tag: str) -> bool:
        """Return whether a tag exists, in any letter case."""
        return tag.casefold() in map(str.casefold, self._tags)

    @cached_property
    def _tags(self) -> list[str]:
        return [one.name for one in self.client.tags.list()]

    def _one(self, word: str, gone: dict[int, NotFound] | None) -> list[Droplet]:
        try:
            return [self.client.droplets.find(word)]
        except NotFound as error:
            if gone is None or not is_integer(word):
                raise
            gone[int(word)] = error
            return []

    def _found(self, words: Iterable[str], gone: dict[int, NotFound] | None) -> list[Droplet]:
        # One list answers for all names; a name that it does not settle is asked for by itself, and fails as one does.
        listed = self.client.droplets.list()
        if self._learn is not None:
            self._learn("droplets", [(droplet.name, droplet.id) for droplet in listed])
        by_id = {str(droplet.id): droplet for droplet in listed}
        by_name: dict[str, list[Droplet]] = {}
        for droplet in listed:
            by_name.setdefault(droplet.name, []).append(droplet)
        found: list[Droplet] = []
        for word in words:
            same = by_name.get(word, [])
            known = [by_id[word]] if word in by_id else same
            found += known if len(known) == 1 else self._one(word, gone)
        return found

    @cached_property
    def _lookup(self) -> Lookup:
        return Lookup(self.client)

    def id_of(self, kind: str, word: int | str) -> int | str:
        """Return the id of the one thing with this name; the rest is as in `Lookup.id_of`."""
        return self._lookup.id_of(kind, word)

    def read(self, request: Request) -> Row | None:
        """Return one thing that only makes a plan more exact; None where it cannot be read."""
        try:
            answer = self.client.carried_out(request)
        except PoseidonError:
            return None
        held = next(iter(answer.values()), None) if isinstance(answer, dict) and len(answer) == 1 else answer
        return held if isinstance(held, dict) else None

    @cached_property
    def sizes(self) -> Mapping[str, Row]:
        """The sizes on sale, by slug; empty where that is not known."""
        return {size.slug: size.to_dict() for size in self.client.sizes.list()}

    def price_of(self, size: str) -> float | None:
        """Return what a size costs a month, in USD; None when it is not sold."""
        return price_in(self.sizes, size)


class OfflineAccount(Account):
    """Stands in for an account that cannot be read. Its client builds requests and sends none."""

    is_open = True
    label = ""
    sizes: Mapping[str, Row] = {}

    def droplet_rows(self, words: Sequence[str], tag: str | None = None) -> Sequence[Row]:
        """Return a row for each word, and one that stands for all with a tag."""
        rows = [{"id": self.id_of("droplets", word), "name": str(word)} for word in dict.fromkeys(words)]
        return [*rows, *([{"id": f"{UNKNOWN_ID}EACH", "name": f"each tagged {tag}"}] if tag else [])]

    def has_tag(self, tag: str) -> bool:  # noqa: ARG002  # as above
        """Return True: it may exist."""
        return True

    def id_of(self, kind: str, word: int | str) -> int | str:
        """Return an id as it is, and for a name a placeholder for its id."""
        if is_id(kind, word):
            return sent_as(kind, word)
        # A public image is sent by its slug.
        return word if kind == "images" else f"{UNKNOWN_ID}{word}"

    def read(self, request: Request) -> Row | None:  # noqa: ARG002  # as above
        """Return None."""
        return None
