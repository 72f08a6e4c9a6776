"""``--dry-run``: it sends nothing, needs no token, and shows what would be sent."""

from __future__ import annotations

import json
import re

import pytest

from poseidon_nb import errors
from poseidon_nb.magics.language.vocabulary import own_groups

CREATE = "--size s-1vcpu-1gb --image ubuntu-24-04-x64 --region nyc3"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdDnUQm0vl1W0GdYcmlaM7Pb1xqqlcVEGxwXJyaHuRC ci"

#: Every verb that sends something: what is typed, with names that the account has.
LINES = [
    "droplets list",
    "droplets list --tag web",
    "droplets list --gpus --region tor1",
    "droplets get 521000032",
    f"droplets create a {CREATE} --tags x,y --monitoring",
    f"droplets create a b {CREATE} --ssh-keys '{{key}}',48000061",
    "droplets delete web-1 web-2",
    *(f"droplets {verb} web-1" for verb in ("power_off", "shutdown", "reboot", "power_cycle")),
    "droplets power_on legacy-reports",
    "droplets rename web-1 front",
    "droplets take_snapshot web-1 --name before",
    "droplets resize legacy-reports --size s-4vcpu-8gb --disk",
    "droplets resize web-1 --size s-4vcpu-8gb --restart",
    "droplets rebuild build-1 --image debian-12-x64",
    "droplets restore db-1 --image {backup}",
    "droplets enable_backups web-1 --plan weekly --weekday SUN --hour 4",
    "droplets change_backup_policy db-1 --plan daily",
    "droplets disable_backups db-1",
    "droplets password_reset web-1",
    "droplets enable_ipv6 db-1",
    "droplets tag web-1 web-2 --tag-name db",
    "droplets untag web-1 --tag-name web",
    "droplets actions web-1",
    "droplets snapshots db-1",
    "images list --private --tag web",
    "images get ubuntu-24-04-x64",
    "snapshots list --resource-type droplet",
    "snapshots get {snapshot_id}",
    "snapshots delete {snapshot}",
    "keys list",
    "keys get {key_id}",
    f"keys create ci --public-key '{KEY}'",
    "keys update {key} other",
    "keys delete {key}",
    "tags list",
    "tags get web",
    "tags create blue",
    "tags delete web db",
    "actions list",
    "actions get {action}",
    "actions wait {action}",
    "actions timeline --last 1h",
    "actions durations --last 1h",
    "metrics cpu web-1 521000064 --last 1h",
    "metrics memory web-1 --last 1h",
    "metrics load web-1 --start 3h --end 2h",
    "metrics filesystem web-1 --last 1h",
    "metrics bandwidth web-1 --last 1h",
    "metrics use web-1 --last 1h",
    "regions list",
    "regions matrix --family basic",
    "regions with backups",
    "sizes list",
    "sizes cheapest --memory 16GiB --region europe --limit 3",
    "sizes frontier --region ams3",
    "explore sizes --region ams3",
    "account",
    "cost sums --by tag",
    "cost lines",
    "cost reconcile",
    "cost history",
    "api GET /v2/droplets?tag_name=web",
    "api DELETE /v2/tags/web",
]


# A `get` by name is answered from the list that finds it, and the plan shows the request that it stands for.


def requests_in(text: str) -> list[tuple[str, object]]:
    """Give the requests that a plan shows, with their bodies."""
    found = []
    for part in text.split("\n\n"):
        first, _, body = part.partition("\n")
        found.append((first, json.loads(body) if body else None))
    return found


def test_all_verbs_that_send_are_in_the_list():
    tried = {tuple(line.split()[:2]) for line in LINES}
    for group in own_groups():
        for verb in group.verbs:
            # What is retired is refused by the service.
            if verb.operations and not group.bare and not verb.help.startswith("retired"):
                assert {(group.name, verb.name)} & tried or group.name == "account", (group.name, verb.name)


