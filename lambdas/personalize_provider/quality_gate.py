"""Custom::PersonalizeQualityGate: stops a deployment whose solution version is too poor to serve."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from . import errors
from .describe import METRIC_DECIMALS, as_text, metrics
from .names import LATEST, last_part
from .patience import PROPAGATION_SECONDS, may_pass, verdict, waiting
from .protocol import REQUEST_SECONDS, Event, Outcome, Progress, complete
from .resources import RESOURCES
from .service_errors import SERVICE_ERRORS, message
from .statuses import ACTIVE, Description
from .without_resource import WithoutResource

_VERSION = RESOURCES["SolutionVersion"]
_CAMPAIGN = RESOURCES["Campaign"]
_DATASET = RESOURCES["Dataset"]
_IMPORT = RESOURCES["DatasetImportJob"]
# Where the template does not say.
_TOLERANCE = 0.05
_COMPARED = ("normalized_discounted_cumulative_gain_at_25", "mean_reciprocal_rank_at_25")


@dataclass(frozen=True)
class Judged:
    """A metric of a solution version and its lower bound.

    Attributes:
        metric: the service's name.
        found: its value; None if the service leaves it out, which is no failure.
        least: the bound.
        why: where the bound comes from, for the user.
    """

    metric: str
    found: float | None
    least: float
    why: str

    @property
    def is_below(self) -> bool:
        """Whether the version does not reach the bound."""
        return self.found is not None and self.found < self.least

    def __str__(self) -> str:
        """The comparison as users read it."""
        return f"{self.metric}: {as_text(self.found)}, {self.why} {as_text(self.least)}"

    @property
    def row(self) -> str:
        """The comparison with a mark if the version does not reach the bound."""
        return f"{self}  <- below" if self.is_below else str(self)


class QualityGate(WithoutResource):
    """Compares the metrics of a solution version with minimums, and with those of the version that serves now.

    Developer guide, "Evaluating an Amazon Personalize solution version with metrics": do not compare metrics of
    versions that were trained on different data. So if the data has changed, lower metrics are only a warning, unless
    the template asks for more.
    """

    id_prefix = "gate"
    young_seconds = PROPAGATION_SECONDS

    def is_complete(self, event: Event, progress: Progress, now: float) -> Outcome:
        """Pass, or fail with a table of the metrics that are too low."""
        if event["RequestType"] == "Delete":
            return complete("nothing to delete")
        try:
            return self._judge(event)
        except SERVICE_ERRORS as error:
            if may_pass(error, now - progress.started):
                return waiting(error)
            raise verdict(error) or errors.metrics_unreadable(message(error)) from error

    def timed_out(self, event: Event, outcome: Outcome) -> Exception:
        """The service did not answer within the hour."""
        return errors.metrics_unreadable(f"{outcome.status} for {errors.duration(REQUEST_SECONDS)}")

    def _judge(self, event: Event) -> Outcome:
        properties = event["ResourceProperties"]
        arn = properties["SolutionVersionArn"]
        found = metrics(self._api, _VERSION, {"solutionVersionArn": arn})
        judged = [
            Judged(name, found.get(name), float(least), "minimum")
            for name, least in sorted(properties.get("Minimums", {}).items())
        ]
        warnings = [f"{row.metric} is not reported" for row in judged if row.found is None]
        if properties.get("CompareWithDeployed") == "true":
            compared, more = self._compare(properties, found)
            judged, warnings = judged + compared, warnings + more
        if any(row.is_below for row in judged):
            raise errors.below_minimums(last_part(arn), [row.row for row in judged])
        passed = f"passed, but {'; '.join(warnings)}" if warnings else "passed"
        return complete(passed, {"SolutionVersionArn": arn, "Verdict": passed})

    def _compare(self, properties: Mapping[str, Any], found: Mapping[str, float]) -> tuple[list[Judged], list[str]]:
        """Compare the version with those that serve now; with other data, lower metrics are warnings."""
        judged, warnings = list[Judged](), list[str]()
        candidate = self._version(properties["SolutionVersionArn"])
        for deployed in self._deployed(properties["SolutionArn"], candidate):
            rows = list(self._against(deployed, properties, found))
            below = [row for row in rows if row.is_below]
            may_warn = properties.get("FailOnOtherData") != "true"
            if below and may_warn and self._data_changed(deployed, candidate):
                warnings.append(f"it was trained on other data than {_id(deployed)}: {', '.join(map(str, below))}")
            else:
                judged += rows
        return judged, warnings

    def _against(
        self, deployed: Description, properties: Mapping[str, Any], found: Mapping[str, float]
    ) -> Iterator[Judged]:
        """Compare with a version that serves, metric by metric; what either does not report is left out."""
        tolerance = float(properties.get("Tolerance", _TOLERANCE))
        before = metrics(self._api, _VERSION, deployed)
        for name in properties.get("ComparedMetrics", _COMPARED):
            if name in before and name in found:
                least = round(before[name] * (1 - tolerance), METRIC_DECIMALS)
                why = f"{tolerance * 100:g}% below the {as_text(before[name])} of {_id(deployed)} is"
                yield Judged(name, found[name], least, why)

    def _version(self, arn: str) -> Description:
        return self._api.describe(_VERSION, arn) or {}

    def _deployed(self, solution_arn: str, candidate: Description) -> list[Description]:
        """The versions that campaigns of the solution serve now.

        Newer ones than the candidate do not count: then this is a rollback, which must not fail.
        """
        arns = {
            str((self._api.describe(_CAMPAIGN, summary["campaignArn"]) or {}).get("solutionVersionArn"))
            for summary in self._api.child_summaries(_CAMPAIGN, "solutionArn", solution_arn)
        }
        found = [self._version(arn) for arn in sorted(arns) if "/" in arn and not arn.endswith(LATEST)]
        return [one for one in found if one and one["creationDateTime"] < candidate["creationDateTime"]]

    def _data_changed(self, earlier: Description, later: Description) -> bool:
        """Whether an import into the dataset group ended between two trainings.

        Events recorded in between do not count: no operation shows them.
        """
        group = later["datasetGroupArn"]
        return any(
            job["status"] == ACTIVE
            and earlier["creationDateTime"] < job["lastUpdatedDateTime"] <= later["creationDateTime"]
            for dataset in self._api.child_summaries(_DATASET, "datasetGroupArn", group)
            for job in self._api.child_summaries(_IMPORT, "datasetArn", dataset["datasetArn"])
        )


def _id(version: Description) -> str:
    return f"version {last_part(version['solutionVersionArn'])}"
