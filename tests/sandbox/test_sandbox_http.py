"""HTTP requests and responses without sockets."""

from __future__ import annotations

import contextlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poseidon_nb.sandbox.http import (
    MAX_BODY_BYTES,
    MAX_HEADERS,
    MAX_LINE_BYTES,
    HTTPRequest,
    MalformedRequest,
    encode_response,
    read_request,
)
from poseidon_nb.sandbox.responses import HTTPResponse


def read(raw: bytes) -> tuple[HTTPRequest | None, bytes, bytes]:
    stream, answers = io.BytesIO(raw), io.BytesIO()
    request = read_request(stream, answers)
    return request, stream.read(), answers.getvalue()


HOST = b"Host: 127.0.0.1\r\n"


def test_a_request_is_read_and_the_following_bytes_stay():
    raw = b"POST /v2/tags?a=1&b HTTP/1.1\r\n" + HOST + b"X-Thing:  two \r\nContent-Length: 2\r\n\r\n{}GET / HTTP/1.1"
    request, rest, _ = read(raw)
    assert request == HTTPRequest(
        "POST",
        "/v2/tags",
        "a=1&b",
        {"host": "127.0.0.1", "x-thing": "two", "content-length": "2"},
        b"{}",
        keep_alive=True,
    )
    assert rest == b"GET / HTTP/1.1"


@pytest.mark.parametrize("raw", [b"", b"\r\n"])
def test_a_closed_connection_is_no_request(raw):
    assert read(raw)[0] is None


def test_a_blank_line_before_a_request_is_ignored():
    assert read(b"\r\nGET / HTTP/1.1\r\n" + HOST + b"\r\n")[0].path == "/"


@pytest.mark.parametrize(
    ("version", "connection", "keep_alive"),
    [
        ("1.1", "", True),
        ("1.1", "close", False),
        ("1.1", "Keep-Alive", True),
        ("1.0", "", False),
        ("1.0", "keep-alive", True),
    ],
)
def test_keep_alive_follows_http(version, connection, keep_alive):
    header = f"Connection: {connection}\r\n" if connection else ""
    raw = f"GET / HTTP/{version}\r\nHost: a\r\n{header}\r\n".encode()
    assert read(raw)[0].keep_alive is keep_alive


def test_a_chunked_body_is_joined():
    raw = b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
    request, rest, _ = read(raw + b'3\r\n{"a\r\n4;x=y\r\n": 1\r\n1\r\n}\r\n0\r\nTrailer: x\r\n\r\nNEXT')
    assert request.body == b'{"a": 1}'
    assert rest == b"NEXT"


def test_a_client_that_waits_for_100_continue_gets_it():
    raw = b"POST / HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nContent-Length: 1\r\n\r\nx"
    assert read(raw)[2] == b"HTTP/1.1 100 Continue\r\n\r\n"


def test_an_absolute_url_sets_the_host():
    request = read(b"GET http://localhost:1/v2/x?y HTTP/1.1\r\n" + HOST + b"\r\n")[0]
    assert (request.path, request.query, request.headers["host"]) == ("/v2/x", "y", "localhost:1")


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"GET / HTTP/1.1 more\r\n\r\n", 400),
        (b"GET / HTTP/1.1", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\n", 505),
        (b"G\xc3\x89T / HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET * HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET https://x/ HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b" folded\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"Name : x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b": x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"no colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST, 400),
        (b"GET /" + b"x" * MAX_LINE_BYTES + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * MAX_LINE_BYTES + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"X: 1\r\n" * (MAX_HEADERS + 1) + b"\r\n", 431),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nxxx", 400),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1_0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: \xb2\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 10\r\n\r\nshort", 400),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1), 413),
        (
            b"POST / HTTP/1.1\r\n"
            + HOST
            + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
            400,
        ),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nffffffff\r\n", 413),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab", 400),
    ],
)
def test_ambiguous_requests_are_refused(raw, status):
    with pytest.raises(MalformedRequest) as caught:
        read(raw)
    assert caught.value.status == status


@given(
    st.binary(max_size=200)
    | st.lists(st.sampled_from([b"GET / HTTP/1.1", b"\r\n", HOST, b":", b" ", b"\xff"])).map(b"".join)
)
def test_any_bytes_are_read_or_refused(raw):
    with contextlib.suppress(MalformedRequest):
        request, _, _ = read(raw)
        assert request is None or request.path.startswith("/")


def test_a_response_has_its_content_length():
    reply = HTTPResponse(404, b"{}", [("x-request-id", "1")])
    head = b"HTTP/1.1 404 Not Found\r\nx-request-id: 1\r\ncontent-length: 2\r\n"
    assert encode_response(reply, head_only=False, close=False) == head + b"\r\n{}"
    assert encode_response(reply, head_only=True, close=True) == head + b"connection: close\r\n\r\n"
    assert encode_response(HTTPResponse(204), head_only=False, close=False) == b"HTTP/1.1 204 No Content\r\n\r\n"
