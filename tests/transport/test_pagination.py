from __future__ import annotations

import json
import threading
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from poseidon_nb.clock import SYSTEM_CLOCK
from poseidon_nb.errors import NotFound, ShapeError
from poseidon_nb.transport.http import MAX_CONNECTIONS
from poseidon_nb.transport.pagination import MAX_PAGES, PREFETCH, fetch_pages
from poseidon_nb.transport.request import Request
from poseidon_nb.transport.responses import Response
from poseidon_nb.transport.session import Session

DROPLETS = Request("GET", "/v2/droplets", query={"tag_name": "web"}, operation_id="droplets_list")


class Account:
    """A list of droplets that is served in pages; counts what is asked for, and how much at once."""

    def __init__(self, items: int, *, per_page: int = 200, host: str = "https://api.digitalocean.com") -> None:
        self.items, self.per_page, self.host = items, per_page, host
        self.asked: list[int] = []
        self.queries: list[dict] = []
        self.lock = threading.Lock()
        self.at_once = self.most_at_once = 0

    @property
    def last(self) -> int:
        return max(1, -(-self.items // self.per_page))

    def link(self, number: int) -> str:
        return f"{self.host}/v2/droplets?{urlencode({'tag_name': 'web', 'per_page': self.per_page, 'page': number})}"

    def body(self, number: int) -> dict:
        rows = [{"id": n} for n in range(self.items)][(number - 1) * self.per_page : number * self.per_page]
        pages = {}
        if number < self.last:
            pages |= {"next": self.link(number + 1), "last": self.link(self.last)}
        if number > 1:
            pages |= {"first": self.link(1), "prev": self.link(number - 1)}
        return {"droplets": rows, "links": {"pages": pages}, "meta": {"total": self.items}}

    def send(self, request: Request) -> Response:
        query = {name: values[0] for name, values in parse_qs(urlsplit(request.target).query).items()}
        number = int(query["page"])
        with self.lock:
            self.asked.append(number)
            self.queries.append(query)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            return Response(200, {}, json.dumps(self.body(number)).encode())
        finally:
            with self.lock:
                self.at_once -= 1


class Scripted(Account):
    """Pages written by hand; a function gives each."""

    def __init__(self, body) -> None:
        super().__init__(0)
        self.written = body

    def body(self, number: int) -> dict:
        return self.written(number)


def ids(pages) -> list[int]:
    return [row["id"] for page in pages for row in json.loads(page.body)["droplets"]]


def fetch(account: Account):
    return fetch_pages(account.send, DROPLETS)


def page_of(number: int, *, total=None, items: int = 2, **links: object) -> dict:
    body = {"droplets": [{"id": number * 10 + n} for n in range(items)], "links": {"pages": links}}
    return body if total is None else {**body, "meta": {"total": total}}


def at(number: object) -> str:
    return f"https://api.digitalocean.com/v2/droplets?page={number}"


@pytest.mark.parametrize("links", [{"links": {}}, {"links": {"pages": {}}}, {"links": None}, {}])
def test_one_page_is_one_request_with_any_form_of_links(links):
    account = Scripted(lambda number: {"droplets": [{"id": 1}], "meta": {"total": 1}, **links})
    [page] = fetch(account)
    assert (page.number, page.total, page.last, account.asked) == (1, 1, 1, [1])


@given(items=st.integers(0, 900), per_page=st.integers(7, 200))
def test_every_item_is_returned_once_in_order_with_the_fewest_requests(items, per_page):
    account = Account(items, per_page=per_page)
    pages = list(fetch(account))
    assert ids(pages) == list(range(items))
    assert [page.number for page in pages] == list(range(1, account.last + 1))
    assert sorted(account.asked) == list(range(1, account.last + 1))
    assert pages[0].total == items


def test_ten_thousand_droplets_take_fifty_requests_with_the_filters():
    account = Account(10_000)
    assert len(ids(fetch(account))) == 10_000
    assert len(account.asked) == 50
    assert {(query["tag_name"], query["per_page"]) for query in account.queries} == {("web", "200")}


def test_at_most_sixteen_pages_are_requested_concurrently():
    account = Account(200 * 60)
    barrier, real_body = threading.Barrier(MAX_CONNECTIONS), account.body

    def body(number):
        if 2 <= number <= 1 + 3 * MAX_CONNECTIONS:
            barrier.wait(10)
        return real_body(number)

    account.body = body
    assert len(ids(fetch(account))) == 200 * 60
    assert account.most_at_once == MAX_CONNECTIONS


def test_the_number_of_prefetched_pages_is_limited():
    account = Account(200 * 100)
    settled = threading.Event()
    for consumed, _ in enumerate(fetch(account), start=1):
        settled.wait(0.002)
        assert max(account.asked) <= consumed + PREFETCH


def test_late_pages_do_not_change_the_order():
    account = Account(200 * 20)
    later, real_body = threading.Event(), account.body

    def body(number):
        if number == 2:
            later.wait(5)
        if number == 17:
            later.set()
        return real_body(number)

    account.body = body
    assert ids(fetch(account)) == list(range(4000))


@pytest.mark.parametrize("per_page", [20, 100])
def test_a_server_may_use_smaller_pages(per_page):
    account = Account(1000, per_page=per_page)
    assert ids(fetch(account)) == list(range(1000))


def test_without_a_last_link_the_next_links_are_followed():
    account = Scripted(lambda n: page_of(n, total=10, **({"next": at(n + 1)} if n < 5 else {})))
    assert [page.number for page in fetch(account)] == [1, 2, 3, 4, 5]


def test_a_list_that_grows_meanwhile_is_read_to_its_end():
    account = Account(600)
    pages = fetch(account)
    next(pages)
    account.items = 1001
    assert ids(pages) == list(range(200, 1001))


def test_a_list_that_shrinks_meanwhile_ends_early():
    account = Account(1000)
    pages = fetch(account)
    next(pages)
    account.items = 450
    assert ids(pages) == list(range(200, 450))


def test_an_empty_page_is_not_the_end_if_the_total_is_larger():
    account = Scripted(
        lambda n: page_of(n, total=6, items=0 if n == 2 else 2, **({"next": at(n + 1)} if n < 3 else {}))
    )
    assert ids(fetch(account)) == [10, 11, 30, 31]


def test_an_empty_page_is_the_end_without_a_total():
    account = Scripted(lambda n: page_of(n, items=2 if n < 3 else 0, next=at(n + 1)))
    assert ids(fetch(account)) == [10, 11, 20, 21]
    assert account.asked == [1, 2, 3]


def test_only_the_page_number_is_read_from_links_to_another_host(new_session):
    account = Account(600, host="https://evil.example:8443")
    session = new_session()
    with responses.RequestsMock() as api:
        api.add_callback(
            "GET",
            "https://api.digitalocean.com/v2/droplets",
            lambda request: (200, {}, account.send(_as_request(request.url)).body),
        )
        assert ids(fetch_pages(session.send, DROPLETS)) == list(range(600))
        assert {urlsplit(call.request.url).netloc for call in api.calls} == {"api.digitalocean.com"}
        assert all("tag_name=web" in call.request.url for call in api.calls)


def _as_request(url: str) -> Request:
    parts = urlsplit(url)
    return Request("GET", parts.path, query=parse_qs(parts.query))


def raises_after(account, *, requests: int, match: str = "never end") -> None:
    with pytest.raises(ShapeError, match=match) as caught:
        list(fetch(account))
    assert "\n" not in str(caught.value)
    assert len(account.asked) <= requests


def test_endless_next_links_are_detected_by_the_total():
    raises_after(Scripted(lambda n: page_of(n, total=6, next=at(n + 1))), requests=3)


def test_endless_next_links_are_detected_without_a_total():
    raises_after(Scripted(lambda n: page_of(n, next=at(n + 1))), requests=1 + MAX_PAGES)


def test_endless_next_links_are_detected_with_a_growing_total():
    raises_after(Scripted(lambda n: page_of(n, total=n * 2 + 2, next=at(n + 1))), requests=1 + MAX_PAGES)


@pytest.mark.parametrize("following", [1, 2, 4, 0, -1])
def test_a_next_link_that_is_not_the_next_page_is_an_error(following):
    raises_after(Scripted(lambda n: page_of(n, total=100, next=at(n + 1 if n == 1 else following))), requests=2)


@pytest.mark.parametrize("last", [0, -3, 7, 10**12, MAX_PAGES + 1])
def test_a_last_page_beyond_the_total_is_an_error(last):
    raises_after(
        Scripted(lambda n: page_of(n, total=12, next=at(2), last=at(last))), requests=1, match="Invalid last page"
    )


def test_a_last_page_without_a_total_is_limited():
    raises_after(Scripted(lambda n: page_of(n, next=at(2), last=at(10**9))), requests=1, match="Invalid last page")


@pytest.mark.parametrize("link", ["https://h/?per_page=3", "garbage", at("")])
def test_a_link_to_the_last_page_without_a_number_is_not_needed(link):
    account = Scripted(
        lambda n: page_of(n, total=6, **({"next": at(n + 1), "last": link} if n < 3 else {})),
    )
    assert ids(fetch(account)) == [10, 11, 20, 21, 30, 31]


def test_links_without_pages_are_one_page():
    account = Scripted(lambda n: page_of(n, total=2) | {"links": {"pages": None}})
    assert ids(fetch(account)) == [10, 11]


@pytest.mark.parametrize(
    ("relation", "link"),
    [
        *(
            ("next", link)
            for link in (at("two"), at(""), "https://h/?per_page=3", "http://[", "garbage", at("9" * 5000))
        ),
        *(("last", link) for link in (at("two"), "http://[", at("9" * 5000), at("1e3"))),
    ],
)
def test_a_link_without_a_page_number_is_an_error(link, relation):
    raises_after(Scripted(lambda n: page_of(n, total=100, **{relation: link})), requests=1, match="has no page number")


@pytest.mark.parametrize("links", ["x", 7, [1], {"pages": ["x"]}, {"pages": "x"}, {"pages": {"next": 5}}])
def test_links_of_another_type_are_an_error_unless_a_total_tells_whether_the_list_is_whole(links):
    raises_after(Scripted(lambda n: {"droplets": [], "links": links}), requests=1, match="links in the response to")
    assert ids(fetch(Scripted(lambda n: page_of(n, total=2) | {"links": links}))) == [10, 11]


@pytest.mark.parametrize("links", [None, [], {}, {"pages": None}, {"pages": []}, {"pages": {"next": "", "last": ""}}])
def test_empty_links_are_missing_links(links):
    assert ids(fetch(Scripted(lambda n: page_of(n) | {"links": links}))) == [10, 11]


@pytest.mark.parametrize(("stated", "total"), [("2", 2), (2, 2), (None, None), ("x", None), (True, None), ([], None)])
def test_a_total_may_be_text_and_is_missing_if_it_is_no_number(stated, total):
    account = Scripted(lambda n: {"droplets": [{"id": 10}, {"id": 11}], "meta": {"total": stated}})
    assert [page.total for page in fetch(account)] == [total]


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'"x"', b"null", b'{"droplets":', b"\xff", b"[" * 100_000, b'{"a":' * 50_000]
)
def test_a_body_that_is_not_a_page_is_an_error(body):
    with pytest.raises(ShapeError, match=r"^The response to droplets_list is (not|nested too deeply)") as caught:
        list(fetch_pages(lambda _: Response(200, {}, body), DROPLETS))
    assert "\n" not in str(caught.value)


