"""Custom::PersonalizeQualityGate: holds a solution version back whose evaluation is too poor to serve."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from . import errors
from .api import SERVICE_ERRORS, Api
from .describe import metrics
from .errors import Meaning, ProviderError, meaning
from .protocol import REQUEST_SECONDS, Event, Outcome, Progress, complete, pending
from .resources import RESOURCES

_VERSION = RESOURCES["SolutionVersion"]
_CAMPAIGN = RESOURCES["Campaign"]


class QualityGate:
    """Compares the metrics of a solution version with minimums, and with the version deployed now."""

    def __init__(self, api: Api) -> None:
        """Read metrics through an API."""
        self._api = api

    def begin(self, event: Event, now: float) -> tuple[str, Progress]:
        """Keep one physical id: the gate makes nothing."""
        if event["RequestType"] != "Create":
            return event["PhysicalResourceId"], Progress(started=now)
        identity = f"{event['StackId']} {event['LogicalResourceId']}"
        return f"gate-{hashlib.sha256(identity.encode()).hexdigest()[:10]}", Progress(started=now)

    def poll(self, event: Event, progress: Progress, now: float) -> Outcome:
        """Let the version pass, or fail with the table of what it missed."""
        if event["RequestType"] == "Delete":
            return complete("nothing to delete")
        try:
            return self._judge(event)
        except SERVICE_ERRORS as error:
            if meaning(error) is Meaning.RETRY:
                return pending(f"waiting ({errors.message(error)})")
            if meaning(error) is Meaning.DENIED:
                raise errors.access_denied("GetSolutionMetrics", error) from error
            raise ProviderError(f"The metrics cannot be read: {errors.message(error)}.") from error

    def allowed_seconds(self, event: Event) -> float:
        """As long as CloudFormation waits."""
        return REQUEST_SECONDS

    def timed_out(self, event: Event, outcome: Outcome) -> Exception:
        """The service did not answer within the hour."""
        waited = errors.duration(REQUEST_SECONDS)
        return ProviderError(f"The metrics could not be read within {waited}: {outcome.status}.")

    def _judge(self, event: Event) -> Outcome:
        properties = event["ResourceProperties"]
        arn = properties["SolutionVersionArn"]
        found = self._metrics(arn)
        bounds = {name: float(value) for name, value in properties.get("Minimums", {}).items()}
        unknown = sorted(bounds.keys() - found.keys())
        if unknown:
            raise ProviderError(
                f"The quality gate names {', '.join(unknown)}, which this recipe does not report. "
                f"It reports: {', '.join(sorted(found))}."
            )
        if properties.get("CompareWithDeployed") == "true":
            for name, value in self._deployed(properties["SolutionArn"], arn).items():
                bounds[name] = max(bounds.get(name, 0.0), value)
        if any(found[name] < bound for name, bound in bounds.items() if name in found):
            raise ProviderError(_table(arn, found, bounds))
        return complete("passed", {"SolutionVersionArn": arn})

    def _metrics(self, arn: str) -> dict[str, float]:
        return metrics(self._api, _VERSION, {"solutionVersionArn": arn})

    def _deployed(self, solution_arn: str, candidate: str) -> dict[str, float]:
        """Metrics of the versions that campaigns of the solution serve now, the better of each."""
        best: dict[str, float] = {}
        for summary in self._api.child_summaries(_CAMPAIGN, "solutionArn", solution_arn):
            campaign = self._api.describe(_CAMPAIGN, summary["campaignArn"]) or {}
            deployed = campaign.get("solutionVersionArn", candidate)
            if deployed == candidate or deployed.endswith("/$LATEST"):
                continue
            for name, value in self._metrics(deployed).items():
                best[name] = max(best.get(name, value), value)
        return best


def _table(arn: str, found: Mapping[str, float], bounds: Mapping[str, float]) -> str:
    rows = [
        f"  {name}: {found[name]:.4f}, minimum {bound:.4f}{'  <- below' if found[name] < bound else ''}"
        for name, bound in sorted(bounds.items())
        if name in found
    ]
    return "\n".join(
        [
            f"Quality gate: solution version {arn.rpartition('/')[2]} is below its minimums, so the campaign stays on "
            f"the version it has.",
            *rows,
        ]
    )
