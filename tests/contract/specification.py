"""DigitalOcean's specification as a validator of requests and responses.

::

    validate("droplets_get", 200, body)            # AssertionError: what is wrong, and where
    validate_request("droplets_create", body)
    unknown_fields("droplets_get", 200, body)         # fields that the specification does not know, {"droplet.nmae"}

Where the specification contradicts the service, `corrections.json` changes it first; each correction carries its reason
and a sample that shows what it is needed for. Those marked ``limited`` are made only for answers to a token that lacks
scopes, from which fields vanish that the specification calls required.
"""

from __future__ import annotations

import copy
import json
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from openapi_schema_validator import OAS30ReadValidator, OAS30WriteValidator, oas30_format_checker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[2]
CORRECTIONS = Path(__file__).with_name("corrections.json")
METHODS = ("get", "put", "post", "delete", "patch")


def validate(operation_id: str, status: int, body: Any, *, limited: bool = False) -> None:
    """Check a response of an operation; a response without a body is None."""
    specification(limited=limited).validate(operation_id, status, body)


def validate_file(operation_id: str, status: int, media: str) -> None:
    """Check that an operation may respond with a file of this media type."""
    specification().validate_file(operation_id, status, media)


def validate_request(operation_id: str, body: Any) -> None:
    """Check a request body of an operation; no body is None."""
    specification().validate_request(operation_id, body)


def unknown_fields(operation_id: str, status: int, body: Any) -> set[str]:
    """Return the fields of a response that the specification does not describe, as paths."""
    return specification().unknown_fields(operation_id, status, body)


def specification_path() -> Path:
    """Return where the specification is expected."""
    return Path(os.environ.get("POSEIDON_SPEC") or ROOT.parent / "shared" / "api" / "digitalocean-openapi.json")


def document() -> dict[str, Any]:
    """Return the published specification, or skip the test if it is missing."""
    path = specification_path()
    if not path.is_file():
        pytest.skip(f"no specification at {path}; POSEIDON_SPEC says where it is")
    return json.loads(path.read_bytes())


def corrections() -> list[dict[str, Any]]:
    """Return the corrections of the published specification."""
    return json.loads(CORRECTIONS.read_bytes())


@cache
def specification(*, limited: bool = False) -> Specification:
    """Return the corrected specification, read once."""
    changes = [change for change in corrections() if limited or not change.get("limited")]
    return Specification(corrected(document(), changes))


