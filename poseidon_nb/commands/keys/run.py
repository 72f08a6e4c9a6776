"""`%do keys create`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.commands.bodies import read_text
from poseidon_nb.commands.generic.run import operation_result, operation_steps
from poseidon_nb.commands.planned import Planned
from poseidon_nb.plans.builders import operation_chains

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poseidon_nb.client.engine.steps import Chain
    from poseidon_nb.commands.context import CommandContext
    from poseidon_nb.plans.account import AccountReader


def _steps(context: CommandContext, account: AccountReader) -> Sequence[Chain]:
    if context.command.body:
        return operation_steps(context, account)
    file = context.option("public_key_file")
    text = context.command.options["public_key"] if file is None else read_text(file)
    body = {"name": context.argument("name"), "public_key": text.strip()}
    return operation_chains(account, [account.client.request("sshKeys_create", body=body)], "create")


CREATE = Planned(_steps, operation_result)
