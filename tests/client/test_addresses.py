"""Where requests go: base_url, the environment, doctl, or DigitalOcean; and what the account is then called."""

from __future__ import annotations

import pytest
import responses

from poseidon_nb.client.client import connect
from poseidon_nb.client.joined_sandbox import JoinedSandbox, check_is_sandbox
from poseidon_nb.errors import ConfigurationError, ConnectionFailed
from poseidon_nb.plans.user_state import account_key
from poseidon_nb.sandbox import Sandbox
from poseidon_nb.sandbox.access import TOKEN_PREFIX
from poseidon_nb.sandbox.control import NAME
from poseidon_nb.transport.credentials import SANDBOX_PREFIX, Credential, Token

TOKEN = "dop_v1_" + "c0ffee" * 10 + "beef"
ACCOUNT = {"account": {"email": "ada@example.com", "uuid": "u", "team": {"uuid": "t"}}}


@pytest.fixture(autouse=True)
def doctl(monkeypatch, tmp_path):
    """Write doctl's configuration; without it, whoever runs the tests has none."""
    path = tmp_path / "doctl.yaml"
    monkeypatch.setattr("poseidon_nb.transport.credentials.doctl_config_path", lambda: path)
    monkeypatch.setattr("poseidon_nb.transport.credentials.read_keyring", lambda context: None)
    return path


def test_the_order_is_base_url_then_the_environment_then_doctl_then_digitalocean(monkeypatch, doctl):
    doctl.write_text(f"access-token: {TOKEN}\napi-url: https://doctl.example/v2\nauth-contexts: {{work: {TOKEN}1}}\n")
    assert connect().base_url == "https://doctl.example"
    assert connect(context="work").base_url == "https://api.digitalocean.com", "another context's token"
    assert connect(token=TOKEN).base_url == "https://api.digitalocean.com"
    monkeypatch.setenv("DIGITALOCEAN_TOKEN", TOKEN)
    assert connect().base_url == "https://api.digitalocean.com", "not doctl's token"
    monkeypatch.setenv("DIGITALOCEAN_API_URL", "https://named.example")
    for named in (connect(), connect(token=TOKEN), connect(context="work"), connect(context="default")):
        assert named.base_url == "https://named.example"
    assert connect(base_url="https://given.example").base_url == "https://given.example"


def test_a_sandbox_that_is_given_and_a_client_that_exists_keep_their_address(monkeypatch, sandbox):
    before = connect(token=TOKEN)
    for url in ("https://named.example", "http://named.example", "nonsense"):
        monkeypatch.setenv("DIGITALOCEAN_API_URL", url)
        assert connect(sandbox).base_url == sandbox.url
        assert before.base_url == "https://api.digitalocean.com"
    with pytest.raises(ConfigurationError, match="DIGITALOCEAN_API_URL is not a valid URL"):
        connect(token=TOKEN)


@responses.activate
def test_an_account_elsewhere_is_called_by_its_address_and_is_another_account(monkeypatch):
    for url in ("https://api.digitalocean.com", "https://named.example/do"):
        responses.get(f"{url}/v2/account", json=ACCOUNT)
    here = connect(token=TOKEN)
    monkeypatch.setenv("DIGITALOCEAN_API_URL", "https://named.example/do/v2/")
    there = connect(token=TOKEN)
    assert (here.label(), here.identity()) == ("ada@example.com", "team:t")
    assert there.label() == "ada@example.com at https://named.example/do"
    assert not account_key(here).same(account_key(there)), "a plan of one must not be resumed on the other"
    again = connect(token=TOKEN, base_url="https://NAMED.example:443/do")
    assert account_key(again).same(account_key(there))


@responses.activate
def test_an_account_elsewhere_without_account_read_is_called_by_its_address_too():
    responses.get("https://named.example/v2/account", json={"id": "forbidden", "message": "no"}, status=403)
    client = connect(token=TOKEN, base_url="https://named.example")
    assert client.label() == "the account of token= at https://named.example"


def test_a_sandbox_at_an_address_says_so_whatever_its_token(sandbox):
    client = connect(token=sandbox.token, base_url=sandbox.url)
    assert client.label() == f"SANDBOX at {sandbox.url}"
    assert client.identity() == connect(sandbox).identity()
    with Sandbox(token=TOKEN) as other:
        assert connect(other).label() == "SANDBOX"
        assert connect(token=TOKEN, base_url=other.url).label() == f"SANDBOX at {other.url}"
    assert SANDBOX_PREFIX == TOKEN_PREFIX


@responses.activate
def test_a_tunnel_to_the_real_account_on_this_machine_is_not_called_a_sandbox():
    tunnel = "http://127.0.0.1:4711"
    for status in (404, 403):
        responses.upsert(responses.GET, f"{tunnel}/_sandbox/id", json={"id": "x", "message": "no"}, status=status)
        responses.upsert(responses.GET, f"{tunnel}/v2/account", json=ACCOUNT)
        client = connect(token=TOKEN, base_url=tunnel)
        assert client.label() == f"ada@example.com at {tunnel}"
        assert client.identity() == f"team:t at {tunnel}"

    class Tunnel:
        url, token = tunnel, TOKEN

    assert connect(Tunnel()).label() == f"ada@example.com at {tunnel}"


@responses.activate
def test_a_sandbox_behind_https_is_joined_and_asked_what_others_are_not():
    url = "https://hub.example/sandbox"
    with pytest.raises(ConnectionFailed):
        check_is_sandbox(url)
    responses.get(f"{url}/_sandbox/", json={"sandbox": NAME})
    responses.get(f"{url}/_sandbox/id", json={"id": "abc"})
    responses.get(f"{url}/v2/account", json=ACCOUNT)
    check_is_sandbox(url)
    assert "Authorization" not in responses.calls[-1].request.headers
    credential = Credential(Token(f"{TOKEN_PREFIX}1"), "POSEIDON_SANDBOX_TOKEN")
    client = connect(JoinedSandbox(url, credential))
    assert (client.label(), client.identity()) == (f"SANDBOX at {url}", "sandbox:abc")
    assert repr(client) == f"<Client {url} token from POSEIDON_SANDBOX_TOKEN>"
    asked = len(responses.calls)
    assert connect(token=f"{TOKEN_PREFIX}1", base_url=url).label() == f"ada@example.com at {url}"
    assert [one.request.url for one in responses.calls][asked:] == [f"{url}/v2/account"]


@responses.activate
def test_a_redirect_is_not_followed():
    responses.get("https://named.example/v2/account", status=307, headers={"Location": "https://evil.example/"})
    with pytest.raises(ConnectionFailed, match="Redirects are not followed"):
        connect(token=TOKEN, base_url="https://named.example").account()
    assert len(responses.calls) == 1
