"""Read a DataFrame as rows of plain values. pandas is recognized by its methods, and not imported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.text import escape_unprintable

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

_MISSING = frozenset({"NAType", "NaTType", "NoneType"})


@dataclass(frozen=True, slots=True)
class FrameRow:
    """A row of a frame.

    Parameters
    ----------
    label : str
        How messages name it: ``"Row 3"``, by its index in the frame.
    cells : mapping
        Plain values by column; None where a cell is empty.
    """

    label: str
    cells: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FrameRows:
    """A frame as plain values.

    Parameters
    ----------
    columns : tuple of str
        Those of a named index included.
    rows : tuple of FrameRow
    from_file : bool
        It was read from a file, so that no listing of this kernel showed its values.
    """

    columns: tuple[str, ...]
    rows: tuple[FrameRow, ...]
    from_file: bool = False


def read_frame(frame: pd.DataFrame) -> FrameRows:
    """Read a frame of any dtypes, order of columns and index.

    Raises
    ------
    InvalidArgument
        Two columns have the same name.
    """
    columns: dict[str, list[Any]] = {}
    levels = [name for name in frame.index.names if isinstance(name, str) and name not in frame.columns]
    for name in levels:
        columns[name] = [plain(value) for value in frame.index.get_level_values(name).tolist()]
    for position, label in enumerate(frame.columns):
        name = str(label)
        if name in columns:
            raise InvalidArgument(f"The frame has two columns named {escape_unprintable(name)!r}. Remove one.")
        columns[name] = [plain(value) for value in frame.iloc[:, position].tolist()]
    labels = [str(label) for label in frame.index.tolist()]
    return FrameRows(
        tuple(columns),
        tuple(
            FrameRow(f"Row {escape_unprintable(label)}", {name: values[place] for name, values in columns.items()})
            for place, label in enumerate(labels)
        ),
    )


def plain(value: Any) -> Any:  # noqa: PLR0911  # a rule each
    """Return a cell as a plain Python value: None for any missing value, lists for arrays and sets, text for times."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return None if value != value else value  # noqa: PLR0124  # only NaN differs from itself
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((plain(inner) for inner in value), key=str)
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if type(value).__name__ in _MISSING:
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat()
    # Arrays and scalars of numpy.
    return plain(value.tolist()) if hasattr(value, "tolist") else str(value)


def copied(value: Any) -> Any:
    """Return a plain value that shares no list with a frame, which a user may edit in place."""
    return value if value.__class__ in {str, int, bool} else plain(value)
