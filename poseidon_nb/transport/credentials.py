"""Where the token comes from, and a `Token` that no repr, log, pickle or message gives away.

The order is DESIGN's: an argument, a context, what this kernel chose, the environment, doctl's file (read, never
written), the keyring where it is installed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from poseidon_nb.errors import ConfigurationError, NoSuchName, NoToken
from poseidon_nb.text import close_matches, expected_one_of

if TYPE_CHECKING:
    from collections.abc import Mapping

ENVIRONMENT = ("DIGITALOCEAN_ACCESS_TOKEN", "DIGITALOCEAN_TOKEN", "DIGITALOCEAN_API_KEY")
PREFIXES = ("dop_v1_", "doo_v1_", "dor_v1_")
KEYRING_SERVICE = "poseidon_nb"
DEFAULT_CONTEXT = "default"


class Token:
    """A secret. It prints as ``dop_v1_…`` and cannot be pickled or copied into JSON.

    Parameters
    ----------
    secret : str
        The token's text.

    Raises
    ------
    ConfigurationError
        It is empty, or has characters that no token has.
    """

    __slots__ = ("_secret",)

    def __init__(self, secret: str) -> None:
        secret = secret.strip()
        if not secret:
            raise ConfigurationError("the token is empty")
        if not secret.isascii() or not secret.isprintable() or " " in secret:
            raise ConfigurationError("the token has characters that no token has; was something else pasted?")
        self._secret = secret

    def reveal(self) -> str:
        """Return the secret, for the header of a request and for nothing else."""
        return self._secret

    def hidden_in(self, text: str) -> str:
        """Return the text without the secret."""
        return text.replace(self._secret, repr(self))

    def __repr__(self) -> str:
        prefix = next((known for known in PREFIXES if self._secret.startswith(known)), "")
        return f"{prefix}…"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Token) and other._secret == self._secret

    def __hash__(self) -> int:
        return hash((Token, self._secret))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a token is never pickled")


@dataclass(frozen=True, slots=True)
class Credential:
    """A token, and where it was found, for messages such as "the token of DIGITALOCEAN_TOKEN was refused"."""

    token: Token
    source: str
    context: str = ""


class KernelLogin:
    """What this process chose by ``%do login`` or ``%do context use``: held in memory only."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}
        self.context: str | None = None
        #: How to come by the account that was chosen and has no token here, in words: a sandbox's.
        self.instead = ""

    def login(self, token: Token, context: str = DEFAULT_CONTEXT) -> None:
        """Keep a token for this process, and use it from now on."""
        self._tokens[context] = token
        self.context = context

    def token(self, context: str) -> Token | None:
        """Return the token that was typed in for a context."""
        return self._tokens.get(context)

    @property
    def contexts(self) -> tuple[str, ...]:
        """The contexts that were logged in to."""
        return tuple(self._tokens)

    def forget(self) -> None:
        """Forget all of it."""
        self._tokens.clear()
        self.context, self.instead = None, ""


THIS_KERNEL = KernelLogin()


def find_credential(
    *,
    token: str | Token | None = None,
    context: str | None = None,
    environment: Mapping[str, str] | None = None,
    doctl_config: Path | None = None,
    kernel: KernelLogin = THIS_KERNEL,
) -> Credential:
    """Find the token to use.

    Raises
    ------
    NoToken
        There is none anywhere; the message names the ways on.
    NoSuchName
        The context is not known.
    """
    if token is not None:
        return Credential(token if isinstance(token, Token) else Token(token), "token=")
    path = doctl_config or doctl_config_path()
    chosen = context or kernel.context
    if chosen:
        return _in_context(chosen, path, kernel)
    environ = os.environ if environment is None else environment
    for name in ENVIRONMENT:
        if environ.get(name, "").strip():
            try:
                return Credential(Token(environ[name]), name)
            except ConfigurationError as exc:
                raise ConfigurationError(f"{name}: {exc}") from None
    doctl = read_doctl(path)
    if doctl.current in doctl.tokens:
        return Credential(doctl.tokens[doctl.current], f"doctl's context {doctl.current}", doctl.current)
    kept = from_keyring(DEFAULT_CONTEXT)
    if kept is not None:
        return Credential(kept, "the keyring", DEFAULT_CONTEXT)
    raise NoToken(
        "no token: set DIGITALOCEAN_ACCESS_TOKEN, or type %do login, or "
        f"{kernel.instead or 'try without an account: %do sandbox start'}"
    )


