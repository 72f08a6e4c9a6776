"""`connect`, and the `Client` that it returns: an account and its resources."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any, Protocol

from poseidon_nb.client.actions.actions import Actions
from poseidon_nb.client.connection import Connection
from poseidon_nb.client.domains import Domains
from poseidon_nb.client.droplets import Droplets
from poseidon_nb.client.engine.engine import Engine
from poseidon_nb.client.images import Images
from poseidon_nb.client.joined_sandbox import SANDBOX_ID, JoinedSandbox
from poseidon_nb.client.keys import Keys
from poseidon_nb.client.metrics import Metrics
from poseidon_nb.client.monitor.monitor import AccountMonitor
from poseidon_nb.client.nouns.apps import Apps
from poseidon_nb.client.nouns.databases import Databases
from poseidon_nb.client.nouns.firewalls import Firewalls
from poseidon_nb.client.nouns.kubernetes import KubernetesClusters
from poseidon_nb.client.nouns.load_balancers import LoadBalancers
from poseidon_nb.client.nouns.projects import Projects
from poseidon_nb.client.nouns.reserved_ips import ReservedIPs
from poseidon_nb.client.nouns.volumes import Volumes
from poseidon_nb.client.nouns.vpcs import VPCs
from poseidon_nb.client.operations import execute, request_by_name, request_by_path, send
from poseidon_nb.client.reading import current_read_options
from poseidon_nb.client.resource import Account, HidesInternals, Region, ResourceCollection, Size
from poseidon_nb.client.slugs import SlugChecker
from poseidon_nb.client.snapshots import Snapshots
from poseidon_nb.client.tags import Tags
from poseidon_nb.clock import SYSTEM_CLOCK, Clock
from poseidon_nb.errors import Forbidden, InvalidArgument, NotFound, NoToken, PoseidonError
from poseidon_nb.masked_data import without_masked_repr
from poseidon_nb.transport.change_log import ChangeLog
from poseidon_nb.transport.config import at_address, find_base_url
from poseidon_nb.transport.credentials import Credential, Token, find_credential
from poseidon_nb.transport.http import MAX_RESPONSE_BYTES
from poseidon_nb.transport.request import Request
from poseidon_nb.transport.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from typing import Self

    from poseidon_nb.transport.credentials import KernelLogin
    from poseidon_nb.transport.rate_limit import RateLimit

SANDBOX = "SANDBOX"


def is_sandbox_label(label: str) -> bool:
    """Return whether an account's label is that of a sandbox, see `Client.label`."""
    return label == SANDBOX or label.startswith(f"{SANDBOX} at ")


class HasAddress(Protocol):
    """Anything that can be connected to, such as a `Sandbox`."""

    @property
    def url(self) -> str:
        """Its address."""

    @property
    def token(self) -> str:
        """The token that it expects."""


