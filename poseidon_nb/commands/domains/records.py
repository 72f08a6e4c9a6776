"""Write the body of a DNS record as the API accepts it, so that a record that was read can be written again."""

from __future__ import annotations

from typing import Any

from poseidon_nb.client.domains import api_data, relative_name

RECORD_OPERATIONS = frozenset({"domains_create_record", "domains_patch_record", "domains_update_record"})


def normalize_record(body: dict[str, Any], domain: str) -> None:
    """Change the type, data and name of a record's body to the form that the API accepts."""
    kind, data, name = body.get("type"), body.get("data"), body.get("name")
    if isinstance(kind, str):
        body["type"] = kind.upper()
        if isinstance(data, str):
            body["data"] = api_data(body["type"], data, tag=body.get("tag"))
    if isinstance(name, str):
        body["name"] = relative_name(name, domain)
