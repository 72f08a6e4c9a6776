"""What a client tells of itself: what it changed, and how much it may still ask. Neither sends anything."""

from __future__ import annotations

import pytest

from poseidon_nb.client.client import Client, connect
from poseidon_nb.errors import APIError, ReadOnly
from poseidon_nb.transport.change_log import ChangeLog
from poseidon_nb.transport.credentials import Credential, Token
from poseidon_nb.transport.session import Session


def test_a_client_keeps_its_own_log_of_what_it_changed(client, sandbox, clock, sent):
    client.droplets.list()
    assert client.changes.entries() == ()
    client.tags.create("blue")
    with pytest.raises(APIError):
        client.tags.create("no blanks")
    client.api("DELETE", "/v2/tags/blue")
    created, refused, deleted = client.changes
    assert (created.account, created.method, created.path) == ("SANDBOX", "POST", "/v2/tags")
    assert (created.operation_id, created.status, created.outcome) == ("tags_create", 201, "completed 201")
    assert created.request_id
    assert refused.outcome.startswith("refused 4")
    assert (deleted.path, deleted.outcome) == ("/v2/tags/blue", "completed 204")
    with connect(sandbox, clock=clock) as other:
        assert other.changes.entries() == ()


def test_many_changes_at_once_are_each_written_down(client, sent):
    running = [one for one in client.droplets.list() if one.active][:3]
    for one in running:
        one.power_off()
    assert [(one.method, one.path) for one in client.changes] == [
        ("POST", f"/v2/droplets/{one.id}/actions") for one in running
    ]
    assert len(sent("POST")) == len(client.changes)


def test_a_refusal_to_send_is_no_change(sandbox, clock):
    with connect(sandbox, read_only=True, clock=clock) as client:
        with pytest.raises(ReadOnly):
            client.tags.create("blue")
        assert client.changes.entries() == ()


def test_a_session_that_has_a_log_keeps_it(sandbox, clock):
    shared = ChangeLog()
    credential = Credential(Token(sandbox.token), "a test")
    with Client(Session(credential, base_url=sandbox.url, clock=clock, changes=shared)) as client:
        assert client.changes is shared
        client.tags.create("blue")
    assert len(shared) == 1


def test_the_rate_limit_is_what_the_last_answer_told(client, clock, sent):
    assert client.rate_limit is None
    assert sent() == []
    client.regions.list()
    told = client.rate_limit
    assert told is not None
    assert told.limit == 5000
    assert told.told_at == clock.now()
    assert told.resets_at is not None
    assert told.resets_at.utcoffset() is not None
    assert len(sent()) == 1