def connect(  # noqa: PLR0913  # the ways to name an account, all by keyword but the first
    account: HasAddress | None = None,
    *,
    token: str | Token | None = None,
    context: str | None = None,
    base_url: str | None = None,
    timeout_s: float = 30.0,
    read_only: bool = False,
    strict: bool = False,
    max_response_bytes: int = MAX_RESPONSE_BYTES,
    clock: Clock = SYSTEM_CLOCK,
    login: KernelLogin | None = None,
) -> Client:
    """Create a client for an account. Sends nothing.

    Parameters
    ----------
    account : object with ``url`` and ``token``, optional
        For example a running `Sandbox`.
    token : str, optional
        By default searched in this order: a login in this kernel, ``DIGITALOCEAN_ACCESS_TOKEN``, ``DIGITALOCEAN_TOKEN``,
        ``DIGITALOCEAN_API_KEY``, doctl's configuration, the keyring.
    context : str, optional
        A context of doctl or of ``%do login``.
    base_url : str, optional
        Address of the API; https, or this machine. By default ``DIGITALOCEAN_API_URL``, or the ``api-url`` of doctl's
        configuration if the token is that of doctl's current context, or DigitalOcean's.
    timeout_s : float
        Time limit of one request in seconds, from connecting to the last byte of the response. A retry gets it again.
    read_only : bool
        Refuse every request except GET. ``POSEIDON_READ_ONLY=1``, read at every request, does the same for all clients.
    strict : bool
        Raise a `ShapeError` for a value of an unexpected type in a table. By default the value is missing, and a
        `ResponseWarning` names its field.
    max_response_bytes : int
        Largest body of a response, in bytes after decompression; default 256 MB. A larger one raises a `ShapeError`.
    clock : Clock
        For tests.
    login : KernelLogin, optional
        The logins and the current context of ``%do``.

    Raises
    ------
    NoToken
        No token was found; the message lists what to do.
    ConfigurationError
        The address or a setting cannot be used.
    """
    if account is not None:
        if not hasattr(account, "url") or not hasattr(account, "token"):
            # Its value is not shown: it may be a token.
            raise InvalidArgument(
                "connect expects an object with .url and .token, such as a Sandbox. Pass a token as token=..."
            )
        if token or context or base_url:
            raise InvalidArgument("connect takes either an account, or token=, context= and base_url=.")
        if not account.url:
            raise NoToken(f"{type(account).__name__} is not running. Call start() first, or use it in a with block.")
        base_url = account.url
        if isinstance(account, JoinedSandbox):
            credential = account.credential
        else:
            credential = Credential(Token(account.token), type(account).__name__.lower())
    else:
        credential = find_credential(token=token, context=context, login=login)
    session = Session(
        credential,
        base_url=base_url or find_base_url(credential.api_url),
        timeout_s=timeout_s,
        read_only=read_only,
        max_response_bytes=max_response_bytes,
        clock=clock,
    )
    session.may_be_sandbox = session.may_be_sandbox or isinstance(account, JoinedSandbox)
    return Client(session, account, strict=strict)


