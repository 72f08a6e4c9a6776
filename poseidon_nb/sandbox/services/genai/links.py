"""Links to files and for signing in: well-formed, and leading nowhere.

Not documented, chosen here: what a link of OAuth or of a file looks like. Its host is of a reserved domain, and tokens are
fabricated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from poseidon_nb.sandbox import objects, rng
from poseidon_nb.sandbox.responses import bad_request, respond, unprocessable
from poseidon_nb.sandbox.services.genai.reference import new_secret
from poseidon_nb.sandbox.timestamps import HOUR_S, format_time

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.resources import Handler
    from poseidon_nb.sandbox.responses import HTTPResponse
    from poseidon_nb.sandbox.world import World

_STORAGE_URL = f"https://genai-storage.{objects.HOST}"
_LINK_LIFE_S = HOUR_S
_OAUTH_TYPES = ("dropbox", "google")


def presigned_url(world: World, key: str) -> tuple[str, str]:
    """Return a well-formed link to a file, which leads nowhere, and when it expires."""
    now = world.now()
    signature = {"X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Expires": _LINK_LIFE_S}
    query = urlencode({**signature, "X-Amz-Signature": rng.digest(world.seed, key, int(now)) * 2})
    return f"{_STORAGE_URL}/{key}?{query}", format_time(now + _LINK_LIFE_S)


def _upload_urls(call: Call) -> dict[str, Any]:
    """Return the links for the files of a body."""
    world = call.world
    request = rng.uuid(world.seed, "genai upload", world.next_number("genai_uploads"))
    uploads = []
    for number, file in enumerate(call.body.get("files") or []):
        name = file.get("file_name")
        if not isinstance(name, str) or not name:
            raise unprocessable("files.file_name is required.")
        key = f"{request}/{number}"
        url, expires_at = presigned_url(world, key)
        uploads.append({"object_key": key, "original_file_name": name, "presigned_url": url, "expires_at": expires_at})
    if not uploads:
        raise unprocessable("files is required.")
    return {"request_id": request, "uploads": uploads}


def _upload(call: Call) -> HTTPResponse:
    return respond(call, _upload_urls(call))


def _get_oauth_url(call: Call) -> HTTPResponse:
    type_ = call.query.get("type") or _OAUTH_TYPES[0]
    if type_ not in _OAUTH_TYPES:
        raise bad_request(f"type must be one of {', '.join(_OAUTH_TYPES)}.")
    query = {"client_id": "sandbox", "response_type": "code", "redirect_uri": call.query.get("redirect_url") or ""}
    return respond(call, {"url": f"https://{type_}.oauth.{objects.HOST}/authorize?{urlencode(query)}"})


def _create_oauth_tokens(call: Call) -> HTTPResponse:
    code = call.body.get("code")
    if not code:
        raise unprocessable("code is required.")
    return respond(call, {name: new_secret(call.world, "sl.", name, code) for name in ("token", "refresh_token")})


OPERATIONS: dict[str, Handler] = {
    "genai_create_data_source_file_upload_presigned_urls": _upload,
    "genai_create_evaluation_dataset_file_upload_presigned_urls": _upload,
    "genai_create_model_eval_dataset_upload_presigned_urls": _upload,
    "genai_get_oauth2_url": _get_oauth_url,
    "genai_create_oauth2_dropbox_tokens": _create_oauth_tokens,
}
