"""The frame of droplets, from bytes and from rows, and its errors."""

from __future__ import annotations

import json
import pickle
from types import MappingProxyType
from typing import Any

import pandas as pd
import pytest

from poseidon_nb.errors import ShapeError
from poseidon_nb.frames.builders import frame_from_pages, frame_from_rows
from poseidon_nb.frames.schemas import TABLES


def droplet(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A droplet as the API serves it, with more fields than the table names."""
    return {
        "id": number,
        "name": f"web-{number}",
        "memory": 1024,
        "vcpus": 1,
        "disk": 25,
        "locked": False,
        "status": "active",
        "kernel": None,
        "created_at": "2026-07-21T18:37:44Z",
        "features": ["monitoring"],
        "backup_ids": [],
        "next_backup_window": {"start": "2026-11-24T00:00:00Z", "end": "2026-11-24T04:00:00Z"},
        "snapshot_ids": [67512819],
        "image": {"id": 7, "name": "24.04 (LTS) x64", "distribution": "Ubuntu", "slug": "ubuntu-24-04-x64"},
        "volume_ids": ["506f78a4-e098-11e5-ad9f-000f53306ae1"],
        "size": {"slug": "s-1vcpu-1gb", "price_monthly": 6, "price_hourly": 0.00893, "networking_throughput": 2000},
        "size_slug": "s-1vcpu-1gb",
        "networks": {
            "v4": [
                {"ip_address": "10.124.0.2", "netmask": "255.255.240.0", "gateway": "10.124.0.1", "type": "private"},
                {"ip_address": "164.90.1.2", "netmask": "255.255.240.0", "gateway": "164.90.0.1", "type": "public"},
            ],
            "v6": [{"ip_address": "2604:a880::1", "netmask": 64, "gateway": "2604:a880::", "type": "public"}],
        },
        "region": {"slug": "sfo3", "name": "San Francisco 3", "sizes": ["s-1vcpu-1gb"]},
        "tags": ["web", "env:prod"],
        "vpc_uuid": "760e09ef-dc84-11e8-981e-3cfdfeaae000",
        **changes,
    }


def page(*objects: object, key: str = "droplets") -> bytes:
    return json.dumps({key: list(objects), "links": {}, "meta": {"total": len(objects)}}).encode()


def test_a_droplet_becomes_a_row_of_flat_columns() -> None:
    row = frame_from_pages("droplets", [page(droplet())]).iloc[0].to_dict()
    assert row["region"] == "sfo3"
    assert row["size"] == "s-1vcpu-1gb"
    assert row["image"] == "ubuntu-24-04-x64"
    assert row["price_monthly"] == 6.0
    assert row["tags"] == ["web", "env:prod"]
    assert row["created_at"] == pd.Timestamp("2026-07-21T18:37:44Z")
    assert row["next_backup_window_end"] == pd.Timestamp("2026-11-24T04:00:00Z")
    assert pd.isna(row["gpu_model"])


def test_addresses_are_selected_by_type_not_by_position() -> None:
    frame = frame_from_pages("droplets", [page(droplet())])
    assert frame.loc[0, ["public_ipv4", "private_ipv4", "public_ipv6"]].tolist() == [
        "164.90.1.2",
        "10.124.0.2",
        "2604:a880::1",
    ]


@pytest.mark.parametrize("networks", [None, {}, {"v4": None}, {"v4": [], "v6": []}, {"v4": [{"type": "odd"}]}])
def test_a_droplet_without_addresses_has_missing_ones(networks: object) -> None:
    frame = frame_from_pages("droplets", [page(droplet(networks=networks))])
    assert frame[["public_ipv4", "private_ipv4", "public_ipv6"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("image", "shown"),
    [
        ({"id": 7, "name": "mine", "slug": None}, "mine"),
        ({"id": 7, "name": "mine", "slug": ""}, "mine"),
        ({"id": 7}, "7"),
    ],
)
def test_an_image_without_a_slug_has_its_name_or_id(image: object, shown: str) -> None:
    assert frame_from_pages("droplets", [page(droplet(image=image))])["image"].tolist() == [shown]


def test_a_droplet_with_only_an_id_is_a_row_of_missing_values() -> None:
    frame = frame_from_pages("droplets", [page({"id": 3})])
    assert frame.drop(columns="id").isna().all(axis=None)
    assert frame["id"].tolist() == [3]


def test_the_api_order_is_kept_and_duplicates_are_dropped() -> None:
    pages = [page(droplet(5), droplet(3)), page(droplet(3, name="moved"), droplet(9), droplet(9)), page(droplet(1))]
    frame = frame_from_pages("droplets", pages)
    assert frame["id"].tolist() == [5, 3, 9, 1]
    assert frame["name"].tolist() == ["web-5", "web-3", "web-9", "web-1"]


def test_objects_without_an_id_are_all_kept() -> None:
    rows = [{"name": "a"}, {"name": "b"}, {"id": 1, "name": "c"}, {"id": 1, "name": "d"}]
    assert frame_from_rows("droplets", rows)["name"].tolist() == ["a", "b", "c"]


def test_pages_are_taken_one_at_a_time() -> None:
    taken = []

    def bodies():
        for number in range(3):
            taken.append(number)
            yield page(droplet(number))

    pages = bodies()
    next(pages)
    assert taken == [0]
    assert frame_from_pages("droplets", pages)["id"].tolist() == [1, 2]


def test_integers_beyond_the_precision_of_a_float_survive() -> None:
    assert frame_from_pages("droplets", [page(droplet(2**60 + 1), {})])["id"].tolist() == [2**60 + 1, pd.NA]


def test_another_key_can_hold_the_objects_or_a_single_one() -> None:
    assert frame_from_pages("droplets", [b'{"droplet": {"id": 4}}'], key="droplet")["id"].tolist() == [4]
    assert frame_from_pages("snapshots", [page({"id": 4}, key="backups")], key="backups")["id"].tolist() == ["4"]
    assert frame_from_pages("droplets", [b'{"droplets": null}']).empty


def test_rows_can_be_any_mappings() -> None:
    frame = frame_from_rows("droplets", (MappingProxyType(droplet(n)) for n in (1, 2)))
    pd.testing.assert_frame_equal(frame, frame_from_pages("droplets", [page(droplet(1), droplet(2))]))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"id": "x", "message": "y"}', "The response for droplets has no key 'droplets'. It has id and message."),
        (b"{}", "The response for droplets has no key 'droplets'. It has no keys."),
        (b"[]", "Unexpected type of the response for droplets. Expected an object, got a list."),
        (b'{"droplets": [1]}', "Unexpected type of the response for droplets. Expected an object, got an integer."),
        (
            b'{"droplets": "none"}',
            "Unexpected type of the response for droplets. Expected an object or a list, got text.",
        ),
        (page({"id": "4"}), "Unexpected type of field 'id' in droplets. Expected an integer, got text."),
        (page({"locked": 0}), "Unexpected type of field 'locked' in droplets. Expected true or false, got an integer."),
        (
            page({"size": {"price_monthly": "6"}}),
            "Unexpected type of field 'size.price_monthly' in droplets. Expected a number, got text.",
        ),
        (
            page({"networks": {"v4": [{"type": 4}]}}),
            "Unexpected type of field 'networks.v4.type' in droplets. Expected text, got an integer.",
        ),
        (page({"id": 2**64}), "Field 'id' in droplets has a number of more than 64 bits."),
    ],
)
def test_an_unexpected_structure_is_reported_in_one_line(body: bytes, message: str) -> None:
    with pytest.raises(ShapeError) as caught:
        frame_from_pages("droplets", [body])
    assert str(caught.value) == message


@pytest.mark.parametrize("moment", ["yesterday", "2026-07-21", "2026-07-21T18:37:44", 4])
def test_a_time_without_a_zone_is_refused(moment: object) -> None:
    with pytest.raises(ShapeError, match=r"\bfield 'created_at' in droplets\b") as caught:
        frame_from_rows("droplets", [droplet(created_at=moment)])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'{"droplets": [', b'{"droplets": [{"name": "\xff"}]}', b'{"x": ' + b"[" * 99_999]
)
def test_invalid_json_is_reported_in_one_line(body: bytes) -> None:
    for resource in ("droplets", "machines"):
        with pytest.raises(ShapeError, match=f"^The response for {resource} is not JSON ") as caught:
            frame_from_pages(resource, [body])
        assert "\n" not in str(caught.value)


def test_times_are_converted_to_utc_and_may_be_old() -> None:
    moments = ["2026-07-21T20:37:44.5+02:00", "0001-01-01T00:00:00Z", None]
    frame = frame_from_rows("droplets", [{"id": n, "created_at": moment} for n, moment in enumerate(moments)])
    assert frame["created_at"].dtype == "datetime64[us, UTC]"
    assert frame["created_at"][0].isoformat() == "2026-07-21T18:37:44.500000+00:00"
    assert frame["created_at"][1].year == 1
    assert frame["created_at"].isna().tolist() == [False, False, True]


@pytest.mark.parametrize("resource", TABLES)
def test_every_column_has_its_dtype_when_full_and_when_empty(resource: str) -> None:
    table = TABLES[resource]
    wanted = {column.name: "object" if column.dtype == "list" else column.dtype for column in table.columns}
    for frame in (
        frame_from_rows(resource, []),
        frame_from_pages(resource, []),
        frame_from_pages(resource, [page(key=table.key)]),
        frame_from_rows(resource, [{}, {}]),
    ):
        assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == wanted
        assert all(frame[name].dtype == dtype for name, dtype in wanted.items())


def test_a_frame_is_plain() -> None:
    frame = frame_from_pages("droplets", [page(droplet())])
    assert type(frame) is pd.DataFrame
    assert isinstance(frame.index, pd.RangeIndex)
    assert frame.attrs == {}
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(frame)), frame)
    assert frame.groupby("region")["price_monthly"].sum().to_dict() == {"sfo3": 6.0}
    assert frame.explode("tags")["tags"].tolist() == ["web", "env:prod"]
