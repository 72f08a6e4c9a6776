"""Completion: what is offered where, first as plain functions, then through a real IPython shell."""

from __future__ import annotations

import subprocess
import sys
import warnings

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from IPython.core.completer import IPCompleter, provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from poseidon_nb.commands.do_session import DoSession
from poseidon_nb.commands.registry import parse, registry
from poseidon_nb.language.completion import complete_line, typed_value
from poseidon_nb.magics.completion import complete_cell, do_matcher
from poseidon_nb.text import quote_argument

KNOWN = {
    "droplets": ["web-1", "web-2", "db-1"],
    "regions": ["nyc1", "nyc3", "ams3"],
    "tags": ["env:prod", "env:dev", "web"],
    "keys": ["laptop", "Anna's key", "two words"],
    "sizes": ["s-1vcpu-1gb", "s-2vcpu-4gb"],
}


def offered(text: str) -> list[str] | None:
    found = complete_line(text, registry(), KNOWN)
    return None if found is None else [word.text for word in found.words]


@pytest.mark.parametrize(
    ("line", "slugs"),
    [
        ("droplets create a --size ", ["s-1", "s-2", "s-3"]),
        ("droplets create a --region nyc3 --size ", ["s-1", "s-2"]),
        ("droplets create a --region=ams3 --size=", ["s-3"]),
        ("droplets create a --region 'ams3' --size ", ["s-3"]),
        # An area; a region that sells nothing that is known; a region that is named behind it.
        ("droplets create a --region nyc --size ", ["s-1", "s-2"]),
        ("droplets create a --region sfo3 --size ", ["s-1", "s-2", "s-3"]),
        ("droplets create a --size s-1 --region ", ["nyc1", "nyc3", "ams3"]),
        ("droplets resize web-1 --size ", ["s-1", "s-2", "s-3"]),
    ],
)
def test_only_sizes_that_can_be_had_there_are_offered(line, slugs):
    session = DoSession()
    session.remember_sizes([("old", True, ["sfo3"]), ("s-9", True, ["nyc3"])])
    # What was learned before is forgotten with the list that has it no more.
    session.remember_sizes(
        [
            ("s-1", True, ["nyc1", "nyc3"]),
            ("s-2", True, ["nyc3"]),
            ("s-3", True, ["ams3"]),
            ("retired", False, ["nyc1", "nyc3", "ams3"]),
            ("nowhere", True, []),
        ]
    )
    found = complete_line(f"%do {line}", registry(), {**KNOWN, **session.words})
    assert found is not None
    assert [word.text for word in found.words] == slugs


