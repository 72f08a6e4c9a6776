"""`%do images get`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from poseidon_nb.commands.results import TableResult, table_of_rows
from poseidon_nb.errors import NoSuchName, NotFound

if TYPE_CHECKING:
    from poseidon_nb.commands.context import CommandContext


def get_image(context: CommandContext) -> TableResult:
    """Get an image by its id or slug, or one of the account's own images by its name."""
    word, images = context.argument("image"), context.client.images
    try:
        image = images.get(word)
    except NotFound as unknown:
        if word.isdecimal():
            raise
        try:
            image = images.by_name(word)
        except NoSuchName as error:
            # If no name is close, close slugs help more.
            raise (error if error.nearest else unknown) from None
    return table_of_rows("images", [image.to_dict()], single=True)
