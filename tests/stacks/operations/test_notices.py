"""Who is told of what, and who may tell: the topic, its key, the rules, the queue for what was not delivered."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

import pytest
from moto.events.models import EventPattern
from moto.events.utils import EventMessageType

from lambdas.personalize_operations import handler
from tests.lambdas.personalize_operations.support import services
from tests.stacks.operations.support.asking import AROUND, Asked, without
from tests.stacks.operations.support.resolved import PSEUDO, actions_of, of_type, statements_of
from tests.support.iam import permits
from tests.support.synthesized import Templates
from tools.simulation.time import VirtualTime

ACCOUNT, REGION = "123456789012", "eu-west-1"
KEY = "NoticesKey"
ALARM = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:vod-prod_refresh-overdue"


@pytest.fixture(scope="module")
def template(prod: Templates) -> dict[str, Any]:
    return prod["operations"]


def only(template: dict[str, Any], type_: str) -> dict[str, Any]:
    (found,) = of_type(template, type_).values()
    return found


# -- topic and key -------------------------------------------------------------------------------------------------


def test_the_topic_is_encrypted_with_a_key_that_is_rotated_and_goes_with_it(template: dict[str, Any]) -> None:
    topic, key = only(template, "AWS::SNS::Topic"), only(template, "AWS::KMS::Key")
    assert topic["TopicName"] == "vod-prod-notices"
    assert topic["KmsMasterKeyId"].startswith(f"<{KEY}")
    assert (key["EnableKeyRotation"], key["PendingWindowInDays"]) == (True, 7)
    (resource,) = (each for each in template["Resources"].values() if each["Type"] == "AWS::KMS::Key")
    assert resource["DeletionPolicy"] == "Delete"


def conditions(account: str = ACCOUNT, arn: str = ALARM) -> dict[str, str]:
    return {"aws:SourceAccount": account, "aws:SourceArn": arn}


def of_service(document: dict[str, Any], service: str) -> list[dict[str, Any]]:
    """Statements for a service, as they are judged when it asks."""
    found = [each for each in document["Statement"] if each.get("Principal") == {"Service": service}]
    return [{key: value for key, value in each.items() if key != "Principal"} for each in found]


@pytest.mark.parametrize("action", ["kms:Decrypt", "kms:GenerateDataKey"])
def test_alarms_may_use_the_key_and_those_of_others_may_not(template: dict[str, Any], action: str) -> None:
    """What the SNS developer guide asks for, and MiniStack does not miss."""
    statements = of_service(only(template, "AWS::KMS::Key")["KeyPolicy"], "cloudwatch.amazonaws.com")
    assert permits(statements, action, "any", conditions())
    assert not permits(statements, action, "any", conditions(account="999999999999"))
    assert not permits(statements, action, "any", conditions(arn=ALARM.replace("vod-prod_", "vod-prod-eu_")))


def test_only_alarms_of_this_app_may_publish_and_only_by_tls(template: dict[str, Any]) -> None:
    document = only(template, "AWS::SNS::TopicPolicy")["PolicyDocument"]
    (topic,) = (f"<{key}>" for key in of_type(template, "AWS::SNS::Topic"))
    statements = of_service(document, "cloudwatch.amazonaws.com")
    assert permits(statements, "sns:Publish", topic, conditions())
    assert not permits(statements, "sns:Publish", topic, conditions(account="999999999999"))
    assert not permits(statements, "sns:Publish", topic, conditions(arn=ALARM.replace("vod-prod_", "vod-prod-eu_")))
    others = [each for each in document["Statement"] if each not in document["Statement"][1:]]
    assert [(each["Effect"], each["Condition"]) for each in others] == [
        ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    ]
    assert len(document["Statement"]) == 2


def test_every_address_is_mailed(template: dict[str, Any]) -> None:
    mailed = of_type(template, "AWS::SNS::Subscription").values()
    assert [(each["Protocol"], each["Endpoint"]) for each in mailed] == [("email", "ops@example.com")]


# -- rules ---------------------------------------------------------------------------------------------------------


def machine(name: str) -> str:
    return f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{name}"


# What every event has.
AT = {"region": REGION, "time": "2026-11-26T03:12:00Z"}


def ended(name: str, status: str, execution: str = "") -> dict[str, Any]:
    """An event as Step Functions sends it."""
    return {
        **AT,
        "source": "aws.states",
        "detail-type": "Step Functions Execution Status Change",
        "detail": {"status": status, "stateMachineArn": machine(name), "executionArn": execution},
    }


def ours(detail_type: str, **detail: Any) -> dict[str, Any]:
    return {
        **AT,
        "source": "personalize.operations",
        "detail-type": detail_type,
        "detail": {"app": "vod", "environment": "prod", **detail},
    }


def stack(name: str, status: str) -> dict[str, Any]:
    arn = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{name}/0c0a5f00-1111-2222-3333-444455556666"
    return {
        "source": "aws.cloudformation",
        "detail-type": "CloudFormation Stack Status Change",
        "detail": {"stack-id": arn, "status-details": {"status": status}},
    }


def alarm(name: str, state: str, before: str) -> dict[str, Any]:
    return {
        **AT,
        "source": "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change",
        "resources": [f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"],
        "detail": {"alarmName": name, "state": {"value": state}, "previousState": {"value": before}},
    }


STARTS = {
    "Tell": [
        *(ended("vod-prod-refresh", status) for status in ("FAILED", "TIMED_OUT", "ABORTED", "SUCCEEDED")),
        *(ended(f"vod-prod-{name}", "FAILED") for name in ("gather", "forget-users", "batch")),
        ours("Version Trained", verdict="refused"),
        ours("Users Forgotten"),
        ours("Batch Finished"),
        alarm("vod-prod_top_picks-latency", "OK", "ALARM"),
    ],
    "Observe": [
        *(stack("vod-prod-ranking", each) for each in ("CREATE_COMPLETE", "UPDATE_COMPLETE")),
        stack("vod-prod-recommenders", "UPDATE_ROLLBACK_COMPLETE"),
        stack("vod-prod-data", "UPDATE_COMPLETE"),
        stack("vod-prod-operations", "CREATE_COMPLETE"),
    ],
}
NOTHING = [
    ended("vod-prod-refresh", "RUNNING"),
    ended("vod-prod-eu-refresh", "FAILED"),
    ours("Version Trained", verdict="passed"),
    ours("Data Imported"),
    ours("Failed"),
    alarm("vod-prod_top_picks-latency", "OK", "INSUFFICIENT_DATA"),
    alarm("vod-prod_top_picks-latency", "ALARM", "OK"),
    alarm("vod-prod_refresh-failed", "OK", "ALARM"),
    alarm("vod-prod-eu_top_picks-latency", "OK", "ALARM"),
    {**ours("Users Forgotten"), "source": "somebody"},
    {**ours("Users Forgotten"), "detail": {"app": "vod", "environment": "dev"}},
    stack("vod-prod-ranking", "UPDATE_IN_PROGRESS"),
    stack("vod-prod-ranking-2", "UPDATE_COMPLETE"),
]


def started(template: dict[str, Any], event: dict[str, Any]) -> Iterator[str]:
    """Logical ids of the functions that an event starts."""
    for rule in of_type(template, "AWS::Events::Rule").values():
        if EventPattern.load(json.dumps(rule["EventPattern"])).matches_event(cast(EventMessageType, event)):
            yield from (each["Arn"] for each in rule["Targets"])


@pytest.mark.parametrize(("function", "event"), [(name, event) for name, events in STARTS.items() for event in events])
def test_an_event_starts_the_function_once(template: dict[str, Any], function: str, event: dict[str, Any]) -> None:
    (found,) = (each for each in started(template, event) if "Function" in each)
    assert found.startswith(f"<Watching{function}Function")


@pytest.mark.parametrize("event", NOTHING)
def test_other_events_start_no_function(template: dict[str, Any], event: dict[str, Any]) -> None:
    assert [each for each in started(template, event) if "Function" in each] == []


def test_rules_may_start_their_function_and_keep_what_they_cannot_deliver(template: dict[str, Any]) -> None:
    permitted = {
        (each["SourceArn"], each["FunctionName"]) for each in of_type(template, "AWS::Lambda::Permission").values()
    }
    queue = only(template, "AWS::SQS::QueuePolicy")["PolicyDocument"]["Statement"]
    keeping = of_service({"Statement": queue}, "events.amazonaws.com")
    for key, rule in of_type(template, "AWS::Events::Rule").items():
        for target in rule["Targets"]:
            if "Function" not in target["Arn"]:
                continue
            assert (f"<{key}.Arn>", target["Arn"]) in permitted
            arn = target["DeadLetterConfig"]["Arn"]
            assert permits(keeping, "sqs:SendMessage", arn, {"aws:SourceArn": f"<{key}.Arn>"})
    assert not permits(keeping, "sqs:SendMessage", arn, {"aws:SourceArn": "arn:aws:events:any"})


def test_what_functions_and_schedules_cannot_do_is_kept(template: dict[str, Any]) -> None:
    functions = of_type(template, "AWS::Lambda::Function")
    queue = next(iter(of_type(template, "AWS::SQS::Queue")))
    for name in ("Tell", "Observe"):
        (each,) = (each for key, each in functions.items() if key.startswith(f"Watching{name}"))
        assert each["DeadLetterConfig"] == {"TargetArn": f"<{queue}.Arn>"}
        assert "sqs:SendMessage" in actions_of(statements_of(template, f"Watching{name}Role"))
    for schedule in of_type(template, "AWS::Scheduler::Schedule").values():
        assert schedule["Target"]["DeadLetterConfig"] == {"Arn": f"<{queue}.Arn>"}
        role = schedule["Target"]["RoleArn"].removeprefix("<").partition(".")[0]
        assert "sqs:SendMessage" in actions_of(statements_of(template, role))


# -- what the function does, with what the template tells it and lets it -------------------------------------------

EXECUTION = f"arn:aws:states:{REGION}:{ACCOUNT}:execution:vod-prod-refresh:"


@pytest.fixture(scope="module")
def told(template: dict[str, Any]) -> Asked:
    """What it asks of AWS when an execution fails, when the next one succeeds, and when a version is refused."""
    functions = of_type(template, "AWS::Lambda::Function", references_to(template)).values()
    (function,) = (each for each in functions if each["Handler"].endswith(".tell"))
    config = json.loads(function["Environment"]["Variables"]["CONFIG"])
    executions = [{"executionArn": f"{EXECUTION}2", "status": "SUCCEEDED"}]
    executions += [{"executionArn": f"{EXECUTION}1", "status": "FAILED"}]
    answers: dict[str, dict[str, Any]] = {
        "sns": {"Publish": lambda _: {}},
        "events": {"PutEvents": lambda _: {"FailedEntryCount": 0, "Entries": [{}]}},
        "stepfunctions": {
            "GetExecutionHistory": lambda _: {"events": []},
            "ListExecutions": lambda _: {"executions": executions},
        },
    }
    asked = Asked(
        lambda service: services.client(service, answers[service]),
        called_on,
        {"events:PutEvents": {"events:source": "personalize.operations"}},
    )
    for event in (
        ended("vod-prod-refresh", "FAILED", f"{EXECUTION}1"),
        ended("vod-prod-refresh", "SUCCEEDED", f"{EXECUTION}2"),
        ours("Version Trained", verdict="refused", text="below", workflow="vod-prod-refresh", execution=EXECUTION),
    ):
        handler.run_tell(event, asked.client, VirtualTime(), config)
    return asked


def called_on(action: str, members: Mapping[str, Any]) -> list[str]:
    """What IAM checks a call on (Service Authorization Reference)."""
    if action == "events:PutEvents":
        return [f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"]
    return [value for key, value in members.items() if key.lower().endswith("arn")]


def references_to(template: dict[str, Any]) -> dict[str, str]:
    """What references in the template are, in an account."""
    (topic,) = of_type(template, "AWS::SNS::Topic")
    return {**PSEUDO, topic: f"arn:aws:sns:{REGION}:{ACCOUNT}:vod-prod-notices"}


def telling(template: dict[str, Any]) -> list[dict[str, Any]]:
    return statements_of(template, "WatchingTellRole", references_to(template))


def test_the_role_of_what_tells_lets_it_do_that_and_nothing_else(template: dict[str, Any], told: Asked) -> None:
    statements = telling(template)
    assert {action for action, _ in told.calls} >= {"sns:Publish", "events:PutEvents", "states:GetExecutionHistory"}
    assert told.denied(statements) == set()
    # SNS uses the key in the name of whoever publishes, so no call of the function's shows it.
    for action in actions_of(statements) - AROUND - {"kms:Decrypt", "kms:GenerateDataKey*"}:
        assert told.denied(without(statements, action)), f"{action} is not needed."


def test_what_tells_may_use_the_key(template: dict[str, Any]) -> None:
    (key,) = (f"<{each}.Arn>" for each in of_type(template, "AWS::KMS::Key"))
    for action in ("kms:Decrypt", "kms:GenerateDataKey"):
        assert permits(telling(template), action, key, {})


def test_it_can_put_no_event_in_the_name_of_others(template: dict[str, Any]) -> None:
    bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    assert not permits(telling(template), "events:PutEvents", bus, {"events:source": "aws.states"})
