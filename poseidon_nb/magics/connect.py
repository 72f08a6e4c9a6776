"""`po.connect`: a client that also knows the logins and the current context of ``%do``."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, ParamSpec

from poseidon_nb.magics.do import default_session
from poseidon_nb.plans.journal import connect as _connect
from poseidon_nb.transport.credentials import Token

if TYPE_CHECKING:
    from collections.abc import Callable

    from poseidon_nb.client.client import Client

P = ParamSpec("P")


def _with_login(connect: Callable[P, Client]) -> Callable[P, Client]:
    @wraps(connect)
    def with_login(*args: P.args, **kwargs: P.kwargs) -> Client:
        if isinstance(kwargs.get("token"), str):
            # Verbose tracebacks print local variables. In the package none of them is the token as text.
            kwargs["token"] = Token(str(kwargs.pop("token")))
        kwargs.setdefault("login", default_session().login)
        return connect(*args, **kwargs)

    return with_login


connect = _with_login(_connect)
