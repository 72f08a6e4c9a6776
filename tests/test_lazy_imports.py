"""Importing, loading, completion and help load nothing heavy into a fresh interpreter."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = ("pandas", "plotly", "numpy", "ipywidgets", "requests", "urllib3", "msgspec", "yaml", "platformdirs", "keyring")
SHELL = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
"""


def modules_after(code: str, *, before: str = "") -> set[str]:
    """Return the packages that code loads in a fresh interpreter, without those that ``before`` loads."""
    loaded = "{name.partition('.')[0] for name in sys.modules}"
    program = f"{before}\nimport sys, json\nold = {loaded}\n{code}\nprint(json.dumps(sorted({loaded} - old)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return {*json.loads(done.stdout.splitlines()[-1])}


def test_importing_the_package_loads_nothing_else():
    new = modules_after("import poseidon_nb; dir(poseidon_nb); poseidon_nb.__version__")
    assert new - sys.stdlib_module_names == {"poseidon_nb"}


@pytest.mark.parametrize(
    "code",
    [
        "",
        "shell.run_line_magic('do', '')",
        "shell.run_line_magic('do', 'droplets create --help')",
        "list(shell.Completer.completions('%do droplets create --re', 24))",
        "list(shell.Completer.completions('%do droplets power_off --tag ', 29))",
    ],
    ids=["load", "overview", "help", "options", "values"],
)
def test_loading_help_and_completion_load_no_third_party_package(code):
    load = "import warnings; warnings.simplefilter('ignore'); shell.run_line_magic('load_ext', 'poseidon_nb')"
    code = f"{load}; {code}"
    new = modules_after(code, before=SHELL)
    assert not new & {*HEAVY}
    assert new - sys.stdlib_module_names - {"poseidon_nb"} <= {"jedi", "parso"}  # loaded by IPython's completer


def test_a_table_loads_no_widgets_and_a_message_loads_no_pandas():
    code = "import poseidon_nb as po; po.do('sandbox start'); po.do('sandbox stop')"
    assert not modules_after(code) & {"pandas", "numpy", "ipywidgets", "IPython"}
    code = "import poseidon_nb as po; po.do('sandbox start'); po.do('regions list'); po.do('sandbox stop')"
    assert "ipywidgets" not in modules_after(code)
