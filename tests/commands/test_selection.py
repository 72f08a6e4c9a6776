"""`get` and `panel` take several names and patterns; what changes something takes no patterns."""

from __future__ import annotations

import pytest

from poseidon_nb.errors import AmbiguousName, InvalidArgument, NoSuchName, NotFound
from poseidon_nb.magics.fleet_panel import FleetPanel

CREATE = "--region nyc3 --size s-1vcpu-1gb --image ubuntu-24-04-x64"


def test_get_takes_names_ids_and_patterns_in_their_order_and_each_once(desk):
    droplets = desk.do("droplets list")
    webs = [name for name in droplets["name"] if name.startswith("web-")]
    db = droplets.set_index("name").loc["db-1"]
    desk.sent()
    found = desk.do(f"droplets get {db['id']} 'web-*' web-1 db-1")
    assert [*found["name"]] == ["db-1", *webs]
    assert len(webs) > 1
    # One list, with the GPU droplets, and no request for each.
    assert all(line.startswith("GET /v2/droplets?") for line in desk.sent())
    assert [*desk.do("droplets get web-? --columns name")["name"]] == [name for name in webs if len(name) == 5]
    assert [*desk.do("droplets get web-[12]")["name"]] == ["web-1", "web-2"]


def test_one_name_is_one_object_as_before(desk):
    assert desk.do("droplets get web-1 --raw")["name"] == "web-1"
    several = desk.do("droplets get web-1 web-2 --raw")
    assert [one["name"] for one in several] == ["web-1", "web-2"]
    assert isinstance(desk.do("droplets get 'db-1*' --raw"), list | dict)


def test_every_get_takes_several(desk):
    for line, column, values in [
        ("keys get {names}", "name", None),
        ("images get ubuntu-24-04-x64 'debian-*'", "slug", "ubuntu-24-04-x64"),
        ("tags get 'env:*' web", "name", None),
        ("volumes get '*'", "name", None),
        ("firewalls get '*'", "name", None),
        ("domains get '*'", "name", None),
        ("actions get {ids}", "id", None),
    ]:
        group = line.split()[0]
        listed = desk.do(f"{group} list")
        names, ids = [*listed["name"][:2]] if "name" in listed else [], [*listed["id"][:2]] if "id" in listed else []
        found = desk.do(line, names=names, ids=ids)
        assert len(found) >= 1, line
        assert values is None or found[column][0] == values
        if "'*'" in line:
            assert [*found[column]] == [*listed[column]], line


def test_what_matches_nothing_or_several_is_an_error(desk):
    with pytest.raises(NoSuchName, match=r"^No droplet matches 'zzz\*'\.$"):
        desk.do("droplets get web-1 'zzz*'")
    with pytest.raises(NoSuchName, match=r"Droplet 'wev-1' not found\. Did you mean web-1\?"):
        desk.do("droplets get db-1 wev-1")
    with pytest.raises(NotFound):
        desk.do("droplets get db-1 12345")
    desk.do(f"droplets create twin {CREATE}")
    desk.do(f"droplets create twin {CREATE}")
    with pytest.raises(AmbiguousName):
        desk.do("droplets get twin web-1")
    # A pattern may match both.
    assert [*desk.do("droplets get 'twi*'")["name"]] == ["twin", "twin"]


@pytest.mark.parametrize(
    "line", ["droplets reboot 'web-*'", "droplets delete web-1 'db*'", "droplets tag 'w?b-1' --tag-name x"]
)
def test_acting_verbs_take_no_patterns(desk, line):
    with pytest.raises(InvalidArgument, match="is a pattern, which only list, get and panel take"):
        desk.do(f"{line} --yes")
    assert desk.changes() == []


def test_a_dry_run_shows_the_list(desk):
    desk.do("droplets list")
    desk.sent()
    desk.do("droplets get web-1 web-2 --dry-run")
    assert desk.ui.said == [desk.ui.said[0]], "no ids are mentioned, for none are sent"
    assert "GET /v2/droplets?" in desk.ui.said[0]
    assert desk.sent() == []


def test_a_panel_of_several_shows_these_only(desk):
    desk.session.client().monitor._drive = lambda watch: None
    panel = desk.do("panel web-1 'db-*'")
    assert isinstance(panel, FleetPanel)
    while desk.session.client().monitor.tick() == 0.0:
        pass
    names = {row["name"] for row in panel.model.fleet.rows}
    assert "web-1" in names
    assert names == {"web-1"} | {name for name in desk.do("droplets list")["name"] if name.startswith("db-")}
    assert panel.model.count_text().startswith(f"{len(names)} droplets, $")
    # One droplet that a pattern finds is a table of one.
    again = desk.do("panel 'web-1*'")
    assert isinstance(again, FleetPanel)
    with pytest.raises(NoSuchName, match="No droplet matches"):
        desk.do("panel 'zzz*'")
    with pytest.raises(InvalidArgument, match="droplets or --tag, not both"):
        desk.do("panel web-1 web-2 --tag web")
    panel.close()
    again.close()
