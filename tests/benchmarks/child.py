"""Python code run in a fresh interpreter, which tells what it found as a last line of JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from typing import Any


def told(code: str, *arguments: object) -> Any:
    """Run the code; gives what its last line says.

    Raises
    ------
    RuntimeError
        It failed; the message is its last word.
    """
    with tempfile.TemporaryDirectory() as home:
        # IPython is to start as on a fresh machine, and to leave the user's history alone.
        environment = {**os.environ, "IPYTHONDIR": home}
        command = [sys.executable, "-c", code, *map(str, arguments)]
        child = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    if child.returncode:
        raise RuntimeError((child.stderr.strip() or child.stdout.strip() or "it said nothing").splitlines()[-1])
    return json.loads(child.stdout.splitlines()[-1])
