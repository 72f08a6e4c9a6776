"""The sandbox over real sockets."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
import threading
import time
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from poseidon_nb.errors import ConfigurationError
from poseidon_nb.sandbox import Sandbox, server


@pytest.fixture
def served():
    with Sandbox(token="dop_v1_sandbox_test") as sandbox:
        yield sandbox


def connection(sandbox):
    return http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=10)


def get(link, sandbox, path="/v2/account", method="GET", body=None, **headers):
    sent = {"Authorization": f"Bearer {sandbox.token}", **headers}
    link.request(method, path, body, sent, encode_chunked="Transfer-Encoding" in sent)
    reply = link.getresponse()
    return reply.status, reply.read(), reply


@contextmanager
def raw(sandbox):
    port = urlsplit(sandbox.url).port
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
        yield sock


def all_of(sock):
    parts = []
    while part := sock.recv(65536):
        parts.append(part)
    return b"".join(parts)


def ask(path="/v2/account", extra=""):
    return (
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer dop_v1_sandbox_test\r\n{extra}\r\n".encode()
    )


def test_many_requests_share_a_connection(served):
    link = connection(served)
    sockets = set()
    for _ in range(5):
        assert get(link, served)[0] == 200
        sockets.add(link.sock)
    assert len(sockets) == 1
    link.close()


def test_connections_are_served_concurrently(served):
    served.fault("delay", seconds=30, path="/v2/account")
    slow = connection(served)
    slow.request("GET", "/v2/account", headers={"Authorization": f"Bearer {served.token}"})
    answers = []

    def ask_often():
        link = connection(served)
        answers.extend(get(link, served, "/v2/droplets?per_page=5")[0] for _ in range(20))
        link.close()

    threads = [threading.Thread(target=ask_often) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 160
    slow.close()


def test_concurrent_creates_lose_and_duplicate_nothing(served):
    ids = []

    def create():
        link = connection(served)
        body = json.dumps({"name": "x", "size": "c-2", "image": "debian-12-x64"})
        answers = (get(link, served, "/v2/droplets", "POST", body)[1] for _ in range(4))
        ids.extend(json.loads(answer)["droplet"]["id"] for answer in answers)
        link.close()

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(ids)) == 32


def test_pipelined_requests_are_answered_in_order(served):
    with raw(served) as sock:
        sock.sendall(ask("/v2/account") + ask("/v2/nothing") + ask("/v2/tags/web", "Connection: close\r\n"))
        text = all_of(sock)
    assert re.findall(rb"HTTP/1.1 (\d+)", text) == [b"200", b"404", b"200"]


def test_head_has_the_length_and_no_body(served):
    link = connection(served)
    status, body, reply = get(link, served, method="HEAD")
    assert (status, body, reply.getheader("allow")) == (405, b"", "GET")
    assert get(link, served)[0] == 200
    link.close()


def test_a_chunked_body_is_accepted(served):
    link = connection(served)
    pieces = iter([b'{"name": ', b'"chunky"}'])
    status, body, _ = get(link, served, "/v2/tags", "POST", pieces, **{"Transfer-Encoding": "chunked"})
    assert (status, json.loads(body)["tag"]["name"]) == (201, "chunky")
    link.close()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01 not http\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999999\r\n\r\n", b"413"),
        (b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n", b"414"),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 5000 + b"\r\n", b"431"),
    ],
)
def test_invalid_http_gets_one_response_and_a_closed_connection(served, sent, status):
    with raw(served) as sock:
        sock.sendall(sent)
        text = all_of(sock)
    assert text.startswith(b"HTTP/1.1 " + status)
    assert json.loads(text.partition(b"\r\n\r\n")[2])["id"] == "bad_request"
    link = connection(served)
    assert get(link, served)[0] == 200
    link.close()


def test_a_disconnecting_client_disturbs_nobody(served, capfd):
    for sent in (b"", b"GET /v2/acc", b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc", ask()):
        with raw(served) as sock:
            sock.sendall(sent)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")  # reset on close
    link = connection(served)
    assert get(link, served)[0] == 200
    link.close()
    served.stop()
    assert capfd.readouterr().err == ""


def test_a_foreign_host_is_refused_over_a_socket(served):
    link = connection(served)
    assert get(link, served, Host="evil.example")[0] == 421
    link.close()


def test_a_lost_connection_is_closed_without_an_answer(served):
    served.fault("lost_before")
    with raw(served) as sock:
        sock.sendall(ask())
        assert all_of(sock) == b""


def test_a_bug_answers_500_and_is_printed(served, capfd, monkeypatch):
    def broken(_call):
        raise ZeroDivisionError("a bug")

    monkeypatch.setitem(served._dispatcher.operations, "account_get", broken)
    link = connection(served)
    status, body, _ = get(link, served)
    assert (status, json.loads(body)["id"]) == (500, "server_error")
    assert get(link, served, "/v2/tags")[0] == 200
    link.close()
    assert "a bug" in capfd.readouterr().err


def test_a_stop_leaves_no_thread_no_connection_and_no_port():
    before = {*threading.enumerate()}
    sandbox = Sandbox().start()
    url, port = sandbox.url, urlsplit(sandbox.url).port
    sandbox.fault("delay", seconds=60, path="/v2/tags")
    idle, busy = connection(sandbox), connection(sandbox)
    assert get(idle, sandbox)[0] == 200
    busy.request("GET", "/v2/tags", headers={"Authorization": f"Bearer {sandbox.token}"})
    unfinished = socket.create_connection(("127.0.0.1", port))
    unfinished.sendall(b"GET /v2")
    while len(sandbox.requests) < 2:
        time.sleep(0.001)
    assert sandbox.running
    sandbox.stop()
    assert (sandbox.running, sandbox.url) == (False, "")
    assert {*threading.enumerate()} == before
    with pytest.raises((http.client.HTTPException, OSError)):
        busy.getresponse()
    # Reset instead of closed where the server had not read what was sent.
    with contextlib.suppress(ConnectionResetError):
        assert unfinished.recv(10) == b""
    with socket.socket() as taken:  # without SO_REUSEADDR this says whether a listener is left
        assert taken.connect_ex(("127.0.0.1", port)) != 0
    for link in (idle, busy, unfinished):
        link.close()
    again = Sandbox(port=port).start()
    assert again.url == url
    again.stop()
    again.stop()


def test_a_sandbox_can_be_started_again_with_its_state():
    sandbox = Sandbox()
    for name in ("one", "two"):
        with sandbox:
            link = connection(sandbox)
            assert get(link, sandbox, "/v2/tags", "POST", json.dumps({"name": name}))[0] == 201
            link.close()
    reply = sandbox.dispatch("GET", "/v2/tags", "", {"authorization": f"Bearer {sandbox.token}"})
    assert reply.status == 200
    assert {"one", "two"} <= {tag["name"] for tag in json.loads(reply.body)["tags"]}


def test_a_port_in_use_is_one_clear_line(served):
    port = urlsplit(served.url).port
    with pytest.raises(ConfigurationError, match=rf"^Port {port} is in use\. .*another port") as caught:
        Sandbox(port=port).start()
    assert "\n" not in str(caught.value)


def test_only_loopback_is_served(served):
    assert served._server._connections.server_address[0] == "127.0.0.1"


def answered(sandbox):
    link = connection(sandbox)
    status = get(link, sandbox)[0]
    link.close()
    return status


def test_a_silent_connection_is_closed(served, monkeypatch):
    monkeypatch.setattr(server, "_CHECK_S", 0)
    with raw(served) as used:
        used.sendall(ask())
        assert used.recv(12) == b"HTTP/1.1 200"
        monkeypatch.setattr(server, "IDLE_S", 0.05)
        with raw(served) as silent:
            assert all_of(silent) == b""
    assert answered(served) == 200


@pytest.mark.parametrize("sent", [b"GET /v2", b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 999\r\n\r\nabc"])
def test_a_slow_request_is_refused_although_something_arrives(served, monkeypatch, sent):
    monkeypatch.setattr(server, "_CHECK_S", 0)
    monkeypatch.setattr(server, "TRANSFER_S", 0.2)
    with raw(served) as slow:
        slow.sendall(sent)
        slow.settimeout(0.02)
        text = b""
        while not text:
            try:
                text = slow.recv(65536)
            except TimeoutError:
                slow.sendall(b"x")
        slow.settimeout(10)
        text += all_of(slow)
    assert text.startswith(b"HTTP/1.1 408 ")
    assert b"The request was not complete after 0.2 s." in text
    assert answered(served) == 200


def test_a_client_that_does_not_read_loses_its_connection(served, monkeypatch):
    monkeypatch.setattr(server, "_CHECK_S", 0)
    monkeypatch.setattr(server, "TRANSFER_S", 0.2)
    with raw(served) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        # Until neither side can send any more.
        with contextlib.suppress(ConnectionError):
            for _ in range(10_000):
                deaf.sendall(ask("/v2/actions?per_page=200"))
        served._server._connections.service_actions()
    assert answered(served) == 200


def test_a_delayed_response_is_not_a_silent_connection(served, monkeypatch):
    for name in ("IDLE_S", "TRANSFER_S"):
        monkeypatch.setattr(server, name, 0.05)
    monkeypatch.setattr(server, "_CHECK_S", 0)
    served.fault("delay", seconds=0.3, path="/v2/account")
    assert answered(served) == 200


def test_too_many_connections_replace_the_one_that_has_waited_longest(served, monkeypatch):
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 3)
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(raw(served)) for _ in range(3)]
        while len(served._server._connections.waits) < 3:
            time.sleep(0.001)
        assert answered(served) == 200
        assert all_of(silent[0]) == b""
        silent[2].sendall(ask(extra="Connection: close\r\n"))
        assert all_of(silent[2]).startswith(b"HTTP/1.1 200")


def test_a_connection_is_refused_while_all_others_await_their_responses(served, monkeypatch):
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 2)
    served.fault("delay", seconds=60, path="/v2/account", times=2)
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(raw(served)).sendall(ask())
        while len(served.requests) < 2 or served._server._connections.waits:
            time.sleep(0.001)
        text = all_of(stack.enter_context(raw(served)))
        assert text.startswith(b"HTTP/1.1 503 ")
        assert b"at most 2 connections" in text


def test_hundreds_of_silent_connections_shut_nobody_out(served):
    with contextlib.ExitStack() as stack:
        for _ in range(server.MAX_CONNECTIONS + 50):
            stack.enter_context(raw(served))
        assert [answered(served) for _ in range(5)] == [200] * 5
        assert len(served._server._connections.open) <= server.MAX_CONNECTIONS + 10


def test_an_invalid_request_cannot_be_continued_slowly(served, monkeypatch):
    monkeypatch.setattr(server, "_CHECK_S", 0)
    monkeypatch.setattr(server, "_DRAIN_S", 0.1)
    with raw(served) as slow:
        slow.sendall(b"no http\r\n\r\n")
        assert all_of(slow).startswith(b"HTTP/1.1 400 ")

        def drip():
            for _ in range(500):
                slow.sendall(b"x")
                time.sleep(0.01)

        with pytest.raises(ConnectionError):
            drip()


def test_clients_that_do_not_read_shut_nobody_out(served, monkeypatch):
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 2)
    monkeypatch.setattr(server, "_READ_S", 0)
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            deaf = stack.enter_context(raw(served))
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.settimeout(0.1)
            with contextlib.suppress(TimeoutError):
                for _ in range(10_000):
                    deaf.sendall(ask("/v2/actions?per_page=200"))
        waits = served._server._connections.waits
        while sum(not wait.reading for wait in waits.copy().values()) < 2:
            time.sleep(0.001)
        assert answered(served) == 200
