"""The steps of the walk, grouped by subject: functions that take a `Walk`, called in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.contract.steps import (
    apps,
    autoscaling,
    billing,
    databases,
    domains,
    gateways,
    genai,
    inference,
    kubernetes,
    monitoring,
    network,
    nfs,
    registries,
    security,
    small_groups,
    spaces,
    storage,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contract.walk import Walk

STEPS: tuple[Callable[[Walk], None], ...] = (
    *apps.STEPS,
    *storage.STEPS,
    *billing.STEPS,
    *domains.STEPS,
    *genai.STEPS,
    *inference.STEPS,
    *network.STEPS,
    *registries.STEPS,
    *databases.STEPS,
    *kubernetes.STEPS,
    *autoscaling.STEPS,
    *spaces.STEPS,
    *small_groups.STEPS,
    *gateways.STEPS,
    *nfs.STEPS,
    *monitoring.STEPS,
    *security.STEPS,
)
