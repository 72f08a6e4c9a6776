"""The grammar: what a line means, and what is said about a line that means nothing."""

from __future__ import annotations

import contextlib

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poseidon_nb.commands.registry import parse, registry
from poseidon_nb.errors import GrammarError
from poseidon_nb.language.command import Command
from poseidon_nb.language.grammar import split_commands
from poseidon_nb.language.grammar_errors import has_token
from poseidon_nb.text import suggestion

TOKEN = "dop_v1_" + "0123456789abcdef" * 4


def refused(line: str, body: str | None = None, **variables: object) -> GrammarError:
    with pytest.raises(GrammarError) as caught:
        parse(line, variables, body=body)
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("line", "group", "verb"),
    [
        ("droplets list", "droplets", "list"),
        ("droplet ls", "droplets", "list"),
        ("compute droplet list", "droplets", "list"),
        ("doctl compute d l", "droplets", "list"),
        ("droplets power_off 1", "droplets", "power_off"),
        ("droplets power-off 1", "droplets", "power_off"),
        ("droplet-action power-off 1", "droplets", "power_off"),
        ("da power_cycle 1", "droplets", "power_cycle"),
        ("compute droplet-action snapshot 1 --snapshot-name x", "droplets", "take_snapshot"),
        ("droplets snapshot 1 --name x", "droplets", "take_snapshot"),
        ("droplets snapshots 1", "droplets", "snapshots"),
        ("droplet d 1", "droplets", "delete"),
        ("droplet rm 1", "droplets", "delete"),
        ("ssh-key import a --public-key-file f", "keys", "create"),
        ("ssh_keys ls", "keys", "list"),
        ("account", "account", "get"),
        ("account get", "account", "get"),
        ("login", "login", "login"),
        ("auth init", "login", "login"),
        ("auth switch --context prod", "context", "use"),
        ("api GET /v2/account", "api", "api"),
        ("image g ubuntu-24-04-x64", "images", "get"),
        ("action w 1", "actions", "wait"),
    ],
)
def test_our_words_and_doctls_lead_to_the_same_verb(line: str, group: str, verb: str) -> None:
    command = parse(line)
    assert (command.group, command.verb.name, command.help) == (group, verb, False)


@pytest.mark.parametrize(
    ("line", "group", "verb"),
    [
        ("", "", ""),
        ("--help", "", ""),
        ("-h", "", ""),
        ("help", "", ""),
        ("compute", "", ""),
        ("# nothing", "", ""),
        ("droplets", "droplets", ""),
        ("droplets --help", "droplets", ""),
        ("--help droplets", "droplets", ""),
        ("help droplets", "droplets", ""),
        ("droplet-action", "droplets", ""),
        ("account --help", "account", ""),
        ("login --help", "login", ""),
        ("droplets create --help", "droplets", "create"),
        ("help droplets create", "droplets", "create"),
        ("droplets create web-1 --size --help", "droplets", "create"),
        ("droplets create --context prod web --help", "droplets", "create"),
        ("--context prod droplets create --help", "droplets", "create"),
        ("droplets list --nonsense --help", "droplets", "list"),
    ],
)
def test_help_is_asked_for_at_every_level(line: str, group: str, verb: str) -> None:
    command = parse(line)
    assert (command.group, command.verb.name, command.help) == (group, verb, True)


def test_a_quoted_help_is_a_value() -> None:
    assert parse("droplets actions '--help'").arguments == {"droplet": "--help"}
    assert parse("droplets actions -- --help").arguments == {"droplet": "--help"}


