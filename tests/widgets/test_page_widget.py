"""Widgets with a script in the page: what they send again to a page that was too busy to receive it."""

from __future__ import annotations

import pytest
import traitlets
from ipywidgets import Widget

from poseidon_nb.widgets.components import CopyButton
from poseidon_nb.widgets.page_widget import PageWidget


class Pictured(PageWidget):
    _esm = "export default connected({});"
    _constant = PageWidget._constant | {"library"}
    library = traitlets.Bytes(b"large").tag(sync=True)
    figure = traitlets.Dict().tag(sync=True)


@pytest.fixture
def sent(monkeypatch):
    messages: list[tuple[str, dict]] = []

    def send(widget: Widget, message: dict, **_: object) -> None:
        # A widget that is being created has no connection.
        if widget.comm is not None:
            messages.append((widget.model_id, message["state"]))

    monkeypatch.setattr(Widget, "_send", send)
    return messages


def test_a_page_that_missed_messages_gets_all_that_can_change(sent):
    widget = Pictured(figure={"x": 1})
    widget._handle_custom_msg({"resend": widget.model_id}, [])
    ((model, state),) = sent
    assert model == widget.model_id == widget.connected_models[0]
    assert state["figure"] == {"x": 1}
    assert not {"_esm", "library"} & {*state}
    widget.close()


def test_another_widget_is_sent_again_once_it_is_kept_and_unknown_ones_never(sent):
    widget, other = Pictured(), CopyButton(text="a")
    widget._handle_custom_msg({"resend": other.model_id}, [])
    widget._handle_custom_msg({"resend": ["x"]}, [])
    assert sent == []
    widget.keep_connected(other)
    assert sent.pop() == (widget.model_id, {"connected_models": [widget.model_id, other.model_id]})
    widget._handle_custom_msg({"resend": other.model_id}, [])
    ((model, state),) = sent
    assert (model, state["text"]) == (other.model_id, "a")
    for one in (widget, other):
        one.close()
