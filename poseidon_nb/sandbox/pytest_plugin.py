"""The pytest plugin: the fixture ``digitalocean``, a sandbox with a new account for each test.

pytest loads this module in every run where the package is installed, so it imports nothing else. A sandbox is made for the
first test that needs one, and is reset before each test. With pytest-xdist each worker has its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poseidon_nb.sandbox import Sandbox

#: Actions take milliseconds. A test that needs them to last sets `Sandbox.speed`.
_DEFAULTS = {"speed": 1000.0}


class _Pool:
    """The running sandboxes of a test session, by their settings."""

    def __init__(self) -> None:
        self._sandboxes: dict[str, tuple[Sandbox, dict[str, Any]]] = {}

    def take(self, settings: dict[str, Any]) -> Sandbox:
        """Return a running sandbox with these settings and a new account."""
        key = repr(sorted(settings.items()))
        if key not in self._sandboxes:
            from poseidon_nb.sandbox import Sandbox  # noqa: PLC0415  # most test runs need none

            sandbox = Sandbox(**settings)
            self._sandboxes[key] = sandbox, sandbox.settings
        sandbox, initial = self._sandboxes[key]
        sandbox.reset()
        sandbox.change_settings(**initial)
        return sandbox.start()

    def stop(self) -> None:
        """Stop all sandboxes."""
        for sandbox, _ in self._sandboxes.values():
            sandbox.stop()


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.addinivalue_line(
        "markers", "digitalocean(**settings): settings of poseidon_nb.Sandbox for the digitalocean fixture"
    )


@pytest.fixture(scope="session")
def digitalocean_settings() -> dict[str, Any]:
    """Return settings of `poseidon_nb.Sandbox` for all tests. Define a fixture with this name to change them."""
    return {}


@pytest.fixture(scope="session")
def _digitalocean_pool() -> Iterator[_Pool]:
    pool = _Pool()
    yield pool
    pool.stop()


@pytest.fixture
def digitalocean(
    request: pytest.FixtureRequest, digitalocean_settings: dict[str, Any], _digitalocean_pool: _Pool
) -> Iterator[Sandbox]:
    """Serve a new DigitalOcean account, and set the variables by which clients find it.

    ``@pytest.mark.digitalocean(droplets=50, validation="strict")`` changes the settings for a test.
    """
    settings = {**_DEFAULTS, **digitalocean_settings}
    # The closest marker last: a test's own counts more than its class's or module's.
    for marker in reversed([*request.node.iter_markers("digitalocean")]):
        if marker.args:
            pytest.fail("@pytest.mark.digitalocean takes settings by name, such as droplets=50.", pytrace=False)
        settings |= marker.kwargs
    try:
        sandbox = _digitalocean_pool.take(settings)
    except ValueError as error:
        # One line, because neither the frames of the fixture nor those of the sandbox are the test's own.
        raise pytest.fail.Exception(f"Fixture digitalocean: {error}", pytrace=False) from None
    with pytest.MonkeyPatch.context() as patch:
        for name, value in sandbox.environment.items():
            patch.setenv(name, value)
        yield sandbox
