"""Transfers of snapshots to other accounts.

From the specification: only snapshots are transferred, to one recipient, and a transfer with the id 0 has been accepted.

Not documented, chosen here: there is one account, whose token acts for the sender and for the recipient. So an accepted
image leaves the account, and one that is sent to the account's own team stays. An image has at most one pending transfer
(409), which ends with the image. A transfer of another image, or to another recipient, is not found. No email is sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.sandbox import rng
from poseidon_nb.sandbox.actions import raise_if_busy
from poseidon_nb.sandbox.responses import HTTPResponse, bad_request, conflict, not_found, respond, unprocessable
from poseidon_nb.sandbox.services.images import find_own_image, remove_image

if TYPE_CHECKING:
    from poseidon_nb.sandbox.call import Call
    from poseidon_nb.sandbox.store import StoredObject


def _create(call: Call) -> HTTPResponse:
    image, world = find_own_image(call), call.world
    email, uuid = (call.body.get(f"recipient_{name}") for name in ("email", "uuid"))
    if bool(email) == bool(uuid):
        raise bad_request("either recipient_email or recipient_uuid is required")
    if email and "@" not in email:
        raise unprocessable("recipient_email must be an email address.")
    if image["type"] != "snapshot":
        raise unprocessable("Only snapshots can be transferred.")
    raise_if_busy(world, "image", image["id"])
    if image.internal.get("transfer"):
        raise conflict("The image has a pending transfer.")
    if uuid == world.state.account["team"]["uuid"]:
        return respond(call, {"transfer_id": 0})
    number = 3_000_000 + world.next_number("image_transfers") * rng.randint(1, 60, world.seed, "transfer", image["id"])
    _put(call, image, {"id": number, "recipient_uuid": uuid})
    return respond(call, {"transfer_id": number})


def _put(call: Call, image: StoredObject, transfer: dict[str, Any] | None) -> None:
    call.world.images.put(image["id"], image.with_internal(transfer=transfer))


def _pending(call: Call) -> tuple[StoredObject, dict[str, Any]]:
    """Return the image of the path and its transfer, or raise 404 if that is another one than the body says."""
    image = find_own_image(call)
    transfer = image.internal.get("transfer")
    if not transfer or transfer["id"] != call.body["transfer_id"]:
        raise not_found()
    return image, transfer


def _accept(call: Call) -> HTTPResponse:
    image, transfer = _pending(call)
    recipient = call.body["recipient_uuid"]
    if recipient != (transfer["recipient_uuid"] or recipient):
        raise not_found()
    raise_if_busy(call.world, "image", image["id"])
    if recipient == call.world.state.account["team"]["uuid"]:
        _put(call, image, None)
    else:
        remove_image(call.world, image)
    return respond(call, None)


def _end(call: Call) -> HTTPResponse:
    image, _ = _pending(call)
    _put(call, image, None)
    return respond(call, None)


OPERATIONS = {
    "images_post_account_transfer_create": _create,
    "images_post_account_transfer_accept": _accept,
    "images_post_account_transfer_cancel": _end,
    "images_post_account_transfer_decline": _end,
}
