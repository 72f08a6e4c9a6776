"""The journal's files: one a plan, in a folder of the user's, written a line at a time.

A plan that runs is locked by its process. The lock goes with the process, however that ends, so that a plan which has not
ended and is not locked was interrupted. What has ended is moved into a folder of its own, and is forgotten after a while.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from poseidon_nb.errors import ConfigurationError, NoSuchName
from poseidon_nb.plans.journal_entry import json_line, read_entry
from poseidon_nb.text import close_matches, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from filelock import BaseFileLock

    from poseidon_nb.plans.journal_entry import Entry

#: Names another folder than the system's own for a program's state.
VARIABLE: Final = "POSEIDON_STATE_DIR"
#: How long an ended plan is kept, in days, and how many.
MAX_AGE_DAYS: Final = 30
MAX_ENDED: Final = 500

#: Letters and digits that are not mistaken for one another.
_LETTERS = "abcdefghjkmnpqrstuvwxyz"
_SIGNS = _LETTERS + "23456789"
_ID_LENGTH = 5
_DAY_S = 86_400
#: Listing plans takes each lock for a moment, to see whether it is held; wait at least that long.
_PATIENCE_S = 1.0


_log = logging.getLogger("poseidon_nb")


class PlanIsRunning(ConfigurationError):
    """Another kernel holds the plan."""


def state_folder() -> Path:
    """Return the folder where this program keeps its state on this system."""
    named = os.environ.get(VARIABLE, "").strip()
    if named:
        with contextlib.suppress(RuntimeError):
            return Path(named).expanduser()
        # It names the home of nobody.
        return Path(named)
    import platformdirs  # noqa: PLC0415  # only needed at the first change

    return Path(platformdirs.user_state_dir("poseidon_nb", appauthor=False))


class PlanFile:
    """The file of a plan that this process holds. Nobody else writes to it.

    Notes
    -----
    A process that was forked off has a copy, which it must not use; `journal` sees to that.
    """

    def __init__(self, files: PlanFiles, plan_id: str, lock: BaseFileLock, handle: int) -> None:
        self.id = plan_id
        self._files = files
        self._lock = lock
        self._handle = handle
        #: A record writes to it, and will let it go.
        self.running = False

    @property
    def open(self) -> bool:
        """Whether it is still held."""
        return self._handle >= 0

    def write(self, line: Mapping[str, Any], *, sync: bool = False) -> None:
        """Append a line; with ``sync`` it is on the disk when this returns.

        A line outlasts this process in any case; being on the disk it outlasts the machine's power, too. That is for the
        intent: how far it got is read from the account.

        Raises
        ------
        OSError
            The disk is full, or gone.
        """
        text = json_line(line)
        written = os.write(self._handle, text)
        if written != len(text):
            # What follows, once there is space again, must not be written behind half a line.
            os.ftruncate(self._handle, os.fstat(self._handle).st_size - written)
            raise OSError("only part of the line was written")
        if sync:
            os.fsync(self._handle)

    def end(self) -> None:
        """Move it to what has ended, and let it go."""
        with contextlib.suppress(OSError):
            # Some systems move no file that is open.
            os.close(self._handle)
        self._handle = -1
        with contextlib.suppress(OSError):
            self._files.path(self.id).replace(self._files.ended / f"{self.id}.jsonl")
        self.release()

    def release(self) -> None:
        """Release it as it is: from now on it counts as interrupted."""
        if self._handle >= 0:
            with contextlib.suppress(OSError):
                os.close(self._handle)
            self._handle = -1
        self._lock.release()
        if not self._files.path(self.id).exists():
            with contextlib.suppress(OSError):
                self._files.lock_path(self.id).unlink()


class PlanFiles:
    """The files of all plans.

    Parameters
    ----------
    folder : Path
        The program's state.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "plans"
        self.ended = self.folder / "ended"

    def path(self, plan_id: str) -> Path:
        """Return where a plan is that has not ended."""
        return self.folder / f"{plan_id}.jsonl"

    def lock_path(self, plan_id: str) -> Path:
        """Return where a plan's lock is."""
        return self.folder / f"{plan_id}.lock"

    def create(self) -> PlanFile:
        """Make the file of a new plan, and hold it.

        Raises
        ------
        OSError
            Nothing can be written there.
        """
        private_folder(self.ended)
        while True:
            plan_id = new_id()
            if (self.ended / f"{plan_id}.jsonl").exists():
                continue
            # The lock comes first: nobody ever sees the plan without it.
            lock = _lock(self.lock_path(plan_id))
            try:
                lock.acquire(timeout=0)
                handle = _opened(self.path(plan_id), os.O_CREAT | os.O_EXCL)
            except (FileExistsError, TimeoutError):
                lock.release()
                continue
            return PlanFile(self, plan_id, lock, handle)

    def take(self, plan_id: str) -> tuple[PlanFile, Entry]:
        """Hold a plan that was interrupted, and read it.

        Raises
        ------
        NoSuchName
            There is no such plan, or it has ended.
        PlanIsRunning
            It runs, here or in another kernel.
        ConfigurationError
            Its file cannot be read or written.
        """
        if plan_id not in self.ids():
            raise no_such_plan(plan_id, self.ids())
        lock = _lock(self.lock_path(plan_id))
        try:
            lock.acquire(timeout=_PATIENCE_S, poll_interval=0.02)
        except TimeoutError:
            raise PlanIsRunning(f"plan {plan_id} is running: see %do plans") from None
        except OSError as error:
            raise ConfigurationError(f"plan {plan_id} cannot be locked: {error.strerror}") from None
        try:
            entry = self.read(plan_id)
            handle = _opened(self.path(plan_id), 0)
            _cut_unfinished(self.path(plan_id), handle)
            return PlanFile(self, plan_id, lock, handle), entry
        except OSError as error:
            lock.release()
            raise ConfigurationError(f"plan {plan_id} cannot be read and written: {error.strerror}") from None
        except ValueError as error:
            lock.release()
            raise ConfigurationError(f"plan {plan_id} is damaged: {error}; %do plans forget {plan_id}") from None

    def runs(self, plan_id: str) -> bool:
        """Check whether a process holds a plan."""
        lock = _lock(self.lock_path(plan_id))
        try:
            lock.acquire(timeout=0)
        except TimeoutError:
            return True
        except OSError:
            # Nobody can hold a lock where there can be none.
            return False
        lock.release()
        return False

    def ids(self) -> list[str]:
        """Return the plans that have not ended, whether they run or not."""
        try:
            return sorted(path.stem for path in self.folder.iterdir() if path.suffix == ".jsonl")
        except OSError:
            return []

    def read(self, plan_id: str) -> Entry:
        """Return a plan that has not ended.

        Raises
        ------
        OSError, ValueError
            It cannot be read, or is damaged.
        """
        return read_entry(read_whole(self.path(plan_id)).decode())

    def entries(self) -> Iterator[tuple[str, Entry | str]]:
        """Yield the plans that have not ended: the entry of each, or why there is none."""
        for plan_id in self.ids():
            try:
                yield plan_id, self.read(plan_id)
            except FileNotFoundError:
                # It ended in the meantime.
                continue
            except OSError as error:
                yield plan_id, f"cannot be read: {error.strerror}"
            except ValueError as error:
                yield plan_id, str(error)

    def forget(self, plan_id: str) -> None:
        """Remove a plan that does not run, whatever is in it.

        Raises
        ------
        NoSuchName, PlanIsRunning, ConfigurationError
            There is none, it runs, or it cannot be removed.
        """
        try:
            taken, _ = self.take(plan_id)
        except (NoSuchName, PlanIsRunning):
            raise
        except ConfigurationError:
            # Damaged: nobody runs it.
            self._remove(plan_id)
            return
        self._remove(plan_id)
        taken.release()

    def _remove(self, plan_id: str) -> None:
        try:
            self.path(plan_id).unlink(missing_ok=True)
        except OSError as error:
            raise ConfigurationError(f"plan {plan_id} cannot be removed: {error.strerror}") from None

    def prune(self) -> None:
        """Remove plans that ended long ago, and the oldest of too many. What has not ended stays."""
        oldest = time.time() - MAX_AGE_DAYS * _DAY_S
        with contextlib.suppress(OSError):
            ended = sorted(((path.stat().st_mtime, path) for path in self.ended.iterdir()), reverse=True)
            for number, (changed, path) in enumerate(ended):
                if changed < oldest or number >= MAX_ENDED:
                    with contextlib.suppress(OSError):
                        path.unlink()


