"""Which commands ask, what the question says, and that no answer and a no both mean that nothing is sent."""

from __future__ import annotations

import re

import pytest

from poseidon_nb import errors
from poseidon_nb.catalogue import operation
from poseidon_nb.catalogue.effects import effect_of
from poseidon_nb.commands.context import CommandContext, Settings
from poseidon_nb.commands.do_session import DoSession
from poseidon_nb.commands.generic.run import operation_steps
from poseidon_nb.commands.registry import operation_names, parse, registry
from poseidon_nb.plans import confirmation
from poseidon_nb.plans.account import OfflineReader
from poseidon_nb.plans.plan import Plan
from poseidon_nb.widgets.droplets.requests import BulkRequest

CREATE = "--image ubuntu-24-04-x64 --region nyc3"
CUT = "The power is cut. Data not written to disk is lost. A droplet that is powered off is still billed."
ASKING = [
    (
        "droplets delete web-1",
        "SANDBOX: delete droplet web-1 (521000032) (saves $24.00 a month)? This cannot be undone.",
    ),
    (
        "droplets delete web-1 web-2",
        "SANDBOX: delete 2 droplets (saves $48.00 a month): web-1 (521000032) and web-2 (521000100)? This cannot be undone.",
    ),
    ("droplets power_off web-1", f"SANDBOX: power off droplet web-1? {CUT}"),
    # The one that is off is left out.
    ("droplets power_off web-1 web-2 legacy-reports", f"SANDBOX: power off 2 droplets: web-1 and web-2? {CUT}"),
    (
        "droplets shutdown web-1 web-2",
        (
            "SANDBOX: shut down 2 droplets: web-1 and web-2? Services stop. "
            "A droplet that is powered off is still billed."
        ),
    ),
    (
        "droplets reboot web-1",
        "SANDBOX: reboot droplet web-1? Services stop until the restart has finished.",
    ),
    (
        "droplets power_cycle --tag web",
        (
            "SANDBOX: power cycle 4 droplets: web-1, web-2, web-3 and staging-web? "
            "The power is cut briefly. Data not written to disk is lost."
        ),
    ),
    (
        "droplets resize legacy-reports --size s-4vcpu-8gb --disk",
        (
            "SANDBOX: resize droplet legacy-reports to s-4vcpu-8gb, including the disk (+$36.00 a month)? "
            "The disk cannot be made smaller again."
        ),
    ),
    (
        "droplets resize web-1 web-2 --size s-4vcpu-8gb --restart",
        "SANDBOX: resize 2 droplets to s-4vcpu-8gb with a restart (+$48.00 a month): web-1 and web-2?",
    ),
    (
        f"droplets create big --size m-8vcpu-64gb {CREATE}",
        "SANDBOX: create droplet big of m-8vcpu-64gb for $336.00 a month?",
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
        (
            "SANDBOX: rebuild droplet build-1 from image debian-12-x64? "
            "Everything on the disk is replaced by the image. This cannot be undone."
        ),
    ),
    (
        "droplets restore db-1 --image 210500001",
        (
            "SANDBOX: restore droplet db-1 from image 210500001? "
            "Everything on the disk is replaced by the backup or snapshot. This cannot be undone."
        ),
    ),
    (
        "droplets take_snapshot web-1 web-2 --name a --restart",
        "SANDBOX: snapshot 2 droplets as a with a restart (+$9.60 a month): web-1 and web-2?",
    ),
    (
        "droplets password_reset web-1",
        "SANDBOX: password reset droplet web-1? The old root password stops working. The new one is sent by email.",
    ),
    ("droplets enable_ipv6 build-1", "SANDBOX: enable IPv6 droplet build-1? This cannot be undone."),
    (
        "keys delete deploy",
        "SANDBOX: delete key deploy (48000063)? To undo this, create it again; it gets a new id.",
    ),
    (
        "tags delete web",
        "SANDBOX: delete tag web? The tag is removed from all resources. This cannot be undone.",
    ),
    (
        "api DELETE /v2/tags/web",
        "SANDBOX: DELETE /v2/tags/web? The tag is removed from all resources. This cannot be undone.",
    ),
    (
        "volumes resize old-uploads 3000",
        (
            "SANDBOX: resize volume old-uploads with size_gigabytes 3000 (+$295.00 a month)? "
            "A volume cannot be made smaller again."
        ),
    ),
    ("volumes create big --region nyc3 --size-gigabytes 2000", "SANDBOX: create volume big for $200.00 a month?"),
]
SILENT = [
    "droplets untag web-1 --tag-name web",
    "droplets power_off legacy-reports",
    "droplets resize legacy-reports --size s-4vcpu-8gb",
    "droplets power_on legacy-reports build-1",
    "droplets power_on --tag web",
    "droplets take_snapshot web-1 web-2 --name a",
    "droplets rename web-1 x",
    "droplets resize x --size s-2vcpu-4gb --restart",
    "droplets enable_backups web-2",
    "droplets disable_backups db-1",
    "droplets tag --tag web --tag-name blue",
    f"droplets create a --size s-1vcpu-1gb {CREATE}",
    "volumes create small --region nyc3 --size-gigabytes 10",
    "tags create x",
]
#: Verbs that did not ask before there were plans, and do now.
NEW = {
    "droplets power_off web-1": "new in version 0.1.0: power_off asks for confirmation",
    "droplets reboot web-1": "new in version 0.1.0: reboot asks for confirmation",
    "droplets resize web-1 web-2 --size s-4vcpu-8gb --restart": "new in version 0.1.0: resize --restart asks for confirmation",
    "droplets password_reset web-1": "new in version 0.1.0: password_reset asks for confirmation",
}


