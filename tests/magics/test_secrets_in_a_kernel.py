"""A whole notebook against an account full of secrets, debugged in every way: none of them is kept, nor the token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.util import run_sync

from tests.contract.planted import PREFIX, PlantedServer
from tests.contract.strict_server import running

if TYPE_CHECKING:
    from pathlib import Path

ID = "9cc10173-e9ea-4176-9dbc-a4cee4c4ff30"
#: Run silently, as if the account had been selected by a login.
SETUP = """
from types import SimpleNamespace
from poseidon_nb.magics.do import default_session
default_session().use_sandbox(SimpleNamespace(url=%r, token=%r))
"""
CELLS = (
    "import poseidon_nb as po\nclient = po.current_client()",
    f"%do databases get {ID}",
    f"%do databases get {ID} --raw",
    f"%do databases list-users {ID} -o json",
    f"users = %do databases list-users {ID}\nusers",
    "print(users)",
    "users.to_dict()",
    f"%do kubernetes kubeconfig {ID}",
    "%do api GET /v2/registry/docker-credentials",
    f"%do databases create-user {ID} app --yes",
    f"answer = client.call('databases_get_cluster', path={{'database_cluster_uuid': '{ID}'}})\nanswer",
    "answer['database']['connection'], answer['database']['users'], f'{answer}'",
    "import pprint\npprint.pprint(answer)",
    f"client.call('kubernetes_get_kubeconfig', path={{'cluster_id': '{ID}'}})",
    f"client.call('databases_list_users', path={{'database_cluster_uuid': '{ID}'}}, frame=True)",
    "%do databases list-users 7",
    "%config DoMagics.full_tracebacks = True",
    "%xmode Verbose",
    "%do databases list-users 7",
    f"client.call('databases_get_cluster', path={{'database_cluster_uuid': '{ID}'}}, nothing=1)",
    f"client.call('databases_get_eviction_policy', path={{'database_cluster_uuid': '{ID}'}}, frame='x', body=answer)",
    "po.connect(token=default_session().sandbox.token, base_url='http://example.com')",
    "po.connect(token='spaced ' + default_session().sandbox.token)",
    "import http.client, logging\nhttp.client.HTTPConnection.debuglevel = 1\nlogging.basicConfig(level=logging.DEBUG)",
    f"%do databases list-users {ID}",
    f"%do databases create-user {ID} other --yes",
    f"client.call('databases_get_cluster', path={{'database_cluster_uuid': '{ID}'}})",
    "client, vars(client), default_session(), client.changes.entries(), client.rate_limit",
    "http.client.HTTPConnection.debuglevel = 0\nlogging.getLogger().setLevel(logging.WARNING)",
    "%do log",
    "%do plans",
    "%history",
    "%whos",
    "from IPython.display import display\nimport ipywidgets\ndisplay(ipywidgets.HTML('done'))",
)


@pytest.fixture(scope="module")
def server():
    with running(PlantedServer()) as started:
        yield started


def test_nothing_that_is_kept_holds_a_secret(server: PlantedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("POSEIDON_STATE_DIR", str(tmp_path / "state"))
    notebook = nbformat.v4.new_notebook()
    client = NotebookClient(notebook, timeout=60, kernel_name="python3", allow_errors=True, store_widget_state=True)

    def run(source: str) -> None:
        notebook.cells.append(nbformat.v4.new_code_cell(source))
        client.execute_cell(notebook.cells[-1], len(notebook.cells) - 1)

    with client.setup_kernel():
        run("%load_ext poseidon_nb")
        run_sync(client.kc.execute_interactive)(SETUP % (server.url, server.token), silent=True, store_history=False)
        for cell in CELLS:
            run(cell)
        client.set_widgets_metadata()
        kept = nbformat.writes(notebook)
        run(f"%do databases list-users {ID} --reveal")
        assert PREFIX in nbformat.writes(notebook), "the account holds secrets"
    assert len(server.secrets) >= 30
    assert "ConfigurationError" in kept
    assert "send: " in kept, "http.client was to be heard"
    assert "databaseClusters" not in kept
    files = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    assert any(b"create" in content for content in files.values()), "the journal is among them"
    texts = {"notebook": kept, **{str(file): content.decode("latin-1") for file, content in files.items()}}
    for place, text in texts.items():
        for secret in (PREFIX, server.token, server.token.removeprefix("dop_v1_")):
            found = text.find(secret)
            assert found < 0, f"{place}: {text[max(0, found - 300) : found + 60]}"
