"""Real sockets: the time limit of the whole request, and whether any of it was sent before a failure."""

from __future__ import annotations

import contextlib
import gc
import socket
import ssl
import struct
import threading
import time
from pathlib import Path

import pytest

from poseidon_nb.errors import ConnectionFailed, TimedOut
from poseidon_nb.transport import connections
from poseidon_nb.transport.request import Request

CERTIFICATE = Path(__file__).with_name("loopback.pem")
READ = Request("GET", "/v2/account", operation_id="account_get")
CREATE = Request("POST", "/v2/droplets", body={}, operation_id="droplets_create")
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
#: What a busy machine may add, in seconds.
#: What a busy machine may add, in seconds. The servers of these tests never end by themselves.
SLACK_S = 10.0


@pytest.fixture
def listen():
    """Start a server whose function is handed each connection that it accepts; returns its port."""
    listeners, over = [], threading.Event()

    def start(answer, *, tls: bool = False) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve_one(connection) -> None:
            with contextlib.suppress(OSError), connection:
                connection.settimeout(5)
                if tls:
                    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                    context.load_cert_chain(CERTIFICATE)
                    connection = context.wrap_socket(connection, server_side=True)
                    with connection:
                        answer(connection, over)
                else:
                    answer(connection, over)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=serve_one, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return listener.getsockname()[1]

    yield start
    over.set()
    for listener in listeners:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@pytest.fixture
def session_to(new_session):
    """Return a session to a port; over TLS it trusts the certificate of these tests."""

    def make(port: int, *, tls: bool = False, trusts: bool = True, timeout_s: float = 0.3):
        session = new_session(f"{'https' if tls else 'http'}://127.0.0.1:{port}", timeout_s=timeout_s)
        if trusts:
            session._http._settings["verify"] = str(CERTIFICATE)
        return session

    return make


def failure_of(session, request=CREATE):
    began = time.monotonic()
    with pytest.raises((ConnectionFailed, TimedOut)) as caught:
        session.send(request)
    return caught.value, time.monotonic() - began


def dripping(before: bytes, drop: bytes):
    """Answer with something at once, and then with a little every 50 ms."""

    def answer(connection, over) -> None:
        connection.recv(65536)
        connection.sendall(before)
        while not over.wait(0.05):
            connection.sendall(drop)

    return answer


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize(
    ("before", "drop"),
    [
        (b"", b"H"),
        (HEAD, b"x: y\r\n"),
        (HEAD + b"content-length: 9999\r\n\r\n", b"{"),
        (HEAD + b"transfer-encoding: chunked\r\n\r\n", b"1\r\n{\r\n"),
        (HEAD + b"\r\n", b"{"),
    ],
    ids=["status", "headers", "body", "chunks", "until closed"],
)
def test_a_slow_response_ends_at_the_time_limit(listen, session_to, clock, before, drop, tls):
    port = listen(dripping(before, drop), tls=tls)
    # A busy machine needs some of it for the handshake, and what was not sent by then would be sent again.
    limit_s = 1.5 if tls else 0.3
    failure, took_s = failure_of(session_to(port, tls=tls, timeout_s=limit_s))
    assert str(failure) == f"127.0.0.1:{port} did not respond to droplets_create within {limit_s:g} s."
    assert isinstance(failure, TimedOut)
    assert failure.sent is True
    assert limit_s - 0.05 < took_s < limit_s + SLACK_S
    assert clock.sleeps == []


@pytest.mark.parametrize("tls", [False, True])
def test_a_server_that_does_not_read_a_large_body_ends_at_the_time_limit(listen, session_to, tls):
    def answer(connection, over) -> None:
        while connection.recv(1024):
            over.wait(0.01)

    port = listen(answer, tls=tls)
    upload = Request("PUT", "/v2/apps", body=b"x" * 20_000_000)
    session = session_to(port, tls=tls)
    session._policy = type(session._policy)(max_attempts=1)
    failure, took_s = failure_of(session, upload)
    assert isinstance(failure, TimedOut)
    assert failure.sent is True
    assert took_s < 0.3 + SLACK_S


@pytest.mark.parametrize("tls", [False, True])
def test_responses_in_time_are_complete_and_reuse_their_connection(listen, session_to, tls):
    body = b'{"a":"' + b"x" * 3_000_000 + b'"}'
    accepted = []

    def answer(connection, over) -> None:
        accepted.append(connection)
        while connection.recv(65536):
            connection.sendall(HEAD + b"content-length: %d\r\n\r\n" % len(body) + body)

    session = session_to(listen(answer, tls=tls), tls=tls, timeout_s=20)
    for _ in range(3):
        assert session.send(READ).body == body
    assert len(accepted) == 1


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("close", [b"connection: close\r\n", b""])
def test_no_socket_is_left_open(listen, session_to, tls, close):
    ended = threading.Semaphore(0)

    def answer(connection, over) -> None:
        connection.recv(65536)
        connection.sendall(HEAD + close + b"content-length: 2\r\n\r\n{}")
        with contextlib.suppress(OSError):
            assert not connection.recv(1)
        ended.release()

    session = session_to(listen(answer, tls=tls), tls=tls, timeout_s=5)
    session.send(READ)
    if not close:
        session.close()
    assert ended.acquire(timeout=2)
    gc.collect()  # warnings are errors, also those of a socket that nobody closed


