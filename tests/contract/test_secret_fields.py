"""Which fields of the specification's responses are masked, as a list to be read by a person."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation_ids
from poseidon_nb.masking import mask, masked_fields
from tests.contract.samples import Samples

if TYPE_CHECKING:
    from collections.abc import Iterator

STORED = Path(__file__).with_name("secret_fields.txt")


def _responses() -> Iterator[tuple[str, Any]]:
    samples = Samples()
    for operation_id in operation_ids():
        for response in (samples.response(operation_id), *samples.response_examples(operation_id)):
            yield operation_id, response


def test_the_masked_fields_are_the_stored_ones():
    """Run with POSEIDON_UPDATE=1 to store them anew, and read the difference."""
    # The last two names say what a field is; agents, for example, are in the responses of 40 operations.
    found = {
        ".".join(path[-2:] if len(path) > 1 else (operation_id, *path))
        for operation_id, response in _responses()
        for path in masked_fields(mask(response))
    }
    text = "\n".join(sorted(found)) + "\n"
    if os.environ.get("POSEIDON_UPDATE"):
        STORED.write_text(text, encoding="utf-8")
    assert text == STORED.read_text(encoding="utf-8")