def test_the_question_names_the_account_the_things_and_the_money(desk):
    desk.ui.answer = False
    for line, question in ASKING:
        desk.sent()
        with pytest.raises(errors.ConfirmationRequired, match=r"Not confirmed. Nothing was changed."):
            desk.do(line)
        assert desk.ui.questions[-1] == question
        assert desk.changes() == []


def test_where_nobody_can_answer_it_refuses_names_yes_and_sends_nothing(desk):
    desk.sent()
    for line, question in ASKING:
        with pytest.raises(errors.ConfirmationRequired) as caught:
            desk.do(line)
        assert str(caught.value).startswith(
            f"{question} This session cannot ask for confirmation. Add --yes to confirm"
        )
        told = str(caught.value).partition("to confirm")[2]
        assert told == (f" ({NEW[line]})." if line in NEW else told)
    assert desk.changes() == []
    for line in ("droplets delete web-1", "droplets rebuild build-1 --image debian-12-x64", "tags delete web"):
        with pytest.raises(errors.ConfirmationRequired, match=r"Add --yes to confirm\.$"):
            desk.do(line)


def test_what_harms_nobody_is_not_asked_about(desk):
    for line in SILENT:
        desk.do(line)
        assert desk.ui.questions == [], line


def test_a_panel_asks_for_what_a_command_asks_for_and_in_its_words(desk):
    desk.ui.answer = False
    client = desk.session.client()
    sizes = {one.slug: one.to_dict() for one in client.sizes.list()}
    size = "s-4vcpu-8gb"
    asked = set()
    for line, name, request in (
        ("power_on build-1", "build-1", {"verb": "power_on"}),
        *((f"{verb} web-1", "web-1", {"verb": verb}) for verb in ("power_off", "power_cycle", "reboot", "shutdown")),
        ("take_snapshot web-1 --name a", "web-1", {"verb": "snapshot", "names": {521000032: "a"}}),
        (f"resize web-1 --size {size} --restart", "web-1", {"verb": "resize", "size": size, "sizes": sizes}),
        (f"resize legacy-reports --size {size}", "legacy-reports", {"verb": "resize", "size": size, "sizes": sizes}),
        (
            f"resize legacy-reports --size {size} --disk",
            "legacy-reports",
            {"verb": "resize", "size": size, "with_disk": True, "sizes": sizes},
        ),
        ("rename web-1 x", "web-1", {"verb": "rename", "value": "x"}),
        ("tag web-1 --tag-name blue", "web-1", {"verb": "tag", "value": "blue", "tag_exists": False}),
        ("untag web-1 --tag-name web", "web-1", {"verb": "untag", "value": "web"}),
        ("enable_backups web-1", "web-1", {"verb": "enable_backups"}),
        ("disable_backups db-1", "db-1", {"verb": "disable_backups"}),
        ("delete web-1", "web-1", {"verb": "delete"}),
    ):
        row = client.droplets.by_name(name).to_dict()
        plan = BulkRequest(droplets=(row,), account=client.label(), **request).plan
        assert plan.chains == desk.do(f"droplets {line} --plan").chains, line
        desk.ui.questions.clear()
        if confirmation.reasons(plan):
            with pytest.raises(errors.ConfirmationRequired):
                desk.do(f"droplets {line}")
            assert desk.ui.questions == [confirmation.question(plan)]
            asked.add(request["verb"])
    assert asked == {"power_off", "power_cycle", "reboot", "shutdown", "resize", "delete"}


