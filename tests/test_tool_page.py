"""The guide "Test your DigitalOcean tool": its lines to copy run as they are written, with another port.

What a machine lacks is not tested: Go with godo (Debian's golang-github-digitalocean-godo-dev) and Terraform. Of doctl
and Ansible only the syntax of the lines is checked.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml

from poseidon_nb.sandbox import Sandbox
from poseidon_nb.sandbox.__main__ import main

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "notebooks" / "14_test_your_tool.ipynb"
GODO = Path("/usr/share/gocode")
PORT = "8080"
#: Nothing else needs them, so they are tested where they are installed.
GO, TERRAFORM = shutil.which("go"), shutil.which("terraform")


def fences(language):
    """Return the code blocks of the page in a language."""
    cells = nbformat.read(PAGE, as_version=4).cells
    prose = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return re.findall(rf"^```{language}\n(.*?)^```$", prose, re.DOTALL | re.MULTILINE)


def run(command, folder, **environment):
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(speed=1000) as sandbox:
        yield sandbox


def test_the_examples_for_pytest(tmp_path):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (tmp_path / "poseidon_nb-0.dist-info").mkdir()
    (tmp_path / "poseidon_nb-0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: poseidon-nb\nVersion: 0\n"
    )
    entries = "".join(f"{key} = {value}\n" for key, value in project["entry-points"]["pytest11"].items())
    (tmp_path / "poseidon_nb-0.dist-info" / "entry_points.txt").write_text(f"[pytest11]\n{entries}")
    tests, conftest = fences("python")
    (tmp_path / "test_tool.py").write_text(tests)
    paths = {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    assert "2 passed" in run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], tmp_path, **paths)
    (tmp_path / "conftest.py").write_text(conftest)
    assert "2 passed" in run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], tmp_path, **paths)


def test_the_lines_for_the_shell_and_those_of_the_workflow(tmp_path):
    install, start, reset, curl = fences("bash")
    assert "--no-deps" in install
    workflow = next(text for text in fences("yaml") if "runs-on" in text)
    steps = yaml.safe_load(workflow)["jobs"]["test"]["steps"]
    (started,) = [step["run"] for step in steps if "poseidon_nb.sandbox" in step.get("run", "")]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    path = {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    address = f"export DIGITALOCEAN_API_URL=http://127.0.0.1:{PORT}"
    for lines in (f"{start}\n{reset}\n{curl}", f"{address} DIGITALOCEAN_TOKEN=test\n{started}\n{reset}\n{curl}"):
        script = f"set -e\ntrap 'kill $(jobs -p)' EXIT\n{lines}".replace(PORT, port)
        shown = run(["bash", "-c", script], tmp_path, **path)
        assert f"URL http://127.0.0.1:{port}\nTOKEN test\n" in shown
        assert '"name":"web-1"' in shown


def test_the_lines_for_node(sandbox, tmp_path):
    (script,) = fences("javascript")
    (tmp_path / "create.mjs").write_text(script)
    assert run(["node", "create.mjs"], tmp_path, **sandbox.environment) == "from-node new\n"
    sandbox.requests.of("droplets_create").assert_sent(name="from-node", size="s-1vcpu-1gb")


if GO and (GODO / "src" / "github.com").exists():

    def test_the_lines_for_go(sandbox, tmp_path):
        (program,) = fences("go")
        (tmp_path / "main.go").write_text(program)
        settings = {"GO111MODULE": "off", "GOPATH": str(GODO), "GOFLAGS": ""}
        assert run([GO, "run", "main.go"], tmp_path, **settings, **sandbox.environment) == "from-go new\n"
        assert sandbox.requests.of("droplets_create").assert_sent(name="from-go")


if TERRAFORM:

    def test_the_lines_for_terraform_are_in_its_format(tmp_path):
        (block,) = fences("terraform")
        (tmp_path / "main.tf").write_text(block)
        assert run([TERRAFORM, "fmt", "-check", "-diff"], tmp_path) == ""


def test_the_other_lines_have_options_and_addresses_that_exist(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    options = {*re.findall(r"--[a-z-]+", capsys.readouterr().out)}
    for text in [*fences("bash"), *fences("shell")]:
        for line in text.splitlines():
            if "poseidon_nb.sandbox" in line:
                assert {*re.findall(r"--[a-z-]+", line)} <= options
    doctl, tls = fences("shell")
    assert f"http://127.0.0.1:{PORT}" in doctl
    assert "--tls" in tls
    (play,) = next(found for text in fences("yaml") if isinstance(found := yaml.safe_load(text), list))
    (task,) = play["tasks"]
    assert task["digitalocean.cloud.droplet"]["client_override_options"] == {"endpoint": "https://127.0.0.1:8443"}


def test_pydo_needs_no_other_option_over_tls(tmp_path, monkeypatch):
    """The collection for Ansible uses pydo in this way."""
    import pydo

    with Sandbox(droplets=1, ca_file=tmp_path / "ca.pem") as sandbox:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(sandbox.ca_file))
        client = pydo.Client(sandbox.token, endpoint=sandbox.url)
        assert [one["name"] for one in client.droplets.list()["droplets"]] == ["web-1"]
