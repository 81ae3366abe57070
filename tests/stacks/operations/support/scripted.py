"""A state machine of the template in virtual time, with answers that a test chooses, and every call remembered."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.stacks.operations.support.definitions import with_values
from tests.stacks.operations.support.resolved import of_type
from tools.aws import sdk
from tools.simulation.state_machines import Execution, StateMachines
from tools.simulation.time import VirtualTime
from tools.simulation.workflow import StateError

REGION, ACCOUNT = "eu-west-1", "123456789012"
ARN = f"arn:aws:personalize:{REGION}:{ACCOUNT}"
SOLUTION, CAMPAIGN = f"{ARN}:solution/vod-prod_rerank-1", f"{ARN}:campaign/vod-prod_rerank-campaign-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/vod-prod_personalize_{REGION}"
_KNOWN = {
    "rerank_solution_arn": SOLUTION,
    "rerank_campaign_arn": CAMPAIGN,
    "service_role_arn": ROLE,
    "bucket_name": "vod-prod-data-bucket",
    **{f"{kind}_dataset_arn": f"{ARN}:dataset/films/{kind.upper()}" for kind in ("interactions", "items", "users")},
}
# An answer, a refusal, a function of the arguments, or several of these, one after the other; the last one stays.
Answer = Any


def references_to(template: dict[str, Any]) -> dict[str, str]:
    """What references in the template are."""
    parameters = {
        key: _KNOWN.get(each["Default"].rpartition("/")[2], f"{ARN}:none/{key}")
        for key, each in template.get("Parameters", {}).items()
        if each["Type"] == "AWS::SSM::Parameter::Value<String>"
    }
    return {"AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": ACCOUNT, **parameters}


@dataclass
class Scripted:
    """One machine of a template.

    Attributes:
        template: of the operations stack.
        name: last part of the machine's name, such as refresh.
        answers: by action, or by the beginning of the logical id of a function.
        calls: actions with their arguments, in order.
    """

    template: dict[str, Any]
    name: str
    answers: dict[str, Answer]
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Put the machine."""
        self.time = VirtualTime()
        self.machines = StateMachines(
            self.time, self._call, lambda *_: None, prefix=f"arn:aws:states:{REGION}:{ACCOUNT}"
        )
        found = of_type(self.template, "AWS::StepFunctions::StateMachine", references_to(self.template)).values()
        (machine,) = (each for each in found if each["StateMachineName"].endswith(f"-{self.name}"))
        definition = with_values(machine["Definition"], machine["DefinitionSubstitutions"])
        self.arn = self.machines.put(machine["StateMachineName"], definition, machine["RoleArn"])

    def start(self, **given: Any) -> str:
        """Start an execution; answers its ARN."""
        return str(self.machines.start_execution(stateMachineArn=self.arn, input=json.dumps(given))["executionArn"])

    def start_later(self, seconds: float) -> None:
        """Start an execution after some seconds."""

        def start() -> None:
            self.start()

        self.time.spawn(start, delay=seconds)

    def run(self, **given: Any) -> Execution:
        """Start an execution and wait for its end."""
        arn = self.start(**given)
        self.time.run()
        return self.machines.executions[arn]

    def of(self, action: str) -> list[dict[str, Any]]:
        """Arguments of the calls of an action."""
        return [arguments for name, arguments in self.calls if name == action]

    @property
    def told(self) -> dict[str, dict[str, Any]]:
        """The detail of the last event of each kind."""
        entries = [entry for arguments in self.of("putEvents") for entry in arguments["Entries"]]
        return {entry["DetailType"]: json.loads(entry["Detail"]) for entry in entries}

    def _call(self, resource: str, arguments: Any, _role: str) -> Any:
        if resource.endswith(":lambda:invoke"):
            name = arguments["FunctionName"].strip("<").partition("Function")[0]
        else:
            sdk.action(resource).members(arguments)
            name = resource.rpartition(":")[2]
        self.calls.append((name, arguments))
        return self._answer(name, arguments)

    def _answer(self, name: str, arguments: Mapping[str, Any]) -> Any:
        if name == "listExecutions" and name not in self.answers:
            given = {"stateMachineArn": arguments["StateMachineArn"], "statusFilter": arguments["StatusFilter"]}
            return sdk.action(f"{sdk.STATES}sfn:listExecutions").result(self.machines.list_executions(**given))
        answer = self.answers[name]
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(arguments) if isinstance(answer, Callable) else answer  # type: ignore[arg-type]


def refusal(name: str) -> StateError:
    """An error of Personalize."""
    return StateError(f"Personalize.{name}Exception", f"{name} (Service: Personalize)")
