"""What this machine knows about frozen droplets beside the account: how they were created, and what no tag can hold.

It only helps: thawing needs nothing but the account. User data is in no file; see `unstored`.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from poseidon_nb.plans.journal_entry import parse_entry
from poseidon_nb.plans.journal_files import PlanFiles
from poseidon_nb.plans.private_files import replace_private
from poseidon_nb.plans.user_state import make_private_dir, read_file, state_dir

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from poseidon_nb.plans.frozen import FrozenDroplet
    from poseidon_nb.plans.journal_entry import JournalEntry

    Row = Mapping[str, Any]


def created_with(droplet_ids: Collection[int]) -> dict[int, Row]:
    """Return the body of the request that created each droplet, as far as the journal of this machine has it."""
    found: dict[int, Row] = {}
    for entry in _entries({str(one) for one in droplet_ids}):
        for place, accepted in entry.accepted.items():
            step = entry.step_at(place)
            if step.awaits == "droplets" and isinstance(step.request.body, dict):
                ids = [one for one in accepted.target_ids if isinstance(one, int) and one in droplet_ids]
                found |= dict.fromkeys(ids, step.request.body)
    return found


def _entries(texts: Collection[str]) -> Iterator[JournalEntry]:
    """Yield the plans of the journal, ended or not, whose file contains one of some texts."""
    files = PlanFiles()
    for directory in (files.directory, files.ended_directory):
        try:
            paths = [path for path in directory.iterdir() if path.suffix == ".jsonl"]
        except OSError:
            continue
        for path in paths:
            try:
                text = read_file(path).decode()
                if any(one in text for one in texts):
                    yield parse_entry(text)
            except (OSError, ValueError):
                continue


def save_rest(snapshot: str, droplet: FrozenDroplet, lost: Sequence[str]) -> Path:
    """Write what no tag of a frozen snapshot can hold to a file that only the user can read.

    Raises
    ------
    OSError
        The state directory cannot be written.
    """
    directory = state_dir() / "frozen"
    make_private_dir(directory)
    # The name of a droplet is a host name, but the server may send any text.
    name = "".join(one if one.isalnum() or one in "-_." else "_" for one in snapshot).lstrip(".")
    path = directory / f"{name}.json"
    data = {"snapshot": snapshot, "droplet": asdict(droplet), "not_in_tags": [*lost]}
    replace_private(path, json.dumps(data, indent=1).encode())
    return path
