"""A thread that waits for others looks up several times a second."""

from __future__ import annotations

import json
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from poseidon_nb.transport.idle import result_of
from poseidon_nb.transport.pages import fetch_pages
from poseidon_nb.transport.replies import Reply
from poseidon_nb.transport.request import Request


def test_it_is_called_while_the_result_is_not_there():
    looked = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(looked.wait, 30)
        assert result_of(future, looked.set) is True


def test_a_result_that_is_there_needs_no_look_and_an_error_is_raised():
    done: Future[int] = Future()
    done.set_result(7)
    assert result_of(done, lambda: pytest.fail("nothing to wait for")) == 7
    assert result_of(done) == 7
    failed: Future[int] = Future()
    failed.set_exception(ValueError("no"))
    with pytest.raises(ValueError, match="no"):
        result_of(failed, lambda: None)


def test_while_pages_are_awaited_the_callers_thread_looks_up():
    looked = threading.Event()
    threads = set()

    def send(request: Request) -> Reply:
        page = request.query["page"]
        if page > 1:
            assert looked.wait(30), "nobody looked"
        pages = {"last": "https://x/?page=3"} | ({"next": f"https://x/?page={page + 1}"} if page < 3 else {})
        answer = {"tags": [{"name": "t"}], "links": {"pages": pages}, "meta": {"total": 600}}
        return Reply(200, {}, json.dumps(answer).encode())

    def look() -> None:
        threads.add(threading.get_ident())
        looked.set()

    pages = list(fetch_pages(send, Request("GET", "/v2/tags"), on_idle=look))
    assert [page.number for page in pages] == [1, 2, 3]
    assert threads == {threading.get_ident()}
