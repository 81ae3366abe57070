"""The refresh: imports what is new, trains, judges, and lets the campaign serve what passed.

The machine makes the calls; two functions say what is due and whether a version may serve, one publishes what serves
then. Nothing is caught that fails: the execution fails there, a redrive goes on there, and one rule tells of it.
Every step may be done again: jobs and versions are named after what they do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from ..outputs import pascal
from ..personalize import findings
from ..settings import RankingSettings, Settings
from ..settings_operations import OperationsSettings
from .deployments import let_look_at_stacks
from .functions import OperationsFunction
from .gathering import Gathering
from .jobs import tagging
from .one_at_a_time import let_list
from .refresh_functions import LISTS, add_find_new_data, add_judge, personalize_arn
from .refresh_states import RefreshStates
from .roles import allow, let_put_metrics
from .schedules import Schedules
from .watched import metrics_namespace
from .workflow import Workflow, let_tell

# Besides one import and one training: waiting for another refresh or a deployment, and for more imports.
_BESIDES = Duration.hours(24)


class Refresh(Construct):
    """The state machine of the refresh, its functions and its schedules.

    Attributes:
        workflow: the state machine.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Settings,
        operations: OperationsSettings,
        parameter: Callable[[str], str],
        schedules: Schedules,
        observe: OperationsFunction,
        others: Mapping[str, str],
        undelivered: sqs.Queue,
        stack_names: Sequence[str],
        log_retention: logs.RetentionDays,
    ) -> None:
        """Declare the refresh.

        Args:
            scope: parent construct.
            id: construct id.
            settings: the environment's settings.
            operations: their section of that name.
            parameter: value of what another stack publishes under a name.
            schedules: where its schedules go.
            observe: the function that publishes what serves.
            others: ARNs of machines whose earlier executions a refresh waits for, by what stands for them.
            undelivered: keeps events of new files that started nothing.
            stack_names: of the app; while one of them changes, a refresh waits.
            log_retention: how long logs keep their events.
        """
        super().__init__(scope, id)
        self._settings = settings
        self._operations = operations
        self._parameter = parameter
        self._log_retention = log_retention
        self._stack_names = stack_names
        self._others = others
        self._dataset_arns = {kind: parameter(f"{kind.lower()}_dataset_arn") for kind in settings.refreshed}
        self._functions = {"FindNewData": self._add_find_new_data(), "Observe": observe}
        if settings.ranking:
            self._functions["Judge"] = add_judge(self, settings.ranking, parameter, log_retention)
        self.workflow = Workflow(
            self,
            "Machine",
            name=f"{settings.prefix}-refresh",
            definition={
                "Comment": "Imports what is new, trains, judges, and lets the campaign serve what passed.",
                "StartAt": RefreshStates.first,
                "States": RefreshStates(settings, self._operations, stack_names, list(others)).all(),
            },
            substitutions=self._substitutions(),
            log_retention=log_retention,
            max_duration=self._max_duration(),
        )
        self._allow_calls()
        self._add_schedules(schedules)
        self._add_gathering(undelivered)

    # -- what stands for what ------------------------------------------------------------------------------

    def _location(self, kind: str) -> str:
        """Where a dataset's new data is; a folder of the app's bucket if nobody names another place."""
        bucket, key = self._place(kind)
        return f"s3://{bucket}/{key}"

    def _substitutions(self) -> dict[str, str]:
        datasets = {f"{kind.capitalize()}Dataset": arn for kind, arn in self._dataset_arns.items()}
        locations = {f"{kind.capitalize()}Location": self._location(kind) for kind in self._settings.refreshed}
        ranking = (
            {"Solution": self._parameter("rerank_solution_arn"), "Campaign": self._parameter("rerank_campaign_arn")}
            if self._settings.ranking
            else {}
        )
        return {
            "App": self._settings.app_name,
            "Environment": self._settings.env,
            "ServiceRole": self._parameter("service_role_arn"),
            **self._others,
            **{name: function.arn for name, function in self._functions.items()},
            **datasets,
            **locations,
            **ranking,
        }

    def _max_duration(self) -> Duration:
        waits = self._settings.max_wait
        return Duration.seconds(waits.imports + waits.trainings + int(_BESIDES.to_seconds()))

    # -- permissions ---------------------------------------------------------------------------------------

    def _allow_calls(self) -> None:
        """Let the machine make the calls of its states, on what they are made on, and no others."""
        workflow, prefix = self.workflow, self._settings.prefix
        let_list(workflow, self._others.values())
        let_look_at_stacks(workflow, self._stack_names)
        workflow.allow(["lambda:InvokeFunction"], [function.arn for function in self._functions.values()])
        let_tell(workflow)
        jobs = personalize_arn(self, "dataset-import-job", f"{prefix}_refresh-*")
        workflow.allow(["personalize:CreateDatasetImportJob"], [jobs, *self._dataset_arns.values()])
        workflow.allow(["personalize:DescribeDatasetImportJob", *tagging(self._settings)], [jobs])
        workflow.allow_pass_role(self._parameter("service_role_arn"))
        findings.acknowledge_wildcards(
            workflow.role, "Import jobs are named after the files that they import.", resources=[jobs]
        )
        if self._settings.ranking:
            self._allow_training(self._settings.ranking)

    def _allow_training(self, ranking: RankingSettings) -> None:
        workflow, solution = self.workflow, self._parameter("rerank_solution_arn")
        workflow.allow(["personalize:CreateSolutionVersion", *tagging(self._settings)], [solution])
        workflow.allow(["personalize:DescribeSolutionVersion"], [f"{solution}/*"])
        workflow.allow(["personalize:ListSolutionVersions"], ["*"], sid=LISTS)
        let_put_metrics(workflow, metrics_namespace(self._settings))
        if not ranking.campaign.follow_latest:
            campaign = self._parameter("rerank_campaign_arn")
            workflow.allow(["personalize:DescribeCampaign", "personalize:UpdateCampaign"], [campaign])
        findings.acknowledge_wildcards(
            workflow.role, "Versions of the one solution; the service generates their ids.", resources=[f"{solution}/*"]
        )

    def _add_find_new_data(self) -> OperationsFunction:
        solution = self._parameter("rerank_solution_arn") if self._settings.ranking else None
        return add_find_new_data(self, self._places(), solution, self._log_retention)

    def _places(self) -> dict[str, list[str]]:
        """By bucket, the keys with which new data begins."""
        found: dict[str, list[str]] = {}
        for kind in self._settings.refreshed:
            bucket, key = self._place(kind)
            found.setdefault(bucket, []).append(key)
        return found

    def _place(self, kind: str) -> tuple[str, str]:
        """Bucket and key of a dataset's new data."""
        refreshed = self._settings.refreshed[kind]
        if refreshed.location is None:
            return self._parameter("bucket_name"), refreshed.folder
        bucket, _, key = refreshed.location.removeprefix("s3://").partition("/")
        return bucket, key

    # -- what starts it ------------------------------------------------------------------------------------

    def _add_schedules(self, schedules: Schedules) -> None:
        wanted = self._operations.refresh.schedules
        if not wanted:
            return
        role = schedules.role("RefreshRole", "Starts the refresh")
        allow(role, ["states:StartExecution"], [self.workflow.arn])
        for name, one in wanted.items():
            schedules.add(
                f"Refresh{pascal(name)}",
                name=f"refresh-{name}",
                at=one.at,
                target_arn=self.workflow.arn,
                role=role,
                input=refresh_input(f"schedule {name}", one.train or self._operations.refresh.train, one.datasets),
                description=f"Starts the refresh: {name}",
            )

    def _add_gathering(self, undelivered: sqs.Queue) -> None:
        wanted = self._operations.refresh
        if wanted.on_new_files is None:
            return
        Gathering(
            self,
            "Gathering",
            name=f"{self._settings.prefix}-gather",
            refresh=self.workflow,
            refresh_input=refresh_input("new files", wanted.when_files_come.train or wanted.train),
            minutes=wanted.on_new_files,
            prefixes=self._places(),
            undelivered=undelivered,
            log_retention=self._log_retention,
        )


def refresh_input(reason: str, train: str, datasets: Sequence[str] | None = None) -> dict[str, Any]:
    """What starts a refresh.

    Args:
        reason: why, for people.
        train: never, if-new or always.
        datasets: by their names in the settings; None: all that are refreshed.
    """
    return {
        "reason": reason,
        "train": train,
        **({"datasets": [name.upper() for name in datasets]} if datasets else {}),
    }
