"""A state machine, a function and a schedule, as the template has them."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import Duration, Stack
from aws_cdk import aws_logs as logs
from aws_cdk.assertions import Match, Template
from aws_cdk.aws_sqs import Queue

from stacks.operations.functions import OperationsFunction
from stacks.operations.schedules import Schedules
from stacks.operations.states import call, invoke, jsonata, wait_for
from stacks.operations.workflow import Workflow
from tests.stacks.personalize.support.construct_stacks import new_app

MONTH = logs.RetentionDays.ONE_MONTH


@pytest.fixture(scope="module")
def template() -> Template:
    stack = Stack(new_app(), "Operations")
    judge = OperationsFunction(
        stack, "Judge", entry="judge", description="Judges a version", log_retention=MONTH, config={"name": "vod"}
    )
    judge.allow(["personalize:GetSolutionMetrics"], ["*"])
    arguments = {"SolutionVersionArn": jsonata("$arn")}
    workflow = Workflow(
        stack,
        "Refresh",
        name="vod-dev-refresh",
        definition={
            "Comment": "Trains.",
            "StartAt": "Train",
            "States": {
                "Train": call(
                    "personalize",
                    "createSolutionVersion",
                    {"SolutionArn": "${Solution}"},
                    comment="Trains.",
                    following="Wait for the training",
                    Assign={"arn": jsonata("$states.result.SolutionVersionArn")},
                ),
                **wait_for(
                    "the training",
                    "describeSolutionVersion",
                    arguments,
                    status="SolutionVersion.Status",
                    reason="SolutionVersion.FailureReason",
                    following="Judge",
                ),
                "Judge": invoke("Judge", {"arn": jsonata("$arn")}, comment="Judges."),
            },
        },
        substitutions={"Judge": judge.arn, "Solution": "arn:solution"},
        log_retention=MONTH,
        max_duration=Duration.hours(9),
    )
    workflow.allow(["lambda:InvokeFunction"], [judge.arn])
    schedules = Schedules(
        stack,
        "Schedules",
        group_name="vod-dev",
        time_zone="Europe/Berlin",
        flexible_window_minutes=15,
        undelivered=Queue(stack, "Undelivered"),
    )
    role = schedules.role("Role", "Starts the refresh")
    for name, on_time in (("nightly", False), ("exact", True)):
        schedules.add(
            name,
            name=name,
            at="cron(0 4 * * ? *)",
            target_arn=workflow.arn,
            role=role,
            input={"train": "never"},
            description="Imports what is new",
            on_time=on_time,
        )
    return Template.from_stack(stack)


def properties(template: Template, type_: str) -> list[dict[str, Any]]:
    return [each["Properties"] for each in template.find_resources(type_).values()]


def test_the_definition_can_be_read_in_the_template(template: Template) -> None:
    (machine,) = properties(template, "AWS::StepFunctions::StateMachine")
    states = machine["Definition"]["States"]
    assert list(states) == [
        "Train",
        "Wait for the training",
        "Look at the training",
        "Is the training done?",
        "The training failed",
        "Judge",
    ]
    assert all(each["Comment"] for each in states.values())
    assert machine["Definition"]["TimeoutSeconds"] == 9 * 3600
    assert machine["DefinitionSubstitutions"].keys() == {"Partition", "Judge", "Solution"}


def test_a_machine_logs_and_is_traced(template: Template) -> None:
    template.has_resource_properties(
        "AWS::StepFunctions::StateMachine",
        {
            "LoggingConfiguration": {"Level": "ALL", "IncludeExecutionData": True},
            "TracingConfiguration": {"Enabled": True},
        },
    )
    template.has_resource_properties("AWS::Logs::LogGroup", {"LogGroupName": "/aws/vendedlogs/states/vod-dev-refresh"})


def test_a_machine_waits_for_the_policy_of_its_role(template: Template) -> None:
    (machine,) = template.find_resources("AWS::StepFunctions::StateMachine").values()
    policies = {key for key in template.find_resources("AWS::IAM::Policy") if key.startswith("RefreshRole")}
    assert policies
    assert policies <= set(machine["DependsOn"])


@pytest.mark.parametrize(
    ("service", "source"),
    [("states", "stateMachine:vod-dev-refresh"), ("scheduler", "schedule-group/vod-dev")],
)
def test_roles_are_assumed_for_one_resource_only(template: Template, service: str, source: str) -> None:
    (trust,) = (
        statement
        for role in properties(template, "AWS::IAM::Role")
        for statement in role["AssumeRolePolicyDocument"]["Statement"]
        if statement["Principal"]["Service"] == f"{service}.amazonaws.com"
    )
    conditions = {key: value for each in trust["Condition"].values() for key, value in each.items()}
    assert conditions["aws:SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert conditions["aws:SourceArn"]["Fn::Join"][1][-1].endswith(f":{source}")


def test_a_function_reads_its_configuration_from_its_environment(template: Template) -> None:
    template.has_resource_properties(
        "AWS::Lambda::Function",
        {
            "Handler": "lambdas.personalize_operations.handler.judge",
            "Environment": {"Variables": {"CONFIG": '{"name":"vod"}'}},
        },
    )


def test_schedules_give_up_soon(template: Template) -> None:
    """AWS's default tries for a day."""
    for each in properties(template, "AWS::Scheduler::Schedule"):
        assert each["Target"]["RetryPolicy"] == {"MaximumEventAgeInSeconds": 900, "MaximumRetryAttempts": 5}
        assert each["ScheduleExpressionTimezone"] == "Europe/Berlin"
        assert each["GroupName"] == "vod-dev"


def test_what_must_be_on_time_has_no_flexible_window(template: Template) -> None:
    windows = {each["Name"]: each["FlexibleTimeWindow"] for each in properties(template, "AWS::Scheduler::Schedule")}
    assert windows == {
        "nightly": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15},
        "exact": {"Mode": "OFF"},
    }


def test_a_schedule_comes_after_its_group_and_the_policy_of_its_role(template: Template) -> None:
    group = next(iter(template.find_resources("AWS::Scheduler::ScheduleGroup")))
    for each in template.find_resources("AWS::Scheduler::Schedule", Match.any_value()).values():
        assert group in each["DependsOn"]
        assert any(key.startswith("SchedulesRole") for key in each["DependsOn"])
