"""`%do api METHOD PATH`: any request, for what has no command of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.magics.answer import answer_of
from poseidon_nb.magics.bodies import read_body
from poseidon_nb.magics.questions import named

if TYPE_CHECKING:
    from poseidon_nb.magics.answer import Answer
    from poseidon_nb.magics.job import Job


def api(job: Job) -> Answer | None:
    """Send a request as it is; a DELETE is asked about."""
    method, path = job.argument("method"), job.argument("path")
    body = read_body(job.command.body) if job.command.body else None
    request = job.client.api_request(method, path, body=body)
    if request.method == "DELETE":
        job.confirm(f"{job.client.label()}: DELETE {named([request.target])}? This cannot be undone.")
    answer = job.client.api(method, path, body=body)
    if answer is None or answer is True:
        job.front.say("done; the answer is empty")
        return None
    # The rows of a page stand beside its links and totals; a frame shows the rows.
    lists = (
        [value for name, value in answer.items() if isinstance(value, list)] if isinstance(answer, dict) else [answer]
    )
    objects = [value for value in answer.values() if isinstance(value, dict)] if isinstance(answer, dict) else []
    if len(lists) == 1 and isinstance(lists[0], list):
        shown = answer_of("", lists[0])
    else:
        shown = answer_of("", [objects[0] if len(objects) == 1 and len(answer) == 1 else answer])
    return type(shown)(lambda: [answer], shown.frame, single=True)


HANDLERS = {("api", "api"): api}
