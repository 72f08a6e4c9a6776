"""The sandbox: how fast it answers beside a bare `http.server`, makes a large account, resets, starts and stops."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from child import told
from report import Row, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "sandbox"
#: As fast as the standard library's server gets: kept-alive connections, buffered writes, no delay. Answers {}.
BARE = """
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
    def log_message(self, *args):
        pass
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(f"URL http://127.0.0.1:{server.server_port}", flush=True)
print("TOKEN none", flush=True)
server.serve_forever()
"""
#: A life of a sandbox as in a kernel, with a client that keeps its connections open to the end.
LIFE = """
import json, os, sys, threading, time
import ipykernel.kernelapp  # a kernel has loaded this before the first cell runs
count = int(sys.argv[1])
def sockets():
    links = (os.path.join("/proc/self/fd", name) for name in os.listdir("/proc/self/fd"))
    return sum(os.path.exists(link) and os.readlink(link).startswith("socket:") for link in links)
told = {}
def timed(name, call):
    began = time.perf_counter()
    result = call()
    told[name] = 1000 * (time.perf_counter() - began)
    return result
def start(**options):
    from poseidon_nb.sandbox import Sandbox
    return Sandbox(**options).start()
threads, open_before = threading.active_count(), sockets()
sandbox = timed("start", start)
import http.client
from urllib.parse import urlsplit
def ask(connection):
    connection.request("GET", "/v2/account", headers={"Authorization": f"Bearer {sandbox.token}"})
    assert connection.getresponse().read()
where = urlsplit(sandbox.url)
clients = [http.client.HTTPConnection(where.hostname, where.port) for _ in range(4)]
for client in clients:
    ask(client)
timed("stop", sandbox.stop)
told["threads"] = threading.active_count() - threads
for client in clients:
    client.close()
told["sockets"] = sockets() - open_before
import socket
with socket.socket() as probe:
    told["ports"] = int(probe.connect_ex((where.hostname, where.port)) == 0)
large = timed("large", lambda: start(droplets=count))
resets = []
for _ in range(5):
    timed("reset", large.reset)
    resets.append(told["reset"])
told["reset"] = max(resets)
large.stop()
print(json.dumps(told))
"""


def measure(*, rounds: int, quick: bool) -> Iterator[Row]:
    """Measure rates in turn, and a few whole lives in fresh interpreters."""
    requests = 50 if quick else 1000
    with served("-c", BARE) as bare, served("-m", "poseidon_nb.sandbox") as sandbox:
        rates: dict[str, list[float]] = {"bare": [], "sandbox": []}
        for _ in range(rounds):
            for name, (url, token) in {"bare": bare, "sandbox": sandbox}.items():
                rates[name].append(_rate(f"{url}/v2/account", token, requests))
    yield Row(NAME, "small GETs, one requests session", statistics.median(rates["sandbox"]), "/s")
    label = "rate of small GETs over that of a bare http.server"
    yield Row(NAME, label, ratio(rates["sandbox"], rates["bare"]), least=0.8)
    count = 1000 if quick else 10_000
    lives = [told(LIFE, count) for _ in range(rounds)]
    found = {name: statistics.median(life[name] for life in lives) for name in lives[0]}
    yield Row(NAME, f"a sandbox of {count:,} droplets, made and started", found["large"], "ms", most=1000)
    yield Row(NAME, "reset of it, slowest of five", found["reset"], "ms", most=10)
    yield Row(NAME, "start in a kernel, our imports included", found["start"], "ms", most=150)
    starts = []
    for _ in range(rounds if quick else 3 * rounds):
        began = time.perf_counter()
        with served("-m", "poseidon_nb.sandbox"):
            starts.append(1000 * (time.perf_counter() - began))
    yield Row(NAME, "start as a program, until its URL is printed", statistics.median(starts), "ms", most=200)
    yield Row(NAME, "stop with four connections kept open", found["stop"], "ms", most=100)
    for what in ("threads", "sockets", "ports"):
        yield Row(NAME, f"{what} left behind by start and stop", max(life[what] for life in lives), "", most=0)


def _rate(url: str, token: str, count: int) -> float:
    import requests

    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {token}"
        for _ in range(10):
            session.get(url).raise_for_status()
        began = time.perf_counter()
        for _ in range(count):
            _ = session.get(url).content
        return count / (time.perf_counter() - began)


@contextmanager
def served(*command: str) -> Iterator[tuple[str, str]]:
    """Run a server that prints its URL and TOKEN when ready, in a process of its own."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True, env=environment)
    try:
        said = dict(process.stdout.readline().split() for _ in range(2))
        yield said["URL"], said["TOKEN"]
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
