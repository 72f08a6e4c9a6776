"""A loopback server for the benchmarks, in a process of its own: pages rendered once and kept, 60 ms before each answer.

It serves `/v2/droplets` (the token's last word is the number of droplets in the account) and a simulated `/v2/actions`.
Below `/_bench/` it answers at once and is not counted: what was asked so far, forget it, start actions.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import random
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

from account import droplet_pages

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "dop_v1_benchmark_"
PER_PAGE = 200
#: Droplets in the account that warms a side up: two pages, so that every road has been walked.
WARM = 400


class World:
    """What is served, and what was asked."""

    def __init__(self, url: str, accounts: list[int], latency_s: float) -> None:
        self.latency_s = latency_s
        self.pages = {count: droplet_pages(count, url) for count in {*accounts, WARM}}
        self.actions: list[dict[str, Any]] = []
        self.asked: Counter[str] = Counter()
        self.connections: set[int] = set()

    def answer(self, path: str, query: dict[str, str], account: str) -> bytes:
        """Return the gzipped answer to one request of the API."""
        if path == "/v2/droplets" and query.get("type") != "gpus":
            return self.pages[int(account)][int(query.get("page", 1)) - 1]
        if path == "/v2/droplets":
            return packed({"droplets": [], "links": {}, "meta": {"total": 0}})
        if path == "/v2/actions":
            return self._actions_page(int(query.get("page", 1)), int(query.get("per_page", 20)))
        if path.startswith("/v2/actions/"):
            number = int(path.rsplit("/", 1)[1])
            return packed({"action": self._shown(next(one for one in self.actions if one["id"] == number))})
        raise LookupError(path)

    def control(self, path: str, query: dict[str, str]) -> bytes:
        """Return the gzipped answer to one of the benchmark's own questions."""
        if path == "/_bench/clear":
            self.asked.clear()
            self.connections.clear()
        if path == "/_bench/actions":
            self._start_actions(int(query["count"]), float(query["first_s"]), float(query["last_s"]))
        ends = {action["id"]: action["ends"] for action in self.actions if action["running"]}
        return packed({"asked": self.asked, "connections": len(self.connections), "ends": ends})

    def _start_actions(self, count: int, first_s: float, last_s: float) -> None:
        now, chance = time.time(), random.Random(count)
        old = [{"id": 1000 + n, "ends": now - 86_000 + n, "started": now - 86_400 + n} for n in range(250)]
        new = [{"id": 2000 + n, "ends": now + chance.uniform(first_s, last_s), "started": now} for n in range(count)]
        self.actions = [action | {"running": action["ends"] > now} for action in reversed(old + new)]

    def _actions_page(self, page: int, per_page: int) -> bytes:
        rows = [self._shown(action) for action in self.actions[(page - 1) * per_page : page * per_page]]
        last = -(-len(self.actions) // per_page)
        there = {"next": page + 1, "last": last} if page < last else {}
        links = {
            name: f"http://127.0.0.1/v2/actions?page={number}&per_page={per_page}" for name, number in there.items()
        }
        return packed({"actions": rows, "links": {"pages": links}, "meta": {"total": len(self.actions)}})

    def _shown(self, action: dict[str, Any]) -> dict[str, Any]:
        ended = time.time() >= action["ends"]
        return {
            "id": action["id"],
            "status": "completed" if ended else "in-progress",
            "type": "reboot",
            "started_at": moment(action["started"]),
            "completed_at": moment(action["ends"]) if ended else None,
            "resource_id": action["id"] + 400_000_000,
            "resource_type": "droplet",
            "region": {"name": "New York 3", "slug": "nyc3", "features": [], "available": True, "sizes": []},
            "region_slug": "nyc3",
        }


class Connection(asyncio.Protocol):
    """One client's connection, kept alive."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.received = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        while b"\r\n\r\n" in self.received:
            head, _, self.received = self.received.partition(b"\r\n\r\n")
            self.handle(head.decode("latin-1"))

    def handle(self, head: str) -> None:
        line, *headers = head.split("\r\n")
        target = urlsplit(line.split()[1])
        query = {name: values[-1] for name, values in parse_qs(target.query).items()}
        if target.path.startswith("/_bench/"):
            self.send(200, self.world.control(target.path, query), plain=True)
            return
        token = next((header for header in headers if header.lower().startswith("authorization:")), "")
        plain = not any("gzip" in header for header in headers if header.lower().startswith("accept-encoding:"))
        self.world.asked["gpus" if query.get("type") == "gpus" else target.path.split("/")[2]] += 1
        self.world.connections.add(id(self))
        asyncio.get_running_loop().call_later(
            self.world.latency_s, self.answer, target.path.rstrip("/"), query, token.rsplit("_", 1)[-1], plain
        )

    def answer(self, path: str, query: dict[str, str], account: str, plain: bool) -> None:  # noqa: FBT001  # call_later gives places
        try:
            self.send(200, self.world.answer(path, query, account), plain=plain)
        except (LookupError, ValueError, StopIteration):
            self.send(404, packed({"id": "not_found", "message": "The resource could not be found."}), plain=plain)

    def send(self, status: int, body: bytes, *, plain: bool) -> None:
        body = gzip.decompress(body) if plain else body
        coding = "" if plain else "Content-Encoding: gzip\r\n"
        # A counter that stands still: no client is to slow down because a benchmark asks a lot.
        limits = "ratelimit-limit: 5000\r\nratelimit-remaining: 4999\r\nratelimit-reset: 1\r\n"
        self.transport.write(
            f"HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\n{coding}{limits}"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )


def packed(answer: object) -> bytes:
    return gzip.compress(json.dumps(answer).encode(), 1)


def moment(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z")


def ask(url: str, question: str) -> dict[str, Any]:
    """Ask the server one of the benchmark's own questions."""
    with urlopen(f"{url}/_bench/{question}") as answer:
        return json.load(answer)


@contextmanager
def running(accounts: list[int], latency_s: float = 0.06) -> Iterator[str]:
    """Run the server in a process of its own; gives its address."""
    command = [sys.executable, __file__, "--latency", str(latency_s), *map(str, accounts)]
    assert Path(__file__).is_file()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


async def serve(accounts: list[int], latency_s: float) -> None:
    worlds: list[World] = []
    server = await asyncio.get_running_loop().create_server(lambda: Connection(worlds[0]), "127.0.0.1", 0, backlog=128)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    worlds.append(World(url, accounts, latency_s))
    print(url, flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("accounts", type=int, nargs="*")
    parser.add_argument("--latency", type=float, default=0.06)
    given = parser.parse_args()
    asyncio.run(serve(given.accounts, given.latency))
