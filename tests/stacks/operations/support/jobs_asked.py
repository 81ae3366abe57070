"""What IAM checks the calls of the forgetting and of batch jobs by (Service Authorization Reference)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.stacks.operations.support.asking import without
from tests.stacks.operations.support.resolved import actions_of, statements_of
from tests.stacks.operations.support.scripted import ACCOUNT, ARN, REGION, SOLUTION, Scripted, references_to
from tests.support.iam import permits

Asked = tuple[str, str, Mapping[str, str]]
# By the action: the type in the ARN of what is created, and the member that names what else the permission is on.
_CREATED = {
    "createDataDeletionJob": ("data-deletion-job", "DatasetGroupArn"),
    "createBatchInferenceJob": ("batch-inference-job", "SolutionVersionArn"),
}
_ON = {
    "describeDataDeletionJob": "DataDeletionJobArn",
    "describeBatchInferenceJob": "BatchInferenceJobArn",
    "describeCampaign": "CampaignArn",
}
_STATES = {"listExecutions": "ListExecutions", "startExecution": "StartExecution"}


def _asked(name: str, given: Mapping[str, Any]) -> Iterator[Asked]:
    if name in _CREATED:
        type_, member = _CREATED[name]
        made, parent = f"{ARN}:{type_}/{given['JobName']}", given[member]
        # The solution, not the version.
        parent = SOLUTION if member == "SolutionVersionArn" else parent
        action = f"personalize:{name[0].upper()}{name[1:]}"
        yield from ((action, arn, {}) for arn in (made, parent))
        yield from (("personalize:TagResource", made, {}) for _ in given["Tags"][:1])
        yield "iam:PassRole", given["RoleArn"], {"iam:PassedToService": "personalize.amazonaws.com"}
    elif name in _ON:
        yield f"personalize:{name[0].upper()}{name[1:]}", given[_ON[name]], {}
    elif name in _STATES:
        yield f"states:{_STATES[name]}", given["StateMachineArn"], {}
    elif name == "describeStacks":
        stack = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{given['StackName']}/1a2b"
        yield "cloudformation:DescribeStacks", stack, {}
    else:
        assert name == "putEvents"
        bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
        yield "events:PutEvents", bus, {"events:source": given["Entries"][0]["Source"]}


def check_role(template: dict[str, Any], role: str, machines: Sequence[Scripted], *, count: int) -> None:
    """Each call that machines have made is allowed, and each action of the role is needed for one of them.

    Args:
        template: of the operations stack.
        role: beginning of the role's logical id.
        machines: that have run.
        count: how many actions there are.
    """
    asked = [each for machine in machines for call in machine.calls for each in _asked(*call)]
    statements = statements_of(template, role, references_to(template))
    assert [each for each in asked if not permits(statements, *each)] == []
    # Step Functions itself delivers logs, and traces.
    actions = {each for each in actions_of(statements) if not each.startswith(("logs:", "xray:"))}
    assert len(actions) == count
    for action in actions:
        fewer = without(statements, action)
        assert [each for each in asked if not permits(fewer, *each)], f"{action} is not needed."
