"""What CloudWatch has of the run."""

from __future__ import annotations

from tools.conformance.run import Run
from tools.conformance.step import Endpoint, Step, Tier

from .imports import CENTS

_NAMESPACE = "AWS/Personalize"
# Until a metric that was put is listed.
_MINUTES = 15


def _list_metrics(run: Run) -> None:
    run.pause(_MINUTES * 60)
    pages = run.client("cloudwatch").get_paginator("list_metrics").paginate(Namespace=_NAMESPACE)
    listed = [each for page in pages for each in page["Metrics"]]
    found = {
        f"{each['MetricName']} by {', '.join(sorted(one['Name'] for one in each['Dimensions']))}" for each in listed
    }
    run.note("metrics and their dimensions", sorted(found))


STEPS = (
    Step(
        "cloudwatch.listed",
        f"Waits {_MINUTES} minutes and lists the metrics of the service.",
        _list_metrics,
        rules=("cloudwatch.requests", "cloudwatch.jobs"),
        tier=Tier.IMPORT,
        needs=("imports.all", "events.sent"),
        cost=CENTS,
        minutes=_MINUTES,
        endpoints=frozenset({Endpoint.AWS}),
    ),
)