@pytest.mark.parametrize(
    ("text", "fragment", "first"),
    [
        ("%do ", "", ["droplets", "images", "snapshots"]),
        ("%do dro", "dro", ["droplets"]),
        ("%do droplet-", "droplet-", ["droplet-actions", "droplet-action"]),
        ("%do droplets l", "l", ["list"]),
        ("%do droplet l", "l", ["list"]),
        ("%do compute droplet cr", "cr", ["create"]),
        ("%do droplets power-", "power-", ["power-on", "power-off", "power-cycle"]),
        ("%do droplets power_", "power_", ["power_on", "power_off", "power_cycle"]),
        ("%do da power-o", "power-o", ["power-on", "power-off"]),
        ("%do droplets list --re", "--re", ["--region"]),
        ("%do droplets list --region ny", "ny", ["nyc1", "nyc3"]),
        ("%do droplets list --region=ny", "ny", ["nyc1", "nyc3"]),
        ("%do droplets list --tag env:p", "env:p", ["env:prod"]),
        ("%do droplets list --tag-n", "--tag-n", ["--tag-name"]),
        ("%do droplets create a --tags web,en", "en", ["env:prod", "env:dev"]),
        ("%do droplets create a --tags=env:dev,e", "e", ["env:prod"]),
        ("%do droplets create a --ssh-keys 'tw", "tw", ["two words"]),
        ("%do droplets create a --ssh-keys tw", "tw", []),
        ("%do droplets create a --ssh-keys Ann", "Ann", []),
        ('%do droplets create a --ssh-keys "Ann', "Ann", ["Anna's key"]),
        ("%do droplets power_off w", "w", ["web-1", "web-2"]),
        ("%do droplets power_off web-1 w", "w", ["web-2"]),
        ("%do droplets actions web-1 w", "w", []),
        ("%do droplets list --columns id,na", "na", ["name"]),
        ("%do droplets list -o j", "j", ["json"]),
        ("%do images list --type d", "d", ["distribution"]),
        ("%do api G", "G", ["GET"]),
        ("%do sandbox start --rate-limit ", "", ["off", "real"]),
        ("df = %do droplets li", "li", ["list"]),
        ("a, b['x'] = %do droplets li", "li", ["list"]),
        ("    x: T = %do droplets li", "li", ["list"]),
        ("    %do droplets li", "li", ["list"]),
        ("%%do droplets create web --si", "--si", ["--size"]),
        ("%poseidon sizes ", "", ["list"]),
        ("%do droplets list --no-g", "--no-g", ["--no-gpus"]),
        ("%do droplets power_off -- w", "w", ["web-1", "web-2"]),
        # The default verb of a group.
        ("%do cost --b", "--b", ["--by"]),
        ("%do cost --by ", "", ["resource_type"]),
        ("%do cost --by reg", "reg", ["region"]),
        ("%do cost --by=reg", "reg", ["region"]),
        # Words beside those of the account.
        ("%do sizes cheapest --region eu", "eu", ["europe"]),
        ("%do sizes cheapest --region nyc3,eu", "eu", ["europe"]),
        ("%do explore sizes --region a", "a", ["ams3", "asia", "australia"]),
        ("%do panel ac", "ac", ["actions"]),
        ("%do panel w", "w", ["web-1", "web-2"]),
        ("%do panel web-1 w", "w", ["web-2"]),
        ("%do droplets get web-1 w", "w", ["web-2"]),
        ("%do droplets get {df['first name'][0]} web-1 w", "w", ["web-2"]),
        ("%do help dro", "dro", ["droplets"]),
    ],
)
def test_what_is_offered_begins_with_what_was_typed(text: str, fragment: str, first: list[str]) -> None:
    found = complete_line(text, registry(), KNOWN)
    assert found is not None
    assert found.fragment == fragment
    assert [word.text for word in found.words][: len(first)] == first
    assert first or not found.words


@pytest.mark.parametrize(
    "text",
    ["", "x = 1", "os.pat", "%d", "%do", "%doctest_mode ", "print('%do dro", "if x == %do dro", "do = 3", "%time do x",
     "# %do dro", "%do droplets list # --re", "%do keys create a --public-key-file ~/.s"],
)  # fmt: skip
def test_nothing_is_said_where_others_should_speak(text: str) -> None:
    assert complete_line(text, registry(), KNOWN) is None


def test_an_option_is_offered_once_but_a_list_may_go_on() -> None:
    words = offered("%do droplets create a --size x --tags web ")
    assert words is not None
    assert "--size" not in words
    assert "--tags" in words
    assert "--image" in words


def test_required_options_come_first_and_global_ones_last() -> None:
    words = offered("%do droplets create a --")
    assert words is not None
    assert words[:2] == ["--size", "--image"]
    assert words[-1] == "--help"
    assert words.index("--monitoring") < words.index("--out")


def test_names_are_not_offered_beside_the_tag_that_stands_in_for_them() -> None:
    words = offered("%do droplets power_off --tag web ")
    assert words is not None
    assert "web-1" not in words
    assert "--tag" not in (offered("%do droplets power_off web-1 ") or ())


def test_one_of_two_rivals_is_not_offered_beside_the_other() -> None:
    words = offered("%do keys create a --public-key x ")
    assert words is not None
    assert "--public-key-file" not in words


def test_a_word_that_is_no_command_completes_to_nothing() -> None:
    assert offered("%do dropletz list ") == []
    assert offered("%do droplets lst ") == []


