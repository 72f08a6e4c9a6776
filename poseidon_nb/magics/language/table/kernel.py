"""What happens in this kernel: the sandbox, the choice of an account, and any request at all."""

from __future__ import annotations

from poseidon_nb.magics.language.words import (
    LIST_WORDS,
    Argument,
    Group,
    Option,
    Verb,
)

SANDBOX = Group(
    name="sandbox",
    help="a simulated account inside this kernel: no token, no cost",
    verbs=(
        Verb(
            name="start",
            help="start it, and make it the account of %do",
            options=(
                Option(field="droplets", help="how large the account is", kind="integer", default="12"),
                Option(field="seed", help="another number, another account", kind="integer", default="7"),
                Option(
                    field="speed",
                    help="how many times faster than the real one actions run",
                    kind="number",
                    default="20",
                ),
                Option(
                    field="rate_limit",
                    help="refuse requests as the real one does",
                    shows="off|real",
                    suggests=("off", "real"),
                    closed=True,
                    default="off",
                ),
                Option(field="port", help="TCP port on 127.0.0.1", kind="integer", default="any free one"),
                Option(field="state", help="file to take the account up from", shows="FILE", source="files"),
            ),
            example="%do sandbox start --droplets 12 --seed 7",
        ),
        Verb(name="status", help="show whether it runs, and where", example="%do sandbox status"),
        Verb(name="reset", help="put the account back as it began", example="%do sandbox reset"),
        Verb(name="stop", help="stop it; %do then has no account until you choose one", example="%do sandbox stop"),
    ),
)

LOGIN = Group(
    name="login",
    help="ask for a token, without showing it",
    default="login",
    verbs=(
        Verb(
            name="login",
            help="ask for a token, without showing it, and keep it in the keyring or for this kernel",
            example="%do login",
        ),
    ),
)

CONTEXT = Group(
    name="context",
    help="the accounts that doctl's file, the keyring and a login here know",
    aliases=("contexts",),
    verbs=(
        Verb(name="list", help="show them", aliases=LIST_WORDS, example="%do context list"),
        Verb(
            name="use",
            help="make one the account of %do in this kernel",
            arguments=(
                Argument(
                    name="name",
                    shows="NAME",
                    help="its name; without one, what the environment or doctl has",
                    source="contexts",
                    required=False,
                    spelled=("context",),
                ),
            ),
            aliases=("switch",),
            example="%do context use default",
        ),
    ),
)

LOG = Group(
    name="log",
    help="what was changed from this machine",
    default="log",
    verbs=(
        Verb(
            name="log",
            help="show the requests that could change something, of this and earlier kernels, and what came of them",
            columns=("time", "account", "request", "operation", "request_id", "status", "outcome"),
            example="%do log",
        ),
    ),
)

RATELIMIT = Group(
    name="ratelimit",
    help="how many requests are left this hour",
    aliases=("rate-limit",),
    default="ratelimit",
    verbs=(
        Verb(
            name="ratelimit",
            help="show how many requests the account may still send, and when it may send more",
            operations=("account_get",),
            columns=("account", "limit", "remaining", "resets_at", "told_at"),
            example="%do ratelimit",
        ),
    ),
)

API = Group(
    name="api",
    help="any request at all",
    default="api",
    verbs=(
        Verb(
            name="api",
            help="send a request; the body of a %%do cell is its body, JSON or YAML",
            arguments=(
                Argument(
                    name="method",
                    shows="METHOD",
                    help="GET, POST, PUT, PATCH or DELETE",
                    suggests=("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"),
                    closed=True,
                ),
                Argument(name="path", shows="PATH", help="from /v2 on, with its query"),
            ),
            body="body",
            example="%do api GET /v2/account",
        ),
    ),
)
