"""Spans and durations of actions, compared with plain Python."""

from __future__ import annotations

import random
import statistics
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from poseidon_nb.analysis.timeline import durations, spans
from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.builders import frame_from_rows
from poseidon_nb.frames.schemas import DERIVED_TABLES

BEGAN = datetime(2026, 11, 20, 12, tzinfo=UTC)


def action(number: int, took_s: float | None = 5, **fields: object) -> dict[str, object]:
    ended = None if took_s is None else (BEGAN + timedelta(seconds=took_s)).isoformat()
    return {
        "id": number,
        "status": "completed",
        "type": "reboot",
        "resource_type": "droplet",
        "resource_id": 7,
        "region_slug": "nyc3",
        "started_at": BEGAN.isoformat(),
        "completed_at": ended,
        **fields,
    }


def frame(*rows: dict[str, object]) -> pd.DataFrame:
    return frame_from_rows("actions", list(rows))


def test_an_action_has_the_name_of_its_droplet_or_the_id_of_a_deleted_one():
    found = spans(frame(action(1, 4.5), action(2, resource_id=8)), {7: "web-1"})
    assert found["name"].tolist() == ["web-1", "8"]
    assert found["duration_s"].tolist() == [4.5, 5.0]
    assert found["failed"].tolist() == [False, False]
    assert found["id"].tolist() == [1, 2]


def test_names_may_be_a_column():
    listed = pd.DataFrame({"id": [7], "name": ["web-1"]})
    assert spans(frame(action(1)), listed.set_index("id")["name"])["name"].tolist() == ["web-1"]


def test_an_action_in_progress_ends_now():
    running = action(1, None, status="in-progress")
    now = BEGAN + timedelta(minutes=2)
    assert spans(frame(running), now=now)["duration_s"].tolist() == [120.0]
    # Told nothing, it ends at the last moment that the frame tells of.
    later = action(2, 30)
    assert spans(frame(running, later))["duration_s"].tolist() == [30.0, 30.0]


def test_failures_are_marked_and_have_no_duration_without_an_end():
    found = spans(frame(action(1, 3, status="errored"), action(2, None, status="errored")))
    assert found["failed"].tolist() == [True, True]
    assert found["duration_s"].isna().tolist() == [False, True]
    assert found["ended_at"].isna().tolist() == [False, True]


def test_actions_on_images_and_volumes_are_left_out():
    found = spans(frame(action(1, resource_type="image"), action(2), action(3, resource_type="volume")))
    assert found["id"].tolist() == [2]
    assert isinstance(found.index, pd.RangeIndex)


@pytest.mark.parametrize(("analyze", "name"), [(spans, "spans"), (durations, "durations")])
def test_columns_and_dtypes_match_the_table_also_without_rows(analyze, name):
    promised = {column.name: column.dtype for column in DERIVED_TABLES[name].columns}
    for actions in (frame(), frame(action(1)), frame(action(1, None, status="in-progress", resource_id=None))):
        assert {column: str(dtype) for column, dtype in analyze(actions).dtypes.items()} == promised


@pytest.mark.parametrize("analyze", [spans, durations])
def test_the_input_is_not_changed(analyze):
    given = frame(action(1), action(2, None, status="in-progress"), action(3, status="errored"))
    before = given.copy(deep=True)
    analyze(given)
    pd.testing.assert_frame_equal(given, before)


@pytest.mark.parametrize("analyze", [spans, durations])
def test_a_frame_without_the_columns_raises(analyze):
    with pytest.raises(InvalidArgument, match=r"The actions frame has no column.*status"):
        analyze(pd.DataFrame({"id": [1]}))


def test_durations_equal_those_of_the_statistics_module():
    rng = random.Random(5)
    rows = [
        action(
            number,
            rng.expovariate(1 / 30),
            type=rng.choice(["snapshot", "reboot", "resize"]),
            status=rng.choices(["completed", "errored"], [9, 1])[0],
        )
        for number in range(300)
    ]
    rows += [action(900 + number, None, type="resize", status="in-progress") for number in range(2)]
    found = durations(frame(*rows)).set_index("type")
    assert found["count"].sum() == 302
    assert found["count"].is_monotonic_decreasing
    for kind, of_kind in found.iterrows():
        same = [row for row in rows if row["type"] == kind]
        took = [
            (datetime.fromisoformat(row["completed_at"]) - BEGAN).total_seconds()
            for row in same
            if row["status"] == "completed"
        ]
        assert of_kind["count"] == len(same)
        assert of_kind["failed"] == sum(row["status"] == "errored" for row in same)
        assert of_kind["running"] == (2 if kind == "resize" else 0)
        assert of_kind["median_s"] == pytest.approx(statistics.median(took))
        assert of_kind["p90_s"] == pytest.approx(statistics.quantiles(took, n=10, method="inclusive")[-1])


def test_a_type_that_only_failed_has_no_duration():
    found = durations(frame(action(1, 1, status="errored")))
    assert found["failed"].tolist() == [1]
    assert found["median_s"].isna().all()


def test_actions_without_a_type_are_counted_together():
    found = durations(frame(action(1, 5, type=None), action(2, 7, type=None), action(3)))
    assert found["type"].tolist() == ["(unknown)", "reboot"]
    assert found["count"].tolist() == [2, 1]
    assert found["median_s"].tolist() == [6.0, 5.0]


def test_an_action_that_ends_before_its_start_has_no_duration():
    backwards = action(1, -3600)
    assert spans(frame(backwards, action(2)))["duration_s"].tolist()[1:] == [5.0]
    assert spans(frame(backwards))["duration_s"].isna().all()
    assert spans(frame(backwards))["ended_at"].notna().all()
    found = durations(frame(backwards, action(2)))
    assert found["count"].tolist() == [2]
    assert found["median_s"].tolist() == [5.0]
