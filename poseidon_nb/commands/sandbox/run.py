"""`%do sandbox`: a simulated account inside this process, or one that another process runs."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from poseidon_nb.client.choices import OPTIONS
from poseidon_nb.client.joined_sandbox import JoinedSandbox, check_is_sandbox, sandbox_url
from poseidon_nb.commands.results import TableResult, table_of_rows
from poseidon_nb.commands.sandbox.shared_token import find_token, share, withdraw
from poseidon_nb.errors import ConfigurationError, PoseidonError
from poseidon_nb.sandbox import Sandbox

if TYPE_CHECKING:
    from poseidon_nb.commands.context import CommandContext


def start(context: CommandContext) -> None:
    """Start the sandbox, unless one is running, and make it the account of ``%do``."""
    running = context.session.sandbox
    settings = {name: value for name, value in context.command.options.items() if name != "share"}
    if isinstance(running, JoinedSandbox):
        raise ConfigurationError(
            f"%do is connected to the sandbox at {running.url}. Disconnect first with %do sandbox stop"
        )
    if running is not None and settings:
        raise ConfigurationError(f"A sandbox is already running at {running.url}. Stop it first with %do sandbox stop")
    sandbox = running or Sandbox(**settings).start()
    context.session.use_sandbox(sandbox)
    with suppress(PoseidonError):
        # Without these words only completion knows less.
        _remember_words(context)
    started = "was already running" if running is not None else "is running"
    context.ui.say(
        f"The sandbox {started} at {sandbox.url}. %do now sends all requests to it instead of DigitalOcean. Nothing is billed."
    )
    if context.option("share"):
        share(sandbox)
        context.ui.say(f"Your other notebooks on this machine join it with %do sandbox connect {sandbox.url}")


def connect(context: CommandContext) -> None:
    """Join a sandbox that another process runs, and make it the account of ``%do``."""
    session, url = context.session, sandbox_url(context.argument("url"))
    current = session.sandbox
    if isinstance(current, Sandbox):
        raise ConfigurationError(f"A sandbox is running at {current.url}. Stop it first with %do sandbox stop")
    check_is_sandbox(url)
    joined = JoinedSandbox(url, find_token(url, context.ui), clock=session.clock)
    joined.check_token()
    if current is not None:
        session.stop_sandbox()
    session.use_sandbox(joined)
    with suppress(PoseidonError):
        # Without these words only completion knows less.
        _remember_words(context)
    context.ui.say(
        f"Connected to the sandbox at {url}. %do now sends all requests to it instead of DigitalOcean. Nothing is billed."
    )


def _remember_words(context: CommandContext) -> None:
    """Remember the sandbox's words for completion; requests to it are cheap."""
    client, session = context.client, context.session
    session.remember("regions", [one.slug for one in client.regions.list() if one.available])
    session.remember_sizes((one.slug, one.available, one.regions) for one in client.sizes.list())
    session.remember("images", [one.slug for one in client.images.list(type="distribution") if one.slug])
    session.remember("tags", [one.name for one in client.tags.list()])
    for operation_id in OPTIONS:
        session.remember_options(operation_id, client.call(operation_id))
    # One page is enough for completion in a large account.
    droplets = client.api("GET", "/v2/droplets?per_page=200")["droplets"]
    session.remember_names("droplets", [(one["name"], one["id"]) for one in droplets])


def status(context: CommandContext) -> TableResult:
    """Return whether the sandbox is running, and where."""
    sandbox = context.session.sandbox
    requests: int | None = len(sandbox.requests) if isinstance(sandbox, Sandbox) else 0
    running = sandbox is not None
    if isinstance(sandbox, JoinedSandbox):
        requests, running = None, False
        with suppress(PoseidonError):
            requests, running = sandbox.request_count(), True
    row = {
        "running": running,
        "url": sandbox.url if sandbox else None,
        "selected": context.session.in_sandbox,
        "requests": requests,
    }
    return table_of_rows("sandbox", [row], single=True)


def reset(context: CommandContext) -> None:
    """Restore the initial state of the account."""
    context.session.require_sandbox().reset()
    context.session.shown.forget()
    context.ui.say("The sandbox was reset to its initial state.")


def stop(context: CommandContext) -> None:
    """Stop the sandbox, or disconnect from a joined one. ``%do`` then has no account until one is selected."""
    session = context.session
    sandbox, was_account = session.require_sandbox(), session.in_sandbox
    if isinstance(sandbox, JoinedSandbox):
        done = f"Disconnected from the sandbox at {sandbox.url}, which keeps running."
    else:
        withdraw(sandbox)
        done = "The sandbox was stopped."
    session.stop_sandbox()
    then = " No account is selected now: use %do sandbox start, %do login, or %do context use." if was_account else ""
    context.ui.say(f"{done}{then}")
