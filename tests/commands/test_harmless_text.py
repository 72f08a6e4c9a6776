"""Names, tags and messages with terminal escapes and direction changes: escaped in all text, and kept as served in frames."""

from __future__ import annotations

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell

import poseidon_nb as po
from poseidon_nb.frames.display import to_html
from poseidon_nb.frames.printable import printable
from poseidon_nb.magics.magic import load, unload
from poseidon_nb.magics.ui import TerminalUI

#: Clears the screen, writes to the clipboard, and turns the direction of what follows.
HOSTILE = "\x1b[2J\x1b]52;c;aGk=\x07\u202egnp.exe"
READS = (
    *(
        "droplets list",
        "droplets list --no-header",
        "droplets list -o json",
        "actions list",
        "images list",
        "tags list",
    ),
    *(
        "keys list",
        "snapshots list",
        "volumes list",
        "projects list",
        "domains list",
        "cost",
        "cost lines",
        "cost --by tag",
        "cost --by tag --last 30d",
        "cost forecast --by tag",
        "cost budget --by tag --limit 50",
        "cost changes --last 60d",
        "cost transfer",
    ),
    *(
        "rightsize",
        "idle",
        "snapshots prune --keep-last 1 --dry-run",
        "metrics cpu --tag {tag} --last 1h",
        "metrics use",
        "actions timeline",
        "actions durations",
        "log",
    ),
    *(
        "firewalls list",
        "load-balancers list",
        "droplets get {id}",
        "droplets ssh-config",
        "droplets list --tag {tag} --raw",
    ),
    *("cost --by droplet --plot", "rightsize --plot", "actions timeline --plot"),
    *("droplets reboot {id} --dry-run", "droplets delete {id} --dry-run", "plans"),
)


@pytest.fixture
def hostile(desk):
    """A desk whose account has hostile names and tags wherever it has text of its owner."""
    world = desk.sandbox._dispatcher.world
    for name in (
        "droplets",
        "images",
        "keys",
        "snapshots",
        "volumes",
        "projects",
        "firewalls",
        "load_balancers",
        "tags",
    ):
        store = world.state.collections.get(name)
        for key, row in [*store.items()] if store is not None else []:
            changed = {"name": f"{row['name']}{HOSTILE}"} if "name" in row.public and name != "tags" else {}
            changed |= {"tags": [*row["tags"], f"t{HOSTILE}"]} if row.public.get("tags") else {}
            changed |= {"description": HOSTILE} if "description" in row.public else {}
            store.put(key, row.with_public(**changed))
    return desk


def is_harmless(text: str) -> bool:
    return text.replace("\n", "").isprintable()


@pytest.mark.parametrize("line", READS)
def test_what_is_said_and_displayed_is_harmless(hostile, line, capsys):
    shell = InteractiveShell()
    load(shell)
    droplet = hostile.session.client().droplets.list()[0]
    try:
        result = hostile.do(line.format(id=droplet.id, tag="web"))
    except po.PoseidonError as error:
        result = str(error)
    for text in hostile.ui.said:
        assert is_harmless(text), repr(text)[:200]
    data, _ = shell.display_formatter.format(result)
    assert is_harmless(data["text/plain"]), "displayed"
    TerminalUI().show(result)
    assert is_harmless(capsys.readouterr().out), "printed"
    if isinstance(result, pd.DataFrame):
        assert "\u202e" not in to_html(result)
    unload(shell)


def test_the_frame_has_what_was_served(hostile):
    frame = hostile.do("droplets list")
    assert frame["name"].str.endswith(HOSTILE).all()
    assert "\\x1b[2J" in printable(frame)["name"][0]
    assert frame["name"].str.endswith(HOSTILE).all(), "the frame itself is as before"


def test_a_harmless_frame_is_the_same_object():
    frame = pd.DataFrame({"name": ["web-1", None], "tags": [["a"], []], "n": [1, 2]})
    assert printable(frame) is frame
    assert printable(frame["name"]).equals(frame["name"])


@pytest.mark.parametrize("kind", ["string", "object", "category"])
def test_text_of_any_dtype_is_escaped_with_its_labels(kind):
    frame = pd.DataFrame({"n\x1b[2J": pd.Series(["a\x07", "b"], dtype=kind)}).set_axis(["x\x1b", "y"])
    assert is_harmless(repr(printable(frame)))
    assert is_harmless(repr(printable(frame.iloc[:, 0])))


def test_errors_reprs_questions_and_progress_are_harmless(hostile):
    client = hostile.session.client()
    droplet = client.droplets.list()[0]
    assert is_harmless(repr(droplet))
    assert is_harmless(repr(client.images.list(private=True)))
    hostile.sandbox.fault("status", status=422, message=f"no {HOSTILE}", method="POST")
    hostile.ui.answer = True
    with pytest.raises(po.PoseidonError) as caught:
        hostile.do(f"droplets reboot {droplet.id}")
    assert is_harmless(str(caught.value))
    hostile.do(f"droplets reboot {droplet.id}")
    assert all(map(is_harmless, hostile.ui.questions))
    shown = [view.model.text() if hasattr(view, "model") else "" for view in hostile.ui.views]
    assert all(map(is_harmless, shown))
    with pytest.raises(po.PoseidonError) as caught:
        client.droplets.by_name("web-9")
    assert is_harmless(str(caught.value))
