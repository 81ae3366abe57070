"""The quality gate: judges whether a solution version is good enough to serve.

A deployment asks it by Custom::PersonalizeQualityGate, a refresh by `judge`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from . import errors
from .api import Api
from .describe import METRIC_DECIMALS, as_text
from .describe import metrics as metrics_of
from .errors import ProviderError
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


@dataclass(frozen=True)
class Judgement:
    """What the gate says about a solution version.

    Attributes:
        version_arn: the version.
        metrics: all that the service reports of it, by the service's names.
        judged: its metrics with their bounds.
        warnings: what did not count, each as a clause of a sentence.
    """

    version_arn: str
    metrics: Mapping[str, float]
    judged: tuple[Judged, ...]
    warnings: tuple[str, ...]

    @property
    def passes(self) -> bool:
        """Whether the version may serve."""
        return not any(row.is_below for row in self.judged)

    @property
    def refusal(self) -> ProviderError:
        """The error of a deployment whose version does not pass, with a table of its metrics."""
        return errors.below_minimums(last_part(self.version_arn), [row.row for row in self.judged])

    @property
    def text(self) -> str:
        """The verdict as users read it."""
        if not self.passes:
            return str(self.refusal)
        return f"passed, but {'; '.join(self.warnings)}" if self.warnings else "passed"


def judge(api: Api, properties: Mapping[str, Any]) -> Judgement:
    """Compare the metrics of a solution version with minimums, and with those of the version that serves now.

    Developer guide, "Evaluating an Amazon Personalize solution version with metrics": do not compare metrics of
    versions that were trained on different data. So if the data has changed, lower metrics are only a warning, unless
    the properties ask for more.

    Args:
        api: what to ask; nothing is changed.
        properties: those of Custom::PersonalizeQualityGate. SolutionVersionArn is required; CompareWithDeployed also
            requires SolutionArn.

    Raises:
        ServiceError: the service did not answer.
    """
    return _Judge(api, properties).judge()


class QualityGate(WithoutResource):
    """The custom resource that stops a deployment whose solution version is too poor to serve."""

    id_prefix = "gate"
    young_seconds = PROPAGATION_SECONDS

    def is_complete(self, event: Event, progress: Progress, now: float) -> Outcome:
        """Pass, or fail with a table of the metrics that are too low."""
        if event["RequestType"] == "Delete":
            return complete("nothing to delete")
        try:
            judgement = judge(self._api, event["ResourceProperties"])
        except SERVICE_ERRORS as error:
            if may_pass(error, now - progress.started):
                return waiting(error)
            raise verdict(error) or errors.metrics_unreadable(message(error)) from error
        if not judgement.passes:
            raise judgement.refusal
        return complete(judgement.text, {"SolutionVersionArn": judgement.version_arn, "Verdict": judgement.text})

    def timed_out(self, event: Event, outcome: Outcome) -> Exception:
        """The service did not answer within the hour."""
        return errors.metrics_unreadable(f"{outcome.status} for {errors.duration(REQUEST_SECONDS)}")


class _Judge:
    """Judges by the properties of a gate. Only reads."""

    def __init__(self, api: Api, properties: Mapping[str, Any]) -> None:
        self._api = api
        self._properties = properties

    def judge(self) -> Judgement:
        properties = self._properties
        arn = properties["SolutionVersionArn"]
        found = metrics_of(self._api, _VERSION, {"solutionVersionArn": arn})
        judged = [
            Judged(name, found.get(name), float(least), "minimum")
            for name, least in sorted(properties.get("Minimums", {}).items())
        ]
        warnings = [f"{row.metric} is not reported" for row in judged if row.found is None]
        if properties.get("CompareWithDeployed") == "true":
            compared, more = self._compare(found)
            judged, warnings = judged + compared, warnings + more
        return Judgement(arn, found, tuple(judged), tuple(warnings))

    def _compare(self, found: Mapping[str, float]) -> tuple[list[Judged], list[str]]:
        """Compare the version with those that serve now; with other data, lower metrics are warnings."""
        properties = self._properties
        judged, warnings = list[Judged](), list[str]()
        candidate = self._version(properties["SolutionVersionArn"])
        for deployed in self._deployed(properties["SolutionArn"], candidate):
            rows = list(self._against(deployed, found))
            below = [row for row in rows if row.is_below]
            may_warn = properties.get("FailOnOtherData") != "true"
            if below and may_warn and self._data_changed(deployed, candidate):
                warnings.append(f"it was trained on other data than {_id(deployed)}: {', '.join(map(str, below))}")
            else:
                judged += rows
        return judged, warnings

    def _against(self, deployed: Description, found: Mapping[str, float]) -> Iterator[Judged]:
        """Compare with a version that serves, metric by metric; what either does not report is left out."""
        tolerance = float(self._properties.get("Tolerance", _TOLERANCE))
        before = metrics_of(self._api, _VERSION, deployed)
        for name in self._properties.get("ComparedMetrics", _COMPARED):
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
