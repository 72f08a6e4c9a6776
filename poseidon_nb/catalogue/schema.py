"""What a JSON schema of the specification says of its top level: which fields, of which type, and which must be there.

Used by `build.py` only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from poseidon_nb.catalogue.operation import Parameter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Schema: TypeAlias = "Mapping[str, Any]"

TYPES = frozenset({"string", "integer", "number", "boolean", "array", "object"})


@dataclass(slots=True)
class Fields:
    """The top-level fields of a schema, in the order in which it names them."""

    schemas: dict[str, list[Schema]] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)

    def add(self, other: Fields) -> None:
        """Take in the fields that another part of the schema names; what it requires is the caller's to judge."""
        for name, schemas in other.schemas.items():
            self.schemas.setdefault(name, []).extend(schemas)


class Schemas:
    """Reads schemas, following references within the specification."""

    def __init__(self, specification: Mapping[str, Any]) -> None:
        self._specification = specification

    def resolved(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """Give what the node refers to, or the node itself."""
        while "$ref" in node:
            target: Any = self._specification
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def fields(self, schema: Schema) -> Fields:
        """Give the schema's top-level fields.

        All parts of an ``allOf`` hold at once, so their requirements add up. Of ``oneOf`` and ``anyOf`` any variant may
        hold: a field is required only if every variant requires it.
        """
        schema = self.resolved(schema)
        found = Fields(required=set(schema.get("required", ())))
        for part in schema.get("allOf", ()):
            of_part = self.fields(part)
            found.add(of_part)
            found.required |= of_part.required
        for word in ("oneOf", "anyOf"):
            variants = [self.fields(variant) for variant in schema.get(word, ())]
            for variant in variants:
                found.add(variant)
            if variants:
                found.required |= set.intersection(*(variant.required for variant in variants))
        for name, described in schema.get("properties", {}).items():
            found.schemas.setdefault(name, []).append(described)
        return found

    def body_fields(self, schema: Schema) -> tuple[Parameter, ...]:
        """Give what a request's body may hold: all fields but those that only the server writes."""
        found = self.fields(schema)
        return tuple(
            self.parameter(name, *schemas, required=name in found.required)
            for name, schemas in found.schemas.items()
            if not any(self._read_only(described) for described in schemas)
        )

    def parameter(self, name: str, *schemas: Schema, required: bool) -> Parameter:
        """Describe one name by all the schemas that speak of it."""
        type_ = self.type_of(*schemas)
        items = ""
        if type_ == "array":
            elements = [leaf["items"] for described in schemas for leaf in self._leaves(described) if "items" in leaf]
            items = self.type_of(*elements)
        return Parameter(name, type_, required, self._enum_of(*schemas), items)

    def type_of(self, *schemas: Schema) -> str:
        """Give the one type that all these schemas agree on, or ``"any"``."""
        named = {
            leaf.get("type") or ("object" if "properties" in leaf else "")
            for described in schemas
            for leaf in self._leaves(described)
        } & TYPES
        return named.pop() if len(named) == 1 else "any"

    def _enum_of(self, *schemas: Schema) -> tuple[str | int, ...]:
        """Give all listed values; none if a schema allows any value beside another's list."""
        values: dict[str | int, None] = {}
        for described in schemas:
            listed = [value for leaf in self._leaves(described) for value in leaf.get("enum", ()) if value is not None]
            if not listed:
                return ()
            values.update(dict.fromkeys(listed))
        return tuple(values)

    def _read_only(self, schema: Schema) -> bool:
        # A `readOnly` beside an `allOf` speaks for the whole, one inside it likewise.
        resolved = self.resolved(schema)
        return bool(resolved.get("readOnly")) or any(self._read_only(part) for part in resolved.get("allOf", ()))

    def _leaves(self, schema: Schema) -> Iterator[Schema]:
        """Give the schema and all that it is composed of, each without its references."""
        schema = self.resolved(schema)
        yield schema
        for word in ("allOf", "oneOf", "anyOf"):
            for part in schema.get(word, ()):
                yield from self._leaves(part)
