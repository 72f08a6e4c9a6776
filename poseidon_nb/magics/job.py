"""One command on its way: what a handler is given to carry it out."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from poseidon_nb.plans.account import Account
from poseidon_nb.plans.questions import PRICE_LIMIT_USD_MONTH

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.droplets.droplet import Droplet
    from poseidon_nb.errors import NotFound
    from poseidon_nb.magics.front import Front
    from poseidon_nb.magics.kernel import Kernel
    from poseidon_nb.magics.language.command import Command
    from poseidon_nb.magics.progress_views import ProgressView


#: No time at all is no limit that anything takes.
_LEAST_S = 0.001


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user set by ``%config DoMagics``, and where ``--out`` puts its variable.

    Parameters
    ----------
    price_limit_usd_month : float
        A plan that adds more than this is asked about, in USD a month.
    assign : callable, optional
        Sets a variable of the user's; None outside a shell.
    """

    price_limit_usd_month: float = PRICE_LIMIT_USD_MONTH
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
    _began_s: float = field(init=False)

    def __post_init__(self) -> None:
        self._began_s = self.kernel.clock.monotonic()

    @cached_property
    def client(self) -> Client:
        """The account's client, whose waits this command's view shows until `close`."""
        return self.attach(self.kernel.client(self.command.context))

    def attach(self, client: Client) -> Client:
        """Report a client's waits to this command's view, until `close`."""
        before = client.on_wait, client.on_idle
        client.on_wait, client.on_idle = self.view.wait, self.view.look
        client.engine.on_background = self.view.follow_execution
        changed = client.changes.added

        def restore() -> None:
            client.on_wait, client.on_idle = before
            client.engine.on_background = None
            if client.changes.added > changed:
                # An open panel shows at once what a command has done.
                client.watch.hurry()

        self._closing.append(restore)
        return client

    def close(self) -> None:
        """Leave nothing of this command behind in the client."""
        while self._closing:
            self._closing.pop()()

    def argument(self, name: str) -> Any:
        """Return an argument, or None."""
        return self.command.arguments.get(name)

    def option(self, name: str) -> Any:
        """Return an option, or None."""
        return self.command.options.get(name)

    @property
    def waiting(self) -> dict[str, Any]:
        """How verbs are to wait: keywords that all of them take."""
        return {
            "wait": not self.command.no_wait,
            "timeout_s": self.command.timeout_s,
            "on_progress": self.view.tell,
        }

    def time_left_s(self) -> float | None:
        """Return what is left of ``--timeout``, more than nothing in any case; None without it."""
        if self.command.timeout_s is None:
            return None
        used_s = self.kernel.clock.monotonic() - self._began_s
        return max(self.command.timeout_s - used_s, _LEAST_S)

    def ask(self, question: str) -> bool:
        """Ask; what a person takes to answer is no part of ``--timeout``."""
        asked_s = self.kernel.clock.monotonic()
        try:
            return self.front.ask(question)
        finally:
            self._began_s += self.kernel.clock.monotonic() - asked_s

    @cached_property
    def account(self) -> Account:
        """What a plan, and what is about some droplets, reads of the account."""
        return Account(self.client, self.kernel.learn_names)

    def droplets(self, *, gone: dict[int, NotFound] | None = None) -> list[Droplet]:
        """Return the droplets that the command names, by id, name or tag, each once; `Account.droplets` says the rest."""
        return self.account.droplets(self.argument("droplets") or (), self.option("tag_name"), gone=gone)
