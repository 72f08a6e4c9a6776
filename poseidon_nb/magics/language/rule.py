"""The rule by which an operation of the catalogue becomes a verb. Pure; nothing is made before it is asked for.

What stands in the path are the verb's arguments, in its order. All else that a request may carry is an option: the
query, the headers, the top level of the body. A field with the name of a global option is ``--field.NAME``. The body may
also be that of a ``%%do`` cell, in JSON or YAML, in which case the required fields may be there.

Deletions take many things at once, where nothing but the last part of the path tells them apart.
"""

from __future__ import annotations

import re
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from poseidon_nb.catalogue import operation
from poseidon_nb.client.kinds import KINDS, kind_meant
from poseidon_nb.frames.schemas import RESOURCES
from poseidon_nb.magics.language.options import GLOBAL_OPTIONS
from poseidon_nb.magics.language.table.field_words import field_help, other_words, shorthand_of
from poseidon_nb.magics.language.words import Argument, Kind, Named, Option, Verb, folded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from poseidon_nb.catalogue import Operation, Parameter

_KINDS: Mapping[str, Kind] = {
    "string": "text",
    "integer": "integer",
    "number": "number",
    "boolean": "flag",
    "array": "list",
    "object": "json",
    "any": "any",
}
_EVERYWHERE = frozenset(spelling for option in GLOBAL_OPTIONS for spelling in option.spellings)
#: What answers in pages is read to its end; these two are for somebody who wants one page.
_PAGES = MappingProxyType({"page": "only this page", "per_page": "things on a page"})
#: What is asked for below this path answers with series of values over time.
METRICS = "/v2/monitoring/metrics/"
_MOMENTS = MappingProxyType(
    {"start": "from when on: 24h (ago), 2026-11-23T12:00:00Z, or Unix seconds", "end": "until when, likewise"}
)
_MOMENTS_ELSE = MappingProxyType({"start": "a day before the end", "end": "now"})
#: What help says where one of these is meant; the lists themselves are the service's.
_SLUGS = {"regions": "a region's slug: nyc3", "sizes": "a size's slug: s-1vcpu-1gb"}
#: What is waited for, though it is no action.
_WAITED = frozenset({"images_create_custom"})


def verb_of(operation_id: str, group: str, row: Named) -> Verb:
    """Make the verb of an operation.

    Parameters
    ----------
    operation_id : str
    group : str
        The group's name, for the example.
    row : Named
        What the verb is called, and what of the operation it takes.
    """
    wanted = operation(operation_id)
    arguments = _arguments(wanted, row)
    given = {*row.arguments, *row.fixed}
    # The body may have a field of the path's name; what stands in the path is no option.
    options = tuple(
        _option(wanted, parameter)
        for parameter in (*wanted.query_parameters, *wanted.header_parameters, *wanted.body_fields)
        if parameter.name not in given and (row.only is None or parameter.name in row.only)
    )
    arguments, options = _with_other_words(wanted, arguments, options)
    verb = Verb(
        name=row.name,
        help=row.help,
        example="",
        operations=(operation_id,),
        stands_for=operation_id if row.whole else "",
        fixed=row.fixed,
        arguments=arguments,
        options=options,
        aliases=row.aliases,
        body="body" if wanted.body_type and row.only is None else "",
        table=RESOURCES.get(operation_id, ""),
        waits=operation_id in _WAITED or (wanted.response_key == "action" and wanted.method == "POST"),
    )
    return replace(verb, example=row.example or _example(group, verb))


def completed(verb: Verb) -> Verb:
    """Return a verb that is written out with the options that it leaves to the catalogue."""
    if not verb.stands_for:
        return verb
    wanted = operation(verb.stands_for)
    known = {option.field for option in verb.options} | {argument.name for argument in verb.arguments}
    # `names` makes one droplet or many, whichever of the two fields that takes.
    known |= {"name"} if "names" in known else set()
    spelled = {spelling for option in verb.options for spelling in option.spellings}
    rest = tuple(
        _option(wanted, parameter)
        for parameter in (*wanted.query_parameters, *wanted.header_parameters, *wanted.body_fields)
        if parameter.name not in known and folded(parameter.name) not in spelled
    )
    return replace(verb, options=(*verb.options, *rest)) if rest else verb


def _with_other_words(
    wanted: Operation, arguments: tuple[Argument, ...], options: tuple[Option, ...]
) -> tuple[tuple[Argument, ...], tuple[Option, ...]]:
    """Add the other ways to type each, doctl's among them, as far as they mean nothing else here.

    An argument that is a field of the request may be given by its name as well: ``vpcs create --name backend``.
    """
    taken = {*_EVERYWHERE, *(spelling for option in options for spelling in option.spellings)}
    in_path = {parameter.name for parameter in wanted.path_parameters}

    def free(words: Iterable[str]) -> tuple[str, ...]:
        found = tuple(word for word in dict.fromkeys(words) if word not in taken)
        taken.update(found)
        return found

    spelled = []
    for argument in arguments:
        own = () if argument.name in in_path else (folded(argument.name).lower(),)
        words = free((*own, *other_words(wanted.id, argument.name, argument.source)))
        spelled.append(replace(argument, spelled=words))
    named = [replace(option, aliases=free(other_words(wanted.id, option.field, option.source))) for option in options]
    return tuple(spelled), tuple(named)


