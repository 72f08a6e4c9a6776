"""The table itself: that it is right in itself, and true to the catalogue and the frames."""

from __future__ import annotations

import base64
import keyword
import subprocess
import sys
from itertools import pairwise

from poseidon_nb.catalogue import operation
from poseidon_nb.catalogue.effects import effect_of
from poseidon_nb.commands.help import help_text
from poseidon_nb.commands.registry import DOCTL, load, parse, registry
from poseidon_nb.frames.schemas import DERIVED_TABLES, TABLES
from poseidon_nb.language.options import GLOBAL_OPTIONS, OptionMatch, find_option
from poseidon_nb.language.registry import find_verb
from poseidon_nb.language.spec import Group, Option, Verb, kebab
from tests.each import each

GROUPS = registry().all_groups()
ROWS = [(group, verb) for group in GROUPS for verb in group.verbs]
WRITTEN_OUT = [(group, verb) for group in registry().groups for verb in group.verbs]


def test_no_two_groups_share_a_word() -> None:
    words = [kebab(word) for group in GROUPS for word in (group.name, *group.aliases)]
    words += {kebab(first) for first, _ in DOCTL.phrases} - {"droplet-actions"}  # a group by the rule, and doctl's too
    words += [*DOCTL.prefixes, "help"]
    assert sorted(words) == sorted(set(words))


@each("group", GROUPS)
def test_no_two_verbs_of_a_group_share_a_word(group: Group) -> None:
    words = [kebab(word) for verb in group.verbs for word in (verb.name, *verb.aliases)]
    assert sorted(words) == sorted(set(words))


@each("group", GROUPS)
def test_every_alias_leads_back(group: Group) -> None:
    for word in (group.name, *group.aliases):
        assert registry().find_group(word) is group
    for verb in group.verbs:
        for word in (verb.name, *verb.aliases, verb.name.replace("_", "-")):
            assert find_verb(group, word) is verb
    assert not group.default or find_verb(group, group.default)


@each(("group", "verb"), ROWS)
def test_an_example_is_the_command_that_it_explains(group: Group, verb: Verb) -> None:
    assert verb.example.startswith("%do ")
    command = parse(verb.example.removeprefix("%do "), {"fleet": "of `apply`"})
    assert (command.group, command.verb, command.help) == (group.name, verb, False)
    assert registry().verb(command.group, command.verb.name) is verb


@each(("group", "verb"), ROWS)
def test_no_two_options_of_a_verb_share_a_spelling(group: Group, verb: Verb) -> None:
    own = [set(option.spellings) for option in verb.options]
    own += [set(map(kebab, argument.option_names)) for argument in verb.arguments]
    everywhere = set().union(*(option.spellings for option in GLOBAL_OPTIONS))
    if (group.name, verb.name) != ("context", "use"):  # doctl writes `auth switch --context NAME`
        # `--plan daily` is the verb's own, `--plan` the one of every verb: test_grammar. Of `--no-check` only the negation is
        # known, and a budget sends no fields.
        shared = {"enable_backups": {"plan"}, "change_backup_policy": {"plan"}, "budget": {"check"}}
        own.append(everywhere - shared.get(verb.name, set()))
    assert sum(map(len, own)) == len(set().union(*own))


@each(("group", "verb"), ROWS)
def test_a_row_holds_together(group: Group, verb: Verb) -> None:
    fields = {option.field for option in verb.options}
    for names in (*verb.one_of, *verb.at_most_one_of):
        assert set(names) - {"body"} <= fields
    for argument in verb.arguments:
        assert argument.name.isidentifier()
        assert argument.metavar.isupper()
        assert not argument.alternative or argument.alternative in fields
    for earlier, later in pairwise(verb.arguments):
        assert not earlier.many, "only the last argument may take all that is left"
        assert earlier.required or not later.required
    assert verb.help
    assert verb.help[-1] not in ".!"
    assert all(option.help for option in verb.options)
    if not verb.alias_of:
        assert all(word.isidentifier() and not keyword.iskeyword(word) for word in fields)


@each(("group", "verb"), ROWS)
def test_a_row_rests_on_operations_that_exist(group: Group, verb: Verb) -> None:
    for operation_id in verb.operations:
        assert operation(operation_id).id == operation_id
    assert not verb.table or verb.table in {*TABLES, *DERIVED_TABLES}
    assert not (verb.table and verb.columns)
    if verb.operations and effect_of(verb.operations[0], verb.fixed).needs_confirmation:
        assert "Asks for confirmation " in help_text(group.name, verb.name)


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
    ours = {"names", "name", "key", "user_data_file", "public_key_file", "ttl", "wait_for"}
    theirs = {parameter.name for parameter in operation(verb.operations[0]).body_fields}
    assert known - ours <= theirs


def test_a_field_with_the_name_of_a_global_option_is_reached_by_its_prefix() -> None:
    field = Option(field="timeout", name="field.timeout", type="integer")
    verb = Verb(name="x", help="x", example="%do x", options=(field,))
    everywhere = next(option for option in GLOBAL_OPTIONS if option.field == "timeout")
    assert find_option(verb, "timeout") == OptionMatch(everywhere)
    assert find_option(verb, "field.timeout") == OptionMatch(field)
    assert find_option(verb, "field.wait") is None
    assert field.flag == "--field.timeout"


@each(("group", "verb"), ROWS)
def test_every_verb_names_what_runs_it(group: Group, verb: Verb) -> None:
    assert callable(load(verb.run)) or hasattr(load(verb.run), "steps") or hasattr(load(verb.run), "choose")
    assert not verb.reads or callable(load(verb.reads))


def test_every_phrase_of_doctl_leads_to_a_verb() -> None:
    for first, second in DOCTL.phrases:
        assert parse(f"{first} {second} --help").help


def test_the_public_key_of_the_example_is_a_real_one() -> None:
    example = registry().verb("keys", "create").example
    kind, blob, _ = parse(example.removeprefix("%do ")).options["public_key"].split()
    data = base64.b64decode(blob, validate=True)
    assert data == b"\x00\x00\x00\x0b" + kind.encode() + b"\x00\x00\x00\x20" + data[-32:]
    assert len(data) == 51


def test_help_and_completion_of_everything_load_nothing_but_the_standard_library() -> None:
    code = (
        "import sys\n"
        "from poseidon_nb.commands.registry import parse, registry\n"
        "from poseidon_nb.commands.help import help_text\n"
        "from poseidon_nb.language.completion import complete_line\n"
        "for group in registry().all_groups():\n"
        "    help_text(group.name), complete_line(f'%do {group.name} ', registry(), {})\n"
        "    for verb in group.verbs:\n"
        "        parse(f'{group.name} {verb.name} --help'), help_text(group.name, verb.name)\n"
        "        complete_line(f'%do {group.name} {verb.name} ', registry(), {})\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names - {'__main__'}))"
    )
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['poseidon_nb']"
