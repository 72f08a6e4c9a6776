"""Reading the published specification: the fields of a schema, and where a response holds its result.

Used by `build` only. Most responses hold one object or one array under one key, beside ``links`` and ``meta``. Rules for
the others, in order:

- A paginated response, or one of a ``list`` operation, with a single array of objects: that array.
- A response with several fields: the object named like the last literal segment of the path (``access_point`` for
  ``/access_points``).
- A response with several variants: the first. Creating droplets returns ``droplet`` for one and ``droplets`` for many.
- Otherwise the whole response is the result. This includes a single key with a string or a number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from poseidon_nb.catalogue.operations import Parameter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Schema: TypeAlias = "Mapping[str, Any]"

TYPES = frozenset({"string", "integer", "number", "boolean", "array", "object"})
#: Keys beside the result that only describe it.
ENVELOPE_KEYS = frozenset({"links", "meta"})


@dataclass(slots=True)
class Fields:
    """The top-level fields of a schema, in its order."""

    schemas: dict[str, list[Schema]] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)

    def add(self, other: Fields) -> None:
        """Add the fields of another part of the schema. Required fields are left to the caller."""
        for name, schemas in other.schemas.items():
            self.schemas.setdefault(name, []).extend(schemas)


class Schemas:
    """Schemas of a specification, with their references resolved."""

    def __init__(self, specification: Mapping[str, Any]) -> None:
        self._specification = specification

    def resolve(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the node that a reference points to, or the node itself."""
        while "$ref" in node:
            target: Any = self._specification
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def fields(self, schema: Schema) -> Fields:
        """Return the top-level fields of a schema.

        All parts of an ``allOf`` apply, so their required fields add up. With ``oneOf`` and ``anyOf`` a field is
        required only if every variant requires it.
        """
        schema = self.resolve(schema)
        found = Fields(required=set(schema.get("required", ())))
        for part in schema.get("allOf", ()):
            part_fields = self.fields(part)
            found.add(part_fields)
            found.required |= part_fields.required
        for keyword in ("oneOf", "anyOf"):
            variants = [self.fields(variant) for variant in schema.get(keyword, ())]
            for variant in variants:
                found.add(variant)
            if variants:
                found.required |= set.intersection(*(variant.required for variant in variants))
        for name, property_schema in schema.get("properties", {}).items():
            found.schemas.setdefault(name, []).append(property_schema)
        return found

    def body_fields(self, schema: Schema) -> tuple[Parameter, ...]:
        """Return the fields of a request body: all except read-only ones."""
        found = self.fields(schema)
        return tuple(
            self.parameter(name, *schemas, required=name in found.required)
            for name, schemas in found.schemas.items()
            if not any(self._read_only(field_schema) for field_schema in schemas)
        )

    def parameter(self, name: str, *schemas: Schema, required: bool) -> Parameter:
        """Build a parameter from all schemas that describe it."""
        type_ = self.type_of(*schemas)
        items = ""
        if type_ == "array":
            items = self.type_of(*(leaf["items"] for one in schemas for leaf in self._leaves(one) if "items" in leaf))
        return Parameter(name, type_, required, self._enum_of(*schemas), items)

    def type_of(self, *schemas: Schema) -> str:
        """Return the type that all schemas agree on, or ``"any"``."""
        types = {
            leaf.get("type") or ("object" if "properties" in leaf else "")
            for schema in schemas
            for leaf in self._leaves(schema)
        } & TYPES
        return types.pop() if len(types) == 1 else "any"

    def first_variant(self, schema: Schema) -> Fields:
        """Return the fields of a schema's first variant."""
        schema = self.resolve(schema)
        for keyword in ("oneOf", "anyOf"):
            if keyword in schema:
                return self.first_variant(schema[keyword][0])
        return self.fields(schema)

    def member_fields(self, response: Schema, key: str) -> list[str]:
        """Return the names of the fields of the objects in an array of a response."""
        arrays = self.first_variant(response).schemas[key]
        items = [leaf["items"] for array in arrays for leaf in self._leaves(array) if "items" in leaf]
        return [*dict.fromkeys(name for item in items for name in self.fields(item).schemas)]

    def _enum_of(self, *schemas: Schema) -> tuple[str | int, ...]:
        """Return all enum values; none if one of the schemas has no enum."""
        values: dict[str | int, None] = {}
        for schema in schemas:
            listed = [value for leaf in self._leaves(schema) for value in leaf.get("enum", ()) if value is not None]
            if not listed:
                return ()
            values.update(dict.fromkeys(listed))
        return tuple(values)

    def _read_only(self, schema: Schema) -> bool:
        # `readOnly` applies to the whole schema, whether it is beside an `allOf` or in one of its parts.
        resolved = self.resolve(schema)
        return bool(resolved.get("readOnly")) or any(self._read_only(part) for part in resolved.get("allOf", ()))

    def _leaves(self, schema: Schema) -> Iterator[Schema]:
        """Return the resolved schema and all schemas that it is composed of."""
        schema = self.resolve(schema)
        yield schema
        for keyword in ("allOf", "oneOf", "anyOf"):
            for part in schema.get(keyword, ()):
                yield from self._leaves(part)


