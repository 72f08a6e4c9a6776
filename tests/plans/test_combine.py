"""Combining the chains of several plans: order stays, and references point to the chains that they meant."""

from __future__ import annotations

from dataclasses import replace

from poseidon_nb.catalogue import operation
from poseidon_nb.client.engine.steps import Reference, Step, Target
from poseidon_nb.plans.combine import combined
from poseidon_nb.transport.request import build_request


def create(name, *references):
    return Step(
        verb="create",
        targets=(Target("tag", None, name),),
        request=build_request(operation("tags_create"), body={"name": name}),
        references=references,
    )


FIRST = [(create("a"),), (create("b", Reference("<name of a>", 0, "name")),)]
SECOND = [
    (create("c", Reference("", 1)), create("d", Reference("<id of c>", 0), Reference("<id of e>", 1, "name"))),
    (create("e"),),
]


def test_references_are_renumbered_to_the_chains_that_they_meant():
    chains = combined([FIRST, [], SECOND, FIRST])
    assert [[step.targets[0].name for step in chain] for chain in chains] == [
        ["a"],
        ["b"],
        ["c", "d"],
        ["e"],
        ["a"],
        ["b"],
    ]
    numbers = [[[one.chain for one in step.references] for step in chain] for chain in chains]
    assert numbers == [[[]], [[0]], [[3], [2, 3]], [[]], [[]], [[4]]]
    # Nothing else of a step changes.
    assert [replace(step, references=()) for chain in chains for step in chain] == [
        replace(step, references=()) for plan in (FIRST, SECOND, FIRST) for chain in plan for step in chain
    ]
    assert chains[2][1].references[1] == Reference("<id of e>", 3, "name")


def test_one_plan_stays_as_it_is_and_none_is_empty():
    assert combined([SECOND]) == tuple(SECOND)
    assert combined([]) == ()


def test_combined_plans_are_executed_as_they_would_be_alone(client):
    outcomes = client.engine.run(combined([FIRST, [(create("f", Reference("", 1)),), (create("g"),)]]))
    assert [one.status for one in outcomes] == ["completed"] * 4
    assert {"a", "b", "f", "g"} <= {tag.name for tag in client.tags.list()}
