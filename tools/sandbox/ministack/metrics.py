"""What is measured: MiniStack's CloudWatch."""

from __future__ import annotations

from ministack.core import responses
from ministack.services import cloudwatch

from tools.emulator import NAMESPACE, Datum


class CloudWatchMetrics:
    """MiniStack's CloudWatch as Personalize puts its metrics there."""

    def put(self, region: str, datum: Datum) -> None:
        """Put a value."""
        dimensions = dict(datum.dimensions)
        with responses.request_scope(responses.get_account_id(), region):
            cloudwatch._store_datum(
                *(NAMESPACE, datum.name, dimensions, datum.at, datum.unit, datum.value),
                values=None,
                counts=None,
                stat_values=None,
            )
