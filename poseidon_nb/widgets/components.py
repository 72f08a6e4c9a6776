"""Widgets that all panels are built from. They show what a model says and decide nothing.

Values may be set from any thread. Setting a value to what it already is sends nothing.
"""

from __future__ import annotations

import pathlib
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets
import traitlets

from poseidon_nb.text import escape_unprintable
from poseidon_nb.widgets.page_widget import PageWidget, page_script

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from poseidon_nb.widgets.click_confirmation import ButtonState

    #: Wraps a function as the handler of a click.
    ClickHandler = Callable[[Callable[[], None]], Callable[[], None]]

_FOLDER = pathlib.Path(__file__).parent


def add_classes(widget: Any, *names: str) -> Any:
    """Add CSS classes to a widget, each with the prefix ``pnb-``, and return the widget."""
    for name in names:
        widget.add_class(f"pnb-{name}")
    return widget


def toggle_class(widget: Any, name: str, *, on: bool) -> None:
    """Add or remove a CSS class."""
    if on:
        widget.add_class(f"pnb-{name}")
    else:
        widget.remove_class(f"pnb-{name}")


def html(*names: str, value: str = "") -> Any:
    """Create a widget for HTML. Callers escape the value."""
    return add_classes(ipywidgets.HTML(value), *names)


def set_html(widget: Any, value: str) -> None:
    """Set the value of an HTML widget; an empty one takes no room."""
    if widget.value != value:
        widget.value = value
    toggle_class(widget, "empty", on=not value)


def header_html(title: str, account: str, subtitle: str, *, status: str = "") -> str:
    """Return the HTML at the top of a panel. All text is escaped here; `status` is HTML."""
    return (
        f"<div class='pnb-title'><span class='pnb-name' role='heading' aria-level='3'>{escape(title)}</span>{status}"
        f"<span class='pnb-account' title='Account'>{escape(escape_unprintable(account))}</span></div>"
        f"<div class='pnb-sub'>{escape(subtitle)}</div>"
    )


def notice_html(notices: Iterable[str]) -> str:
    """Return the HTML of notices, one a line."""
    return "".join(f"<div class='pnb-strong'>{escape(notice)}</div>" for notice in notices)


def box(*children: Any, names: Sequence[str] = (), column: bool = False) -> Any:
    """Create a box of widgets; the style sheet lays it out."""
    made = add_classes(ipywidgets.Box(children), *names)
    if column:
        made.layout.flex_flow = "column"
    return made


def style_sheet(file: str) -> Any:
    """Create the widget that brings a style sheet of this package into the page."""
    return html("hidden", value=f"<style>\n{(_FOLDER / file).read_text('utf-8')}</style>")


def close_tree(widget: Any) -> None:
    """Close a widget and all widgets in it, in the kernel and in the page."""
    for child in getattr(widget, "children", ()):
        close_tree(child)
    # Closing a widget does not close its layout and style. The `style` of some widgets is no widget.
    for owned in (widget.layout, getattr(widget, "style", None)):
        if isinstance(owned, ipywidgets.Widget):
            owned.close()
    widget.close()


class Button:
    """A button that may turn into its own confirmation, with a cancel button beside it.

    Parameters
    ----------
    on_press, on_cancel : callable
        Called without arguments.
    names : sequence of str
        CSS classes without ``pnb-``.
    """

    def __init__(
        self, on_press: Callable[[], None], on_cancel: Callable[[], None] | None = None, names: Sequence[str] = ()
    ) -> None:
        self._button = add_classes(ipywidgets.Button(), *names)
        self._button.on_click(lambda _: on_press())
        self._cancel: Any = None
        if on_cancel is not None:
            self._cancel = add_classes(ipywidgets.Button(description="Cancel"), "cancel", "quiet", "hidden")
            self._cancel.on_click(lambda _: on_cancel())
        self.widget = box(self._button, *([self._cancel] if on_cancel is not None else []), names=("button-group",))

    def show(
        self, label: str, *, enabled: bool = True, tooltip: str = "", confirming: bool = False, visible: bool = True
    ) -> None:
        """Show a state; the tooltip is the label by default."""
        if self._cancel is not None:
            # First, because each value is a message of its own: whoever can read the question can already cancel it.
            toggle_class(self._cancel, "hidden", on=not confirming)
        self._button.disabled = not enabled
        self._button.description = label
        self._button.tooltip = tooltip or label
        toggle_class(self._button, "confirming", on=confirming)
        toggle_class(self.widget, "hidden", on=not visible)

    def show_state(self, state: ButtonState) -> None:
        """Show the state that a model returned."""
        self.show(state.label, enabled=state.enabled, tooltip=state.tooltip, confirming=state.confirming)

    def toggle_class(self, name: str, *, on: bool) -> None:
        """Add or remove a CSS class of the button."""
        toggle_class(self._button, name, on=on)


class Notices:
    """Notices for whoever looks at a panel, with a button to resume updates.

    Parameters
    ----------
    on_resume : callable
    """

    def __init__(self, on_resume: Callable[[], None]) -> None:
        self._text = html("notice-text")
        self._resume = Button(on_resume, names=("resume", "primary"))
        self.widget = box(self._text, self._resume.widget, names=("notice",))

    def show(self, notices: Sequence[str], *, paused: bool) -> None:
        """Show the notices; none take no room."""
        set_html(self._text, notice_html(notices))
        self._resume.show("Resume", tooltip="Resume updates", visible=paused)
        toggle_class(self.widget, "hidden", on=not notices)


class Accessibility(PageWidget):
    """An invisible part of a panel for the keyboard and screen readers, because ipywidgets supports neither.

    In the page, Escape cancels a question, Enter submits a form, the focus is never lost, JupyterLab's shortcuts do not act
    on a focused panel, and changes are announced. ipywidgets replaces elements, but an ``aria-live`` region must stay the
    same element. The page also reports that it has drawn the panel.

    Parameters
    ----------
    label : str
        The accessible name of the panel.
    """

    _esm = page_script(_FOLDER / "accessibility.js")
    label = traitlets.Unicode().tag(sync=True)
    announcements = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def on_drawn(self, function: Callable[[], None]) -> None:
        """Call a function each time that a page has drawn the panel."""
        self.on_msg(lambda _, content, __: function() if content == {"event": "drawn"} else None)

    def announce(self, sentences: Iterable[str]) -> None:
        """Announce sentences to screen readers; those that were just announced are not repeated."""
        self.announcements = [*dict.fromkeys(filter(None, sentences))]


class CopyButton(PageWidget):
    """A button that copies text to the clipboard; hidden while the text is empty.

    Parameters
    ----------
    text : str
        The text to copy.
    label : str
        The accessible name of the button, and its tooltip.
    heading : str
        If given, the text is shown before the button, under this heading. Where copying fails it is then selected.
    """

    _esm = page_script(_FOLDER / "copy_button.js")
    text = traitlets.Unicode().tag(sync=True)
    label = traitlets.Unicode("Copy").tag(sync=True)
    heading = traitlets.Unicode().tag(sync=True)
