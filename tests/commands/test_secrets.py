"""Secrets in responses: masked in everything that a command returns, prints or raises, unless they are asked for."""

from __future__ import annotations

import json
import pickle
import stat
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from poseidon_nb import errors
from poseidon_nb.catalogue import operation
from poseidon_nb.client.client import connect
from poseidon_nb.commands.do_session import DoSession
from poseidon_nb.commands.generic.derive import account_operations
from poseidon_nb.frames.display import to_text, view_of
from poseidon_nb.frames.layout import View
from poseidon_nb.frames.text_table import text_rows
from poseidon_nb.masking import MASK, mask, masked_fields
from poseidon_nb.transport.responses import NOT_JSON
from tests.commands.conftest import Desk, FakeUI
from tests.contract.planted import KUBECONFIG, PREFIX, PlantedServer
from tests.contract.strict_server import running
from tests.each import each

if TYPE_CHECKING:
    from collections.abc import Iterator

READS = [one for one in account_operations() if operation(one).method == "GET" and one not in NOT_JSON]
ID = "9cc10173-e9ea-4176-9dbc-a4cee4c4ff30"
HINT = "masked; use --reveal to show"


@pytest.fixture(scope="module")
def server() -> Iterator[PlantedServer]:
    with running(PlantedServer()) as started:
        yield started


@pytest.fixture
def planted(server: PlantedServer, clock) -> Iterator[Desk]:
    """A desk whose account answers with planted secrets."""
    session = DoSession(clock)
    session.use_sandbox(server)
    yield Desk(session, FakeUI())
    server.refusal = None
    session.sandbox = None
    session._forget()


def path_of(operation_id: str) -> str:
    wanted = operation(operation_id)
    path = wanted.path
    for parameter in wanted.path_parameters:
        path = path.replace(f"{{{parameter.name}}}", "7")
    query = "&".join(f"{one.name}=7" for one in wanted.query_parameters if one.required)
    return f"{path}?{query}" if query else path


def everything(value: Any) -> str:
    """Return a value in every form in which it may be shown or kept."""
    forms = [repr(value), str(value), pickle.dumps(value).decode("latin-1")]
    if isinstance(value, pd.DataFrame):
        forms += [
            value.to_csv(),
            value.to_json(date_format="iso"),
            value.to_html(),
            value._repr_html_() or "",
            repr(value.copy().to_dict()),
            *(to_text(value, view, width=10_000) for view in (view_of(value) or View(), View(), View(card=True))),
            text_rows(value),
        ]
    return "\n".join(forms)


def test_enough_secrets_are_planted(server: PlantedServer):
    assert len([one for one in READS if server.has_secrets(one)]) >= 30


@each("operation_id", READS)
def test_a_response_is_masked_in_every_form(operation_id: str, server: PlantedServer, clock):
    if not server.has_secrets(operation_id):
        return
    ui = FakeUI()
    session = DoSession(clock)
    session.use_sandbox(server)
    desk = Desk(session, ui)
    line = f"api GET {path_of(operation_id)}"
    client = session.client()
    results = [
        desk.do(line),
        desk.do(f"{line} --raw"),
        desk.do(f"{line} -o json"),
        desk.do(f"{line} --no-header"),
        client.api("GET", path_of(operation_id)),
    ]
    shown = "\n".join(map(everything, results)) + "\n".join(ui.said)
    assert PREFIX not in shown
    assert any(HINT in text for text in ui.said)
    assert PREFIX in repr(desk.do(f"{line} --raw --reveal"))
    assert PREFIX in json.dumps(client.api("GET", path_of(operation_id)))
    session.sandbox = None
    session._forget()


def test_a_table_names_how_many_fields_are_masked_and_shows_them_on_request(planted: Desk):
    frame = planted.do(f"databases list-users {ID}")
    assert frame["password"].tolist() == [MASK]
    assert planted.ui.said == ["2 secret fields are masked; use --reveal to show them"]
    assert pickle.loads(pickle.dumps(frame))["password"].tolist() == [MASK]  # our own pickle
    revealed = planted.do(f"databases list-users {ID} --reveal")
    assert revealed["password"][0].startswith(PREFIX)
    assert len(planted.ui.said) == 1


def test_a_variable_gets_the_values_without_showing_them(planted: Desk):
    kept: dict[str, Any] = {}
    planted.settings = type(planted.settings)(assign=kept.__setitem__)
    assert planted.do(f"databases list-users {ID} --out users --reveal") is None
    assert kept["users"]["password"][0].startswith(PREFIX)
    assert planted.ui.said == ["users: 1 row"]


