"""Which fields of the specification's responses are masked, as a list to be read by a person."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation_ids
from poseidon_nb.masking import MASK, mask, masked_fields
from tests.contract.samples import Samples

if TYPE_CHECKING:
    from collections.abc import Iterator

STORED = Path(__file__).with_name("secret_fields.txt")
#: Fields that sound secret, and were judged not to be: hashes, names and ids of keys, numbers of tokens.
OTHERS = Path(__file__).with_name("not_secret_fields.txt")
SUSPICIOUS = re.compile(
    r"pass|secret|token|key|cred|auth|ur[il]$|sso|code|user_data|cert|private|signature", re.IGNORECASE
)


def _responses() -> Iterator[tuple[str, Any]]:
    samples = Samples()
    for operation_id in operation_ids():
        for response in (samples.response(operation_id), *samples.response_examples(operation_id)):
            yield operation_id, response


def test_the_masked_fields_are_the_stored_ones():
    """Run with POSEIDON_UPDATE=1 to store them anew, and read the difference."""
    secret: set[str] = set()
    others: set[str] = set()
    for operation_id, response in _responses():
        masked = mask(response)
        secret |= {_short(operation_id, path) for path in masked_fields(masked)}
        others |= {_short(operation_id, path) for path in _texts(masked, ()) if SUSPICIOUS.search(path[-1])}
    _compare(secret, STORED)
    # A field that is masked in one response may have no secret in the example of another.
    _compare(others - secret, OTHERS)


def _compare(found: set[str], stored: Path) -> None:
    text = "\n".join(sorted(found)) + "\n"
    if os.environ.get("POSEIDON_UPDATE"):
        stored.write_text(text, encoding="utf-8")
    assert text == stored.read_text(encoding="utf-8")


def _short(operation_id: str, path: tuple[str, ...]) -> str:
    # The last two names say what a field is; agents, for example, are in the responses of 40 operations.
    return ".".join(path[-2:] if len(path) > 1 else (operation_id, *path))


def _texts(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the paths of all fields with text that is not masked."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(item, (*path, name))
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, path)
    elif isinstance(value, str) and path and MASK not in value:
        yield path
