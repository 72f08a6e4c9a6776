"""`%do sandbox connect`: a second notebook joins the sandbox of the first, and a token goes to sandboxes only."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from poseidon_nb import errors
from poseidon_nb.commands.do_session import SANDBOX_INTERVAL_S
from poseidon_nb.commands.sandbox.shared_token import VARIABLE
from poseidon_nb.plans.user_state import state_dir
from poseidon_nb.sandbox import Sandbox
from poseidon_nb.sandbox.control import NAME

REAL = "dop_v1_" + "5ec2e7" * 10
CONNECTED = "%do now sends all requests to it instead of DigitalOcean. Nothing is billed."


@pytest.fixture
def running(clock):
    """A sandbox that another process runs."""
    with Sandbox(clock=clock) as sandbox:
        yield sandbox


@pytest.fixture
def other_server():
    """Start a server that answers everything in one way, and keeps the headers of what it was asked."""
    servers, asked = [], []

    def start(status: int, body: bytes, **headers: str) -> tuple[str, list[dict[str, str]]]:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # http.server's name
                asked.append(dict(self.headers))
                self.send_response(status)
                for name, value in {"content-length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}", asked

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def shared_file(url: str):
    return state_dir() / "sandboxes" / f"127-0-0-1-{url.rpartition(':')[2]}.json"


def share(sandbox: Sandbox, **changes: str):
    """Write the file of a sandbox as another process would."""
    path = shared_file(sandbox.url)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"url": sandbox.url, "token": sandbox.token} | changes))
    path.chmod(0o600)
    return path


def test_a_second_notebook_joins_the_first_ones_sandbox_by_its_address_alone(desk, empty_desk):
    first, second = desk, empty_desk
    first.do("sandbox start --share")
    url = first.sandbox.url
    assert first.ui.said[-1] == f"Your other notebooks on this machine join it with %do sandbox connect {url}"
    assert stat.S_IMODE(shared_file(url).stat().st_mode) == 0o600
    assert stat.S_IMODE(shared_file(url).parent.stat().st_mode) == 0o700
    second.do(f"sandbox connect {url}/v2/")
    assert second.ui.said[-1] == f"Connected to the sandbox at {url}. {CONNECTED}"
    assert len(second.session.words["droplets"]) == 12
    second.do("tags create mine")
    assert "mine" in [*first.do("tags list")["name"]]
    status = second.do("sandbox status").iloc[0]
    assert (status["running"], status["url"], status["selected"]) == (True, url, True)
    assert status["requests"] == len(first.sandbox.requests)
    with pytest.raises(errors.ConfirmationRequired, match=f"^SANDBOX at {url}: delete droplet web-1"):
        second.do("droplets delete web-1")
    assert second.do("log")["account"].iloc[-1] == f"SANDBOX at {url}"
    shown = [second.ui.said, vars(second.session), vars(second.session.sandbox), second.session.client()]
    assert first.sandbox.token not in str(shown)


def test_stop_only_disconnects_and_no_command_slides_over_to_another_account(running, empty_desk, monkeypatch):
    monkeypatch.setenv(VARIABLE, running.token)
    empty_desk.do(f"sandbox connect {running.url}")
    empty_desk.do("sandbox stop")
    assert empty_desk.ui.said[-1].startswith(f"Disconnected from the sandbox at {running.url}, which keeps running. No")
    assert running.running
    monkeypatch.setenv("DIGITALOCEAN_TOKEN", REAL)
    with pytest.raises(errors.NoToken, match="The sandbox was disconnected, and no account is selected"):
        empty_desk.do("droplets list")
    with pytest.raises(errors.ConfigurationError, match="No sandbox is running"):
        empty_desk.do("sandbox stop")


def test_reset_restores_the_account_for_all_and_a_sandbox_that_has_ended_says_so(running, empty_desk, monkeypatch):
    monkeypatch.setenv(VARIABLE, running.token)
    empty_desk.do(f"sandbox connect {running.url}")
    empty_desk.do("tags create mine")
    empty_desk.do("sandbox reset")
    assert "mine" not in [*empty_desk.do("tags list")["name"]]
    url = running.url
    running.stop()
    status = empty_desk.do("sandbox status").iloc[0]
    assert not status["running"]
    assert status.isna()["requests"], "nobody knows how many there were"
    with pytest.raises(errors.ConnectionFailed, match=r"Is the sandbox still running\?"):
        empty_desk.do("droplets list")
    with pytest.raises(errors.ConnectionFailed, match=r"Is the sandbox still running\?"):
        empty_desk.do(f"sandbox connect {url}")


def test_one_sandbox_at_a_time_and_joining_again_is_no_error(running, empty_desk, desk, monkeypatch):
    monkeypatch.setenv(VARIABLE, running.token)
    with pytest.raises(errors.ConfigurationError, match=f"A sandbox is running at {desk.sandbox.url}. Stop it first"):
        desk.do(f"sandbox connect {running.url}")
    empty_desk.do(f"sandbox connect {running.url}")
    empty_desk.do(f"sandbox connect {running.url}")
    with pytest.raises(errors.ConfigurationError, match=f"connected to the sandbox at {running.url}. Disconnect first"):
        empty_desk.do("sandbox start")
    monkeypatch.setenv(VARIABLE, desk.sandbox.token)
    empty_desk.do(f"sandbox connect {desk.sandbox.url}")
    assert empty_desk.session.client().label() == f"SANDBOX at {desk.sandbox.url}"


def test_localhost_is_the_address_that_a_sandbox_listens_on(running, empty_desk):
    share(running)
    empty_desk.do(f"sandbox connect {running.url.replace('127.0.0.1', 'LocalHost')}")
    assert empty_desk.session.client().base_url == running.url


def test_the_environment_comes_before_the_file_and_the_file_before_the_prompt(running, empty_desk, monkeypatch):
    wrong = f"{running.token}0"
    empty_desk.ui.typed = running.token
    empty_desk.do(f"sandbox connect {running.url}")
    share(running, token=wrong)
    with pytest.raises(errors.ConfigurationError, match="does not accept the token from the file of the sandbox"):
        empty_desk.do(f"sandbox connect {running.url}")
    monkeypatch.setenv(VARIABLE, f"{wrong}1")
    with pytest.raises(errors.ConfigurationError, match=f"does not accept the token from {VARIABLE}") as caught:
        empty_desk.do(f"sandbox connect {running.url}")
    assert wrong not in str(caught.value)
    assert empty_desk.session.client().base_url == running.url, "the account stays as it was"


def test_without_any_token_the_ways_to_one_are_named(running, empty_desk):
    with pytest.raises(errors.ConfirmationRequired, match=f"start --share, or set {VARIABLE}"):
        empty_desk.do(f"sandbox connect {running.url}")
    assert empty_desk.session.sandbox is None


def test_a_token_that_is_not_a_sandboxs_is_never_sent(other_server, empty_desk, monkeypatch):
    url, asked = other_server(200, json.dumps({"sandbox": NAME}).encode())
    for name in ("DIGITALOCEAN_TOKEN", "DIGITALOCEAN_ACCESS_TOKEN"):
        monkeypatch.setenv(name, REAL)
    with pytest.raises(errors.ConfirmationRequired):
        empty_desk.do(f"sandbox connect {url}")
    monkeypatch.setenv(VARIABLE, REAL)
    with pytest.raises(errors.ConfigurationError, match=f"The token from {VARIABLE} is not a sandbox's") as caught:
        empty_desk.do(f"sandbox connect {url}")
    monkeypatch.delenv(VARIABLE)
    empty_desk.ui.typed = REAL
    with pytest.raises(errors.ConfigurationError, match="The token from the prompt is not a sandbox's"):
        empty_desk.do(f"sandbox connect {url}")
    assert REAL not in str(caught.value)
    assert asked
    assert not any("authorization" in map(str.lower, headers) for headers in asked)


def test_a_server_that_is_not_a_sandbox_gets_no_token(other_server, empty_desk, monkeypatch, running):
    monkeypatch.setenv(VARIABLE, running.token)
    answers = [
        (404, b'{"id": "not_found"}', {}),
        (401, json.dumps({"sandbox": NAME}).encode(), {}),
        (307, json.dumps({"sandbox": NAME}).encode(), {"location": f"{running.url}/_sandbox/"}),
        (200, b"<html>", {}),
        (200, b'["poseidon_nb"]', {}),
        (200, b'{"sandbox": "' + b"x" * 200_000 + b'"}', {}),
        (200, b"[" * 50_000, {}),
    ]
    for status, body, headers in answers:
        url, asked = other_server(status, body, **headers)
        with pytest.raises(errors.ConfigurationError, match=f"The server at {url} is not a sandbox. No token was sent"):
            empty_desk.do(f"sandbox connect {url}")
    assert len(asked) == len(answers)
    assert not any("authorization" in map(str.lower, headers) for headers in asked)
    assert empty_desk.session.sandbox is None


def test_a_proxy_is_not_asked_for_a_sandbox_on_this_machine(other_server, empty_desk, monkeypatch, running):
    proxy, asked = other_server(200, json.dumps({"sandbox": NAME}).encode())
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy)
    monkeypatch.setenv(VARIABLE, running.token)
    empty_desk.do(f"sandbox connect {running.url}")
    assert asked == []


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://sandbox.example:8080", "must use https"),
        ("http://localhost.evil.example", "must use https"),
        ("http://127.0.0.1@evil.example", "must not contain a user or password"),
        ("http://u:SECRET@127.0.0.1:80", "must not contain a user or password"),
        ("http://127.0.0.1:80?token=SECRET", "must not contain a query"),
        ("127.0.0.1:8080", "is not a valid URL"),
    ],
)
def test_other_addresses_are_refused_and_not_quoted(empty_desk, url, why):
    with pytest.raises(errors.ConfigurationError, match=f"The address of the sandbox {why}") as caught:
        empty_desk.do(f"sandbox connect {url}")
    assert "SECRET" not in str(caught.value)


def test_a_token_in_the_cell_is_refused_and_not_quoted(empty_desk, running):
    for line in (f"{running.url} {running.token}", running.token, running.url.replace("//", f"//u:{running.token}@")):
        with pytest.raises(errors.GrammarError, match="A cell must not contain a token") as caught:
            empty_desk.do(f"sandbox connect {line}")
        assert running.token not in str(caught.value)


def test_a_limited_token_of_the_sandbox_joins_with_what_it_may(running, empty_desk, monkeypatch):
    scopes = ("droplet:read", "regions:read", "sizes:read", "image:read", "tag:read")
    owner = {"Authorization": f"Bearer {running.token}"}
    answer = requests.post(f"{running.url}/_sandbox/tokens", json={"scopes": scopes}, headers=owner).json()
    monkeypatch.setenv(VARIABLE, answer["token"])
    empty_desk.do(f"sandbox connect {running.url}")
    assert len(empty_desk.do("droplets list")) == 13
    assert empty_desk.session.client().label() == f"SANDBOX at {running.url}"
    status = empty_desk.do("sandbox status").iloc[0]
    assert status["running"]
    assert status.isna()["requests"]
    with pytest.raises(errors.Forbidden):
        empty_desk.do("sandbox reset")


def test_a_file_that_others_could_have_written_or_read_is_not_used(running, empty_desk, tmp_path):
    def refused(why: str) -> None:
        with pytest.raises(errors.ConfigurationError, match=why) as caught:
            empty_desk.do(f"sandbox connect {running.url}")
        assert running.token not in str(caught.value)
        assert empty_desk.session.sandbox is None

    path = share(running)
    for mode in (0o640, 0o604, 0o620, 0o666):
        path.chmod(mode)
        refused("not a file that only you can read and write")
    elsewhere = tmp_path / "elsewhere"
    path.chmod(0o600)
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    refused("not used, because it cannot be read")
    path.unlink()
    os.mkfifo(path, 0o600)
    refused("not a file that only you")
    path.unlink()
    path.mkdir(mode=0o700)
    refused("not a file that only you")
    path.rmdir()
    for text in ("", "{", "[]", '{"url": 1}', "[" * 5000):
        path.write_text(text)
        path.chmod(0o600)
        refused("has no token for the sandbox")
    share(running, url="http://127.0.0.1:1")
    refused("has no token for the sandbox")


@pytest.mark.skipif(os.name != "posix", reason="owners are different on Windows")
def test_a_file_of_another_user_is_not_used(running, empty_desk, monkeypatch):
    share(running)
    mine = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: mine + 1)
    with pytest.raises(errors.ConfigurationError, match="not a file that only you"):
        empty_desk.do(f"sandbox connect {running.url}")


def test_sharing_replaces_a_link_and_leaves_what_it_points_to(desk, tmp_path):
    path, target = shared_file(desk.sandbox.url), tmp_path / "target"
    target.write_text("mine")
    path.parent.mkdir(parents=True)
    path.symlink_to(target)
    desk.do("sandbox start --share")
    assert target.read_text() == "mine"
    assert not path.is_symlink()
    assert json.loads(path.read_text())["url"] == desk.sandbox.url
    assert [*path.parent.iterdir()] == [path]


def test_sharing_where_nothing_can_be_written_is_one_line_and_the_sandbox_runs(desk, monkeypatch, tmp_path):
    (tmp_path / "state").write_text("a file")
    monkeypatch.setenv("POSEIDON_STATE_DIR", str(tmp_path / "state"))
    with pytest.raises(errors.ConfigurationError, match=f"cannot be shared.* Set {VARIABLE} in the other") as caught:
        desk.do("sandbox start --share")
    assert "\n" not in str(caught.value)
    assert desk.sandbox.running


def test_stop_deletes_the_file_but_not_that_of_a_later_sandbox(empty_desk):
    empty_desk.do("sandbox start --share")
    path = shared_file(empty_desk.sandbox.url)
    assert path.exists()
    kept = path.read_text()
    empty_desk.do("sandbox stop")
    assert not path.exists()
    empty_desk.do("sandbox start --share")
    later = shared_file(empty_desk.sandbox.url)
    later.write_text(kept)
    empty_desk.do("sandbox stop")
    assert later.read_text() == kept


@pytest.mark.skipif(os.name != "posix", reason="there is no fork on Windows")
def test_the_end_of_the_process_deletes_the_file_and_the_end_of_its_fork_does_not():
    program = (
        "import os, sys, poseidon_nb as po; po.do('sandbox start --share --droplets 0')\n"
        "if os.fork() == 0: sys.exit()\n"
        "os.wait(); print(os.listdir(sys.argv[1]))"
    )
    folder = state_dir() / "sandboxes"
    done = subprocess.run([sys.executable, "-c", program, folder], capture_output=True, text=True, check=True)
    assert ".json" in done.stdout.splitlines()[-1]
    assert [*folder.iterdir()] == []


def test_a_plan_of_one_sandbox_is_not_applied_to_another(desk, running, empty_desk, monkeypatch):
    plan = desk.do("droplets power_off web-1 --plan")
    monkeypatch.setenv(VARIABLE, running.token)
    empty_desk.do(f"sandbox connect {running.url}")
    with pytest.raises(
        errors.InvalidArgument, match=f"This plan is for SANDBOX, but %do uses SANDBOX at {running.url}"
    ):
        empty_desk.do("apply {plan} --yes", plan=plan)


def test_panels_of_a_sandbox_read_it_often_enough_for_what_other_notebooks_change(desk):
    monitor = desk.session.client().monitor
    assert monitor.interval_s == SANDBOX_INTERVAL_S
    assert 4 * SANDBOX_INTERVAL_S < 15, "the list of droplets is every fourth request at the least"


def test_the_environment_moves_no_account_that_is_in_use_and_context_use_says_where_it_goes(desk, running, monkeypatch):
    monkeypatch.setenv("DIGITALOCEAN_TOKEN", running.token)
    monkeypatch.setenv("DIGITALOCEAN_API_URL", "http://evil.example")
    assert desk.session.client().base_url == desk.sandbox.url
    assert len(desk.do("droplets list")) == 13
    with pytest.raises(errors.ConfigurationError, match="DIGITALOCEAN_API_URL must use https"):
        desk.do("context use")
    assert desk.session.in_sandbox
    monkeypatch.setenv("DIGITALOCEAN_API_URL", f"{running.url}/v2")
    desk.do("context use")
    assert desk.ui.said[-1] == f"%do now uses the account of DIGITALOCEAN_TOKEN at {running.url}."
    monkeypatch.setenv("DIGITALOCEAN_API_URL", "https://elsewhere.example")
    desk.do("tags create mine --dry-run")
    assert len(desk.do("droplets list")) == 13, "the account changes only when the user says so"
    with pytest.raises(errors.ConfirmationRequired, match=f"^SANDBOX at {running.url}: delete"):
        desk.do("droplets delete web-1")
