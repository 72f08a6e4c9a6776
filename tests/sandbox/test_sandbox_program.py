"""``python -m poseidon_nb.sandbox`` as a program of its own, and what the package loads."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from poseidon_nb.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-m", "poseidon_nb.sandbox"]


def ask(url, token, path, body=None):
    request = urllib.request.Request(url + path, body, {"Authorization": f"Bearer {token}"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as reply:
        return json.loads(reply.read())


def started(*options):
    program = subprocess.Popen(
        [*PROGRAM, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    words = [program.stdout.readline().split() for _ in range(2)]
    assert [word[0] for word in words] == ["URL", "TOKEN"]
    return program, words[0][1], words[1][1]


def ended(program, number):
    program.send_signal(number)
    out, err = program.communicate(timeout=20)
    return program.returncode, out, err


def test_it_serves_until_interrupted_and_keeps_its_state(tmp_path):
    file = tmp_path / "state.json"
    program, url, token = started("--droplets", "3", "--seed", "5", "--token", "secret", "--state", str(file))
    assert token == "secret"
    assert ask(url, token, "/v2/droplets")["meta"]["total"] == 3
    ask(url, token, "/v2/tags", b'{"name": "kept"}')
    assert ended(program, signal.SIGINT) == (0, "", "")
    program, url, token = started("--state", str(file), "--speed", "1000", "--lag", "2.5", "--rate-limit", "real")
    assert ask(url, token, "/_sandbox/")["lag_s"] == 2.5
    assert ask(url, token, "/v2/tags/kept")["tag"]["name"] == "kept"
    assert ask(url, token, "/v2/droplets")["meta"]["total"] == 3
    assert ended(program, signal.SIGTERM) == (0, "", "")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--port", "x"], "invalid int value: 'x'"),
        (["--port", "70000"], "The port must be from 0 to 65535"),
        (["--speed", "0"], "The speed must be more than 0"),
        (["--lag", "-1"], "The lag_s must be from 0 to 3,600 seconds"),
        (["--rate-limit", "some"], "invalid choice: 'some'"),
        (["--cows"], "unrecognized arguments: --cows"),
        (["--state", "/no/such/folder/file"], "is not a folder"),
    ],
)
def test_an_invalid_option_prints_one_line(options, words, capsys):
    from poseidon_nb.sandbox.__main__ import main

    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as caught:
        main(options)
    signal.signal(signal.SIGINT, before[0])
    signal.signal(signal.SIGTERM, before[1])
    out, err = capsys.readouterr()
    assert caught.value.code
    assert out == ""
    assert words in err
    assert err.count("\n") == 1


def test_a_port_in_use_prints_one_line():
    with Sandbox() as sandbox:
        port = sandbox.url.rpartition(":")[2]
        done = subprocess.run([*PROGRAM, "--port", port], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 1
    assert f"Port {port} is in use" in done.stderr
    assert done.stderr.count("\n") == 1


def test_it_loads_nothing_but_the_standard_library():
    code = (
        "import sys; before = {*sys.modules}\n"
        "from poseidon_nb.sandbox import Sandbox\n"
        "Sandbox().start().stop()\n"
        "tops = {name.partition('.')[0] for name in {*sys.modules} - before}\n"
        "print(sorted(tops - sys.stdlib_module_names))\n"
        "print(sorted({'http.server', 'email', 'http.client', 'logging', 'asyncio', 'tempfile'} & {*sys.modules} - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.splitlines() == ["['poseidon_nb']", "[]"]
