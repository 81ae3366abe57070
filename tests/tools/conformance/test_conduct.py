"""A run performs its steps, says what came otherwise than expected, and leaves nothing."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import partial

import pytest

from tests.tools.conformance.support.emulated import PREFIX, Conducted, conducted
from tests.tools.conformance.support.steps import interrupt, open_group, open_group_again, step
from tools.conformance import clean
from tools.conformance.conduct import new_prefix
from tools.conformance.connections import to_emulator
from tools.conformance.run import Run
from tools.conformance.step import Endpoint, Expected, Step
from tools.emulator import Fault, Faults, Service


def performed(*steps: Step) -> Conducted:
    with to_emulator() as connection:
        return conducted(connection, list(steps))


def unexpected(does: Step) -> tuple[str, ...]:
    return performed(does).result.steps[0].unexpected


def test_every_run_has_a_prefix_of_its_own() -> None:
    first, second = new_prefix(), new_prefix()
    assert first != second
    assert re.fullmatch(r"personalize-conformance-[0-9a-f]{8}", first)


def test_steps_are_recorded_and_what_they_made_is_removed() -> None:
    with to_emulator() as connection:
        found = conducted(connection, [step("a.group", open_group), step("a.again", open_group_again, "a.group")])
        assert clean.find(connection) == []
    header, first, second, end = (json.loads(line) for line in found.text.splitlines())
    assert header["format"] == 1
    assert [each["operation"] for each in first["exchanges"]] == ["CreateDatasetGroup", "DescribeDatasetGroup"]
    assert second["exchanges"][0]["error"]["code"] == "ResourceAlreadyExistsException"
    assert (first["step"], first["outcome"], first["seconds"], first["rules"]) == ("a.group", "done", 60.0, ["a.rule"])
    assert end == {"ended": "whole", "left": []}
    assert found.result.is_good
    assert found.told == ["a.group", "a.again", f"Removing DatasetGroup {PREFIX}-group"]


def test_after_a_step_that_fails_only_those_that_need_it_are_left_out() -> None:
    found = performed(
        step("a.fails", lambda run: run.recall("nothing")),
        step("a.needs", lambda run: None, "a.fails"),
        step("a.needs_that", lambda run: None, "a.needs"),
        step("a.goes_on"),
    )
    assert [(each.outcome, each.why) for each in found.result.steps] == [
        ("failed", "KeyError: 'nothing'"),
        ("skipped", "It needs a.fails."),
        ("skipped", "It needs a.needs."),
        ("done", ""),
    ]
    assert not found.result.is_good


def test_a_step_is_performed_only_where_it_can_be() -> None:
    found = performed(step("a.role", endpoints=frozenset({Endpoint.AWS})))
    assert found.result.steps[0].why == "It cannot be performed on emulator."
    assert found.result.is_good


def test_waiting_is_told_on_aws() -> None:
    def wait(run: Run) -> None:
        end = run.now() + 70
        run.watch(run.personalize.list_filters, lambda answer: run.now() >= end)

    with to_emulator() as connection:
        here = conducted(connection, [step("a.wait", wait)])
        there = conducted(replace(connection, endpoint=Endpoint.AWS), [step("a.wait", wait)])
    assert (here.told, there.told) == (["a.wait"], ["a.wait", "  list_filters: waiting for 1 min"])


def test_an_interruption_ends_the_steps_and_removes_what_they_made() -> None:
    with to_emulator() as connection:
        found = conducted(connection, [step("a.group", open_group), step("a.end", interrupt), step("a.later")])
        assert clean.find(connection) == []
    assert [each.step for each in found.result.steps] == ["a.group"]
    assert json.loads(found.text.splitlines()[-1]) == {"ended": "interrupted", "left": []}
    assert (found.result.interrupted, found.result.is_good) == (True, False)


def test_what_cannot_be_removed_is_told() -> None:
    faults = Faults(Fault("access_denied", operation="DeleteDatasetGroup", count=None))
    with to_emulator(partial(Service, faults=faults)) as connection:
        found = conducted(connection, [step("a.group", open_group)])
    (left,) = found.result.left
    assert left.startswith(f"DatasetGroup {PREFIX}-group: An error occurred (AccessDeniedException)")
    assert "<run>-group" in json.loads(found.text.splitlines()[-1])["left"][0]
    assert not found.result.is_good


def test_a_second_interruption_says_what_may_be_left() -> None:
    def tell(line: str) -> None:
        if line.startswith("Removing"):
            raise KeyboardInterrupt

    with to_emulator() as connection:
        found = conducted(connection, [step("a.group", open_group)], tell)
    assert found.result.left == (f"All whose name begins with {PREFIX} may be left: interrupted.",)


def test_it_says_if_it_cannot_even_look_for_what_is_left() -> None:
    faults = Faults(Fault("access_denied", operation="ListCampaigns", count=None))
    with to_emulator(partial(Service, faults=faults)) as connection:
        (left,) = conducted(connection, [step("a.nothing")]).result.left
    assert left.startswith(f"All whose name begins with {PREFIX} may be left: An error occurred (AccessDenied")


EXISTS = "ResourceAlreadyExistsException"


def open_twice(run: Run) -> None:
    open_group(run)
    open_group_again(run)


@pytest.mark.parametrize(
    ("expected", "sentences"),
    [
        (Expected("CreateDatasetGroup", error=EXISTS), []),
        (Expected("CreateDatasetGroup", which=0), []),
        (Expected("CreateDatasetGroup", which=2), ["CreateDatasetGroup: expected 3 requests, found 2."]),
        (Expected("CreateFilter"), ["CreateFilter: expected at least one request, found none."]),
        (Expected("CreateDatasetGroup", error=EXISTS, which=0), [f"expected {EXISTS}, found no error."]),
        (Expected("CreateDatasetGroup"), [f"expected no error, found {EXISTS} (Another"]),
        (Expected("DescribeDatasetGroup", members=("datasetGroup.status", "datasetGroup.name")), []),
        (
            Expected("DescribeDatasetGroup", members=("datasetGroup.domain", "other", "datasetGroup.name.first")),
            ["no datasetGroup.domain.", "no other.", "no datasetGroup.name.first."],
        ),
    ],
)
def test_it_says_what_came_otherwise_than_expected(expected: Expected, sentences: list[str]) -> None:
    found = unexpected(step("a.twice", open_twice, expects=(expected,)))
    assert len(found) == len(sentences)
    assert all(sentence in told for sentence, told in zip(sentences, found, strict=True))


def test_members_of_entries_are_expected_of_any() -> None:
    recipes = step(
        "a.recipes",
        lambda run: run.personalize.list_recipes(),
        expects=(Expected("ListRecipes", members=("recipes[].domain", "recipes[].none")),),
    )
    assert unexpected(recipes) == ("ListRecipes: the answer has no recipes[].none.",)


def test_notes_are_recorded_and_compared_with_what_is_expected() -> None:
    def note(run: Run) -> None:
        run.note("own name", run.name("x"))
        run.note("right", 1, expected=1)
        run.note("wrong", [1], expected=[2])

    found = performed(step("a.notes", note), step("a.none"))
    assert [dict(each.notes) for each in found.result.steps] == [{"own name": "<run>-x", "right": 1, "wrong": [1]}, {}]
    assert found.result.steps[0].unexpected == ("wrong: expected [2], found [1].",)


def test_clients_of_a_step_are_recorded_wherever_they_are_made() -> None:
    found = performed(step("a.other", lambda run: run.client("personalize", region_name="us-east-1").list_schemas()))
    assert [each.operation for each in found.result.steps[0].exchanges] == ["ListSchemas"]
