"""Images: DigitalOcean's own, and the account's snapshots, backups and custom images.

API: ``images_*``, ``imageActions_*``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from poseidon_nb.catalogue import operation
from poseidon_nb.client.actions.actions import Action
from poseidon_nb.client.connection import add_detail, check_fields
from poseidon_nb.client.engine.steps import Step, Target
from poseidon_nb.client.lookup import unique_match
from poseidon_nb.client.resource import Field, Resource, ResourceCollection, TimeField
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
    # Aliases, because `list` is a method within the class.
    ActionList = list[Action]
    ImageList = list["Image"]

#: Values of the API's filter `type`; an image's attribute `type` is something else.
PUBLIC_TYPES = ("distribution", "application")
#: Types of the account's own images; filtered here, among the private images.
OWN_TYPES = ("snapshot", "backup", "custom")


class Image(Resource):
    """An image that droplets can be created from.

    Its verbs wait until the action has completed and the image reads accordingly, and update the image in place. With
    ``wait=False`` they return the `Action` in progress.
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
        """Whether droplets can be created from it."""
        return self.status == "available"

    def refresh(self) -> Image:
        """Read it again and update it in place."""
        self.assign(self._images.read(self.id))
        return self

    def actions(self) -> list[Action]:
        """List its actions, newest first."""
        return self._images.actions(self)

    def update(
        self, *, name: str | None = None, description: str | None = None, distribution: str | None = None
    ) -> Image:
        """Update the given fields."""
        changed = self._images.update(self, name=name, description=description, distribution=distribution)
        self.assign(changed.to_dict())
        return self

    def rename(self, name: str) -> Image:
        """Rename the image."""
        return self.update(name=name)

    def delete(self) -> None:
        """Delete the image; droplets that were created from it stay. This cannot be undone."""
        self._images.delete(self)

    def transfer(
        self, region: str, *, wait: bool = True, timeout_s: float | None = None, on_progress: OnProgress | None = None
    ) -> Action:
        """Copy the image to another region, so that droplets can be created from it there."""
        body = {"type": "transfer", "region": region}
        return self._images.act(self, body, wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def convert(
        self, *, wait: bool = True, timeout_s: float | None = None, on_progress: OnProgress | None = None
    ) -> Action:
        """Convert a backup to a snapshot, so that it is kept until it is deleted."""
        return self._images.act(self, {"type": "convert"}, wait=wait, timeout_s=timeout_s, on_progress=on_progress)

    def _summary(self) -> tuple[object, ...]:
        return (self.id, self.slug or self.name, self.distribution)


class Images(ResourceCollection[Image]):
    """The images of the account and DigitalOcean's public ones. Public images have a slug as well as an id."""

    _internal = frozenset({"act", "read"})

    def __init__(self, connection: Connection, actions: Actions, engine: Engine) -> None:
        super().__init__(connection, "images", "images_list", lambda row: Image(row, self))
        self._actions = actions
        self._engine = engine

    def list(self, *, type: str | None = None, **filters: Any) -> ImageList:  # noqa: A002  # the API's own word
        """List all images, from all pages.

        Parameters
        ----------
        type : str, optional
            ``"distribution"`` or ``"application"``; for the account's own ``"snapshot"``, ``"backup"`` or ``"custom"``.
        **filters : object
            ``private=True`` for the account's own images, ``tag_name`` for images with a tag.
        """
        query, own_type = _split_filters(type, filters)
        images = super().list(**query)
        return images if own_type is None else [image for image in images if image.type == own_type]

    def frame(self, *, type: str | None = None, **filters: Any) -> pd.DataFrame:  # noqa: A002  # as above
        """Return all images as a DataFrame; parameters as for `list`.

        Returns
        -------
        pandas.DataFrame
            One row for each image; columns as in ``poseidon_nb.frames.schemas.TABLES["images"]``.
        """
        query, own_type = _split_filters(type, filters)
        frame = super().frame(**query)
        return frame if own_type is None else frame[frame["type"] == own_type].reset_index(drop=True)

    def get(self, image: int | str) -> Image:
        """Return one image by id, or a public image by slug.

        Raises
        ------
        NotFound
            It does not exist; for a slug the closest is suggested.
        """
        try:
            return Image(self.read(image), self)
        except NotFound as error:
            slugs = [row["slug"] for row in self._connection.rows("images_list") if row.get("slug")]
            near = did_you_mean(str(image), slugs) if isinstance(image, str) and not is_integer(image) else ""
            add_detail(error, near.removeprefix(". "))
            raise

    def by_name(self, name: str) -> Image:
        """Return the one image of the account with this name.

        Raises
        ------
        NoSuchName, AmbiguousName
            None or several images have it.
        """
        own = self.list(private=True)
        return unique_match(
            "image", name, [image for image in own if image.name == name], lambda: (one.name for one in own)
        )

    def find(self, image: Image | int | str) -> Image:
        """Return an image given as an object, an id, a public slug, or the name of one of the account's images."""
        if isinstance(image, Image):
            return image
        try:
            return Image(self.read(image), self)
        except NotFound:
            if isinstance(image, int) or is_integer(image):
                raise
        return self.by_name(image)

    def read(self, image: int | str) -> Row:
        """Read an image as the API sends it."""
        return self._connection.one("images_get", path={"image_id": image})

    def actions(self, image: Image | int) -> ActionList:
        """List the actions of an image, newest first."""
        rows = self._connection.rows("imageActions_list", path={"image_id": _id(image)})
        subject = image.name if isinstance(image, Image) else ""
        return [Action(row, self._actions, subject=subject) for row in rows]

    def create_custom(  # noqa: PLR0913  # the fields of an import, and how to wait for it
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
        """Import a disk image from a URL, and wait until droplets can be created from it.

        Parameters
        ----------
        name : str
        url : str
            URL of a raw, qcow2, vhdx, vdi or vmdk image, plain or compressed.
        region : str
            Slug of its region; `Image.transfer` copies it to others.
        distribution, description : str, optional
        tags : sequence of str, optional
        wait : bool
            Block until it is ``available``, and read it again.
        timeout_s : float, optional
            Seconds; one hour by default.
        on_progress : callable, optional
            Called with a `Progress` several times a second. Its ``id`` is the image's, because an import is not an action.

        Raises
        ------
        ActionFailed
            It could not be imported; the message gives the API's reason.
        ActionTimedOut
            It was still being imported after the time limit. The import continues.
        """
        if isinstance(tags, str):
            raise InvalidArgument("tags must be a list of strings.")
        fields = {"name": name, "url": url, "region": region, "distribution": distribution, "description": description}
        body = check_fields(operation("images_create_custom"), fields | {"tags": tags and [*tags]})
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
        self._engine.sender.searches.remember("images", [image])
        return image

    def update(
        self,
        image: Image | int,
        *,
        name: str | None = None,
        description: str | None = None,
        distribution: str | None = None,
    ) -> Image:
        """Update the given fields of an image."""
        fields = {"name": name, "description": description, "distribution": distribution}
        body = check_fields(operation("images_update"), fields)
        if not body:
            raise InvalidArgument("update requires name=, description= or distribution=.")
        request = self._connection.request("images_update", path={"image_id": _id(image)}, body=body)
        answer = self._engine.send(request, verb="update", target=_target(image))
        return Image(self._connection.read_object("images_update", answer), self)

    def delete(self, image: Image | int) -> None:
        """Delete an image; droplets that were created from it stay. This cannot be undone."""
        request = self._connection.request("images_delete", path={"image_id": _id(image)})
        self._engine.send(request, verb="delete", target=_target(image))

    def act(
        self,
        image: Image,
        body: Mapping[str, Any],
        *,
        wait: bool,
        timeout_s: float | None,
        on_progress: OnProgress | None,
    ) -> Action:
        """Start an action on an image, and wait for it."""
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
        assert outcome.action is not None  # noqa: S101  # for the type checker: a successful step has one
        return outcome.action


def _id(image: Image | int) -> int:
    return image.id if isinstance(image, Image) else image


def _target(image: Image | int) -> Target:
    return Target("image", _id(image), image.name if isinstance(image, Image) else str(image))


def _split_filters(type_: str | None, filters: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    """Return the query for the API, and the type by which its result must be filtered here."""
    if type_ in OWN_TYPES:
        return {**filters, "private": True}, type_
    if type_ is not None and type_ not in PUBLIC_TYPES:
        # The API ignores an unknown type.
        raise InvalidArgument(f"Unknown image type {type_!r}{expected_one_of(type_, (*PUBLIC_TYPES, *OWN_TYPES))}")
    return {**filters, "type": type_} if type_ else dict(filters), None
