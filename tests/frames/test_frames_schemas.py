"""The tables as data, and selecting columns by name."""

from __future__ import annotations

import subprocess
import sys

import pandas as pd
import pytest

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.frames.builders import frame_from_rows
from poseidon_nb.frames.columns import DTYPES
from poseidon_nb.frames.schemas import ALIASES, TABLES
from poseidon_nb.frames.selection import select_columns
from poseidon_nb.masking import mask

DOCTL = {
    "droplets": "ID Name PublicIPv4 PrivateIPv4 PublicIPv6 Memory VCPUs Disk Region Image VPCUUID Status Tags Features Volumes SizeSlug",
    "images": "ID Name Type Distribution Slug Public MinDisk Created",
    "sizes": "Slug Description Memory VCPUs Disk PriceMonthly PriceHourly",
    "regions": "Slug Name Available",
    "actions": "ID Status Type StartedAt CompletedAt ResourceID ResourceType Region",
    "keys": "ID Name FingerPrint",
    "snapshots": "ID Name CreatedAt Regions ResourceId ResourceType MinDiskSize Size Tags",
}


def test_every_column_has_a_known_dtype_and_a_meaning() -> None:
    for table in TABLES.values():
        names = [column.name for column in table.columns]
        assert len({*names}) == len(names)
        for column in table.columns:
            assert column.dtype in DTYPES
            assert column.meaning
            assert column.name.isidentifier()


def test_money_is_in_dollars_and_memory_in_mebibytes() -> None:
    for table in TABLES.values():
        for column in table.columns:
            if column.name.startswith("price_"):
                assert (column.dtype, column.unit) == ("float64", "USD")
            if column.name == "memory":
                assert column.unit == "MiB"


def test_the_tables_import_neither_pandas_nor_msgspec() -> None:
    code = "import sys, poseidon_nb.frames.schemas; print({'pandas', 'msgspec', 'numpy'} & {*sys.modules})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


@pytest.mark.parametrize("resource", DOCTL)
def test_doctls_column_names_are_understood(resource: str) -> None:
    names = DOCTL[resource].split()
    assert len(select_columns(frame_from_rows(resource, []), names).columns) == len(names)


def test_every_alias_leads_to_a_column_of_some_table() -> None:
    columns = {column.name for table in TABLES.values() for column in table.columns}
    assert all({*names} <= columns for names in ALIASES.values())


def test_columns_are_returned_in_the_given_order_and_once() -> None:
    frame = frame_from_rows("droplets", [{"id": 1, "name": "web"}])
    assert [*select_columns(frame, ["Name", "vcpus", "ID", "name", "Size-Slug"]).columns] == [
        "name",
        "vcpus",
        "id",
        "size",
    ]


def test_an_exact_name_takes_precedence_over_a_similar_one() -> None:
    frame = pd.DataFrame({"ab": [1], "a_b": [2]})
    assert [*select_columns(frame, ["ab"]).columns] == ["ab"]
    assert [*select_columns(frame, ["a_b"]).columns] == ["a_b"]


def test_an_unknown_column_is_refused_with_the_closest_match() -> None:
    frame = frame_from_rows("droplets", [])
    with pytest.raises(InvalidArgument, match=r"^Unknown column 'publik_ipv4'\. Did you mean public_ipv4"):
        select_columns(frame, ["id", "publik_ipv4"])
    with pytest.raises(
        InvalidArgument, match=r"^Unknown column 'zzz'\. Expected one of slug, name, available, features and sizes\.$"
    ):
        select_columns(frame_from_rows("regions", []), ["zzz"])


def test_the_smaller_tables_read_api_responses() -> None:
    tag = {"name": "web", "resources": {"count": 5, "last_tagged_uri": "u", "droplets": {"count": 1}}}
    assert frame_from_rows("tags", [tag]).loc[0, ["name", "resources_count", "droplets_count"]].tolist() == [
        "web",
        5,
        1,
    ]
    account = {"email": "a@b.c", "droplet_limit": 25, "email_verified": True, "team": {"name": "My Team"}}
    assert frame_from_rows("account", [account]).loc[0, ["email", "team_name"]].tolist() == ["a@b.c", "My Team"]
    action = {"id": 1, "region": {"slug": "nyc3"}, "region_slug": None, "resource_id": None}
    assert frame_from_rows("actions", [action]).loc[0, ["id", "region", "resource_id"]].tolist() == [1, "nyc3", pd.NA]
    assert frame_from_rows("snapshots", [{"id": 7}, {"id": "8"}])["id"].tolist() == ["7", "8"]


def test_no_column_has_a_secret_name():
    """The frames of tables are masked by the text of their cells only."""
    for table in TABLES.values():
        row = {column.name: "text" for column in table.columns}
        assert mask(row) == row, table.resource
