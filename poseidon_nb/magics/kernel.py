"""What this process remembers between commands: the chosen account, its client, and the words last seen.

There is one account of ``%do`` at a time, and it only changes when somebody says so: a sandbox that is stopped leaves
no account behind, so a command can never slide over to a real one.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from poseidon_nb.clock import SYSTEM_CLOCK
from poseidon_nb.errors import ConfigurationError, NoToken
from poseidon_nb.magics.language.words import SIZES_IN
from poseidon_nb.transport.credentials import KERNEL_LOGIN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from poseidon_nb.client.client import Client
    from poseidon_nb.clock import Clock
    from poseidon_nb.sandbox import Sandbox
    from poseidon_nb.transport.change_log import ChangeLog, LoggedChange

#: How many words of one kind are kept for completion: more than a person can choose from.
MOST_WORDS = 5_000
#: What somebody wants who looks for an account's token while a sandbox is chosen.
_SANDBOX_CLIENT = "use the sandbox that %do uses: po.current_client()"


class _Chosen(Enum):
    """Whose account ``%do`` acts upon."""

    CONTEXT = "context"
    SANDBOX = "sandbox"
    NOBODY = "nobody"


class Kernel:
    """The state behind ``%do`` and ``po.do``.

    Parameters
    ----------
    clock : Clock
        Whose time its clients, its sandbox and its progress rows go by.
    """

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self.clock = clock
        self.sandbox: Sandbox | None = None
        self._chosen: _Chosen = _Chosen.CONTEXT
        self._clients: dict[str | None, Client] = {}
        #: Of every client that there was: what was changed stays told when the account is left.
        self._change_logs: list[ChangeLog] = []
        self._known: dict[str, tuple[str, ...]] = {}
        self._ids: dict[str, dict[str, frozenset[int | str]]] = {}

    def client(self, context: str | None = None) -> Client:
        """Return the client of the chosen account, or of a context named for one command.

        Raises
        ------
        NoToken
            No account is chosen, or no token is found.
        """
        from poseidon_nb.plans.connect import connect  # noqa: PLC0415  # requests comes at first use

        if context is None and self._chosen is _Chosen.NOBODY:
            raise NoToken(
                "no account is chosen since the sandbox was stopped: %do sandbox start, %do login, or %do context use"
            )
        if context not in self._clients:
            in_sandbox = context is None and self._chosen is _Chosen.SANDBOX
            account = self.sandbox if in_sandbox else None
            self._clients[context] = connect(account, context=context, clock=self.clock)
            self._change_logs.append(self._clients[context].changes)
        return self._clients[context]

    def unsent(self) -> Client:
        """Return a client that builds requests and is never made to send one: a plan needs no token."""
        from poseidon_nb.client.client import connect  # noqa: PLC0415  # as above

        return connect(token="plan", read_only=True, clock=self.clock)  # noqa: S106  # no token, and nothing is sent

    def changes(self) -> list[LoggedChange]:
        """Return what was changed from this machine, in whichever account, oldest first: also by earlier kernels."""
        from poseidon_nb.plans.journal_changes import earlier_changes  # noqa: PLC0415  # as above

        here = [change for log in self._change_logs for change in log]
        return sorted([*earlier_changes(), *here], key=lambda change: change.time)

    @property
    def in_sandbox(self) -> bool:
        """Whether the sandbox is the account."""
        return self._chosen is _Chosen.SANDBOX

    def choose_sandbox(self, sandbox: Sandbox) -> None:
        """Make a running sandbox the account."""
        self.sandbox, self._chosen = sandbox, _Chosen.SANDBOX
        KERNEL_LOGIN.hint = _SANDBOX_CLIENT
        self._forget()

    def stop_sandbox(self) -> None:
        """Stop the sandbox; if it was the account, no account is chosen then.

        Raises
        ------
        ConfigurationError
            None runs.
        """
        if self.sandbox is None:
            raise ConfigurationError("no sandbox runs here; start one: %do sandbox start")
        if self.in_sandbox:
            self._chosen = _Chosen.NOBODY
            KERNEL_LOGIN.hint = ""
            self._forget()
        self.sandbox.stop()
        self.sandbox = None

    def choose_context(self, context: str | None) -> None:
        """Make a context the account; None is what the environment, or doctl's current context, has."""
        self._chosen = _Chosen.CONTEXT
        KERNEL_LOGIN.context, KERNEL_LOGIN.hint = context, ""
        self._forget()

    def _forget(self) -> None:
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        self._known.clear()
        self._ids.clear()

    @property
    def known(self) -> dict[str, tuple[str, ...]]:
        """The words last seen, by kind: droplets, regions, sizes, images, tags, keys."""
        return self._known

    def learn(self, kind: str, words: Iterable[Any], *, whole: bool = True) -> None:
        """Remember the words of one kind, in the order given, each once.

        Parameters
        ----------
        kind : str
        words : iterable
        whole : bool
            These are all there are; else they come to those that are known already.
        """
        known = () if whole else self._known.get(kind, ())
        texts = dict.fromkeys([*known, *(str(word) for word in words)])
        self._known[kind] = tuple(texts)[:MOST_WORDS]

    def learn_sizes(self, sizes: Iterable[tuple[str, bool, Iterable[str]]]) -> None:
        """Remember the sizes that can be had, in all and by region, of slugs, whether available, and regions."""
        by_region: dict[str, list[str]] = {}
        sold = [(slug, [*regions]) for slug, available, regions in sizes if available]
        for slug, regions in sold:
            for region in regions:
                by_region.setdefault(f"{SIZES_IN}{region}", []).append(slug)
        for kind in [kind for kind in self._known if kind.startswith(SIZES_IN)]:
            del self._known[kind]
        self.learn("sizes", [slug for slug, regions in sold if regions])
        for kind, slugs in by_region.items():
            self.learn(kind, slugs)

    def learn_names(self, kind: str, names: Iterable[tuple[str, int | str]], *, whole: bool = True) -> None:
        """Remember names as words, and the ids that they stand for, for a plan that must not ask."""
        pairs = list(names)
        self.learn(kind, [name for name, _ in pairs], whole=whole)
        ids = {} if whole else self._ids.get(kind, {})
        for name, thing_id in pairs:
            ids[name] = ids.get(name, frozenset()) | {thing_id}
        self._ids[kind] = ids

    def id_of(self, kind: str, name: str) -> int | str | None:
        """Return the id that a name had when last seen, if it was one."""
        ids = self._ids.get(kind, {}).get(name, frozenset())
        return next(iter(ids)) if len(ids) == 1 else None


THE_KERNEL = Kernel()
