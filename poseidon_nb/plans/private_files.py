"""Files that only their owner can read, and locks on them."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from filelock import BaseFileLock

#: Permissions of others than the owner.
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def replace_private(path: Path, data: bytes, *, strict: bool = False) -> None:
    """Write a file with mode 600, whole or not at all. A file or link of this name is replaced.

    Parameters
    ----------
    path : pathlib.Path
    data : bytes
    strict : bool
        Refuse a file system that ignores the mode, before anything is written.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            if strict:
                _check_private(os.fstat(file.fileno()))
            file.write(data)
        temporary.replace(path)
    except BaseException:
        # Also after Ctrl-C: the file may hold secrets.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def private_lock(path: Path) -> BaseFileLock:
    """Return a lock on a file, which is not locked yet. The system releases it if this process is killed."""
    import filelock  # noqa: PLC0415  # 40 ms, needed at the first change

    # The engine's threads release locks that the caller's thread has acquired.
    return filelock.FileLock(path, mode=0o600, thread_local=False)


def _check_private(status: os.stat_result) -> None:
    if not is_private(status):
        raise PermissionError(errno.EPERM, "others could read it")


def is_private(status: os.stat_result) -> bool:
    """Check whether a file belongs to this user, and nobody else can read or write it."""
    if os.name != "posix":
        return True
    return status.st_uid == os.getuid() and not status.st_mode & _OTHERS