def test_yes_as_an_option_and_as_an_answer_both_let_it_pass(desk):
    desk.ui.answer = True
    lines = [line for line, _ in ASKING if not {"restore", "--restart"} & {*line.split()} and "volumes" not in line]
    for number, line in enumerate(lines, 1):
        desk.sandbox.reset()
        desk.sent()
        desk.do(f"{line} --no-wait --keep-going")
        assert len(desk.ui.questions) == number
        answered = sorted(desk.changes())
        desk.sandbox.reset()
        desk.do(f"{line} --no-wait --keep-going --yes")
        assert len(desk.ui.questions) == number
        assert sorted(desk.changes()) == answered != []


def test_a_change_of_more_than_twenty_things_is_asked_about(desk):
    names = [f"n{one}" for one in range(21)]
    desk.do(f"droplets create {' '.join(names)} --size s-1vcpu-1gb {CREATE} --no-wait --yes")
    desk.do(f"droplets tag {' '.join(names[:20])} --tag-name db")
    desk.ui.answer = False
    with pytest.raises(errors.ConfirmationRequired):
        desk.do(f"droplets tag {' '.join(names)} --tag-name ci")
    (question,) = desk.ui.questions
    assert question.startswith("SANDBOX: tag 21 droplets with ci: n0, n1, n2, n3, n4, n5, n6, n7 and 13")


def test_what_nobody_knows_the_price_of_is_asked_about(desk):
    desk.ui.answer = False
    with pytest.raises(errors.ConfirmationRequired, match=r"Not confirmed. Nothing was changed."):
        desk.do("databases create orders --engine pg --region nyc3 --size db-s-1vcpu-1gb --num-nodes 1")
    (question,) = desk.ui.questions
    assert question == "SANDBOX: create database cluster orders at an unknown price?"
    assert desk.changes() == []


def test_a_bare_request_that_changes_something_is_asked_about_and_a_read_is_not(desk):
    desk.ui.answer = False
    desk.sent()
    with pytest.raises(errors.ConfirmationRequired):
        desk.do("api POST /v2/tags", body="name: x")
    assert desk.ui.questions[-1].startswith('SANDBOX: POST /v2/tags {"name": "x"}?')
    assert desk.changes() == []
    desk.do("api GET /v2/tags")
    assert len(desk.ui.questions) == 1


def test_keys_and_snapshots_are_asked_about_too(desk):
    desk.ui.answer = False
    for noun in ("keys", "snapshots"):
        name = desk.do(f"{noun} list")["name"][0]
        with pytest.raises(errors.ConfirmationRequired):
            desk.do(f"{noun} delete '{name}'")
        assert name in desk.ui.questions[-1]


