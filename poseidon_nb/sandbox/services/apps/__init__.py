"""App Platform: apps, their specs and deployments, and what runs of them. No code is built or run.

- `spec`: checks, defaults and prices of specs.
- `objects`: apps as objects of the account.
- `deployments`, `progress`, `rollbacks`: phases over time.
- `apps`: the operations of apps themselves.
- `alerts`, `events`, `running`: what an app has besides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.sandbox.services.apps import alerts, apps, deployments, events, rollbacks, running

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.responses import HTTPResponse

OPERATIONS: dict[str, Callable[[Call], HTTPResponse]] = {
    operation: function
    for part in (alerts, apps, deployments, events, rollbacks, running)
    for operation, function in part.OPERATIONS.items()
}

EFFECTS = deployments.EFFECTS
