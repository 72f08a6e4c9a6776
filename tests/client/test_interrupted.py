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

from poseidon_nb.sandbox import Sandbox

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
    assert time.monotonic() - began < 10, "it hangs for 60 s"


WAITER = """
import sys
import poseidon_nb as po
client = po.connect(base_url=sys.argv[1], token=sys.argv[2], timeout_s=60)
action = client.droplets.by_name("web-1").take_snapshot("x", wait=False)
print("started", flush=True)
try:
    {wait}
except KeyboardInterrupt as interrupt:
    print("interrupted", action.id, *getattr(interrupt, "__notes__", ()), flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for another process there")
@pytest.mark.parametrize("wait", ["action.wait()", 'client.droplets.by_name("web-2").take_snapshot("y")'])
def test_ctrl_c_in_a_wait_whose_polls_hang_ends_the_process_at_once(wait):
    with Sandbox(speed=1.0) as sandbox:
        polls = {"actions_get", "actions_list"}
        for operation in polls:
            sandbox.fault("delay", seconds=60, operation=operation, times=None)
        arguments = [sys.executable, "-c", WAITER.format(wait=wait), sandbox.url, sandbox.token]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as waiter:
            assert waiter.stdout.readline() == "started\n"
            # The first poll hangs.
            while not any(one.operation in polls for one in sandbox.requests):
                time.sleep(0.01)
            began = time.monotonic()
            waiter.send_signal(signal.SIGINT)
            try:
                said, _ = waiter.communicate(timeout=10)
            finally:
                waiter.kill()
        assert time.monotonic() - began < 10, "it hangs for 60 s"
        assert said.startswith("interrupted")
        assert "Wait for it with %do actions wait" in said
        sandbox.reset()
