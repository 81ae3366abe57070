"""Recordings written by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.tools.conformance.support.emulated import HEADER
from tools.conformance.recording import Error, Exchange, Look, Recording, StepRecord


def exchange(operation: str = "DescribeFilter", answer: Mapping[str, Any] | None = None, **changes: Any) -> Exchange:
    """An exchange of the control plane that went well."""
    plain: dict[str, Any] = {
        "api": "personalize",
        "params": {},
        "error": None,
        "http_status": 200,
        "content_type": "application/x-amz-json-1.1",
        "at": 0.0,
        "seconds": 0.1,
    }
    return Exchange(**{**plain, "operation": operation, "answer": {} if answer is None else answer, **changes})


def refused(code: str, message: str = "No.", operation: str = "CreateFilter", **changes: Any) -> Exchange:
    """An exchange that ended with an error."""
    return exchange(operation, error=Error(code, message), http_status=400, **changes)


def watched(*statuses: str, looked: int = 9, **changes: Any) -> Exchange:
    """An exchange in which a step waited, and saw another status every five seconds."""
    looks = tuple(Look(status, 5.0 * number) for number, status in enumerate(statuses))
    return exchange("DescribeDatasetGroup", looks=looks, looked=looked, **changes)


def record(
    *exchanges: Exchange, step: str = "a.step", rules: tuple[str, ...] = ("a.rule",), **changes: Any
) -> StepRecord:
    """A step that was done."""
    return StepRecord(**{"step": step, "rules": rules, "outcome": "done", "exchanges": exchanges, **changes})


def recording(*records: StepRecord) -> Recording:
    """A recording of steps."""
    return Recording(HEADER, {each.step: each for each in records}, "whole")
