"""The decorator that runs a test's body for each of many items: it stops at no failure, and names each."""

from __future__ import annotations

import inspect

import pytest

from tests.each import each


def test_every_item_runs_and_every_item_that_failed_is_named_with_its_line_and_message():
    seen = []

    @each("number", range(5))
    def body(number: int) -> None:
        seen.append(number)
        if number == 3:
            pytest.fail("three is out")
        assert number % 4, f"{number} is refused"

    with pytest.raises(AssertionError) as raised:
        body()
    assert seen == [0, 1, 2, 3, 4]
    message = str(raised.value)
    assert message.startswith("3 of 5 failed: 0, 3, 4\n")
    for line in ("AssertionError: 0 is refused", "Failed: three is out", "AssertionError: 4 is refused"):
        assert line in message
    assert message.count("test_each.py:") == 3
    assert "0 is refused" in str(raised.value.__cause__)


def test_items_of_several_parts_fill_several_arguments_and_fixtures_stay_arguments():
    found = []

    @each(("left", "right"), [(1, "a"), (2, "b")])
    def body(left: int, right: str, shared: list) -> None:
        shared.append((left, right))

    assert [*inspect.signature(body).parameters] == ["shared"]
    body(shared=found)
    assert found == [(1, "a"), (2, "b")]


def test_a_list_without_items_is_an_error():
    with pytest.raises(AssertionError, match="no items"):
        each("number", [])


def test_a_test_that_is_skipped_stays_a_skipped_one():
    @each("number", [1])
    def body(number: int) -> None:
        pytest.skip("nothing to see")

    with pytest.raises(pytest.skip.Exception):
        body()
