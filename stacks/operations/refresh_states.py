"""The states of the refresh: what it does, in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..personalize import quality_gate_properties
from ..settings import RankingSettings, Settings
from ..settings_operations import OperationsSettings
from .deployments import after_deployments
from .jobs import tags
from .one_at_a_time import one_at_a_time
from .states import States, call, choose, each, fail, invoke, jsonata, note, succeed, tell, wait, wait_for
from .watched import RERANK, metrics_namespace

# Every dataset at once: five imports may be pending in a region (developer guide, "Amazon Personalize endpoints and
# quotas"), and a deployment may need one too.
_DATASETS_AT_ONCE = 3
_MINUTE = 60
_MOST_LISTED = 100


class RefreshStates:
    """The states of an environment's refresh.

    Attributes:
        first: name of the state that it begins with.
    """

    first = "Read the input"

    def __init__(
        self, settings: Settings, operations: OperationsSettings, stack_names: Sequence[str], others: Sequence[str] = ()
    ) -> None:
        """Describe the refresh of an environment.

        Args:
            settings: the environment's settings.
            operations: their section of that name.
            stack_names: of the app; while one of them changes, a refresh waits.
            others: substitutions of machines whose earlier executions a refresh waits for.
        """
        self._others = others
        self._settings = settings
        self._operations = operations
        self._stack_names = stack_names

    def all(self) -> States:
        """All of them."""
        return {
            **self._beginning(),
            **self._imports(),
            **(self._training(self._settings.ranking) if self._settings.ranking else {}),
            **self._end(),
        }

    def _beginning(self) -> States:
        """Read the input, and wait until nothing else is under way."""
        return {
            "Read the input": note(
                comment="What is asked for; what the input does not say is as the settings have it.",
                following="Is the input right?",
                Assign={
                    "known": [self._dataset(kind) for kind in self._settings.refreshed],
                    "asked": jsonata(
                        "$exists($states.input.datasets) ? [$map($states.input.datasets, function($name) "
                        f"{{ $uppercase($string($name)) }})] : {list(self._settings.refreshed)}"
                    ),
                    "train": jsonata(
                        f"$exists($states.input.train) ? $states.input.train : '{self._operations.refresh.train}'"
                    ),
                    "training_mode": jsonata(
                        "$exists($states.input.training_mode) ? $states.input.training_mode : 'FULL'"
                    ),
                    "cause": jsonata("$exists($states.input.reason) ? $states.input.reason : 'by hand'"),
                    "version": "",
                    "judgement": {"verdict": "none", "text": "No version was trained."},
                },
            ),
            "Is the input right?": choose(
                ("$count($asked[$not($ in $known.type)]) > 0", "The datasets are unknown"),
                ("$not($train in ['never', 'if-new', 'always'])", "The training is unknown"),
                ("$not($training_mode in ['FULL', 'UPDATE'])", "The mode is unknown"),
                comment="Wrong input is refused before anything is done.",
                otherwise="Wait until all are listed",
            ),
            "The datasets are unknown": fail(
                comment="The input names a dataset that is not refreshed.",
                error="Refresh.WrongInput",
                cause=jsonata(
                    "'datasets: ' & $join($asked[$not($ in $known.type)], ', ') & ' cannot be refreshed. Use ' & "
                    "$join($known.type, ', ') & '.'"
                ),
            ),
            "The training is unknown": fail(
                comment="The input names no way to train.",
                error="Refresh.WrongInput",
                cause=jsonata("'train: ' & $string($train) & ' is not known. Use never, if-new or always.'"),
            ),
            "The mode is unknown": fail(
                comment="The input names no training mode.",
                error="Refresh.WrongInput",
                cause=jsonata("'training_mode: ' & $string($training_mode) & ' is not known. Use FULL or UPDATE.'"),
            ),
            **one_at_a_time(following="Look for deployments", others=self._others),
            **after_deployments(self._stack_names, following="Refresh started"),
            "Refresh started": tell(
                "Refresh Started",
                {"reason": "$cause", "datasets": "$asked", "train": "$train"},
                following="Find new data",
            ),
            "Find new data": invoke(
                "FindNewData",
                {
                    "datasets": jsonata("[$known[type in $asked]]"),
                    "job_prefix": f"{self._settings.prefix}_refresh",
                    "train": jsonata("$train"),
                    "solution_arn": "${Solution}" if self._settings.ranking else None,
                    "events_count": self._settings.event_tracker is not None,
                },
                comment="Compares what is in S3 with what has been imported, and with what the last version knows.",
                following="Is anything to be imported?",
                Assign={"found": jsonata("$states.result.Payload")},
            ),
            "Is anything to be imported?": choose(
                ("$found.busy", "Wait for the other import"),
                ("$count($found.imports) > 0", "Import"),
                comment="A dataset that is up to date is left alone.",
                otherwise=self._after_imports,
            ),
            "Wait for the other import": wait(
                _MINUTE,
                comment="A full import replaces everything when it ends: what is due is known after it.",
                following="Find new data",
            ),
        }

    def _imports(self) -> States:
        """Import into the datasets side by side, into each of them one file after the other."""
        return {
            "Import": each(
                jsonata("$found.imports"),
                {
                    "Import into the dataset": each(
                        jsonata("$states.input.jobs"),
                        self._one_import(),
                        comment="One file after the other: a dataset takes one import at a time.",
                        at_once=1,
                        item={
                            "type": jsonata("$states.input.type"),
                            "dataset_arn": jsonata("$states.input.dataset_arn"),
                            "job": jsonata("$states.context.Map.Item.Value"),
                        },
                        Output=jsonata("$states.input.type"),
                    )
                },
                comment="The datasets side by side.",
                at_once=_DATASETS_AT_ONCE,
                following=self._after_imports,
            )
        }

    def _one_import(self) -> States:
        item = jsonata("$states.input")
        return {
            "Start the import": call(
                "personalize",
                "createDatasetImportJob",
                {
                    "JobName": jsonata("$states.input.job.job_name"),
                    "DatasetArn": jsonata("$states.input.dataset_arn"),
                    "DataSource": {"DataLocation": jsonata("$states.input.job.location")},
                    "RoleArn": "${ServiceRole}",
                    "ImportMode": jsonata("$states.input.job.import_mode"),
                    **self._reports(),
                    **tags(self._settings),
                },
                comment="The job is named after its files, so that a second try finds it.",
                waits=True,
                following="Wait for the import",
                Output=item,
                Catch=[
                    {
                        "ErrorEquals": ["Personalize.ResourceAlreadyExistsException"],
                        "Output": item,
                        "Next": "Wait for the import",
                    }
                ],
            ),
            **wait_for(
                "the import",
                "describeDatasetImportJob",
                {"DatasetImportJobArn": jsonata("$states.input.job.job_arn")},
                status="DatasetImportJob.Status",
                reason="DatasetImportJob.FailureReason",
                following="Data imported",
            ),
            "Data imported": tell(
                "Data Imported",
                {
                    "dataset_type": "$states.input.type",
                    "location": "$states.input.job.location",
                    "import_mode": "$states.input.job.import_mode",
                    "job_arn": "$states.input.job.job_arn",
                },
                Output=jsonata("$states.input.job.job_arn"),
            ),
        }

    def _training(self, ranking: RankingSettings) -> States:
        version = {"SolutionVersionArn": jsonata("$version")}
        judging = {
            "solution_arn": "${Solution}",
            "solution_version_arn": jsonata("$version"),
            "campaign_arn": "${Campaign}",
            "gate": gate(ranking),
        }
        judged = {"judgement": jsonata("$states.result.Payload")}
        return {
            "Is a training due?": choose(
                ("$found.training_due", "Train"),
                comment="If the last version knows all data, it goes on serving.",
                otherwise="Observe",
            ),
            "Train": call(
                "personalize",
                "createSolutionVersion",
                {
                    "Name": jsonata(
                        f"'{self._settings.prefix}_refresh-' & $string($toMillis($states.context.Execution.StartTime))"
                    ),
                    "SolutionArn": "${Solution}",
                    "TrainingMode": jsonata("$training_mode"),
                    **tags(self._settings),
                },
                comment="The version is named after the execution, so that a second try trains no second one.",
                waits=True,
                following="Wait for the training",
                Assign={"version": jsonata("$states.result.SolutionVersionArn")},
                Catch=[
                    {
                        "ErrorEquals": ["Personalize.ResourceAlreadyExistsException"],
                        "Next": "Find the version",
                    }
                ],
            ),
            "Find the version": call(
                "personalize",
                "listSolutionVersions",
                {"SolutionArn": "${Solution}", "MaxResults": _MOST_LISTED},
                comment="An earlier try has begun it, and its answer was lost: the newest one, as lists have no names.",
                following="Wait for the training",
                Assign={
                    "version": jsonata(
                        "$sort($states.result.SolutionVersions, function($a, $b) { $toMillis($a.CreationDateTime) < "
                        "$toMillis($b.CreationDateTime) })[0].SolutionVersionArn"
                    )
                },
            ),
            **wait_for(
                "the training",
                "describeSolutionVersion",
                version,
                status="SolutionVersion.Status",
                reason="SolutionVersion.FailureReason",
                following="Judge",
            ),
            "Judge": invoke(
                "Judge",
                judging,
                comment="The quality gate of deployments, with the same code.",
                following="Are there metrics?",
                Assign=judged,
            ),
            "Are there metrics?": choose(
                ("$count($keys($judgement.metrics)) > 0", "Keep the metrics"),
                comment="The service may leave metrics out.",
                otherwise="Version trained",
            ),
            "Keep the metrics": call(
                "cloudwatch",
                "putMetricData",
                {
                    "Namespace": metrics_namespace(self._settings),
                    "MetricData": jsonata(
                        "[$each($judgement.metrics, function($value, $name) { {'MetricName': $name, 'Value': $value, "
                        f"'Dimensions': [{{'Name': 'Solution', 'Value': '{RERANK}'}}]}} }})]"
                    ),
                },
                comment="Of every version that is evaluated, so that quality over time is a graph.",
                following="Version trained",
            ),
            "Version trained": tell(
                "Version Trained",
                {
                    "solution_version_arn": "$version",
                    "verdict": "$judgement.verdict",
                    "text": "$judgement.text",
                    "metrics": "$judgement.metrics",
                },
                following="Observe" if ranking.campaign.follow_latest else "May it serve?",
            ),
            **({} if ranking.campaign.follow_latest else self._moving(judging, judged)),
        }

    def _moving(self, judging: Mapping[str, Any], judged: Mapping[str, Any]) -> States:
        """Let the campaign serve the version that has passed."""
        return {
            "May it serve?": choose(
                ("$judgement.verdict = 'passed' and $judgement.serving != $version", "Move the campaign"),
                ("$judgement.verdict = 'passed'", "Version deployed"),
                comment="Refused or overtaken: the campaign stays with what it serves.",
                otherwise="Observe",
            ),
            "Move the campaign": call(
                "personalize",
                "updateCampaign",
                {"CampaignArn": "${Campaign}", "SolutionVersionArn": jsonata("$version")},
                comment="The version only: throughput and configuration stay as a deployment or a schedule left them.",
                following="Wait for the campaign",
                Catch=[
                    {
                        "ErrorEquals": ["Personalize.ResourceInUseException"],
                        "Next": "Wait for another update",
                    }
                ],
            ),
            "Wait for another update": wait(
                _MINUTE,
                comment="Somebody else changes the campaign; it may serve a newer version afterwards.",
                following="Judge again",
            ),
            "Judge again": invoke(
                "Judge",
                judging,
                comment="Whether the version may still serve.",
                following="May it serve?",
                Assign=judged,
            ),
            **wait_for(
                "the campaign",
                "describeCampaign",
                {"CampaignArn": "${Campaign}"},
                status="Campaign.LatestCampaignUpdate.Status",
                reason="Campaign.LatestCampaignUpdate.FailureReason",
                more={"serves": "Campaign.SolutionVersionArn"},
                done="$states.input.serves = $version and $states.input.status = 'ACTIVE'",
                following="Version deployed",
            ),
            "Version deployed": tell(
                "Version Deployed",
                {"solution_version_arn": "$version", "metrics": "$judgement.metrics"},
                following="Observe",
            ),
        }

    def _end(self) -> States:
        return {
            "Observe": invoke(
                "Observe",
                {},
                comment="Publishes what serves now: parameters and metrics.",
                following="Refresh finished",
            ),
            "Refresh finished": tell(
                "Refresh Finished",
                {
                    "imported": "[$found.imports.type]",
                    "trained": "$version != ''",
                    "solution_version_arn": "$version",
                    "verdict": "$judgement.verdict",
                    "text": "$judgement.text",
                    "why": "$found.why",
                },
                following="Done",
            ),
            "Done": succeed(
                comment="A version that the quality gate refuses is no failure.",
                output={
                    "imported": jsonata("[$found.imports.type]"),
                    "solution_version_arn": jsonata("$version"),
                    "verdict": jsonata("$judgement.verdict"),
                    "text": jsonata("$judgement.text"),
                    "why": jsonata("$found.why"),
                },
            ),
        }

    @property
    def _after_imports(self) -> str:
        return "Is a training due?" if self._settings.ranking else "Observe"

    def _dataset(self, kind: str) -> dict[str, str]:
        """A dataset as FindNewData takes it."""
        return {
            "type": kind,
            "dataset_arn": f"${{{kind.capitalize()}Dataset}}",
            "location": f"${{{kind.capitalize()}Location}}",
            "import_mode": self._settings.refreshed[kind].import_mode,
        }

    def _reports(self) -> dict[str, Any]:
        """Imports of interactions are reported on, as those of deployments are."""
        if not self._settings.publishes_reports:
            return {}
        return {"PublishAttributionMetricsToS3": jsonata("$states.input.type = 'INTERACTIONS'")}


def gate(ranking: RankingSettings) -> dict[str, Any]:
    """What a version must reach to serve: the properties of the gate as CloudFormation hands them on, bools as text."""
    settings = ranking.quality_gate
    properties = quality_gate_properties(
        minimums=settings.minimums,
        compare_with_deployed=settings.compare_with_deployed,
        tolerance=settings.tolerance,
        compared_metrics=settings.compared_metrics,
        fail_on_other_data=settings.fail_on_other_data,
    )
    return {name: str(value).lower() if isinstance(value, bool) else value for name, value in properties.items()}
