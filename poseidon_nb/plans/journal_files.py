"""The files of the journal: one for each plan, in the user's state directory, written a line at a time.

The process that runs a plan holds a lock on its file. The system releases the lock when the process ends, so a plan that
has neither ended nor is locked was interrupted. Ended plans are moved to a directory of their own and removed later.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from typing import TYPE_CHECKING, Any, Final

from poseidon_nb.errors import ConfigurationError, NoSuchName
from poseidon_nb.plans.journal_entry import encode_line, parse_entry
from poseidon_nb.plans.private_files import private_lock
from poseidon_nb.plans.user_state import MAX_AGE_DAYS, make_private_dir, read_file, state_dir
from poseidon_nb.text import close_matches, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from filelock import BaseFileLock

    from poseidon_nb.plans.journal_entry import JournalEntry

#: How many ended plans are kept.
MAX_ENDED: Final = 500

#: Letters and digits that are not easily confused.
_LETTERS = "abcdefghjkmnpqrstuvwxyz"
_CHARS = _LETTERS + "23456789"
_ID_LENGTH = 5
_DAY_S = 86_400
#: How long to wait for a lock in seconds; listing plans holds each lock for a moment.
_LOCK_TIMEOUT_S = 1.0


class PlanIsRunning(ConfigurationError):
    """Another process runs the plan."""


class PlanFile:
    """The file of a plan that this process has locked. No other process writes to it.

    Notes
    -----
    A forked process has a copy that it must not use; the record of the plan ensures that.
    """

    def __init__(self, files: PlanFiles, plan_id: str, lock: BaseFileLock, handle: int) -> None:
        self.id = plan_id
        self._files = files
        self._lock = lock
        self._handle = handle
        #: Whether a record writes to the file and will release it.
        self.in_use = False

    @property
    def is_open(self) -> bool:
        """Whether this process still holds the file."""
        return self._handle >= 0

    def write(self, line: Mapping[str, Any], *, sync: bool = False) -> None:
        """Append a line; with ``sync``, return once it is on the disk.

        A line survives the end of this process in any case, and with ``sync`` also a power failure. Only the steps
        themselves need that, because progress is read from the account.

        Raises
        ------
        OSError
            The disk is full or unavailable.
        """
        data = encode_line(line)
        written = os.write(self._handle, data)
        if written != len(data):
            # Later lines must not follow half a line.
            os.ftruncate(self._handle, os.fstat(self._handle).st_size - written)
            raise OSError("only part of the line was written")
        if sync:
            os.fsync(self._handle)

    def end(self) -> None:
        """Move the file to the ended plans, and release it."""
        # Some systems cannot move an open file.
        self._close()
        with contextlib.suppress(OSError):
            self._files.path(self.id).replace(self._files.ended_directory / f"{self.id}.jsonl")
        self.release()

    def release(self) -> None:
        """Release the file as it is; from now on the plan counts as interrupted."""
        self._close()
        self._lock.release()
        if not self._files.path(self.id).exists():
            with contextlib.suppress(OSError):
                self._files.lock_path(self.id).unlink()

    def _close(self) -> None:
        if self._handle >= 0:
            with contextlib.suppress(OSError):
                os.close(self._handle)
            self._handle = -1


class PlanFiles:
    """The files of all plans in the state directory."""

    def __init__(self) -> None:
        self.directory = state_dir() / "plans"
        self.ended_directory = self.directory / "ended"

    def path(self, plan_id: str) -> Path:
        """Return the path of a plan that has not ended."""
        return self.directory / f"{plan_id}.jsonl"

    def lock_path(self, plan_id: str) -> Path:
        """Return the path of a plan's lock."""
        return self.directory / f"{plan_id}.lock"

    def create(self) -> PlanFile:
        """Create and lock the file of a new plan.

        Raises
        ------
        OSError
            The directory cannot be written.
        """
        make_private_dir(self.ended_directory)
        while True:
            plan_id = new_id()
            if (self.ended_directory / f"{plan_id}.jsonl").exists():
                continue
            # Lock before the file exists, so that no process ever sees the plan unlocked.
            lock = private_lock(self.lock_path(plan_id))
            try:
                lock.acquire(timeout=0)
                handle = _open(self.path(plan_id), os.O_CREAT | os.O_EXCL)
            except (FileExistsError, TimeoutError):
                lock.release()
                continue
            return PlanFile(self, plan_id, lock, handle)

    def acquire(self, plan_id: str) -> tuple[PlanFile, JournalEntry]:
        """Lock and read an interrupted plan.

        Raises
        ------
        NoSuchName
            The plan does not exist or has ended.
        PlanIsRunning
            The plan is running, here or in another kernel.
        ConfigurationError
            The file cannot be read or written.
        """
        if plan_id not in self.ids():
            raise plan_not_found(plan_id, self.ids())
        lock = private_lock(self.lock_path(plan_id))
        try:
            lock.acquire(timeout=_LOCK_TIMEOUT_S, poll_interval=0.02)
        except TimeoutError:
            raise PlanIsRunning(f"Plan {plan_id} is running. See %do plans") from None
        except OSError as error:
            raise ConfigurationError(f"Plan {plan_id} cannot be locked: {error.strerror}.") from None
        try:
            entry = self.read(plan_id)
            handle = _open(self.path(plan_id), 0)
            _truncate_unfinished_line(self.path(plan_id), handle)
            return PlanFile(self, plan_id, lock, handle), entry
        except OSError as error:
            lock.release()
            raise ConfigurationError(f"Plan {plan_id} cannot be opened: {error.strerror}.") from None
        except ValueError as error:
            lock.release()
            raise damaged_plan(plan_id, str(error)) from None

    def is_running(self, plan_id: str) -> bool:
        """Check whether a process holds the lock of a plan."""
        lock = private_lock(self.lock_path(plan_id))
        try:
            lock.acquire(timeout=0)
        except TimeoutError:
            return True
        except OSError:
            # Where no lock can be created, no process can hold one.
            return False
        lock.release()
        return False

    def ids(self) -> list[str]:
        """Return the ids of the plans that have not ended, running or not."""
        try:
            return sorted(path.stem for path in self.directory.iterdir() if path.suffix == ".jsonl")
        except OSError:
            return []

    def read(self, plan_id: str) -> JournalEntry:
        """Read a plan that has not ended.

        Raises
        ------
        OSError, ValueError
            The file cannot be read or is damaged.
        """
        return parse_entry(read_file(self.path(plan_id)).decode())

    def entries(self) -> Iterator[tuple[str, JournalEntry | str]]:
        """Yield each plan that has not ended: its id with its entry, or with why its file cannot be read."""
        for plan_id in self.ids():
            try:
                yield plan_id, self.read(plan_id)
            except FileNotFoundError:
                # It has just ended.
                continue
            except OSError as error:
                yield plan_id, f"Cannot be read: {error.strerror}."
            except ValueError as error:
                yield plan_id, str(error)

    def forget(self, plan_id: str) -> None:
        """Remove a plan that is not running, whatever its file contains.

        Raises
        ------
        NoSuchName, PlanIsRunning, ConfigurationError
            The plan does not exist, is running, or cannot be removed.
        """
        try:
            file, _ = self.acquire(plan_id)
        except (NoSuchName, PlanIsRunning):
            raise
        except ConfigurationError:
            # No process runs a damaged plan.
            self._remove(plan_id)
            return
        self._remove(plan_id)
        file.release()

    def _remove(self, plan_id: str) -> None:
        try:
            self.path(plan_id).unlink(missing_ok=True)
        except OSError as error:
            raise ConfigurationError(f"Plan {plan_id} cannot be removed: {error.strerror}.") from None

    def prune(self) -> None:
        """Remove ended plans that are too old or too many. Plans that have not ended stay."""
        oldest = time.time() - MAX_AGE_DAYS * _DAY_S
        with contextlib.suppress(OSError):
            ended = sorted(((path.stat().st_mtime, path) for path in self.ended_directory.iterdir()), reverse=True)
            for number, (changed, path) in enumerate(ended):
                if changed < oldest or number >= MAX_ENDED:
                    with contextlib.suppress(OSError):
                        path.unlink()


def plan_not_found(plan_id: str, known: Iterable[str]) -> NoSuchName:
    """Return the error for an id without an unfinished plan."""
    known = [*known]
    ending = did_you_mean(plan_id, known) or ". List unfinished plans with %do plans"
    return NoSuchName(f"Plan {plan_id!r} not found{ending}", name=plan_id, nearest=close_matches(plan_id, known))


def damaged_plan(plan_id: str, reason: str) -> ConfigurationError:
    """Return the error for a plan whose file is damaged."""
    return ConfigurationError(
        f"Plan {plan_id} is damaged ({reason.rstrip('.')}). Remove it with %do plans forget {plan_id}"
    )


def new_id() -> str:
    """Return a random id that is short and easy to type. The caller checks that it is new."""
    return secrets.choice(_LETTERS) + "".join(secrets.choice(_CHARS) for _ in range(_ID_LENGTH - 1))


def _open(path: Path, flags: int) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | flags, 0o600)


def _truncate_unfinished_line(path: Path, handle: int) -> None:
    """Remove a last line whose writer was killed, because nothing may follow it."""
    content = read_file(path)
    end = content.rfind(b"\n") + 1
    if end < len(content):
        os.ftruncate(handle, end)
