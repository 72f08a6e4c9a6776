"""The declared fields of app specs are those of the specification, with its types, choices and ranges."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox.services.apps.spec import reference
from tests.contract.specification import document

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What godo has besides.
MORE = {
    "spec": {"alerts", "envs", "features"},
    "service": {"alerts", "inactivity_sleep"},
    "worker": {"alerts"},
    "job": {"alerts", "schedule", "timeout"},
    "autoscaling": {"metrics"},
    "service_metrics": {"cpu"},
    "service_health_check": {"path"},
    "log_destination": {"endpoint", "tls_insecure", "headers"},
    "logtail": {"endpoint"},
    "database": {"size", "num_nodes"},
    "domain": {"certificate"},
    "ingress": {"load_balancer", "load_balancer_size", "secure_header"},
    "match": {"exact", "prefix"},
}
MORE_CHOICES = {"SCHEDULED", "UNSPECIFIED", "DEPLOYMENT_STARTED", "DEPLOYMENT_CANCELED", "JOB_INVOCATION_FAILED"}
#: Text in the specification, a boolean in godo.
UNTYPED = {"preserve_path_prefix"}


def schema(reference_or_schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with the parts of its ``allOf`` in one."""
    found = reference_or_schema
    if "$ref" in found:
        found = document_schemas()[found["$ref"].rpartition("/")[2]]
    merged: dict[str, Any] = {"properties": {}, "required": [], **found}
    for part in map(schema, found.get("allOf", ())):
        merged["properties"] = merged["properties"] | part["properties"]
        merged["required"] = [*merged["required"], *part["required"]]
    return merged


@cache
def document_schemas() -> dict[str, Any]:
    return document()["components"]["schemas"]


def differences(name: str, described: dict[str, Any], path: str) -> Iterator[str]:
    """Yield where the declared object differs from the described one."""
    declared, described = reference()["objects"][name], schema(described)
    more = MORE.get(name, set())
    if declared.keys() - more != described["properties"].keys() - more:
        yield f"{path}: {sorted(declared.keys() ^ described['properties'].keys())}"
    for field, rule in declared.items():
        one = schema(described["properties"].get(field, {}))
        if field in more or (one.get("allOf") and field == "metrics"):
            continue
        if rule.get("type") != one.get("type", "object" if one["properties"] else "string") and field not in UNTYPED:
            yield f"{path}.{field}: {rule.get('type')} instead of {one.get('type')}"
        choices = one.get("enum") or [choice for part in one.get("oneOf", ()) for choice in part.get("enum", ())]
        choices = choices or [word for part in one.get("oneOf", ()) for word in schema(part).get("enum", ())]
        if {*rule.get("choices", ())} - MORE_CHOICES != {*choices} - MORE_CHOICES:
            yield f"{path}.{field}: {rule.get('choices')} instead of {choices}"
        if rule.get("required", False) != (field in described["required"]):
            yield f"{path}.{field}: required"
        if one.get("minimum") is not None and rule.get("minimum") != one["minimum"]:
            yield f"{path}.{field}: at least {rule.get('minimum')} instead of {one['minimum']}"
        if "fields" in rule:
            yield from differences(
                rule["fields"], one["items"] if one.get("type") == "array" else one, f"{path}.{field}"
            )


def test_declared_app_specs_are_those_of_the_specification():
    assert [*differences("spec", {"$ref": "#/components/schemas/app_spec"}, "spec")] == []
