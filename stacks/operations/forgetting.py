"""Forgetting users: a list of them in S3 starts a job that deletes what they have done.

Developer guide, "Deleting users and their data with a data deletion job": no job that uses the datasets may run at the
same time, which may be a day; after it, a new version is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from aws_cdk import Duration
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from ..folders import DELETIONS
from ..personalize import findings
from ..settings import Settings
from .deployments import after_deployments, let_look_at_stacks
from .jobs import tagging, tags, unique
from .one_at_a_time import let_list, one_at_a_time
from .refresh_functions import personalize_arn
from .rules import MachineRule, new_objects
from .states import States, call, choose, fail, jsonata, note, succeed, tell, wait_for
from .workflow import Workflow, let_tell

# "It can take up to a day", and as long until what began earlier has ended.
_LONGEST = Duration.hours(48)


class Forgetting(Construct):
    """A state machine that a list of users starts.

    Attributes:
        workflow: the state machine.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Settings,
        parameter: Callable[[str], str],
        refresh: Workflow,
        others: Mapping[str, str],
        trains: bool,
        undelivered: sqs.Queue,
        stack_names: Sequence[str],
        log_retention: logs.RetentionDays,
    ) -> None:
        """Declare the machine and the rule that starts it.

        Args:
            scope: parent construct.
            id: construct id.
            settings: the environment's settings.
            parameter: value of what another stack publishes under a name.
            refresh: what trains afterwards.
            others: ARNs of the machines whose earlier executions it waits for, by what stands for them; `Refresh` is
                among them.
            trains: whether a refresh follows that trains.
            undelivered: keeps events that did not start it.
            stack_names: of the app; while one of them changes, it waits.
            log_retention: how long its log keeps its events.
        """
        super().__init__(scope, id)
        self._settings = settings
        self._trains = trains
        self._stack_names = stack_names
        self._group_arn = parameter("dataset_group_arn")
        self._role_arn = parameter("service_role_arn")
        self._jobs = personalize_arn(self, "data-deletion-job", f"{settings.prefix}_forget-")
        self.workflow = Workflow(
            self,
            "Machine",
            name=f"{settings.prefix}-forget-users",
            definition={
                "Comment": "Deletes what the users of a list have done.",
                "StartAt": "Read the input",
                "States": self._states(list(others)),
            },
            substitutions={
                "App": settings.app_name,
                "Environment": settings.env,
                "DatasetGroup": self._group_arn,
                "ServiceRole": self._role_arn,
                "Jobs": self._jobs,
                **others,
            },
            log_retention=log_retention,
            max_duration=_LONGEST,
        )
        self._allow_calls(refresh, others)
        MachineRule(
            self,
            "Lists",
            description="A list of users starts the deletion of what they have done",
            pattern=new_objects(parameter("bucket_name"), [DELETIONS]),
            workflow=self.workflow,
            undelivered=undelivered,
        )

    # -- states --------------------------------------------------------------------------------------------

    def _states(self, others: Sequence[str]) -> States:
        return {
            **self._beginning(),
            **one_at_a_time(following="Look for deployments", others=others),
            **after_deployments(self._stack_names, following="Delete the users"),
            **self._deletion(),
            **self._end(),
        }

    def _beginning(self) -> States:
        """Read which list it is: from the event of S3, or from the input of whoever starts it by hand."""
        return {
            "Read the input": note(
                comment="Where the list is.",
                following="Is it a list of users?",
                Assign={
                    "location": jsonata(
                        "$exists($states.input.location) ? $states.input.location : "
                        "'s3://' & $states.input.detail.bucket.name & '/' & $states.input.detail.object.key"
                    ),
                    "job_name": jsonata(f"'{self._settings.prefix}_forget-' & {unique(self._settings.prefix)}"),
                    "job_arn": jsonata(f"'${{Jobs}}' & {unique(self._settings.prefix)}"),
                },
            ),
            "Is it a list of users?": choose(
                ("$substring($location, -1) = '/'", "It is a folder"),
                ("$lowercase($substring($location, -4)) != '.csv'", "The list is no CSV file"),
                comment="What stands for a folder is none.",
                otherwise="Wait until all are listed",
            ),
            "It is a folder": succeed(comment="Nothing to do.", output={"deleted": 0}),
            "The list is no CSV file": fail(
                comment="The service reads files with this extension only.",
                error="ForgetUsers.WrongInput",
                cause=jsonata("$location & ' must end in .csv and have the one column USER_ID: upload it again so.'"),
            ),
        }

    def _deletion(self) -> States:
        return {
            "Delete the users": call(
                "personalize",
                "createDataDeletionJob",
                {
                    "JobName": jsonata("$job_name"),
                    "DatasetGroupArn": "${DatasetGroup}",
                    "DataSource": {"DataLocation": jsonata("$location")},
                    "RoleArn": "${ServiceRole}",
                    **tags(self._settings),
                },
                waits=True,
                comment="The job is named after the execution, so that a second try finds it.",
                following="Wait for the deletion",
                Output={},
                Catch=[
                    {
                        "ErrorEquals": ["Personalize.ResourceAlreadyExistsException"],
                        "Output": {},
                        "Next": "Wait for the deletion",
                    }
                ],
            ),
            **wait_for(
                "the deletion",
                "describeDataDeletionJob",
                {"DataDeletionJobArn": jsonata("$job_arn")},
                status="DataDeletionJob.Status",
                reason="DataDeletionJob.FailureReason",
                more={"deleted": "DataDeletionJob.NumDeleted"},
                done="$states.input.status = 'COMPLETED'",
                failed=("FAILED",),
                following="Users forgotten",
            ),
        }

    def _end(self) -> States:
        trains = "true" if self._trains else "false"
        output = jsonata("{'location': $location, 'job_arn': $job_arn, 'deleted': $states.input.deleted}")
        members = {"location": "$location", "job_arn": "$job_arn", "deleted": "$states.input.deleted", "trains": trains}
        following = "Train without them" if self._trains else "Done"
        return {
            "Users forgotten": tell("Users Forgotten", members, following=following, Output=output),
            **({"Train without them": self._training()} if self._trains else {}),
            "Done": succeed(comment="What has been deleted.", output=jsonata("$states.input")),
        }

    def _training(self) -> dict[str, object]:
        return call(
            "sfn",
            "startExecution",
            {
                "StateMachineArn": "${Refresh}",
                # Named alike, a second try starts no second one.
                "Name": jsonata(f"'forget-' & {unique(self._settings.prefix)}"),
                "Input": jsonata("$string({'reason': 'users forgotten', 'train': 'always'})"),
            },
            comment="Until another version serves, the campaign's has learned from them.",
            following="Done",
            Output=jsonata("$states.input"),
        )

    # -- permissions ---------------------------------------------------------------------------------------

    def _allow_calls(self, refresh: Workflow, others: Mapping[str, str]) -> None:
        workflow, jobs = self.workflow, f"{self._jobs}*"
        let_list(workflow, others.values())
        let_look_at_stacks(workflow, self._stack_names)
        let_tell(workflow)
        workflow.allow(["personalize:CreateDataDeletionJob"], [jobs, self._group_arn])
        workflow.allow(["personalize:DescribeDataDeletionJob", *tagging(self._settings)], [jobs])
        workflow.allow_pass_role(self._role_arn)
        if self._trains:
            workflow.allow(["states:StartExecution"], [refresh.arn])
        findings.acknowledge_wildcards(
            workflow.role, "Jobs are named after the executions that start them.", resources=[jobs]
        )
