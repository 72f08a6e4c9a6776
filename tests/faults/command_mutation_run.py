"""Run commands in an account whose responses are changed at random, and look for errors that are not one line.

::

    python tests/faults/command_mutation_run.py --commands 5000 --seed 1       # by hand, some minutes
    python tests/faults/command_mutation_run.py --commands 1 --first 17 --seed 1

Each command gets an account of its own. Most of its responses have one change, after the API has done what was asked. What
must not be:

- ``raw``: an exception that is no one-line `PoseidonError`.
- ``shown``: a planted secret in what a command returns, prints or raises.
"""

from __future__ import annotations

import json
import random
import re
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from poseidon_nb.commands.do_session import DoSession
from poseidon_nb.errors import PoseidonError, ResponseWarning
from poseidon_nb.magics.do import run_line
from poseidon_nb.masking import is_public_name
from poseidon_nb.sandbox import Sandbox
from poseidon_nb.transport.responses import Body, Response
from tests.commands.conftest import FakeUI
from tests.conftest import FakeClock
from tests.faults.mutation_run import run_from_command_line
from tests.faults.mutations import OTHERS, mutated

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("raw", "shown")
SECRET = "PLANTED9f8e7d"
#: What a field may hold in place of its value, besides what `mutation_run` has.
SECRETS: tuple[Any, ...] = ({"password": SECRET}, f"postgres://u:{SECRET}@h/db", [{"token": SECRET}], "\ud800")
CREATE = "droplets create demo --region nyc3 --size s-1vcpu-1gb --image ubuntu-24-04-x64"
COMMANDS = (
    *("droplets list", "droplets list --raw", "droplets list --tag web", "droplets list -o json", "droplets get web-1"),
    *("droplets snapshots web-1", "droplets neighbors web-1", "droplets ssh-config", "actions list", "images list"),
    *(
        "snapshots list",
        "keys list",
        "domains list",
        "records list tidepool-maps.example",
        "regions list",
        "sizes list",
    ),
    *(
        "tags list",
        "account",
        "volumes list",
        "firewalls list --raw",
        "load-balancers list",
        "vpcs list",
        "projects list",
    ),
    *("reserved-ips list", "balance", "invoices list", "sizes cheapest --memory 4GiB", "sizes frontier --plot"),
    *("regions matrix", "regions with backups", "cost --by tag", "cost --by droplet", "cost lines", "cost reconcile"),
    *("cost history", "metrics cpu --tag web --last 2h", "metrics use --tag web", "rightsize --last 2d"),
    *("actions timeline --last 7d", "actions durations", "panel web-1", "panel", "panel actions", "explore sizes"),
    *("droplets resize web-1 --size s-4vcpu-8gb --plan", f"{CREATE} --dry-run", "api GET /v2/droplets", "log", "plans"),
    *(f"{CREATE} --yes", "droplets reboot web-1 --yes", "droplets take_snapshot web-1 x --restart --yes"),
    *("droplets resize web-1 --size s-4vcpu-8gb --restart --yes", "droplets power_off --tag web --yes"),
    *("droplets delete web-1 --yes", "tags create x", "keys create x --public-key 'ssh-ed25519 AAAA x'"),
    *("volumes create v1 --region nyc3 --size-gigabytes 10 --yes", "droplets enable-backups web-3 --yes"),
)


class OddAnswers:
    """Stands between a client and the API, and changes its responses.

    Parameters
    ----------
    http : HTTPTransport
    seed : str
    """

    def __init__(self, http: Any, seed: str) -> None:
        self._http = http
        self._seed = seed
        # Requests are sent from several threads, so each has a generator of its own.
        self._sent: Counter[str] = Counter()
        self.loopback = http.loopback
        self.changes: list[str] = []

    def close(self) -> None:
        self._http.close()

    def send(self, request: Any, **options: Any) -> Response:
        response: Response = self._http.send(request, **options)
        what = f"{request.method} {request.target}"
        self._sent[what] += 1
        rng = random.Random(f"{self._seed} {what} {self._sent[what]}")
        if response.status >= 300 or not response.body.startswith((b"{", b"[")) or rng.random() < 0.3:
            return response
        what, body, _ = mutated(json.loads(response.body), rng, (*OTHERS, *SECRETS))
        place = re.search(r"'(\w+)'(?:, \d+)*\)$", what)
        if SECRET.encode() in body and place and is_public_name(place[1]):
            # In ids, addresses and public keys nobody looks for secrets.
            return response
        self.changes.append(f"{request.method} {request.path}: {what}")
        return Response(response.status, response.headers, Body(body))


def shown_by(value: Any) -> str:
    """Return what a result shows."""
    frame: pd.DataFrame = value
    return frame.to_html() if hasattr(value, "to_html") and hasattr(value, "columns") else repr(value)


def judge(command: str, seed: str) -> tuple[dict[str, str], list[str]]:
    """Return what is wrong with a command in an odd account, and how the account was odd."""
    clock, ui = FakeClock(), FakeUI()
    with Sandbox(seed=7, clock=clock) as sandbox, warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ResponseWarning)
        session = DoSession(clock)
        session.use_sandbox(sandbox)
        inner = session.client()._connection.session
        odd = inner._http = OddAnswers(inner._http, seed)
        try:
            shown = shown_by(run_line(command, session=session, ui=ui))
        except PoseidonError as error:
            shown = f"{error} {error!r} {vars(error)}"
            if "\n" in str(error):
                return {"raw": f"more than one line: {str(error)!r}"}, odd.changes
        except Exception as error:  # noqa: BLE001  # that is what is looked for
            return {"raw": f"{type(error).__name__}: {error}"}, odd.changes
        finally:
            session._forget()
        shown += " ".join([*ui.said, *(str(one.message) for one in told)])
    return ({"shown": shown[max(0, shown.index(SECRET) - 90) :][:120]} if SECRET in shown else {}), odd.changes


def run(commands: int, seed: int, first: int = 0) -> tuple[Counter[str], list[str]]:
    """Return how many findings of each kind there are, and a line for each of the first ones."""
    counts: Counter[str] = Counter(dict.fromkeys(KINDS, 0))
    lines: list[str] = []
    for number in range(first, first + commands):
        command = random.Random(f"{seed}.{number}").choice(COMMANDS)
        found, changes = judge(command, f"{seed}.{number}")
        counts["changed responses"] += len(changes)
        for kind, why in found.items():
            counts[kind] += 1
            lines.append(f"{number}: {kind}: {command}: {why} | {changes[-2:]}")
    return counts, lines


if __name__ == "__main__":
    raise SystemExit(run_from_command_line("commands", __doc__, run, KINDS))
