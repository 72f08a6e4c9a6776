"""The command `%do api`."""

from __future__ import annotations

from poseidon_nb.language.spec import Argument, Group, Verb

API = Group(
    name="api",
    help="send any request to the API",
    default="api",
    verbs=(
        Verb(
            name="api",
            help="send a request; the body of a %%do cell is its body, in JSON or YAML",
            run="api.run:API",
            reads="api.run:list_reads",
            arguments=(
                Argument(
                    name="method",
                    metavar="METHOD",
                    help="GET, POST, PUT, PATCH or DELETE",
                    suggests=("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"),
                    closed=True,
                ),
                Argument(name="path", metavar="PATH", help="path that starts with /v2, with its query"),
            ),
            body="body",
            example="%do api GET /v2/account",
        ),
    ),
)
