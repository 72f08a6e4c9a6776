"""Tokens, their scopes, and rate limits.

A token with scopes is refused all other operations. Some fields of bodies and some filters need a further scope, and some
fields of responses are hidden without one, as the specification describes for each. It does not say so of the tags in an
update of a Kubernetes cluster: inferred from the creation.

The rate limits are the specification's: 5,000 requests in a sliding hour, 250 in a minute, ten a minute for the list
of keys, and five in ten seconds for all operations of CDN endpoints together. Only the short limits send
``retry-after``; ``ratelimit-reset`` is the time at which the oldest request leaves the hour. Not documented, chosen
here: a refused request does not count. With ``rate_limit="off"`` nothing is counted, and the headers always show the
full limit as remaining.
"""

from __future__ import annotations

import fnmatch
import math
import re
from collections import deque
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation, operation_ids
from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.responses import rate_limited
from poseidon_nb.sandbox.settings import check_token
from poseidon_nb.sandbox.timestamps import HOUR_S
from poseidon_nb.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


TOKEN_PREFIX = "dop_v1_sandbox_"  # noqa: S105  # distinguishes them from real tokens

_CREDENTIALS = "database:view_credentials"
_LOGIN = re.compile("//[^/@]*@")
#: The scope that each field needs besides the scope of its object.
FIELD_SCOPES: dict[str, dict[str, str]] = {
    "droplet": {
        "image": "image:read",
        "backup_ids": "image:read",
        "snapshot_ids": "image:read",
        "volume_ids": "block_storage:read",
        "tags": "tag:read",
        "vpc_uuid": "vpc:read",
    },
    "image": {"tags": "tag:read"},
    "snapshot": {"tags": "tag:read"},
    "volume": {"tags": "tag:read"},
    "reserved_ip": {"droplet": "droplet:read", "project_id": "project:read"},
    "reserved_ipv6": {"droplet": "droplet:read"},
    "firewall": {"droplet_ids": "droplet:read", "tags": "tag:read"},
    "kubernetes_cluster": {"tags": "tag:read", "vpc_uuid": "vpc:read", "worker_subnet_uuid": "vpc:read"},
    "node_pool": {"tags": "tag:read"},
    "region": {"sizes": "sizes:read"},
    "database": {"tags": "tag:read", "private_network_uuid": "vpc:read", "project_id": "project:read"},
    "replica": {"tags": "tag:read", "private_network_uuid": "vpc:read"},
    "user": dict.fromkeys(("password", "access_cert", "access_key"), _CREDENTIALS),
    "connection": dict.fromkeys(("user", "password"), _CREDENTIALS),
    "account": {
        "droplet_limit": "droplet:read",
        "floating_ip_limit": "reserved_ip:read",
        "volume_limit": "block_storage:read",
    },
}
_Scopes = tuple[str, ...]
_VPC, _TAGGED, _PROJECT = ("vpc:read",), ("tag:read",), ("project:assign_resource",)
_TEMPLATE_SCOPES = {
    "project_id": "project:read",
    "ssh_keys": "ssh_key:read",
    "tags": "tag:read",
    "vpc_uuid": "vpc:read",
}
_POOL_INPUTS: dict[str, _Scopes] = {f"droplet_template.{name}": (scope,) for name, scope in _TEMPLATE_SCOPES.items()}
#: The further scopes that fields of a body or query parameters need where they are given. `tags.requested_tags` and
#: `vpcs.requested_vpc` know those of all tags and VPCs of new resources.
INPUT_SCOPES: dict[str, dict[str, _Scopes]] = {
    "apps_create": {"project_id": _PROJECT},
    "autoscalepools_create": _POOL_INPUTS,
    "autoscalepools_update": _POOL_INPUTS,
    "databases_create_cluster": {"project_id": _PROJECT},
    "databases_list_clusters": {"tag_name": _TAGGED},
    "dropletActions_post_byTag": {"tag_name": _TAGGED},
    "droplets_create": {"image": ("image:read",), "ssh_keys": ("ssh_key:read",)},
    "droplets_list": {"tag_name": _TAGGED},
    "kubernetes_add_nodePool": {"tags": _TAGGED},
    "kubernetes_create_cluster": {
        "tags": (*_TAGGED, "tag:create"),
        "node_pools.tags": _TAGGED,
        "worker_subnet_uuid": _VPC,
    },
    "kubernetes_update_cluster": {"tags": (*_TAGGED, "tag:create")},
    "kubernetes_update_nodePool": {"tags": _TAGGED},
}
HOURLY_LIMIT = 5000
_MINUTE_LIMIT = (250, 60.0)
#: Operations with a limit of their own: the limit's name, the number of requests, and the seconds. Several may share one.
_CDN_LIMIT = ("cdn", (5, 10.0))
_OPERATION_LIMITS = {
    "sshKeys_list": ("sshKeys_list", (10, 60.0)),
    **dict.fromkeys(("cdn_list_endpoints", "cdn_create_endpoint", "cdn_get_endpoint"), _CDN_LIMIT),
    **dict.fromkeys(("cdn_update_endpoints", "cdn_delete_endpoint", "cdn_purge_cache"), _CDN_LIMIT),
}


def visible_fields(kind: str, public: dict[str, Any], scopes: frozenset[str]) -> dict[str, Any]:
    """Return an object without the fields that the scopes do not cover, also inside the objects in it."""
    needed = FIELD_SCOPES.get(kind, {})
    seen = {name: value for name, value in public.items() if needed.get(name) in {None, *scopes}}
    for name, inner in seen.items():
        if isinstance(inner, dict) and (name in {"region", "droplet"} or name.endswith("connection")):
            seen[name] = visible_fields("connection" if name.endswith("connection") else name, inner, scopes)
    if kind == "database" and "users" in seen:
        seen["users"] = [visible_fields("user", user, scopes) for user in seen["users"]]
    if kind == "connection" and "password" not in seen and isinstance(seen.get("uri"), str):
        seen["uri"] = _LOGIN.sub("//", seen["uri"])
    return seen


