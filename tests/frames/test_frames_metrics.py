"""Series of metrics as a tidy frame."""

from __future__ import annotations

import pandas as pd
import pytest

from poseidon_nb.errors import ShapeError
from poseidon_nb.frames.metrics import metrics_frame, series_frame
from poseidon_nb.frames.schemas import DERIVED_TABLES


def matrix(*series):
    return {"status": "success", "data": {"resultType": "matrix", "result": [*series]}}


def test_each_reading_is_a_row_and_labels_are_columns():
    frame = metrics_frame(
        matrix(
            {"metric": {"host_id": "7", "mode": "idle"}, "values": [[1635386880, "122901.18"], [1635387000, "122910"]]},
            {"metric": {"host_id": "7", "mode": "user"}, "values": [[1635386880, "2.5"]]},
        )
    )
    assert frame.columns.tolist() == ["time", "host_id", "mode", "value"]
    assert frame["mode"].tolist() == ["idle", "idle", "user"]
    assert frame["value"].tolist() == [122901.18, 122910.0, 2.5]
    assert frame["time"][0] == pd.Timestamp("2021-10-28T02:08:00Z")
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        "time": "datetime64[us, UTC]",
        "host_id": "string",
        "mode": "string",
        "value": "float64",
    }


def test_a_label_that_a_series_does_not_have_is_missing():
    frame = metrics_frame(
        matrix({"metric": {"a": "x"}, "values": [[1, "1"]]}, {"metric": {"b": "y"}, "values": [[2, "2"]]})
    )
    assert frame["a"].isna().tolist() == [False, True]
    assert frame["b"].isna().tolist() == [True, False]


def test_without_series_there_are_no_rows_but_the_same_dtypes():
    frame = metrics_frame(matrix())
    assert len(frame) == 0
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        "time": "datetime64[us, UTC]",
        "value": "float64",
    }


@pytest.mark.parametrize("answer", [{}, {"data": None}, matrix({"metric": {}, "values": [["x", "y"]]}), []])
def test_a_response_that_is_not_a_matrix_is_refused(answer):
    with pytest.raises(ShapeError, match="no series of metrics"):
        metrics_frame(answer)


def test_series_of_many_droplets_and_metrics_have_the_tables_columns():
    idle = {"metric": {"host_id": "7", "mode": "idle"}, "values": [[1635386880, "1.5"], [1635387000, "NaN"]]}
    root = {"metric": {"host_id": "8", "mountpoint": "/", "fstype": "ext4"}, "values": [[1635386880.5, "9"]]}
    frame = series_frame(
        [(7, "a", "cpu", matrix(idle)), (8, "b", "filesystem_free", matrix(root, {**root, "values": []}))]
    )
    assert frame["metric"].tolist() == ["cpu", "cpu", "filesystem_free"]
    assert frame["droplet_id"].tolist() == [7, 7, 8]
    assert frame["name"].tolist() == ["a", "a", "b"]
    assert frame["mode"].fillna("").tolist() == ["idle", "idle", ""]
    assert frame["mountpoint"].fillna("").tolist() == ["", "", "/"]
    assert frame["value"].fillna(-1).tolist() == [1.5, -1.0, 9.0]
    assert frame["time"][2] == pd.Timestamp("2021-10-28T02:08:00.5Z")
    promised = {column.name: column.dtype for column in DERIVED_TABLES["series"].columns}
    for one in (frame, series_frame([])):
        assert {name: str(dtype) for name, dtype in one.dtypes.items()} == promised


@pytest.mark.parametrize("answer", [{}, {"data": None}, matrix({"metric": {}, "values": [["x", "y"]]}), matrix(7)])
def test_series_that_are_not_a_matrix_are_refused(answer):
    with pytest.raises(ShapeError, match="no series of metrics"):
        series_frame([(7, "a", "cpu", answer)])