@pytest.mark.parametrize(
    ("line", "says", "nearest"),
    [
        ("dropletz list", "Unknown group 'dropletz'", "droplets"),
        ("droplets lst", "droplets has no verb 'lst'", "list"),
        ("droplets frobnicate", "Its verbs: list, get, create", None),
        ("droplet-action get 1", "Its verbs: power-on", None),
        ("list", "%do droplets list", None),
        ("power_off web-1", "%do droplets power_off", None),
        ("droplets list --regoin nyc3", "no option '--regoin'", "--region"),
        ("droplets list --reg nyc3", "no option '--reg'", "--region"),
        ("droplets list --zzz", "See %do droplets list --help", None),
        ("droplets list -region nyc3", "two hyphens: --region", None),
        ("droplets list -z", "no option '-z'", None),
        ("--region nyc3 droplets list", "Write a command's own options after it", None),
        ("droplets list --region", "--region needs a value: --region SLUG", None),
        ("droplets list --region --gpus", "--region=--gpus", None),
        ("droplets list --gpus=perhaps", "true or false", None),
        ("droplets list --region a --region b", "--region is given twice", None),
        ("droplets actions", "needs DROPLET (id or name). Example: %do droplets actions web-1", None),
        ("droplets actions a b", "Unexpected argument 'b'", None),
        ("droplets list a b", "Unexpected argument 'b'. Did you mean %do droplets get a b?", None),
        ("regions list nyc3", "regions list takes no arguments", None),
        ("droplets power_off", "needs DROPLET or --tag", None),
        ("droplets power_off a --tag b", "either DROPLET or --tag, not both", None),
        ("rightsize web-1 --tag web", "either DROPLET or --tag, not both", None),
        ("actions timeline web-1 --tag web", "either DROPLET or --tag, not both", None),
        ("droplets create a", "requires --size and --image. Example", None),
        ("droplets rename a", "needs NAME", None),
        ("keys create a", "requires --public-key or --public-key-file", None),
        ("keys create a --public-key x --public-key-file y", "only one of --public-key and --public-key-file", None),
        ("actions get abc", "ACTION must be an integer, not 'abc'", None),
        ("actions wait 1 1.5", "not '1.5'", None),
        ("sandbox start --port x", "--port must be an integer", None),
        ("sandbox start --speed fast", "--speed must be a number", None),
        ("sandbox start --rate-limit rael", "--rate-limit must be one of off, real", "real"),
        ("api FETCH /v2/account", "METHOD must be one of GET", None),
        ("actions wait 1 --timeout soon", "a duration such as 90s", None),
        ("actions wait 1 --timeout 0", "must be more than 0 seconds", None),
        ("actions wait 1 --timeout=-5", "must be more than 0 seconds", None),
        ("actions wait 1 --timeout nan", "a duration such as", None),
        ("droplets list --out 1x", "--out must be the name of a Python variable", None),
        ("droplets list --out class", "--out must be the name of a Python variable", None),
        ("droplets list --out a.b", "--out must be the name of a Python variable", None),
        ("droplets list -o yaml", "-o must be one of table, json, text", None),
        ("droplets create it's", 'Write "it\'s"', None),
        ('droplets actions "web', "The quote \" before 'web', at character 18, is not closed", None),
        ("droplets list | head", "no pipes", None),
        ("droplets list|head", "no pipes", None),
        ("droplets list > out.csv", "to_csv", None),
        ("droplets actions 1 && droplets actions 2", "one command per line", None),
        ("droplets actions 1 ; droplets actions 2", "one command per line", None),
        ("droplets list; print", "one command per line", None),
        ("droplets power_off 1 &", "--no-wait", None),
        ("df = droplets list", "df = %do", None),
        ("droplets actions $NAME", "as {NAME}", None),
        ("droplets actions \u2013\u2013yes", "two hyphens", None),
    ],
)
def test_a_wrong_line_is_answered_in_one_line(line: str, says: str, nearest: str | None) -> None:
    error = refused(line)
    assert says in str(error)
    if nearest:
        assert nearest in error.nearest
        assert suggestion(error.nearest) in str(error)


