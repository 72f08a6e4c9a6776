"""What this machine knows about frozen droplets beside the account: how they were created, and what no tag can hold.

It only helps: thawing needs nothing but the account. User data is in no file; see `unstored`.
"""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from poseidon_nb.plans.journal_entry import parse_entry
from poseidon_nb.plans.journal_files import PlanFiles
from poseidon_nb.plans.private_files import replace_private
from poseidon_nb.plans.user_state import make_private_dir, read_file, state_dir

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from poseidon_nb.plans.frozen import FrozenDroplet
    from poseidon_nb.plans.journal_entry import JournalEntry

    Row = Mapping[str, Any]

_log = logging.getLogger("poseidon_nb")


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


@dataclass(frozen=True, slots=True)
class RestFile:
    """What no tag of a frozen snapshot can hold. A plan writes it right before its first request.

    Parameters
    ----------
    snapshot : str
        The name of the snapshot.
    droplet : FrozenDroplet
    lost : tuple of str
        The settings that do not fit into tags.
    """

    snapshot: str
    droplet: FrozenDroplet
    lost: tuple[str, ...]

    @property
    def path(self) -> Path:
        """Where it is written."""
        # The name of a droplet is a host name, but the server may send any text.
        name = "".join(one if one.isalnum() or one in "-_." else "_" for one in self.snapshot).lstrip(".")
        return state_dir() / "frozen" / f"{name}.json"

    def write(self) -> None:
        """Write the file, which only the user can read. It only helps, so a failure is logged and not raised."""
        data = {"snapshot": self.snapshot, "droplet": asdict(self.droplet), "not_in_tags": [*self.lost]}
        try:
            make_private_dir(self.path.parent)
            replace_private(self.path, json.dumps(data, indent=1).encode())
        except OSError as error:
            _log.warning("Settings of a frozen droplet cannot be written to %s: %s", self.path, error.strerror or error)
