"""`%do api METHOD PATH`: any request, for what has no command of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.magics.acting import Act
from poseidon_nb.magics.answer import Answer, answer_of
from poseidon_nb.magics.requests.bodies import read_body
from poseidon_nb.plans.operations import request_chain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poseidon_nb.client.engine.outcomes import Outcome
    from poseidon_nb.client.engine.steps import Chain
    from poseidon_nb.magics.job import Job
    from poseidon_nb.plans.account import Account
    from poseidon_nb.plans.plan import Plan


def api(job: Job) -> Answer | None:
    """Send a request that reads, as it is."""
    return _answer(job, job.client.api(job.argument("method"), job.argument("path"), body=_body(job)))


def _chains(job: Job, account: Account) -> Sequence[Chain]:
    request = account.client.api_request(job.argument("method"), job.argument("path"), body=_body(job))
    return (request_chain(request),)


def _answered(job: Job, _: Plan, outcomes: list[Outcome]) -> Answer | None:
    (outcome,) = outcomes
    if outcome.error is not None:
        raise outcome.error
    return _answer(job, outcome.answer)


def _body(job: Job) -> Any:
    return read_body(job.command.body) if job.command.body else None


def _answer(job: Job, answer: Any) -> Answer | None:
    if answer is None:
        job.front.say("done; the answer is empty")
        return None
    return Answer(lambda: [answer], answer_of("", rows_in(answer)).frame, single=True)


def rows_in(answer: Any) -> list[Any]:
    """Return what a frame shows of an answer: the items of its one list, or its one object, or all of it."""
    if isinstance(answer, list):
        return answer
    lists = [value for value in answer.values() if isinstance(value, list)]
    # A page's rows stand beside its links and totals.
    if len(lists) == 1:
        return lists[0]
    only = next(iter(answer.values())) if len(answer) == 1 else None
    return [only if isinstance(only, dict) else answer]


HANDLERS = {("api", "api"): api}
ACT = Act(_chains, _answered)
