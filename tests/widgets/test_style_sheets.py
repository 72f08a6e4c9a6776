"""The style sheets of panels: each panel loads its own copies, so that a copy of another panel may come after them."""

from __future__ import annotations

import re
from pathlib import Path

import poseidon_nb.widgets

_SHEETS = Path(poseidon_nb.widgets.__file__).parent
#: The rule of panel.css that sets the margins of all widgets to 0.
_RESET = ".pnb-panel .jupyter-widgets"


def rules(sheet: Path) -> list[tuple[str, str]]:
    """Get the selectors of a style sheet, each with its declarations."""
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)
    found = re.findall(r"([^{}]+)\{([^{}]*)\}", text)
    return [(one.strip(), declarations) for selectors, declarations in found for one in selectors.split(",")]


def classes(selector: str) -> int:
    """Count the classes of a selector, which decide what outranks what."""
    return len(re.findall(r"\.[a-z]", selector))


def test_a_margin_below_zero_outranks_the_margins_that_a_later_panel_sets_to_zero():
    reset = dict(rules(_SHEETS / "panel.css"))[_RESET]
    assert "margin: 0" in reset
    others = [sheet for sheet in _SHEETS.rglob("*.css") if sheet.name != "panel.css"]
    negative = [
        selector
        for sheet in others
        for selector, declarations in rules(sheet)
        if re.search(r"margin[a-z-]*:[^;]* -\d", declarations)
    ]
    assert negative
    assert [selector for selector in negative if classes(selector) <= classes(_RESET)] == []
