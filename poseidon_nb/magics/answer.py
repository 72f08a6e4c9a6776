"""What a handler gives back: rows that can be had as JSON or as a DataFrame, whichever is asked for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from poseidon_nb.magics.language.words import Verb

    Row = dict[str, Any]


class Text(str):
    """Text that a cell shows as it is, line by line, and that is a plain `str` for everything else."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class Data(bytes):
    """Bytes that a cell does not spell out, and that are plain `bytes` for everything else."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self):,} bytes; pathlib.Path(...).write_bytes(_) keeps them in a file>"


@dataclass(frozen=True, slots=True)
class Plain:
    """The result of a command that answers with no table: text or bytes."""

    value: Text | Data


@dataclass(frozen=True, slots=True)
class Live:
    """The result of a command that answers with something to use rather than to read, such as a panel."""

    value: object


def plain(value: str | bytes) -> Plain:
    """Give the answer that text or bytes make."""
    return Plain(Text(value) if isinstance(value, str) else Data(value))


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a command.

    Parameters
    ----------
    rows : callable
        Returns the API's JSON.
    frame : callable
        Returns the DataFrame.
    single : bool
        It is one object, so that its JSON is no list.
    """

    rows: Callable[[], list[Row]]
    frame: Callable[[], pd.DataFrame]
    single: bool = False

    def json(self, columns: Sequence[str] = ()) -> Any:
        """Give the JSON; of some columns only, what the DataFrame has in them."""
        rows = self.rows()
        if columns:
            picked = selected(self.frame(), columns)
            rows = json.loads(picked.to_json(orient="records", date_format="iso", date_unit="s"))
        return rows[0] if self.single and len(rows) == 1 else rows


def answer_of(resource: str, rows: Sequence[Row], *, single: bool = False) -> Answer:
    """Give the answer that rows of a resource make."""
    listed = list(rows)

    def frame() -> pd.DataFrame:
        from poseidon_nb.frames.builders import frame_from_rows  # noqa: PLC0415  # pandas comes at first use

        return frame_from_rows(resource, listed)

    return Answer(lambda: listed, frame, single)


def answer_of_frame(frame: pd.DataFrame) -> Answer:
    """Give the answer that a frame makes which no request served as it is, such as an analysis's."""
    return Answer(lambda: json.loads(frame.to_json(orient="records", date_format="iso", date_unit="s")), lambda: frame)


def check_columns(verb: Verb, names: Sequence[str]) -> None:
    """Refuse columns that the answer of a verb will not have, before anything is done.

    Raises
    ------
    InvalidArgument
        With the nearest column that there is.
    """
    columns = verb.columns
    if verb.table:
        from poseidon_nb.frames.schemas import get_table  # noqa: PLC0415  # pure data, needed by few lines

        columns = tuple(column.name for column in get_table(verb.table).columns)
    if columns:
        import pandas as pd  # noqa: PLC0415  # pandas comes at first use

        selected(pd.DataFrame(columns=[*columns]), names)


def selected(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Give some columns of a frame, in the order asked for; all when none are named."""
    from poseidon_nb.frames.display import select_columns  # noqa: PLC0415  # pandas comes at first use

    return select_columns(frame, columns) if columns else frame
