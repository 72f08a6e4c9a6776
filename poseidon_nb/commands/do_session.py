"""What is remembered between commands: the account, its client, the login, and names for completion.

There is one account at a time, and it changes only when the user says so. After the sandbox is stopped there is none, so
that a command can never run on a real account by accident.
"""

from __future__ import annotations

from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.choices import words_in
from poseidon_nb.clock import SYSTEM_CLOCK
from poseidon_nb.errors import ConfigurationError, NoToken
from poseidon_nb.language.spec import SIZES_IN
from poseidon_nb.transport.credentials import KernelLogin

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

    from poseidon_nb.client.client import Client
    from poseidon_nb.client.joined_sandbox import JoinedSandbox
    from poseidon_nb.clock import Clock
    from poseidon_nb.commands.account_words import AccountWords
    from poseidon_nb.commands.reap.watch import LeaseWatch
    from poseidon_nb.plans.frames.shown import ShownValues
    from poseidon_nb.sandbox import Sandbox
    from poseidon_nb.transport.change_log import ChangeLog, LoggedChange
    from poseidon_nb.widgets.panel import PanelHost

    #: How many changes the account's client had made, and the seconds of the clock.
    LearnedAt: TypeAlias = tuple[int, float]

#: Words of one type that are remembered for completion.
MAX_WORDS = 5_000
#: Seconds between two requests of the panels of an idle sandbox, which other notebooks may use too. A change that only every
#: fourth request shows, such as a tag, is seen within 15 seconds.
SANDBOX_INTERVAL_S = 3.5
#: What to use instead of `po.connect()` while the sandbox is the account.
_SANDBOX_CLIENT = "use the sandbox that %do uses: po.current_client()"


class _Account(Enum):
    CONTEXT = "context"
    SANDBOX = "sandbox"
    NONE = "none"


