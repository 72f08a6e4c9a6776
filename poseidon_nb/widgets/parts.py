"""The pieces that every panel's skin is made of: widgets that show what a model says, and decide nothing.

Values may be set from any thread. A value that is set again to what it was is not sent.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets

from poseidon_nb.text import escape_unprintable
from poseidon_nb.widgets.style import STYLE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Clicked = Callable[[Callable[[], None]], Callable[[], None]]


def classed(widget: Any, *names: str) -> Any:
    """Return a widget with these classes, for the style sheet and for tests: ``pnb-...``."""
    for name in names:
        widget.add_class(f"pnb-{name}")
    return widget


def marked(widget: Any, name: str, *, on: bool) -> None:
    """Put a class on a widget, or take it off."""
    if on:
        widget.add_class(f"pnb-{name}")
    else:
        widget.remove_class(f"pnb-{name}")


def html(*names: str, value: str = "") -> Any:
    """Return a place for HTML, which whoever fills it has escaped."""
    return classed(ipywidgets.HTML(value), *names)


def shown(widget: Any, value: str) -> None:
    """Fill a place for HTML; an empty one takes no room."""
    if widget.value != value:
        widget.value = value
    marked(widget, "empty", on=not value)


def head_html(title: str, account: str, below: str) -> str:
    """Return what stands at the top of a panel, of words that nobody has escaped."""
    return (
        f"<div class='pnb-title'><span class='pnb-name' role='heading' aria-level='3'>{escape(title)}</span>"
        f"<span class='pnb-account' title='Account'>{escape(escape_unprintable(account))}</span></div>"
        f"<div class='pnb-sub'>{escape(below)}</div>"
    )


def box(*children: Any, names: Sequence[str] = ()) -> Any:
    """Return a box of widgets; the style sheet lays it out."""
    return classed(ipywidgets.Box(children), *names)


def style_sheet() -> Any:
    """Return the widget that holds the style sheet; every panel begins with one."""
    return html("hidden", value=STYLE)


def close_all(widget: Any) -> None:
    """Take a widget and all in it away, in the kernel and in the page."""
    for child in getattr(widget, "children", ()):
        close_all(child)
    # ipywidgets leaves what a widget owns behind when it closes.
    for owned in (widget.layout, getattr(widget, "style", None)):
        # Not everybody's `style` is a widget.
        if isinstance(owned, ipywidgets.Widget):
            owned.close()
    widget.close()


class Button:
    """A button that may turn into its own question, with a way out beside it.

    Parameters
    ----------
    names : sequence of str
        Classes, without ``pnb-``.
    press, cancel : callable
        What to do at a click; with no arguments.
    """

    def __init__(
        self, press: Callable[[], None], cancel: Callable[[], None] | None = None, names: Sequence[str] = ()
    ) -> None:
        self._button = classed(ipywidgets.Button(), *names)
        self._button.on_click(lambda _: press())
        self._cancel: Any = None
        if cancel is not None:
            self._cancel = classed(ipywidgets.Button(description="Cancel"), "cancel", "quiet", "hidden")
            self._cancel.on_click(lambda _: cancel())
        self.widget = box(self._button, *([self._cancel] if cancel is not None else []), names=("asker",))

    def show(
        self, label: str, *, enabled: bool = True, why: str = "", asking: bool = False, visible: bool = True
    ) -> None:
        """Show a state; ``why`` is told when the mouse rests on it."""
        if self._cancel is not None:
            # First, for each value is a message of its own: whoever can read the question can already take it back.
            marked(self._cancel, "hidden", on=not asking)
        self._button.disabled = not enabled
        self._button.description = label
        self._button.tooltip = why or label
        marked(self._button, "asking", on=asking)
        marked(self.widget, "hidden", on=not visible)

    def mark(self, name: str, *, on: bool) -> None:
        """Put a class on it, or take it off."""
        marked(self._button, name, on=on)


class Notices:
    """What somebody should know who looks at a panel, and a button for when it is paused.

    Parameters
    ----------
    resume : callable
        What the button does.
    what : str
        What the panel follows: ``the droplet``.
    """

    def __init__(self, resume: Callable[[], None], what: str) -> None:
        self._what = what
        self._words = html("notice-text")
        self._resume = Button(resume, names=("resume", "primary"))
        self.widget = box(self._words, self._resume.widget, names=("notice",))

    def show(self, notices: Sequence[str], *, paused: bool) -> None:
        """Show them; nothing takes no room."""
        shown(self._words, "".join(f"<div class='pnb-strong'>{escape(notice)}</div>" for notice in notices))
        self._resume.show("Resume", why=f"Follow {self._what} again", visible=paused)
        marked(self.widget, "hidden", on=not notices)
