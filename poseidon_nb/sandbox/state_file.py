"""The file that keeps a sandbox's account: written after each change, so that it survives if the process is killed."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from poseidon_nb.errors import ConfigurationError
from poseidon_nb.sandbox.saved_state import dump_state

if TYPE_CHECKING:
    from poseidon_nb.sandbox.dispatch import Dispatcher

#: The length of the random part of a name by `tempfile`.
_RANDOM_LENGTH = 8


def save_state(dispatcher: Dispatcher, path: str | os.PathLike[str], *, sync: bool = True) -> None:
    """Save the account to a file. The file is replaced only when everything is written."""
    with dispatcher.lock:
        dispatcher.world.advance()
        saved = dump_state(dispatcher.world)
    try:
        _write(Path(path), saved, sync=sync)
    except OSError as error:
        raise ConfigurationError(f"The sandbox's state cannot be saved to {path}: {error.strerror}.") from error


def read_state(dispatcher: Dispatcher, path: str | os.PathLike[str]) -> None:
    """Load the account from a file."""
    try:
        saved = Path(path).read_bytes()
    except OSError as error:
        raise ConfigurationError(f"The sandbox's state cannot be read from {path}: {error.strerror}.") from error
    try:
        dispatcher.load(saved)
    except ValueError as error:
        raise ConfigurationError(f"{path} is not a saved sandbox: {error}.") from None


class StateFile:
    """The file of a running sandbox.

    Parameters
    ----------
    path : path
        The file; it need not exist.
    dispatcher : Dispatcher
        What is saved.

    Raises
    ------
    ConfigurationError
        Its folder does not exist, or the file is not a saved sandbox.
    """

    def __init__(self, path: str | os.PathLike[str], dispatcher: Dispatcher) -> None:
        self.path = Path(path)
        self._dispatcher = dispatcher
        self._saving = threading.Lock()
        self._changes = self._saved_changes = 0
        if not self.path.parent.is_dir():
            raise ConfigurationError(
                f"{self.path.parent} is not a folder, so the sandbox's state cannot be saved there."
            )
        if self.path.exists():
            read_state(dispatcher, self.path)
        _remove_unfinished(self.path)

    def save_change(self) -> None:
        """Save after a change, and return when it is saved. Changes that wait for each other are saved together."""
        with self._dispatcher.lock:
            self._changes += 1
            change = self._changes
        with self._saving:
            if self._saved_changes < change:
                # Read before the state is: a change that comes in between is saved twice, and none is missed.
                saved = self._changes
                # What a process has written survives its end. Only a failing machine needs more.
                save_state(self._dispatcher, self.path, sync=False)
                self._saved_changes = saved

    def save(self) -> None:
        """Save once more at the end, on the disk."""
        with self._saving:
            save_state(self._dispatcher, self.path)


def _remove_unfinished(path: Path) -> None:
    """Remove the files that a killed process left beside the state file."""
    path = path.resolve()
    begin = f".{path.name}."
    for other in path.parent.iterdir():
        if other.name.startswith(begin) and len(other.name) == len(begin) + _RANDOM_LENGTH:
            other.unlink(missing_ok=True)


def _write(path: Path, saved: bytes, *, sync: bool = True) -> None:
    """Write a saved state to a file. The file is replaced only when everything is written.

    Parameters
    ----------
    path : Path
        The file.
    saved : bytes
        The state.
    sync : bool
        Wait until the disk has it, so that it survives even if the machine fails; takes some milliseconds.
    """
    import tempfile  # noqa: PLC0415  # 5 ms that a start without a file need not pay

    # A symbolic link stays, and the file that it points to is replaced.
    path = path.resolve()
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(saved)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
