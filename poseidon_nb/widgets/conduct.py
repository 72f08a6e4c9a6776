"""How a panel behaves towards the keyboard and a screen reader, where ipywidgets has nothing for it.

ipywidgets knows no keys, and puts a new element in the place of the old one where an ``aria-live`` region must stay. So
each panel holds a small companion in the page: Escape takes a question back, the focus is never lost, JupyterLab's
shortcuts do not act while a panel has the focus, and what changes is announced.
"""

from __future__ import annotations

import pathlib
from typing import TYPE_CHECKING

import anywidget
import traitlets

if TYPE_CHECKING:
    from collections.abc import Iterable


class Conduct(anywidget.AnyWidget):
    """The companion of one panel, to be put somewhere inside it; nobody sees it.

    Parameters
    ----------
    label : str
        What the panel is called where it cannot be seen.
    """

    _esm = pathlib.Path(__file__).with_name("conduct.js")
    label = traitlets.Unicode().tag(sync=True)
    said = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def say(self, sentences: Iterable[str]) -> None:
        """Have these announced; what stood there before is not said again, and nothing of it is shown."""
        self.said = [*dict.fromkeys(filter(None, sentences))]
