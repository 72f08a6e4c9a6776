"""The requests that a dry run shows."""

from __future__ import annotations

import json

# A `get` by name is answered from the list that finds it, and the plan shows the request that it stands for.


def requests_in(text: str) -> list[tuple[str, object]]:
    """Return the requests that a plan shows, with their bodies."""
    found = []
    for part in text.split("\n\n"):
        first, _, body = part.partition("\n")
        found.append((first, json.loads(body) if body else None))
    return found
