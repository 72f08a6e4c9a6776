"""Names of what is inside of other resources: found, completed from the account, and named in errors."""

from __future__ import annotations

import pytest

from poseidon_nb.client.client import connect
from poseidon_nb.commands import account_words
from poseidon_nb.commands.registry import registry
from poseidon_nb.errors import NoSuchName, NotFound
from poseidon_nb.language.completion import complete_line
from poseidon_nb.sandbox import Sandbox


def offered(desk, line: str) -> list[str]:
    found = complete_line(f"%do {line}", registry(), desk.session.account_words)
    assert found is not None
    return [word.text for word in found.words if not word.text.startswith("--")]


def test_a_name_inside_of_another_resource_stands_for_its_id(desk):
    pool = desk.do("kubernetes get-node-pool render workers").iloc[0]
    (listed,) = desk.do("kubernetes node-pools render").to_dict("records")
    assert (pool["id"], pool["name"]) == (listed["id"], "workers")
    cluster = desk.do("kubernetes get render").iloc[0]["id"]
    path = f"/v2/kubernetes/clusters/{cluster}/node_pools/{pool['id']}"
    desk.sent()
    assert desk.do(f"kubernetes get-node-pool {cluster} {pool['id']}").iloc[0]["name"] == "workers"
    assert desk.sent() == [f"GET {path}"], "an id is not looked up"
    desk.do("kubernetes delete-node-pool render workers --dry-run")
    assert desk.ui.said[-1].startswith(f"DELETE {path}")
    desk.do("kubernetes list")
    desk.sent()
    desk.do("kubernetes get-node-pool render workers --dry-run")
    assert f"GET {path}" in desk.ui.said, "the lists showed both names"
    assert desk.sent() == []
    with connect(desk.sandbox, clock=desk.session.clock) as client:
        assert client.kubernetes.get_node_pool("render", "workers")["id"] == pool["id"]


@pytest.mark.parametrize(
    ("line", "kind", "message"),
    [
        (
            "kubernetes get-node-pool render worker",
            NoSuchName,
            "Node pool 'worker' of Kubernetes cluster render not found. Did you mean workers?",
        ),
        ("kubernetes get-node-pool rendr workers", NoSuchName, "Kubernetes cluster 'rendr' not found. Did you mean render?"),
        ("databases get-user orders doadmn", NotFound, "User 'doadmn' of database cluster orders not found. Did you mean doadmin?"),
        ("databases delete-user orders nobody --yes", NotFound, "User 'nobody' of database cluster orders not found."),
        ("databases get-db orders defaultd", NotFound, "Database 'defaultd' of database cluster orders not found. Did you mean defaultdb?"),
        ("databases get-replica orders x", NotFound, "Replica 'x' of database cluster orders not found."),
        ("databases get-connection-pool orders x", NotFound, "Connection pool 'x' of database cluster orders not found."),
        ("registries tags tidepool tile-api", NotFound, "Repository 'tile-api' of registry tidepool not found. Did you mean tiles-api?"),
        (
            "registries delete-tag tidepool tiles-api 2.1 --yes",
            NotFound,
            "Tag '2.1' of repository tiles-api not found. Did you mean 2.0?",
        ),
        ("apps get-deployment tiles-api nothing", NotFound, "Deployment 'nothing' of app tiles-api not found."),
    ],
)  # fmt: skip
def test_an_error_says_what_of_what_was_not_found(desk, line, kind, message):
    with pytest.raises(kind) as failed:
        desk.do(line)
    assert message in str(failed.value)
    assert "\n" not in str(failed.value)


def test_names_are_completed_from_the_account_as_soon_as_it_is_used(desk):
    assert offered(desk, "databases get ") == [], "nothing has used the account yet"
    desk.do("account")
    for line, words in (
        ("databases get ", ["orders", "sessions"]),
        ("kubernetes get ", ["render"]),
        ("apps get ", ["tiles-api"]),
        ("registries get ", ["tidepool"]),
        ("kubernetes get-node-pool render w", ["workers"]),
        ("kubernetes delete-node render workers ", []),
        ("databases get-db orders ", ["defaultdb"]),
        ("databases get-user 'orders' d", ["doadmin"]),
        ("databases delete-user orders doadmin ", []),
        ("registries tags tidepool ", ["tiles-api"]),
        ("registries delete-tag tidepool tiles-api 2", ["2.0"]),
        ("databases get-user nowhere ", []),
    ):
        assert offered(desk, line) == words, line
    (deployment,) = offered(desk, "apps get-deployment tiles-api ")
    assert desk.do(f"apps get-deployment tiles-api {deployment}").iloc[0]["id"] == deployment


def test_names_are_read_once_until_something_changes(desk, monkeypatch):
    desk.do("account")
    assert offered(desk, "databases get-db orders ") == ["defaultdb"]
    desk.sent()
    assert offered(desk, "databases get-db orders ") == ["defaultdb"]
    assert offered(desk, "databases get-user nowhere ") == []
    assert desk.sent() == []
    desk.do("databases create-db orders reports")
    assert offered(desk, "databases get-db orders ") == ["defaultdb", "reports"]
    desk.sent()
    desk.session.clock.advance(account_words.MAX_AGE_S - 1)
    assert offered(desk, "databases get-db orders ") == ["defaultdb", "reports"]
    assert desk.sent() == []
    desk.session.clock.advance(2)
    offered(desk, "databases get-db orders ")
    assert len(desk.sent()) == 1
    # An account that cannot be read is asked once, and completion goes on with what it knows.
    desk.do("databases create-db orders more")
    client = desk.session.connected_client
    tried = []
    monkeypatch.setattr(client, "call", lambda *_, **__: tried.append(1) or 1 / 0)
    for _ in range(3):
        assert offered(desk, "databases get-db orders ") == ["defaultdb", "reports"]
    assert tried == [1]


def test_names_of_another_account_are_not_offered(desk):
    desk.do("account")
    assert offered(desk, "kubernetes get-node-pool render ") == ["workers"]
    with Sandbox(clock=desk.session.clock) as other:
        desk.session.use_sandbox(other)
        assert offered(desk, "kubernetes get-node-pool render ") == []


def test_a_slow_account_keeps_nobody_waiting_and_answers_the_next_time(desk, monkeypatch):
    from threading import Event

    desk.do("account")
    monkeypatch.setattr(account_words, "MAX_WAIT_S", 0.01)
    client, answered = desk.session.connected_client, Event()
    real = client.call

    def slow(*arguments, **parts):
        answered.wait()
        return real(*arguments, **parts)

    monkeypatch.setattr(client, "call", slow)
    assert offered(desk, "databases get ") == []
    answered.set()
    desk.session.account_words._thread.join()
    assert offered(desk, "databases get ") == ["orders", "sessions"]
