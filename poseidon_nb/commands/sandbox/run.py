"""`%do sandbox`: a simulated account inside this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.commands.results import TableResult, table_of_rows
from poseidon_nb.errors import ConfigurationError
from poseidon_nb.sandbox import Sandbox

if TYPE_CHECKING:
    from poseidon_nb.commands.context import CommandContext


def start(context: CommandContext) -> None:
    """Start the sandbox, unless one is running, and make it the account of ``%do``."""
    running = context.session.sandbox
    if running is not None and context.command.options:
        raise ConfigurationError(f"A sandbox is already running at {running.url}. Stop it first with %do sandbox stop")
    sandbox = running or Sandbox(**context.command.options).start()
    context.session.use_sandbox(sandbox)
    _remember_words(context)
    started = "was already running" if running is not None else "is running"
    context.ui.say(
        f"The sandbox {started} at {sandbox.url}. %do now sends all requests to it instead of DigitalOcean. Nothing is billed."
    )


def _remember_words(context: CommandContext) -> None:
    """Remember the sandbox's words for completion; requests to it are cheap."""
    client, session = context.client, context.session
    session.remember("regions", [one.slug for one in client.regions.list() if one.available])
    session.remember_sizes((one.slug, one.available, one.regions) for one in client.sizes.list())
    session.remember("images", [one.slug for one in client.images.list(type="distribution") if one.slug])
    session.remember("tags", [one.name for one in client.tags.list()])
    # One page is enough for completion in a large account.
    droplets = client.api("GET", "/v2/droplets?per_page=200")["droplets"]
    session.remember_names("droplets", [(one["name"], one["id"]) for one in droplets])


def status(context: CommandContext) -> TableResult:
    """Return whether the sandbox is running, and where."""
    sandbox = context.session.sandbox
    row = {
        "running": sandbox is not None,
        "url": sandbox.url if sandbox else None,
        "selected": context.session.in_sandbox,
        "requests": len(sandbox.requests) if sandbox else 0,
    }
    return table_of_rows("sandbox", [row], single=True)


def reset(context: CommandContext) -> None:
    """Restore the initial state of the account."""
    if context.session.sandbox is None:
        raise ConfigurationError("No sandbox is running. Start one with %do sandbox start")
    context.session.sandbox.reset()
    context.ui.say("The sandbox was reset to its initial state.")


def stop(context: CommandContext) -> None:
    """Stop the sandbox. ``%do`` then has no account until one is selected."""
    was_account = context.session.in_sandbox
    context.session.stop_sandbox()
    then = " No account is selected now: use %do sandbox start, %do login, or %do context use." if was_account else ""
    context.ui.say(f"The sandbox was stopped.{then}")