class DoSession:
    """The state of ``%do`` in one kernel, or of ``po.do`` in one process.

    Parameters
    ----------
    clock : Clock
        The clock of its clients, its sandbox and its progress rows.
    """

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self.clock = clock
        #: The sandbox of this process, or one of another process that was joined.
        self.sandbox: Sandbox | JoinedSandbox | None = None
        #: The login and contexts of this session.
        self.login = KernelLogin()
        self._account = _Account.CONTEXT
        #: How the sandbox was left, if that is why there is no account.
        self._left = ""
        self._clients: dict[str | None, Client] = {}
        #: The logs of all clients, also of accounts that were left.
        self._change_logs: list[ChangeLog] = []
        #: Destroys what is over while the kernel lives, once ``%do reap --watch`` has started it.
        self.lease_watch: LeaseWatch | None = None
        self._words: dict[str, tuple[str, ...]] = {}
        #: When the words of each source were last seen.
        self.learned_at: dict[str, LearnedAt] = {}
        self._ids: dict[str, dict[str, frozenset[int | str]]] = {}

    def client(self, context: str | None = None) -> Client:
        """Return the client of the account, or of a context that is named for one command.

        Raises
        ------
        NoToken
            There is no account, or no token is found.
        """
        from poseidon_nb.plans.journal import connect  # noqa: PLC0415  # loads requests

        if context is None and self._account is _Account.NONE:
            raise NoToken(
                f"The sandbox was {self._left}, and no account is selected. "
                "Run %do sandbox start, %do login, or %do context use."
            )
        if context not in self._clients:
            in_sandbox = context is None and self._account is _Account.SANDBOX
            account = self.sandbox if in_sandbox else None
            self._clients[context] = connect(account, context=context, clock=self.clock, login=self.login)
            if in_sandbox:
                # Other notebooks may use the same sandbox.
                self._clients[context].monitor.interval_s = SANDBOX_INTERVAL_S
            self._change_logs.append(self._clients[context].changes)
        return self._clients[context]

    def offline_client(self) -> Client:
        """Return a client that only builds requests; it needs no token."""
        from poseidon_nb.client.client import connect  # noqa: PLC0415  # loads requests
        from poseidon_nb.transport.config import DEFAULT_BASE_URL  # noqa: PLC0415  # only needed here

        # An address that cannot be used is no reason to refuse it.
        return connect(token="plan", base_url=DEFAULT_BASE_URL, read_only=True, clock=self.clock)  # noqa: S106  # it sends nothing

    def changes(self) -> tuple[list[LoggedChange], list[LoggedChange]]:
        """Return what other kernels of this machine have changed in any account, and what this session has."""
        from poseidon_nb.plans.user_state import earlier_changes  # noqa: PLC0415  # loads requests

        here = [change for log in self._change_logs for change in log]
        return earlier_changes(), here

    @cached_property
    def panel_host(self) -> PanelHost:
        """What the panels of this session share."""
        from poseidon_nb.widgets.panel import PanelHost  # noqa: PLC0415  # loads ipywidgets

        return PanelHost()

    @cached_property
    def shown(self) -> ShownValues:
        """What the listings of this session showed, so that edits of their frames can be recognized."""
        from poseidon_nb.plans.frames.shown import ShownValues  # noqa: PLC0415  # only tables need it

        return ShownValues()

    @property
    def in_sandbox(self) -> bool:
        """Whether the sandbox is the account."""
        return self._account is _Account.SANDBOX

    def use_sandbox(self, sandbox: Sandbox | JoinedSandbox) -> None:
        """Make a running sandbox the account. If it is already, its client and the open panels stay."""
        if self.in_sandbox and sandbox is self.sandbox:
            return
        self.sandbox, self._account = sandbox, _Account.SANDBOX
        self.login.hint = _SANDBOX_CLIENT
        self._forget("another account was selected")

    def require_sandbox(self) -> Sandbox | JoinedSandbox:
        """Return the sandbox.

        Raises
        ------
        ConfigurationError
            There is none.
        """
        if self.sandbox is None:
            raise ConfigurationError("No sandbox is running. Start one with %do sandbox start")
        return self.sandbox

    def stop_sandbox(self) -> Sandbox | JoinedSandbox:
        """Stop the sandbox, or disconnect from one of another process, and return it.

        If it was the account, there is none until one is selected.

        Raises
        ------
        ConfigurationError
            There is none.
        """
        from poseidon_nb.client.joined_sandbox import JoinedSandbox  # noqa: PLC0415  # loads requests

        sandbox = self.require_sandbox()
        self._left = "disconnected" if isinstance(sandbox, JoinedSandbox) else "stopped"
        if self.in_sandbox:
            self._account = _Account.NONE
            self.login.hint = ""
            self._forget(f"the sandbox was {self._left}")
        if isinstance(sandbox, JoinedSandbox):
            sandbox.close()
        else:
            sandbox.stop()
        self.sandbox = None
        return sandbox

    def use_context(self, context: str | None) -> None:
        """Make a context the account; None is the account of the environment, or doctl's current context."""
        self._account = _Account.CONTEXT
        self.login.context, self.login.hint = context, ""
        self._forget("another account was selected")

    def _forget(self, reason: str = "") -> None:
        if self.lease_watch is not None:
            self.lease_watch.stop()
        for client in self._clients.values():
            client.close(reason=reason)
        self._clients.clear()
        self._words.clear()
        self.learned_at.clear()
        self.__dict__.pop("account_words", None)
        self._ids.clear()

    @property
    def connected_client(self) -> Client | None:
        """The client of the account, if a command has used it already."""
        return self._clients.get(None)

    def now(self) -> LearnedAt:
        """Return how many changes the account's client has made, and the seconds of the clock."""
        client = self.connected_client
        return 0 if client is None else client.changes.added, self.clock.monotonic()

    @cached_property
    def account_words(self) -> AccountWords:
        """The words for completion: those last seen, and names of the account."""
        from poseidon_nb.commands.account_words import AccountWords  # noqa: PLC0415  # only completion needs it

        return AccountWords(self)

    @property
    def words(self) -> dict[str, tuple[str, ...]]:
        """The words last seen, by source: droplets, regions, sizes, images, tags, keys."""
        return self._words

    def remember(self, source: str, words: Iterable[Any], *, complete: bool = True) -> None:
        """Remember words for completion, in the given order.

        Parameters
        ----------
        source : str
        words : iterable
        complete : bool
            Replace the words of this source; else they are added.
        """
        known = () if complete else self._words.get(source, ())
        texts = dict.fromkeys([*known, *(str(word) for word in words)])
        self._words[source] = tuple(texts)[:MAX_WORDS]
        self.learned_at[source] = self.now()

    def remember_sizes(self, sizes: Iterable[tuple[str, bool, Iterable[str]]]) -> None:
        """Remember the available sizes, overall and by region: tuples of slug, whether available, and regions."""
        by_region: dict[str, list[str]] = {}
        available = [(slug, [*regions]) for slug, is_available, regions in sizes if is_available]
        for slug, regions in available:
            for region in regions:
                by_region.setdefault(f"{SIZES_IN}{region}", []).append(slug)
        for source in [source for source in self._words if source.startswith(SIZES_IN)]:
            del self._words[source]
        self.remember("sizes", [slug for slug, regions in available if regions])
        for source, slugs in by_region.items():
            self.remember(source, slugs)

    def remember_options(self, operation_id: str, answer: Any) -> None:
        """Remember the words for completion in a response, if it has the options of a service."""
        for source, words in words_in(operation_id, answer).items():
            self.remember(source, words)

    def remember_names(self, source: str, names: Iterable[tuple[Any, Any]], *, complete: bool = True) -> None:
        """Remember names for completion, with their ids for dry runs; what has no name or no id is left out."""
        pairs = [(name, id_) for name, id_ in names if isinstance(name, str) and isinstance(id_, str | int)]
        self.remember(source, [name for name, _ in pairs], complete=complete)
        ids = {} if complete else self._ids.get(source, {})
        for name, id_ in pairs:
            ids[name] = ids.get(name, frozenset()) | {id_}
        self._ids[source] = ids

    def id_of(self, source: str, name: str) -> int | str | None:
        """Return the id that a name had when it was last seen; None if it had none, or several."""
        ids = self._ids.get(source, {}).get(name, frozenset())
        return next(iter(ids)) if len(ids) == 1 else None
