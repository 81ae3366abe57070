"""Schedules run as their roles may, rules tell and reach what policies permit, alarms change their states as on AWS."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tools.sandbox import inventory
from tools.sandbox.cloud import ACCOUNT, REGION, Cloud, Endpoint, client, request

pytestmark = [pytest.mark.e2e, pytest.mark.unmeasured, pytest.mark.xdist_group("schedules")]

GROUP_ARN = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group"
RULE_ARN = f"arn:aws:events:{REGION}:{ACCOUNT}:rule"
STOP = "arn:aws:scheduler:::aws-sdk:personalize:stopRecommender"
PARAMETER = "arn:aws:scheduler:::aws-sdk:ssm:putParameter"
Policy = Mapping[str, Any]


@pytest.fixture(scope="module")
def cloud() -> Iterator[Endpoint]:
    with Cloud() as endpoint:
        yield endpoint


@pytest.fixture
def sqs(cloud: Endpoint) -> Any:
    return client(cloud, "sqs")


def statement(actions: str | list[str], principal: Policy | None = None, **more: object) -> str:
    """A policy of one statement, for everything."""
    who = {"Principal": principal} if principal else {}
    only = {"Effect": "Allow", "Action": actions, "Resource": "*", **who, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [only]})


def make_role(cloud: Endpoint, name: str, service: str, source_arn: str, actions: list[str]) -> str:
    """A role that a service may assume for one resource, with some permissions."""
    iam = client(cloud, "iam")
    condition = {"StringEquals": {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": source_arn}}
    trust = json.loads(statement("sts:AssumeRole", {"Service": service}, Condition=condition))
    del trust["Statement"][0]["Resource"]
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="it", PolicyDocument=statement(actions))
    return arn


def make_queue(sqs: Any, name: str, policy: str | None = None) -> tuple[str, str]:
    """URL and ARN of a queue."""
    url = sqs.create_queue(QueueName=name, Attributes={"Policy": policy} if policy else {})["QueueUrl"]
    return url, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


def wait_for(condition: Callable[[], Any]) -> Any:
    """What a condition becomes, once it is true."""
    deadline = time.monotonic() + 20
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return found


def received(sqs: Any, url: str) -> list[dict[str, Any]]:
    """The messages of a queue, once there are any."""
    # Not by WaitTimeSeconds: a server that has waited needs five seconds to end.
    ask = {"QueueUrl": url, "MessageAttributeNames": ["All"], "MaxNumberOfMessages": 10}
    messages: list[dict[str, Any]] = wait_for(lambda: sqs.receive_message(**ask).get("Messages"))
    return messages


def post(cloud: Endpoint, path: str, body: object) -> dict[str, Any]:
    with request(cloud, "POST", f"/_sandbox/{path}", body) as answer:
        return json.load(answer)  # type: ignore[no-any-return]


def notices(cloud: Endpoint) -> list[dict[str, Any]]:
    with request(cloud, "GET", "/_sandbox/notices") as answer:
        return json.load(answer)["notices"]  # type: ignore[no-any-return]


# -- schedules -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def schedule_role(cloud: Endpoint) -> str:
    return make_role(cloud, "schedules", "scheduler.amazonaws.com", f"{GROUP_ARN}/hours", ["ssm:PutParameter"])


@pytest.fixture
def make_schedule(cloud: Endpoint, schedule_role: str) -> Iterator[Callable[..., None]]:
    """Makes schedules of the group `hours`, which goes with all of them."""
    scheduler = client(cloud, "scheduler")
    scheduler.create_schedule_group(Name="hours")

    def make(name: str, expression: str, arn: str, given: object, **more: Any) -> None:
        target = {"Arn": arn, "RoleArn": schedule_role, "Input": json.dumps(given), **more.pop("target", {})}
        whole = {"Name": name, "GroupName": "hours", "ScheduleExpression": expression, "Target": target, **more}
        scheduler.create_schedule(FlexibleTimeWindow={"Mode": "OFF"}, **whole)

    yield make
    scheduler.delete_schedule_group(Name="hours")
    assert scheduler.list_schedules()["Schedules"] == []


def parameter(name: str, value: str) -> dict[str, object]:
    return {"Name": name, "Value": value, "Type": "String", "Overwrite": True}


def value_of(cloud: Endpoint, name: str) -> str | None:
    found = client(cloud, "ssm").get_parameters(Names=[name])["Parameters"]
    return found[0]["Value"] if found else None


def test_schedules_run_in_their_time_zone_and_none_holds_up_another(
    cloud: Endpoint, make_schedule: Callable[..., None]
) -> None:
    make_schedule("never", "cron(0 0 30 2 ? *)", PARAMETER, parameter("never", "ran"))
    make_schedule("off", "rate(1 hour)", PARAMETER, parameter("off", "ran"), State="DISABLED")
    in_utc = datetime.now(UTC) + timedelta(seconds=1)
    local = in_utc + timedelta(hours=5, minutes=45)  # Nepal has one time all year
    at = {"ScheduleExpressionTimezone": "Asia/Kathmandu"}
    make_schedule("past", f"at({in_utc:%Y-%m-%dT%H:%M:%S})", PARAMETER, parameter("past", "ran"), **at)
    make_schedule("once", f"at({local:%Y-%m-%dT%H:%M:%S})", PARAMETER, parameter("once", "ran"), **at)
    # A rate begins at once, and the input may ask for what the schedule knows.
    make_schedule("rate", "rate(1 hour)", PARAMETER, parameter("rate", "<aws.scheduler.schedule-arn>"))
    assert wait_for(lambda: value_of(cloud, "once")) == "ran"
    assert wait_for(lambda: value_of(cloud, "rate")) == f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/hours/rate"
    assert [value_of(cloud, name) for name in ("never", "off", "past")] == [None, None, None]


def test_a_schedule_may_only_what_its_role_may(
    cloud: Endpoint, sqs: Any, make_schedule: Callable[..., None], schedule_role: str
) -> None:
    url, arn = make_queue(sqs, "failed-schedules")
    client(cloud, "iam").put_role_policy(
        RoleName="schedules", PolicyName="queue", PolicyDocument=statement(["sqs:SendMessage"])
    )
    given = {"RecommenderArn": f"arn:aws:personalize:{REGION}:{ACCOUNT}:recommender/top"}
    make_schedule("stop", "cron(0 23 * * ? *)", STOP, given, target={"DeadLetterConfig": {"Arn": arn}})
    answer = post(cloud, "schedules/run", {"name": "stop", "group": "hours"})
    assert "not authorized to perform: personalize:StopRecommender" in answer["error"]
    (message,) = received(sqs, url)
    assert json.loads(message["Body"]) == given
    told = {name: attribute["StringValue"] for name, attribute in message["MessageAttributes"].items()}
    assert (told["ERROR_CODE"], told["TARGET_ARN"]) == ("AccessDeniedException", STOP)
    client(cloud, "iam").put_role_policy(
        RoleName="schedules", PolicyName="stop", PolicyDocument=statement(["personalize:StopRecommender"])
    )
    answer = post(cloud, "schedules/run", {"name": "stop", "group": "hours"})
    assert answer["error"].startswith("ResourceNotFoundException")


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"ScheduleExpression": "cron(0 25 * * ? *)"}, "hours: 25 is not between 0 and 23"),
        ({"ScheduleExpressionTimezone": "Europe/Atlantis"}, "Europe/Atlantis is no time zone"),
        ({"Arn": "arn:aws:scheduler:::aws-sdk:personalize:describeRecommender"}, "only reads"),
        ({"Arn": "arn:aws:scheduler:::aws-sdk:personalize:pauseRecommender"}, "has no action 'pauseRecommender'"),
        ({"GroupName": "default"}, "must allow AWS EventBridge Scheduler to assume the role"),
    ],
)
def test_a_schedule_that_could_never_run_is_refused(
    cloud: Endpoint, make_schedule: Callable[..., None], schedule_role: str, change: dict[str, str], wrong: str
) -> None:
    target = {"Arn": change.get("Arn", STOP), "RoleArn": schedule_role}
    whole = {"GroupName": "hours", "ScheduleExpression": "cron(0 23 * * ? *)"} | change
    whole.pop("Arn", None)
    with pytest.raises(ClientError, match="ValidationException") as caught:
        client(cloud, "scheduler").create_schedule(
            Name="wrong", FlexibleTimeWindow={"Mode": "OFF"}, Target=target, **whole
        )
    assert wrong in str(caught.value)


def test_parameters_are_permitted_one_by_one(cloud: Endpoint) -> None:
    ssm = client(cloud, "ssm")
    for name in ("/mine/one", "/mine/two", "/yours/one"):
        ssm.put_parameter(**parameter(name, "value"))
    iam = client(cloud, "iam")
    user = iam.create_user(UserName="reader") and iam.create_access_key(UserName="reader")["AccessKey"]
    mine = json.loads(statement("ssm:GetParameters"))
    mine["Statement"][0]["Resource"] = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/mine/*"
    iam.put_user_policy(UserName="reader", PolicyName="it", PolicyDocument=json.dumps(mine))
    keys = {"aws_access_key_id": user["AccessKeyId"], "aws_secret_access_key": user["SecretAccessKey"]}
    reader = client(cloud, "ssm", **keys)
    assert len(reader.get_parameters(Names=["/mine/one", "/mine/two"])["Parameters"]) == 2
    with pytest.raises(ClientError, match="not authorized to perform: ssm:GetParameters"):
        reader.get_parameters(Names=["/mine/one", "/yours/one"])


# -- rules ---------------------------------------------------------------------------------------------------------


def make_rule(cloud: Endpoint, name: str, pattern: object, target: dict[str, Any]) -> None:
    events = client(cloud, "events")
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "it", **target}])


def for_rule(name: str) -> str:
    """The policy of a queue that one rule may use."""
    only = {"ArnEquals": {"aws:SourceArn": f"{RULE_ARN}/{name}"}}
    return statement("sqs:SendMessage", {"Service": "events.amazonaws.com"}, Condition=only)


def test_stacks_from_templates_with_all_their_properties_tell_each_status(
    cloud: Endpoint, sqs: Any, schedule_role: str
) -> None:
    """Also what MiniStack leaves out of templates: time zones, and metric math."""
    url, arn = make_queue(sqs, "stacks", for_rule("stacks"))
    make_rule(cloud, "stacks", {"source": ["aws.cloudformation"]}, {"Arn": arn})
    made = {"Type": "AWS::Scheduler::ScheduleGroup", "Properties": {"Name": "hours"}}
    schedule = {
        "Name": "night",
        "GroupName": {"Ref": "Group"},
        "ScheduleExpression": "cron(0 23 * * ? *)",
        "ScheduleExpressionTimezone": "Europe/Berlin",
        "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": "15"},
        "Target": {"Arn": STOP, "RoleArn": schedule_role, "Input": "{}"},
    }
    metric = {"Namespace": "vod/dev", "MetricName": "Errors"}
    alarm = {
        "AlarmName": "math",
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 1,
        "EvaluationPeriods": 1,
        "Metrics": [
            {"Id": "m1", "MetricStat": {"Metric": metric, "Period": "300", "Stat": "Sum"}, "ReturnData": "false"},
            {"Id": "e1", "Expression": "100 * m1"},
        ],
    }
    template = {
        "Resources": {
            "Group": made,
            "Night": {"Type": "AWS::Scheduler::Schedule", "Properties": schedule},
            "Math": {"Type": "AWS::CloudWatch::Alarm", "Properties": alarm},
        }
    }
    cloudformation = client(cloud, "cloudformation")
    cloudformation.create_stack(StackName="told", TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(StackName="told", WaiterConfig={"Delay": 0.2})
    found = client(cloud, "scheduler").get_schedule(Name="night", GroupName="hours")
    assert found["ScheduleExpressionTimezone"] == "Europe/Berlin"
    assert found["FlexibleTimeWindow"]["MaximumWindowInMinutes"] == 15
    (math,) = client(cloud, "cloudwatch").describe_alarms(AlarmNames=["math"])["MetricAlarms"]
    assert [query["Id"] for query in math["Metrics"]] == ["m1", "e1"]
    assert {"CloudWatch alarms", "Scheduler", "Scheduler groups", "EventBridge", "SQS"} <= set(
        inventory.leftovers(cloud)
    )
    template["Resources"]["Night"]["Properties"] = schedule | {"ScheduleExpression": "cron(0 99 * * ? *)"}
    cloudformation.update_stack(StackName="told", TemplateBody=json.dumps(template))
    statuses: list[str] = []

    def seen() -> bool:
        for message in received(sqs, url):
            event = json.loads(message["Body"])
            assert event["detail-type"] == "CloudFormation Stack Status Change"
            assert event["detail"]["stack-id"].split("/")[1] == "told"
            statuses.append(event["detail"]["status-details"]["status"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return "UPDATE_ROLLBACK_COMPLETE" in statuses

    assert wait_for(seen), statuses
    assert statuses[:3] == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE", "UPDATE_IN_PROGRESS"]
    assert client(cloud, "scheduler").get_schedule(Name="night", GroupName="hours")["ScheduleExpression"] == (
        "cron(0 23 * * ? *)"
    )
    cloudformation.delete_stack(StackName="told")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="told", WaiterConfig={"Delay": 0.2})


def test_a_rule_reaches_only_what_lets_it_in_and_buries_the_rest(cloud: Endpoint, sqs: Any) -> None:
    closed_url, closed = make_queue(sqs, "closed", for_rule("another"))
    lost_url, lost = make_queue(sqs, "lost", for_rule("files"))
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"object": {"key": [{"prefix": "in/"}]}},
    }
    make_rule(cloud, "files", pattern, {"Arn": closed, "DeadLetterConfig": {"Arn": lost}})
    s3 = client(cloud, "s3")
    s3.create_bucket(Bucket="incoming")
    s3.put_bucket_notification_configuration(
        Bucket="incoming", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    s3.put_object(Bucket="incoming", Key="out/1.csv", Body=b"no")
    s3.put_object(Bucket="incoming", Key="in/1.csv", Body=b"yes")
    (message,) = received(sqs, lost_url)
    detail = json.loads(message["Body"])["detail"]
    assert (detail["bucket"]["name"], detail["object"]["key"], detail["object"]["size"]) == ("incoming", "in/1.csv", 3)
    sqs.set_queue_attributes(QueueUrl=closed_url, Attributes={"Policy": for_rule("files")})
    s3.put_object(Bucket="incoming", Key="in/2.csv", Body=b"yes")
    (message,) = received(sqs, closed_url)
    assert json.loads(message["Body"])["detail"]["object"]["key"] == "in/2.csv"


def test_a_rule_starts_a_state_machine_with_a_role_that_trusts_it(cloud: Endpoint, sqs: Any) -> None:
    states = client(cloud, "stepfunctions")
    own = make_role(cloud, "machine", "states.amazonaws.com", "*", ["sqs:SendMessage"])
    definition = {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}}
    machine = states.create_state_machine(name="told", definition=json.dumps(definition), roleArn=own)
    arn = machine["stateMachineArn"]
    stranger = make_role(cloud, "stranger", "events.amazonaws.com", f"{RULE_ARN}/another", ["states:StartExecution"])
    may_not = make_role(cloud, "may-not", "events.amazonaws.com", f"{RULE_ARN}/start", ["states:StopExecution"])
    may = make_role(cloud, "may", "events.amazonaws.com", f"{RULE_ARN}/start", ["states:StartExecution"])
    lost_url, lost = make_queue(sqs, "not-started", for_rule("start"))
    events = client(cloud, "events")
    for role in (stranger, may_not):
        make_rule(
            cloud, "start", {"source": ["ours"]}, {"Arn": arn, "RoleArn": role, "DeadLetterConfig": {"Arn": lost}}
        )
        events.put_events(Entries=[{"Source": "ours", "DetailType": "now", "Detail": json.dumps({"by": role})}])
        (message,) = received(sqs, lost_url)
        assert json.loads(message["Body"])["detail"] == {"by": role}
        sqs.delete_message(QueueUrl=lost_url, ReceiptHandle=message["ReceiptHandle"])
    assert states.list_executions(stateMachineArn=arn)["executions"] == []
    make_rule(cloud, "start", {"source": ["ours"]}, {"Arn": arn, "RoleArn": may})
    events.put_events(Entries=[{"Source": "ours", "DetailType": "now", "Detail": "{}"}])
    assert wait_for(lambda: states.list_executions(stateMachineArn=arn, statusFilter="SUCCEEDED")["executions"])


# -- alarms --------------------------------------------------------------------------------------------------------


def test_an_alarm_fires_and_recovers_and_tells_topic_and_event_bus(cloud: Endpoint, sqs: Any) -> None:
    kms, sns, cloudwatch = client(cloud, "kms"), client(cloud, "sns"), client(cloud, "cloudwatch")
    owner = json.loads(statement("kms:*", {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}))
    key = kms.create_key(Policy=json.dumps(owner))["KeyMetadata"]["Arn"]
    topic = sns.create_topic(Name="notices", Attributes={"KmsMasterKeyId": key})["TopicArn"]
    url, queue = make_queue(sqs, "alarm-events", for_rule("alarms"))
    make_rule(cloud, "alarms", {"source": ["aws.cloudwatch"]}, {"Arn": queue})
    alarm = {
        "AlarmName": "errors",
        "AlarmDescription": "Look at the dashboard.",
        "Namespace": "vod/dev",
        "MetricName": "Errors",
        "Dimensions": [{"Name": "Recommender", "Value": "top"}],
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 5,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": [topic],
        "OKActions": [topic],
    }
    cloudwatch.put_metric_alarm(**alarm)

    def measure(value: float, minutes_ago: float, recommender: str = "top") -> None:
        dimensions = [{"Name": "Recommender", "Value": recommender}]
        at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
        datum = {"MetricName": "Errors", "Dimensions": dimensions, "Timestamp": at, "Value": value}
        cloudwatch.put_metric_data(Namespace="vod/dev", MetricData=[datum])

    def told() -> list[tuple[str, str]]:
        return [(each["subject"], each["message"]) for each in notices(cloud)]

    def state() -> str:
        (found,) = cloudwatch.describe_alarms(AlarmNames=["errors"])["MetricAlarms"]
        return str(found["StateValue"])

    post(cloud, "alarms/evaluate", {})
    assert state() == "OK"
    # The clock of functions is ahead: what they measure is there at once all the same.
    measure(1, -30)
    found = cloudwatch.get_metric_statistics(
        **{member: alarm[member] for member in ("Namespace", "MetricName", "Dimensions")},
        StartTime=datetime.now(UTC) - timedelta(minutes=1),
        EndTime=datetime.now(UTC) + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum"],
    )
    assert [point["Sum"] for point in found["Datapoints"]] == [1]
    measure(9, 2.5, "another")
    assert state() == "OK"
    measure(9, 2.5)
    assert state() == "ALARM"
    # CloudWatch may not use the key of the topic, so nobody hears of it; its event is there all the same.
    assert told() == []
    seen = [json.loads(message["Body"])["detail"] for message in received(sqs, url)]
    assert [detail["state"]["value"] for detail in seen] == ["OK", "ALARM"]
    detail = seen[1]
    assert detail["state"]["reason"] == "Threshold Crossed: 1 datapoints [9.0] was greater than the threshold (5.0)."
    dimensions = detail["configuration"]["metrics"][0]["metricStat"]["metric"]["dimensions"]
    assert dimensions == {"Recommender": "top"}

    # Nor may a role that may publish, but not use the key.
    publish_a_word, role = {"TopicArn": topic, "Message": "a word"}, f"{GROUP_ARN}/hours"
    speaker = make_role(cloud, "speaker", "scheduler.amazonaws.com", role, ["sns:Publish"])
    scheduler = client(cloud, "scheduler")
    scheduler.create_schedule_group(Name="hours")
    to = {"Arn": "arn:aws:scheduler:::aws-sdk:sns:publish", "RoleArn": speaker, "Input": json.dumps(publish_a_word)}
    at = {"ScheduleExpression": "cron(0 0 30 2 ? *)", "FlexibleTimeWindow": {"Mode": "OFF"}}
    scheduler.create_schedule(Name="speak", GroupName="hours", Target=to, **at)
    assert post(cloud, "schedules/run", {"name": "speak", "group": "hours"})["error"].startswith("KMSAccessDenied")
    may_use = statement(["kms:Decrypt", "kms:GenerateDataKey*"])
    client(cloud, "iam").put_role_policy(RoleName="speaker", PolicyName="key", PolicyDocument=may_use)
    assert post(cloud, "schedules/run", {"name": "speak", "group": "hours"}) == {"error": None}
    assert [each["message"] for each in notices(cloud)] == ["a word"]

    let_in = {"Service": "cloudwatch.amazonaws.com"}
    use = json.loads(statement(["kms:Decrypt", "kms:GenerateDataKey*"], let_in))["Statement"]
    kms.put_key_policy(
        KeyId=key, PolicyName="default", Policy=json.dumps(owner | {"Statement": owner["Statement"] + use})
    )
    measure(2, 1.5)
    assert state() == "OK"
    ((subject, message),) = told()[1:]
    assert subject == f'OK: "errors" in {REGION}'
    assert (
        json.loads(message)["NewStateReason"]
        == "Threshold Crossed: 1 datapoints [2.0] was not greater than the threshold (5.0)."
    )
