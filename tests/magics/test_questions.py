"""Which commands ask, what the question says, and that no answer and a no both mean that nothing is sent."""

from __future__ import annotations

import pytest

from poseidon_nb import errors
from poseidon_nb.magics.job import Settings
from poseidon_nb.magics.language.vocabulary import entry, own_groups
from poseidon_nb.magics.requests import questions

CREATE = "--image ubuntu-24-04-x64 --region nyc3"
ASKING = [
    ("droplets delete web-1", "SANDBOX: delete droplet web-1 (521000032) ($24.00 a month)? This cannot be undone."),
    (
        "droplets delete web-1 web-2",
        "SANDBOX: delete 2 droplets: web-1 (521000032) and web-2 (521000100) ($48.00 a month)? This cannot be undone.",
    ),
    (
        "droplets power_off web-1 web-2",
        "SANDBOX: power_off 2 droplets: web-1 and web-2? A droplet that is off is billed all the same.",
    ),
    ("droplets power_on --tag web", "SANDBOX: power_on 4 droplets: web-1, web-2, web-3 and staging-web?"),
    (
        "droplets shutdown web-1 web-2",
        "SANDBOX: shutdown 2 droplets: web-1 and web-2? A droplet that is off is billed all the same.",
    ),
    ("droplets reboot web-1 web-2", "SANDBOX: reboot 2 droplets: web-1 and web-2?"),
    ("droplets power_cycle web-1 web-2", "SANDBOX: power_cycle 2 droplets: web-1 and web-2?"),
    (
        "droplets resize legacy-reports --size s-4vcpu-8gb --disk",
        "SANDBOX: resize legacy-reports to s-4vcpu-8gb ($48.00 a month each), the disk too? A larger disk cannot be made smaller again.",
    ),
    ("droplets resize web-1 web-2 --size s-4vcpu-8gb", "SANDBOX: resize to s-4vcpu-8gb 2 droplets: web-1 and web-2?"),
    (
        f"droplets create big --size m-8vcpu-64gb {CREATE}",
        "SANDBOX: create a droplet of m-8vcpu-64gb for $336.00 a month: big?",
    ),
    (
        f"droplets create a b c --size s-4vcpu-8gb {CREATE}",
        "SANDBOX: create 3 droplets of s-4vcpu-8gb for $144.00 a month: a, b and c?",
    ),
    (
        f"droplets create a b --size s-4vcpu-8gb {CREATE} --backups",
        "SANDBOX: create 2 droplets of s-4vcpu-8gb for $124.80 a month: a and b?",
    ),
    (
        f'droplets create a b --size s-4vcpu-8gb {CREATE} --backups --backup-policy \'{{"plan":"weekly"}}\'',
        "SANDBOX: create 2 droplets of s-4vcpu-8gb for $115.20 a month: a and b?",
    ),
    (
        "droplets rebuild build-1 --image debian-12-x64",
        "SANDBOX: rebuild build-1 from image debian-12-x64? What is on its disk now is lost.",
    ),
    (
        "droplets restore db-1 --image 210500001",
        "SANDBOX: restore db-1 from image 210500001? What is on its disk now is lost.",
    ),
    (
        "droplets take_snapshot web-1 web-2 --name a --restart",
        "SANDBOX: take_snapshot with a restart of 2 droplets: web-1 and web-2?",
    ),
    ("droplets untag web-1 --tag-name web", "SANDBOX: untag web from droplet web-1?"),
    ("tags delete web", "SANDBOX: delete tag web? This cannot be undone."),
    ("api DELETE /v2/tags/web", "SANDBOX: DELETE /v2/tags/web? This cannot be undone."),
]
SILENT = [
    "droplets power_off web-1",
    "droplets take_snapshot web-1 web-2 --name a",
    "droplets rename web-1 x",
    "droplets resize legacy-reports --size s-4vcpu-8gb",
    f"droplets create a --size s-1vcpu-1gb {CREATE}",
    "tags create x",
]


@pytest.mark.parametrize(("line", "question"), ASKING)
def test_the_question_names_the_account_the_things_and_the_money(desk, line, question):
    desk.front.answer = False
    desk.sent()
    with pytest.raises(errors.ConfirmationRequired, match="not confirmed; nothing was done"):
        desk.do(line)
    assert desk.front.questions == [question]
    assert desk.changes() == []


@pytest.mark.parametrize("line", [line for line, _ in ASKING])
def test_where_nobody_can_answer_it_refuses_names_yes_and_sends_nothing(desk, line):
    desk.sent()
    with pytest.raises(errors.ConfirmationRequired, match="Nobody can answer here: add --yes to allow it"):
        desk.do(line)
    assert desk.changes() == []


