"""The account's actions, filtered here because the API does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from poseidon_nb.client.actions.actions import ActionFilter
from poseidon_nb.errors import InvalidArgument

ROW = {
    "id": 1,
    "status": "completed",
    "type": "reboot",
    "resource_type": "droplet",
    "resource_id": 7,
    "started_at": "2026-11-23T12:00:00Z",
}


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ((None,) * 5, True),
        (("completed", "reboot", "droplet", 7, "2026-11-23"), True),
        (("errored", None, None, None, None), False),
        ((None, "resize", None, None, None), False),
        ((None, None, "image", None, None), False),
        ((None, None, None, 8, None), False),
        ((None, None, None, None, "2026-11-23T12:00:00Z"), True),
        ((None, None, None, None, "2026-11-23T12:00:01"), False),
        ((None, None, None, None, datetime(2026, 11, 23, 13, tzinfo=timezone(timedelta(hours=1)))), True),
        ((None, None, None, None, datetime(2026, 11, 23, 13, tzinfo=UTC)), False),
    ],
)
def test_an_action_is_kept_when_it_is_all_that_was_requested(asked, kept):
    assert ActionFilter.create(*asked).matches(ROW) is kept


def test_an_invalid_status_or_time_is_refused_before_anything_is_sent(client, sent):
    with pytest.raises(InvalidArgument, match=r"Unknown action status 'in_progress'. Did you mean in-progress"):
        client.actions.list(status="in_progress")
    with pytest.raises(InvalidArgument, match=r"Invalid time 'yesterday'. Use for example since='2026-11-23'"):
        client.actions.list(since="yesterday")
    with pytest.raises(InvalidArgument, match="Unknown query parameter 'stauts'"):
        client.actions.list(stauts="completed")
    assert sent() == []


def test_filters_give_what_reading_all_and_choosing_gives(client, droplet):
    everything = client.actions.list()
    assert client.actions.list(type="reboot", resource_id=droplet.id) == [
        one for one in everything if one.type == "reboot" and one.resource_id == droplet.id
    ]
    assert client.actions.list(status="completed", resource_type="image") == [
        one for one in everything if one.status == "completed" and one.resource_type == "image"
    ]
    frame = client.actions.frame(type="reboot", resource_id=droplet.id)
    assert [*frame["id"]] == [one.id for one in client.actions.list(type="reboot", resource_id=droplet.id)]
    assert frame.dtypes.equals(client.actions.frame().dtypes)


def test_reading_stops_where_the_time_requested_begins(client, droplet, sent, clock):
    assert len(client.actions.list()) > 200
    action = droplet.reboot()
    before = len(sent())
    assert client.actions.list(since=action.started_at) == [action]
    assert len(sent()) == before + 1
    assert client.actions.list(since="2000-01-01") == client.actions.list()
