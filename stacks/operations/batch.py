"""Batch jobs: answers for all lines of a file, by the version that serves, written to S3.

Developer guide, "Getting batch item recommendations with custom resources" and "Getting batch user segments with custom
resources".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from ..folders import batch_folder
from ..outputs import pascal
from ..personalize import findings
from ..settings import Settings
from ..settings_batch import BatchSettings
from .jobs import tagging, tags, unique
from .one_at_a_time import let_list, one_at_a_time
from .refresh_functions import personalize_arn
from .roles import allow
from .rules import MachineRule
from .schedules import Schedules
from .states import EVENT_SOURCE, States, call, choose, each, fail, jsonata, note, succeed, tell, wait_for
from .workflow import Workflow, let_tell

# Five may be pending or in progress in a region (developer guide, "Amazon Personalize endpoints and quotas").
_AT_ONCE = 2
# For all jobs of an execution; how long one takes, the guide does not say.
_LONGEST = Duration.hours(40)
_FILTERED = " with a filter"
_INFERENCE, _SEGMENTS = "batch job", "segment job"


@dataclass(frozen=True)
class _Job:
    """A type of job.

    Attributes:
        operation: what follows Create and Describe.
        arn_type: as ARNs name it.
        substitution: what stands for the beginning of its ARNs.
    """

    operation: str
    arn_type: str
    substitution: str


_JOBS = {
    _INFERENCE: _Job("BatchInferenceJob", "batch-inference-job", "InferenceJobs"),
    _SEGMENTS: _Job("BatchSegmentJob", "batch-segment-job", "SegmentJobs"),
}


def _noun(one: BatchSettings) -> str:
    return _SEGMENTS if one.segments else _INFERENCE


def _kind(one: BatchSettings) -> str:
    return _noun(one) + (_FILTERED if one.filter else "")


class Batch(Construct):
    """A state machine that runs the batch jobs of the settings.

    Attributes:
        workflow: the state machine.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Settings,
        entries: Mapping[str, BatchSettings],
        parameter: Callable[[str], str],
        schedules: Schedules,
        others: Mapping[str, str],
        undelivered: sqs.Queue,
        log_retention: logs.RetentionDays,
    ) -> None:
        """Declare the machine and what starts it.

        Args:
            scope: parent construct.
            id: construct id.
            settings: the environment's settings.
            entries: the jobs by their names.
            parameter: value of what another stack publishes under a name.
            schedules: where its schedules go.
            others: ARNs of machines whose earlier executions it waits for, by what stands for them.
            undelivered: keeps events that did not start it.
            log_retention: how long its log keeps its events.
        """
        super().__init__(scope, id)
        self._settings = settings
        self._entries = entries
        self._others = others
        self._parameter = parameter
        self._follows = any(one.solution_version_arn is None for one in entries.values())
        self.workflow = Workflow(
            self,
            "Machine",
            name=f"{settings.prefix}-batch",
            definition={
                "Comment": "Writes answers for all lines of a file to S3.",
                "StartAt": "Read the input",
                "States": self._states(list(others)),
            },
            substitutions=self._substitutions(),
            log_retention=log_retention,
            max_duration=_LONGEST,
        )
        self._allow_calls(others)
        self._add_schedules(schedules)
        self._add_rule(undelivered)

    # -- states --------------------------------------------------------------------------------------------

    def _states(self, others: Sequence[str]) -> States:
        after_refresh = sorted(name for name, one in self._entries.items() if one.after_refresh)
        return {
            "Read the input": note(
                comment="Which jobs: those that are named, or those that follow a refresh.",
                following="Is the input right?",
                Assign={
                    "known": {name: self._entry(name, one) for name, one in self._entries.items()},
                    "asked": jsonata(f"$exists($states.input.name) ? [$states.input.name] : {after_refresh}"),
                    "is_needed": jsonata(
                        "$not($exists($states.input.detail)) or $count($states.input.detail.imported) > 0 "
                        "or $states.input.detail.verdict = 'passed'"
                    ),
                },
            ),
            "Is the input right?": choose(
                ("$count($asked[$not($ in $keys($known))]) > 0", "The job is unknown"),
                ("$not($is_needed) or $count($asked) = 0", "Nothing to do"),
                comment="After a refresh that has changed nothing, the answers would be the same.",
                otherwise="Wait until all are listed",
            ),
            "The job is unknown": fail(
                comment="The input names no job of the settings.",
                error="Batch.WrongInput",
                cause=jsonata(
                    "'name: ' & $string($asked[0]) & ' is not known. Use ' & $join($keys($known), ', ') & '.'"
                ),
            ),
            "Nothing to do": succeed(comment="Nothing has changed.", output={"jobs": []}),
            **one_at_a_time(following="Run the jobs", others=others),
            "Run the jobs": each(
                jsonata("$asked"),
                self._one_job(),
                comment="The jobs side by side.",
                at_once=_AT_ONCE,
                item={
                    "entry": jsonata("$lookup($known, $states.context.Map.Item.Value)"),
                    "job": jsonata(f"{unique(self._settings.prefix)} & '-' & $string($states.context.Map.Item.Index)"),
                },
                following="Done",
            ),
            "Done": succeed(comment="The jobs that have been run.", output={"jobs": jsonata("$states.input")}),
        }

    def _one_job(self) -> States:
        kinds = sorted({_kind(one) for one in self._entries.values()})
        rules = [(f"$states.input.entry.kind = '{kind}'", f"Start the {kind}") for kind in kinds]
        found: States = self._look_at_campaign() if self._follows else {}
        found["Which kind?"] = choose(*rules, comment="Each kind is a call of its own.", otherwise=rules[0][1])
        for kind in kinds:
            found |= self._start(kind)
        for noun in self._nouns:
            found |= self._wait(noun)
        return found

    def _look_at_campaign(self) -> States:
        version = "{'version': $states.result.Campaign.SolutionVersionArn}"
        return {
            "Is a version named?": choose(
                ("$states.input.entry.version != ''", "Which kind?"),
                comment="The version of the settings, or the one that serves.",
                otherwise="Look at the campaign",
            ),
            "Look at the campaign": call(
                "personalize",
                "describeCampaign",
                {"CampaignArn": "${Campaign}"},
                comment="The version that serves now.",
                following="Which kind?",
                Output=jsonata(f"$merge([$states.input, {{'entry': $merge([$states.input.entry, {version}])}}])"),
            ),
        }

    def _start(self, kind: str) -> States:
        noun = kind.removesuffix(_FILTERED)
        jobs = f"${{{_JOBS[noun].substitution}}}"
        item = jsonata(f"$merge([$states.input, {{'job_arn': '{jobs}' & $states.input.job}}])")
        filtered = {"FilterArn": jsonata("$states.input.entry.filter")} if kind.endswith(_FILTERED) else {}
        return {
            f"Start the {kind}": call(
                "personalize",
                f"create{_JOBS[noun].operation}",
                {
                    "JobName": jsonata(f"'{self._settings.prefix}_batch-' & $states.input.job"),
                    "SolutionVersionArn": jsonata("$states.input.entry.version"),
                    **filtered,
                    "NumResults": jsonata("$states.input.entry.num_results"),
                    "JobInput": {"S3DataSource": {"Path": jsonata("$states.input.entry.input")}},
                    "JobOutput": {"S3DataDestination": {"Path": jsonata("$states.input.entry.output")}},
                    "RoleArn": "${ServiceRole}",
                    **tags(self._settings),
                },
                waits=True,
                comment="The job is named after the execution, so that a second try finds it.",
                following=f"Wait for the {noun}",
                Output=item,
                Catch=[
                    {
                        "ErrorEquals": ["Personalize.ResourceAlreadyExistsException"],
                        "Output": item,
                        "Next": f"Wait for the {noun}",
                    }
                ],
            )
        }

    def _wait(self, noun: str) -> States:
        operation = _JOBS[noun].operation
        told = f"Tell of the {noun}"
        return {
            **wait_for(
                f"the {noun}",
                f"describe{operation}",
                {f"{operation}Arn": jsonata("$states.input.job_arn")},
                status=f"{operation}.Status",
                reason=f"{operation}.FailureReason",
                following=told,
            ),
            told: tell(
                "Batch Finished",
                {
                    "name": "$states.input.entry.name",
                    "job_arn": "$states.input.job_arn",
                    "output": "$states.input.entry.output",
                    "solution_version_arn": "$states.input.entry.version",
                },
                Output=jsonata("$states.input.job_arn"),
            ),
        }

    def _entry(self, name: str, one: BatchSettings) -> dict[str, Any]:
        bucket = "s3://${Bucket}/"
        return {
            "name": name,
            "kind": _kind(one),
            "version": one.solution_version_arn or "",
            "filter": f"${{Filter{pascal(one.filter)}}}" if one.filter else "",
            "num_results": one.num_results,
            "input": one.input or f"{bucket}{batch_folder(name)}input.json",
            "output": one.output or f"{bucket}{batch_folder(name)}output/",
        }

    def _substitutions(self) -> dict[str, str]:
        filters = {one.filter for one in self._entries.values() if one.filter}
        return {
            **self._others,
            "App": self._settings.app_name,
            "Environment": self._settings.env,
            "Bucket": self._parameter("bucket_name"),
            "ServiceRole": self._parameter("service_role_arn"),
            **({"Campaign": self._parameter("rerank_campaign_arn")} if self._follows else {}),
            **{f"Filter{pascal(name)}": self._parameter(f"filter_{name}_arn") for name in filters},
            **{_JOBS[noun].substitution: self._jobs(noun) for noun in self._nouns},
        }

    # -- permissions ---------------------------------------------------------------------------------------

    @property
    def _nouns(self) -> list[str]:
        return sorted({_noun(one) for one in self._entries.values()})

    def _jobs(self, noun: str) -> str:
        """Beginning of the ARNs of the jobs."""
        return personalize_arn(self, _JOBS[noun].arn_type, f"{self._settings.prefix}_batch-")

    def _allow_calls(self, others: Mapping[str, str]) -> None:
        workflow = self.workflow
        let_list(workflow, others.values())
        let_tell(workflow)
        for noun in self._nouns:
            operation, jobs = _JOBS[noun].operation, f"{self._jobs(noun)}*"
            workflow.allow([f"personalize:Describe{operation}", *tagging(self._settings)], [jobs])
            # Service authorization reference: inference is a permission on the solution, too.
            solutions = [] if noun == _SEGMENTS else self._solutions()
            workflow.allow([f"personalize:Create{operation}"], [jobs, *solutions])
            findings.acknowledge_wildcards(
                workflow.role, "Jobs are named after the executions that start them.", resources=[jobs]
            )
        if self._follows:
            workflow.allow(["personalize:DescribeCampaign"], [self._parameter("rerank_campaign_arn")])
        workflow.allow_pass_role(self._parameter("service_role_arn"))

    def _solutions(self) -> list[str]:
        """ARNs of the solutions whose versions answer."""
        versions = {one.solution_version_arn for one in self._entries.values() if not one.segments}
        named = sorted(version.rpartition("/")[0] for version in versions if version)
        return [*named, *([self._parameter("rerank_solution_arn")] if self._follows else [])]

    # -- what starts it ------------------------------------------------------------------------------------

    def _add_schedules(self, schedules: Schedules) -> None:
        timed = {name: one.at for name, one in self._entries.items() if one.at}
        if not timed:
            return
        role = schedules.role("BatchRole", "Starts batch jobs")
        allow(role, ["states:StartExecution"], [self.workflow.arn])
        for name, at in timed.items():
            schedules.add(
                f"Batch{pascal(name)}",
                name=f"batch-{name}",
                at=at,
                target_arn=self.workflow.arn,
                role=role,
                input={"name": name},
                description=f"Starts the batch job '{name}'",
            )

    def _add_rule(self, undelivered: sqs.Queue) -> None:
        if not any(one.after_refresh for one in self._entries.values()):
            return
        MachineRule(
            self,
            "RefreshFinished",
            description="Starts the batch jobs that follow a refresh",
            pattern={
                "source": [EVENT_SOURCE],
                "detail-type": ["Refresh Finished"],
                "detail": {"app": [self._settings.app_name], "environment": [self._settings.env]},
            },
            workflow=self.workflow,
            undelivered=undelivered,
        )
