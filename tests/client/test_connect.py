"""`connect`: which account, what is refused, and that nothing is sent by it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import responses

import poseidon_nb as po
from poseidon_nb.client.client import connect
from poseidon_nb.errors import ConfigurationError, Forbidden, InvalidArgument, NoToken, ReadOnly
from poseidon_nb.sandbox import Sandbox

TOKEN = "dop_v1_" + "c0ffee" * 10 + "beef"


@pytest.fixture(autouse=True)
def _no_other_token(monkeypatch, tmp_path):
    """Whoever runs these tests may have doctl's file, or a keyring."""
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "APPDATA", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))


def test_a_sandbox_is_connected_to_without_a_word_more(sandbox):
    with po.connect(sandbox) as client:
        assert repr(client) == f"<Client {sandbox.url} token from sandbox>"
        assert client.label() == "SANDBOX"
        assert not client.read_only
        assert sandbox.requests == []


def test_anything_with_a_url_and_a_token_can_be_connected_to(sandbox):
    @dataclass
    class Elsewhere:
        url: str
        token: str

    assert connect(Elsewhere(sandbox.url, sandbox.token)).account().email


def test_a_sandbox_that_does_not_run_says_so():
    with pytest.raises(NoToken, match=r"Sandbox is not running\. Call start"):
        connect(Sandbox())


def test_a_token_is_not_mistaken_for_an_account_and_not_shown():
    with pytest.raises(InvalidArgument, match=r"Pass a token as token=\.\.\.") as refused:
        connect(TOKEN)  # type: ignore[arg-type]
    assert "c0ffee" not in str(refused.value)


def test_an_account_and_a_token_are_one_too_many(sandbox):
    with pytest.raises(InvalidArgument, match="either"):
        connect(sandbox, token=TOKEN)


def test_a_token_that_is_given_or_named_by_the_environment_is_used_and_never_shown(monkeypatch):
    given = connect(token=TOKEN)
    monkeypatch.setenv("DIGITALOCEAN_ACCESS_TOKEN", TOKEN)
    named = connect()
    for client in (given, named):
        assert "https://api.digitalocean.com" in repr(client)
        assert "c0ffee" not in repr(client)
        assert "c0ffee" not in repr(vars(client))
    assert "DIGITALOCEAN_ACCESS_TOKEN" in repr(named)


def test_without_a_token_the_next_steps_are_named():
    with pytest.raises(NoToken, match="sandbox"):
        connect()


def test_an_address_that_would_show_the_token_to_all_is_refused():
    with pytest.raises(ConfigurationError, match="https"):
        connect(token=TOKEN, base_url="http://api.example.com")


@pytest.mark.parametrize("timeout_s", [0, -1])
def test_an_invalid_time_limit_is_refused(sandbox, timeout_s):
    with pytest.raises(InvalidArgument, match="timeout_s"):
        connect(sandbox, timeout_s=timeout_s)


@pytest.mark.parametrize(
    ("argument", "variable", "read_only"),
    [(True, None, True), (False, "1", True), (False, "true", True), (False, "0", False), (False, "", False)],
)
def test_read_only_refuses_every_change_before_it_is_sent(sandbox, monkeypatch, argument, variable, read_only):
    client = connect(sandbox, read_only=argument)
    if variable is not None:
        monkeypatch.setenv("POSEIDON_READ_ONLY", variable)
    assert client.read_only is read_only
    assert client.tags.list()
    before = len(sandbox.requests)
    if not read_only:
        assert client.tags.create("blue").name == "blue"
        return
    assert "read-only" in repr(client)
    for change in (
        lambda: client.tags.create("blue"),
        lambda: client.droplets.delete(1),
        lambda: client.keys.update(1, "a"),
        lambda: client.api("POST", "/v2/tags", body={"name": "blue"}),
        lambda: client.call("tags_create", name="blue"),
    ):
        with pytest.raises(ReadOnly):
            change()
    assert len(sandbox.requests) == before


def test_an_environment_that_says_neither_yes_nor_no_allows_no_change(sandbox, monkeypatch):
    monkeypatch.setenv("POSEIDON_READ_ONLY", "maybe")
    client = connect(sandbox)
    assert client.read_only
    assert client.tags.list()
    with pytest.raises(ConfigurationError, match="POSEIDON_READ_ONLY"):
        client.tags.create("blue")
    assert {request.method for request in sandbox.requests} == {"GET"}


@responses.activate
def test_a_real_account_is_called_by_its_email_address_and_asked_once():
    account = {"account": {"email": "ada@example.com", "uuid": "u", "status": "active", "droplet_limit": 25}}
    asked = responses.get("https://api.digitalocean.com/v2/account", json=account)
    client = connect(token=TOKEN)
    assert client.label() == client.label() == "ada@example.com"
    assert asked.call_count == 1
    assert asked.calls[0].request.headers["Authorization"] == f"Bearer {TOKEN}"


@responses.activate
def test_an_account_that_may_not_be_asked_is_called_by_where_its_token_came_from(monkeypatch):
    monkeypatch.setenv("DIGITALOCEAN_TOKEN", TOKEN)
    refused = {"id": "forbidden", "message": "You do not have access for the attempted action."}
    asked = responses.get("https://api.digitalocean.com/v2/account", json=refused, status=403)
    client = connect()
    assert "DIGITALOCEAN_TOKEN" in client.label()
    assert client.label()
    assert asked.call_count == 1
    with pytest.raises(Forbidden, match="account:read"):
        client.account()


@responses.activate
def test_a_name_that_could_not_be_read_once_is_requested_again(clock):
    address = "https://api.digitalocean.com/v2/account"
    account = {"account": {"email": "ada@example.com", "uuid": "u"}}
    responses.add(responses.GET, address, status=400, json={"id": "bad_request", "message": "no"})
    responses.add(responses.GET, address, json=account)
    client = connect(token=TOKEN, clock=clock)
    assert client.label() == "the account of token=" or "account of" in client.label()
    assert client.label() == "ada@example.com"


def test_waits_are_reported_to_the_callback(sandbox, clock):
    client = connect(sandbox, clock=clock)
    told = []
    client.on_wait = lambda seconds, reason: told.append((seconds, reason))
    assert client.on_wait is not None
    sandbox.fault("status", status=429, retry_after_s=12)
    client.tags.list()
    assert [(12 <= seconds <= 13, reason) for seconds, reason in told] == [(True, "rate limit")]


def test_a_closed_client_leaves_no_connection(sandbox):
    with connect(sandbox) as client:
        client.regions.list()
    assert client.regions.list()
    client.close()
