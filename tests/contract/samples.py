"""Sample instances of the specification's schemas, with all described fields, and the specification's own examples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.contract.specification import at, corrected, corrections, document, validate_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    Schema = Mapping[str, Any]

#: A text of each format that the specification names.
FORMATS = {
    "uuid": "5a4981aa-9653-4bd1-bef5-d6bff52042e4",
    "date-time": "2026-11-23T12:00:00Z",
    "date": "2026-11-23",
    "email": "a@example.com",
    "uri": "https://example.com",
    "url": "https://example.com",
    "hostname": "example.com",
    "ipv4": "198.18.0.5",
    "ipv6": "2001:db8::1",
    "byte": "eA==",
}
#: Deeper than this only what is required is filled in: some schemas hold themselves.
DEEPEST = 5


class Samples:
    """Builds instances of the corrected specification's request and response bodies."""

    def __init__(self) -> None:
        #: Which of several shapes is taken, where there are so many.
        self._variant = 0
        #: Only responses have fields that are read only.
        self._reading = False
        self._published = corrected(document(), [one for one in corrections() if not one.get("limited")])
        self._operations = {
            raw["operationId"]: raw
            for item in self._published["paths"].values()
            for method, raw in item.items()
            if isinstance(raw, dict) and "operationId" in raw
        }

    def body(self, operation_id: str) -> Any:
        """Return a valid body for an operation, or None if it takes none."""
        described = self._operations[operation_id].get("requestBody")
        if described is None:
            return None
        schema = self._resolved(described)["content"]["application/json"]["schema"]
        made: list[Any] = []
        for self._variant in range(3):
            made.append(self.instance(schema))
            try:
                validate_request(operation_id, made[-1])
            except AssertionError:
                continue
            return made[-1]
        return made[0]

    def response(self, operation_id: str) -> Any:
        """Return a response of an operation with all described fields; None if it is empty or no JSON."""
        schema = self._content(self._success(operation_id)).get("schema")
        self._variant, self._reading = 0, True
        try:
            return None if schema is None else self.instance(schema)
        finally:
            self._reading = False

    def response_examples(self, operation_id: str) -> list[Any]:
        """Return the specification's own examples of an operation's JSON."""
        return self._examples(self._content(self._success(operation_id)))

    def status(self, operation_id: str) -> int:
        """Return the status of an operation's success."""
        return int(self._status(operation_id))

    def media_types(self, operation_id: str) -> list[str]:
        """Return the content types of an operation's success; empty if it has no body."""
        return [*self._resolved(self._success(operation_id)).get("content", {})]

    def query_names(self, operation_id: str) -> set[str]:
        """Return the names of the query parameters that an operation takes."""
        parameters = map(self._resolved, self._operations[operation_id].get("parameters", ()))
        return {one["name"] for one in parameters if one["in"] == "query"}

    def body_examples(self, operation_id: str) -> list[Any]:
        """Return the specification's own examples of a request body."""
        described = self._operations[operation_id].get("requestBody")
        return [] if described is None else self._examples(self._content(described))

    def _success(self, operation_id: str) -> Schema:
        return self._operations[operation_id]["responses"].get(self._status(operation_id), {})

    def _status(self, operation_id: str) -> str:
        # Some operations describe errors only, or 101 Switching Protocols.
        return min((one for one in self._operations[operation_id]["responses"] if one.startswith("2")), default="200")

    def _content(self, node: Schema) -> Schema:
        return self._resolved(node).get("content", {}).get("application/json", {})

    def _examples(self, content: Schema) -> list[Any]:
        named = [self._resolved(one).get("value") for one in content.get("examples", {}).values()]
        return [one for one in (content.get("example"), *named) if one is not None]

    def instance(self, schema: Schema, depth: int = 0) -> Any:
        """Return an instance of a schema."""
        schema = self._resolved(schema)
        if "allOf" in schema:
            return self._all_of(schema, depth)
        for word in ("oneOf", "anyOf"):
            if word in schema:
                chosen = self.instance(schema[word][self._variant % len(schema[word])], depth)
                own = self._object(schema, depth) if "properties" in schema else None
                return {**own, **chosen} if own is not None and isinstance(chosen, dict) else chosen
        if schema.get("enum"):
            return next(value for value in schema["enum"] if value is not None)
        kind = schema.get("type") or ("object" if "properties" in schema else "")
        return self._KINDS.get(kind, Samples._anything)(self, schema, depth)

    def _all_of(self, schema: Schema, depth: int) -> Any:
        parts = [self.instance(part, depth) for part in schema["allOf"]]
        objects = [part for part in parts if isinstance(part, dict)]
        own = [self._object(schema, depth)] if "properties" in schema else []
        if not objects and not own:
            return parts[0]
        return {name: value for part in (*objects, *own) for name, value in part.items()}

    def _object(self, schema: Schema, depth: int) -> Any:
        required = set(schema.get("required", ()))
        return {
            name: self.instance(described, depth + 1)
            for name, described in schema.get("properties", {}).items()
            if (name in required or depth < DEEPEST) and (self._reading or not self._read_only(described))
        }

    def _array(self, schema: Schema, depth: int) -> Any:
        wanted = max(1, schema.get("minItems", 1))
        if depth >= DEEPEST and not schema.get("minItems"):
            return []
        if isinstance(schema.get("example"), list) and len(schema["example"]) >= wanted and not depth > 1:
            return schema["example"]
        return [self.instance(schema.get("items", {}), depth + 1)] * wanted

    def _text(self, schema: Schema, _: int) -> Any:
        for value in (schema.get("example"), schema.get("default"), FORMATS.get(schema.get("format", ""))):
            if isinstance(value, str) and value:
                return value
        text = "a.example" if r"\." in schema.get("pattern", "") else "x"
        return text.ljust(schema.get("minLength", 1), "x")

    def _whole(self, schema: Schema, _: int) -> Any:
        return schema["example"] if type(schema.get("example")) is int else max(1, int(schema.get("minimum", 1)))

    def _number(self, schema: Schema, _: int) -> Any:
        return max(0.5, schema.get("minimum", 0.5))

    def _flag(self, _: Schema, __: int) -> Any:
        return True

    def _anything(self, schema: Schema, _: int) -> Any:
        return schema.get("example", "x")

    def _read_only(self, schema: Schema) -> bool:
        resolved = self._resolved(schema)
        return bool(resolved.get("readOnly")) or any(self._read_only(part) for part in resolved.get("allOf", ()))

    def _resolved(self, node: Schema) -> Schema:
        while "$ref" in node:
            node = at(self._published, node["$ref"])
        return node

    _KINDS = {  # noqa: RUF012  # a table
        "object": _object,
        "array": _array,
        "string": _text,
        "integer": _whole,
        "number": _number,
        "boolean": _flag,
    }
