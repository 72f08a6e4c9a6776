"""What tests of commands share: a kernel of their own on a sandbox, with one clock for both."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from poseidon_nb.commands.context import Settings
from poseidon_nb.commands.do_session import DoSession
from poseidon_nb.errors import ConfirmationRequired
from poseidon_nb.magics.do import run_line
from poseidon_nb.magics.progress_display import ProgressDisplay
from poseidon_nb.magics.ui import WidgetPanels
from poseidon_nb.sandbox import Sandbox
from poseidon_nb.text import LINE_WIDTH


class FakeUI:
    """Somebody who remembers what was said, and answers as told."""

    def __init__(self) -> None:
        self.panels = WidgetPanels()
        self.line_width = LINE_WIDTH
        #: None where nobody can answer, or type a token.
        self.answer: bool | None = None
        self.typed: str | None = None
        self.said: list[str] = []
        self.shown: list[Any] = []
        self.questions: list[str] = []
        self.views: list[ProgressDisplay] = []

    def say(self, text: str) -> None:
        self.said.append(text)

    def show(self, result: object) -> None:
        self.shown.append(result)

    def ask(self, question: str) -> bool:
        self.questions.append(question)
        if self.answer is None:
            raise ConfirmationRequired(f"{question} This session cannot ask for confirmation. Add --yes to confirm.")
        return self.answer

    def secret(self, prompt: str) -> str:
        if self.typed is None:
            raise ConfirmationRequired("nobody can type a token here")
        return self.typed

    @contextmanager
    def progress(self, clock: Any):
        with ProgressDisplay(clock) as view:
            self.views.append(view)
            yield view


@dataclass
class Desk:
    """A person at work: a kernel whose account is a sandbox, and a front."""

    session: DoSession
    ui: FakeUI
    variables: dict[str, Any] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)

    @property
    def sandbox(self) -> Sandbox:
        assert self.session.sandbox is not None
        return self.session.sandbox

    def do(self, line: str, *, body: str | None = None, **variables: object) -> Any:
        return run_line(
            line,
            body=body,
            variables={**self.variables, **variables},
            settings=self.settings,
            session=self.session,
            ui=self.ui,
        )

    def sent(self) -> list[str]:
        """Return the requests since the last call, as ``METHOD /path?query``."""
        lines = [f"{one.method} {one.path}{'?' if one.query else ''}{one.query}" for one in self.sandbox.requests]
        self.sandbox._dispatcher.log.clear()
        return lines

    def changes(self) -> list[str]:
        """Return those of `sent` that change something."""
        return [line for line in self.sent() if not line.startswith("GET")]


@pytest.fixture(autouse=True)
def _no_account(monkeypatch: pytest.MonkeyPatch, tmp_path):
    """Find no login: neither doctl's file nor a keyring."""
    monkeypatch.setattr("poseidon_nb.transport.credentials.doctl_config_path", lambda: tmp_path / "none.yaml")
    monkeypatch.setattr("poseidon_nb.transport.credentials.read_keyring", lambda context: None)
    monkeypatch.setattr("poseidon_nb.commands.account.run.doctl_config_path", lambda: tmp_path / "none.yaml")
    monkeypatch.setattr("poseidon_nb.commands.account.run.save_to_keyring", lambda token, context: False)


@pytest.fixture
def empty_desk(clock):
    """A desk without any account."""
    desk = Desk(DoSession(clock), FakeUI())
    yield desk
    if desk.session.sandbox is not None:
        desk.session.stop_sandbox()


@pytest.fixture
def desk(clock):
    """A desk whose account is a sandbox with twelve droplets and a GPU droplet."""
    session = DoSession(clock)
    with Sandbox(clock=clock) as sandbox:
        session.use_sandbox(sandbox)
        yield Desk(session, FakeUI())
        session._forget()
