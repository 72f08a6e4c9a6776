"""Help: that it tells all that the table holds, fits the page, and reads as it did when somebody last looked at it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from poseidon_nb.analysis.rightsizing import Rule
from poseidon_nb.catalogue import operation
from poseidon_nb.catalogue.effects import effect_of
from poseidon_nb.commands.help import WIDTH, aliases_text, help_text
from poseidon_nb.commands.registry import parse, registry
from poseidon_nb.errors import GrammarError
from poseidon_nb.frames.schemas import get_table
from poseidon_nb.language.options import GLOBAL_OPTIONS
from tests.each import each

if TYPE_CHECKING:
    from poseidon_nb.language.spec import Group, Verb

GOLDEN = Path(__file__).parent / "help_pages"
GROUPS = registry().all_groups()
ROWS = [(group, verb) for group in GROUPS for verb in group.verbs]
PAGES = [
    ("", ""),
    ("droplets", ""),
    ("droplets", "create"),
    ("droplets", "power_off"),
    ("keys", "create"),
    ("login", ""),
]


@pytest.mark.parametrize(("group", "verb"), PAGES)
def test_a_page_reads_as_it_is_stored(group: str, verb: str) -> None:
    """Run with POSEIDON_STORE_HELP=1 to store the pages anew, and read the difference."""
    check_stored("_".join(filter(None, ("do", group, verb))), help_text(group, verb))


def test_the_page_of_aliases_reads_as_it_is_stored() -> None:
    check_stored("aliases", aliases_text())
    assert all(len(line) <= WIDTH for line in aliases_text().splitlines())


def check_stored(name: str, text: str) -> None:
    stored = GOLDEN / f"{name}.txt"
    if os.environ.get("POSEIDON_STORE_HELP"):
        stored.parent.mkdir(exist_ok=True)
        stored.write_text(text, encoding="utf-8")
    assert text == stored.read_text(encoding="utf-8")


def test_a_page_is_as_wide_as_the_terminal_but_for_what_is_copied() -> None:
    for group, verb in [*PAGES, ("rightsize", ""), ("databases", "")]:
        for width in (60, 80, 200):
            lines = help_text(group, verb, width=width).splitlines()
            kept = [line for line in lines if not line.lstrip().startswith(("%do ", "http"))]
            assert max(map(len, kept)) <= min(width, WIDTH)
    assert max(map(len, aliases_text(width=80).splitlines())) <= 80


@each(("group", "verb"), ROWS)
def test_a_page_tells_all_that_the_table_holds(group: Group, verb: Verb) -> None:
    text = help_text(group.name, verb.name)
    words_of_text = " ".join(text.split())
    for option in verb.options:
        assert option.flag in text
        assert all(word in words_of_text for word in option.suggests)
    for argument in verb.arguments:
        assert argument.metavar in text
    for alias in verb.aliases:
        assert re.search(rf"Aliases: .*\b{re.escape(alias)}\b", text)
    for operation_id in verb.operations:
        assert operation(operation_id).page in text
    columns = [column.name for column in get_table(verb.table).columns] if verb.table else verb.columns
    for column in columns:
        assert re.search(rf"\b{column}\b", text)
    assert verb.example in text
    acts = bool(verb.operations) and operation(verb.operations[0]).method != "GET"
    if "Asks for confirmation" in words_of_text:
        assert acts or group.name in {"api", "apply"}
    else:
        assert not acts or not effect_of(verb.operations[0], verb.fixed).needs_confirmation
    assert "--dry-run" in text


@each("group", GROUPS)
def test_a_groups_page_shows_its_verbs(group: Group) -> None:
    text = help_text(group.name)
    for verb in group.verbs:
        assert verb.name in text if registry().is_derived(verb) else verb.help.casefold()[:30] in text.casefold()


def test_the_first_page_has_all_that_is_common_and_fits_a_small_terminal() -> None:
    text = help_text()
    assert len(text.splitlines()) <= 22
    assert all(len(line) < 80 for line in text.splitlines())
    for words in (*(group.name for group in registry().groups), *(option.flag for option in GLOBAL_OPTIONS)):
        assert re.search(rf"(?<![\w-]){re.escape(words)}\b", text), words


def test_the_page_of_aliases_shows_all_groups_the_options_and_doctls_words() -> None:
    text = aliases_text()
    assert all(group.name in text for group in GROUPS)
    for group in registry().groups:
        assert re.search(rf"^  {group.name} +{re.escape(group.help[:20])}", text, re.MULTILINE)
        assert all(alias in text for alias in group.aliases)
    for option in GLOBAL_OPTIONS:
        assert option.flag in text
    for word in ("compute", "droplet-action", "--format", "--force", "--tag-name", "ls", "rm", "--droplet-name"):
        assert word in text


@each(("group", "verb"), [("", ""), *((group.name, "") for group in GROUPS), *ROWS])
def test_a_page_fits(group: Group | str, verb: Verb | str) -> None:
    names = [word if isinstance(word, str) else word.name for word in (group, verb)]
    for line in help_text(*names).splitlines():
        copied = line.strip().startswith(("%do", "https://"))
        assert len(line) <= WIDTH or copied, "only what is to be copied may be longer"
        assert line == line.rstrip()


def test_what_a_line_asks_for_is_shown() -> None:
    for line in (
        "",
        "droplets help",
        "login help",
        "cost help",
        "droplet-action help",
        "droplets --help",
        "droplets create --help",
        "login --help",
        "account --help",
        "droplet-action",
    ):
        command = parse(line)
        assert command.help
        assert help_text(command.group, command.verb.name)


def test_help_of_what_does_not_exist_is_an_error_with_the_nearest() -> None:
    with pytest.raises(GrammarError, match="droplets"):
        help_text("dropletz")


def test_columns_that_were_found_out_have_their_meaning():
    page = " ".join(help_text("rightsize").split())
    for said in (
        "recreate_size smaller size that would fit if the droplet were recreated with a smaller disk",
        "grow_disk whether the resize must include the disk",
        "burst_percent (%) share of readings with CPU usage above 90%",
        "help(po.analysis.rightsizing.Rule) explains the rules",
    ):
        assert said in page
    assert "A size *fits* a droplet if" in (Rule.__doc__ or "")
