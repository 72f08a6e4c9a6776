"""What the catalogue knows of one operation, and of one of its parameters."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Parameter:
    """One name that a request may carry: in its path, its query, its headers, or at the top level of its body."""

    name: str
    #: ``"string"``, ``"integer"``, ``"number"``, ``"boolean"``, ``"array"``, ``"object"``, or ``"any"`` where the
    #: specification allows several or does not say.
    type: str
    required: bool = False
    #: What the specification lists. It is behind the service, so it completes and suggests, and never refuses.
    enum: tuple[str | int, ...] = ()
    #: The type of an array's elements, in the words of `type`; empty for anything else.
    items: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the API, as the specification describes it.

    A name may stand in two lists at once: thirty operations take a path parameter's name in their body too.
    """

    #: The operationId, for example ``"droplets_list"``.
    id: str
    method: str
    #: The path with its parameters in braces, for example ``"/v2/droplets/{droplet_id}"``.
    path: str
    #: ``"https://api.digitalocean.com"`` but for fifteen operations; an agent's holds ``{agent_url}``.
    server: str
    #: The first of the operation's tags, for example ``"Block Storage"``.
    tag: str
    path_parameters: tuple[Parameter, ...]
    query_parameters: tuple[Parameter, ...]
    header_parameters: tuple[Parameter, ...]
    #: The top level of the body. Where the body may take several shapes: the fields of all of them, required only if
    #: every shape requires them. Fields that only the server writes are left out.
    body_fields: tuple[Parameter, ...]
    #: ``"application/json"``, ``"application/octet-stream"``, or empty where no body is taken.
    body_type: str
    body_required: bool
    #: The status of success, the lowest if there are two; 0 for the one operation that is retired and only fails.
    status: int
    #: Under which key the answer holds what was asked for; empty where it is bare, or there is no JSON in it.
    answer_key: str
    #: Whether an array is under that key.
    answer_is_list: bool
    #: Whether the answer comes in pages, asked for with ``page`` and ``per_page``, told by ``links`` or ``meta``.
    #: Of these, one holds an object under its key that grows with the pages (``droplets_list_backup_policies``).
    paginated: bool
    deprecated: bool
    #: All scopes that a token needs; of two alternatives the first.
    scopes: tuple[str, ...]
    #: The address of its page in DigitalOcean's reference.
    page: str
