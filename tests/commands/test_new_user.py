"""What somebody meets who types from memory: names where ids are meant, and words that are wrong."""

from __future__ import annotations

import json

import pytest

from poseidon_nb import errors


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            "records list tidepool-map.example",
            "Domain 'tidepool-map.example' not found. Did you mean tidepool-maps.example",
        ),
        ("domains get tidepool-map.example", "Did you mean tidepool-maps.example"),
        (
            "records create tidepool-map.example --type A --name a --data 198.18.0.5",
            "Did you mean tidepool-maps.example",
        ),
        ("domains delete tidepool-map.example --yes", "Did you mean tidepool-maps.example"),
        ("tags assign wbe --resource do:droplet:521000032", "Tag 'wbe' not found. Did you mean web"),
        ("volumes create x --size 10 --region nyc9", "Unknown region 'nyc9'. Did you mean nyc1, nyc2 or nyc3"),
        ("vpcs create x --region nyc33", "Unknown region 'nyc33'. Did you mean nyc3"),
        ("images get db-1-before-2026-11-99", "Image 'db-1-before-2026-11-99' not found. Did you mean db-1-before-"),
        ("images get ubuntu-24-04", "Did you mean ubuntu-24-04-x64"),
        ("droplets tag web-1 --tag blue", "not both. The name of the tag is --tag-name TAG."),
        ("compute ssh web-1", "Unknown group 'ssh'. Use %do droplets ssh-config"),
        ("droplets update web-1 --name front", "Use %do droplets rename, resize or tag"),
        ("databases user list orders", "Use %do databases users, create-user or delete-user"),
        ("kubernetes cluster node-pool list x", "Use %do kubernetes list, get, create or delete"),
        ("registry list", "Use %do registries list"),
        (
            "kubernetes create k --region nyc3 --version latest --node-pools a",
            "text such as name:web,size:s-2vcpu-4gb,count:3",
        ),
        ("panel droplets", "Droplet 'droplets' not found. For a panel of all droplets: %do panel"),
        ("panel web", "Did you mean web-1, web-2 or web-3? For a panel of all of these: %do panel 'web*'"),
    ],
)
def test_a_refusal_names_the_word_that_was_wrong_and_the_nearest(desk, line, says):
    with pytest.raises(errors.PoseidonError) as caught:
        desk.do(line)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_refusal_of_what_exists_blames_no_word_of_it(desk):
    with pytest.raises(errors.NotFound) as caught:
        desk.do("records get tidepool-maps.example 1")
    assert "no domain" not in str(caught.value)


def test_an_image_of_ones_own_is_shown_by_its_name(desk):
    name = desk.do("images list --private")["name"][0]
    assert desk.do("images get {name}", name=name)["name"].tolist() == [name]


def test_taking_droplets_out_of_a_firewall_shows_the_firewall(desk):
    id_ = desk.do("firewalls get web")["id"][0]
    desk.do("firewalls add-droplets web web-1")
    frame = desk.do("firewalls remove-droplets web web-1 --yes")
    assert frame[["id", "name", "action"]].to_dict("records") == [
        {"id": id_, "name": "web", "action": "remove-droplets"}
    ]


def test_the_question_before_a_deletion_names_up_to_twenty(desk):
    frame = desk.do("droplets list")
    with pytest.raises(errors.ConfirmationRequired) as caught:
        desk.do("droplets delete {frame}", frame=frame)
    assert len(frame) > 8
    assert all(f"{name} (" in str(caught.value) for name in frame["name"])


def test_an_action_on_a_deleted_droplet_is_named_by_its_id(desk):
    key = desk.do("droplets get web-1")["id"].item()
    desk.do("droplets delete web-1 --yes")
    frame = desk.do("actions list --resource-type droplet")
    assert {*frame["name"][frame["resource_id"] == key]} == {str(key)}


def test_json_output_is_json(desk):
    desk.do("firewalls list -o json --columns name")
    assert [row["name"] for row in json.loads(desk.ui.said[0])] == ["web", "db"]


def test_a_question_about_an_app_has_the_name_in_its_spec(desk):
    plan = desk.do("""apps create --spec '{"name": "shop", "services": [{"name": "web"}]}' --plan""")
    assert "create app shop" in str(plan)


def test_a_question_about_tags_has_their_names(desk):
    fleet = desk.do("droplets list --tag web")
    fleet["tags"] = [[*tags, "blue"] if tags[-1] == "env:staging" else ["web"] for tags in fleet["tags"]]
    plan = str(desk.do("apply {fleet} --plan --max-changes 50%", fleet=fleet))
    assert "tag droplet staging-web with blue; untag 3 droplets of env:prod: web-1 (521000032)" in plan
    assert "- untag web-1 (521000032), web-2 (521000100) and web-3 (521000186): tags env:prod" in plan
