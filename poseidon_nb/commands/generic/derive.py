"""Derive verbs from the operations of the catalogue.

The words before the first underscore of an operationId are the group, the rest is the verb, both in kebab-case
(``databases_list_clusters`` is ``databases list-clusters``). A group with a spec contains all operations with its prefixes,
and can give one of them another name. The derived name still works then, unless it is the name of another verb.

The parameters of the path are the arguments of the verb, in order. Everything else of a request is an option: the query, the
headers, and the top level of the body. A field with the name of a global option is ``--field.NAME``. The body can also be
that of a ``%%do`` cell, in JSON or YAML, which can then contain the required fields. A delete takes several resources if
only the last parameter of the path differs.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache, cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from poseidon_nb.catalogue import operation
from poseidon_nb.catalogue.operations import SERVER, rows
from poseidon_nb.client.choices import choices_source
from poseidon_nb.client.lookup import RESOURCE_TYPES, find_resource_type, path_resource_type, resource_type_of
from poseidon_nb.client.statuses import has_status
from poseidon_nb.commands.generic.field_help import field_aliases, field_help, field_shorthand
from poseidon_nb.commands.shared_spec import several
from poseidon_nb.frames.schemas import table_of
from poseidon_nb.language.options import GLOBAL_OPTIONS
from poseidon_nb.language.spec import Argument, Group, OperationAlias, Option, ValueType, Verb, kebab

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from poseidon_nb.catalogue import Operation, Parameter

#: A capital that starts a word: ``get_DropletCpu``, ``CPUPercentage``, but not within ``byUUID`` or ``floatingIPs``.
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")
#: The specification's file names left their suffix in some names.
_FILE_SUFFIX = re.compile(r"\.yml$")

_VALUE_TYPES: Mapping[str, ValueType] = {
    "string": "text",
    "integer": "integer",
    "number": "number",
    "boolean": "flag",
    "array": "list",
    "object": "json",
    "any": "any",
}
_GLOBAL_SPELLINGS = frozenset(spelling for option in GLOBAL_OPTIONS for spelling in option.spellings)
#: All pages are read unless one of these asks for a single page.
_PAGES = MappingProxyType({"page": "return only this page", "per_page": "number of items per page"})
#: Operations below this path return time series.
METRICS = "/v2/monitoring/metrics/"
_WINDOW_HELP = MappingProxyType(
    {"start": "start time: 24h (ago), 2026-11-23T12:00:00Z, or Unix seconds", "end": "end time, in the same formats"}
)
_WINDOW_DEFAULTS = MappingProxyType({"start": "a day before the end", "end": "now"})
_SLUG_HELP = {"regions": "slug of a region, for example nyc3", "sizes": "slug of a size, for example s-1vcpu-1gb"}
#: An operation that is waited for although it returns no action.
_WAITED = frozenset({"images_create_custom"})


class Name(NamedTuple):
    """The words of a command."""

    group: str
    verb: str


def derived_name(operation_id: str) -> Name:
    """Return the derived name of an operation."""
    group, _, verb = operation_id.partition("_")
    return Name(_kebab_case(group), _kebab_case(verb))


def _kebab_case(words: str) -> str:
    return _WORD_START.sub("-", _FILE_SUFFIX.sub("", words)).replace("_", "-").lower()


@cache
def account_operations() -> tuple[str, ...]:
    """Return the ids of the operations of ``api.digitalocean.com``, in the order of the specification."""
    return tuple(id_ for id_, row in rows().items() if row.get("server", SERVER) == SERVER)


class OperationVerbs:
    """The verbs of all operations, beside those that the specs write out.

    Parameters
    ----------
    groups : tuple of Group
        The groups with a spec.
    """

    def __init__(self, groups: tuple[Group, ...]) -> None:
        self._groups = groups

    @cached_property
    def names(self) -> Mapping[str, Name]:
        """The name of each operation of the account's API, by operationId; every operation has exactly one."""
        groups = self._groups
        own = {verb.alias_of: Name(group.name, verb.name) for group in groups for verb in group.verbs if verb.alias_of}
        own |= {
            alias.operation: Name(group.name, alias.name)
            for group in groups
            for alias in group.operation_aliases
            if alias.is_complete
        }
        homes = {prefix: group.name for group in groups for prefix in group.prefixes}
        found = {}
        for operation_id in account_operations():
            derived = derived_name(operation_id)
            home = homes.get(operation_id.partition("_")[0], derived.group)
            found[operation_id] = own.get(operation_id, Name(home, derived.verb))
        return found

    @cached_property
    def _by_group(self) -> Mapping[str, Mapping[str, str]]:
        """The operations of each group, by verb."""
        found: dict[str, dict[str, str]] = {}
        for operation_id, name in self.names.items():
            found.setdefault(name.group, {})[name.verb] = operation_id
        return found

    @cached_property
    def _written(self) -> frozenset[Name]:
        groups = self._groups
        verbs = [Name(group.name, verb.name) for group in groups for verb in group.verbs]
        return frozenset(
            (*verbs, *(Name(group.name, alias.name) for group in groups for alias in group.operation_aliases))
        )

    def is_derived(self, group: str, verb: str) -> bool:
        """Check whether a verb has a derived name."""
        return Name(group, verb) not in self._written

    def other_names(self) -> Mapping[str, Mapping[str, tuple[str, str]]]:
        """Return derived names that lead to a verb with another name: group, verb, and the group and verb meant."""
        taken = {*self.names.values(), *self._written}
        found: dict[str, dict[str, tuple[str, str]]] = {}
        for operation_id, name in self.names.items():
            derived = derived_name(operation_id)
            for group in dict.fromkeys((derived.group, name.group)):
                if Name(group, derived.verb) not in taken:
                    found.setdefault(kebab(group), {}).setdefault(kebab(derived.verb), name)
        return found

    def group_names(self) -> list[str]:
        """Return the names of the groups that only have derived verbs, in alphabetical order."""
        return sorted({name.group for name in self.names.values()} - {group.name for group in self._groups})

    def build_group(self, name: str, written: Group | None) -> Group:
        """Build a group with all its verbs: those written out, those with an alias, and the derived ones."""
        operations = self._by_group.get(name, {})
        group = written or Group(name=name, help=f"the API's {operation(next(iter(operations.values()))).tag}")
        verbs = [with_missing_options(verb) for verb in group.verbs]
        verbs += [operation_verb(name, alias) for alias in group.operation_aliases]
        named = {verb.name for verb in verbs}
        verbs += [
            operation_verb(name, _derived_alias(operation_id, verb))
            for verb, operation_id in operations.items()
            if verb not in named
        ]
        return replace(group, verbs=tuple(verbs))