def test_something_is_offered_before_anything_was_fetched() -> None:
    found = complete_line("%do droplets list --region ny", registry(), {})
    assert found is not None
    assert [word.text for word in found.words] == ["nyc1", "nyc2", "nyc3"]


def test_apply_offers_variables_in_braces_and_leaves_files_to_ipython() -> None:
    known = {**KNOWN, "frames": ["{fleet}", "{plan}"]}
    for text, words in (("{", ["{fleet}", "{plan}"]), ("{fl", ["{fleet}"]), ("{fleet} {p", ["{plan}"])):
        found = complete_line(f"%do apply {text}", registry(), known)
        assert found is not None
        assert [word.text for word in found.words] == words
    assert complete_line("%do apply fleet.c", registry(), known) is None


def test_ten_thousand_names_are_cut_to_what_ipython_reads() -> None:
    found = complete_line(
        "%do droplets actions ", registry(), {"droplets": [f"d-{number}" for number in range(10_000)]}
    )
    assert found is not None
    assert len(found.words) < 500
    assert found.words[-1].text == "--help"


@given(st.text())
def test_no_text_makes_the_completer_fail_and_the_fragment_ends_the_text(rest: str) -> None:
    text = f"%do {rest}"
    found = complete_line(text, registry(), KNOWN)
    assert found is None or text.endswith(found.fragment)


@given(st.text(st.sampled_from("ab '\"{}#-;,$|=\\&<>\u2013é"), min_size=1))
def test_a_completed_value_arrives_as_it_was_known(word: str) -> None:
    value = typed_value(word)
    if value is not None:
        assert parse(f"droplets actions {value} --raw").arguments == {"droplet": word}


_ODD = st.text(st.sampled_from("ab '\"{}[]:1#-;,$|=\\&<>?!\u2013é\n\t\u2028"))


@example("2>")
@given(
    _ODD
    | st.text()
    | st.sampled_from(['["{"]', '{"a": {"b": 1}}', "{}", "{{x}}", "[1]", '["{{"]', "", "--yes", "x'y\"z"])
)
@settings(max_examples=1000)
def test_what_is_typed_arrives_as_it_was_in_any_place_of_the_line(value: str) -> None:
    line = f"droplets create NAME --image {quote_argument(value)} --size {quote_argument(value)}"
    command = parse(line)
    assert (command.arguments, command.options["image"], command.options["size"]) == (
        {"names": ("NAME",)},
        value,
        value,
    )
    assert parse(f"droplets actions {quote_argument(value)}").arguments == {"droplet": value}


@given(st.text(st.sampled_from("ab '\"{}#-;,$|=\\&<>\u2013é"), min_size=1), st.sampled_from("'\""))
def test_a_value_completed_within_a_quote_arrives_as_it_was_known(word: str, quote: str) -> None:
    value = typed_value(word, quote=quote)
    if value is not None:
        assert parse(f"droplets actions {quote}{value}{quote}").arguments == {"droplet": word}


def in_cell(cell: str) -> list[str] | None:
    """Complete at the mark ``|`` of a cell."""
    before, after = cell.split("|")
    lines = before.split("\n")
    found = complete_cell(before + after, len(lines) - 1, lines[-1], KNOWN)
    return None if found is None else [word.text for word in found.words]


def test_the_body_of_a_cell_with_a_command_is_left_alone() -> None:
    assert in_cell("%%do droplets create web\n%do dro|") is None
    assert in_cell("%%do api POST /v2/tags\ndro|") is None
    assert in_cell("%%do droplets creat|\n#cloud-config") == ["create"]


def test_every_line_of_a_bare_cell_is_a_command() -> None:
    assert in_cell("%%do\nkeys li|") == ["list"]
    assert in_cell("\n%%do --context prod\n\n  keys li|") == ["list"]
    assert in_cell("%%do\n%do keys li|") == ["list"]
    assert in_cell("%%do\ndroplets list\nkey|") == ["keys"]


