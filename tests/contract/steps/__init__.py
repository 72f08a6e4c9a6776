"""The steps of the walk, grouped by subject: functions that take a `Walk`, called in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.contract.steps import (
    billing,
    domains,
    gateways,
    kubernetes,
    network,
    registries,
    small_groups,
    spaces,
    storage,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contract.walk import Walk

STEPS: tuple[Callable[[Walk], None], ...] = (
    *storage.STEPS,
    *billing.STEPS,
    *domains.STEPS,
    *network.STEPS,
    *registries.STEPS,
    *kubernetes.STEPS,
    *spaces.STEPS,
    *small_groups.STEPS,
    *gateways.STEPS,
)
