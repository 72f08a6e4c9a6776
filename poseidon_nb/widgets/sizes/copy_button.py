"""A button that puts a text into the clipboard, in the look of all buttons."""

from __future__ import annotations

import pathlib

import anywidget
import traitlets


class CopyButton(anywidget.AnyWidget):
    """A button to copy a text; there is none where the text is empty.

    Parameters
    ----------
    text : str
        What is copied.
    what : str
        What that is, for whoever does not see the text beside it.
    """

    _esm = pathlib.Path(__file__).with_name("copy_button.js")
    text = traitlets.Unicode().tag(sync=True)
    what = traitlets.Unicode("Copy").tag(sync=True)
