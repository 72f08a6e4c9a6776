"""Any operation of the API: what the rule has made a verb of is carried out here, each in the same way.

Names are looked up and the request is checked. A read is sent, its pages are followed, and the answer becomes a frame; of
what changes something the request becomes a step of a plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation
from poseidon_nb.client.kinds import KINDS
from poseidon_nb.client.lookup import names_of
from poseidon_nb.magics.acting import Act
from poseidon_nb.magics.answer import Answer, Plain, answer_of, plain
from poseidon_nb.magics.handlers.outcomes import follow, table_of
from poseidon_nb.magics.language.vocabulary import entry
from poseidon_nb.magics.requests.filling import requests_of_operation
from poseidon_nb.plans.operations import operation_chains

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poseidon_nb.catalogue import Operation
    from poseidon_nb.client.engine.outcomes import Outcome
    from poseidon_nb.client.engine.steps import Chain
    from poseidon_nb.magics.job import Job
    from poseidon_nb.magics.language.words import Verb
    from poseidon_nb.plans.account import Account
    from poseidon_nb.plans.plan import Plan
    from poseidon_nb.transport.request import Request


def run(job: Job) -> Answer | Plain | None:
    """Read what the command's operation reads."""
    verb = entry(job.command.group, job.command.verb)
    (request,) = requests_of_operation(job.command, verb, job.client, job.account.id_of)
    return _answered(job, verb, operation(verb.operations[0]), job.client.carried_out(request))


def chains(job: Job, account: Account) -> Sequence[Chain]:
    """Return the steps of a command that changes something by the one operation that its verb stands on."""
    verb = entry(job.command.group, job.command.verb)
    requests = requests_of_operation(job.command, verb, account.client, account.id_of)
    return operation_chains(account, requests, verb.name, _names(job, verb, requests), waits=verb.waits)


def _names(job: Job, verb: Verb, requests: Sequence[Request]) -> list[str]:
    """Return what was typed for the thing of each request; nothing where two words may name one thing."""
    arguments = verb.arguments[: len(operation(verb.operations[0]).path_parameters)]
    word = job.command.arguments.get(arguments[-1].name) if arguments else None
    names = [*dict.fromkeys(word)] if isinstance(word, tuple) else [] if word is None else [word]
    return [str(name) for name in names] if len(names) == len(requests) else []


def answer(job: Job, plan: Plan, outcomes: list[Outcome]) -> Answer | Plain | None:
    """Return the answer of an operation; of a deletion a row for each thing."""
    verb = entry(job.command.group, job.command.verb)
    wanted = operation(verb.operations[0])
    if wanted.method == "DELETE":
        return table_of(job, plan, outcomes)
    (outcome,) = outcomes
    if outcome.error is not None:
        raise outcome.error
    follow(job, outcomes)
    return _answered(job, verb, wanted, outcome.answer if outcome.action is None else outcome.action.to_dict())


def _answered(job: Job, verb: Verb, wanted: Operation, answer: Any) -> Answer | Plain | None:
    if answer is None:
        job.front.say(f"{job.command.group} {job.command.verb}: done")
        return None
    if isinstance(answer, str | bytes):
        return plain(answer)
    if isinstance(answer, list):
        _learn(job, wanted, answer)
        return answer_of(verb.table or wanted.id, answer)
    held = answer.get(wanted.response_key, answer) if wanted.response_key and isinstance(answer, dict) else answer
    rows = held if isinstance(held, list) else [held]
    return answer_of(verb.table or wanted.id, rows, single=not isinstance(held, list))


def _learn(job: Job, wanted: Operation, rows: list[Any]) -> None:
    """Remember the names that were read, for completion."""
    kind = next((name for name, known in KINDS.items() if known.operation == wanted.id), "")
    if kind:
        job.kernel.learn_names(kind, names_of(KINDS[kind], rows), whole=not job.command.options)


ACT = Act(chains, answer)
