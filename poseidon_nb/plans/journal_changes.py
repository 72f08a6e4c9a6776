"""Every request that may have changed something, of all kernels of this machine: what ``%do log`` shows beside its own.

A file a day, to which all kernels append whole lines. No bodies and no tokens: see `transport.change_log`.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
from collections import deque
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from poseidon_nb.plans.journal_entry import json_line, read_time
from poseidon_nb.plans.journal_files import MAX_AGE_DAYS, private_folder, read_whole, state_folder
from poseidon_nb.transport.change_log import MAX_CHANGES, LoggedChange

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

_SUFFIX: Final = ".jsonl"
#: This process, for its own changes are in memory. By its number, for a process that is forked off is another one.
_kernels: dict[int, str] = {}


def keep(change: LoggedChange) -> None:
    """Append a change to the file of its day.

    Raises
    ------
    OSError
        It cannot be written.
    """
    folder = _folder()
    path = folder / f"{change.time:%Y-%m-%d}{_SUFFIX}"
    if path.exists() and not path.is_file():
        # A pipe that nobody reads would hold up whoever writes.
        raise OSError(errno.EINVAL, "not a file")
    if not path.exists():
        private_folder(folder)
        _prune(folder, change.time)
    line = json_line({**asdict(change), "time": change.time.isoformat(), "kernel": _kernel()})
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, line)
    finally:
        os.close(handle)


def earlier_changes() -> list[LoggedChange]:
    """Return the newest changes of other kernels, oldest first; what cannot be read is left out."""
    found: deque[LoggedChange] = deque(maxlen=MAX_CHANGES)
    for path in _days(_folder()):
        try:
            text = read_whole(path).decode(errors="replace")
        except OSError:
            continue
        found.extend(change for line in text.split("\n") if (change := _read(line)) is not None)
    return sorted(found, key=lambda change: change.time)


def _read(line: str) -> LoggedChange | None:
    try:
        facts = json.loads(line)
        if facts.pop("kernel") == _kernel():
            return None
        return LoggedChange(**{**facts, "time": read_time(facts["time"])})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _kernel() -> str:
    return _kernels.setdefault(os.getpid(), f"{os.getpid()}-{secrets.token_hex(4)}")


def _folder() -> Path:
    return state_folder() / "changes"


def _days(folder: Path) -> list[Path]:
    with contextlib.suppress(OSError):
        return sorted(path for path in folder.iterdir() if path.suffix == _SUFFIX)
    return []


def _prune(folder: Path, now: datetime) -> None:
    oldest = f"{now - timedelta(days=MAX_AGE_DAYS):%Y-%m-%d}"
    for path in _days(folder):
        if path.stem < oldest:
            with contextlib.suppress(OSError):
                path.unlink()
