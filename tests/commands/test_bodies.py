"""The body of a `%%do` cell as data: JSON, or YAML 1.2."""

from __future__ import annotations

import pytest

from poseidon_nb.commands.bodies import parse_body
from poseidon_nb.errors import GrammarError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"name": "a", "n": 1}', {"name": "a", "n": 1}),
        ("[1, 2]", [1, 2]),
        ("  \n{}\n", {}),
        ("name: a\ntags: [x, y]", {"name": "a", "tags": ["x", "y"]}),
        ("{name: a, n: 2}", {"name": "a", "n": 2}),
        ("a: no\nb: on\nc: yes\nd: off", {"a": "no", "b": "on", "c": "yes", "d": "off"}),
        ("a: true\nb: False\nc: null\nd: ~\ne:", {"a": True, "b": False, "c": None, "d": None, "e": None}),
        ("a: 010\nb: 1:30\nc: 1_000\nd: -5", {"a": 10, "b": "1:30", "c": "1_000", "d": -5}),
        ("a: 1.5\nb: 1e3\nc: .5\nd: 2026-11-23", {"a": 1.5, "b": 1000.0, "c": 0.5, "d": "2026-11-23"}),
        ('a: "no"', {"a": "no"}),
        ("a: |\n  one\n  two\n", {"a": "one\ntwo\n"}),
    ],
)
def test_a_body_says_what_yaml_1_2_says(text, value):
    assert parse_body(text) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{not json", "The body is not valid JSON: line 1, column 2"),
        ('{"a": 1\n"b": 2}', "The body is not valid JSON: line 2, column 1"),
        ("a: b: c", "The body is neither JSON nor YAML in line 1, column 5"),
        (
            "a: 1\nb: !!python/object/apply:os.system [ls]",
            "The body has the YAML tag !!python/object/apply:os.system in line 2",
        ),
        ("a: !!binary aGk=", "The body has the YAML tag !!binary in line 1"),
        ("a: !!str 5", "The body has the YAML tag !!str in line 1"),
        ("!own {a: 1}", "The body has the YAML tag !own in line 1"),
        ("a: 1\nb: 2\na: 3", "The body has the key 'a' twice, again in line 3"),
        ('{"a": 1, "a": 2}', "The body has the key 'a' twice"),
        ('{"a": [{"b": 1, "b": 1}]}', "The body has the key 'b' twice"),
        ("[" * 5_000, "The body is n"),
    ],
)
def test_what_is_neither_says_where(text, message):
    with pytest.raises(GrammarError, match=message) as caught:
        parse_body(text)
    assert "\n" not in str(caught.value)
