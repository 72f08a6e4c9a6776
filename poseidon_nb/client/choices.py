"""Fields of requests whose values the account's own options list: engines, versions, regions and sizes of services.

The options are read when they are needed, so nothing is refused because this version does not know it. A value is checked
before the question of a plan, completes at the Tab key once the options were read, and explains a refusal. The enums of the
specification are years behind the service, so they only complete.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import match, operation
from poseidon_nb.errors import PoseidonError
from poseidon_nb.text import did_you_mean, join_words, truncated_list

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from poseidon_nb.transport.request import Request

    Row = Mapping[str, Any]
    #: Sends an operation that only reads, given its id and the parameters in its path.
    Read = Callable[[str, Row], Any]

#: Values that an error lists; there are nine engines of databases.
_MAX_LISTED = 9
_MINOR_VERSION = re.compile(r"[0-9]+\.[0-9]+")


@dataclass(frozen=True, slots=True)
class Choices:
    """Where the values of a field are listed.

    Parameters
    ----------
    name : str
        The source of words for completion: ``"database sizes"``.
    operation : str
        The operation that lists them.
    path : str
        Where in its response. ``{engine}`` is the value of another field, ``layouts[num_nodes]`` an item whose field has the
        same value as that of the request. Of an object at the end the slug counts.
    also : tuple of str
        Values that the API takes too.
    keys : bool
        Of an object at the end its keys count.
    """

    name: str
    operation: str
    path: str
    also: tuple[str, ...] = ()
    keys: bool = False


_DATABASES = "databases_list_options"
_ENGINE = Choices("database engines", _DATABASES, "options", keys=True)
_DATABASE_VERSION = Choices("database versions", _DATABASES, "options.{engine}.versions")
_DATABASE_REGION = Choices("database regions", _DATABASES, "options.{engine}.regions")
_NUM_NODES = Choices("database nodes", _DATABASES, "options.{engine}.layouts.num_nodes")
_DATABASE_SIZE = Choices("database sizes", _DATABASES, "options.{engine}.layouts[num_nodes].sizes")
_REPLICA_SIZE = Choices("database sizes", _DATABASES, "options.{engine}.layouts.sizes")
_KUBERNETES = "kubernetes_list_options"
_NODE_SIZE = Choices("kubernetes sizes", _KUBERNETES, "options.sizes")
_REGISTRY_TIER = Choices("registry tiers", "registries_get_options", "options.subscription_tiers")
_REGISTRY_REGION = Choices("registry regions", "registries_get_options", "options.available_regions")
_INSTANCE_SIZE = Choices(
    "app sizes",
    "apps_list_instanceSizes",
    "instance_sizes",
    # Still taken, but only for plans of before 2024, so they are not listed.
    also=(
        *("basic-xxs", "basic-xs", "basic-s", "basic-m", "professional-xs", "professional-s", "professional-m"),
        *("professional-1l", "professional-l", "professional-xl"),
    ),
)
_APP_SPEC = {
    "spec.region": Choices("app regions", "apps_list_regions", "regions"),
    **{f"spec.{kind}.instance_size_slug": _INSTANCE_SIZE for kind in ("services", "workers", "jobs")},
}
_REGISTRY = {"subscription_tier_slug": _REGISTRY_TIER, "region": _REGISTRY_REGION}

#: By operation and field of its body, whose dots lead into objects and lists. A field may depend on those before it.
_CHOICES: Mapping[str, Mapping[str, Choices]] = {
    "databases_create_cluster": {
        "engine": _ENGINE,
        "version": _DATABASE_VERSION,
        "region": _DATABASE_REGION,
        "num_nodes": _NUM_NODES,
        "size": _DATABASE_SIZE,
    },
    "databases_update_clusterSize": {"num_nodes": _NUM_NODES, "size": _DATABASE_SIZE},
    "databases_update_region": {"region": _DATABASE_REGION},
    "databases_update_major_version": {"version": _DATABASE_VERSION},
    "databases_create_replica": {"region": _DATABASE_REGION, "size": _REPLICA_SIZE},
    "kubernetes_create_cluster": {
        "region": Choices("kubernetes regions", _KUBERNETES, "options.regions"),
        "version": Choices("kubernetes versions", _KUBERNETES, "options.versions", also=("latest",)),
        "node_pools.size": _NODE_SIZE,
    },
    "kubernetes_add_nodePool": {"size": _NODE_SIZE},
    "kubernetes_upgrade_cluster": {
        "version": Choices("kubernetes versions", "kubernetes_get_availableUpgrades", "available_upgrade_versions")
    },
    "apps_create": _APP_SPEC,
    "apps_update": _APP_SPEC,
    "registries_create": _REGISTRY,
    "registries_update_subscription": {"tier_slug": _REGISTRY_TIER},
    "registry_create": _REGISTRY,
    "registry_update_subscription": {"tier_slug": _REGISTRY_TIER},
}
#: The operation that reads the resource of a path, whose fields count where the body has none.
_OWNERS: Mapping[str, str] = {"database_cluster_uuid": "databases_get_cluster"}
#: What people call values that the API calls otherwise.
_OTHER_WORDS: Mapping[str, str] = {
    "postgres": "pg",
    "postgresql": "pg",
    "mongo": "mongodb",
    "maria": "mysql",
    "mariadb": "mysql",
    "elasticsearch": "opensearch",
}
#: Fields that each item of a list needs, and their types: the catalogue describes only the top level of a body.
_ITEMS: Mapping[tuple[str, str], Mapping[str, type]] = {
    ("kubernetes_create_cluster", "node_pools"): {"name": str, "size": str, "count": int}
}

#: The operations whose responses list options, whatever the resource.
OPTIONS = tuple(
    dict.fromkeys(
        one.operation
        for fields in _CHOICES.values()
        for one in fields.values()
        if "." in one.path and one.operation.endswith("_options")
    )
)


def choices_source(operation_id: str, field: str) -> str:
    """Return the source of words that complete a field of an operation; empty if no options list its values."""
    found = _CHOICES.get(operation_id, {}).get(field)
    return found.name if found is not None else ""


def words_in(operation_id: str, answer: Any) -> dict[str, list[str]]:
    """Return the words for completion in a response, by source; those of one engine as ``database sizes of pg``."""
    if operation_id not in OPTIONS:
        return {}
    listed = {one.name: one for fields in _CHOICES.values() for one in fields.values() if one.operation == operation_id}
    found = {name: [*_values(answer, one, {}), *one.also] for name, one in listed.items()}
    for name, one in listed.items():
        if "{engine}" in one.path:
            for engine in _values(answer, _ENGINE, {}):
                found[f"{name} of {engine}"] = _values(answer, one, {"engine": engine})
    return found


def check_choices(request: Request, read: Read) -> str:
    """Return a sentence about the first value of a request's body that the account's options do not list, or ``""``.

    Parameters
    ----------
    request : Request
    read : callable
        Sends an operation that only reads. If it fails, nothing is said.
    """
    body = request.body if isinstance(request.body, dict) else {}
    fields = _CHOICES.get(request.operation_id, {})
    if problem := _item_problem(request.operation_id, body):
        return problem
    given = {path: values for path in fields if (values := [*_values_in_body(body, path.split("."))])}
    if not given:
        return ""
    try:
        return _problem(request, body, given, read)
    except PoseidonError:
        # The API's own refusal must do.
        return ""


def _problem(request: Request, body: Row, given: Mapping[str, list[Any]], read: Read) -> str:
    found = match(request.method, request.path)
    path = found[1] if found is not None else {}
    owner = next((read(_OWNERS[name], {name: value}) for name, value in path.items() if name in _OWNERS), None)
    known = next(iter(owner.values()), None) if isinstance(owner, dict) else None
    context = {**(known if isinstance(known, dict) else {}), **body}
    answers: dict[str, Any] = {}
    for field, values in given.items():
        choices = _CHOICES[request.operation_id][field]
        if choices.operation not in answers:
            wanted = {one.name for one in operation(choices.operation).path_parameters}
            answers[choices.operation] = read(choices.operation, {name: path[name] for name in wanted})
        answer = answers[choices.operation]
        allowed = _values(answer, choices, context)
        if isinstance(answer, dict) and answer.get(choices.path, 0) is None:
            return f"Unknown {field} {values[0]!r}: none is available."
        for value in values:
            if allowed and not _is_allowed(value, allowed, choices):
                return _unknown(field.rpartition(".")[2], value, [*allowed, *choices.also], context, choices)
    return ""


def _is_allowed(value: Any, allowed: list[str], choices: Choices) -> bool:
    if str(value) in {*allowed, *choices.also}:
        return True
    # The latest patch of a minor version.
    is_minor = choices.name == "kubernetes versions" and _MINOR_VERSION.fullmatch(str(value))
    return bool(is_minor) and any(one.startswith(f"{value}.") for one in allowed)


def _unknown(field: str, value: Any, allowed: list[str], context: Row, choices: Choices) -> str:
    where = f" of {context['engine']}" if "{engine}" in choices.path else ""
    if "[num_nodes]" in choices.path and context.get("num_nodes"):
        where += f" with {context['num_nodes']} node{'' if context['num_nodes'] == 1 else 's'}"
    other = _OTHER_WORDS.get(str(value).casefold())
    near = f". Did you mean {other}?" if other in allowed else did_you_mean(str(value), allowed)
    listed = [one for one in allowed if one not in choices.also or one == "latest"]
    rest = f". Expected {'one of ' if len(listed) > 1 else ''}{_listed(listed)}."
    return f"Unknown {field} {value!r}{where}{near or rest}"


def _listed(words: list[str]) -> str:
    return join_words(words) if len(words) <= _MAX_LISTED else truncated_list(words, max_words=_MAX_LISTED - 1)


def _item_problem(operation_id: str, body: Row) -> str:
    """Return a sentence about the first item of a list without a field that it needs, or with a value of another type."""
    for (wanted, field), needed in _ITEMS.items():
        items = body.get(field) if wanted == operation_id else None
        for item in items if isinstance(items, list) else []:
            missing = [name for name in needed if not isinstance(item, dict) or item.get(name) is None]
            if missing:
                return f"Each item of {field} needs {join_words(needed)}; {join_words(missing)} is missing."
            for name, type_ in needed.items():
                if type_ is int and (not isinstance(item[name], int) or isinstance(item[name], bool)):
                    return f"The {name} of {field} must be a whole number, not {item[name]!r}."
    return ""


def _values_in_body(value: Any, path: list[str]) -> Iterator[Any]:
    """Return what the body has at a path, of every item of the lists on the way."""
    if isinstance(value, list):
        for one in value:
            yield from _values_in_body(one, path)
    elif not path:
        if isinstance(value, str | int):
            yield value
    elif isinstance(value, dict):
        yield from _values_in_body(value.get(path[0]), path[1:])


def _values(answer: Any, choices: Choices, fields: Row) -> list[str]:
    """Return the values in a response, each once; none if it is not as it should be."""
    level = [answer]
    for part in choices.path.split("."):
        name, _, key = part.rstrip("]").partition("[")
        name = str(fields.get(name[1:-1]) or "") if name.startswith("{") else name
        inner = [
            value for one in level if isinstance(one, dict) for value in ([one.get(name)] if name else one.values())
        ]
        level = [value for one in inner for value in (one if isinstance(one, list) else [one]) if value is not None]
        if key and fields.get(key) is not None:
            level = [one for one in level if isinstance(one, dict) and one.get(key) == fields[key]]
    if choices.keys:
        level = [key for one in level if isinstance(one, dict) for key in one]
    words = (one.get("slug") if isinstance(one, dict) else one for one in level)
    return [*dict.fromkeys(str(one) for one in words if isinstance(one, str | int))]
