"""The token of a shared sandbox: a file that only its user can read, for `%do sandbox connect` in another notebook.

`%do sandbox start --share` writes one file for each sandbox to the state directory. A file is read only if its owner is this
user, nobody else can read it, and it is not a link. A token typed by the user, or from the environment, needs no file.
"""

from __future__ import annotations

import atexit
import json
import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from poseidon_nb.errors import ConfigurationError, ConfirmationRequired
from poseidon_nb.plans.private_files import is_private, replace_private
from poseidon_nb.plans.user_state import make_private_dir, read_file, state_dir
from poseidon_nb.transport.credentials import Credential, Token

if TYPE_CHECKING:
    from pathlib import Path

    from poseidon_nb.client.client import HasAddress
    from poseidon_nb.commands.ui import UserInterface

VARIABLE = "POSEIDON_SANDBOX_TOKEN"
_MAX_BYTES = 10_000
#: Not on Windows, where files belong to their user in another way.
_NO_LINKS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def share(sandbox: HasAddress) -> None:
    """Write the token of a sandbox to its file, until this process ends or `withdraw` is called.

    Raises
    ------
    ConfigurationError
        The file cannot be written, or others could read it.
    """
    path, data = _path(sandbox.url), _content(sandbox)
    try:
        make_private_dir(path.parent)
        replace_private(path, data, strict=True)
    except OSError as error:
        raise ConfigurationError(
            f"The sandbox cannot be shared: the file for its token cannot be written ({error.strerror or error}). "
            f"Set {VARIABLE} in the other notebook instead."
        ) from None
    atexit.register(_delete, path, data, os.getpid())


def withdraw(sandbox: HasAddress) -> None:
    """Delete the file of a sandbox, if there is one."""
    _delete(_path(sandbox.url), _content(sandbox), os.getpid())


def find_token(url: str, ui: UserInterface) -> Credential:
    """Return the token of a sandbox: from ``POSEIDON_SANDBOX_TOKEN``, from its file, or as typed by the user.

    Raises
    ------
    ConfigurationError
        The first of these that exists is not a valid token, or others could read the file.
    ConfirmationRequired
        There is none, and nobody can type it.
    """
    named = os.environ.get(VARIABLE, "").strip()
    if named:
        return _credential(named, VARIABLE)
    shared = _read(url)
    if shared:
        return _credential(shared, "the file of the sandbox")
    try:
        typed = ui.secret("Token of the sandbox (hidden): ")
    except ConfirmationRequired:
        raise ConfirmationRequired(
            f"No token for the sandbox at {url}. Share it with %do sandbox start --share, or set {VARIABLE}."
        ) from None
    return _credential(typed, "the prompt")


def _credential(secret: str, source: str) -> Credential:
    try:
        return Credential(Token(secret), source)
    except ConfigurationError as error:
        raise ConfigurationError(f"The token from {source} is not valid. {error}") from None


def _path(url: str) -> Path:
    """Return the file of the sandbox at an address; its name is the address."""
    name = "".join(one if one.isalnum() else "-" for one in url.partition("://")[2])
    return state_dir() / "sandboxes" / f"{name}.json"


def _content(sandbox: HasAddress) -> bytes:
    return json.dumps({"url": sandbox.url, "token": sandbox.token}).encode()


def _read(url: str) -> str:
    """Return the token in the file of a sandbox; "" without a file."""
    path = _path(url)
    try:
        handle = os.open(path, os.O_RDONLY | _NO_LINKS)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise ConfigurationError(f"{path} is not used, because it cannot be read ({error.strerror}).") from None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or not is_private(status):
            raise ConfigurationError(
                f"{path} is not used, because it is not a file that only you can read and write. "
                "Delete it, and start the sandbox again with --share."
            )
        data = os.read(handle, _MAX_BYTES)
    finally:
        os.close(handle)
    try:
        found: Any = json.loads(data)
        matches = found["url"] == url and isinstance(found["token"], str)
    except (ValueError, KeyError, TypeError, RecursionError):
        matches = False
    if not matches:
        raise ConfigurationError(f"{path} is not used, because it has no token for the sandbox at {url}. Delete it.")
    return str(found["token"])


def _delete(path: Path, data: bytes, pid: int) -> None:
    """Delete the file of a sandbox, unless another sandbox has written it since."""
    # A fork of this process does not end the sandbox.
    if os.getpid() != pid:
        return
    with suppress(OSError):
        if read_file(path) == data:
            path.unlink()
