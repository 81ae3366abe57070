"""What is measured: MiniStack's CloudWatch."""

from __future__ import annotations

import time
from collections.abc import Mapping

from ministack.core import responses
from ministack.services import cloudwatch

from tools.emulator import NAMESPACE, Datum


def correct_metrics() -> None:
    """Take what is measured in the future as of now: the clock of functions here is ahead, so theirs would be."""
    store = cloudwatch._store_datum

    def store_until_now(
        namespace: str, name: str, dimensions: dict[str, str], at: float, *rest: object, **more: object
    ) -> None:
        store(namespace, name, dimensions, min(at, time.time()), *rest, **more)

    cloudwatch._store_datum = store_until_now


class CloudWatchMetrics:
    """MiniStack's CloudWatch as Personalize puts its metrics there."""

    def put(self, region: str, datum: Datum) -> None:
        """Put a value."""
        with responses.request_scope(responses.get_account_id(), region):
            put_metric(NAMESPACE, datum.name, dict(datum.dimensions), datum.value, datum.unit, datum.at)


def put_metric(
    namespace: str, name: str, dimensions: Mapping[str, str], value: float, unit: str, at: float | None = None
) -> None:
    """Put a value that a service of AWS measured, in the region of the request or the execution.

    Args:
        namespace: such as AWS/States.
        name: of the metric.
        dimensions: by name.
        value: what was measured.
        unit: such as Count.
        at: when, in seconds since 1970; None for now.
    """
    cloudwatch._store_datum(
        *(namespace, name, dict(dimensions), time.time() if at is None else at, unit, value),
        values=None,
        counts=None,
        stat_values=None,
    )