def no_such_plan(plan_id: str, known: Iterable[str]) -> NoSuchName:
    """Return the error for an id that no unfinished plan has."""
    known = [*known]
    near = did_you_mean(plan_id, known) or ". List them with %do plans."
    message = f"no unfinished plan {plan_id!r}{near}"
    return NoSuchName(message, name=plan_id, nearest=close_matches(plan_id, known))


def new_id() -> str:
    """Return an id that is short and can be typed; whether it is new is the caller's to see."""
    return secrets.choice(_LETTERS) + "".join(secrets.choice(_SIGNS) for _ in range(_ID_LENGTH - 1))


def private_folder(folder: Path) -> None:
    """Make a folder that is the user's alone, and those above it that are missing."""
    if not folder.is_dir():
        private_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def read_whole(path: Path) -> bytes:
    """Return what a file holds; a pipe or a device, which may have no end, is refused.

    Raises
    ------
    OSError
        It cannot be read.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "not a file")
    return path.read_bytes()


def _opened(path: Path, flags: int) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | flags, 0o600)


def _cut_unfinished(path: Path, handle: int) -> None:
    """Remove a last line that its writer, who was killed, did not end: nothing may be written behind it."""
    held = read_whole(path)
    end = held.rfind(b"\n") + 1
    if end < len(held):
        os.ftruncate(handle, end)


def _lock(path: Path) -> BaseFileLock:
    import filelock  # noqa: PLC0415  # 40 ms, needed at the first change

    # Not a thread's: the engine's threads end what the caller's began.
    return filelock.FileLock(path, mode=0o600, thread_local=False)


#: Whether somebody was told that nothing can be kept.
_noticed = False


def warn_once(error: OSError) -> None:
    """Warn, once for this process, that plans are kept in memory only."""
    global _noticed  # noqa: PLW0603  # one notice for the process
    if not _noticed:
        _noticed = True
        _log.warning(
            "cannot write plans and changes to %s (%s): if this kernel ends during a plan, %%do plans will not list it",
            state_folder(),
            error.strerror or error,
        )
