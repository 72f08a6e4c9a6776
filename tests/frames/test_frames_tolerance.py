"""Responses that differ from the specification: a value of another type costs its cell, and is named in a warning."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from poseidon_nb.errors import ShapeError
from poseidon_nb.frames.builders import frame_from_pages, frame_from_rows
from poseidon_nb.frames.tolerance import UnreadValues

DROPLET = {
    "id": 1,
    "name": "web-1",
    "status": "active",
    "memory": 2048,
    "vcpus": 2,
    "disk": 50,
    "tags": ["web"],
    "region": {"slug": "nyc3"},
    "networks": {"v4": [{"type": "public", "ip_address": "203.0.113.7"}]},
    "created_at": "2026-11-01T10:00:00Z",
}
ACTION = {"id": 7, "status": "completed", "type": "reboot", "started_at": "2026-11-01T10:00:00Z", "region_slug": "nyc3"}


def read(resource, *rows, key=None):
    """Return the frame of these rows, read from bytes and from objects alike, and the warning."""
    found = []
    for build, given in (
        (frame_from_pages, [json.dumps({key or resource: rows}).encode()]),
        (frame_from_rows, [*rows]),
    ):
        unread = UnreadValues(resource)
        found.append((build(resource, given, unread=unread), unread.warning))
    (frame, warning), (other, other_warning) = found
    pd.testing.assert_frame_equal(frame, other)
    assert warning == other_warning
    return frame, warning


@pytest.mark.parametrize(
    ("change", "column", "warning"),
    [
        (
            {"created_at": "2018-09-28T19:26:37"},
            "created_at",
            "1 value of 'created_at' could not be read, for example \"2018-09-28T19:26:37\" (expected a time with a zone)",
        ),
        ({"memory": [1]}, "memory", "1 value of 'memory' could not be read, for example [1] (expected an integer)"),
        ({"vcpus": "two"}, "vcpus", "1 value of 'vcpus' could not be read, for example \"two\" (expected an integer)"),
        ({"vcpus": 2**70}, "vcpus", f"1 value of 'vcpus' could not be read, for example {2**70} (more than 64 bits)"),
        ({"name": {"a": 1}}, "name", "1 value of 'name' could not be read, for example {\"a\":1} (expected text)"),
        ({"tags": "web"}, "tags", "1 value of 'tags' could not be read, for example \"web\" (expected a list)"),
        (
            {"networks": "none"},
            "public_ipv4",
            "1 value of 'networks' could not be read, for example \"none\" (expected an object)",
        ),
        (
            {"networks": {"v4": [5]}},
            "public_ipv4",
            "1 value of 'networks.v4' could not be read, for example 5 (expected an object)",
        ),
    ],
)
def test_a_value_of_another_type_costs_its_cell(change, column, warning):
    usual = frame_from_rows("droplets", [DROPLET | {"id": 2}])
    frame, told = read("droplets", DROPLET | change, DROPLET | {"id": 2})
    assert told == f"droplets: {warning}"
    assert pd.isna(frame[column][0])
    pd.testing.assert_frame_equal(frame[1:].reset_index(drop=True), usual)
    others = [name for name in frame if name not in {column, "id"}]
    pd.testing.assert_frame_equal(frame.loc[:0, others], usual[others])


@pytest.mark.parametrize("change", [{"memory": "2048"}, {"vcpus": "2"}, {"id": "1"}])
def test_a_number_as_text_is_read_without_a_warning(change):
    frame, told = read("droplets", DROPLET | change, DROPLET | {"id": 2, "memory": [1]})
    assert told.startswith("droplets: 1 value of 'memory'")
    assert frame.loc[0, ["id", "memory", "vcpus"]].tolist() == [1, 2048, 2]


@pytest.mark.parametrize("change", [{"tags": None}, {"networks": None}, {"region": None}, {"created_at": None}])
def test_null_is_missing_and_needs_no_warning(change):
    _, told = read("droplets", DROPLET | change)
    assert told == ""


def test_new_words_and_unknown_fields_are_read_as_they_are():
    frame, told = read("actions", ACTION | {"status": "paused", "type": "teleport", "new": {"x": [1]}})
    assert told == ""
    assert frame.loc[0, ["status", "type"]].tolist() == ["paused", "teleport"]


def test_an_action_with_its_region_and_its_id_as_text_is_read():
    frame, told = read("actions", ACTION | {"id": "7", "region": "nyc3", "resource_id": "12"})
    assert frame["id"].tolist() == [7]
    assert frame["region"].tolist() == ["nyc3"], told


def test_values_are_counted_by_field_with_the_first_as_an_example():
    rows = [DROPLET | {"id": number, "created_at": f"2018-09-28T19:26:0{number}"} for number in range(3)]
    _, told = read("droplets", *rows, DROPLET | {"id": 9, "disk": True})
    assert told == (
        "droplets: 3 values of 'created_at' could not be read, for example \"2018-09-28T19:26:00\" (expected a time with"
        " a zone); 1 value of 'disk' could not be read, for example true (expected an integer)"
    )


def test_a_row_that_is_no_object_is_left_out_and_named():
    unread = UnreadValues("droplets")
    body = json.dumps({"droplets": [DROPLET, "gone", None]}).encode()
    assert len(frame_from_pages("droplets", [body], unread=unread)) == 1
    assert unread.warning == 'droplets: 2 rows could not be read, for example "gone" (expected an object)'
    assert unread.omitted_rows == 2


def test_money_as_text_that_is_no_number_costs_its_cell():
    frame, told = read("invoices", {"invoice_uuid": "a", "amount": "12.50"}, {"invoice_uuid": "b", "amount": "twelve"})
    assert frame["amount"].tolist()[0] == 12.5
    assert pd.isna(frame["amount"][1])
    assert "1 value of 'amount' could not be read, for example \"twelve\" (expected a number)" in told


def test_an_example_is_short_and_has_no_control_characters():
    _, told = read("droplets", DROPLET | {"tags": "\x1b]52;c;x\x07" + "y" * 500})
    assert "\x1b" not in told
    assert len(told) < 160


@pytest.mark.parametrize("body", [b'{"droplets": "none"}', b'{"droplets": 5}', b'{"other": []}', b"[]", b"{", b""])
def test_a_response_without_a_list_is_an_error_either_way(body):
    messages = set()
    for unread in (None, UnreadValues("droplets")):
        with pytest.raises(ShapeError) as caught:
            frame_from_pages("droplets", [body], unread=unread)
        messages.add(str(caught.value))
    (message,) = messages
    assert "\n" not in message


def test_without_tolerance_the_first_value_raises():
    with pytest.raises(
        ShapeError, match=r"^Unexpected type of field 'memory' in droplets\. Expected an integer, got a list\.$"
    ):
        frame_from_rows("droplets", [DROPLET | {"memory": [1]}])
