"""`Sandbox` as a decorator: each call of a function has a sandbox of its own, which clients find by the environment."""

from __future__ import annotations

import functools
import inspect
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from poseidon_nb.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from poseidon_nb.sandbox.sandbox import Sandbox

R = TypeVar("R")
_PARAMETER = "sandbox"


@contextmanager
def environment_of(sandbox: Sandbox) -> Iterator[None]:
    """Set the environment variables of a running sandbox during a block."""
    variables = sandbox.environment
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def with_sandbox(make: Callable[[], Sandbox], function: Callable[..., R]) -> Callable[..., R]:
    """Return a function that calls another one while a new sandbox runs.

    If the function has the parameter ``sandbox``, it gets the sandbox there. The parameter is not in the signature of the
    result, where pytest would look for a fixture.
    """
    if isinstance(function, type):
        raise InvalidArgument("po.Sandbox decorates functions. Decorate the methods of the class instead.")
    signature = inspect.signature(function)
    wanted = _PARAMETER in signature.parameters

    @contextmanager
    def running(keywords: dict[str, Any]) -> Iterator[dict[str, Any]]:
        with make() as sandbox, environment_of(sandbox):
            yield {**keywords, _PARAMETER: sandbox} if wanted else keywords

    @functools.wraps(function)
    def call(*arguments: Any, **keywords: Any) -> R:
        with running(keywords) as complete:
            return function(*arguments, **complete)

    @functools.wraps(function)
    async def call_async(*arguments: Any, **keywords: Any) -> Any:
        with running(keywords) as complete:
            return await function(*arguments, **complete)  # type: ignore[misc]  # it is a coroutine function

    @functools.wraps(function)
    def generate(*arguments: Any, **keywords: Any) -> Any:
        with running(keywords) as complete:
            yield from function(*arguments, **complete)  # type: ignore[misc]  # it is a generator function

    @functools.wraps(function)
    async def generate_async(*arguments: Any, **keywords: Any) -> Any:
        with running(keywords) as complete:
            async for one in function(*arguments, **complete):  # type: ignore[attr-defined]  # an asynchronous generator
                yield one

    result: Any = call
    for is_kind, wrapper in (
        (inspect.iscoroutinefunction, call_async),
        (inspect.isgeneratorfunction, generate),
        (inspect.isasyncgenfunction, generate_async),
    ):
        if is_kind(function):
            result = wrapper
    others = [one for name, one in signature.parameters.items() if name != _PARAMETER]
    result.__signature__ = signature.replace(parameters=others)
    return result  # type: ignore[no-any-return]  # as what it wraps
