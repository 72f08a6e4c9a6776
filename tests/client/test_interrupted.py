"""Ctrl-C in a list: it returns at once, and nothing keeps the process alive, also where the server hangs."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

READER = """
import sys, time
import poseidon_nb as po
client = po.connect(token="t", base_url=sys.argv[1], timeout_s=60)
try:
    client.droplets.list()
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.fixture
def hanging():
    """Serve the first page of droplets, and let every other page hang; gives the address and how many hang."""
    hang, over = threading.Semaphore(0), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            if query["page"] != ["1"] or "type" in query:
                hang.release()
                over.wait(30)
                return
            links = {"pages": dict.fromkeys(("next", "last"), "https://x/?page=2")}
            body = json.dumps({"droplets": [], "links": links, "meta": {"total": 400}}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.block_on_close = True, False
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", hang
    over.set()
    server.shutdown()
    server.server_close()


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for another process there")
def test_ctrl_c_in_a_list_whose_pages_and_gpus_hang_ends_the_process_at_once(hanging):
    url, hang = hanging
    with subprocess.Popen([sys.executable, "-c", READER, url], stdout=subprocess.PIPE, text=True) as reader:
        for _ in ("page 2", "the GPU droplets"):
            assert hang.acquire(timeout=20)
        began = time.monotonic()
        reader.send_signal(signal.SIGINT)
        try:
            said, _ = reader.communicate(timeout=10)
        finally:
            reader.kill()
    assert said == "interrupted\n"
    assert time.monotonic() - began < 1 + 1, "a second for a busy machine"
