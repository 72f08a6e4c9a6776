"""The sides of the race from an account to a DataFrame, each in a process of its own that waits to be told to run.

`python sides.py NAME URL` imports what the side needs, walks the road once on a small account, and says so. Then for
every line it reads, the number of droplets in an account, it runs once and prints the seconds and the rows.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from server import TOKEN, WARM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def ours(url: str, token: str) -> Callable[[], Any]:
    import poseidon_nb as po

    return po.connect(token=token, base_url=url).droplets.frame


def fastest(url: str, token: str) -> Callable[[], Any]:
    import yardstick

    return lambda: yardstick.frame(url, token)


def pydo(url: str, token: str) -> Callable[[], Any]:
    import pandas as pd
    import pydo

    client = pydo.Client(token=token, endpoint=url)

    def run() -> Any:
        rows, page = [], 1
        while True:
            answer = client.droplets.list(per_page=200, page=page, enforce_https=False)
            rows += answer["droplets"]
            if "next" not in answer["links"].get("pages", {}):
                return pd.json_normalize(rows)
            page += 1

    return run


def requests_loop(url: str, token: str) -> Callable[[], Any]:
    import pandas as pd
    import requests

    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token}"

    def run() -> Any:
        rows, following = [], f"{url}/v2/droplets?per_page=200"
        while following:
            answer = session.get(following, timeout=30).json()
            rows += answer["droplets"]
            following = answer["links"].get("pages", {}).get("next")
        return pd.json_normalize(rows)

    return run


def python_digitalocean(url: str, token: str) -> Callable[[], Any]:
    import digitalocean
    import pandas as pd

    manager = digitalocean.Manager(token=token, end_point=f"{url}/v2/")
    return lambda: pd.DataFrame([vars(droplet) for droplet in manager.get_all_droplets(params={"per_page": 200})])


SIDES: dict[str, Callable[[str, str], Callable[[], Any]]] = {
    "ours": ours,
    "fastest": fastest,
    "pydo": pydo,
    "requests loop": requests_loop,
    "python-digitalocean": python_digitalocean,
}


class Side:
    """One side's process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, droplets: int) -> float:
        """Run once; gives the seconds."""
        self._process.stdin.write(f"{droplets}\n")
        self._process.stdin.flush()
        told = json.loads(self._process.stdout.readline())
        assert told["rows"] == droplets, told
        return told["seconds"]


@contextmanager
def started(name: str, url: str) -> Iterator[Side]:
    """Start a side and wait until it is warm."""
    command = [sys.executable, __file__, name, url]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout.readline() != "warm\n":
            raise RuntimeError(f"{name} did not start")
        yield Side(process)
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


def main(name: str, url: str) -> None:
    make = SIDES[name]
    assert len(make(url, f"{TOKEN}{WARM}")()) == WARM
    print("warm", flush=True)
    for line in sys.stdin:
        run = make(url, f"{TOKEN}{int(line)}")
        began = time.perf_counter()
        frame = run()
        seconds = time.perf_counter() - began
        print(json.dumps({"seconds": seconds, "rows": len(frame)}), flush=True)
        del frame


if __name__ == "__main__":
    main(*sys.argv[1:])
