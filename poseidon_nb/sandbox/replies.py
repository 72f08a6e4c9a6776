"""What the sandbox answers: a reply, or a refusal in DigitalOcean's words."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from poseidon_nb.sandbox.records import render

#: Operations whose 400 has another shape in the specification than every other error.
_WITH_ROOT_CAUSES = frozenset({"tags_create"})
NOT_FOUND_TEXT = "The resource you were accessing could not be found."


@dataclass(slots=True)
class Reply:
    """An answer, before it is written to a connection.

    Attributes
    ----------
    status : int
        The HTTP status.
    body : bytes
        What is sent, or nothing.
    headers : list of tuple
        What this answer has beyond the headers that every answer gets.
    wait_s : float
        Real seconds that the server lets pass before it writes.
    cut : bool
        Close the connection instead of answering.
    content_type : str
        What the body is.
    """

    status: int
    body: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list)
    wait_s: float = 0.0
    cut: bool = False
    content_type: str = "application/json; charset=utf-8"


def answer(status: int, **members: Any) -> Reply:
    """Give a reply whose body is a JSON object of these members."""
    return Reply(status, render(members))


def no_content() -> Reply:
    """Give the empty reply of a deletion."""
    return Reply(204)


class Refusal(Exception):
    """A request that the API refuses; raised anywhere below `dispatch`, answered in DigitalOcean's error shape."""

    def __init__(
        self,
        status: int,
        id: str,  # noqa: A002  # the API's own word
        message: str,
        *,
        attributes: dict[str, Any] | None = None,
        headers: list[tuple[str, str]] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.id = id
        self.message = message
        self.attributes = attributes
        self.headers = headers or []

    def reply(self, request_id: str, operation: str = "") -> Reply:
        """Give the refusal as an answer to an operation."""
        members: dict[str, Any] = {"id": self.id, "message": self.message, "request_id": request_id}
        if operation in _WITH_ROOT_CAUSES and self.status == HTTPStatus.BAD_REQUEST:
            members = {"error": self.message, "messages": None, "root_causes": [self.message]}
        if self.attributes:
            members["error_attributes"] = self.attributes
        return Reply(self.status, render(members), self.headers.copy())


def bad_request(message: str) -> Refusal:
    """Give the refusal of something that cannot be read."""
    return Refusal(400, "bad_request", message)


def not_found() -> Refusal:
    """Give the refusal of an unknown thing, in the words that clients match on."""
    return Refusal(404, "not_found", NOT_FOUND_TEXT)


def unprocessable(message: str, **attributes: Any) -> Refusal:
    """Give the refusal of something that was understood and cannot be done."""
    return Refusal(422, "unprocessable_entity", message, attributes=attributes or None)
