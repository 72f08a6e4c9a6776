"""Parts of variables in braces: which values they have, that nothing runs, and what is refused."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import time
import types
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

import poseidon_nb as po
from poseidon_nb.client.droplet import Droplet
from poseidon_nb.client.resource import Region
from poseidon_nb.commands.registry import parse
from poseidon_nb.errors import GrammarError, LookupFailed
from poseidon_nb.language.variables import read
from poseidon_nb.masking import MASK

if TYPE_CHECKING:
    from collections.abc import Iterator


class Row(NamedTuple):
    id: int
    name: str
    tags: list[str]


@dataclasses.dataclass
class Server:
    name: str
    region: dict[str, str]
    password: str = "hunter2"
    _hidden: str = "x"

    @property
    def address(self) -> str:
        raise AssertionError("a property ran")


@dataclasses.dataclass(frozen=True, slots=True)
class Slotted:
    name: str


class Traps:
    """Every way in which Python reads an attribute or an item, and none may be used."""

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError(name)

    def __getitem__(self, key: object) -> Any:
        raise AssertionError(key)


class TrapDict(dict[str, str]):
    def __missing__(self, key: str) -> str:
        raise AssertionError(key)

    def __getitem__(self, key: str) -> str:
        raise AssertionError(key)


class TrapList(list[str]):
    def __getitem__(self, key: object) -> Any:
        raise AssertionError(key)

    def __iter__(self) -> Iterator[str]:
        raise AssertionError


class Color(enum.IntEnum):
    RED = 3


def droplet(**fields: object) -> Droplet:
    networks = {"v4": [{"type": "public", "ip_address": "192.0.2.7"}]}
    data = {"id": 7, "name": "web-1", "status": "active", "region": {"slug": "nyc3"}, "networks": networks, **fields}
    return Droplet(data, droplets=None)  # type: ignore[arg-type]  # nothing may be sent


FRAME = pd.DataFrame(
    {"id": pd.array([11, 12], dtype="Int64"), "name": ["a", "b 2"], "first name": ["x", "y"], "n": [1.5, 2.0]}
)
VARIABLES: dict[str, Any] = {
    "df": FRAME,
    "late": FRAME[FRAME["id"] == 12],
    "row": FRAME.iloc[1],
    "record": {"name": "web 1", 3: "three", "4": "four", "a}b": "brace", "it's": "quote", "x,y": "comma", "deep": {"er": ["u", "v"]}},
    "pair": Row(7, "web-1", ["t1", "t2"]),
    "fleet": [droplet(), droplet(id=8, name="db-1")],
    "droplet": droplet(),
    "region": Region({"slug": "nyc3"}),
    "server": Server("web-1", {"slug": "nyc3"}),
    "slotted": Slotted("s"),
    "trap": TrapDict(name="a"),
    "traps": TrapList(["a", "b"]),
    "counts": collections.defaultdict(AssertionError, a=1),
    "grouped": FRAME.set_index("name"),
}  # fmt: skip


def argument(token: str, **variables: object) -> object:
    return parse(f"droplets actions {token}", VARIABLES | variables).arguments["droplet"]


def refusal(token: str, **variables: object) -> str:
    with pytest.raises(GrammarError) as refused:
        parse(f"droplets actions {token}", VARIABLES | variables)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_items_and_fields_are_one_token() -> None:
    for token, value in {
        "{df['id'][0]}": "11",
        '{df["id"][0]}': "11",
        "{df.id[1]}": "12",
        "{df['first name'][0]}": "x",
        "{ df [ 'first name' ] [0] }": "x",
        "{df.n[0]}": "1.5",
        "{df.n[1]}": "2",
        "{late['name'][1]}": "b 2",
        "{row.name}": "b 2",
        "{row['first name']}": "y",
        "{row[id]}": "12",
        "{grouped['id']['b 2']}": "12",
        "{record.name}": "web 1",
        "{record[name]}": "web 1",
        "\"{record['name']}\"": "web 1",
        "'{record[\"name\"]}'": "web 1",
        "{record[3]}": "three",
        "{record[4]}": "four",
        "{record['a}b']}": "brace",
        '{record["it\'s"]}': "quote",
        "{record['x,y']}": "comma",
        "{record.deep.er[-1]}": "v",
        "{pair.name}": "web-1",
        "{pair[0]}": "7",
        "{pair.tags[1]}": "t2",
        '{fleet[0]["id"]}': "7",
        "{fleet[1].name}": "db-1",
        "{fleet[0].region.slug}": "nyc3",
        "{fleet[1]}": "8",
        "{droplet.ip_address}": "192.0.2.7",
        "{droplet.active}": "true",
        "{region}": "nyc3",
        "{server.region.slug}": "nyc3",
        "{slotted.name}": "s",
        "{trap.name}": "a",
        "{traps[1]}": "b",
        "x-{record[3]}-{pair[0]}": "x-three-7",
        "{{{record.name}}}": "{web 1}",
        "{{record.name}}": "{record.name}",
        '{"a": 1}': '{"a": 1}',
    }.items():
        assert argument(token) == value, token


def test_a_part_with_several_values_becomes_several_arguments() -> None:
    for token, values in {
        "{df['name']}": ("a", "b 2"),
        "{df.id}": ("11", "12"),
        "{pair.tags}": ("t1", "t2"),
        "{record.deep.er} {fleet}": ("u", "v", "7", "8"),
    }.items():
        assert parse(f"droplets reboot {token}", VARIABLES).arguments["droplets"] == values, token
    listed = parse("droplets create a --size s --image i --tags {record['x,y']},b,{pair.tags}", VARIABLES)
    assert listed.options["tags"] == ("comma", "b", "t1", "t2")


def test_values_are_text_numbers_and_booleans() -> None:
    for value, text in {
        np.int64(5): "5",
        np.float64(2.5): "2.5",
        np.str_("a"): "a",
        np.bool_(1): "true",
        Color.RED: "3",
        decimal.Decimal("1.50"): "1.50",
        False: "false",
        2.0: "2",
        2**70: str(2**70),
    }.items():
        assert argument("{x[0]}", x=[value]) == text
        assert argument("{x}", x=value) == text
    for hole in (None, float("nan"), np.nan, pd.NA, pd.NaT):
        assert refusal("{x[0]}", x=[hole]) == "{x[0]} holds a missing value."
    for other in (
        {"a": 1},
        b"x",
        dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        pd.Timestamp("2026-01-01"),
        object(),
        1j,
        len,
        types,
        np.datetime64("2026-01-01"),
        Traps(),
        Server,
    ):
        told = refusal("{x[0]}", x=[other])
        assert told.startswith("{x[0]} must hold text, a number, a boolean or a list, not a")
        assert type(other).__name__ in told or "not a date" in told


def test_what_cannot_be_meant_is_refused() -> None:
    for token, told in {
        "{rows.name}": "Unknown variable 'rows'. Did you mean row?",
        "{row.nam}": "row has no item 'nam'. Did you mean name?",
        # An attribute of pandas, and no item.
        "{row.index}": "row has no item 'index'.",
        "{df.columns}": "df has no column 'columns'.",
        "{df.iloc[0]}": "df has no column 'iloc'.",
        "{df[0]}": "df has no column '0'. Name the column first, as in {df['id'][0]}.",
        "{late['name'][0]}": "late['name'] has no item '0'.",
        "{df['id'][9]}": "df['id'] has no item '9'.",
        "{record.keys}": "record has no item 'keys'.",
        "{counts.b}": "counts has no item 'b'.",
        "{record[3].x}": "record[3] is a str. Braces read",
        "{fleet.name}": "fleet is a list, which only has numbered items, as in {fleet[0]}.",
        "{fleet[2]}": "fleet has no item 2. It has 2.",
        "{fleet[-3]}": "fleet has no item -3.",
        "{pair.count}": "pair has no field 'count'.",
        "{server.address}": "server has no field 'address'.",
        "{server._hidden}": "server._hidden is private.",
        "{droplet._data}": "droplet._data is private.",
        "{droplet.client}": "droplet has no field 'client'.",
        "{droplet.__class__}": "droplet.__class__ is private.",
        "{row.name.upper()}": "not 'row.name.upper()'",
        "{row.name!r}": "not 'row.name!r'",
        "{row.name:>10}": "not 'row.name:>10'",
        "{fleet[0:1]}": "fleet is a list",
        "{fleet[0}": "not 'fleet[0'",
        "{row[]}": "not 'row[]'",
        "{row.}": "not 'row.'",
        "{.name}": "not '.name'",
        "{traps.name}": "traps is a TrapList",
    }.items():
        assert told in refusal(token), token
    assert "twice has several items 'a'" in refusal("{twice.a}", twice=pd.Series([1, 2], index=["a", "a"]))
    with pytest.raises(LookupFailed, match="no public IPv4 address"):
        argument("{x.ip_address}", x=droplet(networks={}))
    assert argument("{x.name}", x=droplet(networks={})) == "web-1"


def test_only_stored_data_of_known_types_is_read() -> None:
    for token in ("{x.name}", "{x[0]}", "{x['a']}"):
        for other in (Traps(), len, types, object(), "text", 5, {1, 2}, iter([1]), pd.Timestamp("2026-01-01"), Server):
            told = refusal(token, x=other)
            assert f"x is a {type(other).__name__}" in told
    with po.connect(token="dop_v1_" + "0" * 64, read_only=True) as client:
        for token in ("{client.token}", "{client.droplets}", "{client.droplets.list}"):
            assert refusal(token, client=client).startswith("client is a Client. Braces read items")


def test_secrets_do_not_resolve() -> None:
    users = pd.DataFrame({"name": ["a"], "password": ["hunter2"]})
    variables = {
        "db": {"connection": {"uri": "postgres://a:hunter2@x/d", "password": "hunter2"}, "secrets": {"x": "hunter2"}},
        "users": users,
        "user": users.iloc[0],
        "masked": {"note": MASK},
        "note": {"text": "postgres://me:hunter2@host/db"},
        "tokens": {"a": "dop_v1_" + "f" * 64},
    }
    for token in (
        "{db.connection.password}",
        "{db.connection.uri}",
        "{db.secrets.x}",
        "{users['password'][0]}",
        "{users.password}",
        "{user.password}",
        "{server.password}",
        "{masked.note}",
        "{note.text}",
        "{tokens.a}",
        "{tokens['a']}",
    ):
        told = refusal(token, **variables)
        assert "hunter2" not in told
        assert "ffff" not in told
        assert "secret" in told or "masked" in told or "token" in told
    # A variable of one's own is what its name says.
    assert argument("{password}", password="hunter2") == "hunter2"


def test_braces_with_many_spaces_take_no_quadratic_time() -> None:
    started_s = time.process_time()
    for text in ("df[" + " " * 100_000, "df[a" + " " * 100_000, "df[" + "a " * 50_000):
        with pytest.raises(GrammarError, match="Braces must contain"):
            read(text, {"df": {}})
    assert time.process_time() - started_s < 2
