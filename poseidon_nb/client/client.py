"""`connect`, and the `Client` that it gives: an account with its nouns."""

from __future__ import annotations

import hmac
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from poseidon_nb.client.actions.actions import Actions
from poseidon_nb.client.collection import Collection
from poseidon_nb.client.connection import Connection
from poseidon_nb.client.domains.domains import Domains
from poseidon_nb.client.droplets.droplets import Droplets
from poseidon_nb.client.engine.engine import Engine
from poseidon_nb.client.images.images import Images
from poseidon_nb.client.keys import Keys
from poseidon_nb.client.metrics import Metrics
from poseidon_nb.client.operations import carried_out, request_by_name, request_by_path, sent
from poseidon_nb.client.resource import Account, Region, Size
from poseidon_nb.client.slugs import Slugs
from poseidon_nb.client.stored import Snapshots, Tags
from poseidon_nb.client.watching.watch import Watch
from poseidon_nb.clock import SYSTEM_CLOCK, Clock
from poseidon_nb.errors import Forbidden, InvalidArgument, NotFound, NoToken, PoseidonError
from poseidon_nb.transport.change_log import ChangeLog
from poseidon_nb.transport.config import DEFAULT_BASE_URL
from poseidon_nb.transport.credentials import Credential, Token, find_credential
from poseidon_nb.transport.request import Request
from poseidon_nb.transport.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from typing import Self

    from poseidon_nb.transport.credentials import KernelLogin
    from poseidon_nb.transport.rate_limit import RateLimit

SANDBOX = "SANDBOX"
#: Where a sandbox tells its id.
SANDBOX_ID = "/_sandbox/id"


class HasAddress(Protocol):
    """Anything that can be connected to: a `Sandbox` is one."""

    @property
    def url(self) -> str:
        """Its address."""

    @property
    def token(self) -> str:
        """The token that it asks for."""


def connect(  # noqa: PLR0913  # the ways to name an account, all by keyword but the first
    account: HasAddress | None = None,
    *,
    token: str | None = None,
    context: str | None = None,
    base_url: str | None = None,
    timeout_s: float = 30.0,
    read_only: bool = False,
    clock: Clock = SYSTEM_CLOCK,
    login: KernelLogin | None = None,
) -> Client:
    """Return a client for an account. Nothing is sent yet.

    Parameters
    ----------
    account : object with ``url`` and ``token``, optional
        For example a running `Sandbox`.
    token : str, optional
        By default it is looked for: a login in this kernel, ``DIGITALOCEAN_ACCESS_TOKEN``, ``DIGITALOCEAN_TOKEN``,
        ``DIGITALOCEAN_API_KEY``, doctl's configuration, the keyring.
    context : str, optional
        A name that doctl or ``%do login`` knows.
    base_url : str, optional
        Another address than DigitalOcean's; https, or this machine.
    timeout_s : float
        How long one request may take as a whole, in seconds, from its connection to the last byte of its answer. One
        that is repeated gets it anew.
    read_only : bool
        Refuse every request but GET. ``POSEIDON_READ_ONLY=1``, read at every request, does the same for all clients.
    clock : Clock
        For tests.
    login : KernelLogin, optional
        The logins and the current context of ``%do``.

    Raises
    ------
    NoToken
        None was found; the message names the ways on.
    ConfigurationError
        The address or a setting cannot be used.
    """
    if account is not None:
        if not hasattr(account, "url") or not hasattr(account, "token"):
            # Its value is not shown: it may be a token.
            raise InvalidArgument("connect takes an object with .url and .token, as a Sandbox; a token is token=...")
        if token or context or base_url:
            raise InvalidArgument("connect takes either an account or token=, context= and base_url=")
        if not account.url:
            raise NoToken(f"{type(account).__name__} is not running: start() it first, or use it in a with block")
        credential, base_url = Credential(Token(account.token), type(account).__name__.lower()), account.url
    else:
        credential = find_credential(token=token, context=context, login=login)
    session = Session(
        credential,
        base_url=base_url or DEFAULT_BASE_URL,
        timeout_s=timeout_s,
        read_only=read_only,
        clock=clock,
    )
    return Client(session)


