"""Pages as DigitalOcean cuts them.

Settled by the specification: ``page`` from 1, ``per_page`` 1 to 200 with 20 as default, ``meta.total`` counts all, the
links that make no sense are left out, and links keep the filters. Not settled, chosen here: ``per_page`` above 200
is taken as 200; a page past the end is empty, with links back to the first and the last that exist; one page only has
``"links": {}``, as seen live; anything but a positive whole number is refused with 400.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from poseidon_nb.sandbox.records import render
from poseidon_nb.sandbox.replies import bad_request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poseidon_nb.sandbox.call import Call

_PER_PAGE = 20
_PER_PAGE_MOST = 200
_DIGITS_MOST = 12


def window(call: Call) -> tuple[int, int]:
    """Give the page and the items per page that a request asks for."""
    return _number(call, "page", 1), min(_number(call, "per_page", _PER_PAGE), _PER_PAGE_MOST)


def _number(call: Call, name: str, default: int) -> int:
    text = call.query.get(name)
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS_MOST) or int(text) < 1:
        raise bad_request(f"{name} must be a positive whole number.")
    return int(text)


def cut(items: Sequence[bytes], key: str, call: Call, total: int) -> bytes:
    """Give the body of a page.

    Parameters
    ----------
    items : sequence of bytes
        The page's items, rendered.
    key : str
        The name of the collection.
    call : Call
        The request, for its address and filters.
    total : int
        How many items there are on all pages.
    """
    links = render(links_of(call, total))
    return b'{"%b":[%b],"links":%b,"meta":{"total":%d}}' % (key.encode(), b",".join(items), links, total)


def links_of(call: Call, total: int) -> dict[str, dict[str, str]]:
    """Give the links of a page; an empty object when all is on one."""
    number, per_page = window(call)
    last = max(1, -(-total // per_page))
    pages: dict[str, str] = {}
    if number > 1:
        pages["first"] = _address(call, 1)
        pages["prev"] = _address(call, min(number - 1, last))
    if number < last:
        pages["next"] = _address(call, number + 1)
        pages["last"] = _address(call, last)
    return {"pages": pages} if pages else {}


def _address(call: Call, number: int) -> str:
    kept = [(name, value) for name, value in call.query.items() if name != "page"]
    return f"{call.base_url}{call.path}?{urlencode([('page', number), *kept])}"
