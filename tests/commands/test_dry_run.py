"""``--dry-run``: what is shown is what is sent, and showing it changes nothing."""

from __future__ import annotations

import json
import re
from collections import defaultdict

import pytest

from poseidon_nb import errors
from poseidon_nb.commands.registry import GROUPS
from tests.commands.shown_requests import requests_in

CREATE = "--size s-1vcpu-1gb --image ubuntu-24-04-x64 --region nyc3"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdDnUQm0vl1W0GdYcmlaM7Pb1xqqlcVEGxwXJyaHuRC ci"

#: Every verb that reads: what is typed, with names that the account has.
READING = [
    "droplets list",
    "droplets list --tag web",
    "droplets ssh-config --tag web",
    "droplets list --gpus --region tor1",
    "droplets get 521000032",
    "droplets actions web-1",
    "droplets snapshots db-1",
    "droplets frozen",
    "leases list",
    "images list --private --tag web",
    "images get ubuntu-24-04-x64",
    "snapshots list --resource-type droplet",
    "snapshots get {snapshot_id}",
    "keys list",
    "keys get {key_id}",
    "tags list",
    "tags get web",
    "databases connection {database_id}",
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
    "idle",
    "idle --no-metrics",
    "cost sums --by tag",
    "cost lines",
    "cost reconcile",
    "cost history",
    "cost allocation --by tag --last 30d",
    "cost forecast",
    "cost budget --limit 500",
    "cost budget --limit 500 --tag web",
    "cost budget set 500 --tag web",
    "cost changes --last 30d",
    "cost transfer",
    "api GET /v2/droplets?tag_name=web",
]
#: Every verb that changes something, with what is only shown, a restart, several things, and tags.
ACTING = [
    f"droplets create a {CREATE} --tags x,y --monitoring",
    f"droplets create a b {CREATE} --ssh-keys {{key}},48000061",
    f"droplets create {' '.join(f'n{one}' for one in range(12))} {CREATE}",
    f"droplets create a {CREATE} --volumes old-uploads",
    "droplets delete web-1 web-2",
    "droplets delete --tag web",
    *(f"droplets {verb} web-1" for verb in ("power_off", "shutdown", "reboot", "power_cycle")),
    "droplets power_off --tag web",
    "droplets power_on legacy-reports web-1",
    "droplets rename web-1 front",
    "droplets rename web-1 web-1",
    "droplets take_snapshot web-1 --name before",
    "droplets take_snapshot web-1 legacy-reports --name before --restart",
    "droplets resize legacy-reports --size s-4vcpu-8gb --disk",
    "droplets resize web-1 --size s-4vcpu-8gb --restart",
    "droplets resize --tag web --size s-4vcpu-8gb --restart",
    "droplets rebuild build-1 --image debian-12-x64",
    "droplets restore db-1 --image {backup}",
    "droplets enable_backups web-1 --plan weekly --weekday SUN --hour 4",
    "droplets change_backup_policy db-1 --plan daily",
    "droplets disable_backups db-1 web-1",
    "droplets password_reset web-1",
    "droplets enable_ipv6 db-1",
    "droplets tag web-1 web-2 --tag-name db",
    "droplets tag web-1 db-1 --tag-name blue",
    "droplets untag web-1 db-1 --tag-name web",
    "droplets freeze web-1",
    "droplets lease web-1 db-1 --ttl 6h",
    "images create_custom --name own --url https://example.com/own.img --region nyc3",
    "snapshots delete {snapshot}",
    "snapshots prune --keep-last 1",
    f"keys create ci --public-key '{KEY}'",
    "keys update {key} other",
    "keys delete {key}",
    "tags create blue",
    "tags delete web db",
    "volumes create small --region nyc3 --size-gigabytes 10",
    "volumes resize old-uploads 3000",
    "volumes snapshot old-uploads kept",
    "volumes delete old-uploads",
    "domains create example.org",
    "api DELETE /v2/tags/web",
]


def test_all_verbs_that_send_are_in_the_list():
    # Only what was frozen can be thawed; `test_freeze` compares its plan with what is sent.
    tried = {tuple(line.split()[:2]) for line in (*READING, *ACTING)} | {("droplets", "thaw")}
    for group in GROUPS:
        for verb in group.verbs:
            # What is retired is refused by the service.
            if verb.operations and not group.is_command and not verb.help.startswith("retired"):
                assert {(group.name, verb.name)} & tried or group.name == "account", (group.name, verb.name)


def named(desk) -> dict[str, object]:
    """Create what the lines name of the account."""
    return {
        "key": desk.do("keys list")["name"][0],
        "key_id": int(desk.do("keys list")["id"][0]),
        "snapshot": desk.do("snapshots list")["name"][0],
        "snapshot_id": desk.do("snapshots list")["id"][0],
        "database_id": desk.do("databases list")["id"][0],
        "backup": desk.do("droplets get db-1 --raw")["backup_ids"][0],
        "action": int(desk.do("actions list")["id"][0]),
    }


