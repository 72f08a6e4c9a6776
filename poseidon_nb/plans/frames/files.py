"""Read frames from files: CSV, YAML and Parquet. A YAML file can hold several resource types, each under its name.

In CSV everything is read as text, and a list is written as ``a;b``, as JSON, or as ``DataFrame.to_csv`` writes it. A file that
``--save fleet.csv`` wrote can be applied again.
"""

from __future__ import annotations

import csv
import importlib.util
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

from poseidon_nb.errors import GrammarError, InvalidArgument
from poseidon_nb.plans.frames.recognition import KINDS
from poseidon_nb.plans.frames.rows import FrameRow, FrameRows, plain, read_frame
from poseidon_nb.text import did_you_mean, escape_unprintable, join_words, pluralize

SUFFIXES = (".csv", ".yaml", ".yml", ".parquet")
#: The largest file that is read, in bytes.
MAX_BYTES = 50_000_000
_PARQUET = "pyarrow"
#: Stands for the column of the index, which has no name.
_INDEX = "\0index"


def is_file_name(word: str) -> bool:
    """Return whether a word ends like a file that can be applied."""
    return Path(word).suffix.lower() in SUFFIXES


def read_file(name: str, parse_yaml: Any) -> list[tuple[str | None, FrameRows]]:
    """Read the frames in a file, each with its resource type if the file names it.

    Parameters
    ----------
    name : str
    parse_yaml : callable
        Returns the value of a YAML 1.2 text, in which ``no`` and dates are text.

    Raises
    ------
    InvalidArgument
        The file cannot be read, or does not hold rows.
    """
    path, suffix = _path(name), Path(name).suffix.lower()
    if suffix == ".parquet":
        return [(None, _parquet(name, path))]
    text = _text(name, path)
    if suffix == ".csv":
        return [(None, _csv(name, text))]
    try:
        value = parse_yaml(text)
    except GrammarError as error:
        raise InvalidArgument(str(error).replace("The body", escape_unprintable(name), 1)) from None
    return _yaml(name, value)


def _path(name: str) -> Path:
    path = Path(name).expanduser()
    try:
        size = path.stat().st_size
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a file name"
        near = did_you_mean(path.name, _files_near(path)) if isinstance(error, FileNotFoundError) else ""
        raise InvalidArgument(f"Cannot read {escape_unprintable(name)}: {reason}{near or '.'}") from None
    if not path.is_file():
        raise InvalidArgument(f"{escape_unprintable(name)} is not a regular file.")
    if size > MAX_BYTES:
        raise InvalidArgument(f"{escape_unprintable(name)} is too large: {size:,} bytes, at most {MAX_BYTES:,}.")
    return path


def _files_near(path: Path) -> list[str]:
    """Return the names of the files in the same directory that can be applied."""
    try:
        return [one.name for one in path.parent.iterdir() if is_file_name(one.name)]
    except OSError:
        return []


def _text(name: str, path: Path) -> str:
    try:
        # Excel begins UTF-8 with a mark.
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InvalidArgument(f"Cannot read {escape_unprintable(name)}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InvalidArgument(f"{escape_unprintable(name)} is not UTF-8 text.") from None


def _csv(name: str, text: str) -> FrameRows:
    try:
        lines = [line for line in csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)) if line]
    except csv.Error as error:
        raise InvalidArgument(f"{escape_unprintable(name)} is not valid CSV: {error}.") from None
    if not lines:
        raise InvalidArgument(f"{escape_unprintable(name)} is empty. Its first line must name the columns.")
    header, rows = [column.strip() for column in lines[0]], lines[1:]
    if header[0] == "" and len(header) > 1:
        # The index, as `DataFrame.to_csv` writes it.
        header[0] = _INDEX
    repeated = next((column for column in header if header.count(column) > 1), None)
    if repeated is not None:
        raise InvalidArgument(f"{escape_unprintable(name)} has two columns named {escape_unprintable(repeated)!r}.")
    for number, row in enumerate(rows, 1):
        if len(row) != len(header):
            raise InvalidArgument(
                f"Row {number} of {escape_unprintable(name)} has {pluralize(len(row), 'value')} for"
                f" {pluralize(len(header), 'column')}. Quote values that contain commas."
            )
    kept = tuple(column for column in header if column != _INDEX)
    cells = [dict(zip(header, row, strict=True)) for row in rows]
    return FrameRows(
        kept,
        tuple(
            FrameRow(f"Row {number}", {column: row[column] if row[column] != "" else None for column in kept})
            for number, row in enumerate(cells, 1)
        ),
        from_file=True,
    )


def _delimiter(text: str) -> str:
    """Return what separates the columns: Excel writes semicolons where a comma is the decimal point."""
    header = text.lstrip().partition("\n")[0]
    return next((one for one in ",;\t" if one in header), ",")


def _yaml(name: str, value: Any) -> list[tuple[str | None, FrameRows]]:
    if isinstance(value, dict):
        unknown = next((key for key in value if key.replace("-", "_") not in KINDS), None)
        if unknown is not None:
            known = [*KINDS]
            close = did_you_mean(unknown, known) or f". Expected {join_words(known, conjunction='or')}."
            raise InvalidArgument(f"{escape_unprintable(name)} has the key {escape_unprintable(unknown)!r}{close}")
        return [(key.replace("-", "_"), _records(name, rows, key)) for key, rows in value.items()]
    return [(None, _records(name, value, ""))]


def _records(name: str, value: Any, key: str) -> FrameRows:
    where = f"{key} in {name}" if key else name
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise InvalidArgument(f"{escape_unprintable(where)} is not a list of rows, each with names and values.")
    columns = tuple(dict.fromkeys(str(column) for one in value for column in one))
    return FrameRows(
        columns,
        tuple(
            # A cell that a row does not have is empty.
            FrameRow(f"Row {number}", {column: plain(one.get(column)) for column in columns})
            for number, one in enumerate(value, 1)
        ),
        from_file=True,
    )


def _parquet(name: str, path: Path) -> FrameRows:
    if importlib.util.find_spec(_PARQUET) is None:
        raise InvalidArgument(
            f"Reading {escape_unprintable(name)} needs {_PARQUET}. Use pip install {_PARQUET}, or a CSV file."
        )
    import pandas as pd  # noqa: PLC0415  # slow to import

    try:
        return replace(read_frame(pd.read_parquet(path)), from_file=True)
    except (OSError, ValueError) as error:
        reason = escape_unprintable(" ".join(str(error).split())[:160])
        raise InvalidArgument(f"Cannot read {escape_unprintable(name)}: {reason}.") from None
