"""One command on its way: what a handler is given to carry it out."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from poseidon_nb.errors import ConfirmationRequired, NoSuchName, NotFound
from poseidon_nb.text import hint, is_whole_number, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.droplets.droplet import Droplet
    from poseidon_nb.magics.front import Front
    from poseidon_nb.magics.kernel import Kernel
    from poseidon_nb.magics.language.command import Command
    from poseidon_nb.magics.progress_views import ProgressView


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user set by ``%config DoMagics``, and where ``--out`` puts its variable.

    Parameters
    ----------
    price_limit_usd_month : float
        A create dearer than this is asked about, in USD a month.
    assign : callable, optional
        Sets a variable of the user's; None outside a shell.
    """

    price_limit_usd_month: float = 100.0
    assign: Callable[[str, Any], None] | None = None


@dataclass
class Job:
    """A command with everything that it needs.

    Parameters
    ----------
    command : Command
    kernel : Kernel
    front : Front
    view : ProgressView
    settings : Settings
    """

    command: Command
    kernel: Kernel
    front: Front
    view: ProgressView
    settings: Settings = field(default_factory=Settings)
    _closing: list[Callable[[], None]] = field(default_factory=list, init=False)

    @cached_property
    def client(self) -> Client:
        """The account's client, which tells this command's view when it has to wait, until `close`."""
        client = self.kernel.client(self.command.context)
        before = client.on_wait, client.on_idle
        client.on_wait, client.on_idle = self.view.wait, self.view.look
        changed = client.journal.added

        def restore() -> None:
            client.on_wait, client.on_idle = before
            if client.journal.added > changed:
                # An open panel shows at once what a command has done.
                client.watch.hurry()

        self._closing.append(restore)
        return client

    def close(self) -> None:
        """Leave nothing of this command behind in the client."""
        while self._closing:
            self._closing.pop()()

    def argument(self, name: str) -> Any:
        """Give an argument, or None."""
        return self.command.arguments.get(name)

    def option(self, name: str) -> Any:
        """Give an option, or None."""
        return self.command.options.get(name)

    @property
    def waiting(self) -> dict[str, Any]:
        """How verbs are to wait: keywords that all of them take."""
        return {
            "wait": not self.command.no_wait,
            "timeout_s": self.command.timeout_s,
            "on_progress": self.view.tell,
        }

    def confirm(self, question: str) -> None:
        """Ask, unless ``--yes`` was given.

        Raises
        ------
        ConfirmationRequired
            The answer was no, or nobody can answer. Nothing was done.
        """
        if not self.command.yes and not self.front.ask(question):
            raise ConfirmationRequired("not confirmed; nothing was done")

    # --- droplets ----------------------------------------------------------------------------------------------------
    def droplets(self, *, gone: dict[int, NotFound] | None = None) -> list[Droplet]:
        """Give the droplets that the command names, by id, name or tag, each once.

        Parameters
        ----------
        gone : dict, optional
            Takes the ids that no droplet has, each with its error, which is then not raised.

        Raises
        ------
        NoSuchName, AmbiguousName, NotFound
            One of them cannot be told. None was acted upon.
        """
        tag: str | None = self.option("tag_name")
        words: tuple[str, ...] = self.argument("droplets") or ()
        found = self.tagged(tag) if tag else []
        if len(words) == 1:
            found += self._one(words[0], gone)
        elif words:
            found += self._found(words, gone)
        return list({droplet.id: droplet for droplet in found}.values())

    def tagged(self, tag: str) -> list[Droplet]:
        """Give the droplets with a tag, of which there must be one at least."""
        droplets = self.client.droplets.list(tag_name=tag)
        if not droplets:
            self.check_tag(tag)
            raise NoSuchName(f"no droplet has the tag {tag!r}", name=tag)
        return droplets

    def check_tag(self, tag: str) -> None:
        """Refuse a tag that does not exist; DigitalOcean would answer as if nothing had it."""
        tags = [one.name for one in self.client.tags.list()]
        if tag.casefold() not in map(str.casefold, tags):
            raise NoSuchName(f"no tag {tag!r}{hint(tag, tags)}", name=tag, nearest=nearest(tag, tags))

    def _one(self, word: str, gone: dict[int, NotFound] | None) -> list[Droplet]:
        try:
            return [self.client.droplets.find(word)]
        except NotFound as error:
            if gone is None or not is_whole_number(word):
                raise
            gone[int(word)] = error
            return []

    def _found(self, words: Iterable[str], gone: dict[int, NotFound] | None) -> list[Droplet]:
        # One list answers for all names; a name that it does not settle is asked for by itself, and fails as one does.
        listed = self.client.droplets.list()
        self.kernel.learn_names("droplets", [(droplet.name, droplet.id) for droplet in listed])
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

    def price_usd_month(self, size: str) -> float | None:
        """Give what a size costs a month, in USD; None when it is not sold."""
        return next((one.price_monthly for one in self.client.sizes.list() if one.slug == size), None)