def _in_context(name: str, path: Path, kernel: KernelLogin) -> Credential:
    if name.startswith(PREFIXES):
        raise ConfigurationError("a context is the name of an account, and this looks like a token: give it as token=")
    typed = kernel.token(name)
    if typed is not None:
        return Credential(typed, "the login in this kernel", name)
    doctl = read_doctl(path)
    if name in doctl.tokens:
        return Credential(doctl.tokens[name], f"doctl's context {name}", name)
    kept = from_keyring(name)
    if kept is not None:
        return Credential(kept, "the keyring", name)
    known = sorted({*doctl.tokens, *kernel.contexts})
    raise NoSuchName(
        f"no context {name!r}{expected_one_of(name, known) if known else '. There are no contexts.'}",
        name=name,
        nearest=close_matches(name, known),
    )


@dataclass(frozen=True, slots=True)
class DoctlConfig:
    """What doctl's file says: the tokens by context, and which context is the current one."""

    tokens: Mapping[str, Token]
    current: str


def doctl_config_path() -> Path:
    """Return the place where doctl keeps its file on this system."""
    import platformdirs  # noqa: PLC0415  # only needed when no nearer source has a token

    return Path(platformdirs.user_config_dir("doctl", appauthor=False, roaming=True)) / "config.yaml"


def read_doctl(path: Path) -> DoctlConfig:
    """Read doctl's configuration; a missing file has no contexts.

    Raises
    ------
    ConfigurationError
        The file is there and cannot be understood.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return DoctlConfig({}, DEFAULT_CONTEXT)
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigurationError(f"cannot read doctl's file {path}: {type(exc).__name__}") from None
    settings = _settings(text)
    if settings is None:
        # The parser's own message would quote the line that it choked on, and that line may be the token.
        raise ConfigurationError(f"doctl's file {path} does not hold settings in YAML")
    contexts = settings.get("auth-contexts")
    written = dict(contexts) if isinstance(contexts, dict) else {}
    written[DEFAULT_CONTEXT] = settings.get("access-token") or written.get(DEFAULT_CONTEXT)
    tokens = {str(name): token for name, secret in written.items() if (token := _token_or_none(secret))}
    return DoctlConfig(tokens, str(settings.get("context") or DEFAULT_CONTEXT))


def _settings(text: str) -> dict[Any, Any] | None:
    import yaml  # noqa: PLC0415  # only needed when there is a file to read

    try:
        settings = yaml.safe_load(text) or {}
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    return settings if isinstance(settings, dict) else None


def _token_or_none(secret: object) -> Token | None:
    """Return what a file or a keychain holds as a token; None for what cannot be one."""
    try:
        return Token(secret) if isinstance(secret, str) else None
    except ConfigurationError:
        return None


def from_keyring(context: str) -> Token | None:
    """Return the token that the system's keychain holds for a context; None where there is no keychain."""
    try:
        import keyring  # noqa: PLC0415  # an extra: 14 distributions, and no backend on most servers
        from keyring.errors import KeyringError  # noqa: PLC0415
    except ImportError:
        return None
    try:
        secret = keyring.get_password(KEYRING_SERVICE, context)
    except (KeyringError, RuntimeError, OSError):
        return None
    return _token_or_none(secret)


def to_keyring(token: Token, context: str) -> bool:
    """Keep a token in the system's keychain; return whether that worked."""
    try:
        import keyring  # noqa: PLC0415  # an extra
        from keyring.errors import KeyringError  # noqa: PLC0415
    except ImportError:
        return False
    try:
        keyring.set_password(KEYRING_SERVICE, context, token.reveal())
    except (KeyringError, RuntimeError, OSError):
        return False
    return True