class Client:
    """An account.

    Parameters
    ----------
    session : Session
        The road to it.

    Attributes
    ----------
    regions, sizes, images, keys, domains, droplets, actions, snapshots, tags
        What is in it: each has ``list()`` and ``frame()``.
    metrics : Metrics
        What the droplets did: ``frame(kind, droplets)``.
    changes : ChangeLog
        What this client has changed: the session's log, or one of its own.
    """

    def __init__(self, session: Session) -> None:
        # Not `or`: an empty log is false.
        self.changes = ChangeLog() if session.changes is None else session.changes
        session.changes = self.changes
        connection = Connection(session)
        slugs = Slugs(connection)
        self._connection = connection
        self._label: str | None = None
        #: None while it was not asked for.
        self._identity: str | None = None
        if session.loopback:
            self._call_it(SANDBOX)
        self.regions: Collection[Region] = Collection(connection, "regions", "regions_list", Region)
        self.sizes: Collection[Size] = Collection(connection, "sizes", "sizes_list", Size)
        self.actions = Actions(connection)
        #: Carries out every change.
        self.engine = Engine(connection, self.actions, slugs)
        self.keys = Keys(connection, self.engine)
        self.domains = Domains(connection, self.engine)
        self.images = Images(connection, self.actions, self.engine)
        self.droplets = Droplets(connection, self.actions, slugs, self)
        self.metrics = Metrics(connection, self.droplets)
        self.snapshots = Snapshots(connection, self.engine)
        self.tags = Tags(connection, self.engine)
        #: Follows the account for panels; asks nothing while nobody subscribes.
        self.watch = Watch(connection, self.actions)

    def __repr__(self) -> str:
        session = self._connection.session
        return f"<Client {session.base_url} token of {session.credential.source}{' read-only' if session.read_only else ''}>"

    @property
    def on_wait(self) -> Callable[[float, str], None]:
        """Told the seconds and the reason of every pause that a person would notice; logs by default."""
        return self._connection.on_wait

    @on_wait.setter
    def on_wait(self, tell: Callable[[float, str], None]) -> None:
        self._connection.on_wait = tell

    @property
    def on_idle(self) -> Callable[[], None] | None:
        """Called several times a second in the caller's thread while other threads send; nothing by default."""
        return self._connection.on_idle

    @on_idle.setter
    def on_idle(self, look: Callable[[], None] | None) -> None:
        self._connection.on_idle = look

    @property
    def clock(self) -> Clock:
        """Whose time this client goes by."""
        return self._connection.session.clock

    @property
    def base_url(self) -> str:
        """The address of the API."""
        return self._connection.session.base_url

    @property
    def read_only(self) -> bool:
        """Whether every request but GET is refused, as things stand now."""
        return self._connection.session.read_only

    @property
    def rate_limit(self) -> RateLimit | None:
        """The rate limit as the last reply told it, None before any. Sends nothing."""
        return self._connection.session.rate_limit

    def now(self) -> datetime:
        """Return the time by the server's clock, as far as its answers have told it; UTC. Nothing is sent."""
        return self._connection.session.server_now()

    def label(self) -> str:
        """Return the account's name for a question: ``SANDBOX``, its e-mail address, or where its token came from."""
        if self._label is None:
            self._introduce()
        return self._label or self._nameless

    def identity(self) -> str:
        """Return what tells this account from every other: ``"team:UUID"``, ``"account:UUID"`` or ``"sandbox:ID"``.

        Empty where the token may not read it. The account is asked once for this and for `label`.
        """
        if self._identity is None:
            self._introduce()
        return self._identity or ""

    def token_digest(self, salt: bytes) -> str:
        """Return a digest of the token and the address, from which neither can be had back. Nothing is sent."""
        session = self._connection.session
        text = f"{session.base_url} {session.credential.token.reveal()}"
        return hmac.digest(salt, text.encode(), "sha256").hex()

    @property
    def _nameless(self) -> str:
        return f"the account of {self._connection.session.credential.source}"

    def _introduce(self) -> None:
        """Ask the account who it is. What fails is not asked again for its identity, but for its name."""
        session = self._connection.session
        self._identity = self._identity or ""
        try:
            if session.loopback:
                with suppress(NotFound):
                    self._identity = f"sandbox:{self._connection.send(Request('GET', SANDBOX_ID)).json()['id']}"
                    return
                # Something else than our sandbox listens there.
            account = self.account()
        except Forbidden:
            # A token without account:read may still do everything else.
            if self._label is None:
                self._call_it(self._nameless)
        except (PoseidonError, KeyError, TypeError):
            return
        else:
            uuid = (account.get("team") or {}).get("uuid")
            self._identity = f"team:{uuid}" if uuid else f"account:{account.get('uuid') or ''}"
            if self._label is None:
                self._call_it(account.email)

    def _call_it(self, name: str) -> None:
        self._label = self._connection.session.account = name

    def account(self) -> Account:
        """Return whose account this is, and its limits. API: ``account_get``."""
        return Account(self._connection.one("account_get"))

    def request(
        self,
        operation_id: str,
        *,
        path: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, Any] | None = None,
        check: bool = True,
        **fields: Any,
    ) -> Request:
        """Return the request that `call` would send, and send nothing.

        Parameters
        ----------
        operation_id : str
        path, query, headers : mapping, optional
            Values by name; in the headers flags become ``true`` and ``false``.
        body : object, optional
            JSON.
        check : bool
            Refuse what the catalogue does not know, and what lacks something required.
        **fields : object
            Values by name alone, for wherever the operation has them. A name that stands in two places goes to the
            path; the body then takes it by ``body=``.

        Raises
        ------
        InvalidArgument
            A field is unknown or a required one is missing.
        """
        return request_by_name(
            operation_id, path=path, query=query, body=body, headers=headers, check=check, fields=fields
        )

    def call(self, operation_id: str, *, frame: bool = False, **parts: Any) -> Any:
        """Call any operation of the API by its operationId.

        Parameters
        ----------
        operation_id : str
            For example ``"databases_list_clusters"``.
        frame : bool
            Return a DataFrame.
        **parts : object
            ``path=``, ``query=``, ``body=`` and ``headers=`` as mappings, or the operation's own parameters and body
            fields by name: ``client.call("tags_get", tag_id="web")``.

        Returns
        -------
        object
            The answer's JSON; for a collection the list of all items, from all pages. Text and bytes where the answer
            is no JSON, such as an invoice as CSV or PDF.
        """
        return self.carried_out(self.request(operation_id, **parts), frame=frame)

    def carried_out(self, request: Request, *, frame: bool = False) -> Any:
        """Send a request that `request` gave, and give what `call` gives."""
        return carried_out(self._connection, self.engine, request, frame=frame)

    def api(self, method: str, path: str, *, body: Any = None) -> Any:
        """Send any request: the last resort, for what the catalogue does not know.

        Parameters
        ----------
        method : str
        path : str
            With its query, such as ``/v2/droplets?tag_name=web``.
        body : object, optional
            JSON.

        Returns
        -------
        object
            The answer's JSON, one page of it; None where there is none.
        """
        return sent(self._connection, self.engine, self.api_request(method, path, body=body))

    def api_request(self, method: str, path: str, *, body: Any = None) -> Request:
        """Return the request that `api` would send, and send nothing."""
        return request_by_path(method, path, body=body)

    def close(self) -> None:
        """Close the connections, and end what follows the account."""
        self.watch.close()
        self._connection.session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
