"""``python -m poseidon_nb.sandbox`` as a program of its own, and what the package loads."""

from __future__ import annotations

import json
import signal
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from poseidon_nb.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-m", "poseidon_nb.sandbox"]


def ask(url, token, path, body=None, *, context=None):
    request = urllib.request.Request(url + path, body, {"Authorization": f"Bearer {token}"})
    handlers = [urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)]
    with urllib.request.build_opener(*handlers).open(request) as reply:
        return json.loads(reply.read())


def started(*options, program=PROGRAM):
    program = subprocess.Popen(
        [*program, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
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


def test_every_answered_change_survives_a_kill(tmp_path):
    file = tmp_path / "state.json"
    (tmp_path / ".state.json.a1_b2c3d").write_text("of a process that was killed while it wrote")
    program, url, token = started("--droplets", "1", "--token", "secret", "--state", str(file))
    for number in range(3):
        ask(url, token, "/v2/tags", json.dumps({"name": f"kept-{number}"}).encode())
        saved = file.read_bytes()
        ask(url, token, "/v2/tags")
        assert file.read_bytes() == saved, "reading changes nothing"
        ended(program, signal.SIGKILL)
        program, url, token = started("--token", "secret", "--state", str(file))
        tags = [tag["name"] for tag in ask(url, token, "/v2/tags")["tags"]]
        assert [tag for tag in tags if tag.startswith("kept")] == [f"kept-{one}" for one in range(number + 1)]
    ask(url, token, "/_sandbox/clock/advance", b'{"seconds": 864000}')
    moved = ask(url, token, "/_sandbox/clock")["now_s"]
    ended(program, signal.SIGKILL)
    program, url, token = started("--token", "secret", "--state", str(file))
    assert ask(url, token, "/_sandbox/clock")["now_s"] >= moved
    assert ask(url, token, "/_sandbox/diff") == {"created": [], "changed": [], "deleted": []}
    assert ended(program, signal.SIGTERM) == (0, "", "")
    assert [one.name for one in tmp_path.iterdir()] == ["state.json"]


def test_changes_at_once_are_all_saved_and_a_full_disk_is_an_error(tmp_path, monkeypatch):
    file = tmp_path / "state.json"
    with Sandbox(droplets=0, state=file) as sandbox:

        def tag(number):
            ask(sandbox.url, sandbox.token, "/v2/tags", json.dumps({"name": f"t{number}"}).encode())
            return f"t{number}" in file.read_text()

        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(tag, range(40)))
        sandbox.reset()
        assert "t39" not in file.read_text()
        with monkeypatch.context() as patch:
            patch.setattr("pathlib.Path.replace", raising(OSError(28, "No space left on device")))
            with pytest.raises(urllib.error.HTTPError) as caught:
                tag(1)
        body = json.loads(caught.value.read())
        assert (caught.value.code, body["id"]) == (500, "server_error")
        assert body["message"] == f"The sandbox's state cannot be saved to {file}: No space left on device."
        assert tag(2)


def raising(error):
    def fail(*_args):
        raise error

    return fail


def test_settings_tokens_and_tls_are_options(tmp_path):
    program, url, token = started(
        *("--validation", "strict", "--limit", "droplet_limit=14", "--limit", "volume_limit=1"),
        *("--token", "owner", "--limited-token", "reader=*:read", "--limited-token", "a=b=tag:create,tag:read"),
        *("--tls", "--ca-file", str(tmp_path / "ca.pem")),
    )
    assert url.startswith("https://")
    context = ssl.create_default_context(cafile=tmp_path / "ca.pem")
    settings = ask(url, token, "/_sandbox/settings", context=context)
    assert settings["validation"] == "strict"
    assert settings["limits"] == {"droplet_limit": 14, "volume_limit": 1, "floating_ip_limit": 5}
    assert ask(url, "reader", "/v2/droplets", context=context)["meta"]["total"] == 12
    assert ask(url, "a=b", "/v2/tags", b'{"name": "x"}', context=context)["tag"]["name"] == "x"
    with pytest.raises(urllib.error.HTTPError, match="403"):
        ask(url, "reader", "/v2/tags", b'{"name": "x"}', context=context)
    assert ended(program, signal.SIGTERM) == (0, "", "")


def test_it_runs_without_any_other_package():
    """``pip install --no-deps`` is the documented way for those who only want the program."""
    # Neither site-packages nor the user's own packages, as if nothing else were installed.
    code = f"import sys, runpy; sys.path.insert(0, {str(ROOT)!r}); runpy.run_module('poseidon_nb.sandbox', run_name='__main__')"
    program, url, token = started("--droplets", "2", program=[sys.executable, "-I", "-S", "-c", code])
    assert ask(url, token, "/v2/droplets")["meta"]["total"] == 2
    assert ended(program, signal.SIGINT) == (0, "", "")


def test_every_operation_needs_the_standard_library_only():
    code = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from poseidon_nb.catalogue import operation
from poseidon_nb.sandbox import Sandbox
from poseidon_nb.sandbox.services import OPERATIONS
sandbox = Sandbox(droplets=2)
headers = {{"authorization": f"Bearer {{sandbox.token}}"}}
samples = {{"string": '"a"', "integer": "1", "number": "1", "boolean": "true", "array": "[]", "object": "{{}}", "any": "1"}}
for id_ in OPERATIONS:
    one = operation(id_)
    body = "{{" + ", ".join(f'"{{field.name}}": {{samples[field.type]}}' for field in one.body_fields) + "}}"
    sandbox.dispatch(one.method, one.path, "", headers, body.encode() if one.body_type else b"")
for method, path in (endpoint.split() for endpoint in sandbox.dispatch("GET", "/_sandbox/", "", headers).body.decode().split('"') if " /_sandbox/" in endpoint):
    sandbox.dispatch(method, path, "", headers, b"{{}}")
sandbox.diff(), sandbox.requests.of("droplets_list"), sandbox.environment
print(len(OPERATIONS), sorted({{name.partition(".")[0] for name in sys.modules}} - sys.stdlib_module_names - {{"__main__"}}))
"""
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    number, _, packages = done.stdout.strip().partition(" ")
    assert int(number) > 180
    assert packages == "['poseidon_nb']"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--limit", "droplet_limit"], "expected NAME=NUMBER, such as droplet_limit=25, not 'droplet_limit'"),
        (["--limit", "cows=1"], "Unknown limit 'cows'. Expected one of droplet_limit"),
        (["--limited-token", "reader"], "expected TOKEN=SCOPES, such as reader=*:read"),
        (["--limited-token", "r=droplet:reed"], "Unknown scope 'droplet:reed'. Did you mean droplet:read?"),
        (["--validation", "some"], "invalid choice: 'some'"),
        (["--key", "k.pem"], "A key needs its certificate"),
        (["--cert", "/no.pem"], "No certificate with its key can be read from /no.pem: No such file or directory."),
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


def test_it_loads_nothing_but_the_standard_library_and_nothing_slow():
    slow = {"http.server", "email", "http.client", "logging", "asyncio", "tempfile", "ssl", "_hashlib", "csv", "random"}
    code = (
        "import sys; before = {*sys.modules}\n"
        "from poseidon_nb.sandbox import Sandbox\n"
        "Sandbox().start().stop()\n"
        "tops = {name.partition('.')[0] for name in {*sys.modules} - before}\n"
        "print(sorted(tops - sys.stdlib_module_names))\n"
        f"print(sorted({slow} & {{*sys.modules}} - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.splitlines() == ["['poseidon_nb']", "[]"]
