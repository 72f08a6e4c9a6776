"""`--save FILE`: write the result of a command to a file that only its owner can read."""

from __future__ import annotations

import importlib.util
import io
import json
import os
from base64 import b64decode
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from poseidon_nb.commands.results import Live, Plain, TableResult, select
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.plans.private_files import replace_private
from poseidon_nb.text import escape_unprintable, join_words, pluralize
from poseidon_nb.transport.responses import Body

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

#: A certificate is written to these as text instead of base64 (databases_get_ca).
_CERTIFICATE_SUFFIXES = (".pem", ".crt", ".cer")
#: What a chart is written as; a PNG is drawn by plotly's own exporter.
_CHART_SUFFIXES = (".html", ".json", ".svg", ".png")
_EXPORTER = "kaleido"
_YAML_SUFFIXES = (".yaml", ".yml")
_PARQUET_SUFFIX = ".parquet"
#: What pandas writes Parquet with.
_PARQUET = "pyarrow"
#: Maximum length of the exporter's error in a message; the whole may be a page long.
_MAX_REASON_CHARS = 160


@runtime_checkable
class Chart(Protocol):
    """The methods of `plots.Picture` that write it. With this protocol, saving a table imports no plotly."""

    def to_json(self) -> str:
        """Return the figure as JSON."""

    def page(self) -> str:
        """Return an HTML page."""

    def svg(self) -> str:
        """Return the chart as SVG."""

    def png(self) -> bytes:
        """Return an image."""


def check_path(name: str) -> None:
    """Check that a file can probably be written, before anything is done.

    Raises
    ------
    InvalidArgument
        Its folder does not exist, something else than a file has this name, or it is a Parquet file and pyarrow is not
        installed.
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
    if path.suffix.lower() == _PARQUET_SUFFIX and importlib.util.find_spec(_PARQUET) is None:
        raise InvalidArgument(f"--save {name} needs {_PARQUET}. Use pip install {_PARQUET}, or a CSV file.")


def check_chart_path(name: str, *, is_chart: bool) -> None:
    """Check that a file has the right name for a chart, or for the table instead of it, before anything is read.

    Raises
    ------
    InvalidArgument
        A chart is not written as this, or it is a PNG and plotly's exporter is not installed; or a table is not written
        as this.
    """
    suffix = Path(name).suffix.lower()
    if not is_chart:
        if suffix in _CHART_SUFFIXES and suffix != ".json":
            raise InvalidArgument(f"--save {name} writes a chart. Add --plot.")
        return
    if suffix not in _CHART_SUFFIXES:
        names = join_words((f"FILE{one}" for one in _CHART_SUFFIXES), conjunction="or")
        raise InvalidArgument(f"--plot --save writes {names}, not {name!r}.")
    if suffix == ".png" and importlib.util.find_spec(_EXPORTER) is None:
        raise InvalidArgument(f"--save {name} needs plotly's exporter. Use pip install {_EXPORTER}, or FILE.svg.")


def save(result: TableResult | Plain | Live, name: str, columns: Sequence[str]) -> str:
    """Write a result to a file, and return a sentence about it.

    Parameters
    ----------
    result : TableResult, Plain or Live
        Text and bytes are written as they are, a table as CSV, YAML or Parquet to a file with this suffix and as the
        API's JSON to any other, and a certificate as text to a ``.pem``, ``.crt`` or ``.cer`` file. A chart is written in the format that the name ends
        with, which `check_chart_path` has checked.
    name : str
    columns : sequence of str
        The columns of the table; empty for all.

    Raises
    ------
    InvalidArgument
        It is a panel or a plan, or the file cannot be written.
    """
    if isinstance(result, Live) and isinstance(result.value, Chart):
        data, what = _chart(result.value, Path(name).suffix.lower())
        return f"Wrote {what} to {write_private(name, data)}, which only you can read."
    if isinstance(result, Plain):
        data = _encoded(result.value) if isinstance(result.value, str) else result.value
        what = f"{len(data):,} bytes"
    elif isinstance(result, TableResult):
        data, what = _table(result, Path(name).suffix.lower(), columns)
    else:
        raise InvalidArgument("--save writes tables, charts and text. A panel or a plan cannot be written.")
    return f"Wrote {what} to {write_private(name, data)}, which only you can read. Secrets are not masked in it."


def _table(result: TableResult, suffix: str, columns: Sequence[str]) -> tuple[bytes, str]:
    if suffix in {".csv", _PARQUET_SUFFIX, *_YAML_SUFFIXES}:
        frame = select(result.frame(), columns)
        rows = pluralize(len(frame), "row")
        if suffix == ".csv":
            return _encoded(frame.to_csv(index=False)), f"{rows} as CSV"
        if suffix == _PARQUET_SUFFIX:
            buffer = io.BytesIO()
            frame.to_parquet(buffer, index=False)
            return buffer.getvalue(), f"{rows} as Parquet"
        return _encoded(_yaml(frame)), f"{rows} as YAML"
    found = result.json(columns)
    if suffix in _CERTIFICATE_SUFFIXES and isinstance(found, dict) and isinstance(found.get("certificate"), str):
        return _decoded(found["certificate"]), "a certificate"
    data = _encoded(json.dumps(found, indent=2, ensure_ascii=False))
    return data, f"{pluralize(len(found), 'row') if isinstance(found, list) else 'an object'} as JSON"


def _yaml(frame: pd.DataFrame) -> str:
    """Return the rows as YAML, without empty cells."""
    import yaml  # noqa: PLC0415  # slow to import

    rows = json.loads(frame.to_json(orient="records", date_format="iso", double_precision=15))
    known = [{name: value for name, value in row.items() if value is not None} for row in rows]
    # Lists stay on the line of their column.
    text: str = yaml.safe_dump(known, sort_keys=False, allow_unicode=True, default_flow_style=None, width=1_000)
    return text


def _chart(chart: Chart, suffix: str) -> tuple[bytes, str]:
    if suffix == ".json":
        return _encoded(chart.to_json()), "a chart as JSON"
    if suffix == ".html":
        return _encoded(chart.page()), "a chart as HTML"
    if suffix == ".svg":
        return _encoded(chart.svg()), "a chart as SVG"
    try:
        return chart.png(), "a chart as PNG"
    except Exception as error:  # noqa: BLE001  # of the exporter, of the browser that it starts, or of the system
        reason = escape_unprintable(" ".join(str(error).split())[:_MAX_REASON_CHARS])
        raise InvalidArgument(f"plotly's exporter failed ({reason}). Use FILE.svg instead.") from None


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
    try:
        replace_private(path, data)
    except OSError as error:
        raise InvalidArgument(f"Cannot write {name}: {error.strerror}") from None
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
