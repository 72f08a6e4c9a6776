"""Every operation, called against a server that is made from the specification alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from poseidon_nb import errors
from poseidon_nb.catalogue import operation
from poseidon_nb.client.client import Client, connect
from poseidon_nb.commands.generic.derive import account_operations
from poseidon_nb.frames.rows import distinct_rows
from poseidon_nb.transport.responses import NOT_JSON
from tests.contract.strict_server import StrictServer, running
from tests.each import each

if TYPE_CHECKING:
    from collections.abc import Iterator

    from poseidon_nb.catalogue import Operation, Parameter

OPERATIONS = account_operations()
VALUES = {"integer": 7, "number": 1.5, "boolean": True}
#: The example of these bodies is refused by the specification itself: it writes ``spec.vpc``, which is read only.
INVALID_EXAMPLES = frozenset({"apps_create"})


@pytest.fixture(scope="module")
def server() -> Iterator[StrictServer]:
    with running(StrictServer()) as started:
        started.answer = lambda operation_id: _answer(started, operation_id)
        yield started


def _answer(server: StrictServer, operation_id: str) -> Any:
    """Return the example of an operation; metrics without one have that of the others."""
    answer = server.example(operation_id)
    is_matrix = isinstance(answer, dict) and answer.get("status") == "success"
    return server.example("monitoring_get_DropletCpuMetrics") if is_matrix else answer


def _value(parameter: Parameter) -> Any:
    return parameter.enum[0] if parameter.enum else VALUES.get(parameter.type, "x")


def _arguments(wanted: Operation) -> dict[str, Any]:
    return {
        "path": {one.name: _value(one) for one in wanted.path_parameters},
        "query": {one.name: _value(one) for one in wanted.query_parameters if one.required},
        "headers": {one.name: _value(one) for one in wanted.header_parameters if one.required},
    }


@pytest.fixture(scope="module")
def client(server: StrictServer) -> Client:
    return connect(token="dop_v1_" + "0" * 64, base_url=server.url, strict=True)


def test_all_operations_of_the_account_are_called():
    assert len(OPERATIONS) == 644


@each("operation_id", OPERATIONS)
def test_an_operation_takes_the_examples_of_its_body_and_reads_those_of_its_response(
    operation_id: str, server: StrictServer, client: Client
):
    wanted, arguments = operation(operation_id), _arguments(operation(operation_id))
    for body in server.samples.body_examples(operation_id) or [server.samples.body(operation_id)]:
        if operation_id in INVALID_EXAMPLES:
            with pytest.raises(errors.Unprocessable, match="read-only"):
                client.call(operation_id, body=body, **arguments)
            continue
        found = client.call(operation_id, body=body, **arguments)
        expected = server.answer(operation_id)
        if isinstance(found, list):
            expected = expected.get(wanted.response_key) if wanted.response_key else expected
            expected = [*expected.values()] if isinstance(expected, dict) else expected
            assert found == (distinct_rows(expected or []) if wanted.paginated else expected or [])
        elif not isinstance(found, str | bytes):
            assert found == expected
    if wanted.method == "GET" and operation_id not in NOT_JSON:
        frame = client.call(operation_id, frame=True, **arguments)
        assert frame.columns.is_unique


def test_the_server_is_strict(client: Client):
    for operation_id, arguments, reason in (
        ("droplets_create", {"body": {"name": 5}, "check": False}, "422"),
        ("volumeActions_post", {"body": {"typ": "attach"}, "check": False}, "422"),
        ("kubernetes_get_kubeconfig", {"path": {"cluster_id": "x"}, "headers": {"Accept": "application/json"}}, "406"),
    ):
        with pytest.raises(errors.APIError, match=reason):
            client.call(operation_id, **arguments)
    with pytest.raises(errors.APIError, match="400"):
        client.api("GET", "/v2/droplets?nme=x")
