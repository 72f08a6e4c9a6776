"""`%do sandbox`: a simulated account inside this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.errors import ConfigurationError
from poseidon_nb.magics.answer import answer_of
from poseidon_nb.sandbox import Sandbox

if TYPE_CHECKING:
    from poseidon_nb.magics.answer import Answer
    from poseidon_nb.magics.job import Job


def start(job: Job) -> None:
    """Start it, or take up the one that runs, and make it the account of ``%do``."""
    running = job.kernel.sandbox
    if running is not None and job.command.options:
        raise ConfigurationError(f"a sandbox runs already at {running.url}; stop it first: %do sandbox stop")
    sandbox = running or Sandbox(**job.command.options).start()
    job.kernel.choose_sandbox(sandbox)
    _learn_words(job)
    verb = "runs already at" if running is not None else "runs at"
    job.front.say(f"The sandbox {verb} {sandbox.url} and is the account of %do now. Nothing here costs money.")


def _learn_words(job: Job) -> None:
    """Remember the sandbox's words for completion from the start: asking it costs nothing."""
    client = job.client
    job.kernel.learn("regions", [one.slug for one in client.regions.list() if one.available])
    job.kernel.learn_sizes((one.slug, one.available, one.regions) for one in client.sizes.list())
    job.kernel.learn("images", [one.slug for one in client.images.list(type="distribution") if one.slug])
    job.kernel.learn("tags", [one.name for one in client.tags.list()])
    # One page of them: of a large account nobody completes the names of all.
    droplets = client.api("GET", "/v2/droplets?per_page=200")["droplets"]
    job.kernel.learn_names("droplets", [(one["name"], one["id"]) for one in droplets])


def status(job: Job) -> Answer:
    """Show whether it runs, and where."""
    sandbox = job.kernel.sandbox
    row = {
        "running": sandbox is not None,
        "url": sandbox.url if sandbox else None,
        "account_of_do": job.kernel.in_sandbox,
        "requests": len(sandbox.requests) if sandbox else 0,
    }
    return answer_of("sandbox", [row], single=True)


def reset(job: Job) -> None:
    """Put the account back as it began."""
    if job.kernel.sandbox is None:
        raise ConfigurationError("no sandbox runs here; start one: %do sandbox start")
    job.kernel.sandbox.reset()
    job.front.say("The sandbox is as it began.")


def stop(job: Job) -> None:
    """Stop it; ``%do`` then has no account until one is chosen."""
    was_account = job.kernel.in_sandbox
    job.kernel.stop_sandbox()
    then = " %do has no account now: %do sandbox start, %do login, or %do context use." if was_account else ""
    job.front.say(f"The sandbox is stopped.{then}")


HANDLERS = {
    ("sandbox", "start"): start,
    ("sandbox", "status"): status,
    ("sandbox", "reset"): reset,
    ("sandbox", "stop"): stop,
}
