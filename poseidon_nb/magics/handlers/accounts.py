"""Which account the commands act upon, what they changed in it, and how much it lets them ask."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from poseidon_nb.client.client import connect
from poseidon_nb.errors import ConfigurationError, Forbidden
from poseidon_nb.magics.answer import answer_of
from poseidon_nb.transport.credentials import (
    DEFAULT_CONTEXT,
    KERNEL_LOGIN,
    KernelLogin,
    Token,
    doctl_config_path,
    find_credential,
    read_doctl,
    read_keyring,
    save_to_keyring,
)

if TYPE_CHECKING:
    from poseidon_nb.magics.answer import Answer
    from poseidon_nb.magics.job import Job


def login(job: Job) -> None:
    """Ask for a token without showing it, try it, and keep it in the keyring, or for this kernel only."""
    token = Token(job.front.secret("DigitalOcean token (hidden): "))
    with connect(token=token.reveal()) as client:
        try:
            whose = client.account().email
        except Forbidden:
            # The token is good, and lacks account:read.
            whose = "an account that this token may not look at"
    KERNEL_LOGIN.login(token, DEFAULT_CONTEXT)
    job.kernel.choose_context(DEFAULT_CONTEXT)
    kept = "kept in the system's keyring" if save_to_keyring(token, DEFAULT_CONTEXT) else "kept for this kernel only"
    job.front.say(f"Logged in to {whose}. The token is {kept}.")


def list_contexts(job: Job) -> Answer | None:
    """Show the contexts that can be used, never their tokens."""
    doctl = read_doctl(doctl_config_path())
    chosen = None if job.kernel.in_sandbox else KERNEL_LOGIN.context or doctl.current
    places = dict.fromkeys(doctl.tokens, "doctl") | dict.fromkeys(KERNEL_LOGIN.contexts, "this kernel")
    if DEFAULT_CONTEXT not in places and read_keyring(DEFAULT_CONTEXT) is not None:
        # The keyring cannot be listed; a login is kept in it under this name.
        places[DEFAULT_CONTEXT] = "keyring"
    job.kernel.learn("contexts", sorted(places))
    rows = [{"context": name, "source": places[name], "current": name == chosen} for name in sorted(places)]
    if not rows:
        job.front.say("There is no context: %do login makes one, and doctl auth init too.")
        return None
    return answer_of("contexts", rows)


def use_context(job: Job) -> None:
    """Make a context the account of ``%do`` in this kernel; without a name, what the environment or doctl has."""
    name = job.argument("name")
    # Looked for before anything changes, so that a wrong name leaves the account as it was.
    credential = find_credential(context=name) if name else find_credential(kernel=KernelLogin())
    job.kernel.choose_context(name)
    job.front.say(f"The account of %do is now that of {credential.source}.")


def show_log(job: Job) -> Answer | None:
    """Show what this and earlier kernels have changed, oldest first: requests, never their bodies."""
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
        for change in job.kernel.changes()
    ]
    if not rows:
        job.front.say("Nothing was changed from this machine yet.")
        return None
    return answer_of("log", rows)


def show_rate_limit(job: Job) -> Answer:
    """Show how many requests are left, as the answer to one more tells it."""
    label = job.client.label()
    with suppress(Forbidden):
        # Refused or not, the answer tells the limit.
        job.client.account()
    told = job.client.rate_limit
    if told is None:
        raise ConfigurationError(f"{label} tells no rate limit")
    row = {
        "account": label,
        "limit": told.limit,
        "remaining": told.remaining,
        "resets_at": told.resets_at.isoformat().replace("+00:00", "Z") if told.resets_at else None,
        "told_at": told.told_at.isoformat().replace("+00:00", "Z"),
    }
    return answer_of("ratelimit", [row], single=True)


HANDLERS = {
    ("login", "login"): login,
    ("log", "log"): show_log,
    ("ratelimit", "ratelimit"): show_rate_limit,
    ("context", "list"): list_contexts,
    ("context", "use"): use_context,
}
