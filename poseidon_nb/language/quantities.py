"""Parse quantities with a unit: ``16GiB``, ``512MiB``, ``500GB``, or a number in a default unit."""

from __future__ import annotations

import re
from typing import Literal

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.text import suggestion

Unit = Literal["GiB", "GB", "TB"]

_QUANTITY = re.compile(r"(?P<number>[0-9]{1,9}(\.[0-9]{0,6})?|\.[0-9]{1,6})\s?(?P<letter>[kmgt]?)i?b?", re.IGNORECASE)
#: The number of each prefix in one unit. Memory is sold in powers of 1024, and disk and transfer in powers of 1000,
#: however the unit is written: the plan that is sold with 16 GB has 16 GiB.
_PER_UNIT: dict[Unit, dict[str, float]] = {
    "GiB": {"k": 1024**2, "m": 1024, "g": 1, "t": 1 / 1024},
    "GB": {"k": 1000**2, "m": 1000, "g": 1, "t": 1 / 1000},
    "TB": {"k": 1000**3, "m": 1000**2, "g": 1000, "t": 1},
}
#: A quantity with a comma, a minus sign, or an unknown unit.
_NEARLY = re.compile(r"-?(?P<number>[0-9]{1,9}([.,][0-9]{1,6})?)\s*(?P<letter>[kmgt]?)[a-z]*", re.IGNORECASE)
_EXAMPLES: dict[Unit, str] = {"GiB": "16GiB or 512MiB", "GB": "100GB or 1.2TB", "TB": "2TB or 500GB"}


def parse_quantity(text: str, unit: Unit, label: str) -> float:
    """Parse a quantity, and return it in a unit.

    Parameters
    ----------
    text : str
        What was typed. A number without a unit is in `unit`.
    unit : str
        ``"GiB"``, ``"GB"`` or ``"TB"``.
    label : str
        How an error names it: ``--memory``.

    Raises
    ------
    InvalidArgument
        It is not a quantity.
    """
    match = _QUANTITY.fullmatch(text.strip())
    letter = match["letter"].casefold() if match is not None else ""
    if match is None or not (letter or match[0].strip() == match["number"]):
        raise InvalidArgument(
            f"{label} must be in {unit}, for example {_EXAMPLES[unit]}, not {text!r}{_likely(text, unit) or '.'}"
        )
    return float(match["number"]) / (_PER_UNIT[unit][letter] if letter else 1)


def _likely(text: str, unit: Unit) -> str:
    """Return the end of an error with what was probably meant; empty if there is no number."""
    found = _NEARLY.fullmatch(text.strip())
    if found is None:
        return ""
    letter = found["letter"].upper() or unit[0]
    return suggestion([f"{found['number'].replace(',', '.')}{letter}{unit[1:]}"])
