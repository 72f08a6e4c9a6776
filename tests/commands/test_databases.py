"""`%do databases connection`: the address and the login of a cluster, which stay secret unless revealed."""

from __future__ import annotations

import pytest

from poseidon_nb.errors import InvalidArgument, NoSuchName
from poseidon_nb.masking import MASK
from poseidon_nb.sandbox.services.databases import engines


def test_the_connection_is_masked_unless_it_is_revealed(desk):
    masked = desk.do("databases connection orders").iloc[0]
    assert (masked["port"], masked["user"], masked["password"], masked["uri"]) == (25060, "doadmin", MASK, MASK)
    shown = desk.do("databases connection orders --reveal").iloc[0]
    assert shown["uri"].startswith(f"postgresql://doadmin:{shown['password']}@{masked['host']}:25060/defaultdb")


def test_the_private_endpoint_is_another_host(desk):
    public, private = (desk.do(f"databases connection sessions{more}").iloc[0] for more in ("", " --private"))
    assert private["host"] == f"private-{public['host']}"


def test_no_such_cluster_and_a_cluster_without_an_endpoint_are_one_line_each(desk, monkeypatch):
    with pytest.raises(NoSuchName, match="orders"):
        desk.do("databases connection order")
    monkeypatch.setattr(engines, "connections", lambda *_, **__: {"connection": None, "private_connection": None})
    with pytest.raises(InvalidArgument, match=r"^orders has no public endpoint; its status is online\.$"):
        desk.do("databases connection orders")
