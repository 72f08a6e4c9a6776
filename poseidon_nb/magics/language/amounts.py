"""Amounts as people write them: ``16GiB``, ``512MiB``, ``500GB``, or a bare number in the unit that is meant. Pure."""

from __future__ import annotations

import re
from typing import Literal

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.text import suggestion

Unit = Literal["GiB", "GB", "TB"]

_AMOUNT = re.compile(r"(?P<number>[0-9]{1,9}(\.[0-9]{0,6})?|\.[0-9]{1,6})\s?(?P<letter>[kmgt]?)i?b?", re.IGNORECASE)
#: How many of each letter make one of the unit. Memory is sold in powers of 1024, disk and traffic in those of 1000,
#: whichever way the letters are written: the plan that is sold with 16 GB has 16 GiB.
_PARTS: dict[Unit, dict[str, float]] = {
    "GiB": {"k": 1024**2, "m": 1024, "g": 1, "t": 1 / 1024},
    "GB": {"k": 1000**2, "m": 1000, "g": 1, "t": 1 / 1000},
    "TB": {"k": 1000**3, "m": 1000**2, "g": 1000, "t": 1},
}
#: An amount with a comma, a minus sign, or letters that are no unit.
_MEANT = re.compile(r"-?(?P<number>[0-9]{1,9}([.,][0-9]{1,6})?)\s*(?P<letter>[kmgt]?)[a-z]*", re.IGNORECASE)
_EXAMPLES: dict[Unit, str] = {"GiB": "16GiB or 512MiB", "GB": "100GB or 1.2TB", "TB": "2TB or 500GB"}


def amount(text: str, unit: Unit, label: str) -> float:
    """Give an amount in a unit.

    Parameters
    ----------
    text : str
        What was typed; without letters it is in `unit`.
    unit : str
        ``"GiB"``, ``"GB"`` or ``"TB"``.
    label : str
        How an error names it: ``--memory``.

    Raises
    ------
    InvalidArgument
        It is no amount.
    """
    read = _AMOUNT.fullmatch(text.strip())
    letter = read["letter"].casefold() if read is not None else ""
    if read is None or not (letter or read[0].strip() == read["number"]):
        raise InvalidArgument(
            f"{label} takes {unit}, or an amount such as {_EXAMPLES[unit]}, not {text!r}{_near(text, unit)}"
        )
    return float(read["number"]) / (_PARTS[unit][letter] if letter else 1)


def _near(text: str, unit: Unit) -> str:
    """Give what was probably meant, to be put behind a message; nothing where no number is in it."""
    meant = _MEANT.fullmatch(text.strip())
    if meant is None:
        return ""
    letter = meant["letter"].upper() or unit[0]
    return suggestion([f"{meant['number'].replace(',', '.')}{letter}{unit[1:]}"])
