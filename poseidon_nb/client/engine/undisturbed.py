"""Keeping Ctrl-C away from a few lines: what an answer told must not be lost between being taken and being kept."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def undisturbed() -> Iterator[None]:
    """Hold a Ctrl-C back until the block has ended; for blocks that wait for nothing."""
    handler = signal.getsignal(signal.SIGINT)
    # Signals reach the main thread only; one that is ignored, or handled outside of Python, raises nothing.
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield
        return
    pressed: list[tuple[Any, ...]] = []
    signal.signal(signal.SIGINT, lambda *told: pressed.append(told))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if pressed:
            handler(*pressed[-1])
