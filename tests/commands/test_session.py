"""Whose account `%do` acts upon, and that it changes only when somebody says so."""

from __future__ import annotations

import socket

import pytest
import requests

from poseidon_nb import errors
from poseidon_nb.client.client import connect
from poseidon_nb.commands.do_session import MAX_WORDS, DoSession
from poseidon_nb.sandbox import Sandbox

SECRET = "dop_v1_" + "5ec2e7" * 10


@pytest.fixture
def real(monkeypatch, clock):
    """An account that stands for DigitalOcean itself: another sandbox, at the address that a client takes."""
    with Sandbox(token=SECRET, clock=clock, seed=8) as account:

        def connect_there(given=None, **settings):
            return connect(given, **settings) if given else connect(base_url=account.url, **settings)

        for place in ("poseidon_nb.client.client", "poseidon_nb.plans.journal", "poseidon_nb.commands.account.run"):
            monkeypatch.setattr(f"{place}.connect", connect_there)
        yield account


def test_the_sandbox_becomes_the_account_and_its_words_are_known_at_once(empty_desk):
    empty_desk.do("sandbox start --droplets 5 --seed 3")
    assert "%do now sends all requests to it instead of DigitalOcean. Nothing is billed." in empty_desk.ui.said[0]
    assert len(empty_desk.session.words["droplets"]) == 5
    assert "nyc3" in empty_desk.session.words["regions"]
    status = empty_desk.do("sandbox status").iloc[0]
    assert (status["running"], status["selected"]) == (True, True)
    assert status["url"].startswith("http://127.0.0.1:")


def test_starting_twice_takes_up_the_one_that_runs(empty_desk):
    empty_desk.do("sandbox start")
    first = empty_desk.sandbox
    empty_desk.do("tags create mine")
    empty_desk.do("sandbox start")
    assert empty_desk.sandbox is first
    assert "was already running at" in empty_desk.ui.said[-1]
    assert "mine" in [*empty_desk.do("tags list")["name"]]


def test_another_kind_of_sandbox_is_refused_while_one_runs(empty_desk):
    empty_desk.do("sandbox start")
    with pytest.raises(errors.ConfigurationError, match=r"already running at .*Stop it first with %do sandbox stop"):
        empty_desk.do("sandbox start --droplets 3")


def test_a_large_account_is_learned_by_its_first_page_only(empty_desk):
    empty_desk.do("sandbox start --droplets 1000")
    assert len([line for line in empty_desk.sent() if "/v2/droplets" in line]) == 1


def test_a_port_in_use_is_one_line_and_leaves_no_account_chosen(empty_desk):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(errors.ConfigurationError, match=str(port)) as caught:
            empty_desk.do(f"sandbox start --port {port}")
    assert "\n" not in str(caught.value)
    assert empty_desk.session.sandbox is None
    assert not empty_desk.session.in_sandbox


def test_reset_puts_the_account_back(empty_desk):
    empty_desk.do("sandbox start")
    empty_desk.do("tags create mine")
    empty_desk.do("sandbox reset")
    assert "mine" not in [*empty_desk.do("tags list")["name"]]


@pytest.mark.parametrize("verb", ["stop", "reset"])
def test_without_a_sandbox_there_is_nothing_to_stop_or_reset(empty_desk, verb):
    with pytest.raises(errors.ConfigurationError, match=r"No sandbox is running. Start one with %do sandbox start"):
        empty_desk.do(f"sandbox {verb}")


def test_after_a_stop_no_command_slides_over_to_a_real_account(empty_desk, real, monkeypatch):
    monkeypatch.setenv("DIGITALOCEAN_TOKEN", SECRET)
    empty_desk.do("sandbox start")
    empty_desk.do("sandbox stop")
    for line in ("droplets list", "droplets delete web-1 --yes", "api GET /v2/account", "account"):
        with pytest.raises(errors.NoToken, match="The sandbox was stopped, and no account is selected"):
            empty_desk.do(line)
    assert real.requests == []
    assert not empty_desk.do("sandbox status")["running"][0]


