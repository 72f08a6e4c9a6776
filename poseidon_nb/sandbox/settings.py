"""The settings of a sandbox: their checks, and those that can change while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.errors import InvalidArgument
from poseidon_nb.text import expected_one_of, join_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from poseidon_nb.sandbox.dispatch import Dispatcher

_MAX_PORT = 65_535
_MAX_DROPLETS = 100_000
_MAX_SPEED = 1e9
_MAX_LAG_S = 3600
_MAX_LIMIT = 1_000_000
#: What an account may have, by the names of ``GET /v2/account``.
LIMITS = ("droplet_limit", "floating_ip_limit", "volume_limit")
RATE_LIMITS = ("off", "real")
#: ``service`` tolerates what DigitalOcean's service does, ``strict`` only what its specification describes.
VALIDATIONS = ("service", "strict")


def check_settings(**settings: Any) -> None:
    """Raise InvalidArgument if a setting has an invalid value."""
    for name, value in settings.items():
        _CHECKS[name](name, value)


def refuse_unknown(given: Iterable[str], known: Iterable[str]) -> None:
    """Raise InvalidArgument if a setting is unknown; the closest known one is suggested."""
    words = [*known]
    name = next((one for one in given if one not in words), None)
    if name is not None:
        raise InvalidArgument(f"Unknown setting {name!r}{expected_one_of(name, words)}")


def get_settings(dispatcher: Dispatcher) -> dict[str, Any]:
    """Return the settings that can change while the sandbox runs."""
    world = dispatcher.world
    return {
        "speed": world.speed,
        "lag_s": world.lag_s,
        "rate_limit": "real" if dispatcher.limits.enforced else "off",
        "validation": "strict" if world.strict else "service",
        "limits": {name: world.state.account[name] for name in LIMITS},
    }


def change_settings(dispatcher: Dispatcher, **changes: Any) -> None:
    """Change settings, or raise InvalidArgument and change none."""
    refuse_unknown(changes, get_settings(dispatcher))
    check_settings(**changes)
    world = dispatcher.world
    if "speed" in changes:
        world.speed = float(changes["speed"])
    if "lag_s" in changes:
        world.lag_s = float(changes["lag_s"])
    if "rate_limit" in changes:
        dispatcher.limits.clear()
        dispatcher.limits.enforced = changes["rate_limit"] == "real"
    if "validation" in changes:
        world.strict = changes["validation"] == "strict"
    if "limits" in changes:
        world.state.account.update(changes["limits"])


def _check_number(label: str, value: Any, kind: type) -> None:
    allowed = (int,) if kind is int else (int, float)
    if not isinstance(value, allowed) or isinstance(value, bool):
        raise InvalidArgument(f"The {label} must be {'a whole number' if kind is int else 'a number'}, not {value!r}.")


def _check_droplets(_name: str, value: Any) -> None:
    _check_number("number of droplets", value, int)
    if not 0 <= value <= _MAX_DROPLETS:
        raise InvalidArgument(f"The number of droplets must be from 0 to {_MAX_DROPLETS:,}, not {value}.")


def _check_seed(name: str, value: Any) -> None:
    _check_number(name, value, int)


def _check_port(name: str, value: Any) -> None:
    _check_number(name, value, int)
    if not 0 <= value <= _MAX_PORT:
        raise InvalidArgument(f"The port must be from 0 to {_MAX_PORT}, not {value}.")


def _check_speed(name: str, value: Any) -> None:
    _check_number(name, value, float)
    if not 0 < value <= _MAX_SPEED:
        raise InvalidArgument(f"The speed must be more than 0 and at most {_MAX_SPEED:g}, not {value}.")


def _check_lag(name: str, value: Any) -> None:
    _check_number(name, value, float)
    if not 0 <= value <= _MAX_LAG_S:
        raise InvalidArgument(f"The lag_s must be from 0 to {_MAX_LAG_S:,} seconds, not {value}.")


def _check_choice(choices: tuple[str, ...]) -> Callable[[str, Any], None]:
    def check(name: str, value: Any) -> None:
        if value not in choices:
            words = join_words([f'"{one}"' for one in choices], conjunction="or")
            raise InvalidArgument(f'The {name} must be {words}, not "{value}".')

    return check


def _check_limits(_name: str, value: Any) -> None:
    if not isinstance(value, dict):
        raise InvalidArgument(f"The limits must be a dict such as {{'droplet_limit': 25}}, not {value!r}.")
    for limit, number in value.items():
        if limit not in LIMITS:
            raise InvalidArgument(f"Unknown limit {limit!r}{expected_one_of(str(limit), LIMITS)}")
        _check_number(limit, number, int)
        if not 0 <= number <= _MAX_LIMIT:
            raise InvalidArgument(f"The {limit} must be from 0 to {_MAX_LIMIT:,}, not {number}.")


def check_token(name: str, value: Any) -> None:
    """Raise InvalidArgument unless a value can be sent as a token."""
    if not isinstance(value, str) or not value.isascii() or not value or any(one.isspace() for one in value):
        raise InvalidArgument(f"The {name} must be ASCII text without spaces.")


def _check_tokens(_name: str, value: Any) -> None:
    for token, scopes in value.items() if isinstance(value, dict) else [(value, None)]:
        if not isinstance(scopes, list | tuple) or not all(isinstance(scope, str) for scope in scopes):
            example = "{'reader': ['*:read']}"
            raise InvalidArgument(f"The tokens must be a dict of lists of scopes, such as {example}.")
        check_token("token", token)


_CHECKS: dict[str, Callable[[str, Any], None]] = {
    "droplets": _check_droplets,
    "port": _check_port,
    "seed": _check_seed,
    "speed": _check_speed,
    "lag_s": _check_lag,
    "rate_limit": _check_choice(RATE_LIMITS),
    "validation": _check_choice(VALIDATIONS),
    "limits": _check_limits,
    "token": check_token,
    "tokens": _check_tokens,
}
