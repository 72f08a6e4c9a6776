"""Finding the API token, and a `Token` that appears in no repr, log, pickle or message.

The order: an argument, a context, this kernel's login, the environment, doctl's configuration file (read only), and the
keyring if it is installed.
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

TOKEN_VARIABLES = ("DIGITALOCEAN_ACCESS_TOKEN", "DIGITALOCEAN_TOKEN", "DIGITALOCEAN_API_KEY")
TOKEN_PREFIXES = ("dop_v1_", "doo_v1_", "dor_v1_")
KEYRING_SERVICE = "poseidon_nb"
DEFAULT_CONTEXT = "default"
#: Begins the tokens that a sandbox creates. No other server has such tokens.
SANDBOX_PREFIX = "dop_v1_sandbox_"


class Token:
    """A secret token. It prints as ``dop_v1_…`` and cannot be pickled or encoded as JSON.

    Parameters
    ----------
    secret : str

    Raises
    ------
    ConfigurationError
        The token is empty or contains invalid characters.
    """

    __slots__ = ("_secret",)

    def __init__(self, secret: str) -> None:
        secret = secret.strip()
        problem = ""
        if not secret:
            problem = "The token is empty."
        elif not secret.isascii() or not secret.isprintable() or " " in secret:
            problem = "The token contains invalid characters. Was something else pasted?"
        if problem:
            secret = ""  # verbose tracebacks print local variables
            raise ConfigurationError(problem)
        self._secret = secret

    def reveal(self) -> str:
        """Return the secret. Only for the header of a request."""
        return self._secret

    @property
    def of_sandbox(self) -> bool:
        """Whether a sandbox created the token, so that no other account accepts it."""
        return self._secret.startswith(SANDBOX_PREFIX)

    def redact(self, text: str) -> str:
        """Return the text with the secret replaced."""
        return text.replace(self._secret, repr(self))

    def __repr__(self) -> str:
        prefix = next((known for known in TOKEN_PREFIXES if self._secret.startswith(known)), "")
        return f"{prefix}…"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Token) and other._secret == self._secret

    def __hash__(self) -> int:
        return hash((Token, self._secret))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a token cannot be pickled")


@dataclass(frozen=True, slots=True)
class Credential:
    """A token and its source, for messages such as "The token from DIGITALOCEAN_TOKEN is not valid".

    Parameters
    ----------
    token : Token
    source : str
    context : str
    api_url : str
        The address of the API that its source names for this token; empty if it names none.
    """

    token: Token
    source: str
    context: str = ""
    api_url: str = ""


class KernelLogin:
    """The tokens and the context chosen by ``%do login`` and ``%do context use``. In memory only."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}
        self.context: str | None = None
        #: How to use the chosen account if it has no token here, for the error message: a sandbox.
        self.hint = ""

    def login(self, token: Token, context: str = DEFAULT_CONTEXT) -> None:
        """Store a token for this process and select its context."""
        self._tokens[context] = token
        self.context = context

    def token(self, context: str) -> Token | None:
        """Return the token entered for a context, if any."""
        return self._tokens.get(context)

    @property
    def contexts(self) -> tuple[str, ...]:
        """The contexts with a token."""
        return tuple(self._tokens)

    def clear(self) -> None:
        """Remove all tokens and the selected context."""
        self._tokens.clear()
        self.context, self.hint = None, ""


def find_credential(
    *,
    token: str | Token | None = None,
    context: str | None = None,
    environment: Mapping[str, str] | None = None,
    doctl_config: Path | None = None,
    login: KernelLogin | None = None,
) -> Credential:
    """Find the token.

    Raises
    ------
    NoToken
        No token was found; the message names the alternatives.
    NoSuchName
        The context does not exist.
    """
    if token is not None:
        return Credential(token if isinstance(token, Token) else Token(token), "token=")
    login = login or KernelLogin()
    path = doctl_config or doctl_config_path()
    chosen = context or login.context
    if chosen:
        return _find_in_context(chosen, path, login)
    environ = os.environ if environment is None else environment
    for name in TOKEN_VARIABLES:
        if environ.get(name, "").strip():
            try:
                return Credential(Token(environ[name]), name)
            except ConfigurationError as exc:
                raise ConfigurationError(f"{name} is not valid. {exc}") from None
    doctl = read_doctl(path)
    if doctl.current in doctl.tokens:
        return doctl.credential(doctl.current)
    stored = read_keyring(DEFAULT_CONTEXT)
    if stored is not None:
        return Credential(stored, "the keyring", DEFAULT_CONTEXT)
    raise NoToken(
        "No API token found. Set DIGITALOCEAN_ACCESS_TOKEN, log in with %do login, or "
        f"{login.hint or 'try it without an account: %do sandbox start'}"
    )


