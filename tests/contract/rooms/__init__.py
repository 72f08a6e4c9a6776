"""The rooms of the walk, a module for each subject: functions that take a `Walk`, called one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.contract.rooms import money, names, network, storage

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contract.walk import Walk

ROOMS: tuple[Callable[[Walk], None], ...] = (*storage.ROOMS, *money.ROOMS, *names.ROOMS, *network.ROOMS)