@pytest.mark.parametrize(("limit", "asks"), [(48.0, False), (47.99, True), (0.0, True)])
def test_the_price_limit_is_the_users(desk, limit, asks):
    desk.settings = Settings(price_limit_usd_month=limit)
    desk.ui.answer = True
    desk.do(f"droplets create a --size s-4vcpu-8gb {CREATE} --no-wait")
    assert bool(desk.ui.questions) is asks


def test_another_account_is_named_by_its_email_address_and_where_it_is(desk, monkeypatch):
    from poseidon_nb.client.client import Client

    session = desk.session.client()._connection.session
    monkeypatch.setattr(session, "may_be_sandbox", False)  # as for an account that is not on this machine
    assert Client(session).label() == f"ada@tidepool-maps.example at {session.base_url}"


def test_a_scheduled_run_may_answer_yes_by_the_environment_but_not_to_deletions(desk, monkeypatch):
    monkeypatch.setenv("POSEIDON_ASSUME_YES", "1")
    desk.do("droplets power_off web-1")
    assert desk.ui.questions == []
    with pytest.raises(errors.ConfirmationRequired, match="Add --yes to confirm"):
        desk.do("droplets delete web-1")
    monkeypatch.setenv("POSEIDON_ASSUME_YES", "0")
    with pytest.raises(errors.ConfirmationRequired):
        desk.do("droplets power_off web-2")
    monkeypatch.setenv("POSEIDON_ASSUME_YES", "perhaps")
    with pytest.raises(errors.ConfigurationError, match=r"POSEIDON_ASSUME_YES must be true .* or false .*, not"):
        desk.do("droplets power_off web-2")


def test_a_bare_action_on_a_droplet_asks_as_its_verb_does(desk):
    running, off = 521000032, 521000132
    for line, question in (
        (f"{running} --type power_off", f"SANDBOX: power off droplet web-1? {CUT}"),
        (
            f"{running} --type reboot",
            "SANDBOX: reboot droplet web-1? Services stop until the restart has finished.",
        ),
        (f"{off} --type resize --size m-32vcpu-256gb", "SANDBOX: resize droplet legacy-reports (+$1,332.00 a month)?"),
    ):
        with pytest.raises(errors.ConfirmationRequired):
            desk.do(f"droplet-actions post {line}")
        assert desk.ui.questions.pop().startswith(question), line
    with pytest.raises(errors.ConfirmationRequired):
        desk.do("droplet-actions post-by-tag --tag-name web --type snapshot --name before")
    assert desk.changes() == []
    # What harms nothing and costs little is done at once.
    desk.do(f"droplet-actions post {off} --type power_on")
    assert desk.changes() == [f"POST /v2/droplets/{off}/actions"]


def test_the_limit_of_the_price_is_the_same_in_magic_and_plans():
    from poseidon_nb.magics.magic import DoMagics  # IPython is needed for this only
    from poseidon_nb.plans.confirmation import PRICE_LIMIT_USD_MONTH  # beside what it is compared with

    assert DoMagics.price_limit_usd_month.default_value == PRICE_LIMIT_USD_MONTH


def question_of(line, session):
    """Return the question of a command for an operation, in an account that cannot be read."""
    client = session.offline_client()
    context = CommandContext(parse(line), session, None, None)
    context.__dict__["client"] = client
    question = confirmation.question(Plan(line, "SANDBOX", tuple(operation_steps(context, OfflineReader(client)))))
    return question.replace("ID-OF ", "").removeprefix("SANDBOX: ")


