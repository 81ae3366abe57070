"""What counts as a difference between recordings, and what does not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tools.conformance.support.recordings import exchange, record, recording, refused, watched
from tools.conformance import rules_page
from tools.conformance.compare import Difference, compare
from tools.conformance.recording import Exchange, Page, StepRecord

PAIR = tuple[str, str, str, str]


def found(a: StepRecord, b: StepRecord) -> list[PAIR]:
    differences = compare(recording(a), recording(b)).differences
    assert all((each.steps, each.is_certain) == (("a.step",), True) for each in differences)
    return [(each.kind, each.where, each.a, each.b) for each in differences]


def between(a: Exchange, b: Exchange) -> list[PAIR]:
    return found(record(a), record(b))


def answers(a: Any, b: Any) -> list[PAIR]:
    return between(exchange(answer=a), exchange(answer=b))


@pytest.mark.parametrize(
    "same",
    [
        {"filter": {"name": "x", "status": "ACTIVE", "creationDateTime": "<time>"}},
        {"filters": [{"name": "a"}, {"name": "b"}]},
    ],
)
def test_a_recording_is_like_itself(same: Any) -> None:
    assert answers(same, same) == []


@pytest.mark.parametrize(
    ("a", "b", "differences"),
    [
        ({"a": {"b": 1}}, {"a": {}}, [("member", "a.b", "1", "nothing")]),
        ({}, {"c": "x"}, [("member", "c", "nothing", "x")]),
        ({"name": "a/b"}, {"name": "b"}, [("name", "name", "a/b", "b")]),
        ({"filterArn": "x"}, {"filterArn": "y"}, [("name", "filterArn", "x", "y")]),
        ({"mode": "FULL"}, {"mode": ["FULL"]}, [("value", "mode", "FULL", '["FULL"]')]),
        ({"failureReason": "No."}, {"failureReason": "no"}, [("message", "failureReason", "No.", "no")]),
        ({"status": "ACTIVE"}, {"status": "CREATE FAILED"}, [("value", "status", "ACTIVE", "CREATE FAILED")]),
        ({"l": ["a", "b"]}, {"l": ["b"]}, [("entry", "l[]", "1 of a", "nothing")]),
        ({"l": [{"name": "a", "n": 1}]}, {"l": [{"name": "a", "n": 2}]}, [("value", "l[].n", "1", "2")]),
        ({"l": [{"xArn": "a"}]}, {"l": []}, [("entry", "l[]", "1 of a", "nothing")]),
        (
            {"l": [{"itemId": "a"}, {"itemId": "b"}]},
            {"l": [{"itemId": "c", "score": 0.5}]},
            [("entry", "l[]", "2 of them", "1 of them"), ("member", "l[].score", "nothing", "0.5")],
        ),
        ({"l": [{"itemId": "a"}]}, {"l": []}, [("entry", "l[]", "1 of them", "nothing")]),
        ({"score": 1}, {"score": "1"}, [("value", "score", "a number", "str")]),
        (
            {"metrics": {"a": 0.1}},
            {"metrics": {"b": 0.1}},
            [("member", "metrics.a", "0.1", "nothing"), ("member", "metrics.b", "nothing", "0.1")],
        ),
        ({"x": "s" * 400 + "a"}, {"x": "s" * 400 + "b"}, [("value", "x", "s" * 300 + "…", "s" * 300 + "…")]),
    ],
)
def test_answers_that_differ(a: Any, b: Any, differences: list[PAIR]) -> None:
    assert answers(a, b) == [(kind, f"DescribeFilter, {path}", *shown) for kind, path, *shown in differences]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ({"arn": "x/<id 1>"}, {"arn": "x/<id 2>"}),
        ({"status": "CREATE PENDING"}, {"status": "CREATE IN_PROGRESS"}),
        ({"l": [{"name": "a"}, {"name": "b"}]}, {"l": [{"name": "b"}, {"name": "a"}]}),
        ({"l": [{"itemId": "a", "score": 1}]}, {"l": [{"itemId": "b", "score": 0.25}]}),
        ({"l": [{"itemId": "a", "metadata": {"title": "x"}}]}, {"l": [{"itemId": "b", "metadata": {"title": "y"}}]}),
        ({"metrics": {"coverage": 0.5}}, {"metrics": {"coverage": 0.25}}),
        ({"nextToken": "<nextToken 1>"}, {}),
        ({"trainingHours": 1}, {"trainingHours": 2.5}),
    ],
)
def test_what_differs_from_run_to_run_is_no_difference(a: Any, b: Any) -> None:
    assert answers(a, b) == []


def test_errors() -> None:
    wrong = "InvalidInputException"
    assert between(refused(wrong), refused(wrong)) == []
    assert between(refused(wrong, "of <id 1>"), refused(wrong, "of <id 3>")) == []
    assert between(refused(wrong), refused("ResourceInUseException", "Wait.")) == [
        ("error code", "CreateFilter", f"{wrong}: No.", "ResourceInUseException: Wait.")
    ]
    assert between(refused(wrong), refused(wrong, "Wrong.")) == [("message", f"CreateFilter, {wrong}", "No.", "Wrong.")]
    assert between(exchange("CreateFilter"), refused(wrong)) == [
        ("error code", "CreateFilter", "no error", f"{wrong}: No.")
    ]


def test_what_concerns_the_protocol_concerns_a_rule_of_its_own() -> None:
    protocol = ("requests.answers",)
    a, b = refused("AccessDenied"), refused("AccessDenied", content_type="")
    b = Exchange(**{**b.__dict__, "http_status": 403})
    differences = compare(recording(record(a)), recording(record(b))).differences
    assert [(each.kind, each.where, each.a, each.b, each.rules) for each in differences] == [
        ("content type", "personalize", "application/x-amz-json-1.1", "nothing", protocol),
        ("HTTP status", "personalize, AccessDenied", "400", "403", protocol),
    ]
    assert set(protocol) <= set(rules_page.read())


@pytest.mark.parametrize(
    ("a", "b", "is_found"),
    [
        (Page(100, True), Page(100, True), False),
        (Page(100, True), Page(50, True), True),
        (Page(2, False), Page(2, True), True),
        (Page(3, False), Page(2, True), False),  # somebody else has one
        (Page(2, True), Page(3, False), False),
        (Page(3, False), Page(2, False), False),
        (None, Page(2, False), False),
    ],
)
def test_sizes_of_pages(a: Page | None, b: Page | None, is_found: bool) -> None:
    own = {"filters": [{"name": "a"}, {"name": "b"}]}
    differences = between(exchange(answer=own, page=a), exchange(answer=own, page=b))
    assert [kind for kind, *_ in differences] == ["page size"] * is_found
    if is_found and b:
        assert differences[0][3] == f"{b.entries} entries{', and more' if b.more else ''}"


PENDING, WORKING, ACTIVE = "CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE"


@pytest.mark.parametrize(
    ("a", "b", "is_certain"),
    [
        (watched(PENDING, WORKING, ACTIVE), watched(WORKING, PENDING, ACTIVE), True),
        (watched(PENDING, ACTIVE), watched(PENDING, "CREATE FAILED"), True),
        (watched(PENDING, ACTIVE), watched(looked=1), True),
        (watched(PENDING, "PAUSED", ACTIVE), watched(PENDING, ACTIVE, looked=2), True),
        # Each status takes five seconds.
        (watched(PENDING, WORKING, ACTIVE, seconds=10.0), watched(PENDING, ACTIVE, looked=5), True),
        (watched(PENDING, WORKING, ACTIVE, seconds=10.0), watched(PENDING, ACTIVE, looked=4), False),
        (watched(PENDING, WORKING, ACTIVE, seconds=11.0), watched(PENDING, ACTIVE, looked=5), False),
        (watched(PENDING, ACTIVE, looked=5), watched(PENDING, WORKING, ACTIVE, seconds=10.0), True),
        (watched(PENDING, ACTIVE, looked=4), watched(PENDING, WORKING, ACTIVE, seconds=10.0), False),
    ],
)
def test_orders_of_statuses(a: Exchange, b: Exchange, is_certain: bool) -> None:
    (difference,) = compare(recording(record(a)), recording(record(b))).differences
    assert (difference.kind, difference.where, difference.is_certain) == (
        "statuses",
        "DescribeDatasetGroup",
        is_certain,
    )
    assert difference.a == " → ".join(look.status for look in a.looks)


def test_the_same_order_of_statuses_at_other_times() -> None:
    assert between(watched(PENDING, ACTIVE), watched(PENDING, ACTIVE, looked=90)) == []


def test_steps_that_ended_otherwise() -> None:
    whole = record(exchange(), refused("AccessDenied"))
    broken = record(exchange(), outcome="failed", why="KeyError: 'x'")
    assert found(whole, broken) == [("outcome", "the step", "done", "failed: KeyError: 'x'")]
    assert found(broken, whole) == [("outcome", "the step", "failed: KeyError: 'x'", "done")]


def test_requests_that_only_one_has_made() -> None:
    more = record(exchange("CreateFilter"), exchange("DeleteFilter"), exchange("ListFilters"))
    assert found(more, record(exchange("CreateFilter"), exchange("ListFilters", {"x": 1}))) == [
        ("requests", "the step", "DeleteFilter", "nothing"),
        ("member", "ListFilters, x", "nothing", "1"),
    ]


def test_notes() -> None:
    a, b = record(notes={"count": 1, "same": "<id 1>", "only": True}), record(notes={"count": 2, "same": "<id 2>"})
    assert found(a, b) == [("note", "count", "1", "2"), ("note", "only", "true", "nothing")]


def test_what_several_steps_show_is_one_difference() -> None:
    a = [record(exchange(answer={"x": 1}), step=name, rules=("a.rule", name)) for name in ("b.one", "b.two")]
    b = [record(exchange(answer={}), step=name, rules=("a.rule", name)) for name in ("b.one", "b.two")]
    compared = compare(recording(*a), recording(*b))
    rules = ("a.rule", "b.one", "b.two")
    assert compared.differences == (
        Difference("member", "DescribeFilter, x", "1", "nothing", ("b.one", "b.two"), rules),
    )
    assert (compared.rules, compared.certain, compared.possible) == (list(rules), list(compared.differences), [])


def test_only_what_both_performed_is_compared() -> None:
    here = recording(record(step="a.both"), record(step="a.here"), record(step="a.skipped", outcome="skipped"))
    there = recording(record(step="a.there"), record(step="a.skipped"), record(step="a.both"))
    compared = compare(here, there)
    assert (compared.compared, compared.only_in_a, compared.only_in_b) == (
        ("a.both",),
        ("a.here",),
        ("a.there", "a.skipped"),
    )
    assert compared.differences == ()