def input_scopes(operation: str, inputs: Mapping[str, Any]) -> set[str]:
    """Return the further scopes that an operation needs for these query parameters and fields of a body."""
    needed = INPUT_SCOPES.get(operation, {})
    return {scope for path, scopes in needed.items() if _is_given(inputs, path.split(".")) for scope in scopes}


def _is_given(value: Any, path: Sequence[str]) -> bool:
    """Return whether a value, or what a path names in it, is not empty; the path goes into each item of an array."""
    if not path or not value:
        return bool(value)
    if isinstance(value, list):
        return any(_is_given(item, path) for item in value)
    return isinstance(value, dict) and _is_given(value.get(path[0]), path[1:])


def expand_scopes(patterns: Iterable[str]) -> list[str]:
    """Return the scopes that match patterns such as ``droplet:read``, ``*:read`` and ``droplet:*``.

    Raises
    ------
    ValueError
        A pattern matches no scope.
    """
    pairs = [scope.split(":") for id_ in operation_ids() for scope in operation(id_).scopes]
    # Some operations need a second scope that the catalogue does not have, such as droplet:admin.
    verbs = {verb for _, verb in pairs} | {"admin"}
    known = sorted({f"{resource}:{verb}" for resource, _ in pairs for verb in verbs})
    found: list[str] = []
    for pattern in patterns:
        matching = fnmatch.filter(known, pattern)
        if not matching:
            raise ValueError(f"Unknown scope {pattern!r}{did_you_mean(pattern, known) or '.'}")
        found += matching
    return found


class TokenStore:
    """The valid tokens.

    Parameters
    ----------
    owner : str
        The token that may do everything, including the sandbox's own routes.
    """

    __slots__ = ("_kept", "_limited", "owner")

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self._limited: dict[str, frozenset[str]] = {}
        self._kept: dict[str, frozenset[str]] = {}

    def __repr__(self) -> str:
        return f"<TokenStore: the owner's token, {len(self._limited)} limited>"

    def create(self, scopes: Sequence[str], token: str | None = None, *, keep: bool = False) -> str:
        """Create a token that is limited to scopes, and return it.

        Parameters
        ----------
        scopes : sequence of str
            Scopes, or patterns such as ``*:read``.
        token : str, optional
            The token; by default it follows from the scopes.
        keep : bool
            Keep it when the others are removed.

        Raises
        ------
        ValueError
            A scope is unknown, or the token cannot be used.
        """
        if token is None:
            token = f"{TOKEN_PREFIX}{rng.digest(self.owner, *scopes)}"
        check_token("token", token)
        if token == self.owner:
            raise ValueError("The owner's token cannot be limited.")
        self._limited[token] = frozenset(expand_scopes(scopes))
        if keep:
            self._kept[token] = self._limited[token]
        return token

    def clear(self) -> None:
        """Remove all limited tokens that are not to be kept."""
        self._limited = self._kept.copy()

    def is_known(self, token: str) -> bool:
        """Return whether the token is valid."""
        return token == self.owner or token in self._limited

    def scopes(self, token: str) -> frozenset[str] | None:
        """Return the scopes of a valid token, or None if it may do everything."""
        return self._limited.get(token)


class RateLimits:
    """Counts the recent requests of each token."""

    __slots__ = ("_bursts", "_hours", "enforced")

    def __init__(self, *, enforced: bool) -> None:
        self.enforced = enforced
        self._hours: dict[str, deque[float]] = {}
        self._bursts: dict[tuple[str, str], deque[float]] = {}

    def clear(self) -> None:
        """Clear the counted requests."""
        self._hours.clear()
        self._bursts.clear()

    def count_request(self, token: str, operation: str, now: float) -> None:
        """Count a request, or raise 429 when a limit is reached."""
        if not self.enforced:
            return
        hour = self._last_hour(token, now)
        limits = [((token, ""), _MINUTE_LIMIT)]
        if operation in _OPERATION_LIMITS:
            name, limit = _OPERATION_LIMITS[operation]
            limits.append(((token, name), limit))
        for key, (maximum, seconds) in limits:
            recent = self._bursts.setdefault(key, deque())
            _drop_before(recent, now - seconds)
            if len(recent) >= maximum:
                wait_s = max(1, math.ceil(recent[0] + seconds - now))
                raise rate_limited(wait_s)
        if len(hour) >= HOURLY_LIMIT:
            raise rate_limited()
        hour.append(now)
        for key, _ in limits:
            self._bursts[key].append(now)

    def headers(self, token: str, now: float) -> list[tuple[str, str]]:
        """Return the three ``ratelimit-*`` headers."""
        if not self.enforced:
            remaining, reset = HOURLY_LIMIT, now
        else:
            hour = self._last_hour(token, now)
            remaining, reset = HOURLY_LIMIT - len(hour), (hour[0] + HOUR_S if hour else now)
        return [
            ("ratelimit-limit", str(HOURLY_LIMIT)),
            ("ratelimit-remaining", str(remaining)),
            ("ratelimit-reset", str(math.ceil(reset))),
        ]

    def _last_hour(self, token: str, now: float) -> deque[float]:
        hour = self._hours.setdefault(token, deque())
        _drop_before(hour, now - HOUR_S)
        return hour


def _drop_before(times: deque[float], before: float) -> None:
    while times and times[0] <= before:
        times.popleft()
