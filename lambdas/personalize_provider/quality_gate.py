"""Custom::PersonalizeQualityGate: holds a solution version back whose evaluation is too poor to serve."""

from __future__ import annotations

import hashlib

from . import errors
from .api import SERVICE_ERRORS, Api
from .describe import metrics
from .patience import may_pass, verdict
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
            if may_pass(error, now - progress.started):
                return pending(f"waiting ({errors.message(error)})")
            raise verdict(error) or errors.metrics_unreadable(errors.message(error)) from error

    def allowed_seconds(self, event: Event) -> float:
        """As long as CloudFormation waits."""
        return REQUEST_SECONDS

    def timed_out(self, event: Event, outcome: Outcome) -> Exception:
        """The service did not answer within the hour."""
        return errors.metrics_unreadable(f"{outcome.status} for {errors.duration(REQUEST_SECONDS)}")

    def _judge(self, event: Event) -> Outcome:
        properties = event["ResourceProperties"]
        arn = properties["SolutionVersionArn"]
        found = self._metrics(arn)
        bounds = {name: float(value) for name, value in properties.get("Minimums", {}).items()}
        unknown = sorted(bounds.keys() - found.keys())
        if unknown:
            raise errors.unknown_metrics(unknown, sorted(found))
        if properties.get("CompareWithDeployed") == "true":
            deployed = self._deployed(properties["SolutionArn"], arn)
            # A metric that only the other version has cannot be compared.
            bounds |= {name: max(bounds.get(name, 0.0), deployed[name]) for name in deployed.keys() & found.keys()}
        if any(found[name] < bound for name, bound in bounds.items()):
            raise errors.below_minimums(arn.rpartition("/")[2], found, bounds)
        return complete("passed", {"SolutionVersionArn": arn})

    def _metrics(self, arn: str) -> dict[str, float]:
        return metrics(self._api, _VERSION, {"solutionVersionArn": arn})

    def _trained(self, arn: str) -> str:
        return str((self._api.describe(_VERSION, arn) or {}).get("creationDateTime", ""))

    def _deployed(self, solution_arn: str, candidate: str) -> dict[str, float]:
        """Metrics of the versions that campaigns of the solution serve now, the better of each.

        A version newer than the candidate does not count: then this is the way back, which must not fail.
        """
        best: dict[str, float] = {}
        trained = self._trained(candidate)
        for summary in self._api.child_summaries(_CAMPAIGN, "solutionArn", solution_arn):
            campaign = self._api.describe(_CAMPAIGN, summary["campaignArn"]) or {}
            deployed = campaign.get("solutionVersionArn", candidate)
            if deployed == candidate or deployed.endswith("/$LATEST") or self._trained(deployed) > trained:
                continue
            for name, value in self._metrics(deployed).items():
                best[name] = max(best.get(name, value), value)
        return best