def corrected(published: Mapping[str, Any], changes: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a copy of the specification with these corrections."""
    made = copy.deepcopy(dict(published))
    for change in changes:
        target = at(made, change["at"])
        for key in change.get("remove", ()):
            del target[key]
        for old, new in change.get("rename", {}).items():
            target[new] = target.pop(old)
        for name in change.get("optional", ()):
            target["required"].remove(name)
        for key, more in change.get("append", {}).items():
            target[key].extend(more)
        target.update(change.get("set", {}))
        if "replace" in change:
            target.clear()
            target.update(change["replace"])
    return made


def at(published: Any, pointer: str) -> Any:
    """Return the value that a JSON pointer refers to."""
    for part in pointer.removeprefix("#/").split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        published = published[int(key) if isinstance(published, list) else key]
    return published


class Specification:
    """A specification that validates requests and responses."""

    _URI = "urn:specification"

    def __init__(self, published: Mapping[str, Any]) -> None:
        self._published = published
        resource = Resource(contents=published, specification=DRAFT4)
        self._registry = Registry().with_resource(self._URI, resource)
        self._operations = {
            raw["operationId"]: f"#/paths/{path.replace('~', '~0').replace('/', '~1')}/{method}"
            for path, item in published["paths"].items()
            for method, raw in item.items()
            if method in METHODS
        }
        self._answers = cache(self._find_answer)
        self._validators = cache(self._make_validator)

    def validate(self, operation_id: str, status: int, body: Any) -> None:
        """Check a response of an operation."""
        pointer = self._answers(operation_id, status)
        what = f"{operation_id} {status}"
        if pointer is None:
            assert body is None, f"{what}: a body where the specification has none: {body!r:.200}"
            return
        assert body is not None, f"{what}: no body where the specification has one"
        self._validate(OAS30ReadValidator, pointer, body, what)

    def validate_file(self, operation_id: str, status: int, media: str) -> None:
        """Check that an operation may respond with a file of this media type."""
        place = f"{self._operations[operation_id]}/responses/{status}"
        declared = self._resolved(place)[1].get("content", {})
        assert media in declared, f"{operation_id} {status}: {media} is not among {sorted(declared)}"

    def validate_request(self, operation_id: str, body: Any) -> None:
        """Check a request body of an operation."""
        place = self._operations[operation_id] + "/requestBody"
        described = at(self._published, self._operations[operation_id]).get("requestBody")
        what = f"request of {operation_id}"
        if described is None or body is None:
            assert body is None, f"{what}: takes no body"
            required = described is not None and self._resolved(place)[1].get("required", False)
            assert not required, f"{what}: needs a body"
            return
        self._validate(OAS30WriteValidator, self._resolved(place)[0] + "/content/application~1json/schema", body, what)

    def accepts(self, pointer: str, instance: Any) -> bool:
        """Return whether a schema accepts an instance."""
        return self._validators(OAS30ReadValidator, pointer).is_valid(instance)

    def unknown_fields(self, operation_id: str, status: int, body: Any) -> set[str]:
        """Return the fields of a response that the specification does not describe."""
        pointer = self._answers(operation_id, status)
        return set() if pointer is None else set(self._unknown([at(self._published, pointer)], body, ""))

    def _validate(self, kind: type, pointer: str, body: Any, what: str) -> None:
        wrong = [
            f"{error.json_path}: {error.message:.300}" for error in self._validators(kind, pointer).iter_errors(body)
        ]
        assert not wrong, f"{what}: " + "; ".join(wrong)

    def _make_validator(self, kind: type, pointer: str) -> Any:
        reference = {"$ref": f"{self._URI}{pointer}"}
        return kind(reference, registry=self._registry, format_checker=oas30_format_checker)

    def _find_answer(self, operation_id: str, status: int) -> str | None:
        """Return the pointer to a response's schema, or None if it has no body."""
        place = self._operations[operation_id] + "/responses"
        responses = at(self._published, place)
        # Many refusals that happen are undeclared, and all of them share one shape. A success has to be declared.
        declared = str(status) if str(status) in responses else "default" if status >= 400 else ""
        assert declared, f"{operation_id}: {status} is not among the declared {sorted(responses)}"
        if declared not in responses:
            return "#/components/schemas/error"
        pointer, response = self._resolved(f"{place}/{declared}")
        return f"{pointer}/content/application~1json/schema" if "content" in response else None

    def _resolved(self, pointer: str) -> tuple[str, Any]:
        node = at(self._published, pointer)
        while "$ref" in node:
            pointer = node["$ref"]
            node = at(self._published, pointer)
        return pointer, node

    def _unknown(self, schemas: list[Any], instance: Any, path: str) -> Iterator[str]:
        parts = [part for schema in schemas for part in self._parts(schema)]
        if isinstance(instance, list):
            for element in instance:
                yield from self._unknown([part["items"] for part in parts if "items" in part], element, f"{path}[]")
        if not isinstance(instance, dict):
            return
        known = [part["properties"] for part in parts if "properties" in part]
        if not known:
            return  # an object whose fields nobody describes
        for name, value in instance.items():
            described = [properties[name] for properties in known if name in properties]
            here = f"{path}.{name}".lstrip(".")
            if described:
                yield from self._unknown(described, value, here)
            else:
                yield here

    def _parts(self, schema: Any) -> Iterator[Any]:
        """Yield a schema and its parts."""
        while "$ref" in schema:
            schema = at(self._published, schema["$ref"])
        yield schema
        for word in ("allOf", "oneOf", "anyOf"):
            for part in schema.get(word, ()):
                yield from self._parts(part)
