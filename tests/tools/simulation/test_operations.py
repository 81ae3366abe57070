"""What a stack deploys runs: schedules, rules, machines, and their calls to the Personalize emulator."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.lambdas.personalize_provider.support.template_parts import VOD, custom
from tests.tools.simulation.support.machines import machine, task
from tools.simulation.operations import OperatedCloud
from tools.simulation.stacks import ValidationError

_GROUP = custom("DatasetGroup", Domain=VOD)
_DAILY = "cron(0 4 * * ? *)"


def definition_of(*calls: tuple[str, str, dict[str, Any]]) -> dict[str, Any]:
    """A machine that makes one call after the other."""
    names = [action for _, action, _ in calls]
    states = {
        action: {
            "Type": "Task",
            "Resource": f"arn:${{Partition}}:states:::aws-sdk:{service}:{action}",
            "Arguments": arguments,
            **({"Next": following} if following else {}),
        }
        for (service, action, arguments), following in zip(calls, [*names[1:], ""], strict=True)
    }
    return machine(names[0], **states)


def state_machine(definition: dict[str, Any], **substitutions: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "StateMachineName": "machine",
            "RoleArn": "role",
            "Definition": definition,
            "DefinitionSubstitutions": {"Partition": "aws", **substitutions},
        },
    }


def schedule(arn: Any, at: str = _DAILY, data: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::Scheduler::Schedule",
        "Properties": {
            "Name": "daily",
            "ScheduleExpression": at,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": arn, "RoleArn": "role", "Input": json.dumps(data or {})},
            **more,
        },
    }


def rule(pattern: dict[str, Any]) -> dict[str, Any]:
    return {
        "Type": "AWS::Events::Rule",
        "Properties": {"EventPattern": pattern, "Targets": [{"Id": "Target", "Arn": {"Ref": "Machine"}}]},
    }


def stored(value: Any, name: str = "/app/arn") -> dict[str, Any]:
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Name": name, "Type": "String", "Value": value}}


_LISTS = definition_of(("personalize", "listDatasetGroups", {"MaxResults": 1}))
_SPEAKS = definition_of(
    ("eventbridge", "putEvents", {"Entries": [{"Source": "ours", "DetailType": "Spoke", "Detail": "{}"}]})
)


def template(**resources: Any) -> dict[str, Any]:
    return {"Resources": resources}


@pytest.fixture
def cloud() -> OperatedCloud:
    return OperatedCloud()


def hours_of(cloud: OperatedCloud) -> list[str]:
    """When executions began."""
    begun = (each.started for each in cloud.machines.executions.values())
    return [datetime.fromtimestamp(each, UTC).strftime("%d %H:%M") for each in begun]


def day(cloud: OperatedCloud, number: int) -> None:
    """Let time pass until the end of a day of November 2023."""
    cloud.time.run(until=datetime(2023, 11, number, 23, 59, 59, tzinfo=UTC).timestamp())


# -- schedules --------------------------------------------------------------------------------------------------------


def test_a_schedule_starts_a_machine_in_its_time_zone_until_it_is_gone(cloud: OperatedCloud) -> None:
    zone = {"ScheduleExpressionTimezone": "Europe/Berlin"}
    wanted = template(Machine=state_machine(_LISTS), Daily=schedule({"Ref": "Machine"}, **zone))
    cloud.cloudformation.deploy("app", wanted)
    day(cloud, 16)
    assert hours_of(cloud) == ["15 03:00", "16 03:00"]
    cloud.cloudformation.deploy("app", template(Machine=state_machine(_LISTS)))
    day(cloud, 18)
    assert len(cloud.machines.executions) == 2
    assert {each.status for each in cloud.machines.executions.values()} == {"SUCCEEDED"}


def test_a_deployment_does_not_wait_for_a_schedule(cloud: OperatedCloud) -> None:
    begun = cloud.time.time()
    cloud.cloudformation.deploy("app", template(Machine=state_machine(_LISTS), Daily=schedule({"Ref": "Machine"})))
    assert cloud.time.time() == begun


def test_a_flexible_window_lets_a_schedule_start_later(cloud: OperatedCloud) -> None:
    window = {"FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 30}}
    wanted = template(Machine=state_machine(_LISTS), Daily=schedule({"Ref": "Machine"}, **window))
    cloud.cloudformation.deploy("app", wanted)
    day(cloud, 15)
    assert "15 04:00" < hours_of(cloud)[0] < "15 04:30"


def test_a_universal_target_makes_a_call(cloud: OperatedCloud) -> None:
    arn = "arn:aws:scheduler:::aws-sdk:personalize:createDatasetGroup"
    cloud.cloudformation.deploy("app", template(Daily=schedule(arn, data={"Name": "by-night", "Domain": VOD})))
    day(cloud, 15)
    (group,) = cloud.personalize.list_dataset_groups()["datasetGroups"]
    assert group["name"] == "by-night"
    day(cloud, 16)
    assert "ResourceAlreadyExistsException" in cloud.undelivered[0]


# -- rules ------------------------------------------------------------------------------------------------------------


def test_a_file_starts_a_machine_that_has_the_event_as_its_input(cloud: OperatedCloud) -> None:
    tells = {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"NotificationConfiguration": tells}}
    pattern = {"source": ["aws.s3"], "detail": {"object": {"key": [{"prefix": "incoming/"}]}}}
    cloud.cloudformation.deploy("app", template(Bucket=bucket, Machine=state_machine(_LISTS), OnFiles=rule(pattern)))
    name = cloud.cloudformation.stacks["app"].resources["Bucket"].physical_id
    for key in ("incoming/a.csv", "other/b.csv"):
        cloud.buckets.put(f"s3://{name}/{key}", "x")
    cloud.time.run()
    (execution,) = cloud.machines.executions.values()
    assert json.loads(execution.input)["detail"]["object"]["key"] == "incoming/a.csv"


def test_a_stack_that_has_come_to_rest_is_told_of(cloud: OperatedCloud) -> None:
    pattern = {"source": ["aws.cloudformation"], "detail": {"status-details": {"status": ["UPDATE_COMPLETE"]}}}
    cloud.cloudformation.deploy("app", template(Machine=state_machine(_LISTS), OnStacks=rule(pattern)))
    cloud.cloudformation.deploy("other", template(Group=_GROUP))
    cloud.cloudformation.deploy("other", template(Group=_GROUP, Two=stored("x")))
    (execution,) = cloud.machines.executions.values()
    assert cloud.cloudformation.stacks["other"].stack_id in execution.input


def test_an_execution_that_ends_is_told_of_and_what_machines_say_is_an_event(cloud: OperatedCloud) -> None:
    cloud.cloudformation.deploy("app", template(Machine=state_machine(_SPEAKS)))
    cloud.machines.start_execution(stateMachineArn=next(iter(cloud.machines.machines)))
    cloud.time.run()
    told = [(each["source"], each["detail-type"], each["detail"].get("status")) for each in cloud.bus.events[1:]]
    changes = "Step Functions Execution Status Change"
    assert told == [("aws.states", changes, "RUNNING"), ("ours", "Spoke", None), ("aws.states", changes, "SUCCEEDED")]


# -- calls ------------------------------------------------------------------------------------------------------------


def test_a_call_that_the_service_refuses_fails_the_execution_in_its_words(cloud: OperatedCloud) -> None:
    definition = definition_of(("personalize", "describeCampaign", {"CampaignArn": "${Arn}"}))
    arn = "arn:aws:personalize:eu-west-1:000000000000:campaign/none"
    cloud.cloudformation.deploy("app", template(Machine=state_machine(definition, Arn=arn)))
    cloud.machines.start_execution(stateMachineArn=next(iter(cloud.machines.machines)))
    cloud.time.run()
    (execution,) = cloud.machines.executions.values()
    assert execution.error == "Personalize.ResourceNotFoundException"
    assert arn in str(execution.cause)


def test_a_machine_sees_the_stacks(cloud: OperatedCloud) -> None:
    definition = definition_of(("cloudformation", "describeStacks", {"StackName": "app"}))
    cloud.cloudformation.deploy("app", template(Machine=state_machine(definition)))
    cloud.machines.start_execution(stateMachineArn=next(iter(cloud.machines.machines)))
    cloud.time.run()
    (execution,) = cloud.machines.executions.values()
    assert json.loads(execution.output or "")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"


def test_what_is_not_modelled_raises(cloud: OperatedCloud) -> None:
    other = machine("A", A=task() | {"Resource": "arn:aws:states:::sqs:sendMessage"})
    cloud.cloudformation.deploy("app", template(Machine=state_machine(other)))
    cloud.machines.start_execution(stateMachineArn=next(iter(cloud.machines.machines)))
    with pytest.raises(NotImplementedError, match="sqs"):
        cloud.time.run()


# -- the Parameter Store ----------------------------------------------------------------------------------------------


def reads(**resources: Any) -> dict[str, Any]:
    parameters = {"Arn": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/app/arn"}}
    return {**template(**resources), "Parameters": parameters}


def test_a_template_reads_what_another_stack_has_stored_at_each_deployment(cloud: OperatedCloud) -> None:
    """User guide, "Specify existing resources at runtime with CloudFormation-supplied parameter types"."""
    copies = reads(Copy=stored({"Ref": "Arn"}, "/app/copy"))
    for value in ("one", "two"):
        cloud.cloudformation.deploy("data", template(Arn=stored(value)))
        cloud.cloudformation.deploy("app", copies)
        assert cloud.parameters.values["/app/copy"] == value
    cloud.cloudformation.delete("data")
    assert "/app/arn" not in cloud.parameters.values
    with pytest.raises(ValidationError, match=r"Unable to fetch parameters \[/app/arn\]"):
        cloud.cloudformation.deploy("app", copies)
