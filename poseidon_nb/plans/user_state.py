"""The user's state directory, and what it holds besides plans: the salt of account keys and the history of changes.

The history is what ``%do log`` shows of other kernels: a file a day, to which all kernels append whole lines. It holds no
bodies and no tokens; see `transport.change_log`.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import secrets
from collections import deque
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from poseidon_nb.plans.journal_entry import AccountKey, encode_line, parse_time
from poseidon_nb.transport.change_log import MAX_CHANGES, LoggedChange

if TYPE_CHECKING:
    from datetime import datetime

    from poseidon_nb.client.client import Client

#: The environment variable that replaces the system's state directory.
VARIABLE: Final = "POSEIDON_STATE_DIR"
#: How long ended plans and changes are kept, in days.
MAX_AGE_DAYS: Final = 30
_SUFFIX: Final = ".jsonl"
_SALT_BYTES = 16

_log = logging.getLogger("poseidon_nb")
#: Used where the state directory cannot be written, for this process.
_salt_in_memory = secrets.token_bytes(_SALT_BYTES)
#: The id of this process, whose own changes are in memory; by pid, because a fork is another process.
_kernel_ids: dict[int, str] = {}
#: Whether the user was warned that nothing can be stored.
_warned = False


def state_dir() -> Path:
    """Return the directory for this program's state on this system."""
    name = os.environ.get(VARIABLE, "").strip()
    if name:
        with contextlib.suppress(RuntimeError):
            return Path(name).expanduser()
        # The user in ``~user`` does not exist.
        return Path(name)
    import platformdirs  # noqa: PLC0415  # only needed at the first change

    return Path(platformdirs.user_state_dir("poseidon_nb", appauthor=False))


def make_private_dir(path: Path) -> None:
    """Create a directory that only the user can access, and its missing parents."""
    if not path.is_dir():
        make_private_dir(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)


def read_file(path: Path) -> bytes:
    """Read a regular file. Pipes and devices, which may never end, are refused.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    _check_regular_file(path)
    return path.read_bytes()


def _check_regular_file(path: Path) -> None:
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "not a file")


def warn_once(error: OSError) -> None:
    """Warn, once per process, that plans are kept in memory only."""
    global _warned  # noqa: PLW0603  # one warning per process
    if not _warned:
        _warned = True
        _log.warning(
            "Cannot write plans and changes to %s (%s). If this kernel ends during a plan, %%do plans will not list it.",
            state_dir(),
            error.strerror or error,
        )


def account_key(client: Client) -> AccountKey:
    """Return the key of a client's account. The account is asked for its identity once for each client."""
    return AccountKey(client.identity(), client.token_digest(_salt(state_dir() / "salt")))


def _salt(path: Path) -> bytes:
    try:
        if not path.exists():
            _create_salt(path)
        salt = read_file(path)
    except OSError:
        return _salt_in_memory
    return salt if len(salt) == _SALT_BYTES else _salt_in_memory


def _create_salt(path: Path) -> None:
    """Write a salt atomically; if two processes do so at once, the first wins."""
    make_private_dir(path.parent)
    temporary = path.with_name(f".salt.{os.getpid()}.{secrets.token_hex(4)}")
    temporary.touch(mode=0o600, exist_ok=False)
    try:
        temporary.write_bytes(secrets.token_bytes(_SALT_BYTES))
        try:
            os.link(temporary, path)
        except FileExistsError:
            return
        except OSError:
            # The file system has no hard links.
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def save_change(change: LoggedChange) -> None:
    """Append a change to the history; never raises."""
    try:
        _append_change(change)
    except OSError as error:
        warn_once(error)


def _append_change(change: LoggedChange) -> None:
    directory = _changes_dir()
    path = directory / f"{change.time:%Y-%m-%d}{_SUFFIX}"
    # Opening a pipe that nobody reads would block.
    _check_regular_file(path)
    if not path.exists():
        make_private_dir(directory)
        _prune_changes(directory, change.time)
    line = encode_line({**asdict(change), "time": change.time.isoformat(), "kernel": _kernel_id()})
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, line)
    finally:
        os.close(handle)


def earlier_changes() -> list[LoggedChange]:
    """Return the recent changes of other kernels, oldest first. What cannot be read is left out."""
    found: deque[LoggedChange] = deque(maxlen=MAX_CHANGES)
    for path in _change_files(_changes_dir()):
        try:
            text = read_file(path).decode(errors="replace")
        except OSError:
            continue
        found.extend(change for line in text.split("\n") if (change := _parse_change(line)) is not None)
    return sorted(found, key=lambda change: change.time)


def _parse_change(line: str) -> LoggedChange | None:
    try:
        data = json.loads(line)
        if data.pop("kernel") == _kernel_id():
            return None
        return LoggedChange(**{**data, "time": parse_time(data["time"])})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _kernel_id() -> str:
    return _kernel_ids.setdefault(os.getpid(), f"{os.getpid()}-{secrets.token_hex(4)}")


def _changes_dir() -> Path:
    return state_dir() / "changes"


def _change_files(directory: Path) -> list[Path]:
    with contextlib.suppress(OSError):
        return sorted(path for path in directory.iterdir() if path.suffix == _SUFFIX)
    return []


def _prune_changes(directory: Path, now: datetime) -> None:
    oldest = f"{now - timedelta(days=MAX_AGE_DAYS):%Y-%m-%d}"
    for path in _change_files(directory):
        if path.stem < oldest:
            with contextlib.suppress(OSError):
                path.unlink()
