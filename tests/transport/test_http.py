"""Tests that need real sockets: timeouts, broken responses, proxies, cookies, ``~/.netrc`` and the connection pool."""

from __future__ import annotations

import gzip
import re
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from poseidon_nb.errors import ConnectionFailed, TimedOut
from poseidon_nb.transport.request import Request
from poseidon_nb.transport.retry import RetryPolicy

ACCOUNT = Request("GET", "/v2/account", operation_id="account_get")
CREATE = Request("POST", "/v2/droplets", body={}, operation_id="droplets_create")


def failure_of(session, request=ACCOUNT):
    with pytest.raises((ConnectionFailed, TimedOut)) as caught:
        session.send(request)
    message = str(caught.value)
    assert "\n" not in message
    assert not re.search(r"0x[0-9a-f]{6}|object at|Max retries|HTTPConnection", message)
    return caught.value


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize("request_", [ACCOUNT, CREATE])
def test_a_refused_connection_is_retried_for_any_method_and_fails_with_one_line(new_session, clock, request_):
    port = free_port()
    failure = failure_of(new_session(f"http://127.0.0.1:{port}"), request_)
    label = request_.operation_id
    assert (
        str(failure)
        == f"Could not connect to 127.0.0.1:{port} for {label} (Connection refused). Is the sandbox still running?"
    )
    assert failure.sent is False
    assert len(clock.sleeps) == 2


def test_an_unknown_host_is_named(new_session, monkeypatch):
    def unknown(*args, **kwargs):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    failure = failure_of(new_session("https://api.nowhere.example"))
    assert str(failure) == "Could not connect to api.nowhere.example for account_get (Name or service not known)."
    assert failure.sent is False


def test_a_connection_not_accepted_in_time_counts_as_not_sent(new_session, monkeypatch):
    def slow(*args, **kwargs):
        raise TimeoutError("timed out")

    monkeypatch.setattr("urllib3.util.connection.create_connection", slow)
    failure = failure_of(new_session("https://api.nowhere.example"), CREATE)
    assert isinstance(failure, TimedOut)
    assert failure.sent is False


