"""What is killed, and what takes it up again: a process that does one job on an account, or resumes what another has begun.

``kill_child.py JOB URL TOKEN BEGAN ARGUMENTS`` prints ``READY``, reads a line, does the job and prints a line of JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

import poseidon_nb as po
from tests.faults.account import ScaledClock
from tests.faults.commands import command_line_at

if TYPE_CHECKING:
    from collections.abc import Callable

#: What the jobs ask for.
SIZE = "s-2vcpu-2gb"
SNAPSHOT = "kept"
IMAGE, REGION, FIRST_SIZE = "debian-12-x64", "nyc3", "s-1vcpu-1gb"
TAG = "fleet"


def job(name: str, client: Any, do: Callable[[str], Any], arguments: dict[str, Any]) -> Any:  # noqa: PLR0911  # one each
    """Do a job; returns what is to be told of it."""
    if name == "resize":
        return client.droplets.get(arguments["ids"][0]).resize(SIZE, restart=True).id
    if name == "resize many":
        return _rows(do(f"droplets resize --tag {TAG} --size {SIZE} --restart --yes"))
    if name == "snapshot many":
        return _rows(do(f"droplets take_snapshot --tag {TAG} --name {SNAPSHOT} --restart --yes"))
    if name == "line":
        return _rows(do(arguments["line"]))
    if name == "create":
        made = client.droplets.create(names=arguments["names"], size=FIRST_SIZE, image=IMAGE, region=REGION)
        return [one.id for one in made]
    if name == "create many":
        names = " ".join(arguments["names"])
        return _rows(do(f"droplets create {names} --size {FIRST_SIZE} --image {IMAGE} --region {REGION} --yes"))
    if name == "temporary":
        return _use_temporary(client, arguments["names"])
    return _resumed(do)


def _use_temporary(client: Any, names: list[str]) -> int:
    with po.temporary(client=client, names=names, ttl="1h", size=FIRST_SIZE, image=IMAGE, region=REGION) as droplets:
        client.clock.sleep(1)
        return len(droplets)


def _resumed(do: Callable[[str], Any]) -> dict[str, Any]:
    """Resume all; returns what was listed before and after, and how it went."""
    told: dict[str, Any] = {"before": _text(do("plans list")), "error": "", "raw": False}
    try:
        told["resumed"] = _text(do("plans resume --yes"))
    except po.PoseidonError as error:
        frame = getattr(error, "frame", None)
        told["error"] = f"{type(error).__name__}: {error} {_text(frame)}"
    told["after"] = _text(do("plans list"))
    return told


def _text(frame: Any) -> str:
    return "" if frame is None else frame.to_string(max_colwidth=None) if hasattr(frame, "to_string") else str(frame)


def _rows(frame: Any) -> int:
    return 0 if frame is None else len(frame)


def main() -> None:
    """Do what the arguments say."""
    name, url, token, began, arguments = sys.argv[1:6]
    clock = ScaledClock(float(began))
    client = po.connect(base_url=url, token=token, clock=clock)
    do = command_line_at(url, token, clock)
    # Everything is loaded before the clock of the kill starts.
    client.account()
    print("READY", flush=True)
    sys.stdin.readline()
    try:
        told = {"told": job(name, client, do, json.loads(arguments)), "error": "", "raw": False}
    except Exception as error:  # noqa: BLE001  # whatever comes is what the judge is told
        told = {
            "told": None,
            "error": f"{type(error).__name__}: {error}",
            "raw": not isinstance(error, po.PoseidonError),
        }
    print(json.dumps(told, default=str), flush=True)


if __name__ == "__main__":
    main()
