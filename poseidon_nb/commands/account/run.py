"""The account of `%do`: `account`, `login`, `context`, `log` and `ratelimit`."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from poseidon_nb.client.client import connect, is_sandbox_label
from poseidon_nb.commands.results import TableResult, table_of_rows
from poseidon_nb.errors import ConfigurationError, Forbidden
from poseidon_nb.text import pluralize
from poseidon_nb.transport.config import at_address, find_base_url
from poseidon_nb.transport.credentials import (
    DEFAULT_CONTEXT,
    Token,
    doctl_config_path,
    find_credential,
    read_doctl,
    read_keyring,
    save_to_keyring,
)

if TYPE_CHECKING:
    from poseidon_nb.commands.context import CommandContext


def get_account(context: CommandContext) -> TableResult:
    """Get the account."""
    return table_of_rows("account", [context.client.account().to_dict()], single=True)


def login(context: CommandContext) -> None:
    """Ask for a token without showing it, check it, and store it in the keyring, or for this kernel only."""
    token = Token(context.ui.secret("DigitalOcean token (hidden): "))
    with connect(token=token.reveal()) as client:
        try:
            email = client.account().email
        except Forbidden:
            # The token is valid, but lacks account:read.
            email = "an account (the token lacks the scope account:read)"
        account = at_address(email, client.base_url)
    context.session.login.login(token, DEFAULT_CONTEXT)
    context.session.use_context(DEFAULT_CONTEXT)
    context.session.client()
    where = "in the system keyring" if save_to_keyring(token, DEFAULT_CONTEXT) else "for this kernel only"
    context.ui.say(f"Logged in to {account}. The token is stored {where}.")


def list_contexts(context: CommandContext) -> TableResult | None:
    """List the contexts, without their tokens."""
    doctl, login = read_doctl(doctl_config_path()), context.session.login
    current = None if context.session.in_sandbox else login.context or doctl.current
    sources = dict.fromkeys(doctl.tokens, "doctl") | dict.fromkeys(login.contexts, "this kernel")
    if DEFAULT_CONTEXT not in sources and read_keyring(DEFAULT_CONTEXT) is not None:
        # The keyring cannot be listed; a login is stored under this name.
        sources[DEFAULT_CONTEXT] = "keyring"
    context.session.remember("contexts", sorted(sources))
    rows = [{"context": name, "source": sources[name], "current": name == current} for name in sorted(sources)]
    if not rows:
        context.ui.say("There are no contexts. Create one with %do login or doctl auth init.")
        return None
    return table_of_rows("contexts", rows)


def use_context(context: CommandContext) -> None:
    """Make a context the account of ``%do``; without a name, the environment's or doctl's current one."""
    name = context.argument("name")
    # An unknown name or an invalid address is refused before anything changes.
    credential = find_credential(context=name, login=context.session.login) if name else find_credential()
    base_url = find_base_url(credential.api_url)
    context.session.use_context(name)
    # Its client is created now, so that a later change of the environment does not move it.
    context.session.client()
    context.ui.say(f"%do now uses {at_address(f'the account of {credential.source}', base_url)}.")


def show_log(context: CommandContext) -> TableResult | None:
    """List what this and earlier kernels have changed, oldest first: requests without their bodies."""
    earlier, here = context.session.changes()
    # Other kernels' sandboxes are mostly gone.
    kept = [one for one in earlier if context.option("all") or not is_sandbox_label(one.account)]
    if len(kept) < len(earlier):
        hidden = pluralize(len(earlier) - len(kept), "change")
        context.ui.say(f"Not listed: {hidden} of other kernels in sandboxes. Use --all to list them.")
    rows = [
        {
            "time": change.time.isoformat().replace("+00:00", "Z"),
            "account": change.account,
            "request": f"{change.method} {change.path}",
            "operation": change.operation_id,
            "request_id": change.request_id,
            "status": change.status,
            "outcome": change.outcome,
        }
        for change in sorted([*kept, *here], key=lambda one: one.time)
    ]
    if not rows and len(kept) < len(earlier):
        return None
    if not rows:
        context.ui.say("No changes have been made from this machine yet.")
        return None
    return table_of_rows("log", rows)


def show_rate_limit(context: CommandContext) -> TableResult:
    """Return how many requests are left, as the response to one request reports it."""
    label = context.client.label()
    with suppress(Forbidden):
        # Any response reports the limit.
        context.client.account()
    limit = context.client.rate_limit
    if limit is None:
        raise ConfigurationError(f"{label} does not report a rate limit.")
    row = {
        "account": label,
        "limit": limit.limit,
        "remaining": limit.remaining,
        "resets_at": limit.resets_at.isoformat().replace("+00:00", "Z") if limit.resets_at else None,
        "updated_at": limit.told_at.isoformat().replace("+00:00", "Z"),
    }
    return table_of_rows("ratelimit", [row], single=True)
