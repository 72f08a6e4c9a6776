"""What is read right before a step is sent, and must still be so: a complete snapshot, an unchanged lease, an unused tag.

A plan may be executed long after it was built, by a kernel that knows nothing of others. So what would make a step wrong is
read again with the last request before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.client.engine import recovery
from poseidon_nb.client.engine.own_tags import FROZEN, is_fresh_claim, lease_tags
from poseidon_nb.client.engine.steps import snapshot_placeholder
from poseidon_nb.errors import LookupFailed, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.engine.steps import Step

    Row = dict[str, Any]

#: Why a tag is not deleted.
ALREADY_DELETED = "already deleted"
#: Actions that change nothing on a disk.
_HARMLESS = frozenset({"shutdown", "power_off", "snapshot"})


class StepChecks:
    """Reads what a step depends on.

    Parameters
    ----------
    connection : Connection
    newest_actions : callable
        Reads the newest actions of a resource; see `searches.Searches.newest_actions`.
    """

    def __init__(self, connection: Connection, newest_actions: Callable[[str, Row], list[Row]]) -> None:
        self._connection = connection
        self._newest_actions = newest_actions

    def droplet(self, droplet_id: int) -> Row:
        """Read a droplet as the API sends it."""
        return self._connection.one("droplets_get", path={"droplet_id": droplet_id})

    def image(self, image_id: int) -> Row | None:
        """Read an image as the API sends it; return None if it does not exist."""
        try:
            return self._connection.one("images_get", path={"image_id": image_id})
        except NotFound:
            return None

    def why_unneeded(self, step: Step) -> str:
        """Return why a step is not to be sent any more; empty if it is.

        Raises
        ------
        LookupFailed
            It must not be sent, and neither must the steps after it.
        """
        if step.unused:
            return self._use_of_tag(step)
        if step.lease and (why := self._lease_change(step)):
            if step.awaits == "gone" and not step.snapshot:
                return why
            raise LookupFailed(f"{step.label} was not sent: {why}.")
        if step.claim and (why := self._claim_error(step)):
            raise LookupFailed(f"{step.label} was not sent: {why}.")
        return ""

    def _use_of_tag(self, step: Step) -> str:
        try:
            tag = self._connection.one("tags_get", path={"tag_id": step.targets[0].name})
        except NotFound:
            return ALREADY_DELETED
        resources = tag.get("resources")
        count = resources.get("count") if isinstance(resources, dict) else None
        return "" if count == 0 else "still in use"

    def _lease_change(self, step: Step) -> str:
        try:
            droplet = self.droplet(int(step.targets[0].id or 0))
        except NotFound:
            return "it is already gone"
        return "" if lease_tags(droplet.get("tags")) == lease_tags(step.lease.split(",")) else "its lease was changed"

    def _claim_error(self, step: Step) -> str:
        """Return why a droplet must not be created from the snapshot that a plan has claimed."""
        body = step.request.body
        image = self.image(int(body["image"]))
        tags = [str(tag).casefold() for tag in (image or {}).get("tags") or ()]
        if FROZEN not in tags:
            return "its snapshot is not frozen any more"
        now = self._connection.session.server_now()
        claims = [tag for tag in tags if is_fresh_claim(tag, now)]
        if step.claim.casefold() not in claims:
            return "it began too long ago; run the command again"
        if len(claims) > 1:
            return "another client is thawing it"
        same_name = self._connection.rows("droplets_list", query={"name": body["name"]})
        if any((row.get("image") or {}).get("id") == body["image"] for row in same_name):
            return "it was thawed already"
        return ""

    def snapshot_error(self, step: Step) -> LookupFailed | None:
        """Return the error if the snapshot that a step requires is not complete, or the droplet runs again.

        Raises
        ------
        NotFound
            The droplet does not exist.
        """
        target = step.targets[0]
        found = self._snapshots(step)
        image = self.image(int(found[0]["id"])) if len(found) == 1 else None
        if image is None or image.get("status") != "available" or not image.get("min_disk_size"):
            return LookupFailed(f"{step.label} was not sent: snapshot {step.snapshot!r} is not complete.")
        # Only what is lost must be in the snapshot.
        destroys = step.awaits == "gone"
        if destroys and (tag := _missing_tag(step, image)):
            return LookupFailed(f"{step.label} was not sent: snapshot {step.snapshot!r} does not have the tag {tag!r}.")
        if destroys and (self.droplet(int(target.id or 0)).get("status") != "off" or self._used_since(step, image)):
            return LookupFailed(f"{step.label} was not sent: {target.name} was used after its snapshot.")
        return None

    def _used_since(self, step: Step, image: Row) -> bool:
        """Return whether a droplet that is off has run, or got another disk, since a snapshot of it was taken."""
        taken = _time(image, "created_at")
        for action in self._newest_actions("dropletActions_list", {"droplet_id": step.targets[0].id}):
            started = _time(action, "started_at")
            if taken is None or started is None:
                # Without the times it may have been used.
                return True
            # A snapshot's created_at equals its action's started_at (terraform-provider-digitalocean finds it by that).
            if started < taken or (action["type"] == "snapshot" and started == taken):
                return False
            if action["type"] not in _HARMLESS:
                return True
        return False

    def with_snapshot_id(self, step: Step) -> Step:
        """Return a step with the id of its snapshot in its request."""
        placeholder = snapshot_placeholder(step.snapshot)
        if placeholder not in str(step.request.body):
            return step
        # The ids of tagged resources are text.
        return step.with_values({placeholder: str(self._snapshots(step)[0]["id"])})

    def _snapshots(self, step: Step) -> list[Row]:
        rows = self._connection.rows("droplets_list_snapshots", path={"droplet_id": step.targets[0].id})
        return [row for row in rows if row.get("name") == step.snapshot]


def _missing_tag(step: Step, image: Row) -> str:
    """Return a tag that a snapshot must have and does not have; empty if it has all."""
    held = {str(tag).casefold() for tag in image.get("tags") or ()}
    return next((tag for tag in step.snapshot_tags.split(",") if tag and tag.casefold() not in held), "")


def _time(row: Row, field: str) -> datetime | None:
    try:
        return recovery.parse_time(row[field])
    except (KeyError, TypeError, ValueError):
        return None
