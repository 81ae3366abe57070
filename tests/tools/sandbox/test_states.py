"""Where MiniStack's Step Functions differs from AWS, the local cloud does not."""

from __future__ import annotations

import io
import itertools
import json
import time
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from tools.sandbox.cloud import ACCOUNT, REGION, Endpoint, client

# With the other tests that need a cloud but no bootstrap.
pytestmark = pytest.mark.xdist_group("cloudformation")

PERSONALIZE = "arn:aws:states:::aws-sdk:personalize"
SSM = "arn:aws:states:::aws-sdk:ssm"
GROUP = f"arn:aws:personalize:{REGION}:{ACCOUNT}:dataset-group"
States = Mapping[str, Mapping[str, Any]]


def trust(name: str = "*", account: str = ACCOUNT) -> str:
    """A role's trust policy for the machine of a name."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "states.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": account},
            "ArnLike": {"aws:SourceArn": f"arn:aws:states:{REGION}:{account}:stateMachine:{name}"},
        },
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@dataclass
class Machines:
    """Makes state machines and runs them."""

    endpoint: Endpoint
    numbers: Iterator[int] = field(default_factory=itertools.count)
    clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """A boto3 client of the cloud."""
        if service not in self.clients:
            self.clients[service] = client(self.endpoint, service)
        return self.clients[service]

    @property
    def api(self) -> Any:
        return self.client("stepfunctions")

    def role(self, name: str, allow: str = "*", trusts: str = "*", **fields: Any) -> str:
        """ARN of a role for the machine of a name, which may do something."""
        iam = self.client("iam")
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(trusts))["Role"]["Arn"]
        statement = {"Effect": "Allow", "Action": allow, "Resource": "*", **fields}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_role_policy(RoleName=name, PolicyName="calls", PolicyDocument=document)
        return str(arn)

    def make(self, states: States, *, allow: str = "*", trusts: str = "*", only: Any = None, **fields: Any) -> str:
        """ARN of a machine that begins with the first of its states; its permission is for something only."""
        name = f"machine-{next(self.numbers)}"
        made = self.api.create_state_machine(
            name=name,
            roleArn=self.role(name, allow, trusts, **(only or {})),
            definition=json.dumps(defined(states, **fields)),
        )
        return str(made["stateMachineArn"])

    def start(self, machine: str, given: Any = None) -> str:
        """ARN of an execution that has begun."""
        return str(self.api.start_execution(stateMachineArn=machine, input=json.dumps(given))["executionArn"])

    def ended(self, execution: str) -> dict[str, Any]:
        """What is known of an execution, once it runs no more."""
        for _ in range(400):
            described: dict[str, Any] = self.api.describe_execution(executionArn=execution)
            if described["status"] != "RUNNING":
                return described
            time.sleep(0.05)
        pytest.fail("The execution still runs.")

    def run(self, states: States, given: Any = None, **fields: Any) -> dict[str, Any]:
        """What is known of an execution of a new machine, at its end."""
        return self.ended(self.start(self.make(states, **fields), given))

    def output(self, states: States, given: Any = None, **fields: Any) -> Any:
        """Output of an execution that succeeds."""
        found = self.run(states, given, **fields)
        assert found["status"] == "SUCCEEDED", found.get("cause")
        return json.loads(found["output"])

    def history(self, execution: str) -> list[dict[str, Any]]:
        """Its events, the oldest first."""
        return list(self.api.get_execution_history(executionArn=execution, maxResults=1000)["events"])

    def parameters(self, path: str) -> list[str]:
        """Names of the parameters below a path."""
        found = self.client("ssm").get_parameters_by_path(Path=path, Recursive=True)["Parameters"]
        return sorted(each["Name"] for each in found)

    def put(self, name: str) -> None:
        """Put a parameter."""
        self.client("ssm").put_parameter(Name=name, Value="yes", Type="String")


@pytest.fixture(scope="module")
def machines(bare_cloud: Endpoint) -> Machines:
    return Machines(bare_cloud)


def defined(states: States, **fields: Any) -> dict[str, Any]:
    """A machine that begins with the first of its states; a state without Next is the last one."""
    return {"QueryLanguage": "JSONata", **branch(states), **fields}


def branch(states: States) -> dict[str, Any]:
    """What defined() says, for a branch."""
    return {"StartAt": next(iter(states)), "States": {name: ending(state) for name, state in states.items()}}


def ending(state: Mapping[str, Any]) -> dict[str, Any]:
    goes_on = "Next" in state or state["Type"] in ("Choice", "Succeed", "Fail")
    return {**state, **({} if goes_on else {"End": True})}


def task(resource: str, arguments: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": resource, "Arguments": arguments, **fields}


def put(name: str, **fields: Any) -> dict[str, Any]:
    """A task that puts a parameter, and fails if it is there already."""
    return task(f"{SSM}:putParameter", {"Name": name, "Value": "yes", "Type": "String"}, **fields)


def get(name: str, **fields: Any) -> dict[str, Any]:
    """A task that fails if there is no such parameter."""
    return task(f"{SSM}:getParameter", {"Name": name}, **fields)


def wait(seconds: int, **fields: Any) -> dict[str, Any]:
    return {"Type": "Wait", "Seconds": seconds, **fields}


# -- calls ---------------------------------------------------------------------------------------------------------


def test_a_call_is_made_with_its_arguments_and_the_answer_comes_back_in_pascal_case(machines: Machines) -> None:
    made = task(f"{PERSONALIZE}:createDatasetGroup", {"Name": "called", "Tags": [{"TagKey": "a", "TagValue": "b"}]})
    seen = task(f"{PERSONALIZE}:describeDatasetGroup", {"DatasetGroupArn": "{% $states.input.DatasetGroupArn %}"})
    output = machines.output({"Make": {**made, "Next": "Look"}, "Look": seen})
    group = output["DatasetGroup"]
    assert (group["Name"], group["DatasetGroupArn"]) == ("called", f"{GROUP}/called")
    assert group["CreationDateTime"].endswith("Z")
    tags = machines.client("personalize").list_tags_for_resource(resourceArn=f"{GROUP}/called")["tags"]
    assert tags == [{"tagKey": "a", "tagValue": "b"}]


def test_an_error_has_its_name_and_the_services_reason(machines: Machines) -> None:
    arguments = {"DatasetGroupArn": f"{GROUP}/missing"}
    found = machines.run({"Look": task(f"{PERSONALIZE}:describeDatasetGroup", arguments)})
    assert (found["status"], found["error"]) == ("FAILED", "Personalize.ResourceNotFoundException")
    assert f"{GROUP}/missing" in found["cause"]
    assert "(Service: Personalize, Status Code: 400, Request ID: " in found["cause"]


def test_a_call_needs_the_permission_of_the_machines_role(machines: Machines) -> None:
    look = task(f"{PERSONALIZE}:listDatasetGroups", {})
    assert machines.run({"Look": look}, allow="personalize:List*")["status"] == "SUCCEEDED"
    found = machines.run({"Look": look}, allow="personalize:Describe*")
    assert found["error"] == "Personalize.PersonalizeException"
    assert "is not authorized to perform: personalize:ListDatasetGroups" in found["cause"]


CONDITIONS = {
    "events:source": (
        "arn:aws:states:::aws-sdk:eventbridge:putEvents",
        lambda value: {"Entries": [{"Source": value, "DetailType": "Any", "Detail": "{}"}]},
    ),
    "cloudwatch:namespace": (
        "arn:aws:states:::aws-sdk:cloudwatch:putMetricData",
        lambda value: {"Namespace": value, "MetricData": [{"MetricName": "any", "Value": 1}]},
    ),
}


@pytest.mark.parametrize("key", CONDITIONS)
def test_a_permission_may_be_for_events_and_metrics_of_a_name(machines: Machines, key: str) -> None:
    resource, arguments = CONDITIONS[key]
    only = {"Condition": {"StringEquals": {key: "ours"}}}
    assert machines.run({"Put": task(resource, arguments("ours"))}, only=only)["status"] == "SUCCEEDED"
    found = machines.run({"Put": task(resource, arguments("theirs"))}, only=only)
    assert "is not authorized to perform" in found["cause"]


def test_a_permission_for_some_parameters_is_none_for_others(machines: Machines) -> None:
    only = {"Resource": [f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/some/{name}" for name in "ab"]}
    ask = f"{SSM}:getParameters"
    assert machines.output({"Get": task(ask, {"Names": ["/some/a", "/some/b"]})}, only=only)["Parameters"] == []
    found = machines.run({"Get": task(ask, {"Names": ["/some/a", "/some/c"]})}, only=only)
    assert "is not authorized to perform: ssm:GetParameters" in found["cause"]


def test_a_role_that_trusts_another_machine_cannot_be_used(machines: Machines) -> None:
    found = machines.run({"Look": task(f"{PERSONALIZE}:listDatasetGroups", {})}, trusts="another")
    assert "states.amazonaws.com is not authorized to perform: sts:AssumeRole" in found["cause"]


FUNCTION = """
class NotToday(Exception):
    pass

