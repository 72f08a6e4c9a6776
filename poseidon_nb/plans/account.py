"""Reads of the account that a plan is built from: droplets by name, ids, sizes and prices. Only GETs are sent.

`AccountReader` reads the account. `OfflineReader` replaces it where there is no token or DigitalOcean cannot be reached.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation
from poseidon_nb.client.choices import check_choices
from poseidon_nb.client.lookup import Lookup, api_id, is_id, is_pattern
from poseidon_nb.errors import InvalidArgument, NoSuchName, NotFound, PoseidonError
from poseidon_nb.plans.costs import size_usd_month
from poseidon_nb.plans.summary import UNKNOWN_ID
from poseidon_nb.text import close_matches, did_you_mean, is_integer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.droplet import Droplet
    from poseidon_nb.plans.frozen_files import RestFile
    from poseidon_nb.transport.request import Request

    Row = Mapping[str, Any]
    Learn = Callable[[str, list[tuple[str, int]]], None]


class AccountReader:
    """Reader of an account for the builders of plans.

    Parameters
    ----------
    client : Client
    learn : callable, optional
        Called with a resource type and the names and ids of all its members whenever they were listed.
    learn_options : callable, optional
        Called with an operation and its response whenever the options of a service were read.
    """

    #: Whether the account cannot be read, so that names are not resolved to ids.
    offline = False

    def __init__(
        self, client: Client, learn: Learn | None = None, learn_options: Callable[[str, Any], None] | None = None
    ) -> None:
        self.client = client
        #: Notes shown below the steps; builders add to them.
        self.notes: list[str] = []
        #: Files that the plan writes right before its first request; builders add to them.
        self.files: list[RestFile] = []
        self._learn = learn
        self._learn_options = learn_options

    @property
    def label(self) -> str:
        """The account's name in a question."""
        return self.client.label()

    def droplet_rows(self, words: Sequence[str], tag: str | None = None) -> Sequence[Row]:
        """Return droplets by id, name or tag as the API's JSON; otherwise like `droplets`."""
        return [droplet.to_dict() for droplet in self.droplets(words, tag)]

    def droplets(
        self, words: Sequence[str], tag: str | None = None, *, missing: dict[int, NotFound] | None = None
    ) -> list[Droplet]:
        """Return droplets by id, name or tag, each once.

        Parameters
        ----------
        words : sequence of str
            Ids and names.
        tag : str, optional
            Include all droplets with this tag.
        missing : dict, optional
            Collects ids without a droplet, each with its error, which is then not raised.

        Raises
        ------
        NoSuchName, AmbiguousName, NotFound
            A word or the tag matches no droplet, or a name matches several.
        InvalidArgument
            A word is a pattern.
        """
        pattern = next((word for word in words if is_pattern(word)), None)
        if pattern is not None:
            raise InvalidArgument(
                f"{pattern!r} is a pattern, which only list, get and panel take. Name the droplets, or use --tag."
            )
        found = self.tagged(tag) if tag else []
        if len(words) == 1:
            found += self._find_one(words[0], missing)
        elif words:
            found += self._find_many(words, missing)
        return list({droplet.id: droplet for droplet in found}.values())

    def tagged(self, tag: str) -> list[Droplet]:
        """Return the droplets with a tag.

        Raises
        ------
        NoSuchName
            The tag does not exist, or no droplet has it.
        """
        droplets = self.client.droplets.list(tag_name=tag)
        if not droplets:
            self.check_tag(tag)
            raise NoSuchName(f"No droplet has the tag {tag!r}.", name=tag)
        return droplets

    def check_tag(self, tag: str) -> None:
        """Raise `NoSuchName` for an unknown tag, for which the API returns an empty list."""
        if not self.has_tag(tag):
            ending = did_you_mean(tag, self._tags) or "."
            raise NoSuchName(f"Tag {tag!r} not found{ending}", name=tag, nearest=close_matches(tag, self._tags))

    def tag_called(self, tag: str) -> str:
        """Return a tag as the account writes it; raises as `check_tag`."""
        self.check_tag(tag)
        return next((one for one in self.tag_names if one.casefold() == tag.casefold()), tag)

    def has_tag(self, tag: str) -> bool:
        """Return whether a tag exists, ignoring case."""
        return tag.casefold() in map(str.casefold, self._tags)

    @property
    def tag_names(self) -> Sequence[str]:
        """The names of all tags."""
        return self._tags

    @cached_property
    def _tags(self) -> list[str]:
        return [one.name for one in self.client.tags.list()]

    def _find_one(self, word: str, missing: dict[int, NotFound] | None) -> list[Droplet]:
        try:
            return [self.client.droplets.find(word)]
        except NotFound as error:
            if missing is None or not is_integer(word):
                raise
            missing[int(word)] = error
            return []

    def _find_many(self, words: Iterable[str], missing: dict[int, NotFound] | None) -> list[Droplet]:
        # One list resolves all names. A word that it does not resolve is looked up alone and raises the usual error.
        listed = self.client.droplets.list()
        if self._learn is not None:
            self._learn("droplets", [(droplet.name, droplet.id) for droplet in listed])
        by_id = {str(droplet.id): droplet for droplet in listed}
        by_name: dict[str, list[Droplet]] = {}
        for droplet in listed:
            by_name.setdefault(droplet.name, []).append(droplet)
        found: list[Droplet] = []
        for word in words:
            matches = [by_id[word]] if word in by_id else by_name.get(word, [])
            found += matches if len(matches) == 1 else self._find_one(word, missing)
        return found

    @cached_property
    def _lookup(self) -> Lookup:
        return Lookup(self.client)

    def id_of(self, kind: str, word: int | str, parents: tuple[int | str, ...] = ()) -> int | str:
        """Return the id of the one resource with this name; see `Lookup.id_of`."""
        return self._lookup.id_of(kind, word, parents)

    def matching(self, kind: str, word: int | str) -> list[Row]:
        """Return the resources that an id, name or pattern fits; see `Lookup.matching`."""
        return self._lookup.matching(kind, word)

    def read(self, request: Request) -> Row | None:
        """Return one resource that only makes the plan more precise, or None if it cannot be read."""
        try:
            answer = self.client.execute(request)
        except PoseidonError:
            return None
        row = next(iter(answer.values()), None) if isinstance(answer, dict) and len(answer) == 1 else answer
        return row if isinstance(row, dict) else None

    def check_choices(self, request: Request) -> None:
        """Check the values of a request that the account's options list.

        Raises
        ------
        InvalidArgument
            A value is not among them; the closest one is suggested.
        """
        if problem := check_choices(request, self._read_options):
            raise InvalidArgument(problem)

    def _read_options(self, operation_id: str, path: Row) -> Any:
        answer = self.client.call(operation_id, path=path)
        if isinstance(answer, list):
            # The path of a choice starts at the whole response.
            answer = {operation(operation_id).response_key: answer}
        if self._learn_options is not None:
            self._learn_options(operation_id, answer)
        return answer

    @cached_property
    def sizes(self) -> Mapping[str, Row]:
        """The available sizes by slug; empty when offline."""
        return {size.slug: size.to_dict() for size in self.client.sizes.list()}

    def price_of(self, size: str) -> float | None:
        """Return the monthly price of a size in USD, or None if it is not available."""
        return size_usd_month(self.sizes, size)