def test_a_sandbox_that_does_not_start_leaves_the_real_account_chosen(empty_desk, real, monkeypatch):
    monkeypatch.setenv("DIGITALOCEAN_TOKEN", SECRET)
    with pytest.raises(errors.InvalidArgument):
        empty_desk.do("sandbox start --speed 0")
    assert len(empty_desk.do("droplets list")) == 13
    assert real.requests


def test_context_use_without_a_name_goes_back_to_what_the_environment_has(empty_desk, real, monkeypatch):
    monkeypatch.setenv("DIGITALOCEAN_TOKEN", SECRET)
    empty_desk.do("sandbox start")
    empty_desk.do("context use")
    assert empty_desk.ui.said[-1] == "%do now uses the account of DIGITALOCEAN_TOKEN."
    empty_desk.do("tags create really")
    assert [one.path for one in real.requests if one.method == "POST"] == ["/v2/tags"]
    assert empty_desk.session.sandbox.running, "it goes on, and sandbox start makes it the account again"
    empty_desk.do("sandbox start")
    assert "really" not in [*empty_desk.do("tags list")["name"]]


def test_a_context_of_doctls_file_is_used_for_one_command_or_from_now_on(empty_desk, real, monkeypatch, tmp_path):
    (tmp_path / "doctl.yaml").write_text(f"auth-contexts:\n  work: {SECRET}\ncontext: default\n")
    for place in ("poseidon_nb.transport.credentials", "poseidon_nb.commands.account.run"):
        monkeypatch.setattr(f"{place}.doctl_config_path", lambda: tmp_path / "doctl.yaml")
    empty_desk.do("sandbox start")
    empty_desk.do("tags create inside --context work")
    assert "inside" not in [*empty_desk.do("tags list")["name"]]
    assert empty_desk.session.in_sandbox
    assert empty_desk.do("context list")[["context", "source", "current"]].to_numpy().tolist() == [
        ["work", "doctl", False]
    ]
    empty_desk.do("context use work")
    assert "inside" in [*empty_desk.do("tags list")["name"]]
    assert empty_desk.do("context list")["current"].tolist() == [True]


def test_an_unknown_context_names_the_known_ones_and_changes_nothing(desk):
    with pytest.raises(errors.NoSuchName, match=r"Context 'werk' not found\. There are no contexts\."):
        desk.do("context use werk")
    assert desk.session.in_sandbox
    with pytest.raises(errors.NoSuchName, match="Context 'werk' not found"):
        desk.do("droplets list --context werk")


def test_without_contexts_the_list_says_how_to_make_one(empty_desk):
    assert empty_desk.do("context list") is None
    assert "%do login" in empty_desk.ui.said[-1]


def test_a_login_is_tried_kept_for_this_kernel_and_becomes_the_account(empty_desk, real):
    empty_desk.ui.typed = SECRET
    empty_desk.do("sandbox start")
    empty_desk.do("login")
    assert empty_desk.ui.said[-1] == (
        f"Logged in to ada@tidepool-maps.example at {real.url}. The token is stored for this kernel only."
    )
    assert not empty_desk.session.in_sandbox
    empty_desk.do("droplets list")
    assert real.requests[-1].path == "/v2/droplets"
    assert empty_desk.do("context list")["source"].tolist() == ["this kernel"]
    assert SECRET not in str([empty_desk.ui.said, vars(empty_desk.session), vars(empty_desk.session.login)])


def test_where_there_is_a_keychain_the_token_is_kept_there(empty_desk, real, monkeypatch):
    kept = []
    monkeypatch.setattr(
        "poseidon_nb.commands.account.run.save_to_keyring",
        lambda token, context: kept.append((token.reveal(), context)) or True,
    )
    empty_desk.ui.typed = f"  {SECRET}\n"
    empty_desk.do("login")
    assert kept == [(SECRET, "default")]
    assert empty_desk.ui.said[-1].endswith("stored in the system keyring.")


def test_a_wrong_token_is_refused_and_leaves_the_account_as_it_was(empty_desk, real):
    empty_desk.do("sandbox start")
    empty_desk.ui.typed = "dop_v1_" + "0bad" * 16
    with pytest.raises(errors.Unauthorized, match="401") as caught:
        empty_desk.do("login")
    assert "0bad" not in str(caught.value)
    assert empty_desk.session.in_sandbox
    assert empty_desk.session.login.contexts == ()