@pytest.mark.parametrize("part", ["nothing", "head", "half"])
def test_a_silent_server_times_out_and_a_post_is_not_retried(new_session, serve, clock, part):
    done = threading.Event()

    def answer(handler):
        if part != "nothing":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n" + (b"{" if part == "half" else b""))
            handler.wfile.flush()
        done.wait(60)
        handler.close_connection = True

    url, heard = serve(answer)
    failure = failure_of(new_session(url, timeout_s=0.1), CREATE)
    done.set()
    heard.wait_for(1)
    assert isinstance(failure, TimedOut)
    assert "did not respond to droplets_create within 0.1 s" in str(failure)
    assert failure.sent is True
    assert len(heard.requests) == 1
    assert clock.sleeps == []


BROKEN = {
    "closed at once": b"",
    "not http": b"SSH-2.0-OpenSSH_9.6\r\n",
    "truncated": b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{",
    "truncated chunk": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{",
    "bad chunk": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "bad gzip": b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\ncontent-encoding: gzip\r\n\r\n{}",
    "endless header": b"HTTP/1.1 200 OK\r\nx: " + b"y" * 70_000 + b"\r\n\r\n",
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_response_counts_as_sent_and_only_a_get_is_retried(new_session, serve, broken):
    def answer(handler):
        handler.wfile.write(BROKEN[broken])
        handler.close_connection = True

    url, heard = serve(answer)
    session = new_session(url)
    assert failure_of(session, CREATE).sent is True
    assert len(heard.requests) == 1
    failure_of(session, ACCOUNT)
    assert len(heard.requests) == 1 + RetryPolicy().max_attempts
    assert session._limiter._in_flight == 0


def test_gzip_is_decompressed(new_session, serve, reply):
    url, _ = serve(lambda handler: reply(handler, gzip.compress(b'{"a":1}'), content_encoding="gzip"))
    assert new_session(url).send(ACCOUNT).json() == {"a": 1}


def test_netrc_never_replaces_the_token(new_session, serve, reply, tmp_path, monkeypatch, secret):
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\nmachine api.digitalocean.com login a password b\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    url, heard = serve(reply)
    new_session(url).send(ACCOUNT)
    assert heard.requests[0][2]["Authorization"] == f"Bearer {secret}"


def test_cookies_are_ignored(new_session, serve, reply):
    url, heard = serve(lambda handler: reply(handler, set_cookie="a=b; Path=/"))
    session = new_session(url)
    session.send(ACCOUNT)
    session.send(ACCOUNT)
    assert all("Cookie" not in headers for _, _, headers, _ in heard.requests)
    assert heard.connections == 1


def test_a_redirect_to_another_server_is_not_followed(new_session, serve, reply):
    other, heard_there = serve(reply)
    url, heard = serve(lambda handler: reply(handler, status=302, location=f"{other}/v2/account"))
    failure = failure_of(new_session(url))
    assert "redirected account_get (302)" in str(failure)
    assert len(heard.requests) == 1
    assert heard_there.connections == 0


PROXY_VARIABLES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"]


def test_requests_to_loopback_bypass_the_proxy(new_session, serve, reply, monkeypatch):
    for name in PROXY_VARIABLES:
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    url, heard = serve(reply)
    new_session(url).send(ACCOUNT)
    assert len(heard.requests) == 1


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_other_hosts_use_the_proxy_which_never_sees_the_token(new_session, monkeypatch, variable, secret):
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def proxy():
            for _ in range(3):
                connection, _ = listener.accept()
                heard.append(connection.recv(65536))
                connection.sendall(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")
                connection.close()

        thread = threading.Thread(target=proxy, daemon=True)
        thread.start()
        monkeypatch.setenv(variable, f"http://127.0.0.1:{port}")
        failure = failure_of(new_session("https://api.digitalocean.com"), CREATE)
        thread.join(5)
    assert failure.sent is False
    assert "proxy" in str(failure)
    assert len(heard) == 3
    assert all(line.startswith(b"CONNECT api.digitalocean.com:443") and secret.encode() not in line for line in heard)


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "http://", "http://[", "gopher://127.0.0.1:9"])
def test_an_invalid_proxy_is_reported_in_one_line(new_session, monkeypatch, proxy):
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    assert failure_of(new_session("https://api.digitalocean.com"), CREATE).sent is False


def test_a_missing_certificate_file_is_reported_in_one_line(new_session, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/certificates.pem")
    failure = failure_of(new_session("https://api.digitalocean.com"), CREATE)
    assert failure.sent is False
    assert "/nowhere/certificates.pem" in str(failure)


def test_a_server_without_tls_is_reported_in_one_line(new_session, serve, reply):
    url, _ = serve(reply)
    failure_of(new_session(url.replace("http://", "https://")))


def test_ipv6_loopback_works(new_session, serve, reply):
    try:
        url, heard = serve(reply, host="::1")
    except OSError:
        pytest.skip("this machine has no IPv6")
    assert new_session(url).send(ACCOUNT).status == 200
    assert heard.requests[0][2]["Host"].startswith("[::1]:")


def test_forty_threads_share_sixteen_connections(new_session, serve, reply):
    gate = threading.Barrier(16)

    def answer(handler):
        gate.wait(10)
        reply(handler)

    url, heard = serve(answer)
    session = new_session(url)
    with ThreadPoolExecutor(40) as pool:
        list(pool.map(lambda _: session.send(ACCOUNT), range(64)))
    assert heard.connections == 16
    assert heard.most_at_once == 16


def test_a_closed_session_has_no_connections(new_session, serve, reply):
    url, _ = serve(reply)
    session = new_session(url)
    session.send(ACCOUNT)
    pool = session._http._adapter.poolmanager
    assert len(pool.pools) == 1
    session.close()
    assert len(pool.pools) == 0
