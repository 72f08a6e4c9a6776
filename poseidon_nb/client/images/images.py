"""What droplets are made from: DigitalOcean's images, and one's own snapshots, backups and custom images.

API: ``images_*``, ``imageActions_*``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation
from poseidon_nb.client.actions.actions import Action
from poseidon_nb.client.collection import Collection
from poseidon_nb.client.connection import checked_fields
from poseidon_nb.client.engine.steps import Step, Target
from poseidon_nb.client.named import only_one
from poseidon_nb.client.resource import Field, Resource, TimeField
from poseidon_nb.errors import InvalidArgument, NotFound
from poseidon_nb.text import did_you_mean, expected_one_of, is_integer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from poseidon_nb.client.actions.actions import Actions
    from poseidon_nb.client.actions.progress import OnProgress
    from poseidon_nb.client.connection import Connection
    from poseidon_nb.client.engine.engine import Engine

    Row = dict[str, Any]
    # Named here because within the class `list` is the method.
    ActionList = list[Action]
    ImageList = list["Image"]

#: What the API filters by `type`; the attribute `type` of an image is something else.
ASKED_KINDS = ("distribution", "application")
#: What one's own images say that they are: filtered here, among the private ones.
OWN_KINDS = ("snapshot", "backup", "custom")


class Image(Resource):
    """What a droplet can be made from.

    Its verbs wait until the server says ``completed`` and the image reads accordingly, and then read it again in place;
    with ``wait=False`` they give the `Action` in progress.
    """

    id = Field[int]()
    name = Field[str]()
    slug = Field["str | None"]()
    type = Field[str]()
    distribution = Field[str]()
    public = Field[bool]()
    regions = Field[list[str]]()
    min_disk_size = Field[int]()
    size_gigabytes = Field[float]()
    description = Field["str | None"]()
    tags = Field[list[str]]()
    status = Field[str]()
    error_message = Field["str | None"]()
    created_at = TimeField()

    def __init__(self, data: Mapping[str, Any], images: Images) -> None:
        super().__init__(data)
        self._images = images

    @property
    def available(self) -> bool:
        """Whether droplets can be made from it."""
        return self.status == "available"

    def refresh(self) -> Image:
        """Read it again, in place."""
        self.assign(self._images.read(self.id))
        return self

    def actions(self) -> list[Action]:
        """Return what was done to it, newest first."""
        return self._images.actions(self)

    def update(
        self, *, name: str | None = None, description: str | None = None, distribution: str | None = None
    ) -> Image:
        """Change what it says of itself, and nothing that is left out."""
        changed = self._images.update(self, name=name, description=description, distribution=distribution)
        self.assign(changed.to_dict())
        return self

    def rename(self, name: str) -> Image:
        """Rename it."""
        return self.update(name=name)

    def delete(self) -> None:
        """Destroy it; droplets that were made from it stay. This cannot be undone."""
        self._images.delete(self)

    def transfer(
        self, region: str, *, wait: bool = True, timeout_s: float | None = None, on_progress: OnProgress | None = None
    ) -> Action:
        """Copy it to another region, so that droplets can be made from it there."""
        body = {"type": "transfer", "region": region}
        return self._images.act(self, body, wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def convert(
        self, *, wait: bool = True, timeout_s: float | None = None, on_progress: OnProgress | None = None
    ) -> Action:
        """Make a snapshot of a backup, so that it is kept for as long as one wants."""
        return self._images.act(self, {"type": "convert"}, wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def _summary(self) -> tuple[object, ...]:
        return (self.id, self.slug or self.name, self.distribution)


class Images(Collection[Image]):
    """What droplets can be made from. One is named by its id, a public one also by its slug."""

    def __init__(self, connection: Connection, actions: Actions, engine: Engine) -> None:
        super().__init__(connection, "images", "images_list", lambda row: Image(row, self))
        self._actions = actions
        self._engine = engine

    def list(self, *, type: str | None = None, **filters: Any) -> ImageList:  # noqa: A002  # the API's own word
        """Return all images, from all pages.

        Parameters
        ----------
        type : str, optional
            ``"distribution"`` or ``"application"``; of one's own ``"snapshot"``, ``"backup"`` or ``"custom"``.
        **filters : object
            ``private=True`` gives one's own, ``tag_name`` those with a tag.
        """
        asked, kept = _split(type, filters)
        images = super().list(**asked)
        return images if kept is None else [image for image in images if image.type == kept]

    def frame(self, *, type: str | None = None, **filters: Any) -> pd.DataFrame:  # noqa: A002  # as above
        """Return all images as a DataFrame; the parameters are those of `list`.

        Returns
        -------
        pandas.DataFrame
            A row each; columns as in ``poseidon_nb.frames.schemas.TABLES["images"]``.
        """
        asked, kept = _split(type, filters)
        frame = super().frame(**asked)
        return frame if kept is None else frame[frame["type"] == kept].reset_index(drop=True)

    def get(self, image: int | str) -> Image:
        """Return one image by its id, or a public one by its slug.

        Raises
        ------
        NotFound
            There is none; for a slug the nearest is given.
        """
        try:
            return Image(self.read(image), self)
        except NotFound as error:
            slugs = [row["slug"] for row in self._connection.rows("images_list") if row.get("slug")]
            near = did_you_mean(str(image), slugs) if isinstance(image, str) and not is_integer(image) else ""
            error.args = (f"{error.args[0]}{near}",)
            raise

    def by_name(self, name: str) -> Image:
        """Return the one of one's own images that has this name.

        Raises
        ------
        NoSuchName, AmbiguousName
            None, or several, have it.
        """
        own = self.list(private=True)
        return only_one(
            "image", name, [image for image in own if image.name == name], lambda: (one.name for one in own)
        )

    def find(self, image: Image | int | str) -> Image:
        """Return an image by what names it: itself, its id, a public slug, or the name of one of one's own."""
        if isinstance(image, Image):
            return image
        try:
            return Image(self.read(image), self)
        except NotFound:
            if isinstance(image, int) or is_integer(image):
                raise
        return self.by_name(image)

    def read(self, image: int | str) -> Row:
        """Return an image as the API sends it."""
        return self._connection.one("images_get", path={"image_id": image})

    def actions(self, image: Image | int) -> ActionList:
        """Return what was done to an image, newest first."""
        rows = self._connection.rows("imageActions_list", path={"image_id": _id(image)})
        subject = image.name if isinstance(image, Image) else ""
        return [Action(row, self._actions, subject=subject) for row in rows]

    def create_custom(  # noqa: PLR0913  # what an import is made of, and how to wait for it
        self,
        name: str,
        url: str,
        region: str,
        *,
        distribution: str | None = None,
        description: str | None = None,
        tags: Sequence[str] | None = None,
        wait: bool = True,
        timeout_s: float | None = None,
        on_progress: OnProgress | None = None,
    ) -> Image:
        """Import a disk image from an address, and wait until droplets can be made from it.

        Parameters
        ----------
        name : str
        url : str
            Where DigitalOcean finds a raw, qcow2, vhdx, vdi or vmdk image, plain or compressed.
        region : str
            Slug of where it is kept; `Image.transfer` copies it to others.
        distribution, description : str, optional
            What it says of itself.
        tags : sequence of str, optional
        wait : bool
            Block until it is ``available``, and read it again.
        timeout_s : float, optional
            Seconds; an hour by default.
        on_progress : callable, optional
            Told a `Progress` several times a second; its ``id`` is the image's, for an import is no action.

        Raises
        ------
        ActionFailed
            It could not be imported; the service's reason is given.
        ActionTimedOut
            It was still being imported when the time was up. That goes on.
        """
        if isinstance(tags, str):
            raise InvalidArgument("tags takes a list")
        fields = {"name": name, "url": url, "region": region, "distribution": distribution, "description": description}
        body = checked_fields(operation("images_create_custom"), fields | {"tags": tags and [*tags]})
        request = self._connection.request("images_create_custom", body=body)
        step = Step(
            verb="create", targets=(Target("image", None, name),), request=request, awaits="image" if wait else "answer"
        )
        (outcome,) = self._engine.run(
            [(step,)], title=f"images create_custom {name}", timeout_s=timeout_s, on_progress=on_progress
        )
        if outcome.error is not None:
            raise outcome.error
        row = outcome.answer if wait else self._connection.unwrapped("images_create_custom", outcome.answer)
        image = Image(row, self)
        self._engine.sender.looks.know("images", [image])
        return image

    def update(
        self,
        image: Image | int,
        *,
        name: str | None = None,
        description: str | None = None,
        distribution: str | None = None,
    ) -> Image:
        """Change what an image says of itself, and nothing that is left out."""
        fields = {"name": name, "description": description, "distribution": distribution}
        body = checked_fields(operation("images_update"), fields)
        if not body:
            raise InvalidArgument("update takes name=, description= or distribution=")
        request = self._connection.request("images_update", path={"image_id": _id(image)}, body=body)
        answer = self._engine.change(request, verb="update", target=_target(image))
        return Image(self._connection.unwrapped("images_update", answer), self)

    def delete(self, image: Image | int) -> None:
        """Destroy an image; droplets that were made from it stay. This cannot be undone."""
        request = self._connection.request("images_delete", path={"image_id": _id(image)})
        self._engine.change(request, verb="delete", target=_target(image))

    def act(
        self,
        image: Image,
        body: Mapping[str, Any],
        *,
        wait: bool,
        timeout_s: float | None,
        on_progress: OnProgress | None,
    ) -> Action:
        """Start an action on an image, and wait for it; every verb ends here."""
        request = self._connection.request("imageActions_post", path={"image_id": image.id}, body=dict(body))
        step = Step(verb=body["type"], targets=(_target(image),), request=request, awaits="action")
        (outcome,) = self._engine.run(
            [(step,)],
            title=f"images {body['type']} {image.name}",
            wait=wait,
            timeout_s=timeout_s,
            on_progress=on_progress,
            assign={image.id: image.assign},
        )
        if outcome.error is not None:
            raise outcome.error
        assert outcome.action is not None  # noqa: S101  # for the type checker: what went well has one
        return outcome.action


def _id(image: Image | int) -> int:
    return image.id if isinstance(image, Image) else image


def _target(image: Image | int) -> Target:
    return Target("image", _id(image), image.name if isinstance(image, Image) else str(image))


def _split(kind: str | None, filters: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    """Return what the API is asked for, and the kind that is left to be kept here."""
    if kind in OWN_KINDS:
        return {**filters, "private": True}, kind
    if kind is not None and kind not in ASKED_KINDS:
        # The API takes a kind that it does not know for no filter at all.
        known = (*ASKED_KINDS, *OWN_KINDS)
        raise InvalidArgument(f"no kind of image {kind!r}{expected_one_of(kind, known)}")
    return {**filters, "type": kind} if kind else dict(filters), None
