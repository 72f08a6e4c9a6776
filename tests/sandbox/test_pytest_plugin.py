"""The pytest plugin in test runs of its own, found by the entry point that this project declares."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = """
import json
import os
import time
import urllib.request

import pytest


def ask(method, path, body=None):
    url, token = os.environ["DIGITALOCEAN_API_URL"], os.environ["DIGITALOCEAN_TOKEN"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(url + path, None if body is None else json.dumps(body).encode(), headers, method=method)
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as reply:
        return json.loads(reply.read() or b"null")


@pytest.mark.parametrize("round_", range(6))
def test_the_account_is_new(digitalocean, round_):
    assert os.environ["DIGITALOCEAN_ACCESS_TOKEN"] == digitalocean.token
    assert not digitalocean.diff() and not digitalocean.requests
    assert digitalocean.speed == 1000 and digitalocean.settings["limits"]["droplet_limit"] == 50
    assert ask("GET", "/v2/droplets")["meta"]["total"] == 12
    ask("POST", "/v2/tags", {"name": "mine"})
    assert digitalocean.diff().created.names == ["mine"]
    digitalocean.change_settings(speed=1, validation="strict", limits={"droplet_limit": 1})
    digitalocean.fault("server_error", times=None)
    digitalocean.advance(3600)
    if round_ == 2:
        digitalocean.stop()


@pytest.mark.digitalocean(droplets=3, validation="strict")
class TestSettings:
    def test_of_a_class(self, digitalocean):
        assert ask("GET", "/v2/droplets")["meta"]["total"] == 3
        assert digitalocean.settings["validation"] == "strict"

    @pytest.mark.digitalocean(validation="service")
    def test_of_its_own(self, digitalocean):
        assert ask("GET", "/v2/droplets")["meta"]["total"] == 3
        assert digitalocean.settings["validation"] == "service"


def test_the_variables_are_undone():
    assert "DIGITALOCEAN_API_URL" not in os.environ
    assert os.environ["DIGITALOCEAN_TOKEN"] == "of the user"


def test_a_new_account_takes_less_than_10_ms(request):
    pool = request.getfixturevalue("_digitalocean_pool")
    pool.take({"speed": 1000.0})
    taken_s = []
    for _ in range(20):
        began = time.process_time()
        pool.take({"speed": 1000.0})
        taken_s.append(time.process_time() - began)
    assert min(taken_s) < 0.01
"""
LOADED = """
import sys


def test_what_is_loaded():
    ours = {name for name in sys.modules if name.startswith("poseidon_nb")}
    assert ours == {"poseidon_nb", "poseidon_nb.version", "poseidon_nb.sandbox", "poseidon_nb.sandbox.pytest_plugin"}
    assert not {"pandas", "numpy", "requests", "IPython", "ssl"} & {*sys.modules}
"""


@pytest.fixture
def run(tmp_path):
    """Return a function that runs pytest in a folder, where the plugin is installed."""
    entries = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["pytest11"]
    # As pip would install it. If the package is installed as well, pytest skips the second entry with the same name.
    info = tmp_path / "site" / "poseidon_nb-0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: poseidon-nb\nVersion: 0\n")
    (info / "entry_points.txt").write_text(
        "[pytest11]\n" + "".join(f"{key} = {value}\n" for key, value in entries.items())
    )
    folder = tmp_path / "project"
    folder.mkdir()

    def run(tests, *options, **files):
        for name, text in {"test_it": tests, **files}.items():
            (folder / f"{name}.py").write_text(text)
        paths = os.pathsep.join([str(info.parent), str(ROOT)])
        return subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-W",
                "error",
                "--strict-markers",
                "-p",
                "no:cacheprovider",
                *options,
            ],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": paths, "DIGITALOCEAN_TOKEN": "of the user"},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_each_test_has_a_new_account_also_with_xdist(run):
    for options in ([], ["-n", "2"]):
        done = run(TESTS, *options)
        assert "10 passed" in done.stdout, done.stdout + done.stderr


def test_a_project_changes_the_settings_in_its_conftest(run):
    conftest = """
import pytest

@pytest.fixture(scope="session")
def digitalocean_settings():
    return {"droplets": 0, "tokens": {"reader": ["*:read"]}}
"""
    test = """
def test_it(digitalocean):
    assert digitalocean.dispatch("GET", "/v2/droplets", headers={"authorization": "Bearer reader"}).status == 200
    assert not digitalocean.diff().of("droplets")
"""
    done = run(test, conftest=conftest)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_the_plugin_loads_nothing_heavy_and_no_sandbox(run):
    # Plugins that other packages of this environment install load what they like.
    done = run(LOADED, "-p", "no:xdist", "-p", "no:hypothesispytest", "-p", "no:anyio")
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_an_assertion_about_requests_fails_in_one_line_at_the_test(run):
    test = """
def test_it(digitalocean):
    digitalocean.requests.of("droplets_create").assert_once()
"""
    done = run(test, "--tb=short")
    assert (
        "E   AssertionError: Expected droplets_create once, but it was never sent, and nothing else was." in done.stdout
    )
    assert "request_log.py" not in done.stdout


def test_a_wrong_setting_is_one_line_that_names_the_right_one(run):
    test = """
import pytest


@pytest.mark.digitalocean(droplet=3)
def test_name(digitalocean):
    pass


@pytest.mark.digitalocean(validation="strikt")
def test_value(digitalocean):
    pass


@pytest.mark.digitalocean(50)
def test_position(digitalocean):
    pass
"""
    done = run(test)
    assert "3 errors" in done.stdout
    assert "Unknown setting 'droplet'. Did you mean droplets?" in done.stdout
    assert 'The validation must be "service" or "strict", not "strikt".' in done.stdout
    assert "@pytest.mark.digitalocean takes settings by name, such as droplets=50." in done.stdout
    assert "During handling" not in done.stdout
    assert "pytest_plugin.py" not in done.stdout