@pytest.mark.parametrize(
    "line",
    [line for line, _ in ASKING if not {"resize", "restore", "take_snapshot"} & {*line.split()} or "--disk" in line],
)
def test_yes_as_an_option_and_as_an_answer_both_let_it_pass(desk, line):
    desk.front.answer = True
    desk.sent()
    desk.do(f"{line} --no-wait --keep-going")
    assert len(desk.front.questions) == 1
    answered = sorted(desk.changes())
    desk.sandbox.reset()
    desk.do(f"{line} --no-wait --keep-going --yes")
    assert len(desk.front.questions) == 1
    assert sorted(desk.changes()) == answered != []


@pytest.mark.parametrize("line", SILENT)
def test_what_harms_nobody_is_not_asked_about(desk, line):
    desk.do(line)
    assert desk.front.questions == []


def test_the_commands_that_ask_are_those_whose_help_says_so():
    asking = {(group.name, verb.name) for group in own_groups() for verb in group.verbs if verb.asks}
    tested = {tuple(line.split()[:2]) for line, _ in ASKING if not line.startswith("api")} | {("api", "api")}
    changing = {"enable_backups", "change_backup_policy", "disable_backups", "password_reset", "enable_ipv6"}
    changing |= {"enable_private_networking", "change_kernel"}  # asked about when many are meant, as power verbs are
    assert asking == tested | {("keys", "delete"), ("snapshots", "delete")} | {("droplets", verb) for verb in changing}
    for line in SILENT[2:3]:
        assert entry(*line.split()[:2]).asks == ()


@pytest.mark.parametrize(
    ("line", "question"),
    [
        (
            "databases create orders --engine pg --region nyc3 --size db-s-1vcpu-1gb --num-nodes 1",
            "SANDBOX: databases create orders at a price that the API does not tell?",
        ),
        (
            "volumes create big --region nyc3 --size-gigabytes 2000",
            "SANDBOX: volumes create big for $200.00 a month?",
        ),
        (
            "volumes resize old-uploads 3000",
            "SANDBOX: volumes resize by POST /v2/volumes/{id}/actions for $300.00 a month?",
        ),
    ],
)
def test_what_costs_more_than_the_limit_or_nobody_knows_how_much_is_asked_about(desk, line, question):
    desk.front.answer = False
    identifier = desk.do("volumes list").set_index("name")["id"]["old-uploads"]
    with pytest.raises(errors.ConfirmationRequired, match="not confirmed; nothing was done"):
        desk.do(line)
    assert desk.front.questions == [question.replace("{id}", identifier)]
    assert desk.changes() == []


def test_what_costs_little_is_not_asked_about(desk):
    desk.do("volumes create small --region nyc3 --size-gigabytes 10")
    assert desk.front.questions == []


def test_a_bare_request_that_changes_something_is_asked_about_and_a_read_is_not(desk):
    desk.front.answer = False
    desk.sent()
    with pytest.raises(errors.ConfirmationRequired):
        desk.do("api POST /v2/tags", body="name: x")
    assert desk.front.questions[-1].startswith("SANDBOX: POST /v2/tags?")
    assert desk.changes() == []
    desk.do("api GET /v2/tags")
    assert len(desk.front.questions) == 1


def test_keys_and_snapshots_are_asked_about_too(desk):
    desk.front.answer = False
    for noun in ("keys", "snapshots"):
        name = desk.do(f"{noun} list")["name"][0]
        with pytest.raises(errors.ConfirmationRequired):
            desk.do(f"{noun} delete '{name}'")
        assert name in desk.front.questions[-1]


@pytest.mark.parametrize(("limit", "asks"), [(48.0, False), (47.99, True), (0.0, True)])
def test_the_price_limit_is_the_users(desk, limit, asks):
    desk.settings = Settings(price_limit_usd_month=limit)
    desk.front.answer = True
    desk.do(f"droplets create a --size s-4vcpu-8gb {CREATE} --no-wait")
    assert bool(desk.front.questions) is asks


def test_a_real_account_is_named_by_its_address(desk):
    from poseidon_nb.client.client import Client

    client = Client(desk.kernel.client()._connection.session)
    client._label = None  # as for an account that is not on this machine
    assert client.label() == "ada@tidepool-maps.example"


# --- the words alone --------------------------------------------------------------------------------------------------
def test_the_first_few_of_many_are_named_and_the_rest_counted():
    assert questions.named(["a"]) == "a"
    assert questions.named(["a", "b", "c"]) == "a, b and c"
    assert questions.named([str(one) for one in range(1_008)]) == "0, 1, 2, 3, 4, 5, 6, 7 and 1,000 more"


def test_a_question_without_a_price_has_no_empty_brackets():
    assert questions.delete_question("me", "key", ["a", "b"]) == "me: delete 2 keys: a and b? This cannot be undone."
    assert "(" not in questions.disk_question("me", ["a"], "s", None)