def handler(event, context):
    if event["day"] == "sunday":
        raise NotToday("It is sunday.")
    return {"opens": event["day"]}
"""


@pytest.fixture(scope="module")
def function(machines: Machines) -> str:
    """ARN of a function that fails on sundays."""
    statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = machines.client("iam").create_role(RoleName="opening", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writing:
        writing.writestr("index.py", FUNCTION)
    made = machines.client("lambda").create_function(
        FunctionName="opening",
        Runtime="python3.13",
        Role=role,
        Handler="index.handler",
        Code={"ZipFile": archive.getvalue()},
    )
    return str(made["FunctionArn"])


def test_a_function_answers_below_payload_and_its_error_has_the_name_of_the_exception(
    machines: Machines, function: str
) -> None:
    payload = "{% $states.input %}"
    ask = task("arn:aws:states:::lambda:invoke", {"FunctionName": function, "Payload": payload})
    machine = machines.make({"Ask": ask}, allow="lambda:InvokeFunction")
    opened = machines.ended(machines.start(machine, {"day": "monday"}))
    assert json.loads(opened["output"])["Payload"] == {"opens": "monday"}
    closed = machines.ended(machines.start(machine, {"day": "sunday"}))
    assert (closed["error"], json.loads(closed["cause"])["errorMessage"]) == ("NotToday", "It is sunday.")


def test_a_function_is_not_called_without_permission(machines: Machines, function: str) -> None:
    ask = task("arn:aws:states:::lambda:invoke", {"FunctionName": function, "Payload": {"day": "monday"}})
    found = machines.run({"Ask": ask}, allow="lambda:GetFunction")
    assert found["error"] == "Lambda.AWSLambdaException"
    assert f"is not authorized to perform: lambda:InvokeFunction on resource: {function}" in found["cause"]


# -- states --------------------------------------------------------------------------------------------------------


def test_a_succeed_state_has_an_output(machines: Machines) -> None:
    assert machines.output({"Done": {"Type": "Succeed", "Output": "{% $states.input + 1 %}"}}, 1) == 2


def test_variables_are_set_at_once_and_stay_in_their_branch(machines: Machines) -> None:
    """Developer guide, "Passing data between states with variables": scope, and evaluation order."""
    inner = {"Set": {"Type": "Pass", "Assign": {"inner": 5}, "Next": "Use"}, "Use": {"Type": "Pass"}}
    inner["Use"]["Output"] = "{% $inner + $x %}"
    states = {
        "Begin": {"Type": "Pass", "Assign": {"x": 3, "y": 6}, "Next": "Swap"},
        "Swap": {"Type": "Pass", "Assign": {"x": "{% $y %}", "y": "{% $x %}"}, "Next": "Branches"},
        "Branches": {"Type": "Parallel", "Branches": [branch(inner), branch(inner)], "Next": "Done"},
        "Done": {"Type": "Pass", "Output": "{% [$states.input, $x, $y, $exists($inner)] %}"},
    }
    assert machines.output(states) == [11, 11, 6, 3, False]


def test_a_map_gives_the_results_in_the_order_of_its_items(machines: Machines) -> None:
    double = {"Double": {"Type": "Pass", "Output": "{% $states.input.item * 2 + $states.input.index %}"}}
    selector = {"item": "{% $states.context.Map.Item.Value %}", "index": "{% $states.context.Map.Item.Index %}"}
    each = {"Type": "Map", "Items": "{% $states.input %}", "ItemSelector": selector, "ItemProcessor": branch(double)}
    assert machines.output({"Each": {**each, "MaxConcurrency": 2}}, [10, 20, 30]) == [20, 41, 62]


def test_no_catcher_catches_a_runtime_error_and_states_all_catches_others(machines: Machines) -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Output": "{% $states.errorOutput.Error %}", "Next": "Caught"}]
    last = {"Type": "Pass"}
    missing = get("/states/missing", Catch=catch)
    assert machines.output({"Get": {**missing, "Next": "Caught"}, "Caught": last}) == "Ssm.ParameterNotFoundException"
    # A member that the operation needs is not there.
    wrong = {**missing, "Arguments": {}, "Next": "Caught", "Retry": [{"ErrorEquals": ["States.ALL"]}]}
    found = machines.run({"Get": wrong, "Caught": last})
    assert (found["status"], found["error"]) == ("FAILED", "States.Runtime")


def test_a_retrier_tries_as_often_as_it_says(machines: Machines) -> None:
    retry = [{"ErrorEquals": ["Ssm.ParameterNotFoundException"], "IntervalSeconds": 600, "MaxAttempts": 2}]
    found = machines.run({"Get": get("/states/missing", Retry=retry)})
    kinds = [event["type"] for event in machines.history(found["executionArn"])]
    assert kinds.count("TaskFailed") == 3


def test_the_waits_of_the_provider_framework_are_those_of_functions(machines: Machines) -> None:
    began = time.monotonic()
    machines.output({"framework-isComplete-task": wait(10)})
    assert time.monotonic() - began > 0.5
    # At that pace it would take a minute.
    machines.output({"Wait": wait(1200)})


# -- ends ----------------------------------------------------------------------------------------------------------


def test_an_execution_that_takes_too_long_is_timed_out(machines: Machines) -> None:
    found = machines.run({"Wait": wait(36_000, Next="Put"), "Put": put("/timed/out")}, TimeoutSeconds=600)
    assert (found["status"], found["error"]) == ("TIMED_OUT", "States.Timeout")
    assert machines.history(found["executionArn"])[-1]["type"] == "ExecutionTimedOut"
    assert machines.parameters("/timed") == []


def test_an_execution_that_is_stopped_goes_no_further_and_can_be_redriven(machines: Machines) -> None:
    execution = machines.start(machines.make({"Wait": wait(1200, Next="Put"), "Put": put("/stopped/then")}))
    machines.api.stop_execution(executionArn=execution, error="Mine", cause="Enough.")
    found = machines.ended(execution)
    assert (found["status"], found["error"], found["cause"]) == ("ABORTED", "Mine", "Enough.")
    # Longer than it would have waited.
    machines.output({"Wait": wait(2400)})
    assert machines.parameters("/stopped") == []
    machines.api.redrive_execution(executionArn=execution)
    assert machines.ended(execution)["status"] == "SUCCEEDED"
    assert machines.parameters("/stopped") == ["/stopped/then"]


def test_executions_end_with_their_machine(machines: Machines) -> None:
    machine = machines.make({"Wait": wait(1200, Next="Put"), "Put": put("/machine/gone")})
    execution = machines.start(machine)
    machines.api.delete_state_machine(stateMachineArn=machine)
    machines.output({"Wait": wait(2400)})
    assert machines.parameters("/machine") == []
    with pytest.raises(ClientError, match="ExecutionDoesNotExist"):
        machines.api.describe_execution(executionArn=execution)


def test_a_redrive_runs_only_what_has_failed(machines: Machines) -> None:
    """A parameter that is put a second time would fail."""
    step = {
        "Put": put("{% '/redriven' & $states.input %}", Output="{% $states.input %}", Next="Get"),
        "Get": get("{% '/awaited' & $states.input %}"),
    }
    each = {"Type": "Map", "Items": ["/a", "/b"], "ItemProcessor": branch(step)}
    states = {
        "First": put("/redriven/first", Assign={"seen": "yes"}, Next="Both"),
        "Both": {"Type": "Parallel", "Branches": [branch({"Each": each}), branch({"One": put("/redriven/one")})]},
    }
    states["Both"] |= {"Next": "Last"}
    states["Last"] = {"Type": "Pass", "Output": "{% $seen %}"}
    machines.put("/awaited/a")
    machine = machines.make(states)
    failed = machines.ended(machines.start(machine))
    assert (failed["status"], failed["error"]) == ("FAILED", "Ssm.ParameterNotFoundException")
    assert failed["redriveStatus"] == "REDRIVABLE"
    with pytest.raises(ClientError, match="ExecutionDoesNotExist"):
        machines.api.redrive_execution(executionArn=f"{failed['executionArn']}-another")

    execution = failed["executionArn"]
    machines.put("/awaited/b")
    # "Redriven executions use the same state machine definition".
    machines.api.update_state_machine(stateMachineArn=machine, definition=json.dumps(defined({"Put": put("/no")})))
    machines.api.redrive_execution(executionArn=execution)
    redriven = machines.ended(execution)
    assert (redriven["status"], redriven["output"], redriven["redriveCount"]) == ("SUCCEEDED", '"yes"', 1)
    assert machines.parameters("/redriven") == [f"/redriven/{name}" for name in ("a", "b", "first", "one")]
    kinds = [event["type"] for event in machines.history(execution)]
    assert kinds.count("ExecutionRedriven") == 1
    with pytest.raises(ClientError, match="ExecutionNotRedrivable"):
        machines.api.redrive_execution(executionArn=execution)


def test_a_fail_state_fails_again_when_it_is_redriven(machines: Machines) -> None:
    give_up = {"Type": "Fail", "Error": "Ours", "Cause": "{% 'No ' & $states.input %}"}
    failed = machines.run({"Give up": give_up}, "luck")
    machines.api.redrive_execution(executionArn=failed["executionArn"])
    again = machines.ended(failed["executionArn"])
    assert (again["error"], again["cause"], again["redriveCount"]) == ("Ours", "No luck", 1)


# -- what is told --------------------------------------------------------------------------------------------------


def test_the_history_leads_from_the_failure_to_its_task(machines: Machines) -> None:
    each = {"Type": "Map", "Items": ["a"], "ItemProcessor": branch({"Look for it": get("/states/missing")})}
    found = machines.run({"Each": each})
    events = {event["id"]: event for event in machines.history(found["executionArn"])}
    path, event = [], events[max(events)]
    while event["previousEventId"]:
        path.append(event)
        event = events[event["previousEventId"]]
    assert [each["type"] for each in path] == [
        *("ExecutionFailed", "MapStateFailed", "MapIterationFailed", "TaskFailed", "TaskStarted", "TaskScheduled"),
        *("TaskStateEntered", "MapIterationStarted", "MapStateStarted", "MapStateEntered"),
    ]
    scheduled, entered = path[5]["taskScheduledEventDetails"], path[6]["stateEnteredEventDetails"]
    assert (scheduled["resourceType"], scheduled["resource"]) == ("aws-sdk:ssm", "getParameter")
    assert json.loads(scheduled["parameters"]) == {"Name": "/states/missing"}
    assert path[3]["taskFailedEventDetails"]["error"] == "Ssm.ParameterNotFoundException"
    assert entered["name"] == "Look for it"


def test_the_end_of_an_execution_is_an_event_and_a_metric(machines: Machines) -> None:
    statement = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Resource": "*"}]})
    queue = machines.client("sqs").create_queue(QueueName="told", Attributes={"Policy": policy})["QueueUrl"]
    pattern = {"source": ["aws.states"], "detail": {"status": ["FAILED"], "error": ["Ours"]}}
    machines.client("events").put_rule(Name="told", EventPattern=json.dumps(pattern))
    target = {"Id": "queue", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:told"}
    machines.client("events").put_targets(Rule="told", Targets=[target])
    found = machines.run({"Give up": {"Type": "Fail", "Error": "Ours", "Cause": "No luck"}}, {"given": 1})

    received = machines.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
    event = json.loads(received[0]["Body"])
    detail = event["detail"]
    assert event["detail-type"] == "Step Functions Execution Status Change"
    assert (detail["executionArn"], detail["cause"], detail["input"]) == (
        found["executionArn"],
        "No luck",
        '{"given": 1}',
    )
    assert (detail["output"], detail["redriveStatus"], detail["redriveCount"]) == (None, "REDRIVABLE", 0)
    assert detail["stopDate"] == pytest.approx(found["stopDate"].timestamp() * 1000, abs=1)

    measured = machines.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/States",
        MetricName="ExecutionsFailed",
        Dimensions=[{"Name": "StateMachineArn", "Value": found["stateMachineArn"]}],
        StartTime=found["startDate"] - timedelta(minutes=5),
        EndTime=found["stopDate"] + timedelta(minutes=5),
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    assert [each["Sum"] for each in measured] == [1.0]


def test_executions_that_run_are_listed_with_their_start(machines: Machines) -> None:
    machine = machines.make({"Wait": wait(36_000)})
    first, second = machines.start(machine), machines.start(machine)
    listed = machines.api.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]
    assert [each["executionArn"] for each in listed] == [second, first]
    assert listed[0]["startDate"] >= listed[1]["startDate"]
    machines.api.delete_state_machine(stateMachineArn=machine)


# -- definitions ---------------------------------------------------------------------------------------------------

PASS = {"Type": "Pass", "End": True}
WRONG = {
    "Missing 'Next' target: C at /States/A/Next": {"A": {"Type": "Pass", "Next": "C"}},
    'State "B" is not reachable. at /States/B': {"A": PASS, "B": PASS},
    "Missing 'Next' target: C at /States/A/Choices[0]/Next": {
        "A": {"Type": "Choice", "Choices": [{"Condition": True, "Next": "C"}]}
    },
    "one of Next and End at /States/A": {"A": {"Type": "Pass"}},
    "Parameters is not supported with JSONata": {"A": {**PASS, "Parameters": {}}},
    "is not recognized at /States/A/Resource": {"A": {**PASS, "Type": "Task", "Resource": f"{PERSONALIZE}:trainIt"}},
    'The field "groupName" is not supported': {
        "A": {**PASS, "Type": "Task", "Resource": f"{PERSONALIZE}:createDatasetGroup", "Arguments": {"groupName": "a"}}
    },
    "not a valid resource ARN at /States/A/Resource": {"A": {**PASS, "Type": "Task", "Resource": "${Function}"}},
    "/States/A/ItemProcessor/States/B/Next": {
        "A": {**PASS, "Type": "Map", "ItemProcessor": {"StartAt": "B", "States": {"B": {"Type": "Pass", "Next": "A"}}}}
    },
    "Guess is no type": {"A": {**PASS, "Type": "Guess"}},
}


@pytest.mark.parametrize("reason", WRONG)
def test_a_wrong_definition_is_refused(machines: Machines, reason: str) -> None:
    definition = {"QueryLanguage": "JSONata", "StartAt": "A", "States": WRONG[reason]}
    with pytest.raises(ClientError) as refused:
        machines.api.create_state_machine(
            name="wrong", roleArn=f"arn:aws:iam::{ACCOUNT}:role/any", definition=json.dumps(definition)
        )
    assert refused.value.response["Error"]["Code"] == "InvalidDefinition"
    assert reason in str(refused.value)


def test_cloudformation_makes_a_machine_from_an_object_and_refuses_a_wrong_one(machines: Machines) -> None:
    role, silent = machines.role("templated", trusts="templated"), machines.role("silent", allow="personalize:*")
    definition = defined({"Wait": wait(60, Next="Pass"), "Pass": {"Type": "Pass", "Output": "${Word}"}})
    properties = {"StateMachineName": "templated", "RoleArn": role, "Definition": definition}
    properties["DefinitionSubstitutions"] = {"Word": "said"}
    template = {"Resources": {"Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}}}
    stacks = machines.client("cloudformation")
    stacks.create_stack(StackName="machine", TemplateBody=json.dumps(template))
    stacks.get_waiter("stack_create_complete").wait(StackName="machine", WaiterConfig={"Delay": 0.1})
    machine = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:templated"
    assert machines.ended(machines.start(machine))["output"] == '"said"'

    for name, change, reason in (
        ("wrong", {"Definition": {**definition, "StartAt": "Nowhere"}}, "Missing 'Next' target: Nowhere at /StartAt"),
        ("untrusted", {}, "authorized to assume the provided role"),
        ("unlogged", {"RoleArn": silent, "LoggingConfiguration": {"Level": "ALL"}}, "access the Log Destination"),
    ):
        template["Resources"]["Machine"]["Properties"] = {**properties, "StateMachineName": name, **change}
        stacks.create_stack(StackName=name, TemplateBody=json.dumps(template))
        with pytest.raises(WaiterError):
            stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 0.1})
        events = stacks.describe_stack_events(StackName=name)["StackEvents"]
        assert any(reason in event.get("ResourceStatusReason", "") for event in events)

    execution = machines.start(machine)
    stacks.delete_stack(StackName="machine")
    stacks.get_waiter("stack_delete_complete").wait(StackName="machine", WaiterConfig={"Delay": 0.1})
    with pytest.raises(ClientError, match="ExecutionDoesNotExist"):
        machines.api.describe_execution(executionArn=execution)