@pytest.fixture
def bodies(desk, monkeypatch) -> list[tuple[str, object]]:
    """Every request that is sent, with its body."""
    found: list[tuple[str, object]] = []
    session = type(desk.session.client()._connection.session)
    send = session.send

    def spying(self, request, **kwargs):
        found.append((f"{request.method} {request.target}", json.loads(request.payload or b"null")))
        return send(self, request, **kwargs)

    monkeypatch.setattr(session, "send", spying)
    return found


@pytest.mark.parametrize("line", READING)
def test_a_dry_run_of_what_reads_sends_nothing_and_shows_what_is_read(desk, line, bodies):
    names = named(desk)
    desk.do("droplets list")
    desk.sent()
    assert desk.do(f"{line} --dry-run", **names) is None
    assert desk.sent() == []
    shown = requests_in(next(text for text in reversed(desk.ui.said) if not text.startswith("(The ids of ")))
    bodies.clear()
    desk.do(line, **names)
    left = [(_without_pages(first), body) for first, body in bodies]
    for request in shown:
        if "ID-OF EACH" in request[0]:
            # Which there are is only known once they are read.
            each = re.escape(request[0]).replace("ID\\-OF\\ EACH", r"[\w-]{8,36}")
            assert any(re.fullmatch(each, first) for first, _ in left), (each, left)
            continue
        assert request in left, left


def test_a_dry_run_of_what_reads_shows_both_lists_of_droplets_and_their_filters(desk, bodies):
    for line in (
        "droplets list --name web-1",
        "droplets list --type droplets",
        "droplets list --tag web",
        "droplets list --gpus",
        "metrics cpu --tag web --last 1h",
        "rightsize --last 1h",
        "idle",
        "actions timeline --last 1h",
        "actions timeline --tag web --last 1h",
        "cost lines",
    ):
        desk.do(f"{line} --dry-run")
        shown = {first for first, _ in requests_in(desk.ui.said[-1])}
        bodies.clear()
        desk.do(line)
        sent = {_without_pages(first) for first, _ in bodies}
        lists = re.compile(r"GET /v2/droplets(\?|$)")
        assert {*filter(lists.match, shown)} == {*filter(lists.match, sent)}, line


def test_what_a_command_sends_is_what_its_dry_run_showed(desk, bodies):
    """Steps that are sent only if needed may be left out; reads do not count."""
    names = named(desk)
    desk.do("droplets untag db-1 --tag-name web --yes")
    for line in ACTING:
        desk.sandbox.reset()
        bodies.clear()
        assert desk.do(f"{line} --dry-run", **names) is None
        assert [first for first, _ in bodies if not first.startswith("GET")] == [], "a dry run changes nothing"
        shown: dict[str, list[tuple[str, object, bool]]] = defaultdict(list)
        for first, body in requests_in(desk.ui.said[-1]):
            if not first.startswith("("):
                target = first.removesuffix("  (if needed)").removesuffix("  (on failure)")
                shown[target].append((target, body, target != first))
        bodies.clear()
        desk.do(f"{line} --yes --keep-going", **names)
        sent: dict[str, list[object]] = defaultdict(list)
        for first, body in bodies:
            if not first.startswith("GET"):
                sent[first].append(body)
        assert {*sent} <= {*shown}, line
        for target, steps in shown.items():
            # Chains of different droplets run side by side, so the order is that of each target.
            left = [*sent[target]]
            for _, body, if_needed in steps:
                if left and _fits(body, left[0]):
                    left.pop(0)
                else:
                    assert if_needed, (line, target, body, sent[target])
            assert left == [], line


def _fits(shown: object, sent: object) -> bool:
    """Return whether a body is what was shown, where the id of what is created stands for a number."""
    pattern = re.sub(r"<id\\ of\\ [^>]*>", "[0-9]+", re.escape(json.dumps(shown)))
    return re.fullmatch(pattern, json.dumps(sent)) is not None


def _without_pages(target: str) -> str:
    return target.replace("?page=1&per_page=200", "").replace("&page=1&per_page=200", "")


def test_a_dry_run_needs_no_account_and_says_in_one_line_that_ids_are_open(empty_desk):
    words = {
        "key": "laptop",
        "key_id": 5,
        "snapshot": "nightly",
        "snapshot_id": 6,
        "database_id": 9,
        "action": 7,
        "backup": 8,
    }
    for line in (*READING, *ACTING):
        empty_desk.ui.said.clear()
        empty_desk.do(f"{line} --dry-run", **words)
        assert requests_in(empty_desk.ui.said[-1]), line
        told = ["(Ids and prices could not be looked up: no token was found)"] if line in ACTING else []
        assert empty_desk.ui.said[:-1] == told, line


def test_a_plan_needs_an_account(empty_desk):
    with pytest.raises(errors.NoToken):
        empty_desk.do("droplets reboot web-1 --plan")


