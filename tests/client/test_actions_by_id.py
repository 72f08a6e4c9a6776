"""Waiting for actions of which only the ids are known."""

from __future__ import annotations

import pytest

import poseidon_nb as po


def test_waiting_for_many_ids_reads_them_by_pages(client, sent):
    ids = [action.id for action in client.actions.list() if action.completed]
    before = len(sent("GET"))
    ended = client.actions.wait(ids)
    assert [action.id for action in ended] == ids
    assert len(sent("GET")) - before <= 2


def test_an_id_that_no_action_has_is_not_found(client):
    known = client.actions.list()[0].id
    with pytest.raises(po.NotFound):
        client.actions.wait([known, 1])
