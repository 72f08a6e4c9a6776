"""What goes on after its caller has left: in a process of its own, for a kernel that ends ends everything in it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from poseidon_nb.client.client import connect
from poseidon_nb.sandbox import Sandbox

CHILD = """
import sys, time
import poseidon_nb as po

client = po.connect(base_url=sys.argv[1], token=sys.argv[2])
droplet = client.droplets.by_name("web-1")

def told(progress):
    print(progress.label, flush=True)

try:
    droplet.resize("s-4vcpu-8gb", restart=True, on_progress=told)
except KeyboardInterrupt as interrupt:
    print("stopped", *interrupt.__notes__, flush=True)
"""


@pytest.fixture
def child(tmp_path, monkeypatch):
    """Return what starts the child and reads its lines up to one that begins with a word."""
    started = []
    monkeypatch.setenv("POSEIDON_STATE_DIR", str(tmp_path))

    def start(sandbox):
        process = subprocess.Popen(
            [sys.executable, "-c", CHILD, sandbox.url, sandbox.token], stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def read_until(process, word):
    for line in process.stdout:
        if line.startswith(word):
            return line
    pytest.fail(f"the child never said {word}")


def test_after_ctrl_c_the_exit_waits_until_the_droplet_runs_again(child):
    with Sandbox(speed=60) as sandbox, connect(sandbox) as client:
        process = child(sandbox)
        read_until(process, "shutdown")
        process.send_signal(signal.SIGINT)
        began_s = time.monotonic()
        line = read_until(process, "stopped")
        assert time.monotonic() - began_s < 10
        assert "web-1: resize and power_on continue in the background" in line
        assert process.wait(60) == 0
        droplet = client.droplets.by_name("web-1")
        assert (droplet.status, droplet.size_slug) == ("active", "s-4vcpu-8gb")


def test_an_exit_waits_no_longer_than_ten_seconds_for_a_server_that_hangs(child):
    with Sandbox(speed=20) as sandbox:
        sandbox.fault("delay", seconds=60, operation="dropletActions_post", skip=1)
        process = child(sandbox)
        read_until(process, "shutdown")
        # The resize hangs.
        while sum(one.operation == "dropletActions_post" for one in sandbox.requests) < 2:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        began_s = time.monotonic()
        read_until(process, "stopped")
        assert time.monotonic() - began_s < 8
        assert process.wait(40) == 0
        assert time.monotonic() - began_s < 40, "the server hangs for 60 s"