def test_waiting_for_a_free_connection_counts_towards_the_time_limit(listen, session_to, monkeypatch):
    def answer(connection, over) -> None:
        over.wait(60)

    session = session_to(listen(answer), timeout_s=0.2)
    session._http._free = threading.BoundedSemaphore(1)
    session._http._free.acquire()
    failure, took_s = failure_of(session)
    session._http._free.release()
    assert str(failure) == "No connection was free for droplets_create within 0.2 s."
    assert failure.sent is False
    assert took_s < 3 * 0.2 + SLACK_S, "tried as often as one that cannot connect"


def test_the_addresses_of_a_host_share_one_time_limit(new_session, monkeypatch):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{n}", 443)) for n in range(2, 7)]
    tried = []

    def slow(address, timeout, **_):
        tried.append(address[0])
        time.sleep(min(timeout, 0.1))
        raise TimeoutError("timed out")

    monkeypatch.setattr(connections.socket, "getaddrinfo", lambda *_: found)
    monkeypatch.setattr("urllib3.util.connection.create_connection", slow)
    session = new_session("https://api.nowhere.example", timeout_s=0.25)
    session._policy = type(session._policy)(max_connects=1)
    failure, took_s = failure_of(session)
    assert isinstance(failure, TimedOut)
    assert failure.sent is False
    assert took_s < 0.25 + SLACK_S
    assert 1 < len(tried) < len(found)


def test_a_socks_proxy_resolves_the_host_name(monkeypatch):
    asked = []

    class Socks(connections.HTTPConnection):
        def _new_conn(self):
            asked.append(self.host)
            return socket.socket()

    class Pool(connections.urllib3.HTTPConnectionPool):
        ConnectionCls = Socks

    monkeypatch.setattr(connections.socket, "getaddrinfo", lambda *_: pytest.fail("looked up here"))
    connection = connections._time_limited_pool(Pool).ConnectionCls("api.nowhere.example", 80)
    with connections.time_limit(5):
        connection.connect()
    connection.close()
    assert asked == ["api.nowhere.example"]


def plain_text(connection, over) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")


def garbage(connection, over) -> None:
    connection.recv(65536)
    connection.sendall(b"\x00\xff" * 500)


def closing(connection, over) -> None:
    connection.recv(65536)


def resetting(connection, over) -> None:
    connection.recv(10)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize("answer", [plain_text, garbage, closing, resetting])
def test_a_failed_handshake_counts_as_not_sent(listen, session_to, clock, answer):
    port = listen(answer)
    failure, _ = failure_of(session_to(port, tls=True, timeout_s=5))
    assert isinstance(failure, ConnectionFailed)
    assert failure.sent is False
    assert str(failure).startswith(f"Could not open a secure connection to 127.0.0.1:{port} for droplets_create (")
    assert "\n" not in str(failure)
    assert len(clock.sleeps) == 2, "tried again as a connection that is refused"


def test_a_handshake_that_hangs_counts_as_not_sent_and_ends_at_the_time_limit(listen, session_to):
    session = session_to(listen(lambda _, over: over.wait(60)), tls=True, timeout_s=0.2)
    session._policy = type(session._policy)(max_connects=1)
    failure, took_s = failure_of(session)
    assert isinstance(failure, TimedOut)
    assert "did not accept a connection for droplets_create in time" in str(failure)
    assert failure.sent is False
    assert took_s < 0.2 + SLACK_S


def test_a_slow_handshake_counts_as_not_sent_and_ends_at_the_time_limit(listen, session_to):
    session = session_to(listen(dripping(b"\x16\x03\x03\x0f\xff", b"\x02")), tls=True)
    session._policy = type(session._policy)(max_connects=1)
    failure, took_s = failure_of(session)
    assert isinstance(failure, TimedOut)
    assert failure.sent is False
    assert took_s < 0.3 + SLACK_S


def test_an_untrusted_certificate_counts_as_not_sent(listen, session_to):
    heard = []
    port = listen(lambda connection, _: heard.append(connection.recv(65536)), tls=True)
    failure, _ = failure_of(session_to(port, tls=True, trusts=False, timeout_s=5))
    assert str(failure).startswith(f"Could not verify the certificate of 127.0.0.1:{port} for droplets_create (self")
    assert failure.sent is False
    assert not any(heard)


@pytest.mark.parametrize("tls", [False, True])
def test_a_connection_lost_after_the_request_counts_as_sent(listen, session_to, tls):
    failure, _ = failure_of(session_to(listen(closing, tls=tls), tls=tls, timeout_s=5))
    assert "Lost the connection" in str(failure)
    assert failure.sent is True
