"""`--save FILE`: write the result of a command to a file that only its owner can read."""

from __future__ import annotations

import json
import os
import secrets
from base64 import b64decode
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from poseidon_nb.commands.results import Plain, TableResult, select
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.text import pluralize
from poseidon_nb.transport.responses import Body

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poseidon_nb.commands.results import Live

#: A certificate is written to these as text instead of base64 (databases_get_ca).
_CERTIFICATE_SUFFIXES = (".pem", ".crt", ".cer")


def check_path(name: str) -> None:
    """Check that a file can probably be written, before anything is done.

    Raises
    ------
    InvalidArgument
        Its folder does not exist, or something else than a file has this name.
    """
    if name.strip() in {"", "-"}:
        raise InvalidArgument("--save needs the name of a file.")
    path = _path(name)
    if path.is_dir():
        raise InvalidArgument(f"--save {name} is a folder. Add the name of a file.")
    if path.exists() and not path.is_file():
        raise InvalidArgument(f"--save {name} is not a regular file.")
    if not path.parent.is_dir():
        raise InvalidArgument(f"--save {name}: the folder {path.parent} does not exist.")
    if not os.access(path.parent, os.W_OK):
        raise InvalidArgument(f"--save {name}: the folder {path.parent} cannot be written.")


def save(result: TableResult | Plain | Live, name: str, columns: Sequence[str]) -> str:
    """Write a result to a file, and return a sentence about it.

    Parameters
    ----------
    result : TableResult or Plain
        Text and bytes are written as they are, a table as CSV to a ``.csv`` file and as JSON to any other, and a
        certificate as text to a ``.pem``, ``.crt`` or ``.cer`` file.
    name : str
    columns : sequence of str
        The columns of the table; empty for all.

    Raises
    ------
    InvalidArgument
        It is a panel or chart, or the file cannot be written.
    """
    if isinstance(result, Plain):
        data = _encoded(result.value) if isinstance(result.value, str) else result.value
        what = f"{len(data):,} bytes"
    elif isinstance(result, TableResult):
        data, what = _table(result, Path(name).suffix.lower(), columns)
    else:
        raise InvalidArgument("--save writes tables and text. A panel, a chart or a plan cannot be written.")
    return f"Wrote {what} to {write_private(name, data)}, which only you can read. Secrets are not masked in it."


def _table(result: TableResult, suffix: str, columns: Sequence[str]) -> tuple[bytes, str]:
    if suffix == ".csv":
        frame = select(result.frame(), columns)
        return _encoded(frame.to_csv(index=False)), f"{pluralize(len(frame), 'row')} as CSV"
    found = result.json(columns)
    if suffix in _CERTIFICATE_SUFFIXES and isinstance(found, dict) and isinstance(found.get("certificate"), str):
        return _decoded(found["certificate"]), "a certificate"
    data = _encoded(json.dumps(found, indent=2, ensure_ascii=False))
    return data, f"{pluralize(len(found), 'row') if isinstance(found, list) else 'an object'} as JSON"


def _encoded(text: str) -> bytes:
    # A lone surrogate is valid in JSON, but not in UTF-8.
    return Body(text.encode("utf-8", "backslashreplace"))


def _decoded(certificate: str) -> bytes:
    try:
        return b64decode(certificate, validate=True)
    except ValueError:
        # It is text already.
        return certificate.encode()


def write_private(name: str, data: bytes) -> Path:
    """Write a file that only its owner can read, whole or not at all, and return its path.

    Raises
    ------
    InvalidArgument
        It cannot be written.
    """
    path = _path(name)
    if path.exists() and not path.is_file():
        # Such as /dev/null, which would be replaced.
        raise InvalidArgument(f"Cannot write {name}: it is not a regular file")
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
        temporary.replace(path)
    except BaseException as error:
        # Also after Ctrl-C: the file may hold secrets.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise InvalidArgument(f"Cannot write {name}: {error.strerror}") from None
        raise
    return path


def _path(name: str) -> Path:
    try:
        # A link is followed instead of being replaced.
        path = Path(os.path.realpath(Path(name).expanduser()))
        path.with_name(f".{path.name}.01234567").exists()
    except (OSError, RuntimeError, ValueError) as error:
        raise InvalidArgument(f"{name!r} is not a valid file name ({_reason(error)}).") from None
    return path


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else str(error)) or type(error).__name__
