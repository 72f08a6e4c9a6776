"""Parts of several specs: verbs that every noun has, and the arguments and options for droplets, periods and charts."""

from __future__ import annotations

from dataclasses import replace

from poseidon_nb.language.spec import (
    BULK_COLUMNS,
    DELETE_ALIASES,
    GET_ALIASES,
    LIST_ALIASES,
    Argument,
    Option,
    Verb,
)

#: One or more droplets. The option `BY_TAG` selects them too.
SOME_DROPLETS = Argument(
    name="droplets", metavar="DROPLET", help="ids or names", source="droplets", many=True, alternative="tag_name"
)
BY_TAG = Option(
    field="tag_name", name="tag", aliases=("tag-name",), help="all droplets with this tag", metavar="TAG", source="tags"
)
DROPLETS_OR_ALL = replace(SOME_DROPLETS, help="ids or names; default: all droplets", required=False)
ONLY_BY_TAG = replace(BY_TAG, help="only droplets with this tag")

PLOT = Option(
    field="plot",
    type="flag",
    help="return a plotly chart instead of the table; --save FILE.html, .json, .png or .svg writes it to a file",
)


def last(default: str) -> Option:
    """Return the option for how far back to look."""
    return Option(field="last", help="how far back to look: 24h, 7d, 2w", metavar="TIME", default=default)


def list_verb(
    noun: str,
    operation: str,
    *,
    help: str = "",  # noqa: A002  # the word of the spec
    options: tuple[Option, ...] = (),
    example: str = "",
) -> Verb:
    """Return the verb that lists a noun whose collection the client has."""
    return Verb(
        name="list",
        help=help or f"list {noun}",
        run="nouns:list_noun",
        operations=(operation,),
        alias_of=operation,
        options=options,
        aliases=LIST_ALIASES,
        table=noun,
        example=example or f"%do {noun} list",
    )


def several(argument: Argument) -> Argument:
    """Return an argument for one resource as one for several, which takes patterns too if names are accepted."""
    more = "or several" if argument.type == "integer" else "several, or a pattern such as 'web-*'"
    return replace(argument, help=f"{argument.help}; {more}", many=True)


def get_verb(noun: str, operation: str, argument: Argument, example: str, *, run: str = "nouns:get_noun") -> Verb:
    """Return the verb that shows one resource."""
    return Verb(
        name="get",
        help=f"show one or more {noun}",
        run=run,
        operations=(operation,),
        alias_of=operation,
        arguments=(several(argument),),
        aliases=GET_ALIASES,
        table=noun,
        example=f"%do {noun} get {example}",
    )


def delete_verb(noun: str, operation: str, argument: Argument, example: str, help: str) -> Verb:  # noqa: A002  # as above
    """Return the verb that deletes one or more resources."""
    return Verb(
        name="delete",
        help=help,
        run="nouns:DELETE",
        operations=(operation,),
        alias_of=operation,
        arguments=(replace(argument, name=noun, help=f"{argument.help}s".replace(" or ", "s or "), many=True),),
        aliases=DELETE_ALIASES,
        columns=BULK_COLUMNS,
        example=f"%do {noun} delete {example} --yes",
    )