@pytest.mark.parametrize("line", LINES)
def test_the_plan_is_what_is_sent(desk, line, monkeypatch):
    names = {
        "key": desk.do("keys list")["name"][0],
        "key_id": int(desk.do("keys list")["id"][0]),
        "snapshot": desk.do("snapshots list")["name"][0],
        "snapshot_id": desk.do("snapshots list")["id"][0],
        "backup": desk.do("droplets get db-1 --raw")["backup_ids"][0],
        "action": int(desk.do("actions list")["id"][0]),
    }
    desk.do("droplets list")
    desk.sent()
    assert desk.do(f"{line} --dry-run", **names) is None
    assert desk.sent() == [], "a plan sends nothing"
    planned = requests_in(next(text for text in reversed(desk.front.said) if not text.startswith("(ids as last seen")))

    bodies = []
    send = type(desk.kernel.client()._connection.session).send

    def spying(self, request, **kwargs):
        bodies.append((f"{request.method} {request.target}", json.loads(request.payload or b"null")))
        return send(self, request, **kwargs)

    monkeypatch.setattr(type(desk.kernel.client()._connection.session), "send", spying)
    desk.do(f"{line} --yes", **names)
    left = [(_without_pages(first), body) for first, body in bodies]
    for request in planned:
        if request[0].startswith("GET") and "ID-OF-EACH" in request[0]:
            # Which there are is only known once they are read.
            each = re.escape(request[0]).replace("ID\\-OF\\-EACH", "[0-9a-f-]{36}")
            assert any(re.fullmatch(each, first) for first, _ in left), (each, left)
            continue
        assert request in left, left
        left = left[left.index(request) + 1 :] if not request[0].startswith("GET") else left
    changes = [request for request in planned if not request[0].startswith("GET")]
    assert [one for one in ((_without_pages(f), b) for f, b in bodies) if not one[0].startswith("GET")] == changes


def _without_pages(target: str) -> str:
    return target.replace("?page=1&per_page=200", "").replace("&page=1&per_page=200", "")


@pytest.mark.parametrize("line", [line for line in LINES if "'{{key}}'" not in line])
def test_a_plan_needs_no_account(empty_desk, line):
    empty_desk.do(f"{line} --dry-run", key="laptop", key_id=5, snapshot="nightly", snapshot_id=6, action=7, backup=8)
    assert requests_in(empty_desk.front.said[-1])


def test_of_a_name_that_was_not_seen_the_id_is_left_open_as_a_word(empty_desk):
    empty_desk.do("droplets reboot web-1 12 --dry-run")
    assert [first for first, _ in requests_in(empty_desk.front.said[-1])] == [
        "POST /v2/droplets/ID-OF-web-1/actions",
        "POST /v2/droplets/12/actions",
    ]
    empty_desk.do("keys delete laptop --dry-run")
    assert empty_desk.front.said[-1] == "DELETE /v2/account/keys/ID-OF-laptop"


def test_of_an_ambiguous_name_the_id_is_left_open(desk):
    for _ in range(2):
        desk.do(f"droplets create twin {CREATE}")
    desk.do("droplets list")
    desk.do("droplets delete twin --dry-run")
    assert desk.front.said[-1] == "DELETE /v2/droplets/ID-OF-twin"


def test_a_tag_is_a_read_and_a_request_for_each(empty_desk):
    empty_desk.do("droplets reboot --tag web --dry-run")
    assert requests_in(empty_desk.front.said[-1]) == [
        ("GET /v2/droplets?tag_name=web", None),
        ("POST /v2/droplets/ID-OF-EACH/actions", {"type": "reboot"}),
    ]


def test_more_than_ten_droplets_are_several_requests(empty_desk):
    empty_desk.do(f"droplets create {' '.join(f'n{one}' for one in range(12))} {CREATE} --dry-run")
    assert [len(body["names"]) for _, body in requests_in(empty_desk.front.said[-1])] == [10, 2]


def test_a_fingerprint_and_a_uuid_are_sent_as_they_are(empty_desk):
    print_of_a_key = ":".join(["3b"] * 16)
    empty_desk.do(f"keys get {print_of_a_key} --dry-run")
    assert empty_desk.front.said[-1] == f"GET /v2/account/keys/{print_of_a_key}"
    volume = "11111111-2222-3333-4444-555555555555"
    empty_desk.do(f"snapshots get {volume} --dry-run")
    assert empty_desk.front.said[-1] == f"GET /v2/snapshots/{volume}"


@pytest.mark.parametrize("line", ["sandbox start", "sandbox status", "context list", "login"])
def test_what_happens_in_this_process_sends_nothing_and_does_nothing(empty_desk, line):
    empty_desk.do(f"{line} --dry-run")
    assert "This sends nothing" in empty_desk.front.said[-1]
    assert empty_desk.kernel.sandbox is None


def test_the_body_of_a_cell_is_in_the_plan(empty_desk):
    empty_desk.do("api POST /v2/tags --dry-run", body="name: blue")
    assert requests_in(empty_desk.front.said[-1]) == [("POST /v2/tags", {"name": "blue"})]


def test_an_invalid_command_is_no_plan(empty_desk):
    with pytest.raises(errors.GrammarError):
        empty_desk.do("droplets create a --dry-run")


def test_a_plan_says_that_a_named_volume_is_sent_by_its_id(empty_desk):
    empty_desk.do(f"droplets create a {CREATE} --volumes old-uploads --dry-run")
    assert '"ID-OF-old-uploads"' in empty_desk.front.said[-1]
