"""Files that a command names: a key, a cloud-init script."""

from __future__ import annotations

from pathlib import Path

from poseidon_nb.errors import InvalidArgument

#: More than any field of the API takes: a wrong file should not be read whole.
MOST_BYTES = 1_000_000


def read_text(name: str) -> str:
    """Give the text of a file; ``~`` is the home folder.

    Raises
    ------
    InvalidArgument
        It cannot be read, or is no text.
    """
    path = Path(name).expanduser()
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InvalidArgument(f"{name} is too large: {path.stat().st_size:,} bytes")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidArgument(f"cannot read {name}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InvalidArgument(f"{name} is not a text file") from None