class ResponseShape(NamedTuple):
    """Where a response holds its result."""

    key: str = ""
    is_list: bool = False
    paginated: bool = False


def response_shape(
    schemas: Schemas, operation_id: str, path: str, content: Mapping[str, Any], *, takes_page: bool
) -> ResponseShape:
    """Return where the success response of an operation holds its result.

    Parameters
    ----------
    content : mapping
        The ``content`` of the response; empty for a response without a body.
    takes_page : bool
        Whether the operation has the parameters ``page`` and ``per_page``.
    """
    if "application/json" not in content:
        return ResponseShape()
    found = schemas.first_variant(content["application/json"]["schema"])
    paginated = takes_page and bool(ENVELOPE_KEYS & found.schemas.keys())
    candidates = {
        name: schemas.parameter(name, *field_schemas, required=False)
        for name, field_schemas in found.schemas.items()
        if name not in ENVELOPE_KEYS
    }
    if len(candidates) == 1:
        (only,) = candidates.values()
        if only.type not in {"object", "array"}:
            return ResponseShape()
        return ResponseShape(only.name, is_list=only.type == "array", paginated=paginated)
    if paginated or "_list" in operation_id:
        arrays = [one.name for one in candidates.values() if one.type == "array" and one.items == "object"]
        if len(arrays) == 1:
            return ResponseShape(arrays[0], is_list=True, paginated=paginated)
    name = _singular(path)
    if name in candidates and candidates[name].type == "object":
        return ResponseShape(name)
    return ResponseShape()


def identify_members(parameter: str, fields: Sequence[str]) -> tuple[str, str]:
    """Return the fields of listed objects that hold their id and their name; empty if none holds the id.

    Parameters
    ----------
    parameter : str
        The path parameter that names one of them, such as ``node_pool_id``, ``username`` or ``access_key``.
    fields : sequence of str
        The fields of the objects, such as ``id`` and ``name``.
    """
    endings = sorted((field for field in fields if parameter.endswith(field)), key=len, reverse=True)
    beginnings = [field for field in fields if parameter.startswith(f"{field}_")]
    others = [field for field in ("uuid", "id") if field in fields and parameter.endswith(("id", "uuid"))]
    id_ = next(iter((*endings, *beginnings, *others)), "")
    if not id_ or id_.endswith(("name", "slug")):
        return id_, id_
    alike = f"{id_.removesuffix('id').removesuffix('uu')}name"
    return id_, next((field for field in ("name", alike, "label") if field in fields), id_)


def _singular(path: str) -> str:
    """Return the last literal segment of a path as a field name in the singular."""
    last = [segment for segment in path.split("/") if not segment.startswith("{")][-1]
    return last.replace("-", "_").removesuffix("s")
