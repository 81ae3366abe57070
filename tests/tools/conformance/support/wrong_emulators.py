"""Emulators that are wrong on purpose, each in one rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tools.emulator import Service, ServiceError, control
from tools.emulator.kinds import KINDS

Patch = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Wrong:
    """A wrong emulator, and what finds it.

    Attributes:
        make: makes the emulator wrong.
        step: of the real scenarios, which shows it.
        rule: id of the rule that it breaks.
        kind: of the difference.
        shown: part of what the wrong recording has.
    """

    make: Patch
    step: str
    rule: str
    kind: str
    shown: str


def _change_kind(noun: str, **changes: Any) -> Patch:
    return lambda monkeypatch: monkeypatch.setitem(KINDS, noun, replace(KINDS[noun], **changes))  # type: ignore[arg-type]


def _replace_any_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    update = KINDS["Dataset"].update
    assert update
    _change_kind("Dataset", update=replace(update, rules=()))(monkeypatch)


def _answer_otherwise(operation: str, change: Callable[[Callable[[], dict[str, Any]]], dict[str, Any]]) -> Patch:
    """Change what an operation answers."""

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        right = Service.call

        def call(self: Service, api: str, asked: str, *given: Any, **named: Any) -> dict[str, Any]:
            def answer() -> dict[str, Any]:
                return right(self, api, asked, *given, **named)

            return change(answer) if asked == operation else answer()

        monkeypatch.setattr(Service, "call", call)

    return patch


def _refuse_otherwise(answer: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return answer()
    except ServiceError as error:
        raise ServiceError("InvalidInputException", error.message) from None


def _leave_out_account(answer: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    described = answer()
    return {"eventTracker": {name: value for name, value in described["eventTracker"].items() if name != "accountId"}}


def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "_DEFAULT_PAGE", 2)


WRONG = {
    "a bare name of a version": Wrong(
        _change_kind("SolutionVersion", name=lambda request, arn: arn.rpartition("/")[2]),
        *("versions.names", "requests.version_names", "name", "first"),
    ),
    "a schema that must not be replaced": Wrong(
        _replace_any_schema, "datasets.replacement_refused", "datasets.schema_replaced", "error code", "no error"
    ),
    "another error code": Wrong(
        _answer_otherwise("CreateDatasetGroup", _refuse_otherwise),
        *("groups.same_name", "requests.unique_names", "error code", "InvalidInputException"),
    ),
    "another order of statuses": Wrong(
        _change_kind("DatasetGroup", deletes_from_pending=False),
        *("groups.deleted", "statuses.order", "statuses", "DELETE PENDING → DELETE IN_PROGRESS → GONE"),
    ),
    "a missing member": Wrong(
        _answer_otherwise("DescribeEventTracker", _leave_out_account),
        *("trackers.created", "statuses.order", "member", "nothing"),
    ),
    "another size of pages": Wrong(
        _small_pages, "requests.pages", "requests.pages", "page size", "2 entries, and more"
    ),
}
