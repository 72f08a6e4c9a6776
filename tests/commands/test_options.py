"""`%do databases options` and its like: tables for people, and the response as it is for programs."""

from __future__ import annotations

import json

import pandas as pd

from poseidon_nb.frames.display import to_text, view_of
from poseidon_nb.frames.schemas import DERIVED_TABLES, table_of


def test_the_client_and_the_command_return_the_table_and_raw_is_the_response(desk):
    client = desk.session.client()
    for line, operation_id, choices in (
        ("databases options", "databases_list_options", ["pg", "mysql", "kafka"]),
        ("kubernetes options", "kubernetes_list_options", []),
        ("registries options", "registries_get_options", ["starter", "basic", "professional"]),
        ("registry get-options", "registry_get_options", ["starter"]),
    ):
        frame = desk.do(line)
        assert {*choices} <= {*frame.iloc[:, 0]}
        assert len(frame) > 1
        assert [*frame.columns] == [column.name for column in DERIVED_TABLES[table_of(operation_id)].columns]
        pd.testing.assert_frame_equal(client.call(operation_id, frame=True), frame)
        answer = client.call(operation_id)
        assert json.dumps(desk.do(f"{line} --raw")) == json.dumps(answer.get("options") if len(answer) == 1 else answer)


def test_prices_of_a_second_are_not_cut_to_cents(desk):
    sizes = desk.do("apps instance-sizes")
    first = to_text(sizes, view_of(sizes), width=120).splitlines()[1]
    assert first.split() == ["apps-s-1vcpu-0.5gb", "1", "536870912", "5.00", "50", "SHARED", "2.0668e-06"]
