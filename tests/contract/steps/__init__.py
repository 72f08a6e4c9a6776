"""The steps of the walk, grouped by subject: functions that take a `Walk`, called in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.contract.steps import (
    billing,
    domains,
    gateways,
    monitoring,
    network,
    nfs,
    small_groups,
    spaces,
    storage,
)
from tests.contract.steps import billing, domains, gateways, network, registries, small_groups, spaces, storage
from tests.contract.steps import billing, databases, domains, gateways, network, small_groups, spaces, storage
from tests.contract.steps import apps, billing, domains, gateways, network, small_groups, spaces, storage

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contract.walk import Walk

STEPS: tuple[Callable[[Walk], None], ...] = (
    *apps.STEPS,
    *storage.STEPS,
    *billing.STEPS,
    *domains.STEPS,
    *network.STEPS,
    *registries.STEPS,
    *databases.STEPS,
    *spaces.STEPS,
    *small_groups.STEPS,
    *gateways.STEPS,
    *nfs.STEPS,
    *monitoring.STEPS,
)