def test_a_question_names_what_is_destroyed_and_what_it_belongs_to():
    session = DoSession()
    for line, asked in {
        "databases delete-user orders bob": "delete user bob of database cluster orders?",
        "databases delete-user orders bob eve": "delete 2 users of database cluster orders: bob and eve?",
        "databases delete-db orders sales": "delete database sales of database cluster orders?",
        "databases delete-connection-pool orders web": "delete connection pool web of database cluster orders?",
        "databases delete-kafka-topic events a": "delete topic a of database cluster events?",
        "databases reset-auth orders bob": "reset auth of user bob of database cluster orders?",
        "databases migrate orders fra1": "migrate database cluster orders to fra1?",
        "databases update-major-version orders --version 18": "update major version of database cluster orders to 18?",
        "kubernetes delete-node-pool prod p-1": "delete node pool p-1 (p-1) of Kubernetes cluster prod?",
        "kubernetes delete-node prod p-1 n-1": "delete node n-1 of node pool p-1 of Kubernetes cluster prod?",
        "kubernetes upgrade-cluster prod --version 1.34.1-do.0": "upgrade Kubernetes cluster prod to 1.34.1-do.0?",
        "registries delete-tag tidepool api v1": "delete tag v1 of repository api of registry tidepool?",
        "registries delete a b": "delete 2 registries: a and b?",
        "registries run-garbage-collection tidepool": "run garbage collection of registry tidepool?",
        "apps commit-rollback shop": "commit rollback of app shop?",
        "firewalls remove-droplets ssh web-1": "remove droplets from firewall ssh (ssh) with droplet_ids web-1?",
        "droplets delete-by-tag web": "delete droplets with tag web?",
        "nfs create-action share --type resize": "resize NFS share share?",
        "registry delete": "delete registry?",
        "databases update-cluster-metrics-credentials": "update cluster metrics credentials?",
    }.items():  # fmt: skip
        assert question_of(line, session).startswith(asked), line


def test_the_questions_of_all_operations_are_plain_words():
    session, samples = DoSession(), {"json": "'{}'", "integer": "1", "integers": "1", "number": "1"}
    seen = 0
    for operation_id, name in operation_names().items():
        verb = registry().require_verb(registry().require_group(name.group), name.verb)
        if not effect_of(operation_id).needs_confirmation or not verb.run.startswith("generic."):
            continue
        typed = ["7" if one.type == "integer" else f"x{number}" for number, one in enumerate(verb.arguments)]
        words = [name.group, name.verb, *typed]
        for option in verb.options:
            if option.required:
                value = option.suggests[0] if option.suggests else samples.get(option.type, "y")
                words += [option.flag] if option.type == "flag" else [option.flag, value]
        asked = question_of(" ".join(words), session).partition("?")[0]
        seen += 1
        for word in typed:
            # The id of what was found by its name.
            asked = asked.replace(f" ({word})", "")
        does = re.split(r" with | \(| to | at an? ", asked)[0]
        # Neither the words of a path or of %do, nor the API's names of parameters, and everything that it names.
        assert not re.search(r"[_/{]|\b(resource|username|uuid|id|lb|pa)\b", does), (words, asked)
        assert "-" not in name.verb or name.verb not in does, (words, asked)
        in_path = typed[: len(operation(operation_id).path_parameters)]
        assert all(f" {word}" in does for word in in_path), (words, asked)
    assert seen > 100


def test_a_plan_never_says_of_what_can_be_made_again_that_it_cannot_be_undone(desk):
    domain = desk.do("domains list")["name"][0]
    record = desk.do(f"records list {domain}")["id"].iloc[-1]
    for line, note in (
        ("droplets delete web-1", "cannot be undone"),
        ("droplets resize web-1 --size s-4vcpu-8gb --disk --restart", "cannot be undone"),
        # What the question says of it: `thaw` creates it again.
        ("droplets freeze staging-web", ""),
        (f"records delete {domain} {record}", ""),
        ("droplets untag web-1 --tag-name web", ""),
        ("api POST /v2/tags", "may be impossible to undo"),
    ):
        plan = desk.do(f"{line} --plan", body="name: a" if line.startswith("api") else None)
        notes = {*re.findall(r"cannot be undone|may be impossible to undo", str(plan))}
        assert notes == ({note} if note else set()), line
