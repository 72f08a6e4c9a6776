"""Generate `operations.json` from DigitalOcean's published specification; the output is reproducible byte for byte.

::

    python -m poseidon_nb.catalogue.build SPECIFICATION            write the file
    python -m poseidon_nb.catalogue.build SPECIFICATION --check    check whether the committed file is up to date

The specification is one JSON file with internal references only. Names, types and enums are read from it, no prose.
`CORRECTIONS` lists where it contradicts the service, and why.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue.collections import member_path
from poseidon_nb.catalogue.operations import FILE, Operation, Parameter, reference_page, to_row
from poseidon_nb.catalogue.specification import Schemas, identify_members, response_shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

_PAGES = (Parameter("per_page", "integer"), Parameter("page", "integer"))
_PAGES_REASON = (
    "returns links and meta and takes page and per_page, like all paginated operations; that is not described"
)
_ACTION_REASON = (
    "described as a bare action, but returns {'action': ...}: its own example does, and every client expects it"
)
_COLLECTION_REASON = "godo sends a type, which the operation that this one replaces describes"

#: Corrections of the specification: operationId -> the reason and the fields to replace.
CORRECTIONS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "imageActions_post": (_ACTION_REASON, {"response_key": "action"}),
    "imageActions_get": (_ACTION_REASON, {"response_key": "action"}),
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
    **{
        f"{prefix}_list_garbageCollections": (_PAGES_REASON, {"paginated": True})
        for prefix in ("registry", "registries")
    },
    "registries_run_garbageCollection": (
        _COLLECTION_REASON,
        {"body_type": "application/json"},
    ),
    "spacesKey_get": (
        "described with the key of the list; the service and godo use key",
        {"response_key": "key", "response_is_list": False},
    ),
    **{
        f"apps_{verb}_job_invocation": (
            "described as a bare job invocation; its own text, its example and godo have it under job_invocation",
            {"response_key": "job_invocation"},
        )
        for verb in ("get", "cancel")
    },
    "byoipPrefixes_create": (
        "described as a bare prefix; its own example and godo have it under byoip_prefix",
        {"response_key": "byoip_prefix"},
    ),
}

#: Body fields that operations take although their schema does not list them, or lists them otherwise: the reason and the
#: fields.
ADDED_FIELDS: Mapping[str, tuple[str, tuple[Parameter, ...]]] = {
    "volumeActions_post": (
        "the description and both examples name the volume with it",
        (Parameter("volume_name", "string"),),
    ),
    **{
        operation_id: (
            "the example has these names",
            (Parameter("partitions", "integer"), Parameter("replication", "integer")),
        )
        for operation_id in ("databases_create_kafka_topic", "databases_update_kafka_topic")
    },
    "registries_run_garbageCollection": (_COLLECTION_REASON, (Parameter("type", "string"),)),
    "vpcnatgateways_create": ("godo sends them", (Parameter("project_id", "string"), Parameter("egresses", "object"))),
    "genai_update_model_router": (
        "described as objects; the operation that creates a router has names of models",
        (Parameter("fallback_models", "array", items="string"),),
    ),
}


#: OpenAPI has these header parameters ignored (3.0, "Parameter Object"): the client sets them itself.
IGNORED_HEADERS = frozenset({"Accept", "Authorization", "Content-Type"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the file, or compare it with ``--check``; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m poseidon_nb.catalogue.build", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("specification", type=Path, help="digitalocean-openapi.json")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the committed file differs")
    options = parser.parse_args(arguments)
    content = render(json.loads(options.specification.read_bytes()))
    if not options.check:
        FILE.write_bytes(content)
        return 0
    if FILE.read_bytes() == content:
        return 0
    sys.stderr.write(f"{FILE.name} is out of date with {options.specification}. Run without --check to update it.\n")
    return 1


def render(specification: Mapping[str, Any]) -> bytes:
    """Return the bytes of `operations.json`: one operation per line, in the order of the specification."""
    commit = specification["info"]["x-source-commit"]
    head = f'{{"source":"github.com/digitalocean/openapi","commit":"{commit}","operations":[\n'
    lines = [
        json.dumps(to_row(apply_correction(operation)), ensure_ascii=False, separators=(",", ":"))
        for operation in read_operations(specification)
    ]
    return (head + ",\n".join(lines) + "\n]}\n").encode()


def apply_correction(operation: Operation) -> Operation:
    """Return the operation with its correction applied, if there is one."""
    _, fields = CORRECTIONS.get(operation.id, ("", {}))
    _, added = ADDED_FIELDS.get(operation.id, ("", ()))
    names = {parameter.name for parameter in added}
    kept = [parameter for parameter in operation.body_fields if parameter.name not in names]
    return replace(operation, **fields, body_fields=(*kept, *added))


def read_operations(specification: Mapping[str, Any]) -> Iterator[Operation]:
    """Return every operation as the specification describes it."""
    schemas = Schemas(specification)
    for path, item in specification["paths"].items():
        for method, raw in item.items():
            if method in METHODS:
                # A parameter of the operation overrides the path's parameter of the same name and location.
                parameters = {
                    (parameter["in"], parameter["name"]): parameter
                    for parameter in map(schemas.resolve, [*item.get("parameters", ()), *raw.get("parameters", ())])
                }
                servers = raw.get("servers") or item.get("servers") or specification["servers"]
                found = _read_operation(
                    schemas, method.upper(), path, raw, servers[0]["url"], list(parameters.values())
                )
                yield found if method != "get" else _with_members(schemas, found, raw, specification["paths"])


def _with_members(schemas: Schemas, found: Operation, raw: Mapping[str, Any], paths: Iterable[str]) -> Operation:
    """Return an operation with the fields that identify the objects that it lists, if another path names one of them."""
    below = member_path(found.path)
    parameter = next((path.removeprefix(below).partition("}")[0] for path in paths if path.startswith(below)), "")
    if not parameter or not found.response_is_list:
        return found
    _, content = _read_success(schemas, raw["responses"])
    fields = schemas.member_fields(content["application/json"]["schema"], found.response_key)
    member_id, member_name = identify_members(parameter, fields)
    return replace(found, member_id=member_id, member_name=member_name)


def _read_operation(  # all parts of one operation
    schemas: Schemas,
    method: str,
    path: str,
    raw: Mapping[str, Any],
    server: str,
    parameters: Sequence[Mapping[str, Any]],
) -> Operation:
    def in_(location: str) -> tuple[Parameter, ...]:
        return tuple(
            schemas.parameter(parameter["name"], parameter["schema"], required=parameter.get("required", False))
            for parameter in parameters
            if parameter["in"] == location and (location != "header" or parameter["name"] not in IGNORED_HEADERS)
        )

    query = in_("query")
    body = schemas.resolve(raw.get("requestBody", {}))
    body_type, body_fields = _read_body(schemas, body)
    status, content = _read_success(schemas, raw["responses"])
    shape = response_shape(
        schemas, raw["operationId"], path, content, takes_page={"page", "per_page"} <= {one.name for one in query}
    )
    return Operation(
        id=raw["operationId"],
        method=method,
        path=path,
        server=server,
        tag=raw["tags"][0],
        path_parameters=_in_path_order(path, in_("path")),
        query_parameters=query,
        header_parameters=in_("header"),
        body_fields=body_fields,
        body_type=body_type,
        # Many bodies with required fields are described as optional.
        body_required=body.get("required", False) or any(one.required for one in body_fields),
        status=status,
        response_key=shape.key,
        response_is_list=shape.is_list,
        paginated=shape.paginated,
        deprecated=raw.get("deprecated", False),
        scopes=_read_scopes(raw["security"]),
        page=reference_page(raw["tags"][0], raw["operationId"]),
    )


def _in_path_order(path: str, parameters: Sequence[Parameter]) -> tuple[Parameter, ...]:
    return tuple(sorted(parameters, key=lambda parameter: path.index(f"{{{parameter.name}}}")))


def _read_body(schemas: Schemas, body: Mapping[str, Any]) -> tuple[str, tuple[Parameter, ...]]:
    for content_type, content in body.get("content", {}).items():
        return content_type, schemas.body_fields(content["schema"])
    return "", ()


def _read_success(schemas: Schemas, responses: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
    """Return the lowest success status and the content of its response."""
    for status in sorted(responses):
        if status.startswith("2"):
            return int(status), schemas.resolve(responses[status]).get("content", {})
    return 0, {}


def _read_scopes(security: Sequence[Mapping[str, Sequence[str]]]) -> tuple[str, ...]:
    """Return the scopes of the first alternative, which is the one named after the operation's own verb."""
    return tuple(scope for scheme in security[:1] for scopes in scheme.values() for scope in scopes)


if __name__ == "__main__":
    sys.exit(main())
