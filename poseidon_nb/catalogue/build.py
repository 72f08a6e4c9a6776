"""Make `operations.json` from DigitalOcean's published specification, byte for byte the same each time.

::

    python -m poseidon_nb.catalogue.build SPECIFICATION            write the file
    python -m poseidon_nb.catalogue.build SPECIFICATION --check    say whether the committed file is up to date

The specification is one JSON file with references only into itself. What is read from it are names, types and enums,
no sentences. Where it contradicts the service, `CORRECTIONS` says so, with the reason.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue.answers import answer_of
from poseidon_nb.catalogue.encoding import page_address, to_row
from poseidon_nb.catalogue.lookup import FILE
from poseidon_nb.catalogue.operation import Operation, Parameter
from poseidon_nb.catalogue.schema import Schemas

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

_PAGES = (Parameter("per_page", "integer"), Parameter("page", "integer"))
_PAGES_REASON = "answers with links and meta as all pages do, and takes page and per_page; both are left undescribed"
_ACTION_REASON = (
    "described as a bare action, answers {'action': ...}: its own example does, and every client reads that"
)

#: What the specification says of an operation, put right: operationId -> reason, then the fields to replace.
CORRECTIONS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "imageActions_post": (_ACTION_REASON, {"answer_key": "action"}),
    "imageActions_get": (_ACTION_REASON, {"answer_key": "action"}),
    **{
        operation_id: (_PAGES_REASON, {"paginated": True, "query_parameters": _PAGES})
        for operation_id in (
            "billingHistory_list",
            "floatingIPsAction_list",
            "imageActions_list",
            "projects_list_resources_default",
            "reservedIPsActions_list",
            "genai_list_indexing_jobs_by_knowledge_base",
        )
    },
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the file, or with ``--check`` compare it; give the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m poseidon_nb.catalogue.build", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("specification", type=Path, help="digitalocean-openapi.json")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the committed file differs")
    options = parser.parse_args(arguments)
    made = rendered(json.loads(options.specification.read_bytes()))
    if not options.check:
        FILE.write_bytes(made)
        return 0
    if FILE.read_bytes() == made:
        return 0
    sys.stderr.write(f"{FILE.name} is not what {options.specification} makes: run without --check\n")
    return 1


def rendered(specification: Mapping[str, Any]) -> bytes:
    """Give the bytes of `operations.json`: one operation a line, in the specification's order."""
    commit = specification["info"]["x-source-commit"]
    head = f'{{"source":"github.com/digitalocean/openapi","commit":"{commit}","operations":[\n'
    lines = [
        json.dumps(to_row(corrected(operation)), ensure_ascii=False, separators=(",", ":"))
        for operation in described(specification)
    ]
    return (head + ",\n".join(lines) + "\n]}\n").encode()


def corrected(operation: Operation) -> Operation:
    """Put right what the specification says wrongly of this operation."""
    _, fields = CORRECTIONS.get(operation.id, ("", {}))
    return replace(operation, **fields)


def described(specification: Mapping[str, Any]) -> Iterator[Operation]:
    """Give every operation as the specification describes it."""
    schemas = Schemas(specification)
    for path, item in specification["paths"].items():
        for method, raw in item.items():
            if method in METHODS:
                # A parameter of the operation stands for one of the same name and place that its path shares with others.
                parameters = {
                    (parameter["in"], parameter["name"]): parameter
                    for parameter in map(schemas.resolved, [*item.get("parameters", ()), *raw.get("parameters", ())])
                }
                servers = raw.get("servers") or item.get("servers") or specification["servers"]
                yield _described(schemas, method.upper(), path, raw, servers[0]["url"], list(parameters.values()))


def _described(  # the parts of one operation, put together in one place
    schemas: Schemas,
    method: str,
    path: str,
    raw: Mapping[str, Any],
    server: str,
    parameters: Sequence[Mapping[str, Any]],
) -> Operation:
    def in_(place: str) -> tuple[Parameter, ...]:
        return tuple(
            schemas.parameter(parameter["name"], parameter["schema"], required=parameter.get("required", False))
            for parameter in parameters
            if parameter["in"] == place
        )

    query = in_("query")
    body = schemas.resolved(raw.get("requestBody", {}))
    body_type, body_fields = _body_of(schemas, body)
    status, content = _success_of(schemas, raw["responses"])
    answer = answer_of(
        schemas, raw["operationId"], path, content, pages_asked={"page", "per_page"} <= {one.name for one in query}
    )
    return Operation(
        id=raw["operationId"],
        method=method,
        path=path,
        server=server,
        tag=raw["tags"][0],
        path_parameters=_in_order_of(path, in_("path")),
        query_parameters=query,
        header_parameters=in_("header"),
        body_fields=body_fields,
        body_type=body_type,
        # Many bodies are described as optional that have required fields.
        body_required=body.get("required", False) or any(one.required for one in body_fields),
        status=status,
        answer_key=answer.key,
        answer_is_list=answer.is_list,
        paginated=answer.paginated,
        deprecated=raw.get("deprecated", False),
        scopes=_scopes_of(raw["security"]),
        page=page_address(raw["tags"][0], raw["operationId"]),
    )


def _in_order_of(path: str, parameters: Sequence[Parameter]) -> tuple[Parameter, ...]:
    return tuple(sorted(parameters, key=lambda parameter: path.index(f"{{{parameter.name}}}")))


def _body_of(schemas: Schemas, body: Mapping[str, Any]) -> tuple[str, tuple[Parameter, ...]]:
    for content_type, content in body.get("content", {}).items():
        return content_type, schemas.body_fields(content["schema"])
    return "", ()


def _success_of(schemas: Schemas, responses: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
    """Give the lowest status of success with what it answers."""
    for status in sorted(responses):
        if status.startswith("2"):
            return int(status), schemas.resolved(responses[status]).get("content", {})
    return 0, {}


def _scopes_of(security: Sequence[Mapping[str, Sequence[str]]]) -> tuple[str, ...]:
    """Give what the first alternative asks for: it is the one that is named for the operation's own verb."""
    return tuple(scope for scheme in security[:1] for scopes in scheme.values() for scope in scopes)


if __name__ == "__main__":
    sys.exit(main())