def _find_in_context(name: str, path: Path, login: KernelLogin) -> Credential:
    if name.startswith(TOKEN_PREFIXES):
        raise ConfigurationError("Expected the name of a context, but this looks like a token. Pass a token as token=.")
    entered = login.token(name)
    if entered is not None:
        return Credential(entered, "the login in this kernel", name)
    doctl = read_doctl(path)
    if name in doctl.tokens:
        return doctl.credential(name)
    stored = read_keyring(name)
    if stored is not None:
        return Credential(stored, "the keyring", name)
    known = sorted({*doctl.tokens, *login.contexts})
    raise NoSuchName(
        f"Context {name!r} not found{expected_one_of(name, known) if known else '. There are no contexts.'}",
        name=name,
        nearest=close_matches(name, known),
    )


@dataclass(frozen=True, slots=True)
class DoctlConfig:
    """doctl's configuration: the tokens by context, the current context, and its ``api-url``."""

    tokens: Mapping[str, Token]
    current: str
    api_url: str = ""

    def credential(self, context: str) -> Credential:
        """Return the token of a context.

        The file has one ``api-url``, which belongs to its current context: no other context's token is sent there.
        """
        api_url = self.api_url if context == self.current else ""
        return Credential(self.tokens[context], f"doctl's context {context}", context, api_url)


def doctl_config_path() -> Path:
    """Return the path of doctl's configuration file on this system."""
    import platformdirs  # noqa: PLC0415  # only needed if no earlier source has a token

    return Path(platformdirs.user_config_dir("doctl", appauthor=False, roaming=True)) / "config.yaml"


def read_doctl(path: Path) -> DoctlConfig:
    """Read doctl's configuration. A missing file has no contexts.

    Raises
    ------
    ConfigurationError
        The file cannot be read or parsed.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return DoctlConfig({}, DEFAULT_CONTEXT)
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigurationError(f"Could not read doctl's configuration {path} ({type(exc).__name__}).") from None
    settings = _settings(text)
    if settings is None:
        # The parser's own message would quote the invalid line, which may be the token.
        raise ConfigurationError(f"doctl's configuration {path} is not a YAML mapping.")
    contexts = settings.get("auth-contexts")
    entries = dict(contexts) if isinstance(contexts, dict) else {}
    entries[DEFAULT_CONTEXT] = settings.get("access-token") or entries.get(DEFAULT_CONTEXT)
    tokens = {str(name): token for name, secret in entries.items() if (token := _token_or_none(secret))}
    return DoctlConfig(
        tokens, str(settings.get("context") or DEFAULT_CONTEXT), str(settings.get("api-url") or "").strip()
    )


def _settings(text: str) -> dict[Any, Any] | None:
    import yaml  # noqa: PLC0415  # only needed if the file exists

    try:
        settings = yaml.safe_load(text) or {}
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    return settings if isinstance(settings, dict) else None


def _token_or_none(secret: object) -> Token | None:
    """Return a stored value as a token; None if it is not a valid token."""
    try:
        return Token(secret) if isinstance(secret, str) else None
    except ConfigurationError:
        return None


def read_keyring(context: str) -> Token | None:
    """Return the token of a context in the system's keyring; None without a token or a keyring."""
    try:
        import keyring  # noqa: PLC0415  # optional: 14 distributions, and no backend on most servers
        from keyring.errors import KeyringError  # noqa: PLC0415
    except ImportError:
        return None
    try:
        secret = keyring.get_password(KEYRING_SERVICE, context)
    except (KeyringError, RuntimeError, OSError):
        return None
    return _token_or_none(secret)


def save_to_keyring(token: Token, context: str) -> bool:
    """Store a token in the system's keyring; return whether this succeeded."""
    try:
        import keyring  # noqa: PLC0415  # optional
        from keyring.errors import KeyringError  # noqa: PLC0415
    except ImportError:
        return False
    try:
        keyring.set_password(KEYRING_SERVICE, context, token.reveal())
    except (KeyringError, RuntimeError, OSError):
        return False
    return True
