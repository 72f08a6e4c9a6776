"""The token appears in no repr, error, log or traceback."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import io
import json
import logging
import pickle
import traceback

import pytest
import requests
import responses

from poseidon_nb.errors import PoseidonError, TransportError
from poseidon_nb.transport.credentials import Credential, DoctlConfig, KernelLogin, Token
from poseidon_nb.transport.pagination import fetch_pages
from poseidon_nb.transport.request import Request

API = "https://api.digitalocean.com"
GET = Request("GET", "/v2/account", operation_id="account_get", scopes=("account:read",))


def failures(new_session, serve, secret: str) -> list[BaseException]:
    """Raise every kind of error of a session, with responses that echo the token wherever possible."""
    echo = {
        "id": secret,
        "message": f"the token {secret} is bad",
        "request_id": secret,
        "error_attributes": {secret: [{"token": f"Bearer {secret}"}]},
    }
    found: list[BaseException] = []

    def collect(session, request=GET) -> None:
        try:
            session.send(request).json()
            list(fetch_pages(session.send, request))
        except PoseidonError as error:
            found.append(error)

    for status in (302, 400, 401, 403, 404, 409, 412, 418, 422, 429, 500, 503, 599):
        for body in (json.dumps(echo), json.dumps([secret]), f"plain {secret}", f"<html>{secret}</html>", ""):
            with responses.RequestsMock() as api:
                headers = {"x-request-id": secret, "retry-after": "9999", "location": f"https://h/{secret}"}
                api.add("GET", f"{API}/v2/account", status=status, body=body, headers=headers)
                collect(new_session())
    for body in (
        f'"{secret}"',
        f"{secret}",
        f'{{"links": "{secret}"}}',
        f'{{"links": {{"pages": {{"next": "{secret}"}}}}}}',
    ):
        with responses.RequestsMock() as api:
            api.add("GET", f"{API}/v2/account", body=body)
            collect(new_session())
    for raised in (
        requests.ConnectionError(secret[:0] + "lost"),
        requests.Timeout("slow"),
        requests.exceptions.SSLError("x"),
    ):
        with responses.RequestsMock() as api:
            api.add("GET", f"{API}/v2/account", body=raised)
            collect(new_session())
    url, _ = serve(lambda handler: handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{") and None)
    collect(new_session(url, timeout_s=0.05))
    collect(new_session("http://127.0.0.1:1"))
    collect(new_session(read_only=True), Request("POST", "/v2/droplets"))
    for headers in ({"Authorization": "x"}, {"X": "a\nb"}):
        collect(new_session(), Request("GET", "/v2/account", headers=headers))
    assert len(found) == 13 * 5 + 4 + 3 + 5
    return found


def chain(error: BaseException | None) -> list[BaseException]:
    seen: list[BaseException] = []
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and one not in seen:
            seen.append(one)
            waiting += [one.__cause__, one.__context__]
    return seen


def local_variables(error: BaseException) -> list[str]:
    """Return what a traceback with local variables prints, as in IPython's verbose mode and error trackers.

    The test's own frames hold the secret by name, and ``http.client`` holds the bytes of the request line by line.
    """
    frames = traceback.TracebackException.from_exception(error, capture_locals=True).stack
    spared = ("tests/transport", "http/client.py")
    return [repr(frame.locals) for frame in frames if not any(part in frame.filename for part in spared)]


def what_shows(error: BaseException) -> str:
    shown = ["".join(traceback.format_exception(error))]
    for one in chain(error):
        shown += [repr(one), str(one), repr(one.args), repr(vars(one)), repr(getattr(one, "__notes__", None))]
        shown += [repr(dict(request.headers)) for request in [getattr(one, "request", None)] if request is not None]
        if isinstance(error, TransportError):
            shown += local_variables(one)
    with contextlib.suppress(TypeError, AttributeError, pickle.PicklingError):
        shown.append(repr(pickle.dumps(error)))
    return "\n".join(shown)


def test_the_token_appears_nowhere(new_session, serve, secret, credential, caplog):
    caplog.set_level(logging.DEBUG)
    for name in ("", "urllib3", "requests", "poseidon_nb"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    stdout = io.StringIO()
    with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stdout):
        errors = failures(new_session, serve, secret)
    for error in errors:
        assert secret not in what_shows(error), repr(error)

    session, token, kernel = new_session(), credential.token, KernelLogin()
    kernel.login(token)
    things = [token, credential, session, session._http, kernel, DoctlConfig({"default": token}, "default")]
    things += [GET, [token], {"token": token}, vars(session), vars(session._http), vars(kernel)]
    prepared = session._http._prepare(GET)
    things += [prepared, prepared.headers, dict(prepared.headers), vars(prepared)]
    shown = [f"{thing!r} {thing!s} {thing}" for thing in things] + [f"{token!s:>99}", "%s %r" % (token, token)]  # noqa: UP031  # logging formats so
    shown += [caplog.text, stdout.getvalue(), *(repr(vars(record)) for record in caplog.records)]
    assert len(caplog.records) > 3, "urllib3 was to be heard too"
    for text in shown:
        assert secret not in text


@pytest.mark.parametrize("copier", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, vars])
@pytest.mark.parametrize("wrap", [lambda token: token, lambda token: Credential(token, "x"), lambda token: [token]])
def test_a_token_cannot_be_pickled_copied_or_encoded_as_json(secret, copier, wrap):
    thing = wrap(Token(secret))
    try:
        copied = copier(thing)
    except TypeError:
        return
    assert secret not in repr(copied), "a shallow copy of what holds it shares the same token"
    assert copier is copy.copy


def test_a_credential_cannot_be_converted_to_plain_data(credential):
    with pytest.raises(TypeError, match="cannot be pickled"):
        dataclasses.asdict(credential)


def test_a_token_prints_as_its_prefix(secret):
    assert str(Token(secret)) == repr(Token(secret)) == "dop_v1_…"
    assert f"{Token('doo_v1_abc')}" == "doo_v1_…"
    assert str(Token("something-else")) == "…"


def test_tokens_are_equal_by_their_secret(secret):
    assert Token(secret) == Token(f" {secret}\n")
    assert len({Token(secret), Token(secret), Token("other")}) == 2
    assert Token(secret) != secret
