"""Words that other tools have for what we call otherwise: the option that is meant is named."""

from __future__ import annotations

import pytest

from poseidon_nb.commands.help import help_text
from poseidon_nb.commands.registry import parse, registry
from poseidon_nb.errors import GrammarError
from poseidon_nb.language.grammar_errors import _DURATION_OPTIONS, _OPTION_SYNONYMS
from poseidon_nb.language.options import find_option


def refused(line: str) -> GrammarError:
    with pytest.raises(GrammarError) as caught:
        parse(line)
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("line", "nearest"),
    [
        ("metrics cpu web-1 --since 2d", "--start"),
        ("metrics cpu web-1 --from 2d", "--start"),
        ("metrics cpu web-1 --until 2d", "--end"),
        ("actions timeline --since 2d", "--last"),
        ("actions timeline --days 7", "--last 7d"),
        ("rightsize --days 7", "--last 7d"),
        ("rightsize --hours=36", "--last 36h"),
        ("rightsize --days", "--last"),
        ("rightsize --days many", "--last"),
        ("sizes cheapest --ram 4", "--memory"),
        ("sizes cheapest --cores 4", "--vcpus"),
        ("cost --group-by tag", "--by"),
        ("cost --tag web", "--by tag"),
        ("cost sums --project x", "--by project"),
    ],
)
def test_the_option_that_is_meant_is_named(line, nearest):
    error = refused(line)
    assert error.nearest == (nearest,)
    assert str(error).endswith(f". Did you mean {nearest}?")


def test_a_command_without_the_option_that_is_meant_names_what_is_like_the_word():
    assert "has no option" in str(refused("droplets list --days 7"))
    assert "--last" not in str(refused("droplets list --days 7"))


def test_every_word_of_the_field_means_an_option_that_some_command_has():
    verbs = [verb for group in registry().all_groups() for verb in group.verbs]
    names = {"last", *(meant for means in _OPTION_SYNONYMS.values() for meant in means)}
    assert [name for name in names if not any(find_option(verb, name) for verb in verbs)] == []
    assert not {*_OPTION_SYNONYMS} & {*_DURATION_OPTIONS}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            "metrics --tag web",
            "Write a metrics verb before '--tag': cpu, memory, load, filesystem, bandwidth or use",
        ),
        ("cost by tag", "cost has no verb 'by'. Use %do cost --by tag"),
        ("cost region", "cost has no verb 'region'. Use %do cost --by region"),
        ("metrics cpu --tag web --last 1 day", "--last takes one word. Write --last 1d, not '1 day'."),
        ("rightsize --last 2 weeks", "--last takes one word. Write --last 2w, not '2 weeks'."),
        ("metrics cpu web-1 --start 3 days ago", "--start takes one word. Write --start 3d, not '3 days'."),
        ("account --zzz", "account get has no option"),
    ],
)
def test_what_is_written_otherwise_is_told(line, says):
    assert says in str(refused(line))


def test_a_droplet_may_be_called_like_a_unit():
    assert parse("metrics cpu --last 1d day").arguments == {"droplets": ("day",)}
    assert parse("metrics cpu --last 1 'day'").arguments == {"droplets": ("day",)}


def test_the_help_of_a_group_shows_the_options_of_its_default_verb():
    page = help_text("cost")
    assert "Options of sums\n  --by KEY" in page
    assert "Options of" not in help_text("metrics")