def _derived_alias(operation_id: str, name: str) -> OperationAlias:
    deprecated = " (deprecated)" if operation(operation_id).deprecated else ""
    return OperationAlias(operation_id, name, f"{name.replace('-', ' ')}{deprecated}")


def operation_verb(group: str, alias: OperationAlias) -> Verb:
    """Build the verb of an operation.

    Parameters
    ----------
    group : str
        The group's name, for the example.
    alias : OperationAlias
        The name of the verb, and the part of the operation that it uses.
    """
    wanted = operation(alias.operation)
    arguments = _arguments(wanted, alias)
    given = {*alias.arguments, *alias.fixed}
    # The body can have a field with the name of a path parameter; path parameters are not options.
    options = tuple(
        _option(wanted, parameter)
        for parameter in (*wanted.query_parameters, *wanted.header_parameters, *wanted.body_fields)
        if parameter.name not in given and (alias.only is None or parameter.name in alias.only)
    )
    arguments, options = _with_aliases(wanted, arguments, options)
    verb = Verb(
        name=alias.name,
        help=alias.help,
        example="",
        run="generic.run:read" if wanted.method == "GET" else "generic.run:CHANGE",
        operations=(alias.operation,),
        alias_of=alias.operation if alias.is_complete else "",
        fixed=alias.fixed,
        arguments=arguments,
        options=options,
        aliases=alias.aliases,
        body="body" if wanted.body_type and alias.only is None else "",
        table=table_of(alias.operation),
        waits=alias.operation in _WAITED
        or has_status(alias.operation)
        or (wanted.response_key == "action" and wanted.method == "POST"),
    )
    return replace(verb, example=alias.example or _example(group, verb))


def with_missing_options(verb: Verb) -> Verb:
    """Return a verb of a spec with options for the fields of its operation that the spec does not mention."""
    if not verb.alias_of:
        return verb
    wanted = operation(verb.alias_of)
    known = {option.field for option in verb.options} | {argument.name for argument in verb.arguments}
    # The argument `names` sets either of these two fields.
    known |= {"name"} if "names" in known else set()
    spelled = {spelling for option in verb.options for spelling in option.spellings}
    rest = tuple(
        _option(wanted, parameter)
        for parameter in (*wanted.query_parameters, *wanted.header_parameters, *wanted.body_fields)
        if parameter.name not in known and kebab(parameter.name) not in spelled
    )
    return replace(verb, options=(*verb.options, *rest)) if rest else verb


def _with_aliases(
    wanted: Operation, arguments: tuple[Argument, ...], options: tuple[Option, ...]
) -> tuple[tuple[Argument, ...], tuple[Option, ...]]:
    """Add other names, doctl's among them, if they are not taken.

    An argument that is a field of the request can be given as an option too: ``vpcs create --name backend``.
    """
    taken = {*_GLOBAL_SPELLINGS, *(spelling for option in options for spelling in option.spellings)}
    in_path = {parameter.name for parameter in wanted.path_parameters}

    def free(words: Iterable[str]) -> tuple[str, ...]:
        found = tuple(word for word in dict.fromkeys(words) if word not in taken)
        taken.update(found)
        return found

    with_names = []
    for argument in arguments:
        own = () if argument.name in in_path else (kebab(argument.name).lower(),)
        words = free((*own, *field_aliases(wanted.id, argument.name, argument.source)))
        with_names.append(replace(argument, option_names=words))
    with_aliases = [
        replace(option, aliases=free(field_aliases(wanted.id, option.field, option.source))) for option in options
    ]
    return tuple(with_names), tuple(with_aliases)


