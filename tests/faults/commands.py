"""`po.do` for an account at any address.

There is no public way to send ``%do`` to an address that no sandbox of its own has started, so this is the one module of the
fault run that reaches behind the public face.
"""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.clock import Clock


@dataclass(frozen=True, slots=True)
class Place:
    """An address and a token, which is what ``%do`` takes for a sandbox."""

    url: str
    token: str


def command_line_at(url: str, token: str, clock: Clock) -> Callable[[str], Any]:
    """Return what runs a line of ``%do`` for the account at an address; what it prints is dropped."""
    from poseidon_nb.commands.do_session import DoSession
    from poseidon_nb.magics.do import run_line

    session = DoSession(clock)
    session.use_sandbox(Place(url, token))

    def do(line: str) -> Any:
        # The streams are the process's, so nobody else is heard meanwhile either.
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return run_line(line, session=session)

    return do
