"""Gathering: new files start one refresh together, however many they are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from .one_at_a_time import OWN_MACHINE, let_list, list_running, settle
from .rules import MachineRule, new_objects
from .states import States, call, choose, jsonata, succeed, wait
from .workflow import Workflow

# Besides gathering, all it does is two calls.
_BESIDES = Duration.minutes(15)
# Those that started before this one and still wait: they start a refresh that will find this file, too.
_OLDER = (
    "($all := $states.result.Executions; $id := $states.context.Execution.Id; $me := $all[ExecutionArn = $id]; "
    "$began := $toMillis($exists($me) ? $me.StartDate : $states.context.Execution.StartTime); "
    "$now := $toMillis($states.context.State.EnteredTime); $count($all[($toMillis(StartDate) < $began or "
    "($toMillis(StartDate) = $began and ExecutionArn < $id)) and $toMillis(StartDate) + {wait} > $now]))"
)


class Gathering(Construct):
    """A state machine that a new file starts: the first one waits for more, then starts the refresh.

    Attributes:
        workflow: the state machine.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        refresh: Workflow,
        refresh_input: Mapping[str, Any],
        minutes: int,
        prefixes: Mapping[str, Sequence[str]],
        undelivered: sqs.Queue,
        log_retention: logs.RetentionDays,
    ) -> None:
        """Declare the machine and the rules that start it.

        Args:
            scope: parent construct.
            id: construct id.
            name: of the state machine.
            refresh: what is started.
            refresh_input: what it gets.
            minutes: how long it waits for more files.
            prefixes: by name of the bucket, which must send its events to EventBridge, the beginnings of the keys.
            undelivered: keeps events that did not start it.
            log_retention: how long its log keeps its events.
        """
        super().__init__(scope, id)
        self.workflow = Workflow(
            self,
            "Machine",
            name=name,
            definition={
                "Comment": "New files start one refresh together.",
                "StartAt": "Wait until all are listed",
                "States": _states(refresh_input, minutes),
            },
            substitutions={"Refresh": refresh.arn},
            log_retention=log_retention,
            max_duration=Duration.minutes(minutes + int(_BESIDES.to_minutes())),
        )
        let_list(self.workflow)
        self.workflow.allow(["states:StartExecution"], [refresh.arn])
        self._add_rules(prefixes, undelivered)

    def _add_rules(self, prefixes: Mapping[str, Sequence[str]], undelivered: sqs.Queue) -> None:
        for number, (bucket_name, keys) in enumerate(prefixes.items()):
            MachineRule(
                self,
                f"NewFiles{number}",
                description="New files start the gathering",
                pattern=new_objects(bucket_name, keys),
                workflow=self.workflow,
                undelivered=undelivered,
            )


def _states(refresh_input: Mapping[str, Any], minutes: int) -> States:
    seconds = minutes * 60
    return {
        "Wait until all are listed": settle(),
        "Look for others": list_running(
            OWN_MACHINE,
            comment="Whether another one gathers already.",
            following="Does another one gather?",
            Output={"older": jsonata(_OLDER.replace("{wait}", str(seconds * 1000)))},
        ),
        "Does another one gather?": choose(
            ("$states.input.older > 0", "Another one gathers"),
            comment="It has not started its refresh yet, which will find this file.",
            otherwise="Gather",
        ),
        "Another one gathers": succeed(comment="Nothing to do.", output={"gathers": False}),
        "Gather": wait(seconds, comment="More files may come.", following="Start the refresh"),
        "Start the refresh": call(
            "sfn",
            "startExecution",
            {
                "StateMachineArn": "${Refresh}",
                # Named alike, a second try starts no second one.
                "Name": jsonata("$states.context.Execution.Name"),
                "Input": json.dumps(dict(refresh_input)),
            },
            comment="One refresh for all files that have come.",
            Output={"gathers": True},
        ),
    }