class OfflineReader(AccountReader):
    """Replacement for an account that cannot be read. Its client builds requests and sends none."""

    offline = True
    label = ""
    sizes: Mapping[str, Row] = {}
    tag_names: Sequence[str] = ()

    def droplet_rows(self, words: Sequence[str], tag: str | None = None) -> Sequence[Row]:
        """Return a row for each word, and one row for all droplets with the tag."""
        rows = [{"id": self.id_of("droplets", word), "name": str(word)} for word in dict.fromkeys(words)]
        return [*rows, *([{"id": f"{UNKNOWN_ID}EACH", "name": f"each droplet with tag {tag}"}] if tag else [])]

    def has_tag(self, tag: str) -> bool:  # noqa: ARG002  # the signature of AccountReader
        """Return True, because the tag may exist."""
        return True

    def id_of(self, kind: str, word: int | str, parents: tuple[int | str, ...] = ()) -> int | str:  # noqa: ARG002  # as above
        """Return an id unchanged, and a placeholder for the id of a name."""
        if is_id(kind, word):
            return api_id(kind, word)
        # A public image is sent by its slug.
        return word if kind == "images" else f"{UNKNOWN_ID}{word}"

    def check_choices(self, request: Request) -> None:
        """Check nothing: there are no options to read."""

    def read(self, request: Request) -> Row | None:  # noqa: ARG002  # the signature of AccountReader
        """Return None."""
        return None
