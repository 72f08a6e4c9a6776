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
    from poseidon_nb.magics import command_line, kernel

    session = kernel.Kernel(clock)
    session.choose_sandbox(Place(url, token))
    # The account is this session's only: whoever connects by himself is not to be told of it.
    kernel.KERNEL_LOGIN.hint = ""

    def do(line: str) -> Any:
        # The streams are the process's, so nobody else is heard meanwhile either.
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return command_line.run(line, kernel=session)

    return do