def test_a_line_of_a_python_cell_completes_below_other_lines() -> None:
    assert in_cell("x = 1\ndf = %do keys li|") == ["list"]
    assert in_cell("x = 1\nkeys li|") is None
    assert in_cell("%%time\ndf = %do keys li|") == ["list"]


def test_a_continued_line_is_completed_as_one() -> None:
    assert in_cell("%do droplets create web \\\n    --region ny|") == ["nyc1", "nyc3"]


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> InteractiveShell:
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell(config=config, ipython_dir=str(tmp_path_factory.mktemp("ipython")))
    shell.Completer.custom_matchers.append(do_matcher)
    return shell


@pytest.fixture(params=[True, False], ids=["jedi", "no-jedi"])
def completer(request: pytest.FixtureRequest, shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> IPCompleter:
    from poseidon_nb.magics import completion

    monkeypatch.setattr(completion, "_known_words", lambda: KNOWN)
    shell.Completer.use_jedi = request.param
    return shell.Completer


def through_ipython(completer: IPCompleter, cell: str) -> list[str]:
    """Return the whole line as it reads after each completion at the mark ``|``."""
    before, after = cell.split("|")
    with provisionalcompleter(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = [*completer.completions(before + after, len(before))]
    return [before[: one.start] + one.text for one in found]


@pytest.mark.parametrize(
    ("cell", "completed"),
    [
        ("%do dro|", ["%do droplets"]),
        ("%do keys li|", ["%do keys list"]),
        ("%do droplets list --reg|", ["%do droplets list --region"]),
        ("%do droplets list --re|", ["%do droplets list --region", "%do droplets list --reveal"]),
        ("%do droplets list --region=ny|", ["%do droplets list --region=nyc1", "%do droplets list --region=nyc3"]),
        ("%do droplets list --tag env:p|", ["%do droplets list --tag env:prod"]),
        ("%do droplets create a --tags web,env:d|", ["%do droplets create a --tags web,env:dev"]),
        ("%do droplets create a --ssh-keys 'two w|", ["%do droplets create a --ssh-keys 'two words"]),
        ("df = %do keys up|", ["df = %do keys update"]),
        ("if True:\n    %do keys li|", ["if True:\n    %do keys list"]),
        ("%%do droplets cre|\nbody", ["%%do droplets create"]),
        ("%%do\nkeys li|", ["%%do\nkeys list"]),
        ("%poseidon size|", ["%poseidon sizes"]),
        ("%do nothing/like/it|", ["%do nothing/like/it"]),
    ],
)
def test_ipython_completes_the_line(completer: IPCompleter, cell: str, completed: list[str]) -> None:
    assert through_ipython(completer, cell) == completed


def test_python_lines_keep_their_own_completion(completer: IPCompleter) -> None:
    completer.namespace = {"many": [1]}
    assert "many.append" in through_ipython(completer, "many.app|")
    assert "%doctest_mode" in through_ipython(completer, "%doct|")


def test_the_body_of_a_command_is_not_completed_as_a_command(completer: IPCompleter) -> None:
    assert not any(line.endswith("droplets") for line in through_ipython(completer, "%%do api POST /v2/x\ndro|"))


def test_a_value_that_nothing_is_known_of_is_left_to_the_person(completer: IPCompleter) -> None:
    lines = through_ipython(completer, "%do keys create a --public-key |")
    assert set(lines) <= {"%do keys create a --public-key "}


def test_a_completer_that_fails_says_nothing(completer: IPCompleter, monkeypatch: pytest.MonkeyPatch) -> None:
    from poseidon_nb.magics import completion

    monkeypatch.setattr(completion, "_known_words", lambda: 1 / 0)
    assert "%do droplets" not in through_ipython(completer, "%do dro|")


def test_completion_loads_neither_pandas_nor_requests_nor_the_kernel() -> None:
    code = (
        "import sys, IPython.core.completer\n"
        "from poseidon_nb.magics.completion import complete_cell\n"
        "assert complete_cell('%do droplets list --columns na', 0, '%do droplets list --columns na', {})\n"
        "print([name for name in ('pandas', 'requests', 'msgspec', 'poseidon_nb.magics.do') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
