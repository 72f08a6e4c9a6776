"""`%do login` and `%do context`: which account the commands act upon."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.client.client import connect
from poseidon_nb.errors import Forbidden
from poseidon_nb.magics.answer import answer_of
from poseidon_nb.transport.credentials import (
    DEFAULT_CONTEXT,
    THIS_KERNEL,
    KernelLogin,
    Token,
    doctl_config_path,
    find_credential,
    from_keyring,
    read_doctl,
    to_keyring,
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
    THIS_KERNEL.login(token, DEFAULT_CONTEXT)
    job.kernel.choose_context(DEFAULT_CONTEXT)
    kept = "kept in the system's keyring" if to_keyring(token, DEFAULT_CONTEXT) else "kept for this kernel only"
    job.front.say(f"Logged in to {whose}. The token is {kept}.")


def list_contexts(job: Job) -> Answer | None:
    """Show the contexts that can be used, never their tokens."""
    doctl = read_doctl(doctl_config_path())
    chosen = None if job.kernel.in_sandbox else THIS_KERNEL.context or doctl.current
    places = dict.fromkeys(doctl.tokens, "doctl") | dict.fromkeys(THIS_KERNEL.contexts, "this kernel")
    if DEFAULT_CONTEXT not in places and from_keyring(DEFAULT_CONTEXT) is not None:
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


HANDLERS = {
    ("login", "login"): login,
    ("context", "list"): list_contexts,
    ("context", "use"): use_context,
}
