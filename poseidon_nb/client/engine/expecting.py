"""What a step's target should read as before the step has ended: the account lags behind its actions, or has none to ask about."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

from poseidon_nb.client.engine.consistency import Expected, agrees, image_agrees

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from poseidon_nb.client.engine.steps import Step, Target

    Row = Mapping[str, Any]

#: How long a droplet may take to read ``active`` after its create action has completed, in seconds.
ACTIVE_S = 60.0
#: How long a deleted droplet may still be listed, in seconds.
GOING_S = 30.0


def expected_after_ours(
    step: Step, target: Target, assign: Callable[[Row], None], image: Callable[[int], Row | None]
) -> Expected | None:
    """Return what a target should read as once the step's action has completed; None where nothing shows it.

    Parameters
    ----------
    step : Step
    target : Target
    assign : callable
        Takes in each row that is read.
    image : callable
        Reads an image.
    """
    body = step.request.body
    if not isinstance(body, dict) or not isinstance(target.id, int):
        return None
    if step.awaits == "droplets":
        return Expected(target.id, lambda row: agrees("create", row, {}), assign, ACTIVE_S)
    if target.kind == "droplet":
        return Expected(target.id, lambda row: agrees(str(body.get("type")), row, body), assign)
    if target.kind == "image":
        read = partial(image, target.id)
        return Expected(target.id, lambda row: image_agrees(str(body["type"]), row, body), assign, read=read)
    return None


def expected_by_itself(
    step: Step, id_: int, assign: Callable[[Row], None], image: Callable[[int], Row | None]
) -> Expected:
    """Return what a target should read as where no action tells how it goes; the parameters are those of the other."""
    if step.awaits == "gone":
        return Expected(id_, lambda _: False, assign, GOING_S)
    if step.awaits == "image":
        return Expected(id_, lambda row: not is_coming(row), assign, math.inf, partial(image, id_))
    return Expected(id_, lambda row: agrees("create", row, {}), assign, ACTIVE_S)


def is_coming(image: Row) -> bool:
    """Return whether a custom image is on its way (images_get)."""
    return image.get("status") in {"NEW", "pending"}
