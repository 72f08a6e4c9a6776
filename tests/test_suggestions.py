"""`Did you mean`: the word for a typing error, and silence for a word that has nothing to do with the valid ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from poseidon_nb.commands.registry import parse, registry
from poseidon_nb.errors import GrammarError
from poseidon_nb.language.completion import INITIAL_VALUES
from poseidon_nb.language.options import GLOBAL_OPTIONS
from poseidon_nb.text import close_matches

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DROPLETS = registry().require_group("droplets")
CREATE = registry().require_verb(DROPLETS, "create")
#: Sets of words that can stand in the same place.
VOCABULARIES: dict[str, Sequence[str]] = {
    "groups": [group.name for group in registry().groups],
    "verbs": [verb.name for verb in DROPLETS.verbs],
    "options": [option.flag.removeprefix("--") for option in (*CREATE.options, *GLOBAL_OPTIONS)],
    "verbs of databases": [verb.name for verb in registry().require_group("databases").verbs],
    "columns": [
        "id",
        "name",
        "status",
        "region",
        "size",
        "memory_mib",
        "vcpus",
        "price_usd_month",
        "created_at",
        "tags",
    ],
    "names": ["web-1", "web-2", "db-1", "build-1", "loadbalancer", "staging-api", "env:prod", "backup_server"],
    **INITIAL_VALUES,
}
#: Words of other topics, and names that Python code has.
UNRELATED = """
    nope foo bar baz hello world answer thing stuff count amount total average median maximum minimum left above
    below between machine instance computer laptop customer invoice_total user_name secret banana orange
    cherry monday friday january october winter summer mountain river ocean forest garden kitchen door table chair
    running walking sleeping thinking drinking number string integer boolean dictionary function class module package
    dataframe series numpy pandas matplotlib sklearn tensor vector matrix queue stack graph node edge weight
    height width depth color red green blue yellow purple music guitar piano violin trumpet football tennis basketball
    bicycle airplane train station ticket passport luggage hotel restaurant breakfast lunch dinner coffee chocolate
    sugar pepper happy angry tired hungry thirsty beautiful ugly clever stupid yesterday tomorrow morning evening midnight
    x y z i j k n df tmp ctx fn cb rows cols todo fixme lorem ipsum dolor amet
"""


def typos(word: str) -> Iterator[str]:
    """Return a word with each typing error that people make: a letter missing, doubled, wrong, or swapped with the next."""
    for at in range(len(word)):
        yield word[:at] + word[at + 1 :]
        yield word[:at] + word[at] + word[at:]
        if at:
            yield word[:at] + ("o" if word[at] == "i" else "i") + word[at + 1 :]
            yield word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_a_typing_error_gets_the_word_that_was_meant_and_no_wrong_one(vocabulary: str) -> None:
    words = VOCABULARIES[vocabulary]
    right = wrong = silent = 0
    for word in words:
        for typed in typos(word):
            found = close_matches(typed, words, max_words=100)
            right += word in found
            silent += not found
            # Another word is as near: `web-` is web-1 and web-2.
            wrong += bool(found) and word not in found and typed not in words
    assert right > 0.9 * (right + silent)
    assert wrong <= 0.01 * right


def test_an_unrelated_word_gets_no_suggestion() -> None:
    found = {
        (word, vocabulary): close
        for vocabulary, words in VOCABULARIES.items()
        for word in UNRELATED.split()
        if (close := close_matches(word, words))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("typed", "words", "meant"),
    [
        # The beginning of a slug, with and without a typing error.
        ("ubunto", ["fedora-42-x64", "ubuntu-24-04-x64", "ubuntu-22-04-x64"], ["ubuntu-24-04-x64", "ubuntu-22-04-x64"]),
        ("debian", ["debian-13-x64", "ubuntu-24-04-x64"], ["debian-13-x64"]),
        ("s-4vcpu-8g", ["s-4vcpu-16gb", "s-4vcpu-8gb-amd"], ["s-4vcpu-8gb-amd"]),
        ("ny", ["nyc1", "sfo3"], ["nyc1"]),
        ("memory", ["memory_gib", "vcpus"], ["memory_gib"]),
        # The end of one name, not of several.
        ("prod", ["env:prod", "env:dev"], ["env:prod"]),
        ("prod", ["env:prod", "web:prod"], []),
        # Capitals, underscores and hyphens are no difference, and a hyphen is one letter.
        ("Power_On", ["power-on", "power-off"], ["power-on"]),
        ("dryrun", ["dry-run", "plan"], ["dry-run"]),
        # The best only, in the given order; numbers are near each other.
        ("web-9", ["web-2", "web-1", "wed-99", "db-1"], ["web-2", "web-1"]),
        ("web-11", ["web-1", "db-11"], ["web-1"]),
        ("web-l", ["web-1", "db-1"], ["web-1"]),
        ("dbb", ["db", "web"], ["db"]),
        # Words that look alike and mean something else.
        ("count", ["out", "columns"], []),
        ("nope", ["open"], []),
        ("restart", ["restore", "reboot"], []),
        ("enable_backups", ["disable_backups"], []),
        ("attach", ["detach"], []),
        ("assign", ["unassign"], []),
        ("tag", ["untag"], []),
        ("get-ca", ["get-db", "get-scan"], []),
        ("list-agents", ["list-events", "list-alerts"], []),
        ("mode", ["model-uuid"], []),
        ("stop", ["top-p"], []),
        ("", ["a", "list"], []),
        ("a", ["b", "apps"], []),
    ],
)
def test_suggestions(typed: str, words: list[str], meant: list[str]) -> None:
    assert close_matches(typed, words) == meant


def test_lines_get_the_right_suggestion_or_none() -> None:
    variables = {"fleet": [], "droplet": 1, "open": open, "exit": print, "_one": 1, "po": pytest}
    for line, meant in {
        "dropletz list": ["droplets"],
        "droplets lst": ["list"],
        "droplets list --count 3": [],
        "droplets list --regoin nyc3": ["--region"],
        # The name of ours, not the alias that was mistyped.
        "droplets get web-1 --formt name": ["--columns"],
        "droplet lits": ["list"],
        "droplet-acton power-off 1": ["droplet-action"],
        "servers list": [],
        "droplets get {nope}": [],
        # Functions and modules are no values.
        "droplets get {opne}": [],
        "droplets get {pos}": [],
        "droplets get {dropet}": ["droplet"],
        "droplets list -o tabel": ["table"],
    }.items():
        with pytest.raises(GrammarError) as refused:
            parse(line, variables)
        assert [*refused.value.nearest] == meant, line
        assert ("Did you mean" in str(refused.value)) == bool(meant), line
