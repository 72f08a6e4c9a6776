"""A server made from the specification alone: it refuses what that does not describe, and answers with its examples.

Of the package only the catalogue is used, for routes, response keys and the parameters that the specification forgets.
"""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from poseidon_nb.catalogue import match
from tests.contract.samples import Samples
from tests.contract.specification import specification

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from poseidon_nb.catalogue import Operation

    Answer = Callable[[str], Any]


class StrictServer:
    """Answers every operation.

    Parameters
    ----------
    answer : callable, optional
        Returns the JSON of an operation's success by its id; by default the specification's first example, or a sample
        with all fields if it has none.
    """

    def __init__(self, answer: Answer | None = None) -> None:
        self.samples = Samples()
        self.answer = answer or self.example
        self.url = ""

    def example(self, operation_id: str) -> Any:
        """Return the first example of a response, or a sample."""
        return next(iter(self.samples.response_examples(operation_id)), self.samples.response(operation_id))

    def text(self, operation_id: str) -> str:
        """Return the text of an operation that answers no JSON."""
        return f"text of {operation_id}"

    def reply(self, method: str, target: str, headers: Any, body: bytes) -> tuple[int, str, bytes]:
        """Return status, content type and body of the answer to a request."""
        parts = urlsplit(target)
        query = parse_qs(parts.query, keep_blank_values=True)
        found = match(method, parts.path)
        if found is None:
            return _refusal(404, f"{method} {parts.path} is not described")
        wanted = found[0]
        problem = self._problem(wanted, query, headers, body)
        if problem is not None:
            return _refusal(*problem)
        status, media = self.samples.status(wanted.id), self.samples.media_types(wanted.id)
        if media and "application/json" not in media:
            return status, media[0], self.text(wanted.id).encode()
        answer = self.answer(wanted.id)
        if answer is None:
            return status, "application/json", b""
        return status, "application/json", json.dumps(self._page(wanted.response_key, answer, query)).encode()

    def _problem(
        self, wanted: Operation, query: dict[str, list[str]], headers: Any, body: bytes
    ) -> tuple[int, str] | None:
        media, accept = self.samples.media_types(wanted.id), headers.get("Accept", "*/*")
        if media and not any(one in accept or "*/*" in accept for one in media):
            return 406, f"{wanted.id} answers {media}, not {accept}"
        # The specification forgets the pages of six lists; see CORRECTIONS in catalogue/build.py.
        known = {parameter.name for parameter in wanted.query_parameters}
        unknown = query.keys() - self.samples.query_names(wanted.id) - (known & {"page", "per_page"})
        if unknown:
            return 400, f"{wanted.id} has no query parameters {sorted(unknown)}"
        try:
            sent = json.loads(body) if "json" in headers.get("Content-Type", "") else None
            if not body or sent is not None:
                specification().validate_request(wanted.id, sent)
        except AssertionError as error:
            return 422, str(error)
        return None

    def _page(self, key: str, answer: Any, query: dict[str, list[str]]) -> Any:
        """Return the only page of a list: examples state pages that they do not have."""
        if not isinstance(answer, dict) or "page" not in query:
            return answer
        rows = answer.get(key) or []
        rows = [*rows.values()] if isinstance(rows, dict) else rows
        total = len({json.dumps(row.get("id", row) if isinstance(row, dict) else row) for row in rows})
        return {**answer, "links": {"pages": None}, "meta": {"total": total}}


def _refusal(status: int, why: str) -> tuple[int, str, bytes]:
    return status, "application/json", json.dumps({"id": "refused", "message": why}).encode()


@contextmanager
def running(server: StrictServer) -> Iterator[StrictServer]:
    """Serve on loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body in one packet; the other end acknowledges two late.
        wbufsize = 65_536

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, media, content = server.reply(self.command, self.path, self.headers, body)
            self.send_response(status)
            self.send_header("Content-Type", media)
            if status != 204:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if status != 204:
                self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815  # the names of http.server

        def log_message(self, *_: Any) -> None:
            """Keep quiet."""

    web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    web.daemon_threads = True
    server.url = f"http://127.0.0.1:{web.server_port}"
    thread = threading.Thread(target=web.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        web.shutdown()
        web.server_close()
        thread.join()
