"""A session whose clock is controlled by the test, and loopback servers."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import settings

from poseidon_nb.transport.credentials import Credential, Token
from poseidon_nb.transport.session import Session

# No timed asserts: a busy machine is no failure.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

SECRET = "dop_v1_" + "5ec7e7" * 10 + "beef"


class Heard:
    """What a loopback server heard: the request line, the headers, and the body of each request."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self.connections = 0
        self.most_at_once = 0
        self._at_once = 0
        self.lock = threading.Lock()

    def wait_for(self, count: int) -> None:
        """Wait until that many requests were read: a busy server reads them after the client has given up."""
        ends = time.monotonic() + 30
        while len(self.requests) < count and time.monotonic() < ends:
            time.sleep(0.01)

    def enter(self) -> None:
        with self.lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)

    def leave(self) -> None:
        with self.lock:
            self._at_once -= 1


@pytest.fixture
def secret() -> str:
    return SECRET


@pytest.fixture
def credential() -> Credential:
    return Credential(Token(SECRET), "DIGITALOCEAN_TOKEN")


@pytest.fixture
def new_session(clock, credential):
    """Return sessions without jitter and real waits, and close them afterwards."""
    made: list[Session] = []

    def make(base_url: str = "https://api.digitalocean.com", **options) -> Session:
        made.append(Session(credential, base_url=base_url, **{"clock": clock, "jitter": lambda: 0.0, **options}))
        return made[-1]

    yield make
    for session in made:
        session.close()


@pytest.fixture
def serve():
    """Start a server whose one function answers every request: ``answer(handler)``; gives its address and `Heard`."""
    servers: list[ThreadingHTTPServer] = []

    def start(answer, *, host: str = "127.0.0.1") -> tuple[str, Heard]:
        heard = Heard()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1
            timeout = 10

            def setup(self) -> None:
                super().setup()
                with heard.lock:
                    heard.connections += 1

            def any_verb(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                with heard.lock:
                    heard.requests.append((self.command, self.path, dict(self.headers), body))
                heard.enter()
                try:
                    answer(self)
                finally:
                    heard.leave()

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = any_verb  # noqa: N815  # http.server's names

            def log_message(self, *args) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False
            request_queue_size = 64
            address_family = __import__("socket").AF_INET6 if ":" in host else __import__("socket").AF_INET

            def handle_error(self, *args) -> None:
                pass

        server = Server((host, 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        name = f"[{host}]" if ":" in host else host
        return f"http://{name}:{server.server_port}", heard

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def reply():
    """Write a whole reply in a handler."""

    def write(handler, body: bytes = b"{}", status: int = 200, **headers: str) -> None:
        handler.send_response(status)
        for name, value in {"content-length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return write