def test_a_body_goes_only_to_a_verb_that_takes_one() -> None:
    line = "droplets create web --size s --image i"
    assert parse(line, body="#cloud-config\n{x} $HOME --yes").body == "#cloud-config\n{x} $HOME --yes"
    assert "takes no body" in str(refused("droplets list", body="x"))
    assert "only one of --user-data and the cell's body" in str(refused(f"{line} --user-data a", body="x"))
    assert "Add a verb after droplets" in str(refused("droplets", body="x"))


def test_a_bare_cell_is_its_lines() -> None:
    command = parse("--context prod --yes", body="droplets list")
    assert command == Command(context="prod", yes=True, body="droplets list")
    body = "\n# first\n  %do droplets list  \n%poseidon keys list\ndroplets actions \\\n  web-1\n%domains\n"
    assert split_commands(body) == ("droplets list", "keys list", "droplets actions    web-1", "%domains")


def test_global_options_mean_what_they_say() -> None:
    command = parse(
        "droplets list --out df --columns id,name --columns status --raw --dry-run -y --no-wait --keep-going "
        "--timeout 10m --context prod -o json --no-header"
    )
    assert command == Command(
        group="droplets",
        verb=registry().verb("droplets", "list"),
        out="df",
        columns=("id", "name", "status"),
        raw=True,
        dry_run=True,
        yes=True,
        no_wait=True,
        keep_going=True,
        timeout_s=600.0,
        context="prod",
        output="json",
        header=False,
    )


@pytest.mark.parametrize(
    ("option", "field", "value"),
    [
        ("--format=ID,Name", "columns", ("ID", "Name")),
        ("--force", "yes", True),
        ("-f", "yes", True),
        ("--yes=false", "yes", False),
        ("--no-yes", "yes", False),
        ("--wait", "no_wait", False),
        ("--wait=false", "no_wait", True),
        ("--no-wait=false", "no_wait", False),
        ("-o=json", "output", "json"),
        ("--output text", "output", "table"),
        ("--dry_run", "dry_run", True),
        ("--timeout 90", "timeout_s", 90.0),
        ("--timeout 90s", "timeout_s", 90.0),
        ("--timeout 1h30m", "timeout_s", 5400.0),
        ("--timeout 0.5", "timeout_s", 0.5),
    ],
)
def test_each_spelling_of_a_global_option_is_understood(option: str, field: str, value: object) -> None:
    assert getattr(parse(f"droplets list {option}"), field) == value
    assert getattr(parse(f"{option} droplets list"), field) == value


@pytest.mark.parametrize(
    ("line", "options"),
    [
        ("droplets list --region=nyc3", {"region": "nyc3"}),
        ("droplets list --region nyc3", {"region": "nyc3"}),
        ("droplets list --tag web", {"tag_name": "web"}),
        ("droplets list --tag-name web", {"tag_name": "web"}),
        ("droplets list --tag_name web", {"tag_name": "web"}),
        ("droplets list --field.region nyc3", {"region": "nyc3"}),
        ("droplets list --no-gpus", {"gpus": False}),
        ("droplets list --region a --region a", {"region": "a"}),
        ("droplets list --status strange", {"status": "strange"}),
        ("sandbox start --seed -7 --speed -1.5e3", {"seed": -7, "speed": -1500.0}),
        ("images list --region=", None),
        ("images list --type=", {"type": ""}),
    ],
)
def test_options_of_a_verb(line: str, options: dict[str, object] | None) -> None:
    if options is None:
        refused(line)
    else:
        assert parse(line).options == options


def test_lists_are_repeated_or_have_commas() -> None:
    line = "droplets create a --size s --image i --tags a,b --tag c --ssh-keys 1, --ssh-keys '2, 3'"
    assert parse(line).options["tags"] == ("a", "b", "c")
    assert parse(line).options["ssh_keys"] == ("1", "2", "3")


def test_arguments_and_options_mix_and_two_dashes_end_the_options() -> None:
    command = parse("droplets power_off a --yes b -- --c -5")
    assert command.arguments == {"droplets": ("a", "b", "--c", "-5")}
    assert command.yes