def _arguments(wanted: Operation, alias: OperationAlias) -> tuple[Argument, ...]:
    found = [_path_argument(wanted, parameter) for parameter in wanted.path_parameters]
    by_name = {parameter.name: parameter for parameter in (*wanted.query_parameters, *wanted.body_fields)}
    found += [_argument(wanted, by_name[name]) for name in alias.arguments]
    if not found:
        return ()
    *others, last = found
    parameter = by_name.get(alias.arguments[-1]) if alias.arguments else None
    if alias.name == "get" and _gets_one(wanted) and last.source in RESOURCE_TYPES:
        return (*others, several(last))
    takes_many = parameter.type == "array" if parameter else wanted.method == "DELETE" and not wanted.body_type
    return (*others, replace(last, many=True)) if takes_many else (*others, last)


def _gets_one(wanted: Operation) -> bool:
    """Return whether an operation reads one resource, which its only path parameter names."""
    return wanted.method == "GET" and len(wanted.path_parameters) == 1 and not wanted.paginated


def _path_argument(wanted: Operation, parameter: Parameter) -> Argument:
    source = path_resource_type(wanted.id, parameter.name)
    known = find_resource_type(source)
    return replace(_argument(wanted, parameter, source), within=known.within if known else ())


def _argument(wanted: Operation, parameter: Parameter, source: str | None = None) -> Argument:
    type_ = _value_type(parameter)
    source = resource_type_of(wanted.id, parameter.name) if source is None else source
    return Argument(
        name=parameter.name,
        metavar=_metavar(parameter.name, source),
        help=_help(wanted, source, parameter),
        # A resource is found by its name, so any text is accepted.
        type="text" if type_ in {"list", "integers", "any"} or _has_names(source) else type_,
        source=choices_source(wanted.id, parameter.name) or source,
        suggests=tuple(map(str, parameter.enum)),
    )


def _has_names(source: str) -> bool:
    """Return whether what an argument names has ids and names, or slugs."""
    known = find_resource_type(source)
    return bool(source) and (known is None or source in RESOURCE_TYPES or not known.named_by_id)


def _metavar(name: str, source: str) -> str:
    known = find_resource_type(source)
    words = known.noun if known and _has_names(source) else name
    return re.sub(r"[_. ]", "-", words).upper()


def _option(wanted: Operation, parameter: Parameter) -> Option:
    spelled = kebab(parameter.name).lower()
    source = resource_type_of(wanted.id, parameter.name)
    type_ = _value_type(parameter)
    if source in RESOURCE_TYPES:
        type_ = "list" if parameter.type == "array" else "text"
    is_page = wanted.paginated and parameter.name in _PAGES
    is_time = wanted.path.startswith(METRICS) and parameter.name in _WINDOW_HELP
    name = "" if spelled == kebab(parameter.name) else spelled
    return Option(
        field=parameter.name,
        # A single letter would be an option with one dash.
        name=f"field.{spelled}" if spelled in _GLOBAL_SPELLINGS or len(spelled) == 1 else name,
        help=(_PAGES if is_page else _WINDOW_HELP)[parameter.name]
        if is_page or is_time
        else _help(wanted, source, parameter),
        metavar="WHEN" if is_time else "",
        default=_WINDOW_DEFAULTS[parameter.name] if is_time else "",
        type=type_,
        source=choices_source(wanted.id, parameter.name) or source,
        # The specification's lists of regions and sizes are years old. The account's own complete better.
        suggests=() if source in {"regions", "sizes"} else tuple(map(str, parameter.enum)),
        required=parameter.required and not is_time,
        shorthand=field_shorthand(wanted.id, parameter.name),
    )


def _value_type(parameter: Parameter) -> ValueType:
    if parameter.type == "array":
        return "integers" if parameter.items == "integer" else "json" if parameter.items == "object" else "list"
    return _VALUE_TYPES[parameter.type]


def _help(wanted: Operation, source: str, parameter: Parameter) -> str:
    words = parameter.name.replace("_", " ").replace("-", " ").replace(".", " ").strip().lower()
    known = field_help(wanted.id, parameter.name, in_body=parameter in wanted.body_fields)
    resource_type = find_resource_type(source)
    if known or resource_type is None or resource_type.named_by_id:
        return known or _SLUG_HELP.get(source, words)
    noun = resource_type.noun
    return f"ids or names of {noun}s" if parameter.type == "array" else f"id or name of the {noun}"


def _example(group: str, verb: Verb) -> str:
    words = ["%do", group, verb.name]
    words += ["1" if argument.type == "integer" else argument.metavar for argument in verb.arguments]
    for option in verb.options:
        if option.required:
            words += [option.flag] if option.type == "flag" else [option.flag, _sample(option)]
    return " ".join(words)


def _sample(option: Option) -> str:
    if option.suggests and option.type not in {"integer", "integers"}:
        return option.suggests[0]
    samples: Iterable[tuple[ValueType, str]] = (("integer", "1"), ("integers", "1"), ("number", "1"), ("json", "'{}'"))
    return dict(samples).get(option.type, option.field.upper())