def _arguments(wanted: Operation, row: Named) -> tuple[Argument, ...]:
    found = [_argument(wanted, parameter) for parameter in wanted.path_parameters]
    by_name = {parameter.name: parameter for parameter in (*wanted.query_parameters, *wanted.body_fields)}
    found += [_argument(wanted, by_name[name]) for name in row.arguments]
    if not found:
        return ()
    *others, last = found
    parameter = by_name.get(row.arguments[-1]) if row.arguments else None
    takes_many = parameter.type == "array" if parameter else wanted.method == "DELETE" and not wanted.body_type
    return (*others, replace(last, many=True)) if takes_many else (*others, last)


def _argument(wanted: Operation, parameter: Parameter) -> Argument:
    kind = _kind(parameter)
    source = kind_meant(wanted.id, parameter.name)
    return Argument(
        name=parameter.name,
        shows=_shown(parameter.name, source),
        help=_meaning(wanted, source, parameter),
        # What has a name is looked up by it, so that here any text has to pass.
        kind="text" if kind in {"list", "integers", "any"} or source else kind,
        source=source,
        suggests=tuple(map(str, parameter.enum)),
    )


def _shown(name: str, source: str) -> str:
    words = KINDS[source].noun if source in KINDS else name
    return re.sub(r"[_. ]", "-", words).upper()


def _option(wanted: Operation, parameter: Parameter) -> Option:
    spelled = folded(parameter.name).lower()
    source = kind_meant(wanted.id, parameter.name)
    kind = _kind(parameter)
    if source and source not in {"regions", "sizes"}:
        kind = "list" if parameter.type == "array" else "text"
    pages = wanted.paginated and parameter.name in _PAGES
    moment = wanted.path.startswith(METRICS) and parameter.name in _MOMENTS
    plain = "" if spelled == folded(parameter.name) else spelled
    return Option(
        field=parameter.name,
        # One letter would be an option of one dash.
        name=f"field.{spelled}" if spelled in _EVERYWHERE or len(spelled) == 1 else plain,
        help=(_PAGES if pages else _MOMENTS)[parameter.name]
        if pages or moment
        else _meaning(wanted, source, parameter),
        shows="WHEN" if moment else "",
        default=_MOMENTS_ELSE[parameter.name] if moment else "",
        kind=kind,
        source=source,
        # The specification's lists of regions and sizes are years old; what was seen of the account completes better.
        suggests=() if source in {"regions", "sizes"} else tuple(map(str, parameter.enum)),
        required=parameter.required and not moment,
        shorthand=shorthand_of(wanted.id, parameter.name),
    )


def _kind(parameter: Parameter) -> Kind:
    if parameter.type == "array":
        return "integers" if parameter.items == "integer" else "json" if parameter.items == "object" else "list"
    return _KINDS[parameter.type]


def _meaning(wanted: Operation, source: str, parameter: Parameter) -> str:
    words = parameter.name.replace("_", " ").replace("-", " ").replace(".", " ").strip().lower()
    told = field_help(wanted.id, parameter.name, in_body=parameter in wanted.body_fields)
    if told or source not in KINDS or KINDS[source].named_by_id:
        return told or _SLUGS.get(source, words)
    noun = KINDS[source].noun
    return f"ids or names of {noun}s" if parameter.type == "array" else f"id or name of the {noun}"


def _example(group: str, verb: Verb) -> str:
    words = ["%do", group, verb.name]
    words += ["1" if argument.kind == "integer" else argument.shows for argument in verb.arguments]
    for option in verb.options:
        if option.required:
            words += [option.typed] if option.kind == "flag" else [option.typed, _sample(option)]
    return " ".join(words)


def _sample(option: Option) -> str:
    if option.suggests and option.kind not in {"integer", "integers"}:
        return option.suggests[0]
    samples: Iterable[tuple[Kind, str]] = (("integer", "1"), ("integers", "1"), ("number", "1"), ("json", "'{}'"))
    return dict(samples).get(option.kind, option.field.upper())


def ruled(operation_id: str, name: str) -> Named:
    """Make the row of an operation that the table does not name; its words say what it does."""
    wanted = operation(operation_id)
    old = " (deprecated)" if wanted.deprecated else ""
    return Named(operation_id, name, f"{name.replace('-', ' ')}{old}")
