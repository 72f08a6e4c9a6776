"""Access keys of Spaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.contract.walk import Walk


def walk_spaces_keys(walk: Walk) -> None:
    path = "/v2/spaces/keys"
    read = {"name": "reader", "grants": [{"bucket": "assets", "permission": "read"}]}
    key = walk.must("POST", path, read)["key"]
    secret = key.pop("secret_key")
    assert secret
    assert walk.get(f"{path}/{key['access_key']}")["key"] == key
    walk.must("POST", path, {"name": "all", "grants": [*read["grants"], {"bucket": "", "permission": "fullaccess"}]})
    walk.must("POST", path, {"name": "none", "grants": []})
    for query in ({}, {"name": "reader"}, {"bucket": "assets"}, {"permission": "fullaccess"}):
        for _ in walk.pages(path, **query):
            pass
    names = [one["name"] for one in walk.get(path, sort="name", sort_direction="desc")["keys"]]
    assert names == ["reader", "none", "all"]
    walk.refused(400, "GET", path, sort="name")
    walk.refused(400, "POST", path, {"name": "bad", "grants": [{"bucket": "", "permission": "read"}]})
    walk.must("PATCH", f"{path}/{key['access_key']}", {"name": "renamed"})
    walk.must("PUT", f"{path}/{key['access_key']}", {"name": "replaced", "grants": []})
    assert walk.get(f"{path}/{key['access_key']}")["key"] == {**key, "name": "replaced", "grants": []}
    walk.must("DELETE", f"{path}/{key['access_key']}")
    walk.refused(404, "DELETE", f"{path}/{key['access_key']}")


STEPS = (walk_spaces_keys,)
