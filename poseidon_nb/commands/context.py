"""What a command needs to run: the parsed line, the session, the user interface and the client."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from poseidon_nb.plans.account import AccountReader
from poseidon_nb.plans.confirmation import PRICE_LIMIT_USD_MONTH

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.droplet import Droplet
    from poseidon_nb.commands.do_session import DoSession
    from poseidon_nb.commands.ui import ProgressView, UserInterface
    from poseidon_nb.errors import NotFound
    from poseidon_nb.language.command import Command
    from poseidon_nb.language.spec import Verb

#: A time limit of 0 is not accepted anywhere.
_MIN_S = 0.001


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user configured with ``%config DoMagics``, and where ``--out`` puts its variable.

    Parameters
    ----------
    price_limit_usd_month : float
        A plan that adds more than this, in USD a month, needs confirmation.
    assign : callable, optional
        Assigns a variable of the user; None outside a shell.
    """

    price_limit_usd_month: float = PRICE_LIMIT_USD_MONTH
    assign: Callable[[str, Any], None] | None = None


@dataclass
class CommandContext:
    """A command with everything that it needs.

    Parameters
    ----------
    command : Command
        It has a verb.
    session : DoSession
    ui : UserInterface
    progress : ProgressView
    settings : Settings
    """

    command: Command
    session: DoSession
    ui: UserInterface
    progress: ProgressView
    settings: Settings = field(default_factory=Settings)
    _restore: list[Callable[[], None]] = field(default_factory=list, init=False)
    _started_s: float = field(init=False)

    def __post_init__(self) -> None:
        self._started_s = self.session.clock.monotonic()

    @property
    def verb(self) -> Verb:
        """The verb of the command."""
        return self.command.verb

    @cached_property
    def client(self) -> Client:
        """The client of the account. Its waits are shown until `close`."""
        return self.attach(self.session.client(self.command.context))

    def attach(self, client: Client) -> Client:
        """Show the waits of a client as progress of this command, until `close`."""
        before = client.on_wait, client.on_idle
        client.on_wait, client.on_idle = self.progress.wait, self.progress.look
        client.engine.on_background = self.progress.follow_execution
        changed = client.changes.added

        def restore() -> None:
            client.on_wait, client.on_idle = before
            client.engine.on_background = None
            if client.changes.added > changed:
                # An open panel shows at once what a command has done.
                client.monitor.poll_soon()

        self._restore.append(restore)
        return client

    def for_command(self, command: Command, account: AccountReader) -> CommandContext:
        """Return the context of another command, which is part of this one and shares its client."""
        other = replace(self, command=command)
        # They are attached already, and what the account listed is read once.
        other.__dict__ |= {"account": account, "client": self.client}
        return other

    def close(self) -> None:
        """Remove everything that the command attached to clients."""
        while self._restore:
            self._restore.pop()()

    def argument(self, name: str) -> Any:
        """Return an argument, or None."""
        return self.command.arguments.get(name)

    def option(self, name: str) -> Any:
        """Return an option, or None."""
        return self.command.options.get(name)

    @property
    def waiting(self) -> dict[str, Any]:
        """Keyword arguments for the client's verbs: whether and how long to wait."""
        return {
            "wait": not self.command.no_wait,
            "timeout_s": self.command.timeout_s,
            "on_progress": self.progress.tell,
        }

    def time_left_s(self) -> float | None:
        """Return what is left of ``--timeout``, at least a millisecond; None without a limit."""
        if self.command.timeout_s is None:
            return None
        used_s = self.session.clock.monotonic() - self._started_s
        return max(self.command.timeout_s - used_s, _MIN_S)

    def ask(self, question: str) -> bool:
        """Ask a yes-or-no question. The time that the answer takes does not count towards ``--timeout``."""
        asked_s = self.session.clock.monotonic()
        try:
            return self.ui.ask(question)
        finally:
            self._started_s += self.session.clock.monotonic() - asked_s

    @cached_property
    def account(self) -> AccountReader:
        """The account as plans read it; it also finds droplets by id, name or tag."""
        return AccountReader(self.client, self.session.remember_names, self.session.remember_options)

    def droplets(self, *, gone: dict[int, NotFound] | None = None) -> list[Droplet]:
        """Return the droplets that the command names, by id, name or tag, each once; see `AccountReader.droplets`."""
        return self.account.droplets(self.argument("droplets") or (), self.option("tag_name"), missing=gone)
