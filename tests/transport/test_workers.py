"""Waiting for other threads calls back several times a second."""

from __future__ import annotations

import json
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from poseidon_nb.transport.pagination import fetch_pages
from poseidon_nb.transport.request import Request
from poseidon_nb.transport.responses import Response
from poseidon_nb.transport.workers import wait_for_result


def test_on_idle_is_called_until_the_result_is_available():
    looked = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(looked.wait, 30)
        assert wait_for_result(future, looked.set) is True


def test_an_available_result_is_returned_at_once_and_an_error_is_raised():
    done: Future[int] = Future()
    done.set_result(7)
    assert wait_for_result(done, lambda: pytest.fail("nothing to wait for")) == 7
    assert wait_for_result(done) == 7
    failed: Future[int] = Future()
    failed.set_exception(ValueError("no"))
    with pytest.raises(ValueError, match="no"):
        wait_for_result(failed, lambda: None)


def test_on_idle_is_called_in_the_callers_thread_while_pages_are_read():
    looked = threading.Event()
    threads = set()

    def send(request: Request) -> Response:
        page = request.query["page"]
        if page > 1:
            assert looked.wait(30), "nobody looked"
        pages = {"last": "https://x/?page=3"} | ({"next": f"https://x/?page={page + 1}"} if page < 3 else {})
        answer = {"tags": [{"name": "t"}], "links": {"pages": pages}, "meta": {"total": 600}}
        return Response(200, {}, json.dumps(answer).encode())

    def look() -> None:
        threads.add(threading.get_ident())
        looked.set()

    pages = list(fetch_pages(send, Request("GET", "/v2/tags"), on_idle=look))
    assert [page.number for page in pages] == [1, 2, 3]
    assert threads == {threading.get_ident()}
