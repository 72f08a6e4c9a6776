"""How the table of a command is displayed: the sentence for nothing, cards, and columns that were asked for."""

from __future__ import annotations

from poseidon_nb.commands.registry import registry
from poseidon_nb.commands.view import nothing_found
from poseidon_nb.frames.display import to_html, to_text, view_of
from poseidon_nb.language.grammar import parse


def sentence(line: str) -> str:
    return nothing_found(parse(line, registry(), {}))


def test_nothing_is_said_in_the_words_of_the_command():
    assert sentence("droplets list") == "No droplets were found."
    assert sentence("droplets list 'zzz*'") == "No droplets match 'zzz*'."
    assert sentence("droplets list --tag web --region fra1") == "No droplets match --region fra1 and --tag web."
    assert sentence("droplets backups web-1") == "No backups of web-1 were found."
    assert sentence("records list a.example --type MX") == "No records of a.example match --type MX."
    assert sentence("actions timeline --last 1h") == "No actions match --last 1h."
    assert sentence("sizes cheapest --memory 9999") == "No sizes match --memory 9999."
    assert sentence("databases list-clusters") == "No database clusters were found."
    assert sentence("kubernetes list") == "No Kubernetes clusters were found."
    assert sentence("cost") == "No resources that cost money were found."
    assert sentence("droplets frozen") == "No frozen droplets were found."


def test_nothing_said_is_harmless():
    said = sentence("droplets list 'x\u202e*' --tag 'y\u202ez'")
    assert said == r"No droplets match 'x\u202e*' and --tag y\u202ez."


def test_one_object_is_a_card_and_a_list_of_one_is_a_table(desk):
    for line, card in (("droplets get web-1", True), ("account", True), ("droplets list 'web-1'", False)):
        result = desk.do(line)
        assert len(result) == 1
        assert view_of(result).card is card
        assert ("<thead>" in to_html(result, view_of(result))) is not card
    created = desk.do("droplets create one --region nyc3 --size s-1vcpu-1gb --image debian-12-x64")
    assert to_text(created, view_of(created), width=80).startswith("name           one\nstatus         active\n")


def test_columns_asked_for_are_whole_at_any_width(desk):
    result = desk.do("regions list --columns slug,sizes,features")
    (nyc1,) = result.index[result["slug"] == "nyc1"]
    for text in (to_text(result, view_of(result), width=20), to_html(result, view_of(result))):
        assert ", ".join(result["sizes"][nyc1]) in text
        assert " more" not in text


def test_what_has_no_table_shows_its_name_and_status_first_too(desk):
    result = desk.do("api GET /v2/droplets")
    assert to_text(result, view_of(result), width=80).split()[:4] == ["name", "status", "region", "size"]
    assert [*result.columns][:2] == ["id", "name"]
    matrix = desk.do("regions matrix --family gpu")
    assert to_text(matrix, view_of(matrix), width=80).split()[:3] == ["region", "name", "available"]


def test_nothing_is_said_of_errors_where_there_are_none(desk):
    result = desk.do("droplets power-off web-1 web-2 --yes")
    lines = to_text(result, view_of(result), width=80).splitlines()
    assert lines[0].split()[:3] == ["name", "action", "status"]
    assert len(lines) == 3
    assert "Empty" not in to_html(result, view_of(result))


def test_objects_in_a_cell_are_their_names_and_whole_if_asked_for(desk):
    pools = "'name:web,size:s-2vcpu-4gb,count:2 name:db,size:s-2vcpu-4gb,count:1'"
    created = desk.do(f"kubernetes create k --region nyc3 --version latest --node-pools {pools} --yes")
    assert "node_pools              web, db\n" in to_text(created, view_of(created), width=120)
    clusters = desk.do("kubernetes list")
    assert "web, db" in to_text(clusters, view_of(clusters), width=120)
    assert clusters["node_pools"].iloc[-1][0]["count"] == 2
    asked = desk.do("kubernetes get k --columns node_pools")
    assert "droplet_id" in to_text(asked, view_of(asked), width=120)


def test_why_there_are_no_rows_is_displayed_in_place_of_the_table(desk):
    for line, why in (("leases", "No droplet has a lease."), ("droplets frozen", "No droplets are frozen.")):
        result = desk.do(line)
        assert result.empty
        assert to_text(result, view_of(result), width=80).startswith(why)
    assert desk.ui.said == []
    result = desk.do("droplets list zz*")
    assert to_text(result, view_of(result), width=80) == "No droplets match 'zz*'."