def test_a_kubeconfig_is_masked_and_saved_with_its_token(planted: Desk, tmp_path):
    file = tmp_path / "config.yaml"
    text = planted.do(f"kubernetes kubeconfig {ID}")
    assert str(text) == KUBECONFIG.replace(f"{PREFIX}-kube", MASK)
    assert planted.ui.said == [f"1 secret field is {HINT} it"]
    assert planted.do(f"kubernetes kubeconfig {ID} --reveal") == KUBECONFIG
    assert planted.do(f"kubernetes kubeconfig {ID} --save {file}") is None
    assert file.read_text() == KUBECONFIG
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert planted.ui.said[-1].startswith(f"Wrote {len(KUBECONFIG)} bytes to {file}, which only you can read.")


def test_a_certificate_and_tables_are_saved(planted: Desk, tmp_path):
    planted.do(f"databases get-ca {ID} --save {tmp_path}/ca.pem")
    assert (tmp_path / "ca.pem").read_text().startswith("-----BEGIN CERTIFICATE-----")
    planted.do(f"databases list-users {ID} --save {tmp_path}/users.csv")
    planted.do(f"databases list-users {ID} --save {tmp_path}/users.json")
    assert pd.read_csv(tmp_path / "users.csv")["password"][0].startswith(PREFIX)
    assert json.loads((tmp_path / "users.json").read_text())[0]["password"].startswith(PREFIX)
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in tmp_path.iterdir())
    assert PREFIX not in "".join(planted.ui.said)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--save {folder}", "is a folder"),
        ("--save {folder}/none/x.csv", "does not exist"),
        ("--save x.csv --out y", "cannot be combined with --out"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_sent(desk: Desk, tmp_path, options, message):
    with pytest.raises(errors.InvalidArgument, match=message):
        desk.do(f"tags create x {options.format(folder=tmp_path)}")
    assert desk.sent() == []


def test_what_a_change_returns_is_masked(planted: Desk):
    frame = planted.do(f"databases create-user {ID} app --yes")
    assert PREFIX not in everything(frame) + "".join(planted.ui.said)
    client = planted.session.client()
    found = client.call("databases_add_user", database_cluster_uuid="7", name="app")
    assert PREFIX not in everything(found)
    assert found["user"]["password"].startswith(PREFIX)
    assert PREFIX in repr(client.call("databases_add_user", database_cluster_uuid="7", name="app", reveal=True))
    assert PREFIX not in repr(client.changes.entries())


def test_a_call_in_python_is_masked_unless_revealed(server: PlantedServer):
    client = connect(server)
    path = {"database_cluster_uuid": "7"}
    frame = client.call("databases_list_users", path=path, frame=True)
    assert frame["password"].tolist() == [MASK]
    assert client.call("databases_list_users", path=path, frame=True, reveal=True)["password"][0].startswith(PREFIX)
    assert PREFIX not in everything(client.call("databases_get_cluster", path=path))
    assert PREFIX in repr(client.call("databases_get_cluster", path=path, reveal=True))


@pytest.mark.parametrize(
    "verb", [f"databases get {ID}", "api GET /v2/databases", f"databases create-user {ID} x --yes"]
)
def test_an_error_shows_no_secret_of_the_response(planted: Desk, server: PlantedServer, verb):
    secret = f"{PREFIX}-in-an-error"
    server.refusal = {
        "id": "x",
        "message": f"Cannot reach postgres://u:{secret}@host.",
        "password": secret,
        "details": [{"private_key": secret, "note": f"{{'token': '{secret}'}}"}],
    }
    with pytest.raises(errors.APIError, match="Cannot reach postgres") as caught:
        planted.do(verb)
    assert (
        secret
        not in f"{caught.value!r} {caught.value} {vars(caught.value)} {caught.value.__notes__ if hasattr(caught.value, '__notes__') else ''}"
    )
    assert secret not in repr(planted.session.client().changes.entries()) + "".join(planted.ui.said)


LISTS = [
    one
    for one in READS
    if not operation(one).path_parameters
    and not operation(one).path.startswith("/v2/monitoring/metrics")
    # Their answers are passwords and connections.
    and one
    not in {"databases_get_cluster_metrics_credentials", "databases_list_clusters", "registry_get_dockerCredentials"}
]


@each("operation_id", LISTS)
def test_nothing_else_of_the_seeded_account_is_masked(operation_id: str, seeded):
    arguments = {one.name: "web" for one in operation(operation_id).query_parameters if one.required}
    try:
        found = seeded.call(operation_id, query=arguments, reveal=True)
    except errors.ServerError as error:
        if error.status != 501:
            raise
        return  # not simulated
    assert masked_fields(mask(found)) == set()
    seeded.masked_nothing += 1


@pytest.fixture(scope="module")
def seeded():
    from poseidon_nb.sandbox import Sandbox

    with Sandbox() as sandbox:
        client = connect(sandbox)
        client.masked_nothing = 0
        yield client
        assert client.masked_nothing > 25