class Client(HidesInternals):
    """An account.

    Parameters
    ----------
    session : Session
    account : object with ``url`` and ``token``, optional
        What the session was created for, such as a sandbox.

    Attributes
    ----------
    regions, sizes, images, keys, domains, droplets, actions, snapshots, tags
    volumes, firewalls, load_balancers, vpcs, reserved_ips, projects, databases, kubernetes, apps
        The resources of the account; each has ``list()`` and ``frame()``, and the verbs of ``%do``.
    metrics : Metrics
        Droplet metrics: ``frame(kind, droplets)``.
    changes : ChangeLog
        The changes that this client has made: the session's log, or its own.
    """

    _internal = frozenset({"engine", "identity", "monitor", "on_idle", "token_digest"})

    def __init__(self, session: Session, account: HasAddress | None = None, *, strict: bool = False) -> None:
        # Not `or`, because an empty log is falsy.
        self.changes = ChangeLog() if session.changes is None else session.changes
        session.changes = self.changes
        connection = Connection(session, strict=strict)
        slugs = SlugChecker(connection)
        self._connection = connection
        self._label: str | None = None
        #: None until it was read.
        self._identity: str | None = None
        is_own = account is not None and not isinstance(account, JoinedSandbox)
        #: The label if the server is a sandbox.
        self._sandbox_label = SANDBOX if is_own else self._at_address(SANDBOX)
        if is_own and session.may_be_sandbox and session.credential.token.of_sandbox:
            # No request is needed to know it.
            self._set_label(SANDBOX)
        self.regions: ResourceCollection[Region] = ResourceCollection(connection, "regions", "regions_list", Region)
        self.sizes: ResourceCollection[Size] = ResourceCollection(connection, "sizes", "sizes_list", Size)
        self.actions = Actions(connection)
        #: Sends every change.
        self.engine = Engine(connection, self.actions, slugs)
        self.keys = Keys(connection, self.engine)
        self.domains = Domains(connection, self.engine)
        self.images = Images(connection, self.actions, self.engine)
        self.droplets = Droplets(connection, self.actions, slugs, self)
        self.metrics = Metrics(connection, self.droplets)
        self.snapshots = Snapshots(connection, self.engine)
        self.tags = Tags(connection, self.engine)
        self.volumes = Volumes(connection, self)
        self.firewalls = Firewalls(connection, self)
        self.load_balancers = LoadBalancers(connection, self)
        self.vpcs = VPCs(connection, self)
        self.reserved_ips = ReservedIPs(connection, self)
        self.projects = Projects(connection, self)
        self.databases = Databases(connection, self)
        self.kubernetes = KubernetesClusters(connection, self)
        self.apps = Apps(connection, self)
        #: Reads the account for panels; sends nothing without a subscription.
        self.monitor = AccountMonitor(connection, self.actions)

    def __repr__(self) -> str:
        session = self._connection.session
        return f"<Client {session.base_url} token from {session.credential.source}{' read-only' if session.read_only else ''}>"

    @property
    def on_wait(self) -> Callable[[float, str], None]:
        """Called with the seconds and the reason of every noticeable wait; logs by default."""
        return self._connection.on_wait

    @on_wait.setter
    def on_wait(self, callback: Callable[[float, str], None]) -> None:
        self._connection.on_wait = callback

    @property
    def on_idle(self) -> Callable[[], None] | None:
        """Called several times a second in the caller's thread while other threads send; None by default."""
        return self._connection.on_idle

    @on_idle.setter
    def on_idle(self, callback: Callable[[], None] | None) -> None:
        self._connection.on_idle = callback

    @property
    def clock(self) -> Clock:
        """The clock of this client."""
        return self._connection.session.clock

    @property
    def base_url(self) -> str:
        """The address of the API."""
        return self._connection.session.base_url

    @property
    def read_only(self) -> bool:
        """Whether every request except GET is refused at the moment."""
        return self._connection.session.read_only

    @property
    def rate_limit(self) -> RateLimit | None:
        """The rate limit from the last response; None before the first. Sends nothing."""
        return self._connection.session.rate_limit

    def now(self) -> datetime:
        """Return the time of the server's clock in UTC, estimated from its responses. Sends nothing."""
        return self._connection.session.server_now()

    def label(self) -> str:
        """Return the account's name for confirmations: its email address, or the source of its token.

        If the address of the API is not DigitalOcean's, it follows. A sandbox is called ``SANDBOX``.
        """
        if self._label is None:
            self._identify()
        return self._label or self._default_label

    def identity(self) -> str:
        """Return the unique identity of the account: ``"team:UUID"``, ``"account:UUID"`` or ``"sandbox:ID"``.

        The first two have the address of the API added if it is not DigitalOcean's: another server can claim any UUID.
        Empty if the token may not read it. One request serves this and `label`.
        """
        if self._identity is None:
            self._identify()
        return self._identity or ""

    def token_digest(self, salt: bytes) -> str:
        """Return an irreversible digest of the token and the address. Sends nothing."""
        session = self._connection.session
        text = f"{session.base_url} {session.credential.token.reveal()}"
        return hmac.digest(salt, text.encode(), "sha256").hex()

    @property
    def _default_label(self) -> str:
        return self._at_address(f"the account of {self._connection.session.credential.source}")

    def _at_address(self, name: str) -> str:
        return at_address(name, self.base_url)

    def _identify(self) -> None:
        """Read identity and label. After a failure only the label is tried again."""
        self._identity = self._identity or ""
        try:
            if sandbox_id := self._read_sandbox_id():
                self._identity = f"sandbox:{sandbox_id}"
                self._set_label(self._sandbox_label)
                return
            account = self.account()
        except Forbidden:
            # A token without account:read may be allowed everything else.
            if self._label is None:
                self._set_label(self._default_label)
        except (PoseidonError, KeyError, TypeError):
            return
        else:
            uuid = (account.get("team") or {}).get("uuid")
            self._identity = self._at_address(f"team:{uuid}" if uuid else f"account:{account.get('uuid') or ''}")
            if self._label is None:
                self._set_label(self._at_address(account.email))

    def _read_sandbox_id(self) -> str:
        """Return the id of the sandbox at this address, or "" if the server is none, such as a tunnel to the service."""
        if not self._connection.session.may_be_sandbox:
            return ""
        try:
            answer = self._connection.send(Request("GET", SANDBOX_ID)).json()
        except (NotFound, Forbidden):
            return ""
        return str(answer.get("id") or "") if isinstance(answer, dict) else ""

    def _set_label(self, name: str) -> None:
        self._label = self._connection.session.account = name

    def account(self) -> Account:
        """Return the account's owner and limits. API: ``account_get``."""
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
        """Return the request that `call` would send. Sends nothing.

        Parameters
        ----------
        operation_id : str
        path, query, headers : mapping, optional
            Values by name; booleans in headers become ``true`` and ``false``.
        body : object, optional
            JSON.
        check : bool
            Refuse unknown fields, and missing required fields.
        **fields : object
            Values by name alone, for the path, query, headers or body. A name that exists in the path and the body goes
            to the path; use ``body=`` for the body.

        Raises
        ------
        InvalidArgument
            A field is unknown or a required one is missing.
        """
        return request_by_name(
            operation_id, path=path, query=query, body=body, headers=headers, check=check, fields=fields
        )

    def call(self, operation_id: str, *, frame: bool = False, reveal: bool = False, **parts: Any) -> Any:
        """Call any operation of the API by its operationId.

        Parameters
        ----------
        operation_id : str
            For example ``"databases_list_clusters"``.
        frame : bool
            Return a DataFrame.
        reveal : bool
            Keep passwords, tokens, private keys and connection strings in the DataFrame, and in the repr of other results.
        **parts : object
            ``path=``, ``query=``, ``body=`` and ``headers=`` as mappings, or the operation's own parameters and body
            fields by name: ``client.call("tags_get", tag_id="web")``.

        Returns
        -------
        object
            JSON of the response; for a collection the list of all items, from all pages. Text or bytes if the response is
            not JSON, such as an invoice as CSV or PDF. Without ``reveal`` its repr and its pickles are masked, and its items
            are real: a `masked_data.MaskedDict`, `MaskedList` or `MaskedText`. A DataFrame has masked values.
        """
        return self.execute(self.request(operation_id, **parts), frame=frame, reveal=reveal)

    def execute(self, request: Request, *, frame: bool = False, reveal: bool = False) -> Any:
        """Send a request from `request`, and return the result as `call` does."""
        return execute(self._connection, self.engine, request, frame=frame, reveal=reveal)

    def api(self, method: str, path: str, *, body: Any = None, reveal: bool = False) -> Any:
        """Send any request, for what the catalogue does not contain.

        Parameters
        ----------
        method : str
        path : str
            Including the query, such as ``/v2/droplets?tag_name=web``.
        body : object, optional
            JSON.
        reveal : bool
            As for `call`.

        Returns
        -------
        object
            JSON of the response, one page of it, as from `call`; None if it is empty.
        """
        found = send(self._connection, self.engine, self.api_request(method, path, body=body))
        return without_masked_repr(found) if reveal or current_read_options().reveal else found

    def api_request(self, method: str, path: str, *, body: Any = None) -> Request:
        """Return the request that `api` would send. Sends nothing."""
        return request_by_path(method, path, body=body)

    def close(self, *, reason: str = "") -> None:
        """Close the connections and all subscriptions to the account.

        Parameters
        ----------
        reason : str
            What open panels say about it: ``"the sandbox was stopped"``.
        """
        self.monitor.close(reason)
        self._connection.session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
