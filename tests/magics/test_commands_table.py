"""The table itself: that it is right in itself, and true to the catalogue and the frames."""

from __future__ import annotations

import base64
import keyword
import subprocess
import sys
from itertools import pairwise

from poseidon_nb.catalogue import operation
from poseidon_nb.catalogue.effects import effect_of
from poseidon_nb.frames.schemas import DERIVED_TABLES, TABLES
from poseidon_nb.magics.language.grammar import parse
from poseidon_nb.magics.language.help import help_text
from poseidon_nb.magics.language.options import GLOBAL_OPTIONS
from poseidon_nb.magics.language.table import PHRASES, PREFIXES
from poseidon_nb.magics.language.vocabulary import (
    Sense,
    all_groups,
    entry,
    group_called,
    option_called,
    own_groups,
    verb_called,
)
from poseidon_nb.magics.language.words import Group, Option, Verb, folded
from tests.each import each

GROUPS = all_groups()
ROWS = [(group, verb) for group in GROUPS for verb in group.verbs]
WRITTEN_OUT = [(group, verb) for group in own_groups() for verb in group.verbs]


def test_no_two_groups_share_a_word() -> None:
    words = [folded(word) for group in GROUPS for word in (group.name, *group.aliases)]
    words += {folded(first) for first, _ in PHRASES} - {"droplet-actions"}  # a group by the rule, and doctl's too
    words += [*PREFIXES, "help"]
    assert sorted(words) == sorted(set(words))


@each("group", GROUPS)
def test_no_two_verbs_of_a_group_share_a_word(group: Group) -> None:
    words = [folded(word) for verb in group.verbs for word in (verb.name, *verb.aliases)]
    assert sorted(words) == sorted(set(words))


@each("group", GROUPS)
def test_every_alias_leads_back(group: Group) -> None:
    for word in (group.name, *group.aliases):
        assert group_called(word) is group
    for verb in group.verbs:
        for word in (verb.name, *verb.aliases, verb.name.replace("_", "-")):
            assert verb_called(group, word) is verb
    assert not group.default or verb_called(group, group.default)


@each(("group", "verb"), ROWS)
def test_an_example_is_the_command_that_it_explains(group: Group, verb: Verb) -> None:
    assert verb.example.startswith("%do ")
    command = parse(verb.example.removeprefix("%do "), {"plan": "of `apply`"})
    assert (command.group, command.verb, command.help) == (group.name, verb.name, False)
    assert entry(command.group, command.verb) is verb


@each(("group", "verb"), ROWS)
def test_no_two_options_of_a_verb_share_a_spelling(group: Group, verb: Verb) -> None:
    own = [set(option.spellings) for option in verb.options]
    own += [set(map(folded, argument.spelled)) for argument in verb.arguments]
    everywhere = set().union(*(option.spellings for option in GLOBAL_OPTIONS))
    if (group.name, verb.name) != ("context", "use"):  # doctl writes `auth switch --context NAME`
        # `--plan daily` is the verb's own, `--plan` the one of every verb: test_grammar.
        own.append(everywhere - ({"plan"} if verb.name in {"enable_backups", "change_backup_policy"} else set()))
    assert sum(map(len, own)) == len(set().union(*own))


@each(("group", "verb"), ROWS)
def test_a_row_holds_together(group: Group, verb: Verb) -> None:
    fields = {option.field for option in verb.options}
    for names in (*verb.one_of, *verb.at_most_one_of):
        assert set(names) - {"body"} <= fields
    for argument in verb.arguments:
        assert argument.name.isidentifier()
        assert argument.shows.isupper()
        assert not argument.instead or argument.instead in fields
    for earlier, later in pairwise(verb.arguments):
        assert not earlier.many, "only the last argument may take all that is left"
        assert earlier.required or not later.required
    assert verb.help
    assert verb.help[-1] not in ".!"
    assert all(option.help for option in verb.options)
    if not verb.stands_for:
        assert all(word.isidentifier() and not keyword.iskeyword(word) for word in fields)


@each(("group", "verb"), ROWS)
def test_a_row_rests_on_operations_that_exist(group: Group, verb: Verb) -> None:
    for operation_id in verb.operations:
        assert operation(operation_id).id == operation_id
    assert not verb.table or verb.table in {*TABLES, *DERIVED_TABLES}
    assert not (verb.table and verb.columns)
    if verb.operations and effect_of(verb.operations[0], verb.fixed).needs_confirmation:
        assert "It asks " in help_text(group.name, verb.name)


@each(("group", "verb"), WRITTEN_OUT)
def test_required_fields_of_a_create_are_required_here(group: Group, verb: Verb) -> None:
    if verb.name not in ("create", "update") or not verb.operations:
        return
    known = {option.field for option in verb.options} | {argument.name for argument in verb.arguments}
    required = {option.field for option in verb.options if option.required}
    required |= {argument.name for argument in verb.arguments if argument.required}
    required |= {field for fields in verb.one_of for field in fields}
    for parameter in operation(verb.operations[0]).body_fields:
        if parameter.required:
            assert parameter.name in required
    ours = {"names", "name", "key", "user_data_file", "public_key_file", "wait_for"}
    theirs = {parameter.name for parameter in operation(verb.operations[0]).body_fields}
    assert known - ours <= theirs


def test_a_field_with_the_name_of_a_global_option_is_reached_by_its_prefix() -> None:
    field = Option(field="timeout", name="field.timeout", kind="integer")
    verb = Verb(name="x", help="x", example="%do x", options=(field,))
    everywhere = next(option for option in GLOBAL_OPTIONS if option.field == "timeout")
    assert option_called(verb, "timeout") == Sense(everywhere)
    assert option_called(verb, "field.timeout") == Sense(field)
    assert option_called(verb, "field.wait") is None
    assert field.typed == "--field.timeout"


def test_every_phrase_of_doctl_leads_to_a_verb() -> None:
    for first, second in PHRASES:
        assert parse(f"{first} {second} --help").help


def test_the_public_key_of_the_example_is_a_real_one() -> None:
    example = entry("keys", "create").example
    kind, blob, _ = parse(example.removeprefix("%do ")).options["public_key"].split()
    data = base64.b64decode(blob, validate=True)
    assert data == b"\x00\x00\x00\x0b" + kind.encode() + b"\x00\x00\x00\x20" + data[-32:]
    assert len(data) == 51


def test_help_and_completion_of_everything_load_nothing_but_the_standard_library() -> None:
    code = (
        "import sys\n"
        "from poseidon_nb.magics.language.grammar import parse\n"
        "from poseidon_nb.magics.language.help import help_text\n"
        "from poseidon_nb.magics.language.suggestions import candidates\n"
        "from poseidon_nb.magics.language.vocabulary import all_groups\n"
        "for group in all_groups():\n"
        "    help_text(group.name), candidates(f'%do {group.name} ', {})\n"
        "    for verb in group.verbs:\n"
        "        parse(f'{group.name} {verb.name} --help'), help_text(group.name, verb.name)\n"
        "        candidates(f'%do {group.name} {verb.name} ', {})\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names - {'__main__'}))"
    )
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['poseidon_nb']"
