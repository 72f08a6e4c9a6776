"""Bodies that are too large, also when they are small until they are decompressed."""

from __future__ import annotations

import gzip
import subprocess
import sys
import textwrap
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import poseidon_nb as po
from poseidon_nb.client.client import connect

#: Decompressed size of the body that is sent, in bytes.
SIZE = 3_000_000_000


def bomb() -> bytes:
    """Return a few megabytes that are three gigabytes when they are decompressed: members of gzip may follow each other."""
    part = gzip.compress(bytes(50_000_000), 9)
    return part * (SIZE // 50_000_000)


@pytest.fixture(scope="module")
def server():
    body = bomb()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            small = gzip.compress(b'{"droplets": [], "meta": {"total": 0}}' + b" " * 5_000)
            payload = small if "small" in self.path else body
            self.send_response(200)
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            try:
                self.wfile.write(payload)
            except OSError:
                return

        do_POST = do_GET  # noqa: N815  # the name that it is called by

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_the_limit_counts_what_is_decompressed(server):
    with (
        connect(token="t", base_url=server, max_response_bytes=5_000) as client,  # no real one
        pytest.raises(
            po.ShapeError, match=r"^The response to droplets_list is larger than 5,000 bytes\. Raise the limit with"
        ),
    ):
        client.api("GET", "/v2/droplets?small=1")
    with connect(token="t", base_url=server, max_response_bytes=6_000) as client:  # no real one
        assert client.api("GET", "/v2/droplets?small=1")["droplets"] == []


def test_a_change_with_a_large_response_may_have_been_made(server):
    with (
        connect(token="t", base_url=server, max_response_bytes=5_000) as client,  # no real one
        pytest.raises(po.PoseidonError) as caught,
    ):
        client.api("POST", "/v2/tags", body={"name": "web"})
    assert "\n" not in str(caught.value)
    assert not isinstance(caught.value, po.InvalidArgument)


@pytest.mark.parametrize(
    ("imported", "read"),
    # The second reads two lists at a time.
    [("json", "client.api('GET', '/v2/droplets')"), ("pandas", "client.droplets.frame()")],
)
def test_gigabytes_end_in_an_error_and_take_little_memory(server, imported, read):
    script = textwrap.dedent(f"""
        from pathlib import Path
        from poseidon_nb.client.client import connect
        from poseidon_nb.errors import ShapeError
        import {imported}
        with connect(token="t", base_url={server!r}) as client:
            try:
                {read}
            except ShapeError as error:
                print(error)
        status = Path('/proc/self/status').read_text()
        print(int(status.split('VmHWM:')[1].split()[0]) // 1_000)
    """)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=100, check=True)
    message, peak_mb = done.stdout.split("\n")[:2]
    assert message.startswith("The response to droplets_list is larger than 256,000,000 bytes.")
    assert int(peak_mb) < 400
