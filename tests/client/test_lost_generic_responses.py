"""What any operation created is found when its answer was lost or garbled, and nothing else is taken for it."""

from __future__ import annotations

import pytest

from poseidon_nb.client.client import connect
from poseidon_nb.client.engine.recovery import matches
from poseidon_nb.errors import OutcomeUnknown, ServerError

VOLUME = {"name": "data", "size_gigabytes": 10, "region": "nyc3"}


def test_a_resource_whose_response_was_lost_is_found_in_its_list(client, sandbox, sent):
    sandbox.fault("lost_after", operation="volumes_create")
    answer = client.call("volumes_create", **VOLUME)
    assert answer["volume"]["name"] == "data"
    assert len(sent("POST")) == 1


def test_what_never_arrived_is_unknown(client, sandbox, sent):
    sandbox.fault("lost_before", operation="volumes_create")
    with pytest.raises(OutcomeUnknown, match="data"):
        client.call("volumes_create", **VOLUME)
    assert len(sent("POST")) == 1


def test_somebody_elses_resource_is_not_mistaken_for_ours(client, sandbox, clock):
    with connect(sandbox, clock=clock) as other:
        client.droplets.list()
        other.call("volumes_create", **{**VOLUME, "size_gigabytes": 20})
    sandbox.fault("lost_before", operation="volumes_create")
    with pytest.raises(OutcomeUnknown):
        client.call("volumes_create", **VOLUME)


def test_an_older_resource_is_not_mistaken_for_ours(client, sandbox, clock):
    client.call("volumes_create", **VOLUME)
    clock.advance(60)
    sandbox.fault("status", status=503, operation="volumes_create")
    with pytest.raises(ServerError, match="data"):
        client.call("volumes_create", **VOLUME)


@pytest.mark.parametrize(
    ("row", "wanted", "same"),
    [
        ({"region": {"slug": "nyc3"}}, {"region": "nyc3"}, True),
        ({"region": {"slug": "nyc3"}}, {"region": "fra1"}, False),
        ({"size": 1}, {"size": "1", "unseen": 3}, True),
        ({"tags": ["a", "b"]}, {"tags": ["b", "a"]}, True),
        ({"tags": ["a", "b"]}, {"tags": ["a"]}, False),
        ({"rules": [{"port": "80", "extra": 1}]}, {"rules": [{"port": 80}]}, True),
        ({"rules": [{"port": "80"}]}, {"rules": [{"port": 81}]}, False),
        ({"ha": False}, {"ha": True}, False),
    ],
)
def test_what_was_read_is_compared_as_far_as_it_shows(row, wanted, same):
    assert matches(row, wanted) is same
