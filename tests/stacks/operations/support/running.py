"""Machines of prod's template, running in virtual time with a small dataset group behind them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.lambdas.personalize_provider.support import template_parts as blocks
from tools.simulation.operations import OperatedCloud
from tools.simulation.state_machines import Execution

STACKS = ("vod-prod-recommenders", "vod-prod-ranking")
STATES = "arn:aws:states:eu-west-1:000000000000:stateMachine:vod-prod"
JOBS = "arn:aws:personalize:eu-west-1:000000000000"
HOUR = 3600.0


class Running:
    """An account with a deployed app, as far as a machine needs it.

    Attributes:
        cloud: the account.
        data: its resources.
    """

    def __init__(self, resources: blocks.Resources) -> None:
        """Deploy resources of Personalize."""
        self.cloud = OperatedCloud()
        blocks.put_data(self.cloud)
        self.data = self.cloud.cloudformation.deploy("vod-prod-data", blocks.template(resources))
        assert self.data.status == "CREATE_COMPLETE", self.data.reasons
        for name in STACKS:
            self.cloud.cloudformation.deploy(name, {"Resources": {"Nothing": blocks.handle()}})

    def arn(self, logical_id: str, noun: str) -> str:
        """ARN of a resource."""
        return str(self.data.resources[logical_id].attributes[f"{noun}Arn"])

    def deploy(self, template: Mapping[str, Any], name: str, **substitutions: str) -> None:
        """Deploy a machine of a template, beside a refresh that only takes an hour.

        Args:
            template: of the operations stack.
            name: last part of the machine's name.
            **substitutions: instead of the template's, which are those of another account.
        """
        machines = {
            each["Properties"]["StateMachineName"]: each
            for each in template["Resources"].values()
            if each["Type"] == "AWS::StepFunctions::StateMachine"
        }
        machine = {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "StateMachineName": f"vod-prod-{name}",
                "RoleArn": blocks.ROLE,
                "Definition": machines[f"vod-prod-{name}"]["Properties"]["Definition"],
                "DefinitionSubstitutions": {
                    "Partition": "aws",
                    "App": "vod",
                    "Environment": "prod",
                    "ServiceRole": blocks.ROLE,
                    "Refresh": f"{STATES}-refresh",
                    "ForgetUsers": f"{STATES}-forget-users",
                    "Batch": f"{STATES}-batch",
                    **substitutions,
                },
            },
        }
        resources = {"Machine": machine}
        for other in {"refresh", "forget-users", "batch"} - {name}:
            resources[other.replace("-", "")] = _takes_an_hour(f"vod-prod-{other}")
        self.cloud.cloudformation.deploy("vod-prod-operations", {"Resources": resources})

    def start(self, machine: str, data: Mapping[str, Any], **more: Any) -> str:
        """Start an execution; its ARN."""
        answer = self.cloud.machines.start_execution(
            stateMachineArn=f"{STATES}-{machine}", input=json.dumps(data), **more
        )
        return str(answer["executionArn"])

    def run(self, hours: float = 48) -> None:
        """Let time pass."""
        self.cloud.time.run(until=self.cloud.time.time() + hours * HOUR)

    def execution(self, arn: str) -> Execution:
        """An execution."""
        return self.cloud.machines.executions[arn]

    def told(self, detail_type: str) -> list[dict[str, Any]]:
        """Details of the events of ours of a type."""
        return [each["detail"] for each in self.cloud.bus.events if each["detail-type"] == detail_type]


def _takes_an_hour(name: str) -> dict[str, Any]:
    states = {"Work": {"Type": "Wait", "Seconds": 3600, "Next": "Done"}, "Done": {"Type": "Succeed"}}
    return {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "StateMachineName": name,
            "RoleArn": blocks.ROLE,
            "Definition": {"QueryLanguage": "JSONata", "StartAt": "Work", "States": states},
        },
    }