def test_where_the_service_cannot_be_reached_a_dry_run_still_shows_the_requests(desk):
    desk.session.sandbox._server.stop()
    with pytest.raises(errors.TransportError):
        desk.do("droplets reboot web-1 --plan")
    desk.do("droplets reboot web-1 --dry-run")
    note, text = desk.ui.said
    assert note.startswith("(Ids and prices could not be looked up: ")
    assert requests_in(text) == [("POST /v2/droplets/ID-OF web-1/actions", {"type": "reboot"})]


def test_of_a_name_that_cannot_be_looked_up_the_id_is_left_open_as_a_word(empty_desk):
    empty_desk.do("droplets reboot web-1 12 --dry-run")
    assert [first for first, _ in requests_in(empty_desk.ui.said[-1])] == [
        "POST /v2/droplets/ID-OF web-1/actions",
        "POST /v2/droplets/12/actions",
    ]
    empty_desk.do("keys delete laptop --dry-run")
    assert empty_desk.ui.said[-1] == "DELETE /v2/account/keys/ID-OF laptop"
    empty_desk.do("droplets reboot --tag web --dry-run")
    assert requests_in(empty_desk.ui.said[-1]) == [
        ("POST /v2/droplets/ID-OF EACH/actions", {"type": "reboot"}),
    ]
    empty_desk.do(f"droplets create a {CREATE} --volumes old-uploads --dry-run")
    assert '"ID-OF old-uploads"' in empty_desk.ui.said[-1]


def test_a_dry_run_shows_real_ids_and_what_is_so_already(desk):
    desk.do("droplets power_on web-1 legacy-reports --dry-run")
    assert desk.ui.said[-1].split("\n\n")[0] == "(power_on web-1: already active; not sent)"
    assert requests_in(desk.ui.said[-1])[1:] == [("POST /v2/droplets/521000132/actions", {"type": "power_on"})]
    desk.do("droplets resize web-1 --size s-4vcpu-8gb --restart --dry-run")
    shown = requests_in(desk.ui.said[-1])
    assert [body["type"] for _, body in shown] == ["shutdown", "power_off", "resize", "power_on"]
    assert [first.endswith("(if needed)") for first, _ in shown] == [False, True, False, False]


def test_a_name_that_cannot_be_told_is_an_error_of_the_dry_run_too(desk):
    for _ in range(2):
        desk.do(f"droplets create twin {CREATE}")
    with pytest.raises(errors.AmbiguousName):
        desk.do("droplets delete twin --dry-run")
    with pytest.raises(errors.NoSuchName, match="Did you mean web-1"):
        desk.do("droplets delete web-11 --dry-run")
    with pytest.raises(errors.InvalidArgument, match=r"Unknown size 's-4vcpu-8g'. Did you mean s-4vcpu-8gb"):
        desk.do("droplets resize web-1 --size s-4vcpu-8g --restart --dry-run")


def test_a_resize_that_the_service_will_refuse_says_so(desk):
    assert "Use --restart to shut it down first" in desk.do("droplets resize web-1 --size s-4vcpu-8gb --plan").notes[0]


def test_a_fingerprint_and_a_uuid_are_sent_as_they_are(empty_desk):
    print_of_a_key = ":".join(["3b"] * 16)
    empty_desk.do(f"keys get {print_of_a_key} --dry-run")
    assert empty_desk.ui.said[-1] == f"GET /v2/account/keys/{print_of_a_key}"
    volume = "11111111-2222-3333-4444-555555555555"
    empty_desk.do(f"snapshots get {volume} --dry-run")
    assert empty_desk.ui.said[-1] == f"GET /v2/snapshots/{volume}"


@pytest.mark.parametrize("line", ["sandbox start", "sandbox status", "context list", "login"])
def test_what_happens_in_this_process_sends_nothing_and_does_nothing(empty_desk, line):
    empty_desk.do(f"{line} --dry-run")
    assert "This sends no requests" in empty_desk.ui.said[-1]
    assert empty_desk.session.sandbox is None


def test_the_body_of_a_cell_is_in_the_dry_run(empty_desk):
    empty_desk.do("api POST /v2/tags --dry-run", body="name: blue")
    assert requests_in(empty_desk.ui.said[-1]) == [("POST /v2/tags", {"name": "blue"})]


def test_an_invalid_command_has_no_dry_run(empty_desk):
    with pytest.raises(errors.GrammarError):
        empty_desk.do("droplets create a --dry-run")


def test_a_read_only_client_plans_and_does_not_act(desk, monkeypatch):
    monkeypatch.setenv("POSEIDON_READ_ONLY", "1")
    desk.session._forget()
    desk.do("droplets reboot web-1 --dry-run")
    plan = desk.do("droplets reboot web-1 --plan")
    assert requests_in(desk.ui.said[-1])[0][0] == plan.requests()[0].method + " " + plan.requests()[0].target
    with pytest.raises(errors.BulkFailed, match="read-only"):
        desk.do("apply {plan} --yes", plan=plan)
    assert desk.changes() == []
