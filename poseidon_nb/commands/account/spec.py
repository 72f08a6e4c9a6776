"""The commands `%do account`, `login`, `context`, `log` and `ratelimit`."""

from __future__ import annotations

from poseidon_nb.language.spec import GET_ALIASES, LIST_ALIASES, Argument, Group, Option, Verb

ACCOUNT = Group(
    name="account",
    help="the account and its limits",
    prefixes=("account",),
    default="get",
    verbs=(
        Verb(
            name="get",
            help="show the account",
            run="account.run:get_account",
            operations=("account_get",),
            alias_of="account_get",
            aliases=GET_ALIASES,
            table="account",
            example="%do account",
        ),
    ),
)

LOGIN = Group(
    name="login",
    help="log in with an API token",
    default="login",
    verbs=(
        Verb(
            name="login",
            help="ask for a token without showing it, and store it in the keyring or for this kernel",
            run="account.run:login",
            example="%do login",
        ),
    ),
)

CONTEXT = Group(
    name="context",
    help="accounts from doctl's configuration, the keyring and logins in this kernel",
    aliases=("contexts",),
    verbs=(
        Verb(
            name="list",
            help="list the contexts",
            run="account.run:list_contexts",
            aliases=LIST_ALIASES,
            example="%do context list",
        ),
        Verb(
            name="use",
            help="select the account that %do uses in this kernel",
            run="account.run:use_context",
            arguments=(
                Argument(
                    name="name",
                    metavar="NAME",
                    help="name of the context; default: the environment's token, or doctl's current context",
                    source="contexts",
                    required=False,
                    option_names=("context",),
                ),
            ),
            aliases=("switch",),
            example="%do context use default",
        ),
    ),
)

LOG = Group(
    name="log",
    help="changes made from this machine",
    default="log",
    verbs=(
        Verb(
            name="log",
            help="list requests that may have changed something and their outcomes, including those of earlier kernels",
            run="account.run:show_log",
            options=(Option(field="all", help="include changes that other kernels made in sandboxes", type="flag"),),
            columns=("time", "account", "request", "operation", "request_id", "status", "outcome"),
            example="%do log",
        ),
    ),
)

RATELIMIT = Group(
    name="ratelimit",
    help="requests remaining this hour",
    aliases=("rate-limit",),
    default="ratelimit",
    verbs=(
        Verb(
            name="ratelimit",
            help="show how many requests remain, and when the limit resets",
            run="account.run:show_rate_limit",
            operations=("account_get",),
            columns=("account", "limit", "remaining", "resets_at", "updated_at"),
            example="%do ratelimit",
        ),
    ),
)
