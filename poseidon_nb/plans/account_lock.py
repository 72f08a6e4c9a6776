"""A lock on an account, so that on this machine only one kernel at a time applies frames to it.

Two that compare the same file with the account at the same moment would both create what is missing.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.plans.private_files import private_lock
from poseidon_nb.plans.user_state import make_private_dir, state_dir, warn_once

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poseidon_nb.plans.journal_entry import AccountKey


@contextmanager
def lock_account(key: AccountKey) -> Iterator[None]:
    """Hold the lock of the account with a key.

    Raises
    ------
    InvalidArgument
        Another kernel, or another thread of this one, holds it.
    """
    name = hashlib.sha256((key.identity or key.token).encode()).hexdigest()[:16]
    path = state_dir() / "locks" / f"{name}.lock"
    lock = private_lock(path)
    try:
        make_private_dir(path.parent)
        lock.acquire(timeout=0)
    except TimeoutError:
        raise InvalidArgument(
            "Another command is applying a frame to this account, or asks whether to. Nothing was done. "
            "Run the command again when it has ended; see %do plans"
        ) from None
    except OSError as error:
        # Plans are executed without a state directory too.
        warn_once(error)
    try:
        yield
    finally:
        lock.release()