def test_an_argument_may_be_given_as_doctl_gives_it() -> None:
    assert parse("droplets rename 1 --droplet-name new").arguments == {"droplet": "1", "name": "new"}
    assert parse("droplets rename 1 new").arguments == {"droplet": "1", "name": "new"}
    assert parse("ssh-key update 1 --key-name new").arguments == {"key": "1", "name": "new"}


def test_numbers_among_the_arguments_are_numbers_where_ids_are_meant() -> None:
    assert parse("actions wait 1 2").arguments == {"actions": (1, 2)}
    assert parse("droplets actions 12").arguments == {"droplet": "12"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"two words"', "two words"),
        ("'two words'", "two words"),
        ("a'b c'd", "ab cd"),
        (r"C:\Users\me", r"C:\Users\me"),
        ("https://x.example/#part", "https://x.example/#part"),
        ("web # the first", "web"),
        ("web;", "web"),
        ("web ;", "web"),
        ('"-x"', "-x"),
        ("''", ""),
        ("\u00a0web\u00a0", "web"),
        ("{{web}}", "{web}"),
        ('\'{"a": {"b": 1}}\'', '{"a": {"b": 1}}'),
        ("'[1, 2]'", "[1, 2]"),
        ("web-[12]*", "web-[12]*"),
    ],
)
def test_a_token_is_cut_as_it_was_meant(text: str, value: str) -> None:
    assert parse(f"droplets actions {text}").arguments == {"droplet": value}


#: What looks like a token is refused wherever it stands, which has tests of its own.
ANY_TEXT = st.text().filter(lambda text: not has_token(text))


@given(ANY_TEXT)
def test_any_text_in_a_variable_arrives_as_one_argument(value: str) -> None:
    command = parse("droplets actions {name} --raw", {"name": value})
    assert command == Command(
        group="droplets", verb=registry().verb("droplets", "actions"), arguments={"droplet": value}, raw=True
    )


@given(ANY_TEXT)
def test_any_text_in_a_variable_arrives_as_one_value_of_an_option(value: str) -> None:
    line = "droplets create {name} --size={name} --image {name} --tags {name},b --tags {name} --user-data '<{name}>'"
    command = parse(line, {"name": value})
    assert command.arguments == {"names": (value,)}
    assert command.options == {
        "size": value, "image": value, "tags": (value, "b", value), "user_data": f"<{value}>",
    }  # fmt: skip
    assert not command.yes


@given(st.lists(ANY_TEXT))
def test_a_list_becomes_as_many_arguments(values: list[str]) -> None:
    command = parse("droplets power_off first {names}", {"names": values})
    assert command.arguments == {"droplets": ("first", *values)}
    assert not command.yes


def test_values_from_pandas_become_arguments() -> None:
    frame = pd.DataFrame({"id": pd.array([11, 12], dtype="Int64"), "name": ["a", "b"]})
    regions = pd.DataFrame({"slug": ["nyc1"]})
    variables = {"df": frame, "ids": frame["id"], "names": frame["name"].to_numpy(), "one": frame["id"][0]}
    for line in ("df", "ids"):
        assert parse(f"droplets reboot {{{line}}}", variables).arguments == {"droplets": ("11", "12")}
    assert parse("droplets reboot {names}", variables).arguments == {"droplets": ("a", "b")}
    assert parse("droplets actions {one}", variables).arguments == {"droplet": "11"}
    assert parse("tags delete {r}", {"r": regions}).arguments == {"tags": ("nyc1",)}
    holed = pd.DataFrame({"id": [11.0, float("nan")]})
    assert parse("droplets actions {x}", {"x": holed["id"][0]}).arguments == {"droplet": "11"}
    assert "missing value" in str(refused("droplets reboot {df}", df=holed))
    assert "missing value" in str(refused("droplets reboot {x}", x=[pd.NA]))
    assert "no column id, slug or name" in str(refused("droplets reboot {df}", df=pd.DataFrame({"x": [1]})))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("droplets actions {nam}", "Unknown variable 'nam'. Did you mean name or names?"),
        ("droplets actions {1+1}", "not '1+1'"),
        ("droplets actions {name.upper()}", "Assign the value to a variable first"),
        ("droplets actions {na me}", "not 'na me'"),
        ("droplets actions web-{1,2}", "not '1,2'"),
        ("droplets list --{name}", "The name of an option cannot contain a variable"),
        ("droplets actions x{names}", "several values"),
        ("droplets list --region {names}", "several values"),
        ("droplets {names} 1", "several values"),
        ("droplets actions {nothing}", "missing value"),
        ("droplets actions {mapping}", "not a dict"),
        ("droplets actions {print}", "not a builtin_function_or_method"),
    ],
)
def test_a_variable_that_cannot_be_meant_is_refused(line: str, says: str) -> None:
    variables = {"name": "x", "names": ["a", "b"], "nothing": None, "mapping": {"a": 1}, "print": print}
    assert says in str(refused(line, **variables))