@pytest.mark.parametrize("typed", ["", "two words", "tökén"])
def test_what_cannot_be_a_token_is_refused_before_it_is_sent(empty_desk, real, typed):
    empty_desk.ui.typed = typed
    with pytest.raises(errors.ConfigurationError, match="token"):
        empty_desk.do("login")
    assert real.requests == []


def test_a_login_where_nobody_can_type_says_so(empty_desk):
    with pytest.raises(errors.ConfirmationRequired, match="nobody can type"):
        empty_desk.do("login")


def limited(account: Sandbox, *scopes: str) -> str:
    headers = {"Authorization": f"Bearer {account.token}"}
    return requests.post(f"{account.url}/_sandbox/tokens", json={"scopes": scopes}, headers=headers).json()["token"]


def test_a_token_that_may_not_read_the_account_logs_in_all_the_same(empty_desk, real):
    empty_desk.ui.typed = limited(real, "droplet:read")
    empty_desk.do("login")
    assert "an account (the token lacks the scope account:read)" in empty_desk.ui.said[-1]
    assert len(empty_desk.do("droplets list")) == 13


def test_a_token_without_the_scope_gets_an_error_that_names_the_scope(empty_desk, real):
    empty_desk.ui.typed = limited(real, "droplet:read", "account:read")
    empty_desk.do("login")
    with pytest.raises(errors.Forbidden, match=r"403.*droplet:delete") as caught:
        empty_desk.do("droplets delete {one} --yes", one=empty_desk.do("droplets list")["name"][0])
    assert "droplet:delete" in caught.value.scope


def test_without_a_token_the_error_names_the_ways_on(empty_desk):
    with pytest.raises(errors.NoToken) as caught:
        empty_desk.do("droplets list")
    for way in ("DIGITALOCEAN_ACCESS_TOKEN", "%do login", "%do sandbox start"):
        assert way in str(caught.value)


def test_a_client_of_its_own_is_told_of_the_sandbox_that_is_chosen(empty_desk):
    empty_desk.do("sandbox start --droplets 0")
    with pytest.raises(errors.NoToken, match=r"or use the sandbox that %do uses: po\.current_client\(\)$"):
        connect(login=empty_desk.session.login)
    empty_desk.do("sandbox stop")
    with pytest.raises(errors.NoToken, match=r"or try it without an account: %do sandbox start$"):
        connect(login=empty_desk.session.login)


def test_a_read_only_environment_refuses_changes_and_allows_reads(empty_desk, monkeypatch):
    monkeypatch.setenv("POSEIDON_READ_ONLY", "1")
    empty_desk.do("sandbox start")
    assert len(empty_desk.do("droplets list")) == 13
    with pytest.raises(errors.ReadOnly):
        empty_desk.do("droplets power_off web-1 --yes")


def test_words_are_kept_once_in_order_and_bounded():
    session = DoSession()
    session.remember("regions", ["b", "a", "b"])
    assert session.words["regions"] == ("b", "a")
    session.remember("regions", ["c", "a"], complete=False)
    assert session.words["regions"] == ("b", "a", "c")
    session.remember("regions", ["z"])
    assert session.words["regions"] == ("z",)
    session.remember("droplets", range(MAX_WORDS + 1))
    assert len(session.words["droplets"]) == MAX_WORDS


def test_a_name_stands_for_an_id_only_while_it_is_the_only_one():
    session = DoSession()
    session.remember_names("droplets", [("a", 1), ("b", 2), ("b", 3)])
    assert [session.id_of("droplets", name) for name in ("a", "b", "c")] == [1, None, None]
    session.remember_names("droplets", [("a", 1), ("c", 4)], complete=False)
    assert [session.id_of("droplets", name) for name in ("a", "c")] == [1, 4]
    session.remember_names("droplets", [("a", 5)], complete=False)
    assert session.id_of("droplets", "a") is None


def test_another_account_forgets_the_words_of_the_last(desk):
    desk.do("droplets list")
    desk.session.use_context(None)
    assert desk.session.words == {}
    assert desk.session.id_of("droplets", "web-1") is None