def test_a_failed_page_fails_the_list_and_cancels_the_others():
    account = Account(200 * 500)
    real_body = account.body

    def body(number):
        if number == 3:
            raise NotFound("404: gone")
        return real_body(number)

    account.body = body
    seen = []
    with pytest.raises(NotFound, match="gone"):
        seen.extend(page.number for page in fetch(account))
    assert seen in ([], [1, 2])
    assert max(account.asked) <= 3 + PREFETCH


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError])
def test_nothing_more_is_requested_once_the_reader_stops(stop):
    account = Account(200 * 500)

    def read():
        for page in fetch(account):
            if page.number == 5:
                raise stop

    with pytest.raises(stop):
        read()
    assert max(account.asked) <= 5 + PREFETCH


def test_threads_that_wait_for_a_429_do_not_send_after_the_reader_stopped(credential):
    account, second_page_sent, refused = Account(200 * 40), threading.Event(), threading.Event()

    def answer(request):
        body = account.send(_as_request(request.url)).body
        if request.params["page"] in {"1", "2"}:
            if request.params["page"] == "2":
                second_page_sent.set()
            return 200, {}, body
        # A 429 makes all threads wait, also one that has yet to send the second page.
        assert second_page_sent.wait(60)
        refused.set()
        return 429, {"retry-after": "600"}, b"{}"

    with responses.RequestsMock() as api:
        api.add_callback("GET", "https://api.digitalocean.com/v2/droplets", answer)
        session = Session(credential, clock=SYSTEM_CLOCK, jitter=lambda: 0.0)
        pages = fetch_pages(session.send, DROPLETS)
        assert [next(pages).number, next(pages).number] == [1, 2]
        assert refused.wait(5)
        pages.close()
        for thread in threading.enumerate():
            if thread.name.startswith("poseidon-pages"):
                thread.join(5)
                assert not thread.is_alive(), "it would sleep for ten minutes, and then send"
        assert len(api.calls) <= 2 + MAX_CONNECTIONS
