"""How the journal recognizes an account: its team, a sandbox's own id, or a digest of the token."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from poseidon_nb.plans.journal_entry import AccountKey
from poseidon_nb.plans.journal_files import private_folder, read_whole, state_folder

if TYPE_CHECKING:
    from pathlib import Path

    from poseidon_nb.client.client import Client

_SALT_BYTES = 16
#: Where the state folder cannot be written, for this process.
_salt_in_memory = secrets.token_bytes(_SALT_BYTES)


def account_key(client: Client) -> AccountKey:
    """Return the key of a client's account. Asks the account who it is, once for each client."""
    return AccountKey(client.identity(), client.token_digest(_salt(state_folder())))


def _salt(folder: Path) -> bytes:
    path = folder / "salt"
    try:
        if not path.exists():
            _make_salt(path)
        found = read_whole(path)
    except OSError:
        return _salt_in_memory
    return found if len(found) == _SALT_BYTES else _salt_in_memory


def _make_salt(path: Path) -> None:
    """Write a salt, whole or not at all; of two processes the first wins."""
    private_folder(path.parent)
    own = path.with_name(f".salt.{os.getpid()}.{secrets.token_hex(4)}")
    own.touch(mode=0o600, exist_ok=False)
    try:
        own.write_bytes(secrets.token_bytes(_SALT_BYTES))
        try:
            os.link(own, path)
        except FileExistsError:
            return
        except OSError:
            # A file system without links.
            own.replace(path)
    finally:
        own.unlink(missing_ok=True)