def test_an_empty_list_is_as_if_nothing_had_been_given() -> None:
    assert "needs DROPLET" in str(refused("droplets power_off {none}", none=[]))


@given(st.text())
def test_braces_never_run_code(text: str) -> None:
    ran: list[str] = []

    class Trap(dict):
        def __getitem__(self, key: str) -> object:
            ran.append(key)
            return super().__getitem__(key)

    with contextlib.suppress(GrammarError):
        parse(f"droplets actions '{{{text}}}'", Trap(a="1"))
    assert set(ran) <= {"a"}


_PIECES = st.sampled_from(
    ["droplets", "create", "list", "get", "da", "auth", "api", "account", "sandbox", "start", "--region", "--tags", "-o",
     "--timeout", "--help", "--", "-", "=", "a,b", "{x}", "{xs}", "{", "}", "'", '"', "#", ";", "|", "-5", "--no-", "--field.",
     "--=", "[", "{{", "1", "\n", TOKEN],
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(st.one_of(_PIECES, st.text(max_size=4))).map(" ".join)), st.none() | st.text())
def test_whatever_is_typed_is_a_command_or_a_grammar_error_in_one_line(line: str, body: str | None) -> None:
    error = None
    try:
        assert isinstance(parse(line, {"x": "1", "xs": ["1", "2"]}, body=body), Command)
        assert TOKEN not in line
    except GrammarError as raised:
        error = raised
    assert len(str(error).splitlines()) == 1
    assert TOKEN not in f"{error!r} {error and error.word} {error and error.nearest}"


@pytest.mark.parametrize(
    "line",
    [
        f"login {TOKEN}",
        f"login --token {TOKEN}",
        f"droplets list --context={TOKEN}",
        f"droplets list # {TOKEN}",
        TOKEN,
        f"'x{TOKEN}",
        "login --token s3cret",
        "login --access-token=s3cret",
        "-t s3cret droplets list",
        "droplets list -t=s3cret",
        "login --api-key s3cret",
    ],
)
def test_a_token_is_refused_and_not_repeated(line: str) -> None:
    error = refused(line)
    assert "%do login" in str(error)
    assert "history" in str(error)
    for secret in (TOKEN, TOKEN[7:], "s3cret"):
        assert secret not in f"{error!r} {error} {error.word} {error.__context__!r}"


@pytest.mark.parametrize(
    "line", ["{secret} list", "droplets actions {secret}", "keys get {many}", "api GET /v2/{secret}"]
)
def test_a_token_in_a_variable_is_refused_and_not_repeated(line: str) -> None:
    # It would be sent as a name, and stand in the error that says that nothing has this name.
    error = refused(line, secret=TOKEN, many=["a", TOKEN])
    assert TOKEN not in f"{error!r} {error} {error.word}"
    assert "holds a token" in str(error)
