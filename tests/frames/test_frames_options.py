"""What can be chosen for a new resource as a table: one row for each choice."""

from __future__ import annotations

import pandas as pd
import pytest

from poseidon_nb.errors import ShapeError
from poseidon_nb.frames.builders import frame_from_rows
from poseidon_nb.frames.tolerance import UnreadValues

DATABASES = {
    "options": {
        "pg": {
            "regions": ["nyc3", "fra1"],
            "versions": ["16", "17"],
            "layouts": [{"num_nodes": 1, "sizes": ["db-1", "db-2"]}, {"num_nodes": 3, "sizes": ["db-2"]}],
            "default_version": "17",
        },
        "redis": {"regions": ["nyc3"], "versions": ["7"], "layouts": [{"num_nodes": 1, "sizes": ["db-1"]}]},
    },
    "version_availability": {
        "pg": [{"version": "16", "end_of_life": "2028-11-09T00:00:00Z", "end_of_availability": None}],
        "redis": [{"version": "7", "end_of_life": None, "end_of_availability": None, "default": True}],
    },
}
KUBERNETES = {
    "regions": [{"name": "New York 3", "slug": "nyc3"}],
    "versions": [{"slug": "1.36.1-do.0", "kubernetes_version": "1.36.1", "supported_features": ["ha"]}],
    "sizes": [{"name": "a", "slug": "a"}, {"name": "b", "slug": "b"}],
}
REGISTRIES = {
    "available_regions": ["nyc3", "fra1"],
    "subscription_tiers": [
        {"slug": "basic", "monthly_price_in_cents": 500, "storage_overage_price_in_cents": 2, "eligible": True},
        {"slug": "starter", "eligible": False},
    ],
}


def test_databases_have_a_row_for_each_engine_version_and_number_of_nodes() -> None:
    frame = frame_from_rows("database_options", [DATABASES])
    assert frame[["engine", "version", "num_nodes", "default"]].to_numpy().tolist() == [
        ["pg", "16", 1, False],
        ["pg", "16", 3, False],
        ["pg", "17", 1, True],
        ["pg", "17", 3, True],
        ["redis", "7", 1, True],
    ]
    assert frame["sizes"].tolist()[:2] == [["db-1", "db-2"], ["db-2"]]
    assert frame["regions"].tolist() == [["nyc3", "fra1"]] * 4 + [["nyc3"]]
    assert frame["end_of_life"].dt.year.astype(object).where(frame["end_of_life"].notna(), None).tolist() == [
        *(2028, 2028),
        *(None, None, None),
    ]


def test_kubernetes_has_a_row_for_each_version_and_registries_for_each_tier() -> None:
    (row,) = frame_from_rows("kubernetes_options", [KUBERNETES]).to_dict("records")
    assert row == {
        "version": "1.36.1-do.0",
        "kubernetes_version": "1.36.1",
        "regions": ["nyc3"],
        "sizes": ["a", "b"],
        "supported_features": ["ha"],
    }
    tiers = frame_from_rows("registry_options", [REGISTRIES])
    assert tiers.loc[0, ["slug", "price_usd_month", "storage_overage_usd", "eligible"]].tolist() == [
        *("basic", 5.0, 0.02, True),
    ]
    assert pd.isna(tiers["price_usd_month"][1])
    assert tiers["regions"].tolist() == [["nyc3", "fra1"]] * 2


@pytest.mark.parametrize(
    "answer",
    [{}, None, {"options": None}, {"options": {"pg": None}}, {"versions": [None, 5]}, {"subscription_tiers": {}}],
)
@pytest.mark.parametrize("resource", ["database_options", "kubernetes_options", "registry_options"])
def test_a_response_of_another_shape_is_reported_or_raises(answer: object, resource: str) -> None:
    unread = UnreadValues(resource)
    frame = frame_from_rows(resource, [answer], unread=unread)  # type: ignore[list-item]  # what no specification says
    assert frame.empty
    assert "could not be read" in unread.warning
    with pytest.raises(ShapeError, match="Unexpected type of field"):
        frame_from_rows(resource, [answer])  # type: ignore[list-item]
