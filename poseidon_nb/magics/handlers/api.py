"""`%do api METHOD PATH`: any request, for what has no command of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.magics.answer import Answer, answer_of
from poseidon_nb.magics.requests.bodies import read_body
from poseidon_nb.magics.requests.questions import request_question

if TYPE_CHECKING:
    from poseidon_nb.magics.job import Job


def api(job: Job) -> Answer | None:
    """Send a request as it is; whatever may change something is asked about, for nothing else here knows the cost."""
    method, path = job.argument("method"), job.argument("path")
    body = read_body(job.command.body) if job.command.body else None
    request = job.client.api_request(method, path, body=body)
    if request.method not in {"GET", "HEAD"}:
        job.confirm(request_question(job.client.label(), f"{request.method} {request.target}"))
    answer = job.client.api(method, path, body=body)
    if answer is None:
        job.front.say("done; the answer is empty")
        return None
    return Answer(lambda: [answer], answer_of("", rows_in(answer)).frame, single=True)


def rows_in(answer: Any) -> list[Any]:
    """Give what a frame shows of an answer: the items of its one list, or its one object, or all of it."""
    if isinstance(answer, list):
        return answer
    lists = [value for value in answer.values() if isinstance(value, list)]
    # A page's rows stand beside its links and totals.
    if len(lists) == 1:
        return lists[0]
    only = next(iter(answer.values())) if len(answer) == 1 else None
    return [only if isinstance(only, dict) else answer]


HANDLERS = {("api", "api"): api}
