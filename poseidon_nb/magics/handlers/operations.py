"""Any operation of the API: what the rule has made a verb of is carried out here, each in the same way.

Names are looked up, the request is checked, a person is asked where it matters; then it is sent, pages are followed,
an action is waited for, and the answer becomes a frame.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import match, operation
from poseidon_nb.client.kinds import KINDS
from poseidon_nb.client.lookup import Lookup, names_of
from poseidon_nb.errors import ActionError, PoseidonError
from poseidon_nb.magics.answer import Answer, Plain, answer_of, plain
from poseidon_nb.magics.handlers.outcomes import delete_each
from poseidon_nb.magics.language.vocabulary import entry
from poseidon_nb.magics.requests.costs import usd_month
from poseidon_nb.magics.requests.filling import requests_of_operation
from poseidon_nb.magics.requests.questions import cost_question, delete_question, request_question

if TYPE_CHECKING:
    from poseidon_nb.catalogue import Operation
    from poseidon_nb.client.actions.actions import Action
    from poseidon_nb.magics.job import Job
    from poseidon_nb.magics.language.words import Argument, Verb
    from poseidon_nb.transport.request import Request

_ACCEPTED = 202
#: Droplet actions that replace what is on a disk.
_REPLACING = frozenset({"rebuild", "restore"})


def run(job: Job) -> Answer | Plain | None:
    """Carry out the one operation that the command's verb stands on."""
    verb = entry(job.command.group, job.command.verb)
    wanted = operation(verb.operations[0])
    requests = requests_of_operation(job.command, verb, job.client, Lookup(job.client).id_of)
    _ask(job, verb, wanted, requests)
    if wanted.method == "DELETE":
        return _deleted(job, verb, wanted, requests)
    (request,) = requests
    return _answered(job, verb, wanted, job.client.carried_out(request))


# --- asking -----------------------------------------------------------------------------------------------------------
def _ask(job: Job, verb: Verb, wanted: Operation, requests: list[Request]) -> None:
    if job.command.yes or not verb.asks:
        return
    label, first = job.client.label(), requests[0]
    if wanted.method == "DELETE":
        job.confirm(_delete_question(label, job, verb, requests))
    elif "price" in verb.asks:
        _ask_for_money(job, wanted, first)
    elif "many" in verb.asks or _replaces(first.body):
        job.confirm(request_question(label, f"{first.method} {first.target}", first.body))


def _delete_question(label: str, job: Job, verb: Verb, requests: list[Request]) -> str:
    if requests[0].body is None and verb.arguments and verb.arguments[-1].many:
        last = verb.arguments[-1]
        return delete_question(label, _noun(last), [str(word) for word in job.command.arguments[last.name]])
    return request_question(label, f"{requests[0].method} {requests[0].target}", requests[0].body)


def _noun(argument: Argument) -> str:
    kind = KINDS.get(argument.source)
    if kind is not None:
        return kind.noun
    words = argument.name.replace("_", " ")
    for ending in (" id", " uuid", " name"):
        words = words.removesuffix(ending)
    return "thing" if words in {"id", "uuid", "name"} else words


def _replaces(body: Any) -> bool:
    if not isinstance(body, dict):
        return False
    return str(body.get("type")) in _REPLACING or bool(body.get("type") == "resize" and body.get("disk"))


def _ask_for_money(job: Job, wanted: Operation, request: Request) -> None:
    body = request.body if isinstance(request.body, dict) else {}
    price = usd_month(wanted.id, body, job.price_usd_month)
    if price is None or price > job.settings.price_limit_usd_month:
        what = str(body.get("name") or f"by {request.method} {request.target}")
        job.confirm(cost_question(job.client.label(), f"{job.command.group} {job.command.verb}", what, price))


# --- sending ----------------------------------------------------------------------------------------------------------
def _deleted(job: Job, verb: Verb, wanted: Operation, requests: list[Request]) -> Answer:
    words = [job.command.arguments.get(argument.name) for argument in verb.arguments[: len(wanted.path_parameters)]]
    last = words[-1] if words else ""
    ids = [_id_in(request, wanted) for request in requests]
    names = [*dict.fromkeys(last)] if isinstance(last, tuple) else [last or ids[0]]
    # Two words may name one thing; then its id is the name that is sure.
    names = names if len(names) == len(requests) else ids
    by_id = dict(zip(ids, requests, strict=True))
    things = [(id_, str(name)) for id_, name in zip(ids, names, strict=True)]

    def delete(id_: str) -> None:
        job.client.carried_out(by_id[id_])

    status = "accepted" if wanted.status == _ACCEPTED else "completed"
    return delete_each(job, things, delete, action=verb.name, status=status)


def _id_in(request: Request, wanted: Operation) -> str:
    """Give the id that stands last in a request's path, or all of its target where none does."""
    found = match(request.method, request.path)
    last = wanted.path_parameters[-1].name if wanted.path_parameters else ""
    return found[1].get(last, request.target) if found is not None else request.target


def _answered(job: Job, verb: Verb, wanted: Operation, answer: Any) -> Answer | Plain | None:
    if answer is None:
        job.front.say(f"{job.command.group} {job.command.verb}: done")
        return None
    if isinstance(answer, str | bytes):
        return plain(answer)
    if isinstance(answer, list):
        _learn(job, wanted, answer)
        return answer_of(verb.table or wanted.id, answer)
    held = answer.get(wanted.answer_key, answer) if wanted.answer_key and isinstance(answer, dict) else answer
    if verb.waits and isinstance(held, dict):
        held = _followed(job, verb, held) if job.command.no_wait else _waited(job, verb, held)
    rows = held if isinstance(held, list) else [held]
    return answer_of(verb.table or wanted.id, rows, single=not isinstance(held, list))


def _adopted(job: Job, verb: Verb, action: dict[str, Any]) -> Action:
    subject = next((str(job.command.arguments.get(argument.name, "")) for argument in verb.arguments), "")
    return job.client.actions.adopt(action, subject=subject)


def _followed(job: Job, verb: Verb, action: dict[str, Any]) -> dict[str, Any]:
    job.view.follow(job.client, [_adopted(job, verb, action)])
    return action


def _waited(job: Job, verb: Verb, action: dict[str, Any]) -> dict[str, Any]:
    waited = _adopted(job, verb, action)
    try:
        waited.wait(job.command.timeout_s, on_progress=job.view.tell)
    except PoseidonError as error:
        if not isinstance(error, ActionError):
            # It was started, and only the looking failed.
            error.args = (
                f"{error.args[0]}; {waited.label} was started: wait for it with %do actions wait {waited.id}",
            )
        raise
    return waited.to_dict()


def _learn(job: Job, wanted: Operation, rows: list[Any]) -> None:
    """Have completion know the names that were read."""
    kind = next((name for name, known in KINDS.items() if known.operation == wanted.id), "")
    if kind:
        job.kernel.learn_names(kind, names_of(KINDS[kind], rows), whole=not job.command.options)
