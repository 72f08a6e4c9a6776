"""`%do images get`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.commands.selection import get_table
from poseidon_nb.errors import NoSuchName, NotFound

if TYPE_CHECKING:
    from poseidon_nb.client.images import Image, Images
    from poseidon_nb.commands.context import CommandContext
    from poseidon_nb.commands.results import TableResult


def get_image(context: CommandContext) -> TableResult:
    """Get images by id or slug, the account's own images by name too, or those that match a pattern."""
    return get_table(context, "images", "images", lambda word: _find(context.client.images, word).to_dict())


def _find(images: Images, word: str) -> Image:
    try:
        return images.get(word)
    except NotFound as unknown:
        if word.isdecimal():
            raise
        try:
            return images.by_name(word)
        except NoSuchName as error:
            # If no name is close, close slugs help more.
            raise (error if error.nearest else unknown) from None
